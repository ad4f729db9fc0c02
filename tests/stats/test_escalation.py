"""Decisions of dose escalation against published tables and independent calculations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from durable.stats.escalation import (
    Elimination,
    boin_boundaries,
    boin_decision,
    decision_boundaries,
    isotonic_rates,
    mtpi2_decision,
    select_mtd,
)

pytestmark = pytest.mark.requirement("MON-03")

THIRTY = Elimination(0.3)
BOIN = boin_boundaries(0.3, 0.18, 0.42)
HALF = (0.05, 0.05)
#: Counts of evaluable subjects and DLTs of up to six dose levels.
LEVELS = st.lists(st.integers(0, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
                  min_size=1, max_size=6)  # fmt: skip


def mass(x: int, n: int, low: float, high: float) -> float:
    """Posterior probability of an interval under a uniform prior, by integration."""
    return (
        quad(lambda p: p**x * (1 - p) ** (n - x), low, high)[0]
        / quad(lambda p: p**x * (1 - p) ** (n - x), 0, 1)[0]
    )


# --- BOIN -----------------------------------------------------------------------------------------


def test_the_boundaries_of_the_paper() -> None:
    """Liu and Yuan (2015): 0.236 and 0.358 for a target of 0.3, with 0.6 and 1.4 times it."""
    found = boin_boundaries(0.3, 0.18, 0.42)
    assert found == pytest.approx((0.236, 0.358), abs=6e-4)


@pytest.mark.parametrize("target", [0.15, 0.2, 0.25, 0.3, 0.4])
def test_at_its_boundaries_neighbouring_hypotheses_are_equally_likely(target: float) -> None:
    """They are where the likelihood of the target equals that of phi1, and of phi2, per subject."""

    def log_likelihood(p: float, rate: float) -> float:
        return rate * math.log(p) + (1 - rate) * math.log(1 - p)

    phi1, phi2 = 0.6 * target, 1.4 * target
    for boundary, phi in zip(boin_boundaries(target, phi1, phi2), (phi1, phi2), strict=True):
        found = log_likelihood(target, boundary) - log_likelihood(phi, boundary)
        assert found == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("x", "n", "decision"),
    [
        (0, 3, "escalate"), (2, 3, "de-escalate"), (1, 6, "escalate"), (2, 9, "escalate"),
        (3, 3, "eliminate"), (3, 12, "stay"), (4, 15, "stay"), (5, 18, "stay"),
    ],
)  # fmt: skip
def test_the_published_trial_example(x: int, n: int, decision: str) -> None:
    """The course of the example of Han et al. (2019), page 25, which the tests of the R package
    escalation quote: 3 levels up to 2 of 3 at level 3, back to 1 of 6 at level 2, 2 of 9 at level
    3, 3 of 3 at level 4, then 3 of 12, 4 of 15 and 5 of 18 at level 3, where it stays."""
    assert boin_decision(x, n, BOIN, THIRTY) == decision


def test_the_table_of_boin_for_cohorts_of_three() -> None:
    """DLTs that escalate, de-escalate and eliminate, from rates and the posterior by integration;
    recomputed, not quoted."""
    for n in range(1, 31):
        row = [boin_decision(x, n, BOIN, THIRTY) for x in range(n + 1)]
        rates = [x / n for x in range(n + 1)]
        out = [n >= 3 and mass(x, n, 0.3, 1) > 0.95 for x in range(n + 1)]
        expected = (
            max(x for x, rate in enumerate(rates) if rate <= BOIN[0]),
            min(x for x, rate in enumerate(rates) if rate >= BOIN[1]),
            out.index(True) if True in out else math.nan,
        )
        assert decision_boundaries(row) == pytest.approx(expected, nan_ok=True)


# --- mTPI-2 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "n", "decision"),
    [
        (0, 3, "escalate"), (1, 3, "stay"), (2, 3, "de-escalate"), (3, 3, "eliminate"),
        (0, 6, "escalate"), (1, 6, "escalate"), (2, 6, "stay"),
    ],
)  # fmt: skip
def test_the_decisions_of_the_published_figure(x: int, n: int, decision: str) -> None:
    """Figure 3 of Guo et al. (2017), target 0.3, as the tests of the R package escalation read it.

    They tell apart escalation, none and exclusion; that 2 of 3 de-escalates follows from the
    intervals."""
    assert mtpi2_decision(x, n, HALF, THIRTY) == decision


@pytest.mark.parametrize("target", [0.2, 0.3, 0.25])
@pytest.mark.parametrize("n", [1, 2, 3, 5, 6, 9, 10, 14])
def test_the_interval_with_the_most_posterior_mass_decides(n: int, target: float) -> None:
    low, high = target - 0.05, target + 0.05
    steps = [0.1 * k for k in range(20)]
    below = [(max(low - s - 0.1, 0), low - s) for s in steps if low - s > 0]
    above = [(high + s, min(high + s + 0.1, 1)) for s in steps if high + s < 1]
    intervals = {
        **dict.fromkeys(below, "escalate"),
        (low, high): "stay",
        **dict.fromkeys(above, "de-escalate"),
    }
    wide = {pair: what for pair, what in intervals.items() if pair[1] - pair[0] > 1e-9}
    for x in range(n + 1):
        density = {pair: mass(x, n, *pair) / (pair[1] - pair[0]) for pair in wide}
        expected = wide[max(density, key=lambda pair: density[pair])]
        if n >= 3 and mass(x, n, target, 1) > 0.95:
            expected = "eliminate"
        assert mtpi2_decision(x, n, HALF, Elimination(target)) == expected


@given(st.integers(1, 20), st.sampled_from([0.2, 0.25, 0.3]))
@settings(max_examples=60, deadline=None)
def test_more_toxicities_never_lead_to_a_higher_dose(n: int, target: float) -> None:
    order = ["escalate", "stay", "de-escalate", "eliminate"]
    limits = boin_boundaries(target, 0.6 * target, 1.4 * target)
    rule = Elimination(target)
    for decisions in (
        [boin_decision(x, n, limits, rule) for x in range(n + 1)],
        [mtpi2_decision(x, n, HALF, rule) for x in range(n + 1)],
    ):
        places = [order.index(decision) for decision in decisions if decision]
        assert len(places) == n + 1
        assert places == sorted(places)


def test_without_an_evaluable_subject_nothing_is_decided() -> None:
    assert boin_decision(0, 0, BOIN, THIRTY) is None
    assert mtpi2_decision(0, 0, HALF, THIRTY) is None
    assert select_mtd([0, 0], [0, 0], THIRTY) is None
    assert np.isnan(isotonic_rates([0], [0])).all()


def test_a_level_is_not_eliminated_before_enough_are_evaluable() -> None:
    """Two of two: P(rate > 0.3) is 1 - 0.3 cubed, 0.973, but three have to be evaluable."""
    assert not Elimination(0.3).applies(2, 2)
    assert Elimination(0.3, minimum=2).applies(2, 2)


# --- isotonic estimate and MTD --------------------------------------------------------------------


def isotonic_by_definition(values: list[float], weights: list[float]) -> list[float]:
    """The max-min formula (Robertson, Wright and Dykstra 1988): of each level the largest over its
    lower neighbours of the smallest over its upper ones of the weighted means between."""
    size = range(len(values))

    def mean(low: int, high: int) -> float:
        w = weights[low : high + 1]
        return sum(v * m for v, m in zip(values[low : high + 1], w, strict=True)) / sum(w)

    return [max(min(mean(s, t) for t in size if t >= i) for s in size if s <= i) for i in size]


@given(LEVELS)
@settings(max_examples=150, deadline=None)
def test_the_isotonic_estimate_by_the_max_min_formula(levels: list[tuple[int, int]]) -> None:
    x, n = zip(*levels, strict=True)
    treated = [(k + 0.05, m - k + 0.05) for k, m in levels if m]
    values = [a / (a + b) for a, b in treated]
    weights = [1 / (a * b / ((a + b) ** 2 * (a + b + 1))) for a, b in treated]
    found = isotonic_rates(x, n)
    assert found[np.array(n) > 0] == pytest.approx(isotonic_by_definition(values, weights))
    assert np.isnan(found[np.array(n) == 0]).all()


def test_the_example_of_yan_and_colleagues() -> None:
    """Yan et al., J Stat Softw 2020;94(13): 0/3, 0/3, 4/15 and 4/9 at four of five levels: the MTD
    is the third, where (4 + 0.05) / (15 + 0.1) is 0.268."""
    x, n = [0, 0, 4, 4, 0], [3, 3, 15, 9, 0]
    assert select_mtd(x, n, THIRTY) == 2
    assert isotonic_rates(x, n)[:4] == pytest.approx([0.0161, 0.0161, 0.2682, 0.4451], abs=5e-5)
    assert math.isnan(isotonic_rates(x, n)[4])


def test_two_levels_that_violate_the_order_are_pooled() -> None:
    """1/3 before 0/3: rates 0.339 and 0.016, weighted by the inverse of their variances."""
    rates = (1.05 / 3.1, 0.05 / 3.1)
    weights = (3.1**2 * 4.1 / (1.05 * 2.05), 3.1**2 * 4.1 / (0.05 * 3.05))
    pooled = sum(r * w for r, w in zip(rates, weights, strict=True)) / sum(weights)
    assert isotonic_rates([1, 0], [3, 3]) == pytest.approx([pooled, pooled])


@pytest.mark.parametrize(
    ("x", "n", "mtd"),
    [
        ([0, 0], [3, 3], 1),  # equal below the target: the highest
        ([2, 2], [3, 3], 0),  # equal above it: the lowest
        ([3, 0], [3, 3], None),  # the lowest level is eliminated, and so is all above
        ([0, 3], [3, 3], 0),  # the eliminated level is left out
        ([1], [1], 0),
    ],
)
def test_ties_and_elimination(x: list[int], n: list[int], mtd: int | None) -> None:
    assert select_mtd(x, n, THIRTY) == mtd


def test_boundaries_in_another_order_are_refused() -> None:
    with pytest.raises(ValueError, match="phi1 < target < phi2"):
        boin_boundaries(0.3, 0.35, 0.42)
