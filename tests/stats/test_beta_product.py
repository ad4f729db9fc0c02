"""The beta product confidence procedure against its authors' package, and against exact results."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from durable.stats.batch import kaplan_meier_batch
from durable.stats.proportions import proportion_ci
from durable.stats.survival import KaplanMeier, kaplan_meier

pytestmark = pytest.mark.requirement("DOR-09")

REFERENCE = json.loads((Path(__file__).parents[1] / "reference/bpcp.json").read_text())
CASES = {case["id"]: case for case in REFERENCE["cases"]}
LEVELS = (0.95, 0.9)
SAMPLES = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(1, 9), min_size=n, max_size=n),
        st.lists(st.booleans(), min_size=n, max_size=n),
    )
)


def limits(km: KaplanMeier, level: float = 0.95) -> np.ndarray:
    return km.confidence(level, "bpcp")[["lower", "upper"]].to_numpy()


def exact_upper(n_risk: list[int], n_event: list[int], p: float) -> float:
    """Quantile of the product of Beta(n - d + 1, d), which is a product of Beta(k, 1) with each k
    once: minus its logarithm is a sum of exponential times of different rates k."""
    rates = [k for n, d in zip(n_risk, n_event, strict=True) for k in range(n - d + 1, n + 1)]
    if not rates:
        return 1.0
    weights = [math.prod(Fraction(j, j - k) for j in rates if j != k) for k in rates]
    below = lambda w: float(sum(c * Fraction(w) ** k for c, k in zip(weights, rates, strict=True)))  # noqa: E731
    return brentq(lambda w: below(w) - p, 1e-12, 1 - 1e-12, xtol=1e-12)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", CASES)
def test_limits_equal_those_of_the_authors_package(name: str, level: float) -> None:
    case = CASES[name]
    km, expected = kaplan_meier(case["time"], case["status"]), case[str(level)]
    before = km.survival_at([0], level, "bpcp").iloc[0]
    assert expected["left"] == [0, *km.time.tolist()]
    assert [before["lower"], *limits(km, level)[:, 0]] == pytest.approx(expected["lower"], abs=1e-9)
    assert [before["upper"], *limits(km, level)[:, 1]] == pytest.approx(expected["upper"], abs=1e-9)


@pytest.mark.parametrize("events", range(11))
def test_without_censoring_they_are_clopper_and_pearsons(events: int) -> None:
    """Ten subjects followed to the end: the survival after so many events is a proportion."""
    km = kaplan_meier(range(1, 11), [1] * 10)
    row = km.survival_at([events], 0.95, "bpcp").iloc[0]
    expected = proportion_ci(10 - events, 10)
    assert tuple(row[["survival", "lower", "upper"]]) == pytest.approx(expected, abs=1e-12)


def test_before_the_first_event_there_is_an_interval() -> None:
    """Eight subjects without an event: the lower limit is the eighth root of 0.025."""
    km = kaplan_meier(range(10, 18), [0] * 8)
    row = km.survival_at([9], 0.95, "bpcp").iloc[0]
    assert tuple(row[["survival", "lower", "upper"]]) == (1, pytest.approx(0.6306, abs=5e-5), 1)


def test_where_the_curve_has_reached_0_there_is_an_interval() -> None:
    """Both of two: 0 (0, 0.842), as a proportion of 0 of 2 has."""
    assert limits(kaplan_meier([1, 2], [1, 1]))[-1] == pytest.approx([0, 1 - 0.025**0.5])


def test_one_subject_and_none() -> None:
    assert limits(kaplan_meier([5], [1])) == pytest.approx(np.array([[0, 0.975]]))
    assert limits(kaplan_meier([5], [0])) == pytest.approx(np.array([[0, 1]]))
    nobody = kaplan_meier([], [])
    assert limits(nobody).shape == (0, 2)
    assert np.isnan(nobody.survival_at([1], 0.95, "bpcp")[["lower", "upper"]].to_numpy()).all()
    assert np.isnan(nobody.quantile(0.5, 0.95, "bpcp")).all()


def test_limits_of_the_median_are_the_times_at_which_the_limits_pass_one_half() -> None:
    """By the authors' package: median 8, from 3, without an upper limit."""
    km = kaplan_meier(range(1, 11), [1, 0, 1, 1, 0, 1, 0, 1, 1, 0])
    for rule in ("r", "sas"):
        found = km.quantile(0.5, 0.95, "bpcp", rule)
        assert found == pytest.approx((8, 3, math.nan), nan_ok=True)


def test_a_lower_limit_that_is_below_from_the_start_is_0() -> None:
    """Of four subjects the lower limit is 39.8 % before anything has happened."""
    assert kaplan_meier([3, 5, 7, 9], [1, 1, 1, 1]).quantile(0.5, 0.95, "bpcp")[1] == 0


def test_the_lower_limit_falls_where_a_subject_is_censored() -> None:
    km = kaplan_meier([1, 2, 3], [0, 0, 1])
    assert limits(km)[:, 0] == pytest.approx([0.025**0.5, 0.025, 0])


def test_left_truncation_is_refused() -> None:
    with pytest.raises(ValueError, match="bpcp is not defined under left truncation"):
        kaplan_meier([2, 3], [1, 1], entry=[0, 1]).confidence(transform="bpcp")


@given(SAMPLES)
@settings(max_examples=150, deadline=None)
def test_invariants(sample: tuple[list[int], list[bool]]) -> None:
    km = kaplan_meier(*sample)
    lower, upper = limits(km).T
    assert (np.diff(lower) <= 0).all()
    assert (np.diff(upper) <= 0).all()
    assert (lower <= km.survival + 1e-9).all()
    assert (km.survival <= upper + 1e-9).all()
    assert lower[-1] == 0
    wider = limits(km, 0.99)
    assert (wider[:, 0] <= lower).all()
    assert (wider[:, 1] >= upper).all()


@given(SAMPLES)
@settings(max_examples=60, deadline=None)
def test_the_approximation_of_the_product_is_near(sample: tuple[list[int], list[bool]]) -> None:
    """The distribution of the same mean and variance widens an upper limit by less than 0.04, and
    narrows none."""
    km = kaplan_meier(*sample)
    for row, upper in enumerate(limits(km)[:, 1]):
        counts = km.n_risk[: row + 1].tolist(), km.n_event[: row + 1].tolist()
        assert -1e-6 < upper - exact_upper(*counts, 0.975) < 0.04


@given(st.lists(SAMPLES, min_size=1, max_size=6), st.sampled_from(["r", "sas"]))
@settings(max_examples=60, deadline=None)
def test_many_samples_at_once_equal_each_alone(
    samples: list[tuple[list[int], list[bool]]], rule: str
) -> None:
    width = max(len(times) for times, _ in samples)
    time, event = np.full((len(samples), width), np.nan), np.zeros((len(samples), width), bool)
    for row, (times, events) in enumerate(samples):
        time[row, : len(times)], event[row, : len(events)] = times, events
    batch = kaplan_meier_batch(time, event)
    quantiles = np.column_stack(batch.quantile(0.5, 0.95, "bpcp", rule))
    rates = batch.survival_at([0, 2.5, 5], 0.95, "bpcp")
    for row, (times, events) in enumerate(samples):
        km = kaplan_meier(times, events)
        assert quantiles[row] == pytest.approx(km.quantile(0.5, 0.95, "bpcp", rule), nan_ok=True)
        expected = km.survival_at([0, 2.5, 5], 0.95, "bpcp")
        for values, name in zip(rates, ("survival", "lower", "upper", "n_risk"), strict=True):
            assert values[row] == pytest.approx(expected[name].to_numpy(), nan_ok=True)
