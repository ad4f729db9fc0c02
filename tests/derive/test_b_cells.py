"""B-cell aplasia and recovery, from a few results each, in days after infusion."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from durable.contracts.adam.adbc import ADBC
from durable.derive.b_cells import derive
from durable.plan import BCells
from tests.derive.build import INFUSION, date, subject
from tests.derive.laboratory import adlb, sample, subjects

BELOW: dict[str, Any] = {"below_lloq": "Y", "lloq": 1}


def courses(
    *results: tuple[int, float | None], who: dict[str, Any] | None = None, **rule: Any
) -> dict[str, tuple[int, int, str]]:
    """By parameter: day of ADT after infusion, CNSR and its description."""
    person = subject(**(who or {}))
    rows = [
        sample(day, value, "BCELL", **({} if value is not None else BELOW))
        for day, value in results
    ]
    frame = derive(subjects(person), adlb(rows, person), BCells.model_validate(rule))
    frame = ADBC.validate(frame)
    days = (frame["ADT"] - INFUSION).dt.days
    assert (frame["AVAL"] == days + 1).all()
    found = zip(frame["PARAMCD"], days, frame["CNSR"], frame["EVNTDESC"], strict=True)
    return {code: (day, cnsr, text) for code, day, cnsr, text in found}


def test_aplasia_begins_with_the_first_result_below_its_limit() -> None:
    found = courses((-7, 300), (7, 50), (14, 49.9), (28, None))
    assert found["BCAPL"] == (14, 0, "B-CELL APLASIA")


def test_recovery_is_dated_at_the_first_of_its_results() -> None:
    found = courses((14, None), (90, 100), (180, 250), (270, 20))
    assert found["BCREC"] == (90, 0, "B-CELL RECOVERY")


def test_one_result_between_two_in_aplasia_is_no_recovery() -> None:
    found = courses((14, None), (90, 150), (180, 99), (270, 120), (360, 130))
    assert found["BCREC"] == (270, 0, "B-CELL RECOVERY")


def test_a_result_of_the_day_of_aplasia_counts_towards_no_recovery() -> None:
    # 0 and then 150 on day 14, 120 on day 30: one result of a later day, and nothing confirms it.
    assert courses((14, 0), (14, 150), (30, 120))["BCREC"] == (14, 2, "RECOVERY NOT CONFIRMED")
    assert courses((14, 0), (14, 150), (30, 120), (60, 110))["BCREC"][:2] == (30, 0)


def test_a_recovery_that_is_not_confirmed_is_censored_before_it() -> None:
    found = courses((14, None), (90, 30), (180, 150))
    assert found["BCREC"] == (90, 2, "RECOVERY NOT CONFIRMED")
    by_one = courses((14, None), (90, 30), (180, 150), recovery_consecutive=1)
    assert by_one["BCREC"] == (180, 0, "B-CELL RECOVERY")


def test_without_recovery_the_last_result_censors_and_death_is_named() -> None:
    assert courses((14, None), (90, 60))["BCREC"] == (90, 1, "NOT BY THE LAST RESULT")
    died = courses((14, None), (90, 60), who={"death_date": date(120)})
    assert died["BCREC"] == (90, 3, "DEATH")


def test_one_result_in_aplasia_is_its_own_follow_up() -> None:
    assert courses((14, 0))["BCREC"] == (14, 1, "NOT BY THE LAST RESULT")


def test_who_is_never_in_aplasia_has_no_time_to_recovery() -> None:
    assert courses((14, 80), (90, 60)) == {"BCAPL": (90, 1, "NOT BY THE LAST RESULT")}


def test_without_a_result_after_infusion_nothing_is_followed() -> None:
    assert courses((-7, 300)) == {"BCAPL": (0, 4, "NO RESULT AFTER INFUSION")}
    assert courses((0, 10)) == {"BCAPL": (0, 4, "NO RESULT AFTER INFUSION")}


@pytest.mark.parametrize(("limit", "aplastic"), [(50, True), (51, False)])
def test_below_the_limit_of_quantification_is_aplasia_where_that_is_low_enough(
    limit: float, aplastic: bool
) -> None:
    rows = [sample(14, None, "BCELL", below_lloq="Y", lloq=limit)]
    frame = derive(subjects(), adlb(rows), BCells())
    assert ("BCREC" in set(frame["PARAMCD"])) is aplastic


def test_each_subject_has_a_course_of_its_own() -> None:
    people = [subject("S1"), subject("S2")]
    rows = [
        sample(14, 0, "BCELL"),
        sample(90, 150, "BCELL"),
        sample(20, 0, "BCELL", subject_id="S2"),
        sample(100, 200, "BCELL", subject_id="S2"),
        sample(190, 200, "BCELL", subject_id="S2"),
    ]
    frame = derive(subjects(*people), adlb(rows, *people), BCells())
    recovery = frame.loc[frame["PARAMCD"] == "BCREC"].set_index("USUBJID")
    assert recovery["CNSR"].to_dict() == {"S1": 2, "S2": 0}
    assert recovery["AVAL"].to_dict() == {"S1": 15.0, "S2": 101.0}


def test_nobody_infused_makes_an_empty_dataset() -> None:
    person = subject(infusion_date=None)
    frame = ADBC.validate(derive(subjects(person), adlb([], person), BCells()))
    assert isinstance(frame, pd.DataFrame)
    assert frame.empty
