"""Variables of which several datasets have some: flags and study days."""

from __future__ import annotations

import numpy as np
import pandas as pd


def mark(condition: pd.Series[bool]) -> pd.Series[str]:
    """Y where a condition holds, else None."""
    marks = np.array([None, "Y"], dtype=object)
    return pd.Series(marks[condition.to_numpy(bool).astype(int)], index=condition.index)


def study_day(date: pd.Series[pd.Timestamp], reference: pd.Series[pd.Timestamp]) -> pd.Series[int]:
    """CDISC study day, missing without one of the dates.

    The reference date is day 1, the day before it day -1; there is no day 0.
    """
    days = (date - reference).dt.days
    return (days + (days >= 0)).astype("Int64")
