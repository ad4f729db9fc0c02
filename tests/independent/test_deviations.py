"""Each record of the protocol deviations against an independent calculation."""

from __future__ import annotations

from datetime import date

import pytest

from durable.vocabulary import DEVIATION, DEVIATIONS
from tests.independent.conftest import Results
from tests.independent.deviations import Judged, judged
from tests.independent.study import CUTOFFS

pytestmark = pytest.mark.requirement("DEV-01", "OUT-02")

CATEGORY = {words: name.upper() for name, words in DEVIATIONS.items()}


def recorded(results: Results) -> list[Judged]:
    """The records of ADDV."""
    return sorted(
        Judged(
            r["SUBJID"], CATEGORY[r["DVDECOD"]], r["DVSTAT"] == DEVIATION, r["ADT"],
            r["AVISIT"] or "", r["SRCDOM"], r["SRCSEQ"],
        )
        for r in results.records("adam/addv")
    )  # fmt: skip


def test_every_record_has_its_day_its_visit_and_its_row(results: Results) -> None:
    assert recorded(results) == judged(CUTOFFS[results.id])


def test_the_deviations_of_the_demo() -> None:
    """As read in data/demo: CQ-002 had a live vaccine before screening and no CHAQ at M2, CQ-004
    came on day 33 for D28 and not for M3, CQ-006 does not have four of the six items and came on
    day 199 for M6, CQ-009 has no DAS at M3 and was given tofacitinib."""
    found = judged(CUTOFFS["demo-final"])
    assert [(j.subject, j.category, j.day, j.visit) for j in found] == [
        ("CQ-002", "CORE_SET", date(2023, 5, 15), "M2"),
        ("CQ-002", "ELIGIBILITY", date(2023, 2, 17), ""),
        ("CQ-004", "CORE_SET", date(2023, 8, 7), "M3"),
        ("CQ-004", "VISIT_WINDOW", date(2023, 5, 28), "D28"),
        ("CQ-006", "ELIGIBILITY", date(2023, 6, 14), ""),
        ("CQ-006", "VISIT_WINDOW", date(2024, 2, 2), "M6"),
        ("CQ-009", "CORE_SET", date(2024, 2, 13), "M3"),
        ("CQ-009", "PROHIBITED", date(2024, 6, 16), ""),
    ]
    assert all(j.deviates for j in found)
