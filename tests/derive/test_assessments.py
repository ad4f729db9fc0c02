"""Baseline, analysis visits, the enzyme followed, and the score per assessment."""

from __future__ import annotations

import numpy as np
import pytest

from durable.derive.assessments import analysis_visit, assess
from tests.derive.build import ACTIVE, INACTIVE, UNKNOWN, date, derived, plan, subject, table, visit

pytestmark = pytest.mark.requirement("IMP-02")

IMACS = {"core_set": "imacs"}


def assessed(subjects, visits, **sections):
    the_plan = plan(**sections)
    frame = assess(
        table("subjects", subjects), table("visits", visits), the_plan.schedule, the_plan.response
    )
    return frame.set_index("day")


def improvement(datasets, visit="M2"):
    rows = datasets.adrs
    row = rows.loc[(rows["PARAMCD"] == "IMPR") & (rows["AVISIT"] == visit)].iloc[0]
    return row["AVALC"], row["REASON"], row["SRCSEQ"]


def test_baseline_is_the_last_assessment_before_lymphodepletion():
    frame = assessed([subject()], [visit(d, ACTIVE) for d in (-20, -6, -3, 30)])
    assert frame.index[frame["baseline"]].tolist() == [-6]


def test_an_assessment_on_the_day_of_lymphodepletion_counts_as_before_it_unless_configured():
    visits = [visit(d, ACTIVE) for d in (-20, -5)]
    frame = assessed([subject()], visits)
    assert frame.index[frame["baseline"]].tolist() == [-5]
    strict = assessed([subject()], visits, response={"baseline": {"same_day": False}})
    assert strict.index[strict["baseline"]].tolist() == [-20]


def test_without_one_before_lymphodepletion_baseline_is_the_last_before_infusion():
    frame = assessed([subject()], [visit(d, ACTIVE) for d in (-3, -1, 5)])
    assert frame.index[frame["baseline"]].tolist() == [-1]


def test_baseline_may_be_configured_as_the_last_before_infusion():
    before = {"baseline": {"before": "infusion"}}
    frame = assessed([subject()], [visit(d, ACTIVE) for d in (-6, -3)], response=before)
    assert frame.index[frame["baseline"]].tolist() == [-3]


def test_without_a_baseline_there_is_no_score():
    datasets = derived([subject()], [visit(60, INACTIVE)])
    assert improvement(datasets) == (None, "NOT CALCULABLE", 2)


@pytest.mark.parametrize(
    ("day", "label"),
    [
        (24, None), (25, "D28"), (31, "D28"), (32, None), (45, None), (46, "M2"), (74, "M2"),
        (75, None), (76, "M3"), (104, "M3"), (700, "M24"), (745, "M24"), (760, "M24"), (761, None),
    ],
)  # fmt: skip
def test_windows_hold_their_limits(day, label):
    found, _ = analysis_visit(np.array([float(day)]), plan().schedule)
    assert found.tolist() == [label]


def test_of_two_assessments_in_a_window_the_nearest_counts_and_of_two_as_near_the_earlier():
    base = visit(-6, ACTIVE)
    nearest = derived([subject()], [base, visit(50, ACTIVE), visit(62, INACTIVE)])
    assert improvement(nearest) == ("Y", None, 4)
    tie = derived([subject()], [base, visit(55, ACTIVE), visit(65, INACTIVE)])
    assert improvement(tie) == ("N", None, 3)


def test_a_score_that_cannot_be_calculated_gives_way_to_one_that_can():
    base = visit(-6, ACTIVE)
    datasets = derived([subject()], [base, visit(60, UNKNOWN), visit(70, INACTIVE)])
    assert improvement(datasets) == ("Y", None, 4)


def test_unscheduled_assessments_do_not_stand_for_a_visit_unless_configured():
    visits = [visit(-6, ACTIVE), visit(60, INACTIVE, visit="UNS")]
    assert improvement(derived([subject()], visits)) == (None, "NOT ASSESSED", None) or (
        improvement(derived([subject()], visits))[:2] == (None, "NOT ASSESSED")
    )
    counted = derived([subject()], visits, response={"improvement": {"unscheduled": True}})
    assert improvement(counted) == ("Y", None, 3)


@pytest.mark.parametrize(
    ("who", "cutoff", "reason"),
    [
        ({}, 73, "PENDING"),
        ({}, 74, "NOT ASSESSED"),
        ({"death_date": -1}, 73, "DIED"),
        ({"death_date": 74}, 900, "DIED"),
        ({"death_date": 75}, 900, "NOT ASSESSED"),
        ({"withdrawal_date": 40}, 60, "WITHDRAWN"),
        ({"withdrawal_date": 80}, 900, "NOT ASSESSED"),
    ],
)
def test_why_there_is_no_assessment(who, cutoff, reason):
    from tests.derive.build import date

    dated = {name: date(day) for name, day in who.items()}
    datasets = derived([subject(**dated)], [visit(-6, ACTIVE)], cutoff=cutoff)
    assert improvement(datasets)[:2] == (None, reason)


def test_the_enzyme_most_abnormal_as_a_multiple_of_its_uln_is_followed_throughout():
    base = ACTIVE | {"ck": 300, "ck_uln": 150, "ldh": 750, "ldh_uln": 250}  # 2 and 3 times ULN
    later = INACTIVE | {"ck": 1500, "ck_uln": 150, "ldh": 500, "ldh_uln": 250}
    frame = assessed([subject()], [visit(-6, base), visit(60, later)], response=IMACS)
    assert frame["enzyme"].tolist() == ["ldh", "ldh"]
    assert frame["value_enzyme"].tolist() == [3, 2]
    assert frame.loc[60, "change_enzyme"] == pytest.approx(100 / 3)  # (3 - 2) / 3


def test_of_two_enzymes_equally_abnormal_ck_goes_before_aldolase():
    # 510 / 170 and 22.8 / 7.6 are both 3, though the second is 3.0000000000000004 in binary.
    base = ACTIVE | {"ck": 510, "ck_uln": 170, "aldolase": 22.8, "aldolase_uln": 7.6}
    frame = assessed([subject()], [visit(-6, base)], response=IMACS)
    assert frame["enzyme"].tolist() == ["ck"]
    alone = assessed([subject()], [visit(-6, base | {"ck": None})], response=IMACS)
    assert alone["enzyme"].tolist() == ["aldolase"]
    assert alone["value_enzyme"].tolist() == [3]


def test_the_uln_of_each_visit_is_used():
    base, later = ACTIVE | {"ck": 300, "ck_uln": 100}, INACTIVE | {"ck": 300, "ck_uln": 200}
    frame = assessed([subject()], [visit(-6, base), visit(60, later)], response=IMACS)
    assert frame.loc[60, "change_enzyme"] == 10.0  # (3 - 1.5) / 15


def test_an_enzyme_missing_at_the_visit_is_not_replaced_by_another():
    base = ACTIVE | {"ck": 900, "ck_uln": 150, "ldh": 300, "ldh_uln": 250}
    later = INACTIVE | {"ck": None, "ldh": 200, "ldh_uln": 250}
    frame = assessed([subject()], [visit(-6, base), visit(60, later)], response=IMACS)
    assert np.isnan(frame.loc[60, "change_enzyme"])
    assert frame.loc[60, "partial"]


def test_the_core_set_decides_the_measures():
    visits = [visit(-6, ACTIVE), visit(60, INACTIVE)]
    # CMAS 30 to 51 is 40.4 %, DAS 12 to 1 is 55 %, CHQ-PhS 30 to 50 is 50 %.
    printo = assessed([subject()], visits)
    assert printo.loc[60, "change_muscle"] == pytest.approx(100 * 21 / 52)
    assert printo.loc[60, "change_extramuscular"] == 55
    assert printo.loc[60, "change_enzyme"] == 50
    imacs = assessed([subject()], visits, response=IMACS)
    assert imacs.loc[60, "change_muscle"] == 25  # MMT8 60 to 80
    assert imacs.loc[60, "change_extramuscular"] == 50
    assert imacs.loc[60, "change_enzyme"] == 36  # CK 6 to 0.6 times ULN
    mixed = {"muscle": "mmt8", "enzyme": "chq_phs", "extramuscular": "das"}
    hybrid = assessed([subject()], visits, response={"core_set": "hybrid", "hybrid": mixed})
    assert hybrid.loc[60, ["change_muscle", "change_enzyme"]].tolist() == [25, 50]
    assert hybrid.loc[60, "change_extramuscular"] == 55


@pytest.mark.parametrize(
    ("component", "total"), [("zero", 92.5), ("scored", 100), ("maximum", 100)]
)
def test_the_enzyme_component_can_be_fixed_for_everyone(component, total):
    rule = {"improvement": {"enzyme_component": component}}
    frame = assessed([subject()], [visit(-6, ACTIVE), visit(60, INACTIVE)], response=rule)
    assert frame.loc[60, "tis"] == total


def test_the_skin_predominant_child_can_attain_no_more_than_47_5():
    skin = {"physician_global": 5, "parent_global": 4, "extramuscular": 5}
    base = ACTIVE | skin | {"mmt8": 80, "chaq": 0, "ck": 80}
    datasets = derived([subject()], [visit(-6, base)], response=IMACS)
    assert datasets.adsl["MAXTIS"].tolist() == [47.5]


@pytest.mark.parametrize(
    ("component", "attainable"), [("zero", 92.5), ("scored", 92.5), ("maximum", 100)]
)
def test_the_attainable_score_has_the_enzyme_component_that_is_fixed(component, attainable):
    rule = {"improvement": {"enzyme_component": component}}
    best = ACTIVE | {"chq_phs": 100.0}  # it cannot improve: 7.5 of 100 points
    datasets = derived([subject()], [visit(-6, best)], response=rule)
    assert datasets.adsl["MAXTIS"].tolist() == [attainable]


def test_before_infusion_there_is_no_change_to_speak_of():
    datasets = derived([subject()], [visit(-20, ACTIVE), visit(-6, ACTIVE), visit(60, INACTIVE)])
    rows = datasets.adrs
    assert rows.loc[rows["PARAMCD"] == "TIS", "ADY"].tolist() == [61]
    assert rows.loc[rows["PARAMCD"] == "PHYS", "ADY"].tolist() == [-20, -6, 61]


def test_study_day_has_no_day_zero():
    datasets = derived([subject()], [visit(d, ACTIVE) for d in (-6, -1, 0, 1)])
    rows = datasets.adrs
    assert rows.loc[rows["PARAMCD"] == "PHYS", "ADY"].tolist() == [-6, -1, 1, 2]


def test_subjects_not_infused_have_no_response_records():
    from tests.derive.build import INFUSION

    not_infused = subject("S2", infusion_date=None)
    visits = [visit(-6, ACTIVE), visit(-6, ACTIVE, "S2"), visit(60, INACTIVE)]
    datasets = derived([subject(), not_infused], visits)
    assert set(datasets.adrs["USUBJID"]) == {"S1"}
    assert datasets.adsl["SAFFL"].tolist() == ["Y", "N"]
    assert datasets.adsl["TRTSDT"].tolist()[0] == INFUSION


def test_enrolled_is_who_consented_or_whom_treatment_shows_to_have():
    dates = {"consent_date": None, "lymphodepletion_date": None, "infusion_date": None}
    subjects = [
        subject("S1"),
        subject("S2", consent_date=None),
        subject("S3", **dates | {"lymphodepletion_date": date(-5)}),
        subject("S4", **dates),
    ]
    datasets = derived(subjects, [])
    assert datasets.adsl["ENRLFL"].tolist() == ["Y", "Y", "Y", "N"]
