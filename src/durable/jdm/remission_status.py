"""Remission status of each assessment, and the first remission of each subject."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.frames import first_rows, last_of_day, subject_index, with_columns
from durable.jdm.held import held_for_days
from durable.jdm.remission import ITEMS, Remission
from durable.jdm.response import Response


def with_remission(frame: pd.DataFrame, response: Response) -> pd.DataFrame:
    """Add the status of the items, ``remission`` (1, 0, NaN unknown) and the flag ``adequate``.

    The items are columns such as ``item_cmas``, of the same values. Adequate is an assessment after
    infusion whose status is known. Of several such on one day the last row of the file stands for
    the day: two forms of a day are one assessment.
    """
    remission = response.remission
    items = {item.status: item.evaluate(frame, remission.criteria) for item in ITEMS}
    status = remission.evaluate(frame).to_numpy(float)
    adequate = last_of_day(frame, frame["post"].to_numpy(bool) & ~np.isnan(status))
    return with_columns(frame, {**items, "remission": status, "adequate": adequate})


def first_remission(
    frame: pd.DataFrame, remission: Remission, excluded: npt.NDArray[np.bool_] | None = None
) -> pd.Series[int]:
    """Index of `frame` of the first remission after infusion, by ``subject_id``; only who has one.

    Parameters
    ----------
    frame
        Assessments, as `with_remission` returns them.
    remission
        For how many days remission must have held by then (``held_days``), and whether it must hold
        at the next adequate assessment, of another day, too (``confirmation``).
    excluded
        Assessments that are not credited: those after new systemic therapy, by its strategy. They
        neither start a remission nor confirm one.
    """
    adequate = frame["adequate"].to_numpy(bool)
    counted = adequate if excluded is None else adequate & ~excluded
    known = np.flatnonzero(counted)
    number = subject_index(frame)[known]
    status = np.where(counted, frame["remission"].to_numpy(float), np.nan)
    met = held_for_days(frame, status, remission.held_days)[known]
    if remission.confirmation:
        shown = status[known] == 1
        again = np.zeros(len(known), dtype=bool)
        again[:-1] = shown[1:] & (number[1:] == number[:-1])
        met &= again
    first = known[first_rows(number, met)]
    subjects = frame["subject_id"].to_numpy()[first]
    return pd.Series(frame.index.to_numpy()[first], index=subjects, dtype="int64")
