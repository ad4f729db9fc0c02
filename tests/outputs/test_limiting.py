"""Deaths in the window of dose-limiting toxicities, and what the 3+3 rule then recommends."""

from __future__ import annotations

import pytest

from durable.outputs.groups import groups
from durable.plan import Safety
from tests.derive.build import date, plan
from tests.derive.events import adsl, child, derived, event
from tests.outputs.analysed import safety_results

pytestmark = pytest.mark.requirement("SAF-04")

#: Three followed to day 1000, and one who died on day 12: without the death 0 of 3 would escalate.
FOUR = [child("A"), child("B"), child("C"), child("D", LSTALVDT=date(12), DTHDT=date(12))]
SEEN = "1 of 4 evaluable with a dose-limiting toxicity"
SPARED = "0 of 3 evaluable with a dose-limiting toxicity"
ADJUDICATE = (
    "adjudicate first (1 death within 28 days without a recorded assessment, counted as"
    " dose-limiting); as counted, expand the dose level to 6 evaluable"
)


def toxicity(events, subjects=FOUR, group="1e7", parameter="A", **rule):
    """n_evaluable, n_dlt, deaths not assessed, deaths recorded as no DLT; and the line."""
    frame, plan = adsl(subjects), Safety(**rule)
    rows = safety_results(frame, derived(events, subjects, **rule), plan)
    found = {
        r.statistic: r
        for r in rows
        if (r.output, r.group, r.parameter) == ("t_dlt", group, (parameter,))
    }
    names = ("n_evaluable", "n_dlt", "n_dlt_unassessed_death", "n_death_not_limiting")
    return [found[name].value for name in names], found["next"].note if "next" in found else ""


def fatal(start=12, end=12, **given):
    return event(start, end, "D", ctcae_grade=5, outcome="fatal", **given)


@pytest.mark.parametrize(
    "events",
    [
        [fatal(dlt=None)],
        [],  # no event at all
        [event(3, 5, "D", dlt="N")],  # an event, but not that of the death
        [fatal(dlt="N"), fatal(dlt=None, preferred_term="Bleeding")],  # one of two not assessed
        [event(12, 12, "D", ctcae_grade=None, outcome="Death", dlt=None)],  # fatal by its outcome
        [fatal(start=-2, dlt=None)],  # begun before the infusion
    ],
)
def test_a_death_that_nobody_assessed_counts_and_nothing_is_recommended_before(events):
    assert toxicity(events) == ([4, 1, 1, 0], f"{SEEN}: {ADJUDICATE}")


def test_a_death_recorded_as_not_limiting_does_not_count_and_the_line_names_it():
    numbers, line = toxicity([fatal(dlt="N")])
    assert numbers == [3, 0, 0, 1]
    assert line == f"{SPARED}: escalate; 1 death within 28 days recorded as not dose-limiting"


def test_a_death_recorded_as_limiting_counts_as_recorded():
    assert toxicity([fatal(dlt="Y")]) == (
        [4, 1, 0, 0],
        f"{SEEN}: expand the dose level to 6 evaluable",
    )
    # Also where its event began before the infusion.
    assert toxicity([fatal(start=-2, dlt="Y")])[0] == [4, 1, 0, 0]


@pytest.mark.parametrize(("day", "counts"), [(0, 1), (28, 1), (29, 0)])
def test_the_last_day_of_the_window_counts(day, counts):
    subjects = [*FOUR[:3], child("D", DTHDT=date(day))]
    assert toxicity([fatal(day, day, dlt=None)], subjects)[0][2] == counts


def test_an_event_of_the_window_that_killed_later_holds_the_escalation_without_counting():
    subjects = [*FOUR[:3], child("D", DTHDT=date(35))]
    numbers, line = toxicity([fatal(20, 35, dlt=None)], subjects)
    assert numbers == [4, 0, 0, 0]
    assert line == (
        "0 of 4 evaluable with a dose-limiting toxicity: adjudicate first"
        " (1 death later of an event begun within 28 days, not assessed)"
    )


def test_a_fatal_event_without_a_date_of_death_is_a_death():
    subjects = [*FOUR[:3], child("D", LSTALVDT=date(12))]
    assert toxicity([fatal(dlt=None)], subjects)[0] == [4, 1, 1, 0]


def test_two_deaths_not_assessed_still_stop():
    subjects = [*FOUR, child("E", DTHDT=date(20))]
    numbers, line = toxicity([fatal(dlt=None)], subjects)
    assert numbers == [5, 2, 2, 0]
    assert line.endswith(
        "(2 deaths within 28 days without a recorded assessment, counted as dose-limiting);"
        " as counted, stop, the maximum tolerated dose is exceeded"
    )


def test_six_evaluable_with_one_unassessed_death_are_not_escalated():
    """1 of 6 escalates by the rule; the one is a death that nobody assessed."""
    subjects = [*(child(name) for name in "ABCEF"), FOUR[3]]
    numbers, line = toxicity([], subjects)
    assert numbers == [6, 1, 1, 0]
    assert "escalate" not in line
    assert line.endswith(
        "adjudicate first (1 death within 28 days without a recorded assessment, counted as"
        " dose-limiting)"
    )


def test_last_contact_after_death_does_not_follow_the_dead_nor_the_withdrawn():
    """D died on day 12 with a last contact on day 60; E left on day 10, last heard of on day 40."""
    subjects = [
        *FOUR[:3],
        child("D", LSTALVDT=date(60), DTHDT=date(12)),
        child("E", LSTALVDT=date(40), EOSDT=date(10)),
    ]
    assert toxicity([fatal(dlt="N")], subjects)[0] == [3, 0, 0, 1]


@pytest.mark.parametrize(
    ("withdrawal", "death", "evaluable"),
    [(10, 300, 3), (27, 300, 3), (28, 300, 4), (300, 300, 4), (None, 300, 4), (10, 30, 3)],
)
def test_a_death_after_withdrawal_observes_nobody(withdrawal, death, evaluable):
    """A to C were followed. D withdrew and died later, by a register: events were recorded until
    the withdrawal alone, so that D is evaluable only where that is day 28 or later."""
    left = None if withdrawal is None else date(withdrawal)
    told = date(death if withdrawal is None else withdrawal)
    fourth = child("D", LSTALVDT=told, EOSDT=left, DTHDT=date(death))
    assert toxicity([], [*FOUR[:3], fourth])[0][0] == evaluable


def test_subjects_without_dose_level_or_part_are_in_a_line_or_named():
    subjects = [*FOUR[:3], child("X", DOSELVL=None), child("Y", PART=None)]
    line = toxicity([], subjects)[1]
    assert (
        line
        == f"{SPARED}: escalate; 2 infused without a recorded part or dose level not in any line"
    )
    numbers, line = toxicity([], subjects, group="Not recorded")
    assert numbers == [1, 0, 0, 0]
    assert line.endswith("no recommendation, the dose level is not recorded")


def test_columns_add_up_to_the_total_where_something_is_not_recorded():
    subjects = [child("A"), child("B", DOSELVL="3e7"), child("X", DOSELVL=None, PART=None)]
    columns = groups(adsl(subjects), plan(groups=["dose_level", "part"]).group_variables)
    sizes = [(column.group_by, column.group, len(column.subjects)) for column in columns]
    assert sizes == [
        ("dose_level", "1e7", 1),
        ("dose_level", "3e7", 1),
        ("dose_level", "Not recorded", 1),
        ("part", "A", 2),
        ("part", "Not recorded", 1),
        ("total", "Total", 3),
    ]
