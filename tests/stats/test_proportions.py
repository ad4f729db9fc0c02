"""Binomial intervals against publications, R, SciPy and exact binomial tails."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from durable.stats.proportions import (
    Method,
    posterior,
    proportion_bound,
    proportion_ci,
    proportion_cis,
)

pytestmark = pytest.mark.requirement("IMP-04")

METHODS = get_args(Method)
PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)
COUNTS = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
LEVELS = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99, 0.999])


def pmf(k: int, n: int, p: Fraction) -> Fraction:
    return math.comb(n, k) * p**k * (1 - p) ** (n - k)


def at_least(x: int, n: int, p: Fraction) -> Fraction:
    return sum((pmf(k, n, p) for k in range(x, n + 1)), Fraction(0))


def rounded(x: int, n: int, method: str) -> tuple[float, float]:
    _, lower, upper = proportion_ci(x, n, method=method)
    return round(lower, 4), round(upper, 4)


# Newcombe, Stat Med 1998;17:857, Table I: methods 3 (Wilson), 5 (Clopper-Pearson), 6 (mid-P).
@pytest.mark.parametrize(
    ("x", "n", "method", "published"),
    [
        (81, 263, "wilson", (0.2553, 0.3662)),
        (15, 148, "wilson", (0.0624, 0.1605)),
        (0, 20, "wilson", (0.0, 0.1611)),
        (1, 29, "wilson", (0.0061, 0.1718)),
        (81, 263, "clopper-pearson", (0.2527, 0.3676)),
        (15, 148, "clopper-pearson", (0.0578, 0.1617)),
        (0, 20, "clopper-pearson", (0.0, 0.1684)),
        (1, 29, "clopper-pearson", (0.0009, 0.1776)),
        (81, 263, "mid-p", (0.2544, 0.3658)),
        (15, 148, "mid-p", (0.0601, 0.1581)),
        (0, 20, "mid-p", (0.0, 0.1391)),
        (1, 29, "mid-p", (0.0017, 0.1585)),
    ],
)
def test_limits_equal_newcombe_1998(x, n, method, published):
    assert rounded(x, n, method) == published


def test_mid_p_limits_equal_berry_and_armitage_1995_and_agresti_and_gottard_2005():
    assert [round(v, 3) for v in proportion_ci(5, 20, method="mid-p")[1:]] == [0.098, 0.470]
    assert [round(v, 3) for v in proportion_ci(4, 10, method="mid-p")[1:]] == [0.142, 0.709]


@pytest.mark.parametrize(
    ("x", "method", "expected"),
    [
        (8, "clopper-pearson", (0.4439, 0.9748)),
        (8, "wilson", (0.4902, 0.9433)),
        (8, "jeffreys", (0.4972, 0.9559)),
        (0, "clopper-pearson", (0.0, 0.3085)),
        (10, "clopper-pearson", (0.6915, 1.0)),
    ],
)
def test_limits_of_ten_subjects_equal_the_design(x, method, expected):
    assert rounded(x, 10, method) == expected


# R 4: binom.test and prop.test(correct = FALSE).
R_LIMITS = [
    (8, 10, "clopper-pearson", 0.44390453769235860, 0.97478927367316659),
    (3, 7, "clopper-pearson", 0.09898827844250789, 0.81594843235991699),
    (1, 29, "clopper-pearson", 0.0008726468835799228, 0.1776442954887228476),
    (81, 263, "clopper-pearson", 0.25273674558527121, 0.36762192260135140),
    (8, 10, "wilson", 0.49016247153664183, 0.94331784854562473),
    (3, 7, "wilson", 0.15821985525146970, 0.74954163547234265),
    (1, 29, "wilson", 0.006113214292762661, 0.171755218793202824),
    (81, 263, "wilson", 0.25528851987827428, 0.36620957698280016),
]


@pytest.mark.parametrize(("x", "n", "method", "lower", "upper"), R_LIMITS)
def test_limits_equal_r(x, n, method, lower, upper):
    estimate, *limits = proportion_ci(x, n, method=method)
    assert estimate == x / n
    assert limits == pytest.approx([lower, upper], rel=1e-12)


def test_limits_at_another_level_equal_r():
    limits = proportion_ci(8, 10, level=0.9)[1:]
    assert limits == pytest.approx((0.49309869893679764, 0.96322856211253494), rel=1e-12)


def test_bounds_equal_r_and_the_closed_form_for_no_event():
    assert round(proportion_bound(0, 10), 4) == 0.2589
    assert round(proportion_bound(0, 6), 4) == 0.3930
    for n in (1, 6, 10, 100):
        assert proportion_bound(0, n) == pytest.approx(1 - 0.05 ** (1 / n), abs=1e-14)
    assert proportion_bound(2, 9, level=0.9) == pytest.approx(0.49008119444580311, rel=1e-12)
    assert proportion_bound(2, 9, side="lower") == pytest.approx(0.041023167506996569, rel=1e-12)


@given(COUNTS, st.sampled_from([0.75, 0.95, 0.975]))
@PROPERTY
def test_a_one_sided_bound_is_a_limit_of_the_interval_with_twice_the_error(counts, level):
    _, lower, upper = proportion_ci(*counts, level=2 * level - 1)
    assert proportion_bound(*counts, level, "lower") == pytest.approx(lower, abs=1e-13)
    assert proportion_bound(*counts, level, "upper") == pytest.approx(upper, abs=1e-13)


@given(COUNTS)
@PROPERTY
def test_exact_binomial_tails_at_the_clopper_pearson_limits_are_the_error(counts):
    x, n = counts
    _, lower, upper = proportion_ci(x, n)
    if x > 0:
        assert float(at_least(x, n, Fraction(lower))) == pytest.approx(0.025, abs=1e-12)
    if x < n:
        assert float(1 - at_least(x + 1, n, Fraction(upper))) == pytest.approx(0.025, abs=1e-12)


@given(COUNTS)
@PROPERTY
def test_exact_tails_with_half_the_observed_at_the_mid_p_limits_are_the_error(counts):
    x, n = counts
    _, lower, upper = proportion_ci(x, n, method="mid-p")
    if x > 0:
        p = Fraction(lower)
        tail = at_least(x + 1, n, p) + pmf(x, n, p) / 2
        assert float(tail) == pytest.approx(0.025, abs=1e-12)
    if x < n:
        p = Fraction(upper)
        tail = 1 - at_least(x, n, p) + pmf(x, n, p) / 2
        assert float(tail) == pytest.approx(0.025, abs=1e-12)


@given(COUNTS)
@PROPERTY
def test_wilson_limits_solve_the_score_equation(counts):
    x, n = counts
    for p in proportion_ci(x, n, method="wilson")[1:]:
        z_squared = 1.959963984540054**2
        assert n * (x / n - p) ** 2 == pytest.approx(z_squared * p * (1 - p), abs=1e-10)


@given(COUNTS, LEVELS)
@PROPERTY
def test_limits_equal_scipy_stats(counts, level):
    from scipy import stats

    x, n = counts
    for ours, theirs in (("clopper-pearson", "exact"), ("wilson", "wilson")):
        expected = stats.binomtest(x, n).proportion_ci(level, method=theirs)
        assert proportion_ci(x, n, level, ours)[1:] == pytest.approx(
            (expected.low, expected.high), abs=1e-12
        )
    tails = stats.beta.ppf([(1 - level) / 2, (1 + level) / 2], x + 0.5, n - x + 0.5)
    expected = (0.0 if x == 0 else tails[0], 1.0 if x == n else tails[1])
    assert proportion_ci(x, n, level, "jeffreys")[1:] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n", [1, 4, 10])
def test_coverage_of_clopper_pearson_is_at_least_the_level(n):
    lower, upper = proportion_cis(np.arange(n + 1), n)[1:]
    # The coverage is least just outside a limit; a grid is added between them.
    inner = [np.nextafter(lower, 0), np.nextafter(upper, 1), np.linspace(0, 1, 101)]
    for p in np.clip(np.concatenate(inner), 0, 1):
        covered = [k for k in range(n + 1) if lower[k] <= p <= upper[k]]
        assert sum(pmf(k, n, Fraction(p)) for k in covered) >= 0.95


def test_coverage_of_wilson_may_be_less_than_the_level():
    p = np.nextafter(proportion_ci(1, 10, method="wilson")[1], 0)
    limits = [proportion_ci(k, 10, method="wilson")[1:] for k in range(11)]
    covered = sum(pmf(k, 10, Fraction(p)) for k in range(11) if limits[k][0] <= p <= limits[k][1])
    assert covered < 0.9


@pytest.mark.parametrize("method", METHODS)
@given(counts=COUNTS, level=LEVELS)
@PROPERTY
def test_swapping_success_and_failure_mirrors_the_interval(method, counts, level):
    x, n = counts
    _, lower, upper = proportion_ci(x, n, level, method)
    _, mirrored_lower, mirrored_upper = proportion_ci(n - x, n, level, method)
    assert (1 - mirrored_upper, 1 - mirrored_lower) == pytest.approx((lower, upper), abs=1e-13)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [1, 2, 10, 47])
def test_limits_rise_with_the_number_of_successes_and_widen_with_the_level(method, n):
    x = np.arange(n + 1)
    for level in (0.8, 0.95):
        _, lower, upper = proportion_cis(x, n, level, method)
        assert (np.diff(lower) > 0).all()
        assert (np.diff(upper) > 0).all()
        _, wider_lower, wider_upper = proportion_cis(x, n, 0.99, method)
        assert (wider_lower <= lower).all()
        assert (wider_upper >= upper).all()


@given(COUNTS, LEVELS)
@PROPERTY
def test_clopper_pearson_contains_estimate_and_mid_p_interval(counts, level):
    estimate, lower, upper = proportion_ci(*counts, level)
    _, inner_lower, inner_upper = proportion_ci(*counts, level, "mid-p")
    assert lower <= estimate <= upper
    assert lower <= inner_lower <= inner_upper <= upper


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [1, 10, 263])
def test_no_success_has_lower_limit_exactly_0_and_all_upper_limit_exactly_1(method, n):
    assert proportion_ci(0, n, method=method)[:2] == (0.0, 0.0)
    assert proportion_ci(n, n, method=method)[::2] == (1.0, 1.0)
    assert 0 < proportion_ci(0, n, method=method)[2] < 1


@pytest.mark.parametrize("method", METHODS)
def test_arrays_equal_one_call_each(method):
    x, n = np.array([0, 8, 10, 1, 0]), np.array([10, 10, 10, 29, 0])
    together = np.column_stack(proportion_cis(x, n, 0.9, method))
    one_by_one = [proportion_ci(a, b, 0.9, method) for a, b in zip(x, n, strict=True)]
    np.testing.assert_array_equal(together, one_by_one)


@pytest.mark.parametrize("method", METHODS)
def test_no_subjects_is_not_estimable(method):
    assert all(math.isnan(value) for value in proportion_ci(0, 0, method=method))


def test_no_subjects_has_no_bound_and_no_posterior():
    belief = posterior(0, 0)
    assert math.isnan(proportion_bound(0, 0))
    assert math.isnan(belief.mean)
    assert math.isnan(belief.lower)
    assert math.isnan(belief.upper)
    assert math.isnan(belief.probability_above(0.5))


def test_posterior_of_8_in_10_equals_r():
    belief = posterior(8, 10)
    assert (belief.a, belief.b, belief.mean) == (9, 3, 0.75)
    expected = (0.48224414763982726, 0.93978226582709334)
    assert (belief.lower, belief.upper) == pytest.approx(expected, rel=1e-12)
    assert belief.probability_above(0.5) == pytest.approx(0.96728515625, rel=1e-12)


@given(COUNTS, st.integers(1, 5), st.integers(1, 5), st.floats(0, 1))
@PROPERTY
def test_posterior_probability_is_a_binomial_tail_for_whole_priors(counts, a, b, target):
    x, n = counts
    # P(Beta(i, j) > t) = P(Binomial(i + j - 1, t) < i).
    trials, exact = n + a + b - 1, Fraction(target)
    expected = 1 - at_least(x + a, trials, exact)
    assert posterior(x, n, a, b).probability_above(target) == pytest.approx(
        float(expected), abs=1e-12
    )


@given(COUNTS)
@PROPERTY
def test_jeffreys_interval_is_the_posterior_of_its_prior_but_for_the_ends(counts):
    x, n = counts
    assume(0 < x < n)
    belief = posterior(x, n, 0.5, 0.5)
    _, lower, upper = proportion_ci(x, n, method="jeffreys")
    assert (belief.lower, belief.upper) == pytest.approx((lower, upper), abs=1e-13)


@pytest.mark.parametrize(
    ("x", "n", "message"),
    [
        (11, 10, "x: 11 is more than n, 10"),
        (-1, 10, "x: -1 is not a count"),
        (2.5, 10, "x: 2.5 is not a count"),
        (math.nan, 10, "x: nan is not a count"),
        (1, math.inf, "n: inf is not a count"),
        (0, -3, "n: -3 is not a count"),
    ],
)
@pytest.mark.parametrize("function", [proportion_ci, proportion_bound, posterior])
def test_impossible_counts_are_refused(function, x, n, message):
    with pytest.raises(ValueError, match=message):
        function(x, n)


@pytest.mark.parametrize("level", [0, 1, 95, -0.1, math.nan])
@pytest.mark.parametrize("function", [proportion_ci, proportion_bound, posterior])
def test_impossible_levels_are_refused(function, level):
    with pytest.raises(ValueError, match=r"level: .* is not between 0 and 1"):
        function(8, 10, level=level)


def test_unknown_choices_and_priors_are_refused():
    with pytest.raises(ValueError, match="method: 'wald' is none of clopper-pearson, wilson"):
        proportion_ci(8, 10, method="wald")
    with pytest.raises(ValueError, match="side: 'both' is none of lower, upper"):
        proportion_bound(8, 10, side="both")
    for a, b in ((0, 1), (1, -1), (math.inf, 1), (1, math.nan)):
        with pytest.raises(ValueError, match="is not positive and finite"):
            posterior(8, 10, a, b)
    with pytest.raises(ValueError, match="target: 30 is not from 0 to 1"):
        posterior(8, 10).probability_above(30)
