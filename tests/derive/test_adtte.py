"""Duration of response: which event ends it, when it is censored, and where the record is from.

Every child is infused on day 0, is in remission first on day 60, and durations are end - start + 1.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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

pytestmark = pytest.mark.requirement("DOR-02", "DOR-03", "DOR-04", "DOR-05")

MISSED = "MISSED OR INADEQUATE ASSESSMENTS"
BASE = visit(-6, ACTIVE)
IN = [BASE, visit(60, INACTIVE), visit(90, INACTIVE)]


def ends(visits, therapies=None, parameter="DOR", cutoff=1000, who=None, **response):
    dated = {name: date(day) for name, day in (who or {}).items()}
    datasets = derived(
        [subject(**dated)], visits, therapies, cutoff=cutoff, response=response or {}
    )
    row = tte(datasets, parameter)
    return row["EVNTDESC"], row["CNSR"], row["ADT"], row["AVAL"]


def rescue(day, new="Y"):
    return {
        "subject_id": "S1",
        "therapy": "rituximab",
        "start_date": date(day),
        "new_systemic": new,
    }


def said(day, word, values=INACTIVE):
    return visit(day, values | {"investigator_assessment": word})


def test_loss_at_two_consecutive_assessments_is_a_recurrence_dated_at_the_first():
    found = ends([*IN, visit(180, FLARING), visit(270, FLARING)])
    assert found == ("RECURRENCE", 0, 180, 121)


def test_a_single_loss_is_no_recurrence():
    assert ends([*IN, visit(180, FLARING), visit(270, INACTIVE)], cutoff=300) == (
        "ONGOING AT DATA CUT-OFF", 1, 270, 211,
    )  # fmt: skip


def test_an_unknown_status_neither_confirms_nor_refutes():
    between = [*IN, visit(180, FLARING), visit(220, UNKNOWN), visit(270, FLARING)]
    assert ends(between)[:3] == ("RECURRENCE", 0, 180)


def test_how_many_assessments_confirm_is_configuration():
    visits = [*IN, visit(180, FLARING), visit(270, FLARING), visit(365, FLARING)]
    assert ends(visits, recurrence={"consecutive": 1})[2] == 180
    assert ends(visits, recurrence={"consecutive": 3})[2] == 180
    assert ends(visits[:-1], cutoff=300, recurrence={"consecutive": 3})[:2] == (
        "UNCONFIRMED LOSS", 6
    )  # fmt: skip
    assert ends([*IN, visit(180, FLARING)], cutoff=200, recurrence={"consecutive": 1})[1] == 0


def test_confirmed_loss_can_be_switched_off():
    visits = [*IN, visit(180, FLARING), visit(270, FLARING)]
    assert ends(visits, cutoff=300, recurrence={"confirmed_loss": False})[1] == 1


def test_early_losses_are_listed_and_do_not_count():
    visits = [
        BASE, visit(10, INACTIVE), visit(20, FLARING), visit(30, FLARING), visit(60, INACTIVE)
    ]  # fmt: skip
    datasets = derived([subject()], visits, cutoff=70)
    assert tte(datasets)["CNSR"] == 1
    assert status(datasets, "FLARE") == ["N", "N", "Y", "Y", "N"]
    assert ends(visits, cutoff=70, recurrence={"early_flare_days": 0})[:3] == ("RECURRENCE", 0, 20)


def test_a_loss_that_goes_on_past_the_early_window_is_dated_after_it():
    visits = [
        BASE, visit(10, INACTIVE), visit(28, FLARING), visit(60, FLARING), visit(90, FLARING)
    ]  # fmt: skip
    assert ends(visits, cutoff=100)[:3] == ("RECURRENCE", 0, 60)


def test_the_investigator_counts_in_the_early_window_too():
    visits = [BASE, visit(10, INACTIVE), said(20, "recurrence", FLARING), visit(60, INACTIVE)]
    assert ends(visits, cutoff=70)[:3] == ("RECURRENCE", 0, 20)


@pytest.mark.parametrize(("counts", "flare"), [(True, "N"), (False, "Y")])
def test_an_early_loss_that_the_investigator_recorded_is_an_event_or_listed(counts, flare):
    visits = [BASE, visit(10, INACTIVE), said(20, "recurrence", FLARING), visit(60, INACTIVE)]
    response = {"recurrence": {"investigator": counts}}
    datasets = derived([subject()], visits, cutoff=70, response=response)
    assert status(datasets, "FLARE") == ["N", "N", flare, "N"]
    assert (tte(datasets)["CNSR"] == 0) == counts


@pytest.mark.parametrize(
    ("word", "event"), [("recurrence", "RECURRENCE"), ("progression", "PROGRESSION")]
)
def test_the_investigators_word_needs_no_confirmation(word, event):
    visits = [*IN, said(180, word), visit(270, INACTIVE)]
    assert ends(visits)[:3] == (event, 0, 180)
    assert ends(visits, cutoff=300, recurrence={"investigator": False})[1] == 1


def test_what_the_investigator_said_before_remission_ends_nothing():
    visits = [BASE, said(30, "progression", FLARING), *IN[1:]]
    assert ends(visits, cutoff=100)[1] == 1


def test_death_of_any_cause_is_an_event_even_long_after_the_last_assessment():
    assert ends(IN, who={"death_date": 700}) == ("DEATH", 0, 700, 641)
    fda = {"missed_assessments": {"applies_to_death": True}}
    assert ends(IN, who={"death_date": 700}, **fda) == (MISSED, 2, 90, 31)


def test_recurrence_goes_before_death_on_the_same_day():
    visits = [*IN, said(180, "recurrence")]
    assert ends(visits, who={"death_date": 180})[0] == "RECURRENCE"


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("composite", ("NEW SYSTEMIC THERAPY", 0, 150, 91)),
        ("hypothetical", ("NEW SYSTEMIC THERAPY", 3, 90, 31)),
        ("treatment_policy", ("RECURRENCE", 0, 180, 121)),
    ],
)
def test_new_therapy_before_recurrence_by_each_strategy(strategy, expected):
    visits = [*IN, visit(180, FLARING), visit(270, FLARING)]
    assert ends(visits, [rescue(150)], new_therapy=strategy) == expected


def test_a_recurrence_before_the_new_therapy_stands_under_every_strategy():
    visits = [*IN, visit(180, FLARING), visit(270, FLARING)]
    for strategy in ("composite", "hypothetical", "treatment_policy"):
        assert ends(visits, [rescue(200)], new_therapy=strategy)[:3] == ("RECURRENCE", 0, 180)


def test_only_new_systemic_therapy_since_remission_counts():
    assert ends(IN, [rescue(80, new="N")], cutoff=100)[1] == 1
    early = derived(
        [subject()], IN, [rescue(30)], cutoff=100, response={"new_therapy": "treatment_policy"}
    )
    assert tte(early)["CNSR"] == 1
    assert early.adsl["NSTPREFL"].item() == "Y"
    late = derived([subject()], IN, [rescue(60)], cutoff=100)
    assert late.adsl["NSTPREFL"].item() is None
    assert tte(late)["EVNTDESC"] == "NEW SYSTEMIC THERAPY"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        # After day 90 (M3): M6 is 166-194, M9 256-284, M12 335-395.
        (284, ("RECURRENCE", 0, 284)),  # in the window of M9: one visit missed
        (285, (MISSED, 2, 90)),  # M6 and M9 missed
    ],
)
def test_two_missed_assessments_before_the_event_censor_it_at_the_last_before_the_gap(
    day, expected
):
    visits = [*IN, said(day, "recurrence")]
    assert ends(visits)[:3] == expected
    assert ends(visits, missed_assessments={"consecutive": None})[:3] == ("RECURRENCE", 0, day)


def test_an_assessment_without_a_known_status_does_not_end_the_gap():
    visits = [*IN, visit(180, UNKNOWN), visit(270, UNKNOWN), said(300, "recurrence")]
    assert ends(visits)[:3] == (MISSED, 2, 90)


def test_an_unscheduled_assessment_ends_the_gap():
    visits = [*IN, visit(240, INACTIVE, visit="UNS"), said(300, "recurrence")]
    assert ends(visits)[:3] == ("RECURRENCE", 0, 300)


@pytest.mark.parametrize(
    ("visits", "who", "cutoff", "expected"),
    [
        (IN, {}, 100, ("ONGOING AT DATA CUT-OFF", 1, 90, 31)),
        (IN, {}, 283, ("ONGOING AT DATA CUT-OFF", 1, 90, 31)),  # M9 still open
        (IN, {}, 284, (MISSED, 2, 90, 31)),
        (IN, {"withdrawal_date": 150}, 284, ("WITHDRAWN", 4, 90, 31)),
        # After day 60 (M2): M3 is 76-104, so it is missed when day 104 is over.
        (IN[:2], {}, 104, ("NO ASSESSMENT AFTER REMISSION", 5, 60, 1)),
        (IN[:2], {}, 103, ("NEXT ASSESSMENT NOT YET DUE", 7, 60, 1)),
    ],
)
def test_without_an_event_the_last_adequate_assessment_censors(visits, who, cutoff, expected):
    assert ends(visits, who=who, cutoff=cutoff) == expected


def test_a_subject_not_in_remission_when_due_has_no_dor_and_an_efs_event_at_day_one():
    visits = [BASE, visit(60, FLARING), visit(194, FLARING)]
    assert derived([subject()], visits).adtte["PARAMCD"].tolist() == ["EFS", "OS", "TTIMP", "TTREM"]
    assert ends(visits, parameter="EFS") == ("NOT IN REMISSION BY M6", 0, 0, 1)


def test_efs_of_a_responder_ends_as_dor_does_but_counts_from_infusion():
    visits = [*IN, visit(180, FLARING), visit(270, FLARING)]
    assert ends(visits, parameter="EFS") == ("RECURRENCE", 0, 180, 181)


def test_every_record_says_where_it_is_from():
    row = tte(derived([subject()], [*IN, visit(180, FLARING), visit(270, FLARING)]))
    # Rows of the file: the header is 1, the baseline 2, and day 180 the fifth record... row 5.
    assert (row["SRCDOM"], row["SRCVAR"], row["SRCSEQ"]) == ("visits", "visit_date", 5)
    row = tte(derived([subject(death_date=date(700))], IN))
    assert (row["SRCDOM"], row["SRCVAR"], row["SRCSEQ"]) == ("subjects", "death_date", 2)
    row = tte(derived([subject()], IN, [rescue(-10), rescue(80)]))
    assert (row["SRCDOM"], row["SRCVAR"], row["SRCSEQ"]) == ("therapies", "start_date", 3)


def test_what_is_seen_at_visits_is_known_to_lie_after_the_one_before():
    row = tte(derived([subject()], [*IN, visit(180, FLARING), visit(270, FLARING)]))
    assert (row["LOWDT"], row["ADT"]) == (90, 180)
    row = tte(derived([subject(death_date=date(150))], IN))
    assert (row["LOWDT"], row["ADT"]) == (150, 150)


def test_an_event_at_the_visit_of_the_first_remission_was_there_on_that_day():
    """The visit shows remission, and a dose that counts as new therapy."""
    visits = [
        visit(day, values, "S1", glucocorticoid_mg_kg=dose)
        for day, values, dose in ((-6, ACTIVE, 0.5), (30, ACTIVE, 0.1), (60, INACTIVE, 0.4))
    ]
    increase = {"glucocorticoid_increase": {"by_mg_kg": 0.2, "as_new_therapy": True}}
    row = tte(derived([subject()], visits, response=increase))
    assert (row["EVNTDESC"], row["CNSR"], row["AVAL"]) == ("NEW SYSTEMIC THERAPY", 0, 1)
    assert (row["STARTDT"], row["LOWDT"], row["ADT"]) == (60, 60, 60)


WORSE = {"recurrence": {"worsening": {"enabled": True}, "confirmed_loss": False}}


@pytest.mark.parametrize(
    ("changes", "event"),
    [
        ({"physician_global": 2.1, "mmt8": 64}, True),  # by 2 and by 20 % of 80
        ({"physician_global": 2.1, "mmt8": 65}, False),
        ({"physician_global": 2.0, "mmt8": 40}, False),  # 1.9 worse than the best of 0.1
        ({"extramuscular": 2.0}, True),
        ({"extramuscular": 1.9}, False),
        ({"parent_global": 3.2, "chaq": 0.9, "das": 7}, True),  # each by 30 % of its range
        ({"parent_global": 3.1, "chaq": 0.9, "das": 7}, False),
    ],
)
def test_worsening_limbs_against_the_best_value_since_infusion(changes, event):
    worse = INACTIVE | changes
    visits = [*IN, visit(180, worse), visit(270, worse)]
    found = ends(visits, cutoff=300, **WORSE)
    assert found[:3] == (("PROGRESSION", 0, 180) if event else ("ONGOING AT DATA CUT-OFF", 1, 270))
    assert ends([*IN, visit(180, worse), visit(270, INACTIVE)], cutoff=300, **WORSE)[1] == 1


def test_the_best_value_is_the_best_since_infusion_not_the_last():
    drift = [
        visit(d, INACTIVE | {"extramuscular": e}) for d, e in ((180, 1.5), (270, 2.0), (365, 2))
    ]
    assert ends([*IN, *drift], cutoff=400, **WORSE)[:3] == ("PROGRESSION", 0, 270)


def test_percentages_may_refer_to_the_best_value():
    of_best = {
        "recurrence": {**WORSE["recurrence"], "worsening": {"enabled": True, "percent_of": "best"}}
    }
    worse = INACTIVE | {"das": 2, "parent_global": 0.3, "cmas": 30}  # +100 %, +50 %, -41 %
    visits = [*IN, visit(180, worse), visit(270, worse)]
    assert ends(visits, cutoff=300, **of_best)[:3] == ("PROGRESSION", 0, 180)
    assert ends(visits, cutoff=300, **WORSE)[1] == 1


days = st.lists(st.integers(31, 700), min_size=1, max_size=8, unique=True).map(sorted)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(days, st.lists(st.sampled_from([INACTIVE, FLARING, UNKNOWN]), min_size=8, max_size=8))
def test_records_are_ordered_dated_and_within_follow_up(when, what):
    visits = [BASE, *(visit(d, w) for d, w in zip(when, what, strict=False))]
    datasets = derived([subject()], visits)
    efs = tte(datasets, "EFS")
    assert 0 <= efs["ADT"] <= when[-1]
    assert (datasets.adtte["AVAL"] >= 1).all()
    for record in datasets.adtte.to_dict("records"):
        assert record["STARTDT"] <= record["LOWDT"] <= record["ADT"]
    if datasets.adsl["REMFL"].item() == "Y" and tte(datasets)["STARTDT"] <= 194:
        dor = tte(datasets)
        assert (dor["ADT"], dor["CNSR"], dor["EVNTDESC"]) == (
            efs["ADT"],
            efs["CNSR"],
            efs["EVNTDESC"],
        )
        assert efs["AVAL"] - dor["AVAL"] == dor["STARTDT"]
    else:
        assert (efs["ADT"], efs["AVAL"]) == (0, 1)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.permutations([*IN, visit(180, FLARING), visit(270, FLARING), visit(365, INACTIVE)]))
def test_the_order_of_the_file_does_not_matter(visits):
    assert ends(visits) == ("RECURRENCE", 0, 180, 121)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    days,
    st.lists(st.sampled_from([INACTIVE, FLARING]), min_size=8, max_size=8),
    st.integers(60, 800),
)
def test_what_happens_after_the_cut_off_does_not_change_what_was_known(when, what, cutoff):
    """An event before the cut-off, once confirmed, stays as more data arrive."""
    visits = [BASE, *(visit(d, w) for d, w in zip(when, what, strict=False))]
    cut = [v for v in visits if v["visit_date"] <= date(cutoff)]
    early, late = derived([subject()], cut, cutoff=cutoff), derived([subject()], visits)
    if early.adsl["REMFL"].item() == "Y" and tte(early)["CNSR"] in (0, 2):
        assert tte(late)["STARTDT"] == tte(early)["STARTDT"]
        if tte(early)["CNSR"] == 0:
            assert tte(late)["ADT"] == tte(early)["ADT"]
