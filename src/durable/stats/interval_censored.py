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
from itertools import pairwise
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
from durable.stats.interval_likelihood import Intervals
from durable.stats.ties import Rule, merge_equal

#: Default number of bootstrap replicates, and the seed of their random numbers.
REPLICATES = 1000
SEED = 20240607
#: Subjects of the bootstrap samples that are drawn at once, for their memory.
_AT_ONCE = 1_000_000
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
        Coded bounds of each subject, shape (n,): see `_code_bounds`.
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
        """The regions: left, right, probability, survival (after the region; NaN if unbounded)."""
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

    def survival_at(
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
            time (in the order asked), lowest, highest, lower, upper. Lowest and highest survival
            differ if the time lies inside a region. The limits are percentiles over samples of
            subjects drawn with replacement, of the lowest for `lower`, of the highest for `upper`;
            one followed for less time counts with its last value. NaN past the last finite bound.
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
        drawn = _quantile(_bootstrap(self, replicates, seed), p, rule)
        ((earliest, latest),) = _quantile(self._regions, p, rule).tolist()
        return IntervalQuantile(earliest, latest, *_percentiles(drawn, level))

    @property
    def _regions(self) -> _Regions:
        return _Regions(self.left[None], self.right[None], self.probability[None], self.values[-1:])

    def _range_at(
        self, time: float, level: float, replicates: int, seed: int
    ) -> tuple[float, float, float, float]:
        if not self.values.size or time > self.values[-1]:
            return np.nan, np.nan, np.nan, np.nan
        drawn = _survival(_bootstrap(self, replicates, seed), time)
        ((lowest, highest),) = _survival(self._regions, time).tolist()
        return lowest, highest, *_percentiles(drawn, level)


class _Regions(NamedTuple):
    """Estimates from several samples, a row each.

    Rows are filled up with regions without an end and without probability.
    """

    left: Floats
    right: Floats
    probability: Floats
    last: Floats
    """Last finite bound of each sample."""


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
    values, start, end = _code_bounds(first, last)
    (begins, ends), _, weight = _distinct(start, end)
    left, right, probability = _fit_regions(
        begins, ends, weight, np.array([0, 3 * values.size + 3])
    )
    bounds = np.append(values, np.inf)
    return Turnbull(bounds[left // 3], bounds[right // 3], probability, start, end, values)


def _code_bounds(lower: Floats, upper: Floats) -> tuple[Floats, Ints, Ints]:
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


def _fit_regions(start: Ints, end: Ints, weight: Ints, borders: Ints) -> tuple[Ints, Ints, Floats]:
    """Turnbull's regions and their probabilities, from distinct coded intervals.

    Of several samples of the same size, one after another: `borders`, ascending, are the codes at
    which each begins, and the end of the last.
    """
    left, right = _region_codes(start, end)
    # An interval holds the regions that do not start before it and do not end after it.
    first, after_last = np.searchsorted(left, start), np.searchsorted(right, end, side="right")
    # To the likelihood, intervals of the same regions are one interval.
    held, interval = np.unique(first * (left.size + 1) + after_last, return_inverse=True)
    first, after_last = np.divmod(held, left.size + 1)
    subjects = weight.sum() // (borders.size - 1)
    share = np.bincount(interval, weight) / subjects
    regions = np.searchsorted(left, borders)
    rows = np.searchsorted(first, regions)
    probability, known = np.empty(left.size), dict[bytes, Floats]()
    for (begin, stop), (i, j) in zip(pairwise(regions), pairwise(rows), strict=True):
        sample = Intervals(first[i:j] - begin, after_last[i:j] - begin, share[i:j], stop - begin)
        # Many samples of few subjects differ in the bounds of their intervals only.
        key = b"".join(column.tobytes() for column in sample[:3])
        if key not in known:
            known[key] = sample.maximum_likelihood()
        probability[begin:stop] = known[key]
    return left, right, probability


def _region_codes(start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Turnbull's regions: from a start to the next bound, where that is an end."""
    codes = np.unique(np.concatenate([start, end]))
    is_end = codes % 3 == 1
    first = np.flatnonzero(~is_end[:-1] & is_end[1:])
    return codes[first], codes[first + 1]


@lru_cache(maxsize=4)
def _bootstrap(estimate: Turnbull, replicates: int, seed: int) -> _Regions:
    """Estimates from samples of the subjects drawn with replacement."""
    random = np.random.default_rng(seed)
    intervals, drawn_rows, _ = _distinct(estimate.start, estimate.end)
    at_once = max(1, _AT_ONCE // drawn_rows.size)
    parts = []
    for done in range(0, replicates, at_once):
        shape = min(at_once, replicates - done), drawn_rows.size
        drawn = drawn_rows[random.integers(drawn_rows.size, size=shape)]
        parts.append(_fit_resamples(estimate.values, intervals, drawn))
    left, right, probability, size, last = map(np.concatenate, zip(*parts, strict=True))
    held = np.arange(size.max()) < size[:, None]
    regions = _Regions(
        np.full(held.shape, np.inf), np.full(held.shape, np.inf), np.zeros(held.shape), last
    )
    regions.left[held], regions.right[held], regions.probability[held] = left, right, probability
    return regions


def _fit_resamples(
    values: Floats, intervals: Ints, drawn: Ints
) -> tuple[Floats, Floats, Floats, Ints, Floats]:
    """Regions of samples, one after another: left, right, probability; number and last bound.

    `drawn` is a row a sample: which of the coded `intervals` each of its subjects has.
    """
    samples, span = np.arange(len(drawn)), 3 * values.size + 3
    n_intervals = intervals.shape[1]
    each = (drawn + n_intervals * samples[:, None]).ravel()
    count = np.bincount(each, minlength=n_intervals * samples.size)
    sample, interval = np.divmod(np.flatnonzero(count), n_intervals)
    start, end = intervals[:, interval]
    # The samples lie on one axis, end to end.
    borders = span * np.append(samples, samples.size)
    left, right, probability = _fit_regions(
        start + borders[sample], end + borders[sample], count[count > 0], borders
    )
    bounds = np.append(values, np.inf)
    last = np.zeros(samples.size)
    np.maximum.at(last, sample, bounds[np.where(end // 3 < values.size, end, start) // 3])
    size = np.bincount(left // span)
    return bounds[left % span // 3], bounds[right % span // 3], probability, size, last


def _survival(regions: _Regions, time: float) -> Floats:
    """Lowest and highest survival at a time, shape (samples, 2)."""
    over = regions.right <= time
    begun = over | ((regions.left < time) & np.isfinite(regions.right))
    gone = np.stack([begun, over], axis=-1) * regions.probability[..., None]
    return np.asarray((1 - gone.sum(axis=1)).round(_DIGITS).clip(min=0))


def _quantile(regions: _Regions, p: float, rule: str) -> Floats:
    """Earliest and latest quantile, NaN if not reached, shape (samples, 2)."""
    died = np.where(np.isfinite(regions.right), regions.probability, 0).cumsum(axis=1)
    reached, left = ((died <= x).sum(axis=1) for x in (max(p - _FLAT, 0.0), p + _FLAT))
    never_reached = (reached if rule == "r" else left) == died.shape[1]
    rows = np.arange(len(died))
    ends = (np.column_stack([ends, regions.last]) for ends in (regions.left, regions.right))
    pairs = np.column_stack([(e[rows, reached] + e[rows, left]) / 2 for e in ends])
    pairs[never_reached] = np.nan
    return pairs


def _percentiles(drawn: Floats, level: float) -> tuple[float, float]:
    """Percentile limits from pairs (earliest, latest) or (lowest, highest); NaN is infinite."""
    tail = (1 - level) / 2
    pairs = np.where(np.isnan(drawn), np.inf, drawn)
    lower = np.quantile(pairs[:, 0], tail, method="inverted_cdf")
    upper = np.quantile(pairs[:, 1], 1 - tail, method="inverted_cdf")
    return _finite(lower), _finite(upper)


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else np.nan
