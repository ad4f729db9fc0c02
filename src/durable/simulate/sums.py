"""Sums by group that are exact, so that they do not depend on how the rows were divided.

A sum of floating-point numbers depends on their order. Here every number is taken apart into whole
numbers times powers of two, whose sums are exact (a superaccumulator; Kulisch, Computer arithmetic
and validity, 2nd ed. 2013).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Digits of the significand of a double, and of the lower of the two parts it is split into.
_DIGITS, _LOW_DIGITS = 53, 27
#: Most numbers at once: sums of as many parts stay below 2^53, so that a double holds them exactly.
MOST = 2 ** (_DIGITS - _LOW_DIGITS)


def exact_sums(group: Ints, values: Floats, groups: int) -> list[Fraction]:
    """The exact sum of the values of each group.

    Parameters
    ----------
    group
        Group of each value, from 0 to `groups` - 1; shape (n,).
    values
        Finite numbers, shape (n,), n at most `MOST`.
    groups
        Number of groups.

    Returns
    -------
    list of Fraction
        One sum a group; ``float`` of it is the correctly rounded sum, as of ``math.fsum``.

    Raises
    ------
    ValueError
        For a value that is not finite, or more than `MOST` of them.
    """
    if not np.isfinite(values).all() or len(values) > MOST:
        raise ValueError(f"values: not up to {MOST} finite numbers")
    totals = [Fraction(0)] * groups
    if not len(values):
        return totals
    significand, exponent = np.frexp(values)
    whole = np.ldexp(significand, _DIGITS)
    high = np.floor(np.ldexp(whole, -_LOW_DIGITS))
    low = whole - np.ldexp(high, _LOW_DIGITS)
    least = int(exponent.min())
    span = int(exponent.max()) - least + 1
    cell = group * span + (exponent - least)
    highs, lows = (np.bincount(cell, weights=part, minlength=groups * span) for part in (high, low))
    for place in np.flatnonzero((highs != 0) | (lows != 0)).tolist():
        number = (int(highs[place]) << _LOW_DIGITS) + int(lows[place])
        power = place % span + least - _DIGITS
        totals[place // span] += number * Fraction(2) ** power
    return totals
