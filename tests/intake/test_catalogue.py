"""Every corruption of the catalogue is found where it is, and nothing else is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from durable.intake.rules import RULES
from tests.intake.catalogue import CASES, Case
from tests.intake.study import Found, Study, beyond

pytestmark = pytest.mark.requirement("DAT-01", "DAT-03")


@pytest.fixture(scope="session")
def usual(tmp_path_factory: pytest.TempPathFactory) -> list[Found]:
    """Findings of the demo as it is."""
    return Study(tmp_path_factory.mktemp("demo")).check()


def test_the_demo_has_no_error_and_the_doubts_that_its_description_names(
    usual: list[Found],
) -> None:
    assert usual == [
        Found("warning", "visits", 18, "chaq", "", "measure_missing"),  # CQ-002 month 2
        Found("warning", "visits", 30, "visit_date", "2023-05-28", "outside_window"),  # CQ-004 D28
        Found("warning", "visits", 53, "visit_date", "2024-02-02", "outside_window"),  # CQ-006 M6
        Found("warning", "visits", 65, "ck", "", "measure_missing"),  # CQ-007 month 12
        Found("warning", "visits", 65, "mmt8", "", "measure_missing"),
        Found("warning", "visits", 75, "das", "", "measure_missing"),  # CQ-009 month 3
        Found("warning", "adverse_events", 13, "ctcae_grade", "", "grade_missing"),  # CQ-002
        Found("warning", "screening", 4, "screening_date", "2023-02-17", "eligibility_violated"),
        Found("warning", "screening", 6, "screening_date", "2023-03-24", "eligibility_unknown"),
        Found("warning", "screening", 8, "screening_date", "2023-06-14", "eligibility_violated"),
        Found("warning", "screening", 9, "birth_date", "2018-07", "partial_date"),  # CQ-007
        Found("warning", "screening", 9, "screening_date", "2023-07-17", "eligibility_unknown"),
        Found("warning", "screening", 12, "birth_date", "2007-06", "partial_date"),  # CQ-010
        Found("warning", "screening", 14, "other_trial_last_date", "2023", "partial_date"),
        Found("warning", "screening", 14, "screening_date", "2024-03-07", "eligibility_unknown"),
        Found("warning", "eligibility", 69, "answer", "N", "eligibility_disagrees"),  # CQ-002
        Found("warning", "eligibility", 146, "answer", "N", "not_eligible_infused"),  # CQ-006
    ]


#: Rules of a cell that is then not read: no other check sees it, so many cells are tried at once.
UNREAD = {"not_a_number", "not_an_integer", "not_a_date", "not_a_time", "not_allowed"}


def tried_together() -> list[list[Case]]:
    """The cases, those of unreadable cells packed so that none is in the place of another."""
    alone: list[list[Case]] = []
    packs: list[dict[tuple[object, ...], Case]] = []
    for case in CASES:
        if len(case.edits) != 1 or len(case.expected) != 1 or case.also:
            alone.append([case])
            continue
        (found,) = case.expected
        if found.rule not in UNREAD or not case.edits[0].__qualname__.startswith("cell."):
            alone.append([case])
            continue
        place = (found.table, found.row, found.column)
        pack = next((pack for pack in packs if place not in pack), None)
        if pack is None:
            packs.append(pack := {})
        pack[place] = case
    return alone + [list(pack.values()) for pack in packs]


@pytest.mark.parametrize("cases", tried_together(), ids=lambda cases: cases[0].done)
def test_a_corruption_is_found(cases: list[Case], usual: list[Found], tmp_path: Path) -> None:
    study = Study(tmp_path)
    for edit in (edit for case in cases for edit in case.edits):
        edit(study)
    study.leave_out_the_unconcerned()
    new = Counter(beyond(study.examine(), usual))
    expected = Counter(found for case in cases for found in case.expected)
    assert not expected - new, sorted(new, key=repr)
    others = new - expected
    also = sum((Counter(case.also) for case in cases), Counter())
    assert Counter(other.rule for other in others.elements()) == also, sorted(others, key=repr)


@pytest.mark.parametrize("case", CASES[::20], ids=lambda case: case.done)
def test_errors_stop_the_cut_and_leave_earlier_results(case: Case, tmp_path: Path) -> None:
    study = Study(tmp_path)
    earlier = study.results / "validated" / "visits.parquet"
    earlier.parent.mkdir(parents=True)
    earlier.write_bytes(b"earlier")
    for edit in case.edits:
        edit(study)
    study.leave_out_the_unconcerned()
    found = study.check()
    assert sorted(found, key=repr) == sorted(study.examine(), key=repr)
    refused = study.refused()
    if any(one.severity == "error" for one in found):
        assert refused is not None
        assert refused.status == 1
        count = Counter(one.severity for one in found)
        assert f"{count['error']} error(s) and {count['warning']} warning(s)" in str(refused)
        assert [path.name for path in earlier.parent.iterdir()] == ["visits.parquet"]
        assert earlier.read_bytes() == b"earlier"
    else:
        assert refused is None
        assert {path.stem for path in earlier.parent.iterdir()} == {
            *study.raw["inputs"],
            "data_cut",
            "sources",
        }
        assert earlier.read_bytes() != b"earlier"


def test_the_catalogue_has_a_hundred_corruptions_and_every_rule() -> None:
    assert len({case.done for case in CASES}) == len(CASES)
    assert len([case for case in CASES if case.expected]) >= 100
    provoked = {found.rule for case in CASES for found in case.expected}
    assert provoked == set(RULES)
    severities = {rule: set() for rule in RULES}
    for case in CASES:
        for found in case.expected:
            severities[found.rule].add(found.severity)
    assert severities == {rule: set(about.severities) for rule, about in RULES.items()}
