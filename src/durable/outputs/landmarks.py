"""Months at which probabilities over time are reported, and as of which day each is estimated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from durable.contracts.results import WITHIN_TOLERANCE
from durable.plan import Statistics

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Landmarks:
    """Months with the days of an estimate that stand for them."""

    months: tuple[float, ...]
    days: Floats
    """Days of the months, not rounded."""
    estimate_days: Floats
    """Days as of which each estimate is taken: the last observed time where that is less than the
    month but within the tolerance, else the day of the month."""
    notes: tuple[str, ...]
    """Of each month, that it lies past the last observed time; '' where it does not."""


def landmarks_at(months: tuple[float, ...], last: float, statistics: Statistics) -> Landmarks:
    """The landmarks of an estimate.

    Past the last observed time nothing can be estimated, but for the tolerance: visits have
    windows, and who was seen at the visit of month 24 may have been seen on day 725.

    Parameters
    ----------
    months
        Months asked for.
    last
        Last observed time, in days; NaN without a subject: then no note is made.
    statistics
        Days of a month, and the tolerance.
    """
    days = np.array(months) * statistics.days_per_month
    beyond = days > last
    tolerated = beyond & (days - last <= statistics.landmark_tolerance_days)
    near = f"as of day {last:g}, the last observed time, {WITHIN_TOLERANCE}"
    notes = np.select([tolerated, beyond], [near, "after the last observed time"], "")
    return Landmarks(months, days, np.where(tolerated, last, days), tuple(notes.tolist()))
