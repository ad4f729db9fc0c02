"""Probability of being in response over time, by Temkin's three states.

Everybody begins without a response, may enter it once, and leaves it, or fails without one, for
good. Temkin, Biometrics 1978;34:571; Begg & Larson, Biometrics 1982;38:59. The estimate is that of
Aalen and Johansen (Scand J Stat 1978;5:141) of the probability of the middle state. It does not
need the process to be Markov (Datta & Satten, Stat Probab Lett 2001;55:403), only censoring that
does not depend on the state to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.stats.checks import (
    Floats,
    Ints,
    as_events,
    as_floats,
    as_times,
    check_between_0_and_1,
    check_lengths,
    refuse,
)
from durable.stats.ties import merge_equal

_Cells = npt.NDArray[np.signedinteger[Any]]
#: How a subject leaves the state without a response.
_CENSORED, _ENTERED, _FAILED = range(3)
#: Numbers that a part of the bootstrap holds at a time.
_AT_ONCE = 4_000_000
#: Digits of a limit: whether an interval has a width is not decided by rounding.
_DIGITS = 12


@dataclass(frozen=True, eq=False)
class InResponse:
    """The estimate: one row per distinct observed time.

    Attributes
    ----------
    time
        Distinct observed times, ascending, shape (k,).
    n_waiting, n_in_response
        Subjects under observation without a response yet, and in response, just before each time.
    n_entered, n_failed, n_ended
        Numbers who at each time entered the response, failed without one, and lost it.
    waiting, probability
        Probability of no response yet, and of being in response, from each time until the next.
    last
        Last time at which the probability can be estimated: after it nobody is under observation
        in a state that still has a probability. NaN without a subject.
    """

    time: Floats
    n_waiting: Ints
    n_in_response: Ints
    n_entered: Ints
    n_failed: Ints
    n_ended: Ints
    waiting: Floats
    probability: Floats
    last: float
    _first_exits: Ints
    """Of each subject the cell (time, how) in which it left the state without a response."""
    _ends: Ints
    """Of each the cell (time, lost or censored) in which it left the response; -1 without one."""

    def probability_at(
        self, times: npt.ArrayLike, level: float = 0.95, replicates: int = 1000, seed: int = 1976
    ) -> pd.DataFrame:
        """Probability of being in response at given times.

        Parameters
        ----------
        times
            One or more times, not negative.
        level
            Confidence level, between 0 and 1.
        replicates, seed
            Of the percentile bootstrap over subjects (Efron & Tibshirani 1993, chapter 13). In a
            sample whose observation ends before, the probability stays as it was last.

        Returns
        -------
        DataFrame
            time (as asked, in the order asked), probability, lower, upper, n_waiting and
            n_in_response (just before the time). The probability is 0 before the first observed
            time, and NaN past the last time at which it can be estimated; limits NaN where they
            have no width, as of one subject: that would claim certainty.
        """
        asked = as_times("times", times)
        check_between_0_and_1("level", level)
        passed = np.searchsorted(self.time, asked, side="right")
        before = np.searchsorted(self.time, asked, side="left")
        estimate = np.append(0.0, self.probability)[passed]
        past_last = ~(asked <= self.last)
        limits = np.full((2, asked.size), np.nan)
        if self.time.size:
            drawn = np.pad(_bootstrap(self, replicates, seed), ((0, 0), (1, 0)))[:, passed]
            limits = _percentiles(drawn, level)
        limits[:, past_last] = np.nan
        return pd.DataFrame(
            {
                "time": asked,
                "probability": np.where(past_last, np.nan, estimate),
                "lower": limits[0],
                "upper": limits[1],
                "n_waiting": np.append(self.n_waiting, 0)[before],
                "n_in_response": np.append(self.n_in_response, 0)[before],
            }
        )

    def mean_time(
        self, horizon: float, level: float = 0.95, replicates: int = 1000, seed: int = 1976
    ) -> tuple[float, float, float]:
        """Expected time in response up to a horizon: estimate, lower and upper percentile limit.

        The area under the probability. Not estimable, hence NaN, where the horizon lies past the
        last time at which the probability can be estimated, unless nobody can be in response after
        it. Then the limits are NaN where a subject is censored: a sample may end with subjects
        under observation, and its area would carry them to the horizon.
        """
        (end,) = as_times("horizon", [horizon])
        check_between_0_and_1("level", level)
        if not self.time.size or (end > self.last and self._open_at_end):
            return np.nan, np.nan, np.nan
        width = np.diff(np.append(self.time, np.inf).clip(max=end))
        area = float(self.probability @ width)
        if end > self.last and self._has_censored:
            return area, np.nan, np.nan
        lower, upper = _percentiles((_bootstrap(self, replicates, seed) @ width)[:, None], level)
        return area, float(lower[0]), float(upper[0])

    @property
    def _open_at_end(self) -> bool:
        """Whether somebody may still enter or be in response at the end of the curve."""
        return bool(self.waiting[-1] + self.probability[-1] > 0)

    @property
    def _has_censored(self) -> bool:
        """Whether a subject was censored, without a response or in it."""
        waited = self._first_exits % 3 == _CENSORED
        held = (self._ends >= 0) & (self._ends % 2 == 0)
        return bool((waited | held).any())


def in_response(start: npt.ArrayLike, end: npt.ArrayLike, left: npt.ArrayLike) -> InResponse:
    """Probability of being in response over time.

    Parameters
    ----------
    start
        Time at which each subject entered the response, shape (n,); NaN where it never did.
    end
        Time at which it lost the response, failed without one, or was censored; not before `start`.
        Times that differ by rounding alone are one time.
    left
        True or 1 where the subject lost the response, or failed without one, at `end`; False or 0
        where it was censored. Who loses the response at the time of entering it was never in it.

    Raises
    ------
    ValueError
        Naming the first offending position (from 0).

    Examples
    --------
    >>> estimate = in_response([1, 2, float("nan")], [3, 5, 4], [1, 0, 1])
    >>> estimate.probability.round(3).tolist()
    [0.333, 0.667, 0.333, 0.333, 0.333]
    """
    entered, exits, lost = as_floats("start", start), as_times("end", end), as_events(left)
    check_lengths({"start": entered, "end": exits, "left": lost})
    has_remission = ~np.isnan(entered)
    refuse(
        has_remission & ~((entered >= 0) & (entered <= exits)),
        "start",
        entered,
        "negative or past end",
    )
    times, rank, _ = merge_equal(np.concatenate([np.where(has_remission, entered, exits), exits]))
    first, second = rank[: exits.size], rank[exits.size :]
    has_remission &= ~(lost & (first == second))
    how = np.where(has_remission, _ENTERED, np.where(lost, _FAILED, _CENSORED))
    cells = (
        3 * np.where(has_remission, first, second) + how,
        np.where(has_remission, 2 * second + lost, -1),
    )
    counts = _Counts.of_samples(cells[0][None], cells[1][None], times.size)
    waiting, probability = (values[0] for values in counts.probabilities())
    n_waiting, n_in_response = counts.waiting[0], counts.responding[0]
    return InResponse(
        time=times,
        n_waiting=n_waiting,
        n_in_response=n_in_response,
        n_entered=counts.first[0, :, _ENTERED],
        n_failed=counts.first[0, :, _FAILED],
        n_ended=counts.ends[0, :, 1],
        waiting=waiting,
        probability=probability,
        last=_last_estimable(times, (n_waiting, waiting), (n_in_response, probability)),
        _first_exits=cells[0],
        _ends=cells[1],
    )


def _last_estimable(times: Floats, *states: tuple[Ints, Floats]) -> float:
    """The last time, or that at which the last subject of a state left it to a probability."""
    if not times.size:
        return np.nan
    ends = [times.size - 1]
    for at_risk, probability in states:
        observed = np.flatnonzero(at_risk)
        if observed.size and probability[observed[-1]] > 0:
            ends.append(int(observed[-1]))
    return float(times[min(ends)])


@dataclass(frozen=True)
class _Counts:
    """Counts of several samples of subjects at each time."""

    first: Ints
    """Who left the state without a response, shape (samples, k, 3), by how."""
    ends: Ints
    """Who left the response, shape (samples, k, 2): censored, lost."""

    @classmethod
    def of_samples(cls, first: _Cells, ends: _Cells, times: int) -> _Counts:
        """Counts from the cells of the subjects of each sample, a row a sample."""
        samples = np.arange(len(first))[:, None]
        # The bin before the first takes those who were never in response.
        leave = np.bincount((first + 3 * times * samples).ravel(), minlength=3 * times * len(first))
        width = 2 * times + 1
        end = np.bincount((ends + 1 + width * samples).ravel(), minlength=width * len(first))
        return cls(
            leave.reshape(len(first), times, 3),
            end.reshape(len(first), width)[:, 1:].reshape(len(first), times, 2),
        )

    @property
    def waiting(self) -> Ints:
        """Number without a response just before each time, shape (samples, times)."""
        total: Ints = self.first.sum(axis=2)[:, ::-1].cumsum(axis=1)[:, ::-1]
        return total

    @property
    def responding(self) -> Ints:
        """In response just before each time: who entered it before, and has not left it before."""
        change = self.first[:, :, _ENTERED] - self.ends.sum(axis=2)
        return np.asarray(np.pad(change.cumsum(axis=1), ((0, 0), (1, 0)))[:, :-1])

    def probabilities(self) -> tuple[Floats, Floats]:
        """Probability of no response yet and of being in response, shape (samples, k) each."""
        waiting, responding = self.waiting.clip(min=1), self.responding.clip(min=1)
        entered = self.first[:, :, _ENTERED] / waiting
        gone = (self.first[:, :, _ENTERED] + self.first[:, :, _FAILED]) / waiting
        lost = self.ends[:, :, 1] / responding
        still = (1 - gone).cumprod(axis=1)
        in_follow_up, in_state = np.empty(still.shape), np.zeros(len(still))
        before = np.pad(still, ((0, 0), (1, 0)), constant_values=1.0)
        for time in range(still.shape[1]):
            in_state = in_state * (1 - lost[:, time]) + before[:, time] * entered[:, time]
            in_follow_up[:, time] = in_state
        return still, in_follow_up


@lru_cache(maxsize=4)
def _bootstrap(estimate: InResponse, replicates: int, seed: int) -> Floats:
    """Probability of being in response at each time, in samples of the subjects drawn anew."""
    random = np.random.default_rng(seed)
    subjects, times = estimate._first_exits.size, estimate.time.size
    at_once = max(1, _AT_ONCE // (subjects + 5 * times))
    # In 32 bits: what is drawn, the same numbers, and looked up is large.
    first_exits, ends = (a.astype(np.int32) for a in (estimate._first_exits, estimate._ends))
    parts = []
    for done in range(0, replicates, at_once):
        size = (min(at_once, replicates - done), subjects)
        drawn = random.integers(subjects, size=size, dtype=np.int32)
        counts = _Counts.of_samples(first_exits[drawn], ends[drawn], times)
        parts.append(counts.probabilities()[1])
    return np.concatenate(parts)


def _percentiles(drawn: Floats, level: float) -> Floats:
    """Lower and upper limits of each column of samples; NaN where they have no width."""
    tail = round((1 - level) / 2, _DIGITS)
    limits = np.quantile(drawn, [tail, 1 - tail], axis=0, method="inverted_cdf").round(_DIGITS)
    return np.where(limits[0] == limits[1], np.nan, limits)
