"""Time to first improvement: what ends it, when it is censored, and where the record is from.

Every child is infused on day 0; durations are end - start + 1.
"""

from __future__ import annotations

from functools import partial

import pytest

from tests.derive.build import (
    ACTIVE,
    INACTIVE,
    UNKNOWN,
    derived,
    ends_of,
    new_therapy,
    subject,
    tte,
    visit,
)

BASE = visit(-6, ACTIVE)
#: Physician global 6 to 4 (20 %) and CMAS 30 to 34 (7.7 %): 15 + 10 = 25, no improvement.
BELOW = ACTIVE | {"physician_global": 4.0, "cmas": 34.0}
#: Parent global 6 to 5 too (10 %): 2.5 more.
NEARLY = BELOW | {"parent_global": 5.0}
#: CHAQ 1.5 to 1.25 (8.3 %): 5 in its place, 30 in all, the least that counts.
REACHED = BELOW | {"chaq": 1.25}
#: Not improved, and assessed at every visit up to month 6.
NEVER = [BASE, *(visit(day, NEARLY) for day in (28, 60, 90, 180))]


ends = partial(ends_of, "TTIMP")


def test_the_first_score_that_reaches_the_level_ends_it():
    visits = [BASE, visit(28, NEARLY), visit(60, REACHED), visit(90, INACTIVE)]
    record = tte(derived([subject()], visits, cutoff=200), "TTIMP")
    assert (record["STARTDT"], record["ADT"], record["AVAL"]) == (0, 60, 61)
    assert (record["EVNTDESC"], record["CNSR"], record["LOWDT"]) == ("IMPROVEMENT", 0, 28)
    assert (record["SRCDOM"], record["SRCVAR"], record["SRCSEQ"]) == ("visits", "visit_date", 4)


@pytest.mark.parametrize(("level", "day"), [("minimal", 60), ("moderate", 90), ("major", 90)])
def test_the_level_of_the_plan_decides(level, day):
    visits = [BASE, visit(60, REACHED), visit(90, INACTIVE)]
    assert ends(visits, improvement={"level": level})[:3] == ("IMPROVEMENT", 0, day)


def test_an_unscheduled_assessment_counts():
    assert ends([BASE, visit(45, REACHED, visit="UNS")])[2] == 45


def test_an_improvement_lost_later_remains_the_event():
    assert ends([BASE, visit(28, REACHED), visit(60, ACTIVE)])[:3] == ("IMPROVEMENT", 0, 28)


def test_without_improvement_it_is_censored_at_the_last_assessment_with_a_score():
    assert ends(NEVER) == ("ONGOING AT DATA CUT-OFF", 1, 180, 181)
    # Whether remission is known does not matter: without CK and MMT8 it is not.
    scored = NEARLY | {"ck": None, "mmt8": None}
    assert ends([*NEVER[:-1], visit(180, scored)]) == ("ONGOING AT DATA CUT-OFF", 1, 180, 181)
    # Without the muscle measure there is no score.
    unscored = NEARLY | {"cmas": None}
    assert ends([*NEVER[:-1], visit(180, unscored)]) == ("ONGOING AT DATA CUT-OFF", 1, 90, 91)
    assert ends([*NEVER[:-1], visit(180, UNKNOWN)]) == ("ONGOING AT DATA CUT-OFF", 1, 90, 91)
    missed = ends(NEVER[:3], missed_assessments={"consecutive": 1})
    assert missed == ("MISSED OR INADEQUATE ASSESSMENTS", 2, 60, 61)
    assert ends(NEVER, who={"withdrawal_date": 190}) == ("WITHDRAWN", 4, 180, 181)


def test_death_censors_on_its_date():
    assert ends(NEVER[:3], who={"death_date": 75}) == ("DEATH", 10, 75, 76)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("composite", ("NEW SYSTEMIC THERAPY", 3, 70, 71)),
        ("hypothetical", ("NEW SYSTEMIC THERAPY", 3, 70, 71)),
        ("treatment_policy", ("IMPROVEMENT", 0, 90, 91)),
    ],
)
def test_new_therapy_censors_where_no_later_improvement_is_credited(strategy, expected):
    visits = [BASE, visit(60, NEARLY), visit(90, INACTIVE)]
    rule = {"improvement": strategy}
    assert ends(visits, [new_therapy(70)], new_therapy=rule) == expected


def test_an_improvement_on_the_day_of_new_therapy_was_seen_before_it():
    assert ends([BASE, visit(60, REACHED)], [new_therapy(60)])[:3] == ("IMPROVEMENT", 0, 60)


def test_who_has_no_score_after_the_infusion_is_censored_on_day_one():
    assert ends([BASE]) == ("NO ASSESSMENT AFTER INFUSION", 11, 0, 1)
    assert ends([BASE], cutoff=20) == ("NEXT ASSESSMENT NOT YET DUE", 7, 0, 1)
    # Without a baseline there is no score at all.
    assert ends([visit(28, INACTIVE)])[:3] == ("NO ASSESSMENT AFTER INFUSION", 11, 0)
