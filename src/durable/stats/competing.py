"""Aalen-Johansen estimate of cumulative incidence with competing events.

Aalen & Johansen, Scand J Stat 1978;5:141. From integer counts of events and subjects at risk: exact
with tied times and with events at time 0, where lifelines moves ties apart at random and drops
events at time 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, assert_never

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
from durable.stats.intervals import TRANSFORMS, Band, Transform, normal_quantile
from durable.stats.ties import merge_equal

Variance = Literal["infinitesimal-jackknife", "aalen"]


@dataclass(frozen=True, eq=False)
class AalenJohansen:
    """Cumulative incidence of each cause: one row per distinct observed time.

    Attributes
    ----------
    time
        Distinct observed times, ascending, shape (k,).
    n_risk, n_censor
        At risk just before, and censored at, each time, shape (k,).
    n_event
        Events of each cause at each time, shape (k, causes).
    survival
        Probability of no event of any cause, from each time until the next, shape (k,).
    cif
        Cumulative incidence of each cause, shape (k, causes).
    std_err
        Standard error of ``cif``, shape (k, causes).
    tolerance
        Times no further apart than this are the same time.
    """

    time: Floats
    n_risk: Ints
    n_censor: Ints
    n_event: Ints
    survival: Floats
    cif: Floats
    std_err: Floats
    tolerance: float

    @property
    def curve(self) -> pd.DataFrame:
        """The estimate as a table.

        Columns time, n_risk, n_censor, survival, then n_event_C, cif_C, std_err_C of each cause C,
        from 1.
        """
        columns: dict[str, npt.NDArray[np.generic]] = {
            "time": self.time,
            "n_risk": self.n_risk,
            "n_censor": self.n_censor,
            "survival": self.survival,
        }
        for index, cause in enumerate(self._causes):
            columns[f"n_event_{cause}"] = self.n_event[:, index]
            columns[f"cif_{cause}"] = self.cif[:, index]
            columns[f"std_err_{cause}"] = self.std_err[:, index]
        return pd.DataFrame(columns)

    def incidence_at(
        self, times: npt.ArrayLike, level: float = 0.95, transform: Transform = "log-log"
    ) -> pd.DataFrame:
        """Cumulative incidence at given times, as R ``summary(survfit, times=)``.

        Parameters
        ----------
        times
            One or more times, not negative.
        level
            Confidence level, between 0 and 1.
        transform
            Scale on which the interval is symmetric, applied to the incidence itself as R does.

        Returns
        -------
        DataFrame
            time (as asked, in the order asked), cause, cif, std_err, lower, upper, n_risk (just
            before the time); one row per time and cause. NaN past the last observed time, where R
            (``extend=TRUE``) carries the curve on, and where the transform is undefined: at an
            incidence of 0 (except plain), and at 1 for log-log, logit and arcsine. Before the
            first observed time incidence and limits are 0.
        """
        asked = as_times("times", times)
        distance = self.time - asked[:, None]
        passed = np.count_nonzero(distance <= self.tolerance, axis=1)
        before = np.count_nonzero(distance < -self.tolerance, axis=1)
        past_last = before == self.time.size
        columns = dict(zip(("lower", "upper"), self._band(level, transform), strict=True))
        columns = {"cif": self.cif, "std_err": self.std_err, **columns}
        picked = {
            name: np.where(past_last[:, None], np.nan, np.pad(column, ((1, 0), (0, 0)))[passed])
            for name, column in columns.items()
        }
        repeats = len(self._causes)
        return pd.DataFrame(
            {
                "time": np.repeat(asked, repeats),
                "cause": np.tile(self._causes, asked.size),
                **{name: values.ravel() for name, values in picked.items()},
                "n_risk": np.repeat(np.append(self.n_risk, 0)[before], repeats),
            }
        )

    @cached_property
    def _causes(self) -> Ints:
        return np.arange(1, self.n_event.shape[1] + 1)

    def _band(self, level: float, transform: Transform) -> Band:
        check_between_0_and_1("level", level)
        check_choice("transform", transform, Transform)
        ends = {"plain": [0, 1], "log": [1]}.get(transform, [])
        defined = ((self.cif > 0) & (self.cif < 1)) | np.isin(self.cif, ends)
        with np.errstate(all="ignore"):
            relative = np.where(self.std_err > 0, self.std_err / self.cif, 0.0)
            limits = TRANSFORMS[transform](self.cif, relative, normal_quantile(level))
        lower, upper = (np.where(defined, np.clip(limit, 0, 1), np.nan) for limit in limits)
        return lower, upper


def aalen_johansen(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    causes: int = 2,
    variance: Variance = "infinitesimal-jackknife",
) -> AalenJohansen:
    """Cumulative incidence of the event of interest and of its competing events.

    Parameters
    ----------
    time
        Follow-up time of each subject, finite and not negative, shape (n,). Times that differ by
        rounding alone are one time, as in `durable.stats.survival.kaplan_meier`.
    event
        0 censored, 1 the event of interest, 2 (and above) competing events, shape (n,). Never a
        CNSR column, whose 0 is an event.
    causes
        Number of causes, whether or not each occurs.
    variance
        ``"infinitesimal-jackknife"``: sum of squared influences of the subjects, as R ``survfit``
        of a multi-state response. ``"aalen"``: Aalen, Ann Stat 1978;6:534, as R
        ``cmprsk::cuminc``.

    Raises
    ------
    ValueError
        Naming the first offending position (from 0): a missing, infinite or negative time, an
        event that is not 0, 1, ... `causes`, or unequal lengths.
    """
    check_choice("variance", variance, Variance)
    exits, code = as_times("time", time), as_floats("event", event)
    check_lengths({"time": exits, "event": code})
    known = (code >= 0) & (code <= causes) & (code == np.floor(code))
    refuse(~known, "event", code, f"not a whole number from 0 to {causes}")
    times, rank, tolerance = merge_equal(exits)
    cell = rank * (causes + 1) + code.astype(np.int64)
    n_exit = np.bincount(cell, minlength=times.size * (causes + 1)).reshape(times.size, causes + 1)
    n_risk = n_exit.sum(axis=1)[::-1].cumsum()[::-1]
    n_event = n_exit[:, 1:]
    survival = ((n_risk - n_event.sum(axis=1)) / n_risk).cumprod()
    cif = _incidence(n_event, n_risk, survival)
    match variance:
        case "aalen":
            spread = _variance_aalen(n_event, n_risk, survival, cif)
        case "infinitesimal-jackknife":
            spread = _variance_jackknife(n_exit, n_risk, survival, cif)
        case _:
            assert_never(variance)
    std_err = np.sqrt(spread)
    arrays = (times, n_risk, n_exit[:, 0], n_event, survival, cif, std_err)
    for array in arrays:
        array.flags.writeable = False
    return AalenJohansen(*arrays, tolerance)


def _incidence(n_event: Ints, n_risk: Ints, survival: Floats) -> Floats:
    before = np.append(1.0, survival)[:-1]
    cif = (before[:, None] * n_event / n_risk[:, None]).cumsum(axis=0)
    so_far = n_event.cumsum(axis=0)
    others = so_far.sum(axis=1, keepdims=True) - so_far
    # 1 - S until a competing event occurs, and so exactly 1 where the sum would round below it.
    return np.where(others > 0, cif, 1 - survival[:, None])


def _variance_jackknife(n_exit: Ints, n_risk: Ints, survival: Floats, cif: Floats) -> Floats:
    """Sum over subjects of the squared influence on each cumulative incidence, shape (k, causes).

    Write S for survival, F for the incidence of the cause, n for the number at risk, d and D for
    events of the cause and of any, G(t) for the sum of D / (n (n - D)) over times up to t. The
    influence on F(t) of a subject still at risk after t is B(t), the sum of (G(s-) - 1/n) dF(s)
    over times s up to t. That of a subject who left at x is B(x) + v (F(t) - F(x)), with v = G(x)
    if censored and v = G(x) - 1 / (n - D) if not, and with S(x-) / n added if by this cause.
    Subjects who left at one time for one reason share it.
    """
    total = n_exit[:, 1:].sum(axis=1)
    left = (n_risk - total).clip(min=1)  # where nobody is left, the incidences stay as they are
    greenwood = (total / (n_risk * left)).cumsum()
    step = np.diff(cif, axis=0, prepend=0.0)
    at_risk = ((np.append(0.0, greenwood)[:-1] - 1 / n_risk)[:, None] * step).cumsum(axis=0)
    variance: Floats = (n_risk - n_exit.sum(axis=1))[:, None] * at_risk**2
    for reason in range(n_exit.shape[1]):
        slope = (greenwood - (reason > 0) / left)[:, None]
        start = at_risk - slope * cif
        if reason:
            start[:, reason - 1] += np.append(1.0, survival)[:-1] / n_risk
        variance += _sum_of_squares(n_exit[:, [reason]], start, slope, cif)
    return variance


def _variance_aalen(n_event: Ints, n_risk: Ints, survival: Floats, cif: Floats) -> Floats:
    """Aalen's variance of each cumulative incidence, as ``cmprsk::cuminc``, shape (k, causes).

    An event at s moves F(t) by S(s-) / n times 1{of this cause} - (F(t) - F(s)) / S(s). Events of
    the cause and of all others count apart, each kind corrected for its own ties.
    """
    at_risk, left = n_risk[:, None], survival[:, None]
    inverse = np.divide(1.0, left, out=np.zeros_like(left), where=left > 0)
    others = n_event.sum(axis=1, keepdims=True) - n_event
    variance = np.zeros_like(cif)
    for count, own in ((n_event, 1), (others, 0)):
        ties = 1 - (count - 1).clip(min=0) / (at_risk - 1).clip(min=1)
        weight = count * ties * (np.append(1.0, survival)[:-1, None] / at_risk) ** 2
        variance += _sum_of_squares(weight, own + cif * inverse, -inverse, cif)
    return variance


def _sum_of_squares(weight: Floats | Ints, start: Floats, slope: Floats, cif: Floats) -> Floats:
    """Sum of weight(s) (start(s) + slope(s) F(t))^2 over times s up to t, for every t.

    Each square by itself: multiplied out it needs cumulative sums only, but leaves 1e-16 where it
    should be 0, and so a standard error of 1e-8.
    """
    columns = (np.broadcast_to(values, cif.shape).T.copy() for values in (weight, start, slope))
    total = np.empty(cif.T.shape)
    for cause, (weights, starts, slopes) in enumerate(zip(*columns, strict=True)):
        for row, incidence in enumerate(cif[:, cause].tolist()):
            until = slice(row + 1)
            influence = starts[until] + slopes[until] * incidence
            total[cause, row] = weights[until] @ (influence * influence)
    return total.T
