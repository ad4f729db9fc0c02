"""Kaplan-Meier estimates of many samples at once, for simulation and the bootstrap.

Every cell equals that of `durable.stats.survival.kaplan_meier` on the sample alone. The work is
done on arrays of shape (samples, distinct times), without a loop over samples.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from durable.stats.beta_product import beta_product_limits, lower_limit_before_events
from durable.stats.checks import Bools, Floats, Ints, as_times, check_between_0_and_1, check_choice
from durable.stats.intervals import TRANSFORMS, Band, Interval, Transform, normal_quantile
from durable.stats.ties import NEAR, SMALLEST, TOLERANCE, Rule, exact_fraction

#: Cells worked on at once where each stands alone.
_PIECE = 8192
Numbers = npt.NDArray[Any]
Scalar = TypeVar("Scalar", bound=np.generic)
Value = TypeVar("Value", np.float64, np.int64)


@dataclass(frozen=True, eq=False)
class KaplanMeierBatch:
    """Kaplan-Meier estimates of S samples, as arrays of shape (S, K).

    Row i holds sample i at its distinct times; K is the largest number of them in any sample.
    Behind the last time of a sample its times and estimates are NaN, its counts 0.

    Attributes
    ----------
    time
        Distinct observed times, ascending.
    n_risk, n_event
        At risk just before, and events at, each time.
    survival
        Estimate from each time until the next.
    log_std_err
        Greenwood's standard error of the logarithm of the survival; NaN where the survival is 0.
    """

    time: Floats
    n_risk: Ints
    n_event: Ints
    survival: Floats
    log_std_err: Floats
    _bands: dict[tuple[float, str], Band] = field(default_factory=dict, init=False, repr=False)

    @property
    def n_censor(self) -> Ints:
        """Censored at each time, shape (S, K); 0 behind the last time of a sample."""
        at_next = np.pad(self.n_risk[:, 1:], ((0, 0), (0, 1)))
        return np.asarray(self.n_risk - at_next - self.n_event)

    @property
    def std_err(self) -> Floats:
        """Greenwood's standard error of the survival; NaN where the survival is 0."""
        return self.survival * self.log_std_err

    def confidence(self, level: float = 0.95, transform: Interval = "log-log") -> Band:
        """Pointwise lower and upper confidence limits, each of shape (S, K), read-only.

        Parameters
        ----------
        level
            Confidence level, between 0 and 1.
        transform
            As in `durable.stats.survival.KaplanMeier.confidence`.
        """
        if (level, transform) not in self._bands:
            band = self._band(level, transform)
            for limit in band:
                limit.flags.writeable = False
            self._bands[level, transform] = band
        return self._bands[level, transform]

    def quantile(
        self,
        p: float,
        level: float = 0.95,
        transform: Interval = "log-log",
        rule: Rule = "r",
    ) -> tuple[Floats, Floats, Floats]:
        """Time by which a proportion `p` has had the event, with confidence limits.

        As `durable.stats.survival.KaplanMeier.quantile`, but for one detail: under rule "sas" the
        curve counts as flat at 1 - p within 1e-9, where the single sample is compared in integers.
        Up to 11 subjects that is the same for the usual quantiles, because no other value of a
        curve lies so near; with more, one that does is an improbable accident.

        Parameters
        ----------
        p
            Proportion, between 0 and 1; 0.5 is the median.
        level, transform
            As in `confidence`.
        rule
            "r" or "sas": what is a quantile where the curve is flat at 1 - p.

        Returns
        -------
        tuple of three arrays of shape (S,)
            Estimate, lower, upper; NaN = not estimable.
        """
        check_between_0_and_1("p", p)
        check_choice("rule", rule, Rule)
        lower, upper = self.confidence(level, transform)
        if rule == "sas":
            flat = self._first_time(self.survival <= float(1 - exact_fraction(p)) + NEAR)
            left = self._first_time(self.survival < float(1 - exact_fraction(p)) - NEAR)
            estimate = (flat + left) / 2
        else:
            estimate = self._passage(self.survival, p)
        if transform == "bpcp":
            from_start = self._lower_before(level) < 1 - p
            first = np.where(from_start, 0.0, self._first_time(lower < 1 - p))
            return estimate, first, self._first_time(upper < 1 - p)
        if rule == "sas":
            return estimate, self._first_time(lower < 1 - p), self._first_time(upper < 1 - p)
        return estimate, self._passage(lower, p), self._passage(upper, p)

    def survival_at(
        self,
        times: npt.ArrayLike,
        level: float = 0.95,
        transform: Interval = "log-log",
        carry_forward: float = 0.0,
    ) -> tuple[Floats, Floats, Floats, Ints]:
        """Survival at given times, its limits, and the number at risk just before.

        Parameters
        ----------
        times
            One or more times, not negative.
        level, transform
            As in `confidence`.
        carry_forward
            A time at most this long after the last one of the sample is answered as that one.

        Returns
        -------
        tuple of four arrays of shape (S, number of times)
            Survival, lower, upper, n_risk. Survival and limits are 1 before the first time of the
            sample (by bpcp the lower limit is below it), NaN past its last.
        """
        asked = as_times("times", times)
        tolerance = _tolerance(self.time)[:, None]
        passed = np.empty((len(self.time), asked.size), dtype=np.int64)
        for column, time in enumerate(asked.tolist()):
            passed[:, column] = _count(self.time <= time + tolerance)
        latest = (passed - 1).clip(min=0)
        observed = (passed > 0) & (np.abs(self._cells(self.time, latest) - asked) <= tolerance)
        coming = passed - observed
        n_risk = self._cells(self.n_risk, coming.clip(max=self.time.shape[1] - 1))
        n_risk[coming == self._number[:, None]] = 0
        last = self._cells(self.time, (self._number - 1).clip(min=0))[:, None]
        past_last = (n_risk == 0) & ~(asked - last <= carry_forward)
        curves = (self.survival, *self.confidence(level, transform))
        columns = [self._cells(curve, latest) for curve in curves]
        for values in columns:
            values[passed == 0] = 1.0
        survival, lower, upper = columns
        if transform == "bpcp":
            lower = np.where(passed == 0, self._lower_before(level)[:, None], lower)
        for values in (survival, lower, upper):
            values[past_last] = np.nan
        return survival, lower, upper, n_risk

    def _band(self, level: float, transform: Interval) -> Band:
        check_between_0_and_1("level", level)
        check_choice("transform", transform, Interval)
        if transform != "bpcp":
            return _limits(self.survival, self.log_std_err, level, transform)
        lower, upper = beta_product_limits(self.n_risk, self.n_event, level)
        behind = np.isnan(self.time)
        return np.where(behind, np.nan, lower), np.where(behind, np.nan, upper)

    def _lower_before(self, level: float) -> Floats:
        return lower_limit_before_events(self.n_risk[:, 0], level)

    def _passage(self, survival: Floats, p: float) -> Floats:
        """Time at which each curve passes 1 - p, by R's ``findq``: see the single sample's."""
        died = 1 - survival
        if not ((died >= p - TOLERANCE) & (died <= p + TOLERANCE)).any():
            return self._first_to_reach(p, died)
        reached = self._first_to_reach(p - TOLERANCE, died)
        left = self._first_to_reach(p + TOLERANCE, died)
        ends = np.isnan(left)
        left[ends] = np.fmax.reduce(self.time[ends], axis=1)
        return np.where(_count(died >= min(p, SMALLEST)) > 0, (reached + left) / 2, np.nan)

    def _first_to_reach(self, level: float, died: Floats) -> Floats:
        """The time of the smallest value not below `level`; the first of equal ones."""
        reached = died >= level
        column = reached.argmax(axis=1)
        first = self._cells(died, column)
        if (reached & (died < first[:, None])).any():  # a confidence limit that is not monotone
            column = np.where(reached, died, np.inf).argmin(axis=1)
            first = self._cells(died, column)
        return np.where(first >= level, self._cells(self.time, column), np.nan)

    def _first_time(self, chosen: Bools) -> Floats:
        """The first chosen time of each sample; NaN if none is."""
        column = chosen.argmax(axis=1)
        return np.where(self._cells(chosen, column), self._cells(self.time, column), np.nan)

    def _cells(self, values: npt.NDArray[Scalar], column: Ints) -> npt.NDArray[Scalar]:
        """One cell of each row, or several: `column` of shape (S,) or (S, n)."""
        start = self._row_starts if column.ndim == 1 else self._row_starts[:, None]
        return values.take(start + column)

    @cached_property
    def _number(self) -> Ints:
        """Number of distinct times of each sample."""
        return _count(self.n_risk > 0)

    @cached_property
    def _row_starts(self) -> Ints:
        return np.asarray(np.arange(len(self.time)) * self.time.shape[1])


def kaplan_meier_batch(
    time: npt.ArrayLike, event: npt.ArrayLike, size: npt.ArrayLike | None = None
) -> KaplanMeierBatch:
    """Kaplan-Meier estimate of every row of an array.

    Parameters
    ----------
    time
        Follow-up times, finite and not negative, shape (samples, subjects). Samples with fewer
        subjects are filled with NaN, or `size` tells their number. Times of one sample that differ
        by rounding alone are one time, as in `durable.stats.survival.kaplan_meier`. Times of an
        integer type (days) are counted instead of sorted where that is less work.
    event
        True or 1 where the time is an event, False or 0 where it is censored, of the same shape.
    size
        Number of subjects of each sample, in its first columns; shape (samples,).

    Raises
    ------
    ValueError
        Naming the first offending position (from 0): a missing, infinite or negative time, an
        event that is not 0/1/False/True, an event without a time, or unequal shapes.

    Examples
    --------
    >>> kaplan_meier_batch([[1, 2, 3, 4], [2, 2, 5, 9]], [[1, 1, 1, 1], [1, 0, 1, 0]]).survival
    array([[0.75 , 0.5  , 0.25 , 0.   ],
           [0.75 , 0.375, 0.375,   nan]])
    """
    times, events, used = _check_samples(time, event, size)
    if times.dtype.kind in "iu" and times.max(initial=0) < times.shape[1]:
        return _estimate(*_count_days(times, events, used))
    unused_last = times if used.all() else np.where(used, times, np.inf)
    return _estimate(*_count_sorted(unused_last.astype(np.float64, copy=False), events))


def _check_samples(
    time: npt.ArrayLike, event: npt.ArrayLike, size: npt.ArrayLike | None
) -> tuple[Numbers, Bools, Bools]:
    """Times, events, and which cells hold a subject."""
    times, codes = np.asarray(time), np.asarray(event)
    if times.ndim != 2 or codes.shape != times.shape:
        raise ValueError(
            f"time, event: shapes {times.shape}, {codes.shape}; expected both (samples, subjects)"
        )
    if times.dtype.kind not in "iuf" or codes.dtype.kind not in "biuf":
        raise ValueError(f"time, event: {times.dtype}, {codes.dtype} are not numbers")
    if not times.shape[1]:  # one column that holds nobody, so that every row has a first cell
        times, codes = np.full((len(times), 1), np.nan), np.zeros((len(times), 1))
    used = ~np.isnan(times)
    if size is not None:
        sizes = np.asarray(size)
        if sizes.shape != times.shape[:1] or (sizes > times.shape[1]).any() or (sizes < 0).any():
            raise ValueError(f"size: not {len(times)} numbers from 0 to {times.shape[1]}")
        used = np.arange(times.shape[1]) < sizes[:, None]
    events = codes == 1
    _refuse(
        used & ~((times >= 0) & (times < np.inf)), "time", times, "missing, infinite or negative"
    )
    _refuse(used & ~events & (codes != 0), "event", codes, "not 0, 1, False or True")
    _refuse(events & ~used, "event", codes, "without a time")
    return times, events, used


def _refuse(bad: Bools, name: str, values: Numbers, why: str) -> None:
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(f"{name}[{row}, {column}]: {values[row, column]!s} is {why}")


def _count_days(times: Numbers, events: Bools, used: Bools) -> tuple[Floats, Ints, Ints]:
    """Distinct times, exits and events at each; from integer times, without sorting."""
    samples, days = len(times), int(times[used].max(initial=0)) + 1
    cell = np.arange(samples)[:, None] * days + times
    n_exit = np.bincount(cell[used], minlength=samples * days).reshape(samples, days)
    n_event = np.bincount(cell[events], minlength=samples * days).reshape(samples, days)
    present = n_exit > 0
    day = np.broadcast_to(np.arange(days, dtype=np.float64), present.shape)
    return _pack_left(present, day), _pack_left(present, n_exit), _pack_left(present, n_event)


def _count_sorted(times: Floats, events: Bools) -> tuple[Floats, Ints, Ints]:
    """Distinct times, exits and events at each; `times` are infinite in unused cells."""
    # The bits of non-negative floats sort as the floats do: the censoring is marked in a bit behind
    # them, and one sort carries both.
    key = np.ascontiguousarray(times).view(np.uint64) << np.uint64(1)
    key |= ~events
    key.sort(axis=1)
    event = (key & np.uint64(1)) == 0
    key >>= np.uint64(1)
    time = key.view(np.float64)
    filled = time < np.inf
    if not filled.all():
        time[~filled] = np.nan
    starts = filled & _differs(time)
    n_exit, n_event = filled.astype(np.int64), event.astype(np.int64)
    tied = np.flatnonzero(_count(starts != filled))
    if tied.size:
        merged = _merge_ties(time[tied], starts[tied], filled[tied], event[tied])
        time[tied], n_exit[tied], n_event[tied] = merged
    if n_exit[:, -1].any():
        return time, n_exit, n_event
    kept = slice(max(int(n_exit.any(axis=0).sum()), 1))
    return time[:, kept].copy(), n_exit[:, kept].copy(), n_event[:, kept].copy()


def _merge_ties(
    time: Floats, starts: Bools, filled: Bools, event: Bools
) -> tuple[Floats, Ints, Ints]:
    """Distinct times, exits and events at each, in arrays as wide as given."""
    cell = np.arange(len(time))[:, None] * time.shape[1] + starts.cumsum(axis=1) - 1
    distinct = np.full(time.size, np.nan)
    distinct[cell[starts]] = time[starts]
    n_exit, n_event = (
        np.bincount(cell[chosen], minlength=time.size).reshape(time.shape)
        for chosen in (filled, event)
    )
    return distinct.reshape(time.shape), n_exit, n_event


def _differs(time: Floats) -> Bools:
    """Whether each sorted time differs from the one before by more than rounding."""
    differs = np.ones(time.shape, dtype=np.bool_)
    gap = np.diff(time, axis=1)
    differs[:, 1:] = gap > 0
    widest = TOLERANCE * max(1.0, np.fmax.reduce(time, axis=None, initial=1.0))
    if (differs[:, 1:] & (gap <= widest)).any():
        differs[:, 1:] = gap > _tolerance(np.where(differs, time, np.nan))[:, None]
    return differs


def _tolerance(distinct: Floats) -> Floats:
    """R's ``aeqSurv``: relative to the mean of a sample's distinct times, if that is above 1."""
    known = ~np.isnan(distinct)
    total = np.fmax(distinct, 0.0) @ np.ones(distinct.shape[1])  # fmax: NaN counts as 0
    return np.asarray(TOLERANCE * (total / _count(known).clip(min=1)).clip(min=1))


def _count(chosen: Bools) -> Ints:
    """How many cells of each row are chosen; by a product, faster here than `count_nonzero`."""
    with np.errstate(invalid="ignore"):  # flagged at times by what a kernel reads beside a row
        number = chosen.astype(np.float32) @ np.ones(chosen.shape[1], np.float32)
    return number.astype(np.int64)


def _pack_left(keep: Bools, values: npt.NDArray[Value]) -> npt.NDArray[Value]:
    """Move the kept cells of each row to its left; NaN or 0 behind them."""
    number = _count(keep)
    packed = np.zeros((len(values), max(number.max(initial=0), 1)), dtype=values.dtype)
    inside = np.arange(packed.shape[1]) < number[:, None]
    packed[inside] = values[keep]
    if packed.dtype.kind == "f":
        packed[~inside] = np.nan
    return packed


def _estimate(time: Floats, n_exit: Ints, n_event: Ints) -> KaplanMeierBatch:
    """Product-limit estimate and Greenwood's variance, in the order of operations of R.

    In few arrays: getting new memory takes longer than the arithmetic. `n_exit` is used up.
    """
    gone = _accumulate(np.add, n_exit)
    n_risk = np.empty_like(gone)
    n_risk[:, 0] = gone[:, -1]
    np.subtract(gone[:, -1:], gone[:, :-1], out=n_risk[:, 1:])
    at_risk = gone.view(np.float64)
    np.copyto(at_risk, n_risk)
    survival = at_risk - n_event
    died = survival == 0
    variance = at_risk * survival
    with np.errstate(divide="ignore", invalid="ignore"):  # survival 0; behind the last time
        survival /= at_risk
        _accumulate(np.multiply, survival)
        np.divide(n_event, variance, out=variance)
        log_std_err = np.sqrt(_accumulate(np.add, variance), out=variance)
    log_std_err[died] = np.nan
    return KaplanMeierBatch(time, n_risk, n_event, survival, log_std_err)


def _accumulate(operation: np.ufunc, values: npt.NDArray[Value]) -> npt.NDArray[Value]:
    """Running sum or product along the rows, in place."""
    samples, times = values.shape
    if times > samples:
        return np.asarray(operation.accumulate(values, axis=1, out=values))
    for column in range(1, times):  # less than half the time of `accumulate` where rows are short
        operation(values[:, column - 1], values[:, column], out=values[:, column])
    return values


def _limits(survival: Floats, log_std_err: Floats, level: float, transform: Transform) -> Band:
    """Pointwise limits, in pieces that stay in the processor's cache."""
    lower, upper = np.empty(survival.shape), np.empty(survival.shape)
    arrays = [array.reshape(-1) for array in (survival, log_std_err, lower, upper)]
    z = normal_quantile(level)
    with np.errstate(all="ignore"):
        for start in range(0, survival.size, _PIECE):
            known, error, low, high = (array[start : start + _PIECE] for array in arrays)
            limits = TRANSFORMS[transform](known, error, z)
            limits[0].clip(0, 1, out=low)
            limits[1].clip(0, 1, out=high)
    return lower, upper
