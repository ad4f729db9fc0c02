"""Remission in three values, by every rule of the plan."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from durable.jdm.three_valued import all_met, any_met, count_met
from tests.derive.build import ACTIVE, FLARING, INACTIVE, UNKNOWN, derived, status, subject, visit

pytestmark = pytest.mark.requirement("DOR-01")

Y, N, U = 1.0, 0.0, np.nan


def remission(values, baseline=ACTIVE, **response):
    datasets = derived([subject()], [visit(-6, baseline), visit(60, values)], response=response)
    return status(datasets, "REMIS")[-1]


def rule(name, **more):
    return {"remission": {"rule": name} | more}


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([Y, Y, Y, N], Y), ([Y, Y, Y, U], Y), ([Y, Y, N, N], N), ([Y, Y, U, N], U),
        ([Y, U, N, N], N), ([U, U, U, U], U), ([Y, Y, U, U], U), ([N, N, U, U], N),
    ],
)  # fmt: skip
def test_three_met_is_yes_two_failed_is_no_otherwise_unknown(items, expected):
    found = count_met([pd.Series([item]) for item in items], 3)
    assert np.array_equal(found, [expected], equal_nan=True)


def test_three_valued_and_or():
    pairs = [(Y, Y), (Y, N), (N, U), (Y, U), (U, U)]
    left, right = (pd.Series(side) for side in zip(*pairs, strict=True))
    assert np.array_equal(all_met([left, right]), [Y, N, N, U, U], equal_nan=True)
    assert np.array_equal(any_met([left, right]), [Y, Y, U, Y, U], equal_nan=True)


def test_limits_belong_to_inactive_disease():
    at_limit = INACTIVE | {"ck": 150, "cmas": 48, "mmt8": 78, "physician_global": 0.2}
    assert remission(at_limit) == "Y"


@pytest.mark.parametrize(
    ("changes", "printo", "modified"),
    [
        ({}, "Y", "Y"),
        ({"ck": 151}, "Y", "Y"),  # three of four
        ({"ck": 151, "cmas": 47}, "N", "N"),
        ({"physician_global": 0.3}, "Y", "N"),  # rash: the reason for the modified rule
        ({"physician_global": None}, "Y", "U"),
        ({"ck": None}, "Y", "Y"),
        ({"ck": None, "cmas": 47}, "U", "U"),
        ({"ck": None, "cmas": None}, "U", "U"),
        ({"ck": None, "cmas": 47, "mmt8": 77}, "N", "N"),
        ({"physician_global": None, "ck": 151, "cmas": 47}, "N", "N"),
    ],
)
def test_clinically_inactive_disease_by_printo_and_modified_printo(changes, printo, modified):
    assert remission(INACTIVE | changes, **rule("printo")) == printo
    assert remission(INACTIVE | changes) == modified


def test_criteria_are_configuration():
    lower = {"criteria": {"cmas_min": 30, "at_least": 4}}
    assert remission(INACTIVE | {"cmas": 31}, **rule("printo", **lower)) == "Y"
    assert remission(INACTIVE | {"cmas": 29}, **rule("printo", **lower)) == "N"


@pytest.mark.parametrize(
    ("name", "column", "yes", "no"),
    [("jdmai1", "jdmai1", 2.4, 2.5), ("jdmai2", "jdmai2", 5.2, 5.3)],
)
def test_recorded_jdmai(name, column, yes, no):
    found = [remission(INACTIVE | {column: value}, **rule(name)) for value in (yes, no, None)]
    assert found == ["Y", "N", "U"]


def test_score_and_investigator_rules():
    assert remission(INACTIVE, **rule("tis")) == "Y"
    assert remission(ACTIVE, **rule("tis")) == "N"
    assert remission(UNKNOWN, **rule("tis")) == "U"
    said = [
        remission(ACTIVE | {"investigator_assessment": word}, **rule("investigator"))
        for word in ("remission", "improved", None)
    ]
    assert said == ["Y", "N", "U"]


def test_remission_off_treatment_where_configured():
    dose = rule("modified_printo", glucocorticoid_max_mg_kg=0.2)
    found = [remission(INACTIVE | {"glucocorticoid_mg_kg": d}, **dose) for d in (0.2, 0.21, None)]
    assert found == ["Y", "N", "U"]
    free = rule("modified_printo", immunosuppressant_free=True)
    found = [remission(INACTIVE | {"immunosuppressant": w}, **free) for w in ("N", "Y", None)]
    assert found == ["Y", "N", "U"]
    # What is not remission anyway is no, whatever the unknown dose.
    assert remission(ACTIVE, **dose) == "N"


def starts(visits, **response):
    datasets = derived([subject()], [visit(-6, ACTIVE), *visits], response=response)
    return datasets.adsl["REMFL"].item(), (
        (datasets.adsl["REMSDT"] - datasets.adsl["TRTSDT"]).dt.days.item()
    )


def test_the_first_remission_after_infusion_starts_the_response():
    assert starts([visit(30, FLARING), visit(60, INACTIVE), visit(90, INACTIVE)]) == ("Y", 60)
    assert starts([visit(30, FLARING)])[0] == "N"


def test_remission_before_infusion_is_flagged_and_starts_nothing():
    datasets = derived([subject()], [visit(-6, INACTIVE), visit(60, FLARING)])
    assert datasets.adsl[["BLREMFL", "REMFL"]].to_numpy().tolist() == [["Y", "N"]]


def test_confirmation_takes_the_next_known_status():
    confirmed = {"remission": {"confirmation": True}}
    on_off_on = [visit(60, INACTIVE), visit(90, FLARING), visit(180, INACTIVE)]
    assert starts(on_off_on) == ("Y", 60)
    assert starts(on_off_on, **confirmed)[0] == "N"
    with_unknown = [*on_off_on, visit(200, UNKNOWN), visit(270, INACTIVE)]
    assert starts(with_unknown, **confirmed) == ("Y", 180)


@pytest.mark.parametrize(
    ("cmas", "physician", "expected"),
    [(52, 0.0, "Y"), (51.9, 0.0, "N"), (52, 0.1, "N"), (None, 0.1, "N"), (52, None, "U")],
)
def test_clinical_remission_of_printo_is_both_at_their_best(cmas, physician, expected):
    """Ruperto et al., Lancet 2016;387:671: a CMAS of 52 and a physician global of 0."""
    values = INACTIVE | {"cmas": cmas, "physician_global": physician}
    assert remission(values, **rule("clinical_remission")) == expected


def test_the_limits_of_clinical_remission_are_configuration():
    values = INACTIVE | {"cmas": 50.0, "physician_global": 0.1}
    limits = {"clinical_cmas_min": 50, "clinical_physician_max": 0.1}
    assert remission(values, **rule("clinical_remission", **limits)) == "Y"


def test_remission_that_must_have_held_starts_where_the_days_are_reached():
    """From day 60: day 242 is 182 days later, day 243 is 183; a loss begins them again."""
    held = {"remission": {"held_days": 183}, "remission_deadline": "M12"}
    assert starts([visit(60, INACTIVE), visit(242, INACTIVE)], **held)[0] == "N"
    assert starts([visit(60, INACTIVE), visit(243, INACTIVE)], **held) == ("Y", 243)
    lost = [visit(60, INACTIVE), visit(90, FLARING), visit(180, INACTIVE), visit(300, INACTIVE)]
    assert starts(lost, **held)[0] == "N"
    assert starts([*lost, visit(363, INACTIVE)], **held) == ("Y", 363)
    unknown = [visit(60, INACTIVE), visit(90, UNKNOWN), visit(243, INACTIVE)]
    assert starts(unknown, **held) == ("Y", 243)


def test_remission_may_have_to_hold_before_and_at_the_next_assessment():
    both = {
        "remission": {"held_days": 183, "confirmation": True},
        "remission_deadline": "M12",
    }
    course = [visit(60, INACTIVE), visit(243, INACTIVE)]
    assert starts([*course, visit(270, INACTIVE)], **both) == ("Y", 243)
    assert starts([*course, visit(270, FLARING)], **both)[0] == "N"
