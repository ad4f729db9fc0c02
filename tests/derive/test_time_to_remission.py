"""Time to first remission: what ends it, when it is censored, and where the record is from.

Every child is infused on day 0 and assessed first on day 28; durations are end - start + 1.
"""

from __future__ import annotations

from functools import partial

import pytest

from tests.derive.build import (
    ACTIVE,
    FLARING,
    INACTIVE,
    UNKNOWN,
    date,
    derived,
    ends_of,
    new_therapy,
    subject,
    tte,
    visit,
)

BASE = visit(-6, ACTIVE)
#: Never in remission, and assessed at every visit up to month 6.
NEVER = [BASE, *(visit(day, FLARING) for day in (28, 60, 90, 180))]


ends = partial(ends_of, "TTREM")


def test_the_first_remission_ends_it_and_lies_after_the_assessment_before():
    visits = [BASE, visit(28, FLARING), visit(60, INACTIVE), visit(90, INACTIVE)]
    datasets = derived([subject()], visits, cutoff=200)
    record = tte(datasets, "TTREM")
    assert (record["STARTDT"], record["ADT"], record["AVAL"]) == (0, 60, 61)
    assert (record["EVNTDESC"], record["CNSR"], record["LOWDT"]) == ("REMISSION", 0, 28)
    assert (record["SRCDOM"], record["SRCVAR"], record["SRCSEQ"]) == ("visits", "visit_date", 4)


def test_a_remission_at_the_first_assessment_lies_after_the_infusion():
    record = tte(derived([subject()], [BASE, visit(28, INACTIVE)], cutoff=200), "TTREM")
    assert (record["ADT"], record["LOWDT"]) == (28, 0)


def test_a_remission_lost_later_remains_the_event():
    visits = [BASE, visit(60, INACTIVE), visit(90, FLARING), visit(180, FLARING)]
    assert ends(visits) == ("REMISSION", 0, 60, 61)


def test_confirmation_of_remission_is_that_of_the_response():
    once = [BASE, visit(28, INACTIVE), visit(60, FLARING)]
    visits = [*once, visit(90, INACTIVE), visit(180, INACTIVE)]
    assert ends(visits, remission={"confirmation": True})[:3] == ("REMISSION", 0, 90)


def test_without_remission_it_is_censored_at_the_last_adequate_assessment():
    assert ends(NEVER) == ("ONGOING AT DATA CUT-OFF", 1, 180, 181)
    assert ends([*NEVER[:-1], visit(180, UNKNOWN)]) == ("ONGOING AT DATA CUT-OFF", 1, 90, 91)
    missed = ends(NEVER[:3], missed_assessments={"consecutive": 1})
    assert missed == ("MISSED OR INADEQUATE ASSESSMENTS", 2, 60, 61)
    assert ends(NEVER, who={"withdrawal_date": 190}) == ("WITHDRAWN", 4, 180, 181)


def test_death_censors_on_its_date():
    assert ends(NEVER[:3], who={"death_date": 75}) == ("DEATH", 10, 75, 76)
    record = tte(derived([subject(death_date=date(75))], NEVER[:3], cutoff=200), "TTREM")
    assert (record["SRCDOM"], record["SRCVAR"], record["CNSDTDSC"]) == (
        "subjects", "death_date", "DATE OF DEATH"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("composite", ("NEW SYSTEMIC THERAPY", 3, 70, 71)),
        ("hypothetical", ("NEW SYSTEMIC THERAPY", 3, 70, 71)),
        ("treatment_policy", ("REMISSION", 0, 90, 91)),
    ],
)
def test_new_therapy_censors_where_no_later_remission_is_credited(strategy, expected):
    visits = [BASE, visit(60, FLARING), visit(90, INACTIVE)]
    assert ends(visits, [new_therapy(70)], new_therapy=strategy) == expected


def test_of_death_and_new_therapy_the_earlier_censors_and_death_on_the_same_day():
    for died, expected in ((80, "NEW SYSTEMIC THERAPY"), (70, "DEATH"), (65, "DEATH")):
        assert ends(NEVER[:3], [new_therapy(70)], who={"death_date": died})[0] == expected


def test_a_remission_on_the_day_of_new_therapy_was_seen_before_it():
    assert ends([BASE, visit(60, INACTIVE)], [new_therapy(60)])[:3] == ("REMISSION", 0, 60)


def test_who_was_not_assessed_after_the_infusion_is_censored_on_day_one():
    assert ends([BASE]) == ("NO ASSESSMENT AFTER INFUSION", 11, 0, 1)
    assert ends([BASE], cutoff=20) == ("NEXT ASSESSMENT NOT YET DUE", 7, 0, 1)


def test_only_the_infused_are_followed_to_remission():
    datasets = derived([subject(infusion_date=None)], [BASE], cutoff=200)
    assert datasets.adtte.empty
