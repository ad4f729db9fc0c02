"""Spearman's rank correlation against SciPy, by hand, and at its limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from durable.stats.rank_correlation import spearman

pytestmark = pytest.mark.requirement("KIN-04")

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=4, max_size=15)


def test_five_subjects_by_hand() -> None:
    """Ranks 1 2 3 4 5 and 2 1 4 3 5: the squared differences add up to 4, so rho is
    1 - 6 x 4 / (5 x 24) = 0.8; z = 1.0986, its standard error sqrt(1.32 / 2) = 0.8124."""
    found = spearman([1, 2, 3, 4, 5], [20, 10, 40, 30, 50])
    assert (found.n, found.rho) == (5, pytest.approx(0.8))
    half = 1.959964 * math.sqrt(1.32 / 2)
    limits = [math.tanh(math.log(9) / 2 + sign * half) for sign in (-1, 1)]
    assert (found.lower, found.upper) == pytest.approx(limits, abs=1e-6)


@given(PAIRS)
@settings(max_examples=100, deadline=None)
def test_rho_with_ties_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert math.isnan(spearman(x, y).rho)
        return
    found = spearman(x, y)
    assert found.rho == pytest.approx(spearmanr(x, y).statistic, abs=1e-12)
    assert found.rho == pytest.approx(spearman(np.exp(x), y).rho)
    assert found.rho == pytest.approx(-spearman(-x, y).rho)


def test_pairs_with_a_missing_value_are_left_out() -> None:
    found = spearman([1, 2, 3, math.nan, 5], [2, 1, math.nan, 3, 4])
    assert (found.n, found.rho) == (3, pytest.approx(0.5))


@pytest.mark.parametrize(
    ("x", "y", "n", "rho"),
    [
        ([], [], 0, math.nan),
        ([1], [1], 1, math.nan),
        ([1, 2], [5, 7], 2, 1.0),
        ([3, 3, 3, 3], [1, 2, 3, 4], 4, math.nan),
        ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], 5, 1.0),
        ([1, 2, 3, 4, 5], [5, 4, 3, 2, 1], 5, -1.0),
        ([1, 2, 3], [1, 3, 2], 3, 0.5),
    ],
)
def test_where_there_is_no_interval(x: list[float], y: list[float], n: int, rho: float) -> None:
    found = spearman(x, y)
    assert (found.n, found.rho) == (n, pytest.approx(rho, nan_ok=True))
    assert math.isnan(found.lower)
    assert math.isnan(found.upper)


def test_a_higher_level_is_wider() -> None:
    x, y = [1, 2, 3, 4, 5, 6], [1, 3, 2, 5, 4, 6]
    narrow, wide = spearman(x, y, 0.9), spearman(x, y, 0.99)
    assert wide.lower < narrow.lower < narrow.rho < narrow.upper < wide.upper < 1
