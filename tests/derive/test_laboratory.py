"""ADLB from a few results each, checked by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from durable.jdm.response import Baseline
from tests.derive.build import subject
from tests.derive.laboratory import adlb, sample


def values(frame: pd.DataFrame, name: str) -> list[Any]:
    return [None if pd.isna(value) else value for value in frame[name]]


def test_a_result_in_another_unit_is_converted_with_its_limits() -> None:
    frame = adlb([sample(3, 1499, unit="/uL", lower_limit=1500, upper_limit=8000, lloq=50)])
    assert values(frame, "AVAL") == [1.499]
    assert values(frame, "ANRLO") == [1.5]
    assert values(frame, "ANRHI") == [8.0]
    assert values(frame, "LLOQ") == [0.05]
    assert values(frame, "AVALU") == ["10^9/L"]


def test_a_value_at_a_limit_of_a_grade_is_at_it_after_conversion() -> None:
    at, below = adlb([sample(3, 500, unit="/uL"), sample(4, 499, unit="/uL")])["ATOXGR"]
    assert (at, below) == (3, 4)


def test_a_test_that_the_plan_does_not_declare_and_subjects_not_infused_are_left_out() -> None:
    rows = [sample(3, 2.0), sample(3, 40.0, "CREAT"), sample(-3, 2.0, subject_id="S2")]
    frame = adlb(rows, subject(), subject("S2", infusion_date=None))
    assert frame[["USUBJID", "PARAMCD"]].to_numpy().tolist() == [["S1", "NEUT"]]


@pytest.mark.parametrize(("rule", "expected"), [("half", 0.5), ("limit", 1.0), ("zero", 0.0)])
def test_a_result_below_the_limit_counts_as_the_plan_says(rule: str, expected: float) -> None:
    rows = [
        sample(7, None, "BCELL", below_lloq="Y", lloq=1),
        sample(8, 0.4, "BCELL", lloq=1),
        sample(9, 0, "BCELL"),
    ]
    frame = adlb(rows, below_lloq=rule)
    assert values(frame, "AVAL") == [expected, expected, 0.0]
    assert values(frame, "BLQFL") == ["Y", "Y", "N"]


def test_without_a_result_there_is_neither_a_value_nor_a_flag() -> None:
    frame = adlb([sample(28, None), sample(29, None, below_lloq="Y", lloq=None)])
    assert values(frame, "AVAL") == [None, None]
    assert values(frame, "BLQFL") == [None, "Y"]
    assert values(frame, "ANL01FL") == [None, None]
    assert values(frame, "ATOXGR") == [None, None]


def test_the_baseline_is_the_last_result_before_lymphodepletion() -> None:
    rows = [sample(-9, 4.0), sample(-5, 3.0), sample(-1, 1.0), sample(14, 0.9)]
    frame = adlb(rows)
    assert values(frame, "ABLFL") == [None, "Y", None, None]
    assert values(frame, "BASE") == [3.0] * 4
    assert values(frame, "CHG")[:3] == [None] * 3
    assert values(frame, "CHG")[3] == pytest.approx(-2.1)
    assert values(frame, "BTOXGR") == [0] * 4


def test_the_baseline_is_that_before_infusion_where_the_plan_says_so_or_there_is_no_other() -> None:
    rows = [sample(-5, 3.0), sample(-1, 1.0)]
    by_plan = adlb(rows, baseline=Baseline(before="infusion"))
    assert values(by_plan, "ABLFL") == [None, "Y"]
    assert values(adlb(rows[1:]), "ABLFL") == ["Y"]
    strict = adlb(rows, baseline=Baseline(same_day=False))
    assert values(strict, "ABLFL") == [None, "Y"]


def test_without_a_result_before_infusion_there_is_no_change() -> None:
    frame = adlb([sample(14, 2.0)])
    assert values(frame, "BASE") == values(frame, "CHG") == values(frame, "BTOXGR") == [None]


def test_each_test_has_a_baseline_of_its_own() -> None:
    frame = adlb([sample(-7, 4.0), sample(-6, 120.0, "HGB")])
    assert frame[["PARAMCD", "BASE"]].to_numpy().tolist() == [["NEUT", 4.0], ["HGB", 120.0]]


def test_the_result_closest_to_the_target_is_that_of_the_visit_the_earlier_of_two_as_near() -> None:
    rows = [sample(day, 2.0) for day in (26, 27, 29, 31)]
    frame = adlb(rows)
    assert values(frame, "AVISIT") == ["D28"] * 4
    assert values(frame, "ANL01FL") == [None, "Y", None, None]


def test_of_one_day_the_later_result_is_that_of_the_visit() -> None:
    rows = [sample(28, 2.0, sample_time="16:00"), sample(28, 3.0, sample_time="08:00")]
    frame = adlb(rows)
    assert values(frame, "AVAL") == [3.0, 2.0]
    assert values(frame, "ANL01FL") == [None, "Y"]


def test_a_result_outside_all_windows_is_of_no_visit_but_graded() -> None:
    frame = adlb([sample(10, 0.4)])
    assert values(frame, "AVISIT") == values(frame, "ANL01FL") == [None]
    assert values(frame, "ATOXGR") == [4]


def test_the_day_of_infusion_is_study_day_1_and_no_change_from_baseline() -> None:
    frame = adlb([sample(-7, 4.0), sample(-1, 2.0), sample(0, 1.0), sample(1, 1.0)])
    assert values(frame, "ADY") == [-7, -1, 1, 2]
    assert values(frame, "CHG") == [None, None, None, -3.0]


def test_without_records_the_dataset_is_empty() -> None:
    assert adlb([]).empty
