"""Operating characteristics of an estimate over the virtual trials, with their Monte Carlo errors.

Measures: Morris, White & Crowther, Stat Med 2019;38:2074.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from math import nan

import numpy as np

from durable.simulate.tally import Tally


@dataclass(frozen=True)
class Measure:
    """One operating characteristic of an estimate."""

    name: str
    value: float
    mcse: float
    """Monte Carlo standard error."""
    trials: int
    """Trials that the number is over."""


def measures(tally: Tally, true: float) -> Iterator[Measure]:
    """Operating characteristics of one estimate, in the order below; NaN where there are no trials.

    Morris, White & Crowther (2019), with n the trials that each is over:

    - mean and bias (mean - true): over estimable trials; MCSE = SD / sqrt(n).
    - empirical SD: root of the sum of squared deviations over n - 1; MCSE = SD / sqrt(2 (n - 1)).
    - coverage: share of the intervals that hold the true value; MCSE = sqrt(c (1 - c) / n). A trial
      has an interval when it has a lower or an upper limit; an open limit covers its side.
    - mean width: over intervals with both limits; MCSE = SD / sqrt(n).
    - estimable, interval, open upper: shares of trials (the last of intervals).
    - median: of the estimates, one that is not reached counting as larger than all (median
      DOR only; trials with at least one subject). Left out where no trial has an estimate.

    Parameters
    ----------
    tally
        Counts and exact sums over the trials.
    true
        The true value; NaN where there is none, and then no bias and no coverage.
    """
    n, known = tally.estimable, not math.isnan(true)
    mean, spread, error = _moments(tally, "value", n)
    yield Measure("true", true, nan, tally.trials)
    yield Measure("mean", mean, error, n)
    yield Measure("bias", mean - true, error if known else nan, n)
    yield Measure("empirical SD", spread, spread / math.sqrt(2 * (n - 1)) if n > 1 else nan, n)
    yield Measure("coverage", *share(tally.covered, tally.intervals if known else 0))
    width, _, width_error = _moments(tally, "width", tally.bounded)
    yield Measure("mean width", width, width_error, tally.bounded)
    yield Measure("estimable", *share(tally.estimable, tally.trials))
    yield Measure("interval", *share(tally.intervals, tally.trials))
    yield Measure("open upper", *share(tally.open_upper, tally.intervals))
    if tally.by_value:
        yield _median(tally)


def _moments(tally: Tally, name: str, n: int) -> tuple[float, float, float]:
    """Mean, standard deviation and standard error of the mean, from exact sums."""
    if not n:
        return nan, nan, nan
    total, squares = tally.sums[name], tally.sums[f"{name}²"]
    if n == 1:
        return float(total), nan, nan
    variance = float((squares - total * total / n) / (n - 1))
    # Squares are rounded to doubles: a spread below that rounding is none.
    rounding = 2.0**-51 * float(squares / n)
    spread = math.sqrt(variance) if variance > rounding else 0.0
    return float(total / n), spread, spread / math.sqrt(n)


def share(part: int, trials: int) -> tuple[float, float, int]:
    """The share `part` / `trials`, its Monte Carlo standard error and `trials`; NaN, NaN, 0."""
    if not trials:
        return nan, nan, 0
    value = part / trials
    return value, math.sqrt(value * (1 - value) / trials), trials


def _median(tally: Tally) -> Measure:
    """Median of the estimates; its standard error from order statistics.

    Half the distance between the order statistics sqrt(n) / 2 places below and above the middle: an
    interval of one standard error to each side (David & Nagaraja, Order statistics, 3rd ed.
    2003). NaN where one of them is not reached.
    """
    n = tally.counted
    values = np.array(sorted(tally.by_value))
    last_ranks = np.cumsum([tally.by_value[value] for value in values.tolist()])

    def order_statistic(rank: float) -> float:
        index = int(np.searchsorted(last_ranks, min(max(math.ceil(rank), 1), n)))
        return float(values[index]) if index < len(values) else nan

    middle = order_statistic(n / 2) + order_statistic(n / 2 + 0.5 if n % 2 else n / 2 + 1)
    half = math.sqrt(n) / 2
    distance = order_statistic(n / 2 + half) - order_statistic(n / 2 - half)
    return Measure("median", middle / 2, distance / 2, n)
