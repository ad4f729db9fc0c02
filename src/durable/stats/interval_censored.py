"""Turnbull's estimate of survival from interval-censored times.

Recurrence is seen at visits only: it lies after the last visit without and not after the first
visit with it, in (lower, upper]. Turnbull, J R Stat Soc B 1976;38:290; with half-open intervals,
exact and right-censored times alone give the Kaplan-Meier estimate. lifelines fits it, and Wang's
constrained Newton method (J R Stat Soc B 2007;69:185) carries the fit on to the maximum of the
likelihood: lifelines may stop before, its probabilities need not add to 1, and they are NaN where
all subjects share one region.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.stats.survival import (
    Floats,
    Ints,
    Rule,
    _as_floats,
    _as_times,
    _check_between_0_and_1,
    _check_choice,
    _check_lengths,
    _merge_equal,
    _refuse,
)

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
        _check_between_0_and_1("level", level)
        asked = _as_times("times", times)
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
        _check_between_0_and_1("p", p)
        _check_between_0_and_1("level", level)
        _check_choice("rule", rule, Rule)
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
    first, last = _as_times("lower", lower), _as_floats("upper", upper)
    _check_lengths({"lower": first, "upper": last})
    _refuse(~(last >= first), "upper", last, "missing or before lower")
    values, start, end = _coded(first, last)
    left, right = _region_codes(start, end)
    weight = np.ones(start.size)
    probability = _maximised(_inside(start, end, left, right), weight, _lifelines(start, end))
    bounds = np.append(values, np.inf)
    return Turnbull(bounds[left // 3], bounds[right // 3], probability, start, end, values)


def _coded(lower: Floats, upper: Floats) -> tuple[Floats, Ints, Ints]:
    """Distinct finite bounds, and each subject's bounds as whole numbers.

    An exact time v starts at 3 rank(v), any interval ends at 3 rank(v) + 1, and an interval open
    at v starts at 3 rank(v) + 2: as closed intervals of codes, these overlap just when the
    half-open intervals of times do. lifelines knows closed intervals only.
    """
    bounded = np.isfinite(upper)
    values, rank, _ = _merge_equal(np.concatenate([lower, upper[bounded]]))
    first, last = rank[: lower.size], np.full(upper.size, values.size)
    last[bounded] = rank[lower.size :]
    return values, 3 * first + np.where(first == last, 0, 2), 3 * last + 1


def _region_codes(start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Turnbull's regions: from a start to the next bound, where that is an end."""
    codes = np.unique(np.concatenate([start, end]))
    is_end = codes % 3 == 1
    first = np.flatnonzero(~is_end[:-1] & is_end[1:])
    return codes[first], codes[first + 1]


def _inside(start: Ints, end: Ints, left: Ints, right: Ints) -> Floats:
    """1 where a region (column) lies in a subject's interval (row)."""
    return ((start[:, None] <= left) & (right <= end[:, None])).astype(np.float64)


def _lifelines(start: Ints, end: Ints) -> Floats:
    """Probabilities of the regions by lifelines."""
    left, right = _region_codes(start, end)
    if left.size < 2:
        return np.ones(left.size)
    from lifelines import KaplanMeierFitter

    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it did not converge: `_maximised` goes on
        # Codes above 0, because its curve is made to start at (0, 1).
        fitter = KaplanMeierFitter().fit_interval_censoring(start + 3, end + 3, tol=1e-9)
    upper, lower = fitter.survival_function_.to_numpy().T
    times = fitter.survival_function_.index.to_numpy()
    first, last = np.searchsorted(times, left + 3), np.searchsorted(times, right + 3)
    return np.asarray(upper[first] - lower[last])


def _maximised(inside: Floats, weight: Floats, start: Floats) -> Floats:
    """Probabilities of the regions at the maximum of the likelihood, from any start.

    The gradient shows the distance to the maximum: by concavity, the mean log-likelihood is no
    further from it than the largest gain of moving probability to a region.
    """
    usable = np.isfinite(start).all() and (inside @ start > 0).all()
    p = start / start.sum() if usable else np.full(start.size, 1 / max(start.size, 1))
    for _ in range(_MAX_STEPS):
        ratio = inside / (inside @ p)[:, None]
        gain = weight @ ratio / weight.sum() - 1
        if gain.max(initial=0) <= _GAP:
            return p
        p = _newton_step(inside, weight, p, ratio, gain)
    raise ArithmeticError("Turnbull's estimate did not converge")


def _newton_step(inside: Floats, weight: Floats, p: Floats, ratio: Floats, gain: Floats) -> Floats:
    """One step of Wang's constrained Newton method, shortened until the likelihood rises."""
    from scipy.optimize import nnls

    # Least squares of the quadratic approximation; the last row makes the probabilities add to 1.
    rows = np.vstack([np.sqrt(weight)[:, None] * (ratio - 2), np.ones(p.size)])
    direction = nnls(rows, np.append(np.zeros(weight.size), 1.0))[0]
    direction = direction / direction.sum() - p
    slope = weight.sum() * float(gain @ direction)
    with np.errstate(divide="ignore"):
        now, length = weight @ np.log(inside @ p) - _LOG_ROUNDING * weight.sum(), 1.0
        while weight @ np.log(inside @ (p + length * direction)) < now + length * slope / 3:
            length /= 2
    return np.asarray((p + length * direction).clip(min=0))


@lru_cache(maxsize=4)
def _bootstrap(estimate: Turnbull, replicates: int, seed: int) -> list[_Regions]:
    """Estimates from samples of the subjects drawn with replacement."""
    draws = np.random.default_rng(seed).integers(
        estimate.start.size, size=(replicates, estimate.start.size)
    )
    return [_resampled(estimate, drawn) for drawn in draws]


def _resampled(estimate: Turnbull, drawn: Ints) -> _Regions:
    bounds, weight = np.unique(
        np.column_stack([estimate.start[drawn], estimate.end[drawn]]), axis=0, return_counts=True
    )
    start, end = bounds.T
    left, right = _region_codes(start, end)
    inside = _inside(start, end, left, right)
    probability = _maximised(inside, weight.astype(np.float64), np.ones(left.size))
    values = np.append(estimate.values, np.inf)
    finite = values[bounds // 3]
    last = float(finite[np.isfinite(finite)].max())
    return _Regions(values[left // 3], values[right // 3], probability, last)


def _survival(regions: _Regions, time: float) -> tuple[float, float]:
    """Lowest and highest survival at a time."""
    over = regions.right <= time
    begun = over | ((regions.left < time) & np.isfinite(regions.right))
    lowest, highest = (1 - regions.probability[gone].sum() for gone in (begun, over))
    return max(float(lowest), 0.0), max(float(highest), 0.0)


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
