"""Errors that the plan lowers to warnings: which, for whom, and what the listing says."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from durable.contracts.lowering import LOWERINGS
from durable.contracts.tables import INPUT_TABLES
from durable.derive import datasets
from durable.intake.rules import RULES
from durable.plan import PlanError
from tests.intake.catalogue import CASES, Case
from tests.intake.study import Study, again, planned

REASON = "Repeated after a power cut"


def lowered(rule: str, table: str, **more: str) -> dict[str, str]:
    return {"rule": rule, "table": table, "reason": REASON, **more}


def twice(folder: Path, *severity: dict[str, str]) -> Study:
    """The first visits after infusion of CQ-001 and of CQ-002 are recorded twice."""
    study = Study(folder)
    for row in (4, 16):
        again("visits", row, visit_date="2024-01-05")(study)
    if severity:
        planned("inputs.severity", list(severity))(study)
    study.leave_out_the_unconcerned()
    return study


def listing(study: Study) -> list[dict[str, str]]:
    with (study.results / "queries.csv").open(encoding="utf-8", newline="") as file:
        return [line for line in csv.DictReader(file) if line["rule"] == "duplicate_visit"]


def test_a_lowered_error_is_a_warning_that_says_so_and_does_not_stop_the_analysis(
    tmp_path: Path,
) -> None:
    study = twice(tmp_path, lowered("duplicate_visit", "visits"))
    study.check()
    found = listing(study)
    assert [line["severity"] for line in found] == ["warning", "warning"]
    said = f"(an error, lowered by the plan: {REASON})"
    assert all(said in line["message"] and said in line["expected"] for line in found)
    assert study.refused() is None
    with (study.results / "checked" / "lowered.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == [
            {
                "rule": "duplicate_visit",
                "table": "visits",
                "column": "",
                "subject_id": "",
                "findings": "2",
                "reason": REASON,
            }
        ]


def test_the_identifier_of_a_query_does_not_change_with_its_severity(tmp_path: Path) -> None:
    plain, study = (
        twice(tmp_path / "a"),
        twice(tmp_path / "b", lowered("duplicate_visit", "visits")),
    )
    for one in (plain, study):
        one.folder.mkdir()
        one.check()
    assert [q["query_id"] for q in listing(plain)] == [q["query_id"] for q in listing(study)]


def test_of_a_named_subject_and_column_alone(tmp_path: Path) -> None:
    one = lowered("duplicate_visit", "visits", subject="CQ-001", column="visit")
    study = twice(tmp_path, one)
    study.check()
    severities = {line["subject_id"]: line["severity"] for line in listing(study)}
    assert severities == {"CQ-001": "warning", "CQ-002": "error"}
    refused = study.refused()
    assert refused is not None
    assert "1 error(s)" in str(refused)


def test_errors_that_are_counted_and_not_listed_are_lowered_too(tmp_path: Path) -> None:
    study = twice(tmp_path, lowered("duplicate_visit", "visits"))
    planned("inputs.limits", {"findings": 1})(study)
    found = {(one.rule, one.value, one.severity) for one in study.examine()}
    assert ("not_listed", "duplicate_visit", "warning") in found
    assert all(severity == "warning" for _, _, severity in found)


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (
            lowered("not_a_date", "visits"),
            "inputs.severity[0].rule: found 'not_a_date'; expected a rule that may be lowered:"
            " blank_row, duplicate_visit,",
        ),
        (
            lowered("duplicate_visit", "kinetics"),
            "inputs.severity[0].table: found 'kinetics'; expected a table of the study in which"
            " duplicate_visit may be lowered: visits",
        ),
        (
            lowered("duplicate_visit", "visits", column="vist"),
            "inputs.severity[0].column: found 'vist'; expected",
        ),
        ({"rule": "duplicate_visit", "table": "visits"}, "inputs.severity[0].reason"),
    ],
)
def test_what_may_not_be_lowered_is_refused(
    one: dict[str, str], message: str, tmp_path: Path
) -> None:
    study = Study(tmp_path)
    planned("inputs.severity", [one])(study)
    with pytest.raises(PlanError) as refused:
        study.plan()
    assert message in str(refused.value)


def test_only_errors_of_rules_that_there_are_may_be_lowered() -> None:
    for rule, lowering in LOWERINGS.items():
        assert "error" in RULES[rule].severities
        assert RULES[rule].lowering is lowering
        assert set(lowering.tables) <= set(INPUT_TABLES)


def _examples() -> dict[tuple[str, str], Case]:
    """Of each rule and table that may be lowered, a corruption whose only error that is."""
    found: dict[tuple[str, str], Case] = {}
    for case in CASES:
        errors = {(one.rule, one.table) for one in case.expected if one.severity == "error"}
        if len(errors) == 1:
            ((rule, table),) = errors
            if rule in LOWERINGS and table in LOWERINGS[rule].tables:
                found.setdefault((rule, table), case)
    return found


@pytest.mark.parametrize(("rule", "table"), _examples())
def test_after_a_lowered_error_the_datasets_can_be_derived(
    rule: str, table: str, tmp_path: Path
) -> None:
    study = Study(tmp_path)
    for edit in _examples()[rule, table].edits:
        edit(study)
    planned("inputs.severity", [lowered(rule, table)])(study)
    found = study.check()
    assert not [one for one in found if one.severity == "error"]
    assert rule in {one.rule for one in found}
    assert study.refused() is None
    datasets.run(study.plan(), study.results)
    adsl = pd.read_parquet(study.results / "adam" / "adsl.parquet")
    assert len(adsl) >= 11


def test_every_rule_that_may_be_lowered_has_an_example() -> None:
    assert {rule for rule, _ in _examples()} == set(LOWERINGS)
