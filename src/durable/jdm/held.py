"""Statuses that hold: at several assessments in a row, for so many days, or to the last of them.

All take the assessments and a status by assessment, 1, 0 or NaN (unknown), and return a flag by
assessment. Unknown statuses neither confirm nor refute; of several known ones on a day the last row
stands for it, and the others are False.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.frames import changes, last_of_day, subject_index

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def held_at_consecutive(frame: pd.DataFrame, status: Floats, consecutive: int) -> Flags:
    """Whether the status is 1 here and at the next known ones, `consecutive` in all, one a day."""
    known = _known_rows(frame, status)
    met, subject = status[known] == 1, subject_index(frame)[known]
    held = met.copy()
    for step in range(1, consecutive):
        held[-step:] = False
        held[:-step] &= met[step:] & (subject[step:] == subject[:-step])
    return _flags(frame, known[held])


def held_for_days(frame: pd.DataFrame, status: Floats, days: int) -> Flags:
    """Whether the status is 1 and has been at every known status for at least so many days.

    They are counted from the first of the known statuses of 1 in a row; with 0 days every 1 counts.
    """
    known = _known_rows(frame, status)
    met, start = status[known] == 1, _starts_of_runs(frame, status, known)
    date = frame["visit_date"].to_numpy("datetime64[D]")[known]
    since = (date - date[start]).astype(np.int64)
    return _flags(frame, known[met & (since >= days)])


def held_at_end(frame: pd.DataFrame, status: Floats) -> Flags:
    """Whether the status, and every later known one of the subject, is 1."""
    known = _known_rows(frame, status)
    if not len(known):
        return _flags(frame, known)
    met, start = status[known] == 1, _starts_of_runs(frame, status, known)
    subject = subject_index(frame)[known]
    last = np.append(subject[1:] != subject[:-1], [True])
    start_of_last = np.zeros(subject.max() + 1, dtype=np.int64)
    start_of_last[subject[last]] = start[last]
    return _flags(frame, known[met & (start == start_of_last[subject])])


def _known_rows(frame: pd.DataFrame, status: Floats) -> Ints:
    return np.flatnonzero(last_of_day(frame, ~np.isnan(status)))


def _starts_of_runs(frame: pd.DataFrame, status: Floats, known: Ints) -> Ints:
    """For each known status, the position of the first equal one of its subject in a row."""
    begins = changes(status[known]) | changes(subject_index(frame)[known])
    return np.maximum.accumulate(np.where(begins, np.arange(len(known)), 0))


def _flags(frame: pd.DataFrame, rows: Ints) -> Flags:
    flags = np.zeros(len(frame), dtype=np.bool_)
    flags[rows] = True
    return flags
