"""Percent changes of core set measures, exact for values as recorded.

Cut points of the score are met by recorded decimals exactly or not at all: the quotient is that of
rational arithmetic, rounded once.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

_MOST_DECIMALS = 9
_EXACT = 2.0**53
_POWERS = 10.0 ** np.arange(2 * _MOST_DECIMALS + 1)


def percent_change(
    baseline: npt.ArrayLike,
    value: npt.ArrayLike,
    range: npt.ArrayLike,
    better: Literal["lower", "higher"] = "lower",
) -> Floats:
    """Absolute percent change of a core set measure: 100 x improvement / range of the measure.

    Exact for values as recorded: the decimals are taken as written, and the result is the exact
    quotient rounded once. In binary arithmetic (61.6 - 60) / 80 x 100 is 2.0000000000000018, which
    would pass the cut point of 2 and score 10 instead of 0.

    Parameters
    ----------
    baseline, value
        Values of the measure, any shape that broadcasts; NaN where missing.
    range
        Width of the scale, positive.
    better
        Direction of improvement.

    Returns
    -------
    ndarray of float
        Percent, positive for improvement; NaN where a value is missing. A number for numbers.

    Raises
    ------
    ValueError
        For another direction than these two.

    References
    ----------
    Rider et al., Rheumatology 2017;56:1884: absolute, not relative, percent change.
    """
    if better not in ("lower", "higher"):
        raise ValueError(f"better is 'lower' or 'higher', not {better!r}")
    if better == "higher":
        baseline, value = value, baseline
    return exact_percent(baseline, 1.0, value, 1.0, range)


def exact_percent(
    baseline: npt.ArrayLike,
    baseline_unit: npt.ArrayLike,
    value: npt.ArrayLike,
    value_unit: npt.ArrayLike,
    width: npt.ArrayLike,
) -> Floats:
    """100 x (baseline / its unit - value / its unit) / width, exact for decimal arguments.

    The units are 1, or the upper limits of normal of an enzyme at the two assessments. NaN where an
    argument is missing or infinite, and where a unit or the width is 0. A number for numbers.
    """
    arguments = [
        np.asarray(x, dtype=float) for x in (baseline, baseline_unit, value, value_unit, width)
    ]
    shape = np.broadcast_shapes(*(array.shape for array in arguments))
    # A number for all rows stays one number.
    flat = [x if x.ndim == 0 else np.broadcast_to(x, shape).ravel() for x in arguments]
    known = np.ones(shape, dtype=bool).ravel()
    for array in flat:
        known &= np.isfinite(array)
    result = np.full(known.shape, np.nan)
    result[known] = _exact(*(x if x.ndim == 0 else x[known] for x in flat), rows=int(known.sum()))
    return result.reshape(shape)[()]  # a number for numbers


def _exact(b: Floats, bu: Floats, v: Floats, vu: Floats, w: Floats, *, rows: int) -> Floats:
    """Quotients of finite values: of whole numbers below 2^53, which round once, else fractions."""
    (bi, vi), places, values_exact = _integers((b, v), rows)
    (bui, vui), unit_places, units_exact = _integers((bu, vu), rows)
    (wi,), width_places, width_exact = _integers((w,), rows)
    more = unit_places + width_places - places
    above, below = _POWERS[np.maximum(more, 0)], _POWERS[np.maximum(-more, 0)]
    left, right = bi * vui, vi * bui
    numerator = 100.0 * (left - right) * above
    denominator = bui * vui * wi * below
    largest = np.maximum(np.abs(left), np.abs(right))
    exact = values_exact & units_exact & width_exact
    exact &= (200.0 * largest * above < _EXACT) & (np.abs(denominator) < _EXACT)
    exact, denominator = np.broadcast_to(exact, (rows,)), np.broadcast_to(denominator, (rows,))
    quotient = np.full(rows, np.nan)
    np.divide(numerator, denominator, where=denominator != 0, out=quotient)
    if not exact.all():
        rest = ~exact
        quotient[rest] = _by_fractions(
            *(np.broadcast_to(x, (rows,))[rest] for x in (b, bu, v, vu, w))
        )
    return quotient + 0.0  # no negative zero


def _integers(
    values: tuple[Floats, ...], rows: int
) -> tuple[list[Floats], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """`values` as whole numbers, the decimal places they were moved, and where that succeeded.

    The places are each row's own: what a row gives does not depend on the others.
    """
    if all(value.ndim == 0 for value in values):
        columns, places, ok = _integers(tuple(value.reshape(1) for value in values), 1)
        return [column[0] for column in columns], places[0], ok[0]
    values = tuple(np.broadcast_to(value, (rows,)) for value in values)
    places = np.zeros(rows, dtype=np.int64)
    left, is_whole = np.arange(rows), np.zeros(rows, dtype=bool)
    for decimals in range(_MOST_DECIMALS + 1):
        scaled = [value[left] * 10.0**decimals for value in values] if decimals else values
        ok = np.ones(len(left), dtype=bool)
        for s in scaled:
            # Nine digits after the point leave a product's rounding error far below this.
            ok &= np.abs(s - np.rint(s)) <= 1e-12 * np.maximum(1.0, np.abs(s))
        places[left] = decimals
        is_whole[left] = ok
        left = left[~ok]
        if not left.size:
            break
    return [np.rint(value * _POWERS[places]) for value in values], places, is_whole


def _by_fractions(*values: Floats) -> Floats:
    """The same in rational arithmetic, for values with many digits; each case of them once."""
    case = pd.DataFrame(dict(enumerate(values))).groupby([*range(len(values))], sort=False).ngroup()
    number, first = np.unique(case, return_index=True)
    quotient = np.empty(len(number))
    for i, row in enumerate(first):
        quotient[i] = _by_fraction(*(value[row] for value in values))
    return quotient[case]


def _by_fraction(b: float, bu: float, v: float, vu: float, w: float) -> float:
    exact = [Fraction(repr(float(x))) for x in (b, bu, v, vu, w)]
    if exact[1] == 0 or exact[3] == 0 or exact[4] == 0:
        return float("nan")
    return float(100 * (exact[0] / exact[1] - exact[2] / exact[3]) / exact[4])
