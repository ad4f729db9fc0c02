"""Differences of files, plans and input records, on tables small enough to read."""

from __future__ import annotations

import html
import re
from math import nan
from pathlib import Path

import pandas as pd
import pytest

from durable.audit.acts import Act, recorded_acts
from durable.audit.causes import ResultChange
from durable.audit.cells import Change, changes
from durable.audit.comparison_page import values
from durable.audit.curves import overlay
from durable.audit.plans import key_differences
from durable.audit.records import input_changes, text
from durable.audit.shown import ChangedCell, Size, size_of
from durable.audit.verdict import Audited, Status, verdict_page
from durable.contracts.results import Result, to_csv

AUDITED = Audited("S-1", "interim-1", "<First>", "2026-01-31", "", "ab" * 32, "1f2e")
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
