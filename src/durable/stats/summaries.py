"""Descriptive statistics of a continuous variable.

Sums are exact (in fractions, equal values added together: their mean and standard deviation are
those of ``statistics``), so neither the order of the values nor the processor changes a digit, and
equal values have a standard deviation of exactly 0.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from durable.stats.checks import check_between_0_and_1

Definition = Literal[2, 7]

# A probability stands for the simplest fraction next to it: 0.07 for 7/100, 1/3 for a third.
_LARGEST_DENOMINATOR = 10**9


@dataclass(frozen=True)
class Summary:
    """Descriptive statistics; NaN where there are too few values.

    Attributes
    ----------
    n, n_missing
        Number of values known and missing.
    mean, sd
        Arithmetic mean and standard deviation (divisor n - 1; NaN at n = 1).
    median, q1, q3
        Quartiles.
    min, max
        Smallest and largest value.
    """

    n: int
    n_missing: int
    mean: float
    sd: float
    median: float
    q1: float
    q3: float
    min: float
    max: float


@dataclass(frozen=True)
class Geometric:
    """Geometric mean and coefficient of variation; NaN where they do not exist.

    Attributes
    ----------
    n
        Number of values known, zeros included.
    geo_mean
        exp(mean of the logarithms).
    geo_cv
        Percent: 100 sqrt(exp(s^2) - 1), s the standard deviation (divisor n - 1) of the logarithms.
    """

    n: int
    geo_mean: float
    geo_cv: float


def summarise(values: npt.ArrayLike, definition: Definition = 2) -> Summary:
    """Number, mean, standard deviation, quartiles and range.

    Parameters
    ----------
    values
        Numbers, shape (n,); NaN is missing.
    definition
        Of the quartiles: see `quantile`.

    Returns
    -------
    Summary
        With no value known everything but the numbers is NaN.

    Raises
    ------
    ValueError
        For an infinite value, another number of dimensions than one or an unknown definition.
    """
    known, missing = _sorted_values(values)
    counts = _counts(known)
    q1, median, q3 = (_quantile(known, p, definition) for p in (0.25, 0.5, 0.75))
    return Summary(
        n=len(known),
        n_missing=missing,
        mean=_mean(counts) if known else math.nan,
        sd=_sd(counts),
        median=median,
        q1=q1,
        q3=q3,
        min=known[0] if known else math.nan,
        max=known[-1] if known else math.nan,
    )


def mean_limits(n: int, mean: float, sd: float, level: float = 0.95) -> tuple[float, float]:
    """Confidence limits of a mean: mean -/+ t sd / sqrt(n), t of n - 1 degrees of freedom.

    Student, Biometrika 1908;6:1. Not estimable, hence NaN, from fewer than two values, and from
    values that are all equal: limits without width would claim certainty.

    Parameters
    ----------
    n, mean, sd
        Number of values, their mean and standard deviation (divisor n - 1).
    level
        Two-sided confidence level, between 0 and 1.

    Examples
    --------
    >>> [round(limit, 3) for limit in mean_limits(10, 50.0, 20.0)]
    [35.693, 64.307]
    """
    from scipy.special import stdtrit  # the displays read this module, and do without scipy

    check_between_0_and_1("level", level)
    if n < 2 or not sd > 0:
        return math.nan, math.nan
    half = float(stdtrit(n - 1, 0.5 + level / 2)) * sd / math.sqrt(n)
    return mean - half, mean + half


def quantile(values: npt.ArrayLike, p: float | Fraction, definition: Definition = 2) -> float:
    """Sample quantile.

    Parameters
    ----------
    values
        Numbers, shape (n,); NaN is missing.
    p
        Probability, 0 to 1. Whether n p is whole is decided in fractions, p being read as the
        simplest fraction that it can stand for: with binary numbers 0.07 x 100 is more than 7.
    definition
        2: the inverse of the empirical distribution function with averaging at its steps, SAS
        PCTLDEF=5 (the default there), R ``quantile(type = 2)``. 7: linear interpolation between
        order statistics at 1 + (n - 1) p, the default of R and NumPy. Both: Hyndman & Fan, Am Stat
        1996;50:361.

    Returns
    -------
    float
        NaN with no value known.

    Raises
    ------
    ValueError
        For an infinite value, a p outside 0 to 1 or an unknown definition.
    """
    return _quantile(_sorted_values(values)[0], p, definition)


def geometric(values: npt.ArrayLike) -> Geometric:
    """Geometric mean and geometric coefficient of variation.

    Kirkwood, Biometrics 1979;35:908. Not estimable, hence NaN, as soon as one value is 0 (a subject
    in whom cells were never detected) or negative: leaving it out or putting a small number in its
    place would change the estimand. The coefficient of variation needs two values, and is NaN where
    they lie so far apart that it is too large for a number.

    Parameters
    ----------
    values
        Numbers, shape (n,); NaN is missing.

    Raises
    ------
    ValueError
        For an infinite value, or values of another number of dimensions than one.
    """
    known, _ = _sorted_values(values)
    if not known or known[0] <= 0:
        return Geometric(len(known), math.nan, math.nan)
    logs = _counts([math.log(value) for value in known])
    spread = _sd(logs)
    return Geometric(
        n=len(known),
        geo_mean=math.exp(_mean(logs)),
        geo_cv=100 * math.sqrt(_expm1(spread * spread)),
    )


def _expm1(x: float) -> float:
    """exp(x) - 1; NaN where it is too large for a number."""
    try:
        return math.expm1(x)
    except OverflowError:
        return math.nan


def _sorted_values(values: npt.ArrayLike) -> tuple[list[float], int]:
    """Values that are not missing, ascending, and the number of missing ones."""
    array = np.asarray(values, np.float64)
    if array.ndim != 1:
        raise ValueError(f"values: {array.ndim} dimensions instead of 1")
    if np.isinf(array).any():
        raise ValueError("values: one is infinite")
    known: list[float] = np.sort(array[~np.isnan(array)]).tolist()
    return known, array.size - len(known)


def _counts(known: list[float]) -> dict[float, int]:
    """How often each value occurs."""
    values, counts = np.unique(known, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def _mean(counts: dict[float, int]) -> float:
    return float(_sum_of_powers(counts, 1) / sum(counts.values()))


def _sd(counts: dict[float, int]) -> float:
    n = sum(counts.values())
    if n < 2:
        return math.nan
    total = _sum_of_powers(counts, 1)
    return _square_root((_sum_of_powers(counts, 2) - total * total / n) / (n - 1))


def _sum_of_powers(counts: dict[float, int], power: int) -> Fraction:
    sums: defaultdict[int, int] = defaultdict(int)
    for value, count in counts.items():
        numerator, denominator = value.as_integer_ratio()
        sums[denominator**power] += count * numerator**power
    return sum((Fraction(n, d) for d, n in sums.items()), Fraction(0))


def _square_root(value: Fraction) -> float:
    """Correctly rounded: a root of 109 bits or more with its last bit set where it is not exact."""
    n, d = value.as_integer_ratio()
    shift = (n.bit_length() - d.bit_length() - 109) // 2
    n, d = (n << -2 * shift, d) if shift < 0 else (n, d << 2 * shift)
    root = math.isqrt(n // d)
    root |= root * root * d != n
    return root / (1 << -shift) if shift < 0 else float(root << shift)


def _quantile(ordered: list[float], p: float | Fraction, definition: Definition) -> float:
    if not 0 <= p <= 1:
        raise ValueError(f"p: {p} is not from 0 to 1")
    if definition not in get_args(Definition):
        raise ValueError(f"definition: {definition!r} is neither 2 nor 7")
    n, exact = len(ordered), Fraction(p).limit_denominator(_LARGEST_DENOMINATOR)
    if n == 0:
        return math.nan
    if definition == 7:
        below, share = divmod((n - 1) * exact, 1)
        low, high = ordered[below], ordered[min(below + 1, n - 1)]
        return low + float(share) * (high - low)
    below, share = divmod(n * exact, 1)
    high = ordered[min(below, n - 1)]
    return high if share else (ordered[max(below - 1, 0)] + high) / 2
