"""Operating characteristics of an estimate over the virtual trials, with their Monte Carlo errors.

Measures: Morris, White & Crowther, Stat Med 2019;38:2074.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd

from durable.simulate.tally import Key, Tally, Truth


@dataclass(frozen=True)
class Measure:
    """One operating characteristic of an estimate."""

    name: str
    value: float
    mcse: float
    """Monte Carlo standard error."""
    trials: int
    """Trials that the number is over."""


def operating_frame(tallies: Mapping[Key, Tally], truth: Truth) -> pd.DataFrame:
    """``operating.csv``: a row per measure of each estimate, at full precision."""
    rows = [
        (*key, measure.name, measure.value, measure.mcse, measure.trials)
        for key, tally in tallies.items()
        for measure in measures(tally, truth.get((key[0], key[2]), nan))
    ]
    names = ["SCENARIO", "DEFN", "ESTIMATE", "METHOD", "MEASURE", "VALUE", "MCSE", "TRIALS"]
    return pd.DataFrame(rows, columns=names)


def measures(tally: Tally, true: float) -> Iterator[Measure]:
    """Operating characteristics of one estimate.

    Morris, White & Crowther (2019), with n the trials that each is over:

    - mean and bias (mean - true): over estimable trials; MCSE = SD / sqrt(n).
    - empirical SD: root of the sum of squared deviations over n - 1; MCSE = SD / sqrt(2 (n - 1)).
    - coverage: share of the intervals that hold the true value; MCSE = sqrt(c (1 - c) / n). A trial
      has an interval when it has a lower or an upper limit; an open limit covers its side.
    - mean width: over intervals with both limits; MCSE = SD / sqrt(n).
    - estimable, interval, open upper: shares of trials (the last of intervals).
    - median: of the estimates, one that is not reached counting as larger than all (median
      DOR only; trials with at least one subject).

    Parameters
    ----------
    tally
        Counts and exact sums over the trials.
    true
        The true value; NaN where there is none.
    """
    mean, spread = _moments(tally, "value", tally.estimable)
    n = tally.estimable
    error = spread / math.sqrt(n) if n > 1 else nan
    yield Measure("true", true, nan, tally.trials)
    yield Measure("mean", mean, error, n)
    yield Measure("bias", mean - true, error if not math.isnan(true) else nan, n)
    yield Measure("empirical SD", spread, spread / math.sqrt(2 * (n - 1)) if n > 1 else nan, n)
    known = tally.intervals if not math.isnan(true) else 0
    yield share("coverage", tally.covered, known)
    width, width_spread = _moments(tally, "width", tally.bounded)
    within = width_spread / math.sqrt(tally.bounded) if tally.bounded > 1 else nan
    yield Measure("mean width", width, within, tally.bounded)
    yield share("estimable", tally.estimable, tally.trials)
    yield share("interval", tally.intervals, tally.trials)
    yield share("open upper", tally.open_upper, tally.intervals)
    if tally.by_value:
        yield _median(tally)


def _moments(tally: Tally, name: str, n: int) -> tuple[float, float]:
    """Mean and standard deviation, from exact sums."""
    if not n:
        return nan, nan
    total, squares = tally.sums[name], tally.sums[f"{name}²"]
    if n == 1:
        return float(total / n), nan
    about = float((squares - total * total / n) / (n - 1))
    # Squares are rounded to doubles: a spread below that rounding is none.
    rounding = 2.0**-51 * float(squares / n)
    return float(total / n), math.sqrt(about) if about > rounding else 0.0


def share(name: str, part: int, of: int) -> Measure:
    """A share of so many trials; NaN of none."""
    if not of:
        return Measure(name, nan, nan, 0)
    value = part / of
    return Measure(name, value, math.sqrt(value * (1 - value) / of), of)


def _median(tally: Tally) -> Measure:
    """Median of the estimates; its standard error from order statistics.

    Half the distance between the order statistics sqrt(n) / 2 places below and above the middle: an
    interval of one standard error to each side (David & Nagaraja, Order statistics, 3rd ed.
    2003). NaN where one of them is not reached.
    """
    n = tally.counted
    values = np.array(sorted(tally.by_value))
    ends = np.cumsum([tally.by_value[value] for value in values.tolist()])

    def at(rank: float) -> float:
        place = int(np.searchsorted(ends, min(max(math.ceil(rank), 1), n)))
        return float(values[place]) if place < len(values) else nan

    half = math.sqrt(n) / 2
    middle = (at(n / 2) + at(n / 2 + 0.5 if n % 2 else n / 2 + 1)) / 2
    return Measure("median", middle, (at(n / 2 + half) - at(n / 2 - half)) / 2, n)
