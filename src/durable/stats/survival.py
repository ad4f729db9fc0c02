"""Kaplan-Meier estimate of right-censored, optionally left-truncated times.

Kaplan & Meier, JASA 1958;53:457; variance by Greenwood, 1926. The event table is that of lifelines;
the estimate is the product over its integer counts, and lifelines' own agrees to 1e-14. Quantiles,
limits at S = 0 and S = 1 and the restricted mean follow R ``survival`` (3.5) and SAS ``PROC
LIFETEST``, from which lifelines departs: docs/survival-conventions.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.stats.beta_product import beta_product_limits, lower_limit_before_events
from durable.stats.checks import (
    Bools,
    Floats,
    Ints,
    as_events,
    as_floats,
    as_times,
    check_between_0_and_1,
    check_choice,
    check_lengths,
    refuse,
)
from durable.stats.intervals import (
    TRANSFORMS,
    Band,
    Interval,
    normal_quantile,
    undefined_at_zero,
)
from durable.stats.ties import NEAR, SMALLEST, TOLERANCE, Rule, exact_fraction, merge_equal

Estimate = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class KaplanMeier:
    """A Kaplan-Meier estimate: one row per distinct observed (event or censoring) time.

    Attributes
    ----------
    time
        Distinct observed times, ascending, shape (k,).
    n_risk, n_event, n_censor
        At risk just before, events at, and censored at each time, shape (k,).
    survival
        Estimate from each time until the next, shape (k,).
    entry
        Entry times, ascending, shape (n,); ``-inf`` without left truncation.
    tolerance
        Times no further apart than this are the same time.
    """

    time: Floats
    n_risk: Ints
    n_event: Ints
    n_censor: Ints
    survival: Floats
    entry: Floats
    tolerance: float

    @property
    def n(self) -> int:
        """Number of subjects."""
        return self.entry.size

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.n_event.sum())

    def reverse(self) -> KaplanMeier:
        """The estimate of follow-up of the same subjects (`follow_up`)."""
        staying = ((self.n_risk - self.n_censor) / self.n_risk).cumprod()
        return replace(self, n_event=self.n_censor, n_censor=self.n_event, survival=staying)

    @property
    def curve(self) -> pd.DataFrame:
        """The estimate as a table: time, n_risk, n_event, n_censor, survival, std_err.

        ``std_err`` is Greenwood's standard error of the survival; NaN where the survival is 0.
        """
        with np.errstate(invalid="ignore"):
            std_err = undefined_at_zero(self.survival, self.survival * self._log_std_err)
        return pd.DataFrame(
            {
                "time": self.time,
                "n_risk": self.n_risk,
                "n_event": self.n_event,
                "n_censor": self.n_censor,
                "survival": self.survival,
                "std_err": std_err,
            }
        )

    def confidence(self, level: float = 0.95, transform: Interval = "log-log") -> pd.DataFrame:
        """Pointwise confidence limits at the curve's times, as R ``survfit(conf.type=)``.

        Parameters
        ----------
        level
            Confidence level, between 0 and 1.
        transform
            Scale on which the interval is symmetric: plain, log, log-log, logit or arcsine
            (Borgan & Liestoel, Scand J Statist 1990;17:35); or bpcp, the beta product confidence
            procedure (`durable.stats.beta_product`).

        Returns
        -------
        DataFrame
            time, lower, upper. NaN where the transform is undefined: at S = 0 always; at S = 1 for
            log-log, logit and arcsine. By bpcp every limit is defined.

        Raises
        ------
        ValueError
            For bpcp under left truncation, for which it is not defined.
        """
        lower, upper = self._band(level, transform)
        return pd.DataFrame({"time": self.time, "lower": lower, "upper": upper})

    def quantile(
        self,
        p: float,
        level: float = 0.95,
        transform: Interval = "log-log",
        rule: Rule = "r",
    ) -> Estimate:
        """Time by which a proportion `p` has had the event, with confidence limits.

        The limits invert the pointwise band (Brookmeyer & Crowley, Biometrics 1982;38:29): the
        times at which the lower and the upper limit of the survival pass 1 - p.

        Parameters
        ----------
        p
            Proportion, between 0 and 1; 0.5 is the median.
        level, transform
            As in `confidence`.
        rule
            Both take the midpoint where the curve is flat at exactly 1 - p. "r" equals R
            ``quantile(survfit)``: flat means within 1.5e-8, and a flat part that ends the curve
            reaches to the last observed time. "sas" equals SAS ``PROC LIFETEST``: flat means
            exactly (compared in integers), and a flat part that is never left has no quantile.

        Returns
        -------
        tuple of float
            Estimate, lower, upper; NaN = not estimable.
        """
        check_between_0_and_1("p", p)
        check_choice("rule", rule, Rule)
        survival = self.survival[self._is_event]
        estimate = self._quantile_sas(p) if rule == "sas" else self._passage(survival, p)
        band = self._band(level, transform)
        if transform == "bpcp":
            return estimate, *self._beta_product_times(p, level, band)
        lower, upper = (limit[self._is_event] for limit in band)
        if rule == "sas":
            return estimate, self._first_below(lower, p), self._first_below(upper, p)
        return estimate, self._passage(lower, p), self._passage(upper, p)

    def survival_at(
        self,
        times: npt.ArrayLike,
        level: float = 0.95,
        transform: Interval = "log-log",
    ) -> pd.DataFrame:
        """Survival at given times, as R ``summary(survfit, times=)``.

        Parameters
        ----------
        times
            One or more times, not negative.
        level, transform
            As in `confidence`.

        Returns
        -------
        DataFrame
            time (as asked, in the order asked), survival, lower, upper, n_risk. Before the first
            observed time the survival and its limits are 1 (by bpcp the lower limit is below it).
            Past the last one they are NaN, where R (``extend=TRUE``) and lifelines carry the curve
            on. ``n_risk`` is that of the next observed time, as in R, and 0 past the last; under
            left truncation see `n_risk_before`.
        """
        asked = as_times("times", times)
        time = self._snap(asked)
        row = np.searchsorted(self.time, time, side="right")
        next_row = np.searchsorted(self.time, time, side="left")
        band = self._band(level, transform)
        before = self._lower_before(level) if transform == "bpcp" else 1.0
        curves = zip((1.0, before, 1.0), (self.survival, *band), strict=True)
        survival, lower, upper = (
            np.where(time <= self._last_time, np.append(first, values)[row], np.nan)
            for first, values in curves
        )
        return pd.DataFrame(
            {
                "time": asked,
                "survival": survival,
                "lower": lower,
                "upper": upper,
                "n_risk": np.append(self.n_risk, 0)[next_row],
            }
        )

    #: The name by which other programs call it (docs/architecture.md, Library functions).
    at = survival_at

    def rmst(self, tau: float, level: float = 0.95) -> Estimate:
        """Restricted mean survival time: area under the curve from 0 to `tau`.

        The variance is that of the estimate (Klein & Moeschberger 2003, section 4.5), as in R
        ``print(survfit, rmean=tau)``; the limits are symmetric.

        Parameters
        ----------
        tau
            Horizon, not negative.
        level
            Confidence level, between 0 and 1.

        Returns
        -------
        tuple of float
            Estimate, lower, upper. NaN if `tau` lies past the last observed time and the curve has
            not reached 0: the area would rest on survival that nobody observed (R carries it on).
        """
        check_between_0_and_1("level", level)
        end = self._snap(as_times("tau", [tau]))[0]
        if not self.n or (end > self._last_time and self.survival[-1] > 0):
            return math.nan, math.nan, math.nan
        rows = self.time <= end
        widths = np.diff(np.concatenate([[0.0], self.time[rows], [end]]))
        areas = widths * np.append(1.0, self.survival[rows])
        area_after = areas[:0:-1].cumsum()[::-1]
        # An event that leaves nobody at risk has no area after it to be uncertain about.
        hazard_variance = np.where(self._survivors > 0, self._greenwood, 0.0)[rows]
        half = normal_quantile(level) * math.sqrt(np.sum(area_after**2 * hazard_variance))
        mean = float(areas.sum())
        return mean, mean - half, mean + half

    def n_risk_before(self, times: npt.ArrayLike) -> Ints:
        """Number at risk just before given times: entered before, no event or censoring yet.

        Parameters
        ----------
        times
            One or more times, not negative.
        """
        time = self._snap(as_times("times", times))
        entered = np.searchsorted(self.entry, time, side="left")
        return np.asarray(entered - self._cumulated_before(self.n_event + self.n_censor, time))

    def n_events_before(self, times: npt.ArrayLike) -> Ints:
        """Cumulative number of events before (not at) given times, which are not negative."""
        return self._cumulated_before(self.n_event, self._snap(as_times("times", times)))

    @cached_property
    def _is_event(self) -> Bools:
        return self.n_event > 0

    @cached_property
    def _event_times(self) -> Floats:
        return self.time[self._is_event]

    @cached_property
    def _survivors(self) -> Ints:
        return self.n_risk - self.n_event

    @cached_property
    def _greenwood(self) -> Floats:
        """Terms of the variance of log S; infinite where all at risk have the event."""
        with np.errstate(divide="ignore"):
            return self.n_event / (self.n_risk * self._survivors)

    @cached_property
    def _log_std_err(self) -> Floats:
        return np.asarray(np.sqrt(self._greenwood.cumsum()))

    @property
    def _last_time(self) -> float:
        return float(self.time[-1]) if self.time.size else -math.inf

    def _band(self, level: float, transform: Interval) -> Band:
        check_between_0_and_1("level", level)
        check_choice("transform", transform, Interval)
        if transform == "bpcp":
            if (self.entry > -math.inf).any():
                raise ValueError("bpcp is not defined under left truncation")
            return beta_product_limits(self.n_risk, self.n_event, level)
        limits, z = TRANSFORMS[transform], normal_quantile(level)
        with np.errstate(all="ignore"):
            lower, upper = limits(self.survival, self._log_std_err, z)
        return (
            undefined_at_zero(self.survival, lower.clip(0, 1)),
            undefined_at_zero(self.survival, upper.clip(0, 1)),
        )

    def _lower_before(self, level: float) -> float:
        return float(lower_limit_before_events(self.n, level))

    def _beta_product_times(self, p: float, level: float, band: Band) -> tuple[float, float]:
        """The first times from which each limit is below 1 - p; 0 where it is from the start.

        The lower limit falls at censorings too, and below 1 before any.
        """
        from_start = self.n > 0 and self._lower_before(level) < 1 - p
        lower, upper = (self.time[limit < 1 - p][:1] for limit in band)
        first, last = (float(times[0]) if times.size else math.nan for times in (lower, upper))
        return (0.0 if from_start else first), last

    def _snap(self, times: Floats) -> Floats:
        """Asked times, replaced by an observed time where they differ by rounding alone."""
        if not self.time.size:
            return times
        after = np.searchsorted(self.time, times).clip(max=self.time.size - 1)
        for nearby in (self.time[after], self.time[(after - 1).clip(min=0)]):
            times = np.where(np.abs(times - nearby) <= self.tolerance, nearby, times)
        return times

    def _cumulated_before(self, counts: Ints, times: Floats) -> Ints:
        cumulative = np.append(0, counts.cumsum())
        return cumulative[np.searchsorted(self.time, times, side="left")]

    def _passage(self, survival: Floats, p: float) -> float:
        """Time at which `survival`, given at the event times, passes 1 - p: R's ``findq``.

        R looks for the smallest 1 - S that reaches p, not for the earliest time; the two differ
        where a confidence limit is not monotone.
        """
        known = ~np.isnan(survival)
        times, died = self._event_times[known], 1 - survival[known]
        if not (died >= min(p, SMALLEST)).any():
            return math.nan
        reached, left = (_first_to_reach(x, times, died) for x in (p - TOLERANCE, p + TOLERANCE))
        if math.isnan(left) and abs(died[-1] - p) < TOLERANCE:
            left = self._last_time
        return (reached + left) / 2

    def _quantile_sas(self, p: float) -> float:
        side = self._side_of(1 - exact_fraction(p))
        if not (side < 0).any():
            return math.nan
        reached, left = self._event_times[side <= 0][0], self._event_times[side < 0][0]
        return float((reached + left) / 2)

    def _first_below(self, limit: Floats, p: float) -> float:
        below = self._event_times[limit < 1 - p]
        return float(below[0]) if below.size else math.nan

    def _side_of(self, target: Fraction) -> Ints:
        """Sign of S - target at the event times, exact."""
        difference = self.survival[self._is_event] - float(target)
        side = np.sign(difference).astype(np.int64)
        near = np.flatnonzero(np.abs(difference) < NEAR)  # two or three rows at most
        side[near] = [self._exact_side(row, target) for row in near.tolist()]
        return side

    def _exact_side(self, row: int, target: Fraction) -> int:
        n_risk = self.n_risk[self._is_event][: row + 1]
        survivors = self._survivors[self._is_event][: row + 1]
        # Until a censoring, the survivors of one time are those at risk at the next and cancel.
        kept = survivors[:-1] != n_risk[1:]
        above: int = math.prod(survivors[:-1][kept].tolist()) * int(survivors[-1])
        below: int = math.prod(n_risk[1:][kept].tolist()) * int(n_risk[0])
        left, right = above * target.denominator, below * target.numerator
        return (left > right) - (left < right)


def kaplan_meier(
    time: npt.ArrayLike, event: npt.ArrayLike, entry: npt.ArrayLike | None = None
) -> KaplanMeier:
    """Kaplan-Meier estimate.

    Parameters
    ----------
    time
        Follow-up time of each subject, finite and not negative, shape (n,): array, list or Series
        (nullable types too). Times that differ by rounding alone are one time, the smallest of
        them: neighbours within 1.5e-8, or within 1.5e-8 of the mean distinct time (R ``aeqSurv``).
    event
        True or 1 where the time is an event, False or 0 where it is censored, shape (n,). Never a
        CNSR column, in which 0 is an event: see `event_from_cnsr`.
    entry
        Time at which each subject came under observation (left truncation), before `time`,
        shape (n,). A subject is at risk after its entry, up to its time.

    Raises
    ------
    ValueError
        Naming the first offending position (from 0): a missing, infinite or negative time, an
        event that is not 0, 1, False or True, an entry not before the time, unequal lengths.

    Examples
    --------
    >>> kaplan_meier([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 1]).quantile(0.5)
    (3.5, 1.0, nan)
    """
    exits, events = as_times("time", time), as_events(event)
    if entry is None:
        check_lengths({"time": exits, "event": events})
        times, rank, tolerance = merge_equal(exits)
        row, n_risk, n_event, n_censor = _event_table(rank, events, None)
        entered = np.full(exits.size, -np.inf)
    else:
        entries = as_times("entry", entry)
        check_lengths({"time": exits, "event": events, "entry": entries})
        times, rank, tolerance = merge_equal(np.concatenate([exits, entries]))
        exit_rank, entry_rank = np.split(rank, 2)
        refuse(entry_rank >= exit_rank, "entry", entries, "not before the time")
        row, n_risk, n_event, n_censor = _event_table(exit_rank, events, entry_rank)
        entered = np.sort(times[entry_rank])
    return KaplanMeier(
        time=times[row],
        n_risk=n_risk,
        n_event=n_event,
        n_censor=n_censor,
        # In R's order of operations: equal to its estimate to the last bit.
        survival=((n_risk - n_event) / n_risk).cumprod(),
        entry=entered,
        tolerance=tolerance,
    )


def follow_up(time: npt.ArrayLike, event: npt.ArrayLike) -> KaplanMeier:
    """Reverse Kaplan-Meier estimate of follow-up: censoring is the event, and an event censors.

    Schemper & Smith, Control Clin Trials 1996;17:343. Where an event and a censoring tie, the
    subject with the event is still at risk of being censored (R ``survfit(Surv(time, !event))``).

    Parameters
    ----------
    time, event
        As in `kaplan_meier`; `event` is that of the endpoint, not its reverse.
    """
    return kaplan_meier(time, event).reverse()


def event_from_cnsr(cnsr: npt.ArrayLike) -> Bools:
    """Event indicator of an ADaM CNSR column: 0 is an event, 1 and above a reason for censoring.

    Raises
    ------
    ValueError
        Naming the first position (from 0) that is missing, negative, not a whole number, or a
        truth value (as in an event column).
    """
    code = as_floats("cnsr", cnsr)
    if pd.api.types.infer_dtype(cnsr) == "boolean":
        raise ValueError("cnsr[0]: a truth value; CNSR is 0 for an event, and 1, 2, ... otherwise")
    whole = np.isfinite(code) & (code == np.floor(code))
    refuse(~whole | (code < 0), "cnsr", code, "not 0, 1, 2, ...")
    return np.asarray(code == 0)


def _event_table(exit_rank: Ints, event: Bools, entry_rank: Ints | None) -> list[Ints]:
    """Rank, at risk, events and censored at each distinct time, from lifelines' event table.

    lifelines is given ranks, so that times which differ by rounding are one. It would count who
    enters at t as at risk at t, R does not: exits get even numbers, entries the next odd one.
    """
    if not exit_rank.size:
        return [np.empty(0, dtype=np.int64) for _ in range(4)]
    from lifelines.utils import survival_table_from_events

    births = None if entry_rank is None else 2 * entry_rank + 1
    table = survival_table_from_events(2 * exit_rank, event, births)
    table = table[table["removed"] > 0]
    counts = [table[column].to_numpy(np.int64) for column in ("at_risk", "observed", "censored")]
    return [table.index.to_numpy(np.int64) // 2, *counts]


def _first_to_reach(level: float, times: Floats, died: Floats) -> float:
    """The time of the smallest value not below `level`; the first of equal ones."""
    candidates = np.where(died >= level, died, np.inf)
    best = candidates.argmin()
    return float(times[best]) if candidates[best] < np.inf else math.nan
