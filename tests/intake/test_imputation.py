"""Dates recorded in part that the plan reads as a day: which day, and what is said of it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from durable.plan import PlanError
from durable.stage import STAGES
from durable.stages import derive
from tests.intake.study import Edit, Study, again, cell, planned

pytestmark = pytest.mark.requirement("DAT-06")

Row = dict[str, Any]


def examined(folder: Path, table: str, rules: dict[str, str], *edits: Edit) -> Study:
    """The demo with a rule for dates of a table, after its check."""
    study = Study(folder)
    for edit in edits:
        edit(study)
    planned(f"inputs.{table}.partial_dates", rules)(study)
    study.check()
    return study


def derived(study: Study, name: str = "adsl") -> pd.DataFrame:
    derive.run(study.plan().restrict_to(STAGES["derive"].sections), study.results)
    return pd.read_parquet(study.results / "adam" / f"{name}.parquet")


def checked(study: Study, table: str, column: str, row: int) -> str:
    frame = pd.read_parquet(study.results / "checked" / f"{table}.parquet")
    return f"{frame.loc[frame['source_row'] == row, column].iloc[0]:%Y-%m-%d}"


def queries(study: Study, rule: str = "partial_date") -> list[Row]:
    with (study.results / "queries.csv").open(encoding="utf-8", newline="") as file:
        return [line for line in csv.DictReader(file) if line["rule"] == rule]


def dated(subject: str, column: str) -> str:
    rows = Study(Path()).cells("subjects")
    (record,) = (row for row in rows if row[0] == subject)
    return record[rows[0].index(column)]


def last_seen(subject: str) -> str:
    """The last date on which a subject is known to be alive, from every table of the demo."""
    study = Study(Path())
    dates = []
    for table, columns in (
        ("subjects", ("consent_date", "lymphodepletion_date", "infusion_date")),
        ("subjects", ("last_contact_date",)),
        ("visits", ("visit_date",)),
        ("kinetics", ("sample_date",)),
        ("laboratory", ("sample_date",)),
        ("therapies", ("start_date",)),
        ("adverse_events", ("start_date",)),
    ):
        header, *rows = study.cells(table)
        own = [row for row in rows if row[header.index("subject_id")] == subject]
        dates += [row[header.index(column)] for row in own for column in columns]
    return max(dates)


def died() -> tuple[str, int, str]:
    """The subject of the demo who died by the cut-off: name, row and date."""
    header, *rows = Study(Path()).cells("subjects")
    place = header.index("death_date")
    found = [(row[0], n, row[place]) for n, row in enumerate(rows, start=2) if row[place]]
    return min(found, key=lambda one: one[2])


def test_without_a_rule_a_date_in_part_is_an_error_that_names_the_key(tmp_path: Path) -> None:
    study = Study(tmp_path)
    cell("subjects", 2, "consent_date", "2023-01")(study)
    study.check()
    (found,) = queries(study, "not_a_date")
    assert found["severity"] == "error"
    key = "inputs.subjects.partial_dates.consent_date: earliest or middle or latest would be read"
    assert key in found["message"]


def test_a_death_is_no_earlier_than_the_subject_was_last_seen(tmp_path: Path) -> None:
    subject, row, day = died()
    edits = [cell("subjects", row, "death_date", day[:7])]
    study = examined(tmp_path, "subjects", {"death_date": "earliest"}, *edits)
    expected = max(f"{day[:7]}-01", last_seen(subject))
    assert checked(study, "subjects", "death_date", row) == expected
    (found,) = (one for one in queries(study) if one["table"] == "subjects")
    assert (found["severity"], found["value"]) == ("warning", day[:7])
    said = f"a complete date; read as {expected} (partial_dates.death_date: earliest)"
    assert found["expected"] == said
    adsl = derived(study).set_index("SUBJID")
    assert f"{adsl.loc[subject, 'DTHDT']:%Y-%m-%d}" == expected
    assert adsl["DTHDTF"].dropna().to_dict() == {subject: "D"}
    conversions = pd.read_csv(study.results / "checked" / "conversions.csv", dtype=str)
    (one,) = conversions.to_dict("records")
    assert (one["column"], one["recorded"], one["read_as"]) == ("death_date", day[:7], expected)


@pytest.mark.parametrize(("rule", "alive"), [("earliest", False), ("latest", True)])
def test_the_imputed_day_decides_at_a_cut_off_within_the_possible_days(
    rule: str, alive: bool, tmp_path: Path
) -> None:
    """By the first day a death is known at a cut-off amid its month, by the last it is not yet."""
    subject, row, day = died()
    edits = [
        cell("subjects", row, "death_date", day[:7]),
        planned("analysis.data_cutoff", day),
    ]
    study = examined(tmp_path, "subjects", {"death_date": rule}, *edits)
    adsl = derived(study).set_index("SUBJID")
    assert pd.isna(adsl.loc[subject, "DTHFL"]) is alive
    assert adsl["DTHDTF"].notna().any() != alive
    cut = pd.read_csv(study.results / "validated" / "data_cut.csv", dtype=str)
    emptied = cut.loc[(cut["subject_id"] == subject) & (cut["column"] == "death_date"), "value"]
    assert emptied.tolist() == ([day[:7]] if alive else [])


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        # CQ-001: screened 2023-01-10, blood drawn 2023-02-07, lymphodepletion 2023-02-09, infusion
        # 2023-02-14.
        ("latest", "2023-01", "2023-01-10"),
        ("earliest", "2023-01", "2023-01-01"),
        ("middle", "2023-01", "2023-01-05"),
        ("latest", "2023-02", "2023-02-07"),
        ("latest", "2023", "2023-01-10"),
        ("latest", "2022", "2022-12-31"),
    ],
)
def test_consent_is_no_later_than_the_first_procedure(
    rule: str, text: str, expected: str, tmp_path: Path
) -> None:
    edit = cell("subjects", 2, "consent_date", text)
    study = examined(tmp_path, "subjects", {"consent_date": rule}, edit)
    assert checked(study, "subjects", "consent_date", 2) == expected
    # One after the screening is no consent to it: the checks see the imputed day.
    assert bool(queries(study, "before_consent")) == (text == "2023-02")


def test_a_new_therapy_that_may_follow_the_infusion_does(tmp_path: Path) -> None:
    """Else a rescue in the month of the infusion would be no event, without a word."""
    infusion = dated("CQ-002", "infusion_date")
    new = {
        "subject_id": "CQ-002",
        "therapy": "Rituximab",
        "start_date": infusion[:7],
        "end_date": "",
        "new_systemic": "Y",
        "reason": "flare",
    }
    study = examined(
        tmp_path, "therapies", {"start_date": "earliest"}, again("therapies", 2, **new)
    )
    adsl = derived(study).set_index("SUBJID")
    assert f"{adsl.loc['CQ-002', 'NSTDT']:%Y-%m-%d}" == infusion
    assert adsl["NSTDTF"].dropna().to_dict() == {"CQ-002": "D"}


def test_a_therapy_ends_on_the_last_day_that_it_can(tmp_path: Path) -> None:
    study = Study(tmp_path)
    header, first, *_ = study.cells("therapies")
    end = first[header.index("end_date")]
    assert end
    study = examined(
        tmp_path, "therapies", {"end_date": "latest"}, cell("therapies", 2, "end_date", end[:4])
    )
    assert checked(study, "therapies", "end_date", 2) == f"{end[:4]}-12-31"


def test_a_last_contact_is_no_earlier_than_the_last_visit(tmp_path: Path) -> None:
    study = Study(tmp_path)
    seen = []
    for table, column in (("visits", "visit_date"), ("kinetics", "sample_date")):
        header, *rows = study.cells(table)
        seen += [row[header.index(column)] for row in rows if row[0] == "CQ-001"]
    last = max(seen)
    edit = cell("subjects", 2, "last_contact_date", last[:4])
    study = examined(tmp_path, "subjects", {"last_contact_date": "earliest"}, edit)
    assert checked(study, "subjects", "last_contact_date", 2) == last


def test_a_bound_that_leaves_no_day_is_not_used_and_the_contradiction_is_found(
    tmp_path: Path,
) -> None:
    """A subject who was seen in a later month than that of the recorded death."""
    edits = [cell("subjects", 2, "death_date", "2023-03")]
    study = examined(tmp_path, "subjects", {"death_date": "earliest"}, *edits)
    assert checked(study, "subjects", "death_date", 2) == "2023-03-01"
    assert "CQ-001" in {line["subject_id"] for line in queries(study, "after_death")}
    assert study.refused() is not None


def test_an_assessment_without_its_day_is_left_out_and_listed(tmp_path: Path) -> None:
    study = Study(tmp_path)
    header, *rows = study.cells("visits")
    row = next(n for n, cells in enumerate(rows, start=2) if cells[1] == "M2")
    subject, day = rows[row - 2][0], rows[row - 2][header.index("visit_date")]
    study = examined(
        tmp_path, "visits", {"visit_date": "left_out"}, cell("visits", row, "visit_date", day[:7])
    )
    (found,) = (one for one in queries(study) if one["table"] == "visits")
    assert (found["severity"], found["row"], found["value"]) == ("warning", str(row), day[:7])
    assert "the record is not analysed" in found["message"]
    adrs = derived(study, "adrs")
    assert not ((adrs["SUBJID"] == subject) & (adrs["ADT"] == pd.Timestamp(day))).any()
    cut = pd.read_csv(study.results / "validated" / "data_cut.csv", dtype=str)
    undated = cut.loc[cut["action"] == "record removed: its day is not known"]
    assert undated[["table", "row", "value"]].to_numpy().tolist() == [["visits", str(row), day[:7]]]


def test_a_visit_has_no_rule_that_gives_it_a_day(tmp_path: Path) -> None:
    for table, column, rule, expected in (
        ("visits", "visit_date", "earliest", "left_out"),
        ("subjects", "infusion_date", "latest", "a date that may have a rule: consent_date"),
        ("kinetics", "sample_date", "latest", "the table has none"),
        ("subjects", "deth_date", "latest", "death_date"),
    ):
        study = Study(tmp_path)
        planned(f"inputs.{table}.partial_dates", {column: rule})(study)
        with pytest.raises(PlanError) as refused:
            study.plan()
        assert f"inputs.{table}.partial_dates" in str(refused.value)
        assert expected in str(refused.value)


def test_without_a_rule_in_the_plan_nothing_of_it_is_in_the_results(tmp_path: Path) -> None:
    study = Study(tmp_path)
    study.check()
    assert not {name for name in derived(study) if name.endswith("DTF")}
