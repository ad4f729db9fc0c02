"""Worsening against the best value since infusion, as in ProDERM and the definition of IMACS."""

from __future__ import annotations

from typing import assert_never

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.frames import first_row_of_day, subject_index, take_or_nan
from durable.jdm.measures import direction
from durable.jdm.percent_change import percent_change
from durable.jdm.response import Response, Scale, Worsening
from durable.jdm.three_valued import all_met, any_met, at_least, count_met

Floats = npt.NDArray[np.float64]


def worsening_status(frame: pd.DataFrame, response: Response) -> pd.Series[float]:
    """Whether any worsening limb is met at each assessment: 1, 0, NaN where that is unknown.

    NaN everywhere where worsening is not enabled.
    """
    worsening = response.recurrence.worsening
    if not worsening.enabled:
        return pd.Series(np.nan, index=frame.index)
    physician_global = _worse_by(frame, "physician_global", worsening.physician_global)
    muscle = _worse_by_percent(frame, "mmt8", worsening.mmt8_percent, response)
    extramuscular = _worse_by(frame, "extramuscular", worsening.extramuscular)
    measures = [measure for place, measure in response.measures.items() if place != "enzyme"]
    several = count_met(
        [
            _worse_by_percent(frame, measure, worsening.csm_percent, response)
            for measure in measures
        ],
        worsening.csm_count,
    )
    return any_met([all_met([physician_global, muscle]), extramuscular, several])


def best_before(frame: pd.DataFrame, measure: str) -> Floats:
    """Best value after infusion on days before that of each assessment; NaN where there is none."""
    value = frame[measure].where(frame["post"])
    number = subject_index(frame)
    by_subject = value.groupby(number, sort=False)
    higher = direction(measure) == "higher"
    running = (by_subject.cummax() if higher else by_subject.cummin()).to_numpy(float)
    # The last row before each day with a value; where it is of the same subject, its best so far.
    row = np.arange(len(number))
    last = np.maximum.accumulate(np.where(np.isnan(running), -1, row))
    day_before = first_row_of_day(frame) - 1
    known = (day_before >= 0) & (last[day_before] >= 0)
    before = np.where(known & (number[last[day_before]] == number), last[day_before], -1)
    return take_or_nan(running, before)


def _worse_by(frame: pd.DataFrame, measure: str, amount: float) -> pd.Series[float]:
    """Whether a measure is worse than its best by at least an amount, exact on decimals."""
    # 100 x difference / amount is at least 100 exactly when the difference is at least the amount.
    return at_least(_worse_percent(frame, measure, best_before(frame, measure), amount), 100)


def _worse_by_percent(
    frame: pd.DataFrame, measure: str, percent: float, response: Response
) -> pd.Series[float]:
    """Whether a measure is worse than its best by at least a percentage."""
    best = best_before(frame, measure)
    width = _width(best, response.ranges.scale(measure), response.recurrence.worsening)
    return at_least(_worse_percent(frame, measure, best, width), percent)


def _width(best: Floats, scale: Scale, worsening: Worsening) -> Floats:
    """What percentages refer to."""
    whole_range = np.full(len(best), scale.range)
    match worsening.percent_of:
        case "range":
            return whole_range
        case "best":
            # A best value of 0 has no percentage: it is judged on the range.
            return np.where(best == 0, whole_range, np.abs(best))
    assert_never(worsening.percent_of)


def _worse_percent(
    frame: pd.DataFrame, measure: str, best: Floats, width: npt.ArrayLike
) -> pd.Series[float]:
    """By how many percent of a width a measure is worse than its best value."""
    value = frame[measure].to_numpy(float)
    percent = percent_change(value, best, width, direction(measure))
    return pd.Series(percent, index=frame.index)
