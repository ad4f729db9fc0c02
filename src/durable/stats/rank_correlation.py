"""Spearman's rank correlation with an interval. Formulae and choices: docs/exposure.md."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from durable.stats.checks import Floats, as_floats, check_between_0_and_1, check_lengths

#: Pairs from which on there is an interval: its variance has n - 3 in the denominator.
_FEWEST = 4


@dataclass(frozen=True)
class RankCorrelation:
    """A rank correlation with its confidence limits; NaN where they cannot be estimated."""

    n: int
    """Pairs of which both values are known."""
    rho: float
    lower: float
    upper: float


def spearman(x: npt.ArrayLike, y: npt.ArrayLike, level: float = 0.95) -> RankCorrelation:
    """Spearman's rank correlation of two variables.

    Pearson's correlation of the ranks, equal values at the mean of their ranks (Spearman, Am J
    Psychol 1904;15:72). The interval is symmetric about Fisher's z, artanh(rho), with the variance
    (1 + rho^2 / 2) / (n - 3) of Bonett & Wright, Psychometrika 2000;65:23.

    Parameters
    ----------
    x, y
        The values, in pairs; a pair with one missing is left out.
    level
        Confidence level, between 0 and 1.

    Returns
    -------
    RankCorrelation
        rho NaN with fewer than 2 pairs or where all values of a variable are equal; no limits with
        fewer than 4 pairs, or where rho is -1 or 1.
    """
    check_between_0_and_1("level", level)
    first, second = as_floats("x", x), as_floats("y", y)
    check_lengths({"x": first, "y": second})
    known = ~(np.isnan(first) | np.isnan(second))
    n = int(known.sum())
    rho = _pearson(_ranks(first[known]), _ranks(second[known]))
    if n < _FEWEST or not abs(rho) < 1:
        return RankCorrelation(n, rho, math.nan, math.nan)
    half = NormalDist().inv_cdf(0.5 + level / 2) * math.sqrt((1 + rho**2 / 2) / (n - 3))
    # tanh(artanh(rho) +- half) by the addition theorem: C libraries differ in the last digit of
    # tanh and artanh, not of exp, and results are to be the same bytes on every system.
    doubled = math.exp(2 * half)
    shift = (doubled - 1) / (doubled + 1)
    return RankCorrelation(
        n, rho, (rho - shift) / (1 - rho * shift), (rho + shift) / (1 + rho * shift)
    )


def _ranks(values: Floats) -> Floats:
    """Ranks from 1, equal values at the mean of theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return np.asarray((last - (counts - 1) / 2)[which])


def _pearson(x: Floats, y: Floats) -> float:
    """Correlation of two samples of ranks; NaN where one of them does not vary.

    Ranks are halves of whole numbers, so that the sums of few subjects are exact.
    """
    if len(x) < 2:
        return math.nan
    a, b = x - x.mean(), y - y.mean()
    spread = float((a * a).sum()) * float((b * b).sum())
    if not spread:
        return math.nan
    return max(-1.0, min(1.0, float((a * b).sum()) / math.sqrt(spread)))
