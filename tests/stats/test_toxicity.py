"""CTCAE grades of a decrease: the printed limits, and what cannot be graded."""

from __future__ import annotations

import numpy as np
import pytest

from durable.plan import Laboratory
from durable.stats.toxicity import decrease_grade, decrease_grade_below

TESTS = Laboratory().by_code
#: CTCAE v5.0 as printed, "Neutrophil count decreased" and so on, in the units of the plan: the
#: lowest value of grades 1 to 3 at a lower limit of normal above them.
PRINTED = {
    "NEUT": (2.0, 1.5, 1.0, 0.5),
    "LYM": (1.0, 0.8, 0.5, 0.2),
    "WBC": (4.0, 3.0, 2.0, 1.0),
    "PLAT": (150.0, 75.0, 50.0, 25.0),
    "HGB": (115.0, 100.0, 80.0),
}


@pytest.mark.parametrize("code", PRINTED)
def test_a_value_at_a_limit_has_the_milder_grade_and_one_below_it_the_next(code: str) -> None:
    limits = np.array(PRINTED[code])
    normal = np.full(len(limits), limits[0])
    at = decrease_grade(limits, normal, TESTS[code].low_grades)
    below = decrease_grade(limits - 0.01, normal, TESTS[code].low_grades)
    assert at.tolist() == list(range(len(limits)))
    assert below.tolist() == list(range(1, len(limits) + 1))


def test_haemoglobin_has_no_grade_4_by_its_value() -> None:
    assert decrease_grade(np.array([10.0]), np.array([115.0]), TESTS["HGB"].low_grades) == [3]


def test_without_a_lower_limit_of_normal_only_the_fixed_limits_tell_a_grade() -> None:
    value, normal = np.array([1.6, 1.4, 0.2, np.nan]), np.full(4, np.nan)
    grade = decrease_grade(value, normal, (1.5, 1.0, 0.5))
    np.testing.assert_array_equal(grade, [np.nan, 2, 4, np.nan])


def test_a_fixed_limit_counts_where_the_laboratory_calls_the_value_normal() -> None:
    assert decrease_grade(np.array([1.3]), np.array([1.2]), (1.5, 1.0, 0.5)) == [2]


def test_below_a_limit_of_quantification_the_grade_is_known_where_all_values_have_it() -> None:
    limit, normal = np.array([0.5, 0.6, np.nan]), np.full(3, 2.0)
    grade = decrease_grade_below(limit, normal, (1.5, 1.0, 0.5))
    np.testing.assert_array_equal(grade, [4, np.nan, np.nan])


def test_nothing_has_no_grade() -> None:
    assert decrease_grade(np.array([]), np.array([]), (1.5,)).size == 0
