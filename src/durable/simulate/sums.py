"""Sums that are exact, so that they do not depend on how the numbers were divided.

A sum of floating-point numbers depends on their order. Here every number is taken apart into whole
numbers times powers of two, whose sums are exact (a superaccumulator; Kulisch, Computer arithmetic
and validity, 2nd ed. 2013).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

#: Digits of the significand of a double, and of the lower of the two parts it is split into.
_DIGITS, _LOW_DIGITS = 53, 27
#: Most numbers at once: sums of as many parts stay below 2^53, so that a double holds them exactly.
MOST = 2 ** (_DIGITS - _LOW_DIGITS)


def exact_sum(values: npt.NDArray[np.float64]) -> Fraction:
    """The exact sum of up to `MOST` finite numbers; 0 of none.

    ``float`` of it is the correctly rounded sum, as of ``math.fsum``.

    Raises
    ------
    ValueError
        For a value that is not finite, or more than `MOST` of them.
    """
    if not np.isfinite(values).all() or len(values) > MOST:
        raise ValueError(f"values: not up to {MOST} finite numbers")
    if not len(values):
        return Fraction(0)
    significand, exponent = np.frexp(values)
    whole = np.ldexp(significand, _DIGITS)
    high = np.floor(np.ldexp(whole, -_LOW_DIGITS))
    low = whole - np.ldexp(high, _LOW_DIGITS)
    least = int(exponent.min())
    # Sums of both parts by exponent, from the least one on.
    highs, lows = (np.bincount(exponent - least, weights=part).tolist() for part in (high, low))
    total = 0
    for power, (high_sum, low_sum) in enumerate(zip(highs, lows, strict=True)):
        total += ((int(high_sum) << _LOW_DIGITS) + int(low_sum)) << power
    return total * Fraction(2) ** (least - _DIGITS)
