"""Frames of assessments: columns added without a copy, and rows found by subject.

A frame of assessments is sorted by subject, and its column ``subject`` numbers the subjects. Where
a subject's rows begin and end is then a comparison of neighbours: no grouping, no hashing of names.
A row is given by its position in the frame, from 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

#: Numbers of subjects, or positions of rows.
Ints = npt.NDArray[np.int64]
#: Yes or no for each row of a frame, in its order.
Flags = npt.NDArray[np.bool_]


def with_columns(frame: pd.DataFrame, columns: dict[str, Any]) -> pd.DataFrame:
    """The frame with further columns; those it has are shared with it, not copied."""
    wider = frame.copy(deep=False)
    for name, values in columns.items():
        wider[name] = values
    return wider


def subject_index(frame: pd.DataFrame) -> Ints:
    """Number of the subject of each row, from 0, ascending: the column ``subject``."""
    return frame["subject"].to_numpy(np.int64)


def first_rows(number: Ints, chosen: Flags) -> Ints:
    """Position of the first chosen row of each subject that has one, ascending."""
    rows = np.flatnonzero(chosen)
    return rows[changes(number[rows])]


def last_rows(number: Ints, chosen: Flags) -> Ints:
    """Position of the last chosen row of each subject that has one, ascending."""
    rows = np.flatnonzero(chosen)
    return rows[changes(number[rows][::-1])[::-1]]


def first_row_of_day(frame: pd.DataFrame) -> Ints:
    """For each row, the position of the first row of the same subject and day.

    The rows of a subject are in the order of their dates.
    """
    number = subject_index(frame)
    begins = changes(number) | changes(frame["visit_date"].to_numpy())
    return np.flatnonzero(begins)[begins.cumsum() - 1] if len(number) else number


def last_of_day(frame: pd.DataFrame, chosen: Flags) -> Flags:
    """Whether each row is the last chosen one of its subject and day."""
    last = np.zeros(len(chosen), dtype=np.bool_)
    last[last_rows(first_row_of_day(frame), chosen)] = True
    return last


def changes(values: npt.NDArray[Any]) -> Flags:
    """Whether each value differs from the one before; the first does, and so do NaN and NaT."""
    differs = np.ones(len(values), dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=differs[1:])
    return differs


def row_of_subject(number: Ints, rows: Ints) -> Ints:
    """For each row of a frame, the one of the given `rows` that is of the same subject.

    Parameters
    ----------
    number
        Number of the subject of each row (`subject_index`).
    rows
        Positions of rows, at most one a subject: those of the first remission, for example.

    Returns
    -------
    array of int, shape (rows of the frame,)
        Position of that row in the frame; -1 for a subject that has none.
    """
    by_subject = np.full(number[-1] + 1 if len(number) else 0, -1, dtype=np.int64)
    by_subject[number[rows]] = rows
    return by_subject[number]


def take_or_nan(values: npt.NDArray[np.float64], rows: Ints) -> npt.NDArray[np.float64]:
    """The value at each of these positions; NaN where the position is -1."""
    return np.where(rows >= 0, values[rows], np.nan) if len(values) else np.full(len(rows), np.nan)


def positions(frame: pd.DataFrame, names: pd.Series[Any] | pd.Index[Any]) -> Ints:
    """For each row, the position of its ``subject_id`` among `names`, from 0; -1 if not there.

    `names` has each subject once.
    """
    number = subject_index(frame)
    first = first_rows(number, np.ones(len(number), dtype=np.bool_))
    among_names = pd.Index(names).get_indexer(frame["subject_id"].to_numpy()[first])
    by_subject = np.full(number[-1] + 1 if len(number) else 0, -1, dtype=np.int64)
    by_subject[number[first]] = among_names
    return by_subject[number]
