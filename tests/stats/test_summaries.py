"""Descriptive statistics by hand, against R, and in exact fractions."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable.stats.summaries import geometric, mean_limits, quantile, summarise

PROPERTY = settings(max_examples=200, deadline=None, derandomize=True)
WHOLE = st.lists(st.integers(-50, 50), min_size=1, max_size=25)
POSITIVE = st.lists(st.floats(0.01, 1e4), min_size=2, max_size=12)
TEN = [21.5, 3.7, 41, 2.1, 8.8, 3.7, 14, 5.2, 30.2, 13.1]


def test_summary_of_four_values_by_hand():
    summary = summarise([4, 1, 3, 2, math.nan])
    assert (summary.n, summary.n_missing) == (4, 1)
    assert (summary.mean, summary.median, summary.q1, summary.q3) == (2.5, 2.5, 1.5, 3.5)
    assert summary.sd == pytest.approx(math.sqrt(5 / 3), rel=1e-15)
    assert (summary.min, summary.max) == (1, 4)


def test_quartiles_of_five_values_by_hand():
    # n p = 1.25 and 3.75: the next value up. Definition 7: at 1 + 4 p, the 2nd and 4th value.
    assert [quantile([10, 20, 30, 40, 70], p) for p in (0.25, 0.5, 0.75)] == [20, 30, 40]
    assert [quantile([10, 20, 30, 40, 70], p, 7) for p in (0.25, 0.5, 0.75)] == [20, 30, 40]


def test_quartiles_of_six_values_by_hand():
    # n p = 1.5 and 4.5: the 2nd and 5th value. Definition 7: at 2.25 and 4.75.
    first, last = (summarise([1, 2, 4, 8, 16, 32], definition) for definition in (2, 7))
    assert (first.q1, first.median, first.q3) == (2, 6, 16)
    assert (last.q1, last.median, last.q3) == (2.5, 6, 14)


def test_mean_and_standard_deviation_equal_r():
    summary = summarise(TEN)
    assert summary.mean == pytest.approx(14.33, rel=1e-15)
    assert summary.sd == pytest.approx(12.934368515273132, rel=1e-15)


# R 4: quantile(x, p, type = 2), which is SAS PCTLDEF=5, and type = 7.
@pytest.mark.parametrize(
    ("values", "definition", "expected"),
    [
        (
            TEN,
            2,
            {0.07: 2.1, 0.1: 2.9, 0.25: 3.7, 0.3: 4.45, 0.5: 10.95, 0.7: 17.75, 0.9: 35.6},
        ),
        (
            TEN,
            7,
            {0.07: 3.108, 0.1: 3.54, 0.25: 4.075, 0.3: 4.75, 0.5: 10.95, 0.7: 16.25, 0.9: 31.28},
        ),
        (sorted(TEN)[:7], 2, {0.1: 2.1, 0.25: 3.7, 1 / 7: 2.9, 0.5: 5.2, 2 / 7: 3.7, 0.75: 13.1}),
        (sorted(TEN)[:7], 7, {0.1: 3.06, 0.25: 3.7, 1 / 7: 3.4714285714285715, 0.9: 13.46}),
    ],
)
def test_quantiles_equal_r(values, definition, expected):
    for p, value in expected.items():
        assert quantile(values, p, definition) == pytest.approx(value, rel=1e-14)


def test_a_step_of_the_distribution_is_found_although_its_binary_number_misses_it():
    hundred = list(range(1, 101))
    assert 0.07 * 100 > 7
    assert 0.29 * 100 < 29
    # R type 2 decides in binary and gives 8 and 29.
    assert quantile(hundred, 0.07) == 7.5
    assert quantile(hundred, 0.29) == 29.5


@given(WHOLE, st.integers(0, 40), st.integers(1, 40))
@PROPERTY
def test_definition_2_averages_the_least_values_reaching_and_exceeding_p(values, part, whole):
    p = Fraction(min(part, whole), whole)
    n = len(values)

    def share(value: int) -> Fraction:
        return Fraction(sum(other <= value for other in values), n)

    reaching = min((v for v in values if share(v) >= p), default=max(values))
    exceeding = min((v for v in values if share(v) > p), default=max(values))
    expected = (reaching + exceeding) / 2
    assert quantile(values, p) == expected
    assert quantile(values, float(p)) == expected


@given(WHOLE, st.integers(0, 40), st.integers(1, 40))
@PROPERTY
def test_definition_7_equals_numpy(values, part, whole):
    p = min(part, whole) / whole
    assert quantile(values, p, 7) == pytest.approx(float(np.quantile(values, p)), abs=1e-12)


@given(WHOLE)
@PROPERTY
def test_moments_equal_exact_fractions(values):
    summary, n = summarise(values), len(values)
    mean = Fraction(sum(values), n)
    assert summary.mean == float(mean)
    if n > 1:
        squares = sum((value - mean) ** 2 for value in values) / (n - 1)
        assert summary.sd == pytest.approx(math.sqrt(squares), rel=1e-15)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6), st.integers(1, 4))
@PROPERTY
def test_moments_of_values_that_occur_again_equal_those_of_the_standard_library(values, times):
    summary = summarise(values * times)
    assert summary.mean == statistics.mean(values * times)
    assert summary.sd == statistics.stdev(values * times)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12), st.randoms())
@PROPERTY
def test_order_does_not_change_a_digit(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    assert summarise(shuffled) == summarise(values)


@given(st.floats(0.01, 1e6), st.integers(2, 12))
@PROPERTY
def test_equal_values_have_no_spread(value, n):
    assert summarise([value] * n).sd == 0
    assert summarise([value] * n).mean == value
    assert geometric([value] * n).geo_cv == 0


@given(WHOLE)
@PROPERTY
def test_quartiles_lie_in_order_within_the_range(values):
    for definition in (2, 7):
        s = summarise(values, definition)
        assert s.min <= s.q1 <= s.median <= s.q3 <= s.max


def test_one_value_has_no_standard_deviation():
    summary = summarise([3.5])
    assert (summary.n, summary.mean, summary.median, summary.q1, summary.q3) == (1, *[3.5] * 4)
    assert math.isnan(summary.sd)


@pytest.mark.parametrize(("values", "missing"), [([], 0), ([math.nan, None], 2)])
def test_no_value_has_no_statistics(values, missing):
    summary = summarise(values)
    assert (summary.n, summary.n_missing) == (0, missing)
    for name in ("mean", "sd", "median", "q1", "q3", "min", "max"):
        assert math.isnan(getattr(summary, name))
    assert math.isnan(quantile(values, 0.5, 7))
    assert geometric(values).n == 0
    assert math.isnan(geometric(values).geo_mean)


def test_geometric_mean_and_variation_of_five_peaks():
    result = geometric([12.1, 32.69, 55, 8.4, 140])
    assert result.n == 5
    assert round(result.geo_mean, 4) == 30.3106
    assert round(result.geo_cv, 3) == 163.158


def test_geometric_statistics_by_hand():
    # Logarithms -1, 0, 1 to base 10: mean 0, standard deviation log(10).
    result = geometric([0.1, 1, 10])
    assert result.geo_mean == pytest.approx(1, rel=1e-15)
    assert result.geo_cv == pytest.approx(100 * math.sqrt(math.exp(math.log(10) ** 2) - 1))


@given(POSITIVE, st.floats(0.01, 100))
@PROPERTY
def test_geometric_mean_scales_and_its_variation_does_not(values, factor):
    plain, scaled = geometric(values), geometric([factor * value for value in values])
    assert scaled.geo_mean == pytest.approx(factor * plain.geo_mean, rel=1e-12)
    assert scaled.geo_cv == pytest.approx(plain.geo_cv, rel=1e-9, abs=1e-5)


@given(POSITIVE)
@PROPERTY
def test_geometric_mean_is_at_most_the_arithmetic_mean(values):
    assert geometric(values).geo_mean <= summarise(values).mean * (1 + 1e-12)


@pytest.mark.parametrize("spoiler", [0, -1])
def test_geometric_statistics_do_not_exist_with_zero_or_negative_values(spoiler):
    result = geometric([12.1, spoiler, 55, math.nan])
    assert result.n == 3
    assert math.isnan(result.geo_mean)
    assert math.isnan(result.geo_cv)


def test_one_value_has_a_geometric_mean_without_variation():
    assert geometric([4]).geo_mean == pytest.approx(4, rel=1e-15)
    assert math.isnan(geometric([4]).geo_cv)


def test_a_variation_too_large_for_a_number_is_not_estimable():
    """Standard deviation of the logarithms 1e20 apart: 32.6, and exp(32.6^2) is no double."""
    result = geometric([1e-10, 1e10])
    assert result.geo_mean == pytest.approx(1, rel=1e-12)
    assert math.isnan(result.geo_cv)
    assert geometric([1e-8, 1e8]).geo_cv > 1e100


def test_wrong_input_is_refused():
    for function in (summarise, geometric):
        with pytest.raises(ValueError, match="values: one is infinite"):
            function([1, math.inf])
        with pytest.raises(ValueError, match="values: 2 dimensions instead of 1"):
            function([[1, 2], [3, 4]])
    with pytest.raises(ValueError, match="definition: 6 is neither 2 nor 7"):
        summarise([1, 2], definition=6)
    for p in (-0.1, 25, math.nan):
        with pytest.raises(ValueError, match=r"p: .* is not from 0 to 1"):
            quantile([1, 2], p)


# R 4.2.2: t.test(x)$conf.int of the ten values; its t(0.975, 9) is the 2.262 of printed tables.
def test_limits_of_a_mean_equal_those_of_students_t():
    summary = summarise(TEN)
    found = mean_limits(summary.n, summary.mean, summary.sd)
    assert found == pytest.approx((5.077310158229833, 23.582689841770172), rel=1e-13)
    # Two values: t(0.95, 1) is tan(0.45 pi).
    lower, upper = mean_limits(2, 3.0, math.sqrt(2), level=0.9)
    assert (lower, upper) == pytest.approx((3 - math.tan(0.45 * math.pi), 3 + 6.31375151467504))


@pytest.mark.parametrize("values", [[], [7.5], [4, 4, 4]])
def test_a_mean_of_fewer_than_two_values_or_of_equal_ones_has_no_limits(values):
    summary = summarise(values)
    assert np.isnan(mean_limits(summary.n, summary.mean, summary.sd)).all()


def test_a_level_that_is_none_is_refused():
    with pytest.raises(ValueError, match="level: 1 is not between 0 and 1"):
        mean_limits(3, 1.0, 1.0, level=1)
