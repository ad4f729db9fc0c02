"""Closed forms against published and hand-made values, and against direct simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from durable.simulate import theory
from durable.stats.batch import kaplan_meier_batch
from durable.stats.proportions import proportion_cis


def test_binomial_of_four_coins() -> None:
    assert theory.binomial(4, 0.5) == pytest.approx(np.array([1, 4, 6, 4, 1]) / 16, rel=1e-12)
    assert theory.binomial(3, 0.0).tolist() == [1, 0, 0, 0]
    assert theory.binomial(3, 1.0).tolist() == [0, 0, 0, 1]


def test_successes_of_unlike_subjects_by_enumeration() -> None:
    # None of 1/2 and 1/4: 3/8; one: 1/2 x 3/4 + 1/2 x 1/4 = 1/2; both: 1/8.
    assert theory.successes(np.array([0.5, 0.25])) == pytest.approx([3 / 8, 1 / 2, 1 / 8])


def test_clopper_pearson_at_ten_by_hand() -> None:
    # At 1/2 every X but 0, 1, 9, 10 covers: P(X <= 1) = 11/1024 < 0.025 <= P(X <= 2) = 56/1024.
    assert theory.clopper_pearson_covers(10, 0.5).tolist() == [False] * 2 + [True] * 7 + [False] * 2
    assert theory.clopper_pearson_coverage(10, 0.5) == pytest.approx(1 - 22 / 1024, rel=1e-12)


@pytest.mark.parametrize("n", [1, 5, 10, 37])
def test_tails_cover_as_the_limits_do(n: int) -> None:
    """The closed form never uses the limits; the two agree away from the limits themselves."""
    x = np.arange(n + 1)
    _, lower, upper = proportion_cis(x, n)
    for p in np.linspace(0.003, 0.997, 150).tolist():
        if np.abs(np.concatenate([lower, upper]) - p).min() > 1e-9:
            covers = (lower <= p) & (p <= upper)
            assert theory.clopper_pearson_covers(n, p).tolist() == covers.tolist()


def test_clopper_pearson_never_covers_less_than_its_level() -> None:
    rates = np.linspace(0.001, 0.999, 333).tolist()
    lowest = min(theory.clopper_pearson_coverage(10, p) for p in rates)
    # Brown, Cai & DasGupta (2001): the coverage stays above the level, here by 1 to 2 points.
    assert 0.96 < lowest < 0.97


@pytest.mark.parametrize("p", [0.1, 0.32, 0.5, 0.9])
def test_drawn_coverage_of_the_rate_agrees(p: float) -> None:
    trials, exact = 20_000, theory.clopper_pearson_coverage(10, p)
    drawn = theory.clopper_pearson_coverage_drawn(10, p, trials, seed=1934) / trials
    assert abs(drawn - exact) < 3 * math.sqrt(exact * (1 - exact) / trials)


def test_ranks_of_the_median_interval_at_ten_by_hand() -> None:
    # S = 9/10: log S = -0.10536, se = sqrt(1 / 90) = 0.10541, so the lower limit is
    # 0.9^exp(1.96 x 1.00046) = 0.9^7.106 = 0.473, at most 1/2 after the first event.
    # S = 3/10: log S = -1.20397, se = sqrt(7 / 30) = 0.48305, so the upper limit is
    # 0.3^exp(-0.78637) = 0.3^0.4555 = 0.578; S = 2/10: 0.2^exp(-1.96 x 0.63246 / 1.60944)
    # = 0.2^0.4629 = 0.475: after the eighth event.
    assert theory.median_ranks(10) == (1, 8)
    # 1 <= K < 8 of binomial(10, 1/2): all but 1 + 45 + 10 + 1 of 1024.
    assert theory.median_coverage(10) == pytest.approx(1 - 57 / 1024, rel=1e-12)


def test_interval_of_three_has_no_upper_limit() -> None:
    assert theory.median_ranks(3) == (1, None)
    assert theory.median_coverage(3) == pytest.approx(7 / 8)


@pytest.mark.parametrize("n", [2, 3, 5, 10, 11, 20, 50])
def test_ranks_are_those_of_the_estimator(n: int) -> None:
    """The limits of the estimator in a sample with events at 1, 2, ..., n are the ranks."""
    curve = kaplan_meier_batch(np.arange(1.0, n + 1)[None], np.ones((1, n)))
    _, lower, upper = curve.quantile(0.5)
    found = tuple(None if math.isnan(limit[0]) else int(limit[0]) for limit in (lower, upper))
    assert theory.median_ranks(n) == found


@pytest.mark.parametrize("n", [5, 10, 20])
def test_drawn_coverage_of_the_median_agrees(n: int) -> None:
    trials, exact = 40_000, theory.median_coverage(n)
    drawn = theory.median_coverage_drawn(n, trials, seed=1982) / trials
    assert abs(drawn - exact) < 3 * math.sqrt(exact * (1 - exact) / trials)


def test_drawn_coverage_of_other_samples_is_another() -> None:
    """So the agreement above could have failed: size 3 lies 7 points below size 10."""
    assert theory.median_coverage_drawn(3, 4000, 7) < 0.9 * 4000
    assert theory.median_coverage_drawn(10, 4000, 7) > 0.93 * 4000
