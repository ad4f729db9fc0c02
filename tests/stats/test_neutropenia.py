"""Depth and duration of neutropenia: spells, gaps and grades by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable.stats.neutropenia import (
    daily_counts,
    early_grade,
    early_range,
    late_grade,
    spell_days,
)

LIMITS, DAYS = (0.5, 0.1), ((7, 14), (7, 14))
LATE = (1.5, 1.0, 0.5, 0.1)


def graded(counts: list[float]) -> int:
    return early_grade(np.array(counts), LIMITS, DAYS, 3, longest=True)


@pytest.mark.parametrize(
    ("days", "grade"), [(0, 0), (1, 1), (6, 1), (7, 2), (13, 2), (14, 3), (30, 3), (31, 4)]
)
def test_the_grade_follows_the_days_of_severe_neutropenia(days: int, grade: int) -> None:
    """EHA/EBMT: below 7, 7 to 13, 14 or more days, and never above 500 from day 0 to 30."""
    assert graded([0.5] * days + [0.51] * (31 - days)) == grade


@pytest.mark.parametrize(("days", "grade"), [(6, 1), (7, 3), (13, 3), (14, 4)])
def test_profound_neutropenia_has_the_grades_3_and_4(days: int, grade: int) -> None:
    assert graded([0.1] * days + [2.0] * (31 - days)) == grade


def test_one_or_two_days_above_the_limit_do_not_end_a_spell_three_do() -> None:
    assert graded([0.4] * 4 + [2.0] * 2 + [0.4] * 1 + [2.0] * 24) == 2  # 7 days
    assert graded([0.4] * 4 + [2.0] * 3 + [0.4] * 4 + [2.0] * 20) == 1  # 4 days twice


def test_the_days_of_all_spells_may_count_together() -> None:
    counts = np.array([0.4] * 4 + [2.0] * 3 + [0.4] * 4 + [2.0] * 20)
    assert early_grade(counts, LIMITS, DAYS, 3, longest=False) == 2


def plain_spells(low: list[bool], recovery: int) -> tuple[int, int]:
    """Longest and total by walking along the days."""
    joined = list(low)
    rows = [i for i, x in enumerate(low) if x]
    for a, b in pairwise(rows):
        if b - a <= recovery:
            joined[a:b] = [True] * (b - a)
    runs, length = [], 0
    for day in [*joined, False]:
        if day:
            length += 1
        elif length:
            runs.append(length)
            length = 0
    return max(runs, default=0), sum(runs)


@given(st.lists(st.booleans(), max_size=31), st.integers(1, 4))
def test_spells_are_those_of_a_walk_along_the_days(low: list[bool], recovery: int) -> None:
    assert spell_days(np.array(low, dtype=bool), recovery) == plain_spells(low, recovery)


def test_a_gap_is_interpolated_up_to_its_limit() -> None:
    counts = daily_counts(np.array([0, 8]), np.array([0.0, 8.0]), 10, 7)
    np.testing.assert_allclose(counts, [0, 1, 2, 3, 4, 5, 6, 7, 8, np.nan, np.nan])
    longer = daily_counts(np.array([0, 9]), np.array([0.0, 9.0]), 9, 7)
    np.testing.assert_allclose(longer, [0, *[np.nan] * 8, 9])


def test_of_a_day_the_lowest_counts_and_results_outside_bound_a_gap() -> None:
    counts = daily_counts(np.array([-1, 1, 1, 3]), np.array([1.0, 2.0, 0.2, 4.0]), 2, 7)
    np.testing.assert_allclose(counts, [0.6, 0.2, 2.1])


def test_without_a_result_no_day_is_known() -> None:
    assert np.isnan(daily_counts(np.array([], dtype=int), np.array([]), 2, 7)).all()


def test_unknown_days_leave_a_range_of_grades() -> None:
    counts = np.array([2.0] * 10 + [np.nan] * 8 + [2.0] * 13)
    assert early_range(counts, LIMITS, DAYS, 3, longest=True) == (0, 3)
    deep = np.array([0.05] * 14 + [np.nan] * 17)
    assert early_range(deep, LIMITS, DAYS, 3, longest=True) == (4, 4)


@pytest.mark.parametrize(
    ("values", "grade"),
    [
        ([], None),
        ([0.05], None),
        ([2.0, 2.0], 0),
        ([1.5, 1.5], 1),
        ([0.05, 1.0, 3.0], 2),
        ([0.5, 0.05], 3),
        ([0.1, 0.1, 3.0], 4),
    ],
)
def test_late_grades_are_those_that_two_days_have_reached(
    values: list[float], grade: int | None
) -> None:
    assert late_grade(np.array(values), LATE, 2) == grade
