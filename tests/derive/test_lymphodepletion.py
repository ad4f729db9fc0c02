"""Doses of lymphodepletion: ADEX, and the deviation that is judged from them."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from durable.plan import PlanError
from tests.derive.build import date, plan, subject
from tests.derive.deviating import addv_of, deviating, unjudged
from tests.derive.events import adsl, child, never_infused
from tests.derive.lymphodepleted import adex, dose

pytestmark = pytest.mark.requirement("KIN-04")

CYCLO = {"medicine": "cyclophosphamide", "unit": "mg/kg"}


def test_a_record_of_each_subject_and_medicine() -> None:
    """Doses of two days are added up; the medicines are numbered by the alphabet."""
    doses = [dose(-4, 25), dose(-5, 30), dose(-5, 10.5, **CYCLO), dose(-6, 30, "S2")]
    made = adex(adsl([child("S1"), child("S2")]), doses)
    assert made["PARAMCD"].tolist() == ["LD01", "LD02", "LD02"]
    assert made["EXTRT"].tolist() == ["cyclophosphamide", "fludarabine", "fludarabine"]
    assert made["AVAL"].tolist() == [10.5, 55, 30]
    assert made["AVALU"].tolist() == ["mg/kg", "mg/m2", "mg/m2"]
    assert made["NDAYS"].tolist() == [1, 2, 1]
    assert made["ASEQ"].tolist() == [1, 2, 1]
    fludarabine = made.iloc[1]
    assert (fludarabine["ASTDT"], fludarabine["AENDT"]) == (date(-5), date(-4))
    assert (fludarabine["ASTDY"], fludarabine["AENDY"]) == (-5, -4)
    assert fludarabine["SRCSEQ"] == 3  # the row of the first day
    assert fludarabine["PARAM"] == "Total dose of fludarabine (mg/m2)"


def test_a_dose_counts_until_the_day_before_the_infusion() -> None:
    doses = [dose(-5, 30), dose(-1, 30), dose(0, 30), dose(3, 30)]
    made = adex(adsl([child()]), doses)
    assert (made["AVAL"].tolist(), made["NDAYS"].tolist()) == ([60], [2])
    assert made["AENDT"].tolist() == [date(-1)]


def test_without_an_infusion_every_dose_counts_and_has_no_study_day() -> None:
    made = adex(adsl([never_infused("S1")]), [dose(-5, 30), dose(3, 30)])
    assert made["AVAL"].tolist() == [60]
    assert made["ASTDY"].isna().all()
    assert made["TRTA"].tolist() == [None]


def test_a_day_without_its_dose_leaves_the_total_unknown_and_counts_as_a_day() -> None:
    made = adex(adsl([child()]), [dose(-5, 30), dose(-4, None)])
    assert math.isnan(made["AVAL"].iloc[0])
    assert made["NDAYS"].tolist() == [2]


def test_spellings_of_a_medicine_are_one_under_the_most_frequent() -> None:
    doses = [dose(-5, 30, medicine="FLUDARABINE"), dose(-4, 30), dose(-3, 30)]
    made = adex(adsl([child()]), doses)
    assert made["EXTRT"].tolist() == ["fludarabine"]
    assert made["AVAL"].tolist() == [90]
    tie = adex(adsl([child()]), doses[:2])
    assert tie["EXTRT"].tolist() == ["FLUDARABINE"]  # the first row's


def test_the_sum_does_not_depend_on_the_order_of_the_rows() -> None:
    doses = [dose(-5, 0.1), dose(-4, 0.2), dose(-3, 0.3)]
    for given in (doses, doses[::-1]):
        assert adex(adsl([child()]), given)["AVAL"].tolist() == [0.6]


def test_no_dose_is_no_record() -> None:
    made = adex(adsl([child()]), [])
    assert len(made) == 0
    assert len(adex(adsl([child()]), [dose(0, 30)])) == 0


# --- the deviation ------------------------------------------------------------------------------

BY_DOSES: dict[str, Any] = {
    "recorded_as": "doses",
    "medicines": ["fludarabine", "cyclophosphamide"],
    "days": 7,
}


@pytest.mark.parametrize(
    ("days", "missing"),
    [
        ((-7, -1), None),
        ((-8, -1), "fludarabine"),
        ((-7, 0), "cyclophosphamide"),
        ((-8, 0), "fludarabine; cyclophosphamide"),
    ],
)
def test_each_medicine_has_a_dose_in_the_days_before_the_infusion(
    days: tuple[int, int], missing: str | None
) -> None:
    doses = [dose(days[0], 30, medicine="Fludarabine"), dose(days[1], 300, **CYCLO)]
    addv = addv_of([subject()], doses=doses, lymphodepletion=BY_DOSES)
    assert addv["DVTERM"].tolist() == ([f"not given then: {missing}"] if missing else [])
    assert deviating(addv) == ["S1"] * bool(missing)


def test_without_a_table_of_doses_lymphodepletion_is_not_assessable() -> None:
    addv = addv_of([subject()], lymphodepletion=BY_DOSES)
    assert addv["DVTERM"].tolist() == ["no table lymphodepletion"]
    assert unjudged(addv) == ["S1"]


def test_a_table_of_doses_without_a_record_of_a_subject_is_a_deviation() -> None:
    doses = [dose(-5, 30, "B"), dose(-5, 300, "B", **CYCLO)]
    addv = addv_of([subject("A"), subject("B")], doses=doses, lymphodepletion=BY_DOSES)
    assert deviating(addv) == ["A"]
    planned = "fludarabine; cyclophosphamide, each given 1 to 7 days before infusion"
    assert addv["DVPLAN"].tolist() == [planned]
    assert addv["ADT"].tolist() == [pd.Timestamp(date(0))]


@pytest.mark.parametrize(
    "section",
    [{"recorded_as": "doses"}, {"medicines": ["fludarabine"]}],
)
def test_medicines_are_named_exactly_where_they_are_read(section: dict[str, Any]) -> None:
    with pytest.raises(PlanError, match="medicines"):
        plan(deviations={"lymphodepletion": section})
