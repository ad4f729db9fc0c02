"""Differences of files, plans and input records, on tables small enough to read."""

from __future__ import annotations

import html
import re
from math import nan
from pathlib import Path

import pandas as pd
import pytest

from durable.audit.acts import Act, recorded_acts
from durable.audit.causes import ResultChange, StatusChange
from durable.audit.cells import Change, changes
from durable.audit.compare import status_reasons
from durable.audit.comparison_page import values
from durable.audit.curves import overlay
from durable.audit.plans import key_differences
from durable.audit.records import input_changes, text
from durable.audit.shown import ChangedCell, Size, size_of
from durable.audit.sides import Side, differing_keys
from durable.audit.statuses import Datasets, differing
from durable.audit.statuses import Status as SubjectStatus
from durable.audit.verdict import Audited, Status, verdict_page
from durable.contracts.results import Result, to_csv
from durable.plan import load

AUDITED = Audited("S-1", "interim-1", "<First>", "2026-01-31", "", "ab" * 32, "1f2e")
ROOT = Path(__file__).parents[2]
VISITS = ["subject_id", "visit", "visit_date", "cmas", "source_row"]


def test_results_are_matched_by_key_whatever_their_order(tmp_path: Path) -> None:
    def row(statistic: str, value: float) -> Result:
        return Result("t_dor", "primary", "total", "Total", ("DOR",), statistic, value)

    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text(to_csv([row("n_event", 3), row("median", 7.5), row("q25", 1)]))
    new.write_text(to_csv([row("median", 7.25), row("n_event", 3), row("q75", 2)]))
    key = "t_dor | primary | total | Total | DOR"
    assert list(changes(old, new)) == [
        Change(f"{key} | median, value", "7.5", "7.25"),
        Change(f"{key} | q25", "present", "absent"),
        Change(f"{key} | q75", "absent", "present"),
    ]


def test_keys_whose_parts_hold_bars_are_told_apart(tmp_path: Path) -> None:
    """Joined by bars both keys would be one: a group ``A`` with ``B | C``, ``A | B`` with ``C``."""

    def rows(value: float) -> str:
        first = Result("t", "primary", "part", "A", ("B | C",), "n", value)
        second = Result("t", "primary", "part", "A | B", ("C",), "n", 5)
        return to_csv([first, second])

    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text(rows(1))
    new.write_text(rows(2))
    change = Change("t | primary | part | A | B \\| C | n, value", "1", "2")
    assert list(changes(old, new)) == [change]


def test_other_tables_are_matched_by_row_and_text_by_line(tmp_path: Path) -> None:
    old, new = pd.DataFrame({"A": [1, 2], "B": ["x", None]}), pd.DataFrame({"A": [1, 3]})
    for name, frame in (("old", old), ("new", new)):
        frame.to_parquet(tmp_path / f"{name}.parquet")
    assert list(changes(tmp_path / "old.parquet", tmp_path / "new.parquet")) == [
        Change("row 2, B", "x", "absent"),
        Change("row 3, A", "2", "3"),
        Change("row 3, B", "", "absent"),
    ]
    (tmp_path / "old.svg").write_text("<svg>\n1\n</svg>\n")
    (tmp_path / "new.svg").write_text("<svg>\n2\n</svg>\n3\n")
    assert list(changes(tmp_path / "old.svg", tmp_path / "new.svg")) == [
        Change("line 2", "1", "2"),
        Change("line 4", "absent", "3"),
    ]


def test_plans_differ_key_by_key() -> None:
    old = {"a": {"b": 1, "c": [1, 2]}, "visits": [{"day": 1}], "only": None}
    new = {"a": {"b": 2, "c": [1, 2]}, "visits": [{"day": 1}, {"day": 2}]}
    assert list(key_differences(old, new)) == [
        ("a.b", "1", "2"),
        ("only", "null", "none"),
        ("visits[1].day", "none", "2"),
    ]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "old", tmp_path / "new"


def write_visits(folder: Path, *rows: tuple[object, ...]) -> None:
    folder.mkdir()
    frame = pd.DataFrame(rows, columns=VISITS)
    frame["visit_date"] = pd.to_datetime(frame["visit_date"])
    frame.to_parquet(folder / "visits.parquet")


def test_records_added_removed_changed_and_moved_in_the_file(folders: tuple[Path, Path]) -> None:
    old, new = folders
    write_visits(
        old,
        ("S1", "M2", "2024-01-01", 40.0, 2),
        ("S1", "UNS", "2024-02-01", 41.0, 3),
        ("S1", "UNS", "2024-03-01", 42.0, 4),
        ("S2", "M2", "2024-01-05", 50.0, 5),
        ("S3", "M2", "2024-01-06", None, 6),
    )
    write_visits(
        new,
        ("S3", "M2", "2024-01-06", 44.0, 2),  # moved in the file, and a value filled in
        ("S1", "M2", "2024-01-02", 40.0, 3),  # its date corrected
        ("S1", "UNS", "2024-03-01", 42.0, 4),  # moved only
        ("S1", "UNS", "2024-02-01", 43.0, 5),  # another value
        ("S4", "M2", "2024-01-07", 52.0, 6),
    )
    found = [
        (c.subject_id, c.row, c.action, c.column, c.earlier, c.later)
        for c in input_changes(old, new, "before")
    ]
    assert sorted(found) == [
        ("S1", "3", "changed", "visit_date", "2024-01-01", "2024-01-02"),
        ("S1", "5", "changed", "cmas", "41", "43"),
        ("S2", "5", "removed", "", "", ""),
        ("S3", "2", "changed", "cmas", "", "44"),
        ("S4", "6", "added", "", "", ""),
    ]
    assert list(input_changes(old, old, "before")) == []


def test_values_are_shown_as_a_reader_knows_them() -> None:
    shown = [text(v) for v in (None, float("nan"), 3.0, 0.5, pd.Timestamp("2024-01-02"), "x")]
    assert shown == ["", "", "3", "0.5", "2024-01-02", "x"]


def test_names_from_the_plan_are_escaped_in_the_figure() -> None:
    drawn = overlay("<DOR>", [("a<b", [(0.0, 1.0, False), (7.0, 0.5, True)]), ("c", [])])
    assert "&lt;DOR&gt;" in drawn
    assert "a&lt;b" in drawn
    assert "<b" not in drawn
    # Twelve months on the axis, the curve down to a half at month 7, and a tick there.
    assert ">12</text>" in drawn
    assert drawn.count("m0,-5v10") == 1


def test_a_page_escapes_its_cells_and_does_not_break_dates_durations_or_columns() -> None:
    given = "<b> 2024-06-30 -> 2025-04-08, 313 days; visits.visit_date row 25"
    statuses = [Status("output", "<i>.csv", "differs when repeated", detail=given)]
    shown = verdict_page("FAIL", AUDITED, statuses, [])
    assert (
        "&lt;b&gt; <span>2024-06-30</span> <span>-&gt;</span> <span>2025-04-08</span>, "
        "<span>313 days</span>; <span>visits.visit_date</span> row 25"
    ) in shown
    assert "Audit of interim-1: &lt;First&gt;" in shown
    assert "&lt;i&gt;.csv" in shown


def change(was: float | None, now: float | None, lower: float = nan) -> ResultChange:
    def result(value: float | None, lower: float = nan) -> Result | None:
        found = Result("t_dor", "primary", "total", "Total", ("DOR",), "median", value or 0, lower)
        return None if value is None else found

    return ResultChange(("t_dor",), result(was), result(now, lower), ("plan",), ())


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (change(None, 3), Size.ONE_SIDE),
        (change(nan, 3), Size.ONE_SIDE),
        (change(0, 1), Size.HALF),
        (change(2, 3), Size.HALF),
        (change(10, 9), Size.TENTH),
        (change(10, 9.5), Size.SMALL),
        (change(5, 5, 1), Size.LIMITS),
    ],
)
def test_the_size_of_a_change_is_its_share_of_the_earlier_value(
    given: ResultChange, size: Size
) -> None:
    assert size_of(given) == size


def test_a_change_beyond_the_decimals_of_its_table_is_not_called_small() -> None:
    cell = ChangedCell("t_dor", (), "Median", "Total", "9.2", "9.2", (change(9.21, 9.22),))
    assert cell.size == Size.UNSEEN


def test_numbers_at_full_precision_are_whole_where_they_are(folders: tuple[Path, Path]) -> None:
    row = Result("t_dor", "primary", "total", "Total", ("DOR",), "median", 1 / 3, 2.0)
    assert values(row) == ["0.3333333333333333", "2", ""]
    assert values(None) == ["absent", "", ""]


def test_a_verdict_has_a_block_to_sign_and_shows_what_is_recorded() -> None:
    acts = [
        Act("run", "Ann Lee (ann)", "2026-01-02T03:04:05+00:00", "first interim"),
        Act("approved", "Jane Doe (jane; j@x.org)", "2026-01-03T03:04:05+00:00", "fine", "a.json"),
    ]
    statuses = [Status("signature", "a.json", "verified")]
    page = verdict_page("PASS", AUDITED, statuses, acts)
    text = " ".join(html.unescape(re.sub("<[^>]*>", " ", page.split("<body>")[1])).split())
    assert "run Ann Lee (ann) 2026-01-02T03:04:05+00:00 first interim" in text
    assert "approved Jane Doe (jane; j@x.org) 2026-01-03T03:04:05+00:00 fine verified" in text
    for line in ("Auditor, printed name", "Reason for the audit", "Signature", "Date"):
        assert line in text
    assert f"manifest has the SHA-256 {'ab' * 32}" in text
    assert "No signature of these results is recorded" not in text
    unsigned = verdict_page("PASS", AUDITED, [], acts[:1])
    assert "No signature of these results is recorded" in unsigned


def test_a_broken_history_names_nobody_and_stops_nothing(tmp_path: Path) -> None:
    assert recorded_acts(tmp_path, "interim-1") == []
    (tmp_path / "history.jsonl").write_text('{"number": 7}\n')
    assert recorded_acts(tmp_path, "interim-1") == []


def status_change(subject: str, status: str) -> StatusChange:
    improved = (SubjectStatus("not improved"), SubjectStatus("improved"))
    return StatusChange(subject, status, *improved, ("plan",), "", ())


@pytest.mark.parametrize(
    ("output", "parameter", "reasons"),
    [
        ("t_improvement", "M2", ["S1 Improvement M2"]),
        ("t_improvement", "M24", ["S1 Improvement M24"]),
        ("t_improvement", "EITHER", ["S1 Improvement M2", "S1 Improvement M24"]),
        ("t_dor", "DOR", ["S1 DOR"]),
        ("t_kinetics", "DOR", []),
    ],
)
def test_the_reasons_of_a_result_are_those_of_its_visit_or_endpoint_and_its_subjects(
    output: str, parameter: str, reasons: list[str]
) -> None:
    names = ("Improvement M2", "Improvement M24", "DOR")
    flips = [status_change(subject, name) for subject in ("S1", "S2") for name in names]
    key = (output, "primary", "total", "Total", parameter, "n")
    told = status_reasons(ResultChange(key, None, None, ("plan",), ("S1",)), flips)
    assert told == "; ".join(f"{reason} not improved -> improved" for reason in reasons)


def datasets_of(folder: Path, **tables: list[dict[str, object]]) -> Datasets:
    """The datasets of an analysis, from rows as written here."""
    (folder / "adam").mkdir(parents=True)
    for name, rows in tables.items():
        pd.DataFrame(rows).to_parquet(folder / "adam" / f"{name}.parquet")
    return Datasets(folder, {})


def test_a_later_cutoff_names_who_has_another_record_and_who_was_followed_longer(
    folders: tuple[Path, Path],
) -> None:
    """S1 has a further event; S2 was seen again; of S3, who had died, the cut-off alone moves."""
    old, new = (
        datasets_of(
            folder,
            adsl=[
                {"USUBJID": "S1", "CUTDT": cutoff, "CUTDY": day, "LSTALVDT": "2024-01-09"},
                {"USUBJID": "S2", "CUTDT": cutoff, "CUTDY": day, "LSTALVDT": contact},
                {"USUBJID": "S3", "CUTDT": cutoff, "CUTDY": day, "LSTALVDT": "2024-01-05"},
            ],
            adae=[{"USUBJID": "S1", "AEDECOD": term} for term in terms],
        )
        for folder, cutoff, day, contact, terms in (
            (folders[0], "2024-02-01", 40, "2024-01-20", ["Fever"]),
            (folders[1], "2024-06-01", 161, "2024-05-30", ["Fever", "Cough"]),
        )
    )
    assert differing(old, new, "t_ae_soc_pt", "ALL") == {"S1"}
    assert differing(old, new, "t_baseline", "AGE") == {"S1"}
    # Their numbers count who was followed through a window that has closed.
    for output in ("t_disposition", "t_dlt", "t_ae_overview"):
        assert differing(old, new, output, "ALL") == {"S1", "S2", "S3"}


def test_a_corrected_remission_at_baseline_is_behind_the_endpoints_that_count_it(
    folders: tuple[Path, Path],
) -> None:
    """S2 becomes a year older, and S3 joins the study: neither is behind a duration."""
    new_subject = {"USUBJID": "S3", "BLREMFL": None, "AGE": 8}
    old, new = (
        datasets_of(
            folder,
            adsl=[
                {"USUBJID": "S1", "BLREMFL": status, "AGE": 9},
                {"USUBJID": "S2", "BLREMFL": "N", "AGE": age},
                *further,
            ],
            adtte=[
                {"USUBJID": subject, "PARAMCD": code, "AVAL": 10}
                for subject in ("S1", "S2")
                for code in ("DOR", "EFS", "TTREM")
            ],
        )
        for folder, status, age, further in (
            (folders[0], "N", 9, []),
            (folders[1], "Y", 10, [new_subject]),
        )
    )
    assert differing(old, new, "t_dor", "DOR") == {"S1"}
    assert differing(old, new, "t_dor", "TTREM") == {"S1"}
    assert differing(old, new, "t_dor", "EFS") == set()
    # The table of subgroups has no such row.
    assert differing(old, new, "t_subgroups", "DOR") == set()


def plan_of(folder: Path, **values: object) -> Side:
    """An analysis of which only the plan is looked at."""
    plan = load(ROOT / "config/config.yaml")
    manifest = {"plan": {"value": plan.model_dump(mode="json") | values}}
    return Side(folder.name, plan, folder, manifest)


def test_keys_that_move_no_number_are_no_cause(folders: tuple[Path, Path]) -> None:
    old, new = folders
    inputs = load(ROOT / "config/config.yaml").inputs.model_dump(mode="json")
    lowered = {"rule": "blank_row", "table": "visits", "reason": "An empty row at the end"}
    earlier = plan_of(old, series=None, simulation=None, groups=["part"])
    later = plan_of(
        new,
        governance={"reason_required": True, "approvals": ["reviewed"]},
        series={"cutoffs": ["2025-01-01"]},
        simulation={"seed": 5},
        pins={"python": "3.11"},
        inputs=inputs | {"severity": [lowered], "limits": {"rows": 7}},
        groups=["dose_level"],
    )
    keys = [key for key, _, _ in differing_keys(earlier, later)]
    assert keys == ["groups"]
