"""Turnbull's estimate of survival from interval-censored times.

Recurrence is seen at visits only: it lies after the last visit without and not after the first
visit with it, in (lower, upper]. Turnbull, J R Stat Soc B 1976;38:290; with half-open intervals,
exact and right-censored times alone give the Kaplan-Meier estimate. Fitted by Wang's constrained
Newton method (J R Stat Soc B 2007;69:185) to the maximum of the likelihood: R ``survfit`` and
lifelines stop before, and the latter's probabilities need not add to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.stats.checks import (
    Floats,
    Ints,
    as_floats,
    as_times,
    check_between_0_and_1,
    check_choice,
    check_lengths,
    refuse,
)
from durable.stats.ties import Rule, merge_equal

#: Default number of bootstrap replicates, and the seed of their random numbers.
REPLICATES = 1000
SEED = 20240607
#: Stop when no probability moved elsewhere raises the mean log-likelihood faster than this.
_GAP = 1e-10
_MAX_STEPS = 500
#: Rounding of the mean log-likelihood, which near the maximum is more than its rise.
_LOG_ROUNDING = 1e-14
#: A curve this near to a quantile's level is flat at it: the fit is an iteration, not a quotient.
_FLAT = 1e-6
#: Digits of survival that do not depend on the machine's linear algebra.
_DIGITS = 10


class IntervalQuantile(NamedTuple):
    """A quantile known up to a region, with its confidence limits; NaN = not estimable."""

    earliest: float
    """The quantile if each region's probability lay at the region's left end."""
    latest: float
    """The same for the right ends."""
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class Turnbull:
    """Turnbull's estimate: probabilities of disjoint regions (left, right].

    The likelihood does not say where in a region its probability lies. A region with left = right
    is a time seen exactly; the last one may be unbounded (right = inf) and is never used up.

    Attributes
    ----------
    left, right, probability
        Of each region, ascending, shape (m,).
    start, end
        Coded bounds of each subject, shape (n,): see `_coded`.
    values
        Distinct finite bounds, ascending.
    """

    left: Floats
    right: Floats
    probability: Floats
    start: Ints
    end: Ints
    values: Floats

    @property
    def curve(self) -> pd.DataFrame:
        """The regions: left, right, probability, survival (after the region)."""
        survival = (1 - self.probability.cumsum()).clip(0, 1)
        survival[np.isinf(self.right)] = np.nan
        return pd.DataFrame(
            {
                "left": self.left,
                "right": self.right,
                "probability": self.probability,
                "survival": survival,
            }
        )

    def at(
        self,
        times: npt.ArrayLike,
        level: float = 0.95,
        replicates: int = REPLICATES,
        seed: int = SEED,
    ) -> pd.DataFrame:
        """Survival at given times, as the range that the data leave open.

        Parameters
        ----------
        times
            One or more times, not negative.
        level
            Confidence level, between 0 and 1.
        replicates, seed
            Of the bootstrap.

        Returns
        -------
        DataFrame
            time, lowest, highest, lower, upper. Lowest and highest survival differ if the time lies
            inside a region. The limits are percentiles over samples of subjects drawn with
            replacement, of the lowest for `lower`, of the highest for `upper`; one followed for
            less time counts with its last value. NaN past the last finite bound.
        """
        check_between_0_and_1("level", level)
        asked = as_times("times", times)
        rows = [self._range_at(time, level, replicates, seed) for time in asked.tolist()]
        table = pd.DataFrame(rows, columns=["lowest", "highest", "lower", "upper"], dtype=float)
        table.insert(0, "time", asked)
        return table

    def quantile(
        self,
        p: float,
        level: float = 0.95,
        rule: Rule = "r",
        replicates: int = REPLICATES,
        seed: int = SEED,
    ) -> IntervalQuantile:
        """Time by which a proportion `p` has had the event, as the range that the data leave open.

        Where the curve is flat at 1 - p, the midpoint of the flat part as for Kaplan-Meier.

        Parameters
        ----------
        p
            Proportion, between 0 and 1; 0.5 is the median.
        level
            Confidence level of the percentile bootstrap: of the earliest for `lower`, of the
            latest for `upper`. Samples in which the quantile is not reached count as later than any
            other, so that a limit may be not estimable.
        rule
            For a flat part that ends the curve: "r" midpoint to the last finite bound, "sas" none.
        replicates, seed
            Of the bootstrap.
        """
        check_between_0_and_1("p", p)
        check_between_0_and_1("level", level)
        check_choice("rule", rule, Rule)
        if not self.start.size:
            return IntervalQuantile(np.nan, np.nan, np.nan, np.nan)
        regions = _bootstrap(self, replicates, seed)
        drawn = np.array([_quantile(region, p, rule) for region in regions])
        lower, upper = _percentiles(drawn, level)
        return IntervalQuantile(*_quantile(self._regions, p, rule), lower, upper)

    @property
    def _regions(self) -> _Regions:
        return _Regions(self.left, self.right, self.probability, float(self.values[-1]))

    def _range_at(
        self, time: float, level: float, replicates: int, seed: int
    ) -> tuple[float, float, float, float]:
        if not self.values.size or time > self.values[-1]:
            return np.nan, np.nan, np.nan, np.nan
        drawn = np.array([_survival(r, time) for r in _bootstrap(self, replicates, seed)])
        return *_survival(self._regions, time), *_percentiles(drawn, level)


class _Regions(NamedTuple):
    left: Floats
    right: Floats
    probability: Floats
    last: float
    """Last finite bound."""


def turnbull(lower: npt.ArrayLike, upper: npt.ArrayLike) -> Turnbull:
    """Turnbull's nonparametric maximum likelihood estimate.

    Parameters
    ----------
    lower
        Last time known without the event, finite and not negative, shape (n,).
    upper
        First time known with it, shape (n,): not before `lower`; equal to it for a time seen
        exactly; infinite if right-censored. Times that differ by rounding alone are one time, as in
        `durable.stats.survival.kaplan_meier`.

    Raises
    ------
    ValueError
        Naming the first offending position (from 0).

    Examples
    --------
    >>> turnbull([0, 1, 2], [2, 3, 4]).curve[["left", "right"]].to_numpy().tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    first, last = as_times("lower", lower), as_floats("upper", upper)
    check_lengths({"lower": first, "upper": last})
    refuse(~(last >= first), "upper", last, "missing or before lower")
    values, start, end = _coded(first, last)
    (begins, ends), _, weight = _distinct(start, end)
    left, right, probability = _fitted(begins, ends, weight)
    bounds = np.append(values, np.inf)
    return Turnbull(bounds[left // 3], bounds[right // 3], probability, start, end, values)


def _coded(lower: Floats, upper: Floats) -> tuple[Floats, Ints, Ints]:
    """Distinct finite bounds, and each subject's bounds as whole numbers.

    An exact time v starts at 3 rank(v), any interval ends at 3 rank(v) + 1, and an interval open
    at v starts at 3 rank(v) + 2: as closed intervals of codes, these overlap just when the
    half-open intervals of times do.
    """
    bounded = np.isfinite(upper)
    values, rank, _ = merge_equal(np.concatenate([lower, upper[bounded]]))
    first, last = rank[: lower.size], np.full(upper.size, values.size)
    last[bounded] = rank[lower.size :]
    return values, 3 * first + np.where(first == last, 0, 2), 3 * last + 1


def _distinct(start: Ints, end: Ints) -> tuple[Ints, Ints, Ints]:
    """The distinct intervals (2 rows: starts, ends), each subject's among them, their counts."""
    pairs, which, count = np.unique(
        np.column_stack([start, end]), axis=0, return_inverse=True, return_counts=True
    )
    return pairs.T, which.ravel(), count


def _fitted(start: Ints, end: Ints, weight: Ints) -> tuple[Ints, Ints, Floats]:
    """Turnbull's regions and their probabilities, from distinct coded intervals."""
    left, right = _region_codes(start, end)
    # An interval holds the regions that do not start before it and do not end after it.
    first, past = np.searchsorted(left, start), np.searchsorted(right, end, side="right")
    intervals = _Intervals(first, past, weight / weight.sum(), left.size)
    return left, right, intervals.maximum_likelihood()


def _region_codes(start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Turnbull's regions: from a start to the next bound, where that is an end."""
    codes = np.unique(np.concatenate([start, end]))
    is_end = codes % 3 == 1
    first = np.flatnonzero(~is_end[:-1] & is_end[1:])
    return codes[first], codes[first + 1]


class _Intervals(NamedTuple):
    """Distinct intervals, each by the regions in it, and Wang's method of fitting these.

    Sums over the regions of an interval, and over the intervals of a region, are differences of
    cumulative sums.
    """

    first: Ints
    """First region of each interval, shape (n,); n >= 0."""
    past: Ints
    """The region after its last."""
    weight: Floats
    """Share of the subjects with it."""
    n_regions: int

    def maximum_likelihood(self) -> Floats:
        """Probabilities of the regions.

        The gradient shows the distance to the maximum: by concavity, the mean log-likelihood is no
        further from it than the largest gain of moving probability to a region.
        """
        held = self._start()
        p = np.zeros(self.n_regions)
        p[held] = 1 / max(len(held), 1)
        for _ in range(_MAX_STEPS):
            likelihood = self._likelihood(p)
            gain = self._gain(likelihood)
            if gain.max(initial=0) <= _GAP:
                return p
            aim = self._newton(p, likelihood, gain)
            p = self._towards(aim, p, float(gain @ (aim - p)), likelihood)
        raise ArithmeticError("Turnbull's estimate did not converge")

    def _start(self) -> list[int]:
        """As few regions as can be so that each interval holds one."""
        nearest = np.full(self.n_regions + 1, self.n_regions + 1)
        np.minimum.at(nearest, self.first, self.past)
        # The end of the interval that ends first, of those that begin at a region or after it.
        ends = np.minimum.accumulate(nearest[::-1])[::-1].tolist()
        held, at = [], 0
        while (end := ends[at]) <= self.n_regions:
            held.append(end - 1)
            at = end
        return held

    def _likelihood(self, p: Floats) -> Floats:
        """Probability of each interval."""
        sums = np.zeros(p.size + 1)
        p.cumsum(out=sums[1:])
        return np.asarray(sums[self.past] - sums[self.first])

    def _gain(self, likelihood: Floats) -> Floats:
        """Rise of the mean log-likelihood with probability taken from all to one region."""
        share, length = self.weight / likelihood, self.n_regions + 1
        change = np.bincount(self.first, share, length) - np.bincount(self.past, share, length)
        return np.asarray(change[:-1].cumsum() - 1)

    def _newton(self, p: Floats, likelihood: Floats, gain: Floats) -> Floats:
        """Probabilities at which the quadratic approximation is higher than at `p`.

        With r = 1 / likelihood where a region is in an interval and 0 elsewhere, they are weighted
        least squares of (r - 2) p, none negative, with one more row that makes them add to 1.
        """
        taking = _taking_part(p, gain)
        squares, sums = self._squares(taking, likelihood), gain[taking] + 1
        squares += 5 - 2 * (sums[:, None] + sums)
        found = _least_at_once(squares)
        # Scaled to a sum of 1, the sum of the squares becomes (1 - sum) / sum; at `p` it is 1.
        if found.sum() <= 0.5:
            found = _least_in_turn(squares, p[taking] / 2)
        aim = np.zeros(self.n_regions)
        aim[taking] = found / found.sum()
        return aim

    def _squares(self, taking: Ints, likelihood: Floats) -> Floats:
        """Sums over the intervals that hold both of two regions of 1 / likelihood squared.

        Only those of a region and one that is not before it.
        """
        size = taking.size + 1
        first, past = taking.searchsorted(self.first), taking.searchsorted(self.past)
        each = np.bincount(first * size + past, self.weight / likelihood**2, size * size)
        # Those that begin at the one or before it, and end after the other.
        return each.reshape(size, size).cumsum(axis=0)[:-1, :0:-1].cumsum(axis=1)[:, ::-1]

    def _towards(self, aim: Floats, p: Floats, slope: float, likelihood: Floats) -> Floats:
        """A step to other probabilities, halved until the mean log-likelihood rises with it."""
        length = 1.0
        with np.errstate(divide="ignore"):
            least = self.weight @ np.log(likelihood) - _LOG_ROUNDING
            while True:
                reached = (1 - length) * p + length * aim
                rise = self.weight @ np.log(self._likelihood(reached)) - least
                if rise >= length * slope / 3:
                    return reached
                length /= 2


def _least_at_once(squares: Floats) -> Floats:
    """The x with least x' S x - 2 sum(x) once all that becomes negative is left out."""
    free, found = np.arange(len(squares)), np.zeros(len(squares))
    while (wanted := _solved(squares)).min() < 0:
        stays = np.flatnonzero(wanted > 0)
        free, squares = free[stays], squares[np.ix_(stays, stays)]
    found[free] = wanted
    return found


def _least_in_turn(squares: Floats, x: Floats) -> Floats:
    """From x, none negative, to one with less x' S x - 2 sum(x).

    The inner loop of Lawson & Hanson, Solving Least Squares Problems, 1974, chapter 23: what
    becomes negative is left out where it reaches 0, on a way on which the sum gets less.
    """
    free, found = np.arange(x.size), np.zeros(x.size)
    while (wanted := _solved(squares[np.ix_(free, free)])).min() < 0:
        below = np.flatnonzero(wanted < 0)
        way = x[below] / (x[below] - wanted[below])
        x = x + way.min() * (wanted - x)
        first = below[way == way.min()]
        free, x = np.delete(free, first), np.delete(x, first)
    found[free] = wanted
    return found


def _solved(squares: Floats) -> Floats:
    """The x with S x = 1, by the upper triangle of S; where rounding makes it singular, near it."""
    from scipy.linalg.lapack import dposv

    unit, ones = np.eye(len(squares)), np.ones(len(squares))
    for aside in np.array([0, 1e-12, 1e-9, 1e-6]) * np.trace(squares):
        _, x, singular = dposv(squares + aside * unit, ones)
        if not singular:
            return np.asarray(x)
    raise ArithmeticError("Turnbull's estimate: a step has no solution")


def _taking_part(p: Floats, gain: Floats) -> Ints:
    """Regions that a step is about: with probability, or of the largest gain between two of these.

    They are few, where the regions are many.
    """
    has = p > 0
    if has.all():
        return np.arange(p.size)
    # Odd where a region has probability, even in the gap before it.
    place = 2 * has.cumsum() - has
    last = np.flatnonzero(np.append(place[1:] > place[:-1], True))
    best = np.lexsort((gain, place))[last]
    return best[has[best] | (gain[best] > 0)]


@lru_cache(maxsize=4)
def _bootstrap(estimate: Turnbull, replicates: int, seed: int) -> list[_Regions]:
    """Estimates from samples of the subjects drawn with replacement."""
    random = np.random.default_rng(seed)
    pairs, which, count = _distinct(estimate.start, estimate.end)
    bounds = np.append(estimate.values, np.inf)
    regions = []
    for _ in range(replicates):
        drawn = random.integers(which.size, size=which.size)
        weight = np.bincount(which[drawn], minlength=count.size)
        start, end = pairs[:, weight > 0]
        left, right, probability = _fitted(start, end, weight[weight > 0])
        seen = bounds[np.concatenate([start, end]) // 3]
        last = float(seen[np.isfinite(seen)].max())
        regions.append(_Regions(bounds[left // 3], bounds[right // 3], probability, last))
    return regions


def _survival(regions: _Regions, time: float) -> tuple[float, float]:
    """Lowest and highest survival at a time."""
    over = regions.right <= time
    begun = over | ((regions.left < time) & np.isfinite(regions.right))
    lowest, highest = (1 - regions.probability[gone].sum() for gone in (begun, over))
    return max(round(float(lowest), _DIGITS), 0.0), max(round(float(highest), _DIGITS), 0.0)


def _quantile(regions: _Regions, p: float, rule: str) -> tuple[float, float]:
    """Earliest and latest quantile; NaN if not reached."""
    held = (regions.probability > 0) & np.isfinite(regions.right)
    died = regions.probability[held].cumsum()
    reached, left = (np.searchsorted(died, x) for x in (p - _FLAT, p + _FLAT))
    if reached == died.size or (left == died.size and rule == "sas"):
        return np.nan, np.nan
    earliest, latest = (
        float(ends[reached] + np.append(ends, regions.last)[left]) / 2
        for ends in (regions.left[held], regions.right[held])
    )
    return earliest, latest


def _percentiles(drawn: Floats, level: float) -> tuple[float, float]:
    """Percentile limits from pairs (earliest, latest) or (lowest, highest); NaN is infinite."""
    tail = (1 - level) / 2
    pairs = np.where(np.isnan(drawn), np.inf, drawn)
    lower = np.quantile(pairs[:, 0], tail, method="inverted_cdf")
    upper = np.quantile(pairs[:, 1], 1 - tail, method="inverted_cdf")
    return _finite(lower), _finite(upper)


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else np.nan
