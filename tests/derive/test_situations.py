"""Situations that trials meet: each kind by several members, its right outcome worked out by hand.

Every child is infused on day 0; windows are those of the default schedule (M6: day 166 to 194), and
durations are end - start + 1. Rules and their sources: docs/derivation.md.
"""

from __future__ import annotations

import pytest

from tests.derive.build import (
    ACTIVE,
    FLARING,
    INACTIVE,
    UNKNOWN,
    date,
    derived,
    status,
    subject,
    tte,
    visit,
)
from tests.derive.test_adtte import BASE, IN, MISSED, ends, rescue, said

pytestmark = pytest.mark.requirement("DOR-02", "DOR-03", "DOR-04", "DOR-05", "DOR-08")

IMPROVING = INACTIVE | {"physician_global": 2.0, "extramuscular": 1.0}
"""A Total Improvement Score above 30 without remission."""


def reasons(datasets, visit_name="M2"):
    rows = datasets.adrs
    chosen = rows.loc[(rows["PARAMCD"] == "IMPR") & (rows["AVISIT"] == visit_name)]
    return chosen[["AVAL", "REASON"]].astype(object).where(chosen[["AVAL", "REASON"]].notna(), None)


def improvement(visits, therapies, strategy="composite", visit_name="M2", **who):
    datasets = derived(
        [subject(**who)], visits, therapies, response={"new_therapy": {"improvement": strategy}}
    )
    return tuple(reasons(datasets, visit_name).to_numpy().tolist()[0])


# --- two forms of one day are one assessment ------------------------------------------------------


def test_a_second_form_of_the_day_does_not_confirm_a_loss():
    twice = [*IN, visit(180, FLARING), visit(180, FLARING, visit="UNS"), visit(270, INACTIVE)]
    assert ends(twice, cutoff=300) == ("ONGOING AT DATA CUT-OFF", 1, 270, 211)


def test_a_second_form_of_the_day_does_not_confirm_a_remission():
    visits = [BASE, visit(60, INACTIVE), visit(60, INACTIVE, visit="UNS"), visit(90, FLARING)]
    confirmed = {"remission": {"confirmation": True}}
    assert derived([subject()], visits, response=confirmed).adsl["REMFL"].item() == "N"
    assert derived([subject()], visits).adsl["REMFL"].item() == "Y"


def test_a_second_form_of_the_day_does_not_confirm_a_worsening():
    worse = INACTIVE | {"extramuscular": 3.0}
    rule = {"recurrence": {"worsening": {"enabled": True}, "confirmed_loss": False}}
    twice = [*IN, visit(180, worse), visit(180, worse, visit="UNS"), visit(270, INACTIVE)]
    assert ends(twice, cutoff=300, **rule)[1] == 1
    assert ends([*twice[:-1], visit(270, worse)], cutoff=300, **rule)[:3] == ("PROGRESSION", 0, 180)


def test_of_two_forms_that_differ_the_later_row_stands_for_the_day():
    lost_then_held = [*IN, visit(180, FLARING), visit(180, INACTIVE), visit(270, FLARING)]
    assert ends(lost_then_held, cutoff=300)[:3] == ("UNCONFIRMED LOSS", 6, 180)
    held_then_lost = [*IN, visit(180, INACTIVE), visit(180, FLARING), visit(270, FLARING)]
    assert ends(held_then_lost, cutoff=300)[:3] == ("RECURRENCE", 0, 180)


def test_of_two_forms_that_differ_the_later_row_decides_the_first_remission():
    lost = derived([subject()], [BASE, visit(60, INACTIVE), visit(60, FLARING)])
    assert lost.adsl["REMFL"].item() == "N"
    held = derived([subject()], [BASE, visit(60, FLARING), visit(60, INACTIVE)])
    assert held.adsl["REMSDT"].item() == date(60)


def test_a_worsening_is_not_against_the_best_of_its_own_day():
    rule = {"recurrence": {"worsening": {"enabled": True}, "confirmed_loss": False}}
    # Extramuscular activity: 1.0 before, then 0.0 and 2.5 on one day: worse by 1.5, not by 2.5.
    start = [
        BASE,
        *(visit(day, INACTIVE | {"extramuscular": 1.0}) for day in (60, 90)),
        visit(180, INACTIVE),
        visit(180, INACTIVE | {"extramuscular": 2.5}),
    ]
    worse = visit(270, INACTIVE | {"extramuscular": 2.0})  # by 2.0 against the 0.0 of day 180
    assert ends([*start, worse], cutoff=300, **rule)[1] == 1


# --- a loss that nothing confirms is neither an event nor time in remission -----------------------


def test_a_loss_at_the_last_assessment_censors_at_the_last_in_remission():
    # 90 - 60 + 1 = 31 days, not 180 - 60 + 1 = 121.
    assert ends([*IN, visit(180, FLARING)], cutoff=200) == ("UNCONFIRMED LOSS", 6, 90, 31)


def test_all_losses_at_the_end_are_passed_over_where_three_confirm():
    visits = [*IN, visit(180, FLARING), visit(270, FLARING)]
    three = {"recurrence": {"consecutive": 3}}
    assert ends(visits, cutoff=300, **three) == ("UNCONFIRMED LOSS", 6, 90, 31)


def test_an_assessment_of_unknown_status_behind_the_loss_changes_nothing():
    visits = [*IN, visit(180, FLARING), visit(270, UNKNOWN)]
    assert ends(visits, cutoff=300) == ("UNCONFIRMED LOSS", 6, 90, 31)


def test_the_unconfirmed_loss_is_the_reason_though_the_subject_withdrew():
    who = {"withdrawal_date": 190}
    assert ends([*IN, visit(180, FLARING)], cutoff=300, who=who)[:3] == ("UNCONFIRMED LOSS", 6, 90)


def test_it_is_an_event_where_one_assessment_confirms():
    one = {"recurrence": {"consecutive": 1}}
    assert ends([*IN, visit(180, FLARING)], cutoff=200, **one) == ("RECURRENCE", 0, 180, 121)


def test_it_ends_event_free_survival_where_it_ends_the_duration():
    visits = [*IN, visit(180, FLARING)]
    assert ends(visits, cutoff=200, parameter="EFS") == ("UNCONFIRMED LOSS", 6, 90, 91)


def test_what_the_date_of_censoring_is_is_said():
    row = tte(derived([subject()], [*IN, visit(180, FLARING)], cutoff=200))
    assert row["CNSDTDSC"] == "LAST ASSESSMENT IN REMISSION"
    assert row["SRCSEQ"] == 4  # header, baseline, day 60, day 90


# --- a loss is confirmed by what is done about it, or by death ------------------------------------


@pytest.mark.parametrize("strategy", ["composite", "hypothetical", "treatment_policy"])
def test_new_therapy_before_the_next_assessment_confirms_a_loss_under_every_strategy(strategy):
    visits = [*IN, visit(180, FLARING), visit(270, INACTIVE)]
    assert ends(visits, [rescue(190)], new_therapy=strategy) == ("RECURRENCE", 0, 180, 121)


def test_a_new_therapy_that_is_not_the_first_confirms_a_loss_too():
    visits = [*IN, visit(180, FLARING), visit(270, INACTIVE)]
    first = rescue(60)  # on the day of the first remission; by treatment policy it is no event
    policy = {"new_therapy": "treatment_policy", "cutoff": 300}
    assert ends(visits, [first], **policy) == ("ONGOING AT DATA CUT-OFF", 1, 270, 211)
    assert ends(visits, [first, rescue(190)], **policy) == ("RECURRENCE", 0, 180, 121)


def test_new_therapy_on_the_day_of_the_loss_confirms_it():
    visits = [*IN, visit(180, FLARING), visit(270, INACTIVE)]
    assert ends(visits, [rescue(180)])[:3] == ("RECURRENCE", 0, 180)


def test_new_therapy_on_the_day_of_the_next_assessment_comes_too_late():
    visits = [*IN, visit(180, FLARING), visit(270, INACTIVE)]
    assert ends(visits, [rescue(270)])[:3] == ("NEW SYSTEMIC THERAPY", 0, 270)


def test_death_before_the_next_assessment_confirms_a_loss():
    visits = [*IN, visit(180, FLARING)]
    assert ends(visits, who={"death_date": 220}) == ("RECURRENCE", 0, 180, 121)


def test_a_loss_that_a_remission_refuted_is_not_confirmed_by_a_later_therapy():
    visits = [*IN, visit(180, FLARING), visit(270, INACTIVE)]
    assert ends(visits, [rescue(280)])[:3] == ("NEW SYSTEMIC THERAPY", 0, 280)


def test_the_first_of_two_losses_is_confirmed_by_therapy_where_three_would_be_needed():
    visits = [*IN, visit(180, FLARING), visit(270, FLARING), visit(365, INACTIVE)]
    three = {"recurrence": {"consecutive": 3}}
    assert ends(visits, [rescue(300)], **three)[:3] == ("RECURRENCE", 0, 180)


def test_therapy_does_not_confirm_a_loss_of_the_early_window():
    visits = [BASE, visit(10, INACTIVE), visit(20, FLARING)]
    assert ends(visits, [rescue(22)], new_therapy="hypothetical")[:3] == (
        "NEW SYSTEMIC THERAPY", 3, 10
    )  # fmt: skip


def test_the_therapy_of_another_subject_confirms_nothing():
    both = [
        *[*IN, visit(180, FLARING), visit(270, INACTIVE)],
        *(visit(day, values, name="S2") for day, values in ((-6, ACTIVE), (60, INACTIVE))),
    ]
    other = rescue(190) | {"subject_id": "S2"}
    datasets = derived([subject(), subject("S2")], both, [other], cutoff=300)
    assert tte(datasets)["CNSR"] == 1


# --- new systemic therapy before improvement or remission -----------------------------------------


def test_an_improvement_after_new_therapy_is_not_credited():
    visits = [BASE, visit(60, IMPROVING)]
    assert improvement(visits, [rescue(30)]) == (0, "NEW SYSTEMIC THERAPY")
    assert improvement(visits, [rescue(30)], "hypothetical") == (None, "NEW SYSTEMIC THERAPY")
    assert improvement(visits, [rescue(30)], "treatment_policy") == (1, None)


def test_an_assessment_on_the_day_the_therapy_began_is_credited():
    assert improvement([BASE, visit(60, IMPROVING)], [rescue(60)]) == (1, None)
    assert improvement([BASE, visit(60, IMPROVING)], [rescue(59)])[0] == 0


def test_without_an_assessment_new_therapy_in_the_window_is_the_reason():
    # The window of M2 ends on day 74.
    assert improvement([BASE], [rescue(74)]) == (None, "NEW SYSTEMIC THERAPY")
    assert improvement([BASE], [rescue(75)]) == (None, "NOT ASSESSED")
    assert improvement([BASE], [rescue(74)], "treatment_policy") == (None, "NOT ASSESSED")


def test_death_goes_before_new_therapy_as_the_reason():
    assert improvement([BASE], [rescue(20)], death_date=date(40)) == (None, "DIED")


def test_therapy_that_is_not_new_or_not_systemic_changes_nothing():
    assert improvement([BASE, visit(60, IMPROVING)], [rescue(30, new="N")]) == (1, None)
    assert improvement([BASE, visit(60, IMPROVING)], [rescue(-3)]) == (1, None)


def test_a_first_remission_after_new_therapy_is_not_credited():
    visits = [BASE, visit(60, FLARING), visit(90, INACTIVE), visit(180, INACTIVE)]
    datasets = derived([subject()], visits, [rescue(70)])
    assert datasets.adsl[["REMFL", "NSTPREFL"]].to_numpy().tolist() == [["N", "Y"]]
    assert "DOR" not in datasets.adtte["PARAMCD"].tolist()
    assert status(datasets, "REMIS") == ["N", "N", "Y", "Y"]
    rows = datasets.adrs.loc[datasets.adrs["PARAMCD"] == "REMIS", "REASON"]
    assert rows.tolist() == [None, None, "NEW SYSTEMIC THERAPY", "NEW SYSTEMIC THERAPY"]


@pytest.mark.parametrize(
    ("remission", "expected"),
    [("composite", "N"), ("hypothetical", "N"), ("treatment_policy", "Y")],
)
def test_the_strategy_of_remission_is_a_key_of_its_own(remission, expected):
    visits = [BASE, visit(90, INACTIVE), visit(180, INACTIVE)]
    rule = {"new_therapy": {"remission": remission}}
    datasets = derived([subject()], visits, [rescue(70)], response=rule)
    assert datasets.adsl["REMFL"].item() == expected


def test_a_remission_confirmed_only_after_new_therapy_is_not_confirmed():
    visits = [BASE, visit(60, INACTIVE), visit(90, INACTIVE)]
    rule = {"remission": {"confirmation": True}}
    assert derived([subject()], visits, [rescue(70)], response=rule).adsl["REMFL"].item() == "N"
    assert derived([subject()], visits, [rescue(95)], response=rule).adsl["REMFL"].item() == "Y"


# --- events with an exact date are exempt from the rule for missed assessments --------------------


def test_new_therapy_and_death_stand_though_assessments_before_them_were_missed():
    # After day 90 the windows of M6 and M9 (256-284) were missed.
    assert ends(IN, [rescue(300)])[:3] == ("NEW SYSTEMIC THERAPY", 0, 300)
    assert ends(IN, who={"death_date": 300})[:3] == ("DEATH", 0, 300)
    assert ends([*IN, said(300, "recurrence")])[:3] == (MISSED, 2, 90)


@pytest.mark.parametrize(
    ("keys", "therapy", "death"),
    [
        ({"applies_to_new_therapy": True}, (MISSED, 2, 90), ("DEATH", 0, 300)),
        ({"applies_to_death": True}, ("NEW SYSTEMIC THERAPY", 0, 300), (MISSED, 2, 90)),
        ({"consecutive": None}, ("NEW SYSTEMIC THERAPY", 0, 300), ("DEATH", 0, 300)),
    ],
)
def test_the_rule_of_the_fda_applies_to_them_where_the_plan_says_so(keys, therapy, death):
    rule = {"missed_assessments": keys}
    assert ends(IN, [rescue(300)], **rule)[:3] == therapy
    assert ends(IN, who={"death_date": 300}, **rule)[:3] == death


def test_a_loss_before_the_gap_is_not_the_date_of_censoring():
    # Loss on day 180, unknown after it, then a recorded recurrence after two missed windows.
    visits = [*IN, visit(180, FLARING), said(400, "recurrence", UNKNOWN)]
    assert ends(visits)[:3] == (MISSED, 2, 90)


# --- event-free survival with a deadline for remission --------------------------------------------

ACTIVE_THROUGHOUT = [BASE, visit(60, FLARING), visit(90, FLARING), visit(194, FLARING)]


@pytest.mark.parametrize(
    ("cutoff", "expected"),
    [
        (22, ("REMISSION NOT YET DUE", 8, 0, 1)),
        (193, ("REMISSION NOT YET DUE", 8, 0, 1)),
        (194, ("NOT IN REMISSION BY M6", 0, 0, 1)),  # the window of M6 closes on day 194
        (700, ("NOT IN REMISSION BY M6", 0, 0, 1)),
    ],
)
def test_not_in_remission_is_an_event_only_when_remission_was_due(cutoff, expected):
    seen = [v for v in ACTIVE_THROUGHOUT if v["visit_date"] <= date(cutoff)]
    assert ends(seen, parameter="EFS", cutoff=cutoff) == expected


@pytest.mark.parametrize(
    ("who", "therapies", "expected"),
    [
        ({"death_date": 20}, None, ("DEATH", 0, 20, 21)),
        ({"death_date": 194}, None, ("DEATH", 0, 194, 195)),
        ({"death_date": 195}, None, ("NOT IN REMISSION BY M6", 0, 0, 1)),
        ({}, [rescue(100)], ("NEW SYSTEMIC THERAPY", 0, 100, 101)),
        ({}, [rescue(195)], ("NOT IN REMISSION BY M6", 0, 0, 1)),
        ({"death_date": 100}, [rescue(100)], ("DEATH", 0, 100, 101)),
        ({"death_date": 100}, [rescue(99)], ("NEW SYSTEMIC THERAPY", 0, 99, 100)),
    ],
)
def test_death_and_new_therapy_before_the_deadline_are_events_on_their_date(
    who, therapies, expected
):
    died = who.get("death_date", 1000)
    seen = [v for v in ACTIVE_THROUGHOUT if v["visit_date"] <= date(died)]
    assert ends(seen, therapies, parameter="EFS", who=who) == expected


def test_a_remission_after_the_deadline_does_not_undo_the_failure():
    visits = [*ACTIVE_THROUGHOUT, visit(270, INACTIVE), visit(365, INACTIVE)]
    assert ends(visits, parameter="EFS") == ("NOT IN REMISSION BY M6", 0, 0, 1)
    assert ends(visits, cutoff=400)[:2] == ("ONGOING AT DATA CUT-OFF", 1)
    later = {"remission_deadline": "M9"}
    assert ends(visits, parameter="EFS", cutoff=400, **later)[2:] == (365, 366)


def test_who_was_not_followed_to_the_deadline_is_censored_on_day_one():
    visits = [BASE, visit(60, FLARING)]
    assert ends(visits, parameter="EFS") == ("NOT FOLLOWED TO REMISSION DEADLINE", 9, 0, 1)
    who = {"last_contact_date": 193}
    assert ends(visits, parameter="EFS", who=who)[1] == 9
    who = {"last_contact_date": 194}
    assert ends(visits, parameter="EFS", who=who) == ("NOT IN REMISSION BY M6", 0, 0, 1)
    who = {"withdrawal_date": 100, "last_contact_date": 100}
    assert ends(visits, parameter="EFS", who=who) == ("WITHDRAWN", 4, 0, 1)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("composite", ("NEW SYSTEMIC THERAPY", 0, 100, 101)),
        ("hypothetical", ("NEW SYSTEMIC THERAPY", 3, 0, 1)),
        ("treatment_policy", ("NOT IN REMISSION BY M6", 0, 0, 1)),
    ],
)
def test_new_therapy_before_remission_in_event_free_survival_by_each_strategy(strategy, expected):
    found = ends(ACTIVE_THROUGHOUT, [rescue(100)], parameter="EFS", new_therapy=strategy)
    assert found == expected


def test_therapy_before_a_remission_that_is_credited_is_still_an_event_of_survival():
    visits = [BASE, visit(90, INACTIVE), visit(180, INACTIVE)]
    rule = {"new_therapy": {"remission": "treatment_policy", "duration": "composite"}}
    assert ends(visits, [rescue(70)], parameter="EFS", cutoff=200, **rule) == (
        "NEW SYSTEMIC THERAPY", 0, 70, 71
    )  # fmt: skip
    assert ends(visits, [rescue(70)], cutoff=200, **rule)[:2] == ("ONGOING AT DATA CUT-OFF", 1)


def test_without_a_visit_of_that_name_the_last_visit_is_the_deadline():
    schedule = [{"visit": "W8", "day": 56, "window": 7}, {"visit": "W26", "day": 182, "window": 7}]
    rule = {"improvement": {"visits": ["W8"]}}
    datasets = derived([subject()], ACTIVE_THROUGHOUT, cutoff=300, schedule=schedule, response=rule)
    assert tte(datasets, "EFS")["EVNTDESC"] == "NOT IN REMISSION BY W26"


# --- worsening ------------------------------------------------------------------------------------

WORSE_OF_BEST = {
    "recurrence": {
        "confirmed_loss": False,
        "worsening": {"enabled": True, "percent_of": "best", "csm_count": 1},
    }
}


@pytest.mark.parametrize(
    ("chaq", "event"),
    [
        (0.9, True),  # 30 % of the range of 3: the best value is 0
        (0.8, False),
        (None, False),
    ],
)
def test_a_best_value_of_0_is_judged_on_the_range(chaq, event):
    worse = INACTIVE | {"chaq": chaq}
    visits = [*IN, visit(180, worse), visit(270, worse)]
    found = ends(visits, cutoff=300, **WORSE_OF_BEST)
    assert found[:3] == (("PROGRESSION", 0, 180) if event else ("ONGOING AT DATA CUT-OFF", 1, 270))


def test_a_visit_in_remission_between_two_worsenings_interrupts_them():
    # Extramuscular activity alone tells of worsening; it is not recorded on day 270, when the
    # items of remission are met.
    worse = INACTIVE | {"extramuscular": 3.0}
    quiet = {name: INACTIVE[name] for name in ("physician_global", "cmas", "mmt8", "ck")}
    rule = {"recurrence": {"worsening": {"enabled": True, "csm_count": 5}, "confirmed_loss": False}}
    unknown = UNKNOWN | {"physician_global": 0.1}
    apart = [*IN, visit(180, worse), visit(270, UNKNOWN | quiet), visit(365, worse)]
    assert ends(apart, cutoff=400, **rule)[1] == 1
    joined = [*IN, visit(180, worse), visit(270, unknown), visit(365, worse)]
    assert ends(joined, cutoff=400, **rule)[:3] == ("PROGRESSION", 0, 180)


# --- why a response is censored on its first day --------------------------------------------------


@pytest.mark.parametrize(
    ("start", "cutoff", "expected"),
    [
        (60, 103, "NEXT ASSESSMENT NOT YET DUE"),  # M3 may come until day 104
        (60, 104, "NO ASSESSMENT AFTER REMISSION"),
        (730, 1000, "ONGOING AT DATA CUT-OFF"),  # no visit is scheduled after M24
    ],
)
def test_not_yet_due_is_told_from_not_assessed(start, cutoff, expected):
    visits = [BASE, visit(30, ACTIVE), visit(start, INACTIVE)]
    assert ends(visits, cutoff=cutoff)[0] == expected
