"""Toxicity grades of laboratory values by fixed limits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def decrease_grade(value: Floats, lower_normal: Floats, limits: Sequence[float]) -> Floats:
    """CTCAE grade of a decreased value.

    Grade 1 is below the lower limit of normal, grade 2 below the first of `limits`, grade 3 below
    the second, grade 4 below the third. A value at a limit has the milder grade: CTCAE v5.0 writes
    grade 2 of neutrophils as "<1500 - 1000/mm3". A value below a limit has that grade although the
    laboratory calls it normal.

    Parameters
    ----------
    value, lower_normal
        Results and their lower limits of normal in one unit; NaN where there is none.
    limits
        Limits of the grades from 2 on, in descending order.

    Returns
    -------
    array of float
        0 to 4; NaN without a value, and where it is at least the first of `limits` without a lower
        limit of normal: grade 0 and grade 1 cannot be told apart.

    References
    ----------
    National Cancer Institute, Common Terminology Criteria for Adverse Events, version 5.0, 2017.

    Examples
    --------
    >>> decrease_grade(np.array([1.8, 1.5, 1.49, 0.4]), np.array([2.0] * 4), (1.5, 1.0, 0.5))
    array([1., 1., 2., 4.])
    """
    grade = np.where(value < lower_normal, 1.0, 0.0)
    grade[np.isnan(lower_normal)] = np.nan
    for number, limit in enumerate(limits, 2):
        grade[value < limit] = number
    grade[np.isnan(value)] = np.nan
    return grade


def decrease_grade_below(limit: Floats, lower_normal: Floats, limits: Sequence[float]) -> Floats:
    """CTCAE grade of a result known to lie from 0 to below `limit`, such as one below its LLOQ.

    Returns
    -------
    array of float
        As `decrease_grade`, where all these values have the same grade; elsewhere NaN.
    """
    lowest = decrease_grade(np.where(np.isnan(limit), np.nan, 0.0), lower_normal, limits)
    highest = decrease_grade(np.nextafter(limit, 0.0), lower_normal, limits)
    return np.where(lowest == highest, lowest, np.nan)
