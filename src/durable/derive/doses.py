"""The dose received against the planned one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
#: Significant digits of a share in words, where they show that it is outside the tolerance.
_DIGITS = 6
#: Decimals to which shares in percent are compared: 80 of 100 is 20 % less, whatever binary says.
_DECIMALS = 10


def percent_of_planned(received: Floats, planned: Floats) -> Floats:
    """Doses received in percent of the planned ones; NaN where either is not known."""
    return 100 * received / planned


def within_tolerance(percent: Floats, tolerance: float) -> npt.NDArray[np.bool_]:
    """Whether doses differ from the planned ones by at most a share, its limits included.

    Parameters
    ----------
    percent
        As `percent_of_planned` returns them; False where NaN.
    tolerance
        Share of the planned dose, from 0 to 1.
    """
    difference = np.abs(np.round(percent - 100, _DECIMALS))
    return difference <= round(100 * tolerance, _DECIMALS)


def outside_in_words(percent: float, tolerance: float) -> str:
    """A share outside the tolerance, with the digits that show it: 120.00001, not 120, of 20 %.

    Parameters
    ----------
    percent
        Of the planned dose, as `percent_of_planned` returns it.
    tolerance
        Share of the planned dose, from 0 to 1, which `within_tolerance` says it is outside of.
    """
    forms = (f"{percent:.{digits}g}" for digits in range(_DIGITS, 17))
    outside = (form for form in forms if not within_tolerance(np.array(float(form)), tolerance))
    return next(outside, repr(float(percent)))
