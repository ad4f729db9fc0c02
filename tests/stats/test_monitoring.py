"""Monitoring of a proportion against published values and exact enumeration in fractions."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy.integrate import quad

from durable.stats.monitoring import (
    beta_binomial_boundary,
    first_crossing,
    pocock_boundary,
    predictive_probability,
    probability_above,
    stopping_probability,
)

pytestmark = pytest.mark.requirement("MON-01", "MON-02")


def tail(x: int, n: int, p: Fraction) -> Fraction:
    """P(X >= x) of a binomial variable."""
    return sum((math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(x, n + 1)), Fraction())


def above_by_integration(x: int, n: int, rate: float, a: float, b: float) -> float:
    def density(p: float) -> float:
        return p ** (a + x - 1) * (1 - p) ** (b + n - x - 1)

    return quad(density, rate, 1)[0] / quad(density, 0, 1)[0]


def ever_stops(boundary: list[float], p: Fraction) -> Fraction:
    """Probability of reaching a boundary, over all sequences of subjects one by one."""
    total = Fraction()
    for outcome in product((0, 1), repeat=len(boundary)):
        counts = np.cumsum(outcome)
        if any(count >= limit for count, limit in zip(counts, boundary, strict=True)):
            events = sum(outcome)
            total += p**events * (1 - p) ** (len(outcome) - events)
    return total


# --- posterior and predictive probability ---------------------------------------------------------


@pytest.mark.parametrize("prior", [(1, 1), (2, 5)])
@pytest.mark.parametrize(("x", "n"), [(0, 1), (1, 1), (7, 10), (10, 10)])
def test_the_posterior_is_the_integral_of_prior_and_likelihood(
    x: int, n: int, prior: tuple[int, int]
) -> None:
    found = float(probability_above(x, n, 0.4, *prior))
    assert found == pytest.approx(above_by_integration(x, n, 0.4, *prior), rel=1e-9)


def test_one_of_one_under_a_uniform_prior() -> None:
    """The posterior is Beta(2, 1), whose distribution function is p squared."""
    assert float(probability_above(1, 1, 0.4)) == pytest.approx(1 - 0.4**2)


def test_nobody_evaluable_has_no_posterior_and_no_prediction() -> None:
    assert math.isnan(float(probability_above(0, 0, 0.4)))
    assert math.isnan(predictive_probability(0, 0, 10, 0.4, 0.9))


def test_the_example_of_lee_and_liu() -> None:
    """Page 97, as quoted in the documentation of the R package ph2bayes: 16 responders of 23, 40
    in all, prior Beta(0.6, 0.4), rate 60 %, success at 0.90: 0.5656."""
    assert predictive_probability(16, 23, 40, 0.6, 0.9, 0.6, 0.4) == pytest.approx(0.5656, abs=5e-5)


def test_the_futility_boundary_of_lee_and_liu_as_another_program_prints_it() -> None:
    """The example of `stopbound_pred` in ph2bayes: 40 subjects, prior Beta(0.6, 1.4), rate 30 %,
    success at 0.85, stop below 0.05: most responders that stop, where that rises."""
    printed = {4: 0, 8: 1, 11: 2, 14: 3, 17: 4, 20: 5, 22: 6, 25: 7, 27: 8, 29: 9}
    found = {}
    for n in range(1, 30):
        stops = [predictive_probability(x, n, 40, 0.3, 0.85, 0.6, 1.4) < 0.05 for x in range(n + 1)]
        if any(stops) and stops.index(False) - 1 not in found.values():
            found[n] = stops.index(False) - 1
    assert found == printed


@pytest.mark.parametrize(("x", "n"), [(1, 2), (3, 6), (0, 1), (6, 8)])
def test_the_prediction_is_the_mean_over_what_each_rate_would_bring(x: int, n: int) -> None:
    """By the trapezoid rule over the posterior of the rate, of the probability of success."""
    n_max, rate, success = 10, 0.4, 0.9
    p = np.linspace(0, 1, 200_001)[1:-1]
    weight = p**x * (1 - p) ** (n - x)
    needed = next(
        y for y in range(n_max + 1) if above_by_integration(y, n_max, rate, 1, 1) > success
    )
    reached = sum(
        math.comb(n_max - n, more) * p**more * (1 - p) ** (n_max - n - more)
        for more in range(n_max - n + 1)
        if x + more >= needed
    )
    expected = float((weight * reached).sum() / weight.sum())
    found = predictive_probability(x, n, n_max, rate, success)
    assert found == pytest.approx(expected, abs=1e-6)


def test_at_the_maximum_size_and_beyond_the_outcome_is_known() -> None:
    """Of ten, six exceed 40 % with a probability of 0.9006 and five with 0.7535: that of at most as
    many among eleven of a rate of 40 %."""
    at_most = [float(1 - tail(x + 1, 11, Fraction(2, 5))) for x in (5, 6)]
    assert at_most == pytest.approx([0.7535, 0.9006], abs=5e-5)
    assert probability_above([5, 6], 10, 0.4) == pytest.approx(at_most)
    assert [predictive_probability(x, 10, 10, 0.4, 0.9) for x in (5, 6, 7)] == [0, 1, 1]
    assert predictive_probability(6, 12, 10, 0.4, 0.9) == 0


def test_a_prediction_is_at_most_1() -> None:
    """Four of eight suffice (P(p > 0.3) = 0.9012), and four have improved already."""
    assert predictive_probability(4, 4, 8, 0.3, 0.9) == 1


def test_a_posterior_that_equals_the_limit_is_not_above_it() -> None:
    """None of one: P(p > 0.6) = 0.4^2 = 0.16, which is no success above 0.16. One of one:
    1 - 0.6^2 = 0.64, which is one. One event in one subject: P(p > 0.4) = 1 - 0.4^2 = 0.84."""
    assert predictive_probability(0, 1, 1, 0.6, 0.16) == 0
    assert predictive_probability(1, 1, 1, 0.6, 0.16) == 1
    assert np.isnan(beta_binomial_boundary(1, 0.4, 0.84)).all()


# --- boundaries -----------------------------------------------------------------------------------


def test_the_beta_binomial_boundary_by_integration() -> None:
    boundary = beta_binomial_boundary(12, 0.3, 0.9, 0.6, 1.4, first=3)
    for n, limit in enumerate(boundary.tolist(), start=1):
        stopping = [
            x for x in range(n + 1) if n >= 3 and above_by_integration(x, n, 0.3, 0.6, 1.4) > 0.9
        ]
        assert math.isnan(limit) if not stopping else limit == stopping[0]


def test_a_boundary_of_one_subject() -> None:
    """One event in one subject: P(p > 0.3) is 0.91 under a uniform prior."""
    assert beta_binomial_boundary(1, 0.3, 0.9).tolist() == [1]
    assert np.isnan(beta_binomial_boundary(1, 0.3, 0.92)).all()
    assert pocock_boundary(1, 0.04, 0.05).tolist() == [1]
    assert np.isnan(pocock_boundary(1, 0.06, 0.05)).all()


@pytest.mark.parametrize(("rate", "error"), [(0.1, 0.01), (0.2, 0.04), (0.3, 0.09)])
def test_a_boundary_may_spend_the_error_exactly(rate: float, error: float) -> None:
    """Both of two subjects: a probability of rate squared, which is the error."""
    assert pocock_boundary(2, rate, error)[1] == 2


@pytest.mark.parametrize(("rate", "error"), [("1/5", "1/20"), ("1/3", "1/10"), ("1/10", "1/10")])
def test_the_pocock_type_boundary_by_enumeration(rate: str, error: str) -> None:
    """Of all pointwise levels the largest that keeps the error, over every sequence of ten."""
    p, most, n_max = Fraction(rate), Fraction(error), 10

    def at_level(level: Fraction) -> list[float]:
        return [
            next((x for x in range(1, n + 1) if tail(x, n, p) <= level), math.inf)
            for n in range(1, n_max + 1)
        ]

    levels = sorted({tail(x, n, p) for n in range(1, n_max + 1) for x in range(1, n + 1)})
    kept = [level for level in levels if level <= most and ever_stops(at_level(level), p) <= most]
    found = pocock_boundary(n_max, float(p), float(most))
    assert np.where(np.isnan(found), np.inf, found).tolist() == at_level(kept[-1])


def test_the_probability_of_stopping_by_enumeration() -> None:
    boundary = np.array([np.nan, 2, 2, 3, 3, 3, 4, 4, 4, 5])
    with_inf = np.where(np.isnan(boundary), np.inf, boundary).tolist()
    for p in ("1/5", "1/2"):
        expected = float(ever_stops(with_inf, Fraction(p)))
        assert stopping_probability(boundary, float(Fraction(p))) == pytest.approx(expected)


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.33, 0.5])
def test_forty_subjects_keep_the_error_and_one_event_fewer_at_any_size_would_not_all(
    rate: float,
) -> None:
    boundary = pocock_boundary(40, rate, 0.05)
    known = boundary[~np.isnan(boundary)]
    assert stopping_probability(boundary, rate) <= 0.05
    assert (np.diff(known) >= 0).all()
    assert (np.diff(known) <= 1).all()
    assert stopping_probability(boundary - 1, rate) > 0.05


def test_a_rule_applies_from_its_first_look_on() -> None:
    assert np.isnan(pocock_boundary(10, 0.2, 0.05, first=4)[:3]).all()
    assert np.isnan(beta_binomial_boundary(10, 0.2, 0.5, first=4)[:3]).all()


def test_where_a_sequence_first_reaches_its_boundary() -> None:
    boundary = np.array([np.nan, 2, 2, 3])
    assert first_crossing([0, 1, 1, 0], boundary) == 3
    assert first_crossing([1, 1], boundary) == 2
    assert math.isnan(first_crossing([1, 0, 0, 1], boundary))
    assert math.isnan(first_crossing([], boundary))
    # The fifth subject is beyond the boundary: nothing is said of three in five.
    assert math.isnan(first_crossing([0, 0, 1, 1, 1], boundary))


def test_rates_and_errors_of_0_and_1_are_refused() -> None:
    with pytest.raises(ValueError, match="rate: 0 is not between"):
        pocock_boundary(5, 0, 0.05)
    with pytest.raises(ValueError, match="error: 1 is not between"):
        pocock_boundary(5, 0.2, 1)
