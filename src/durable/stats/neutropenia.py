"""Depth and duration of neutropenia, day by day."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def daily_counts(day: npt.NDArray[np.int64], value: Floats, last: int, max_gap: int) -> Floats:
    """The count on each day from 0 to `last`: the lowest of the day, or interpolated.

    Days between two results are interpolated linearly where there are at most `max_gap` of them;
    otherwise, and before the first and after the last result, the count is not known.

    Parameters
    ----------
    day, value
        Results in any order; those outside 0 to `last` bound a gap too.

    Returns
    -------
    array of float, shape (last + 1,)
        NaN where the count is not known.

    References
    ----------
    Interpolation over at most seven missing days: the public R code of Liang for grading early
    ICAHT (github.com/emilyliangmd/automatedicahtgrading).

    Examples
    --------
    >>> daily_counts(np.array([0, 2, 5]), np.array([2.0, 1.0, 4.0]), 5, 1)
    array([2. , 1.5, 1. , nan, nan, 4. ])
    """
    days, position = np.unique(day, return_inverse=True)
    lowest = np.full(len(days), np.inf)
    np.minimum.at(lowest, position, value)
    wanted = np.arange(last + 1)
    counts = np.full(last + 1, np.nan)
    if not len(days):
        return counts
    after = np.searchsorted(days, wanted)
    in_range = (after < len(days)) & (wanted >= days[0])
    following = np.minimum(after, len(days) - 1)
    exact = in_range & (days[following] == wanted)
    previous = np.maximum(following - 1, 0)
    near = exact | (in_range & (days[following] - days[previous] - 1 <= max_gap))
    return np.where(near, np.interp(wanted, days, lowest), counts)


def spell_days(low: Flags, recovery: int) -> tuple[int, int]:
    """Days of the longest spell of low days, and of all of them together.

    Fewer than `recovery` days in a row between two spells do not end the first: they count to it.
    0 and 0 without a low day.

    Examples
    --------
    >>> spell_days(np.array([1, 1, 0, 1, 0, 0, 0, 1], dtype=bool), 3)
    (4, 5)
    """
    rows = np.flatnonzero(low)
    if not len(rows):
        return 0, 0
    begins = np.append(True, np.diff(rows) > recovery)
    first = rows[begins]
    last = rows[np.append(np.flatnonzero(begins)[1:] - 1, len(rows) - 1)]
    lengths = last - first + 1
    return int(lengths.max()), int(lengths.sum())


def early_grade(
    counts: Floats,
    limits: tuple[float, float],
    days: tuple[Sequence[int], Sequence[int]],
    recovery: int,
    *,
    longest: bool,
) -> int:
    """Grade of early ICAHT, 0 to 4, of a count known on every day; 0 without a day.

    Grade 1 from one day at or below the first limit, grades 2 and 3 from so many days at or below
    it, grades 3 and 4 from so many days at or below the second; grade 4 where the count is never
    above the first.

    Parameters
    ----------
    counts
        One a day, from day 0.
    limits
        Of severe and of profound neutropenia (500 and 100 per microlitre).
    days
        Least days of grades 2 and 3 by the first limit, and of grades 3 and 4 by the second.
    recovery
        Days above a limit that end a spell.
    longest
        Whether the longest spell counts, or all together.

    References
    ----------
    Rejeski et al., Blood 2023;142:865 (EHA/EBMT consensus grading).
    """
    if not len(counts):
        return 0
    pick = 0 if longest else 1
    severe, profound = (spell_days(counts <= limit, recovery)[pick] for limit in limits)
    grade = sum(severe >= least for least in (1, *days[0]))
    deep = [number for number, least in zip((3, 4), days[1], strict=True) if profound >= least]
    never_above = 4 if bool((counts <= limits[0]).all()) else 0
    return max(grade, never_above, *deep, 0)


def early_range(
    counts: Floats,
    limits: tuple[float, float],
    days: tuple[Sequence[int], Sequence[int]],
    recovery: int,
    *,
    longest: bool,
) -> tuple[int, int]:
    """Lowest and highest grade that the days without a known count (NaN) leave possible.

    Parameters are those of `early_grade`.
    """
    unknown = np.isnan(counts)
    best, worst = np.where(unknown, np.inf, counts), np.where(unknown, 0.0, counts)
    grades = [early_grade(c, limits, days, recovery, longest=longest) for c in (best, worst)]
    return grades[0], grades[1]


def late_grade(value: Floats, limits: Sequence[float], needed: int) -> int | None:
    """Grade of late ICAHT, 0 to 4: that reached by `needed` results; None with fewer results.

    Parameters
    ----------
    value
        Lowest result of each day of the period.
    limits
        Of grades 1 to 4, descending: at or below.
    needed
        Results at or below a limit that make its grade.

    Examples
    --------
    >>> late_grade(np.array([0.05, 0.9, 2.0]), (1.5, 1.0, 0.5, 0.1), 2)
    2
    """
    if len(value) < needed:
        return None
    return int((np.sort(value)[needed - 1] <= np.array(limits)).sum())
