"""Whether a date lies in a window, where the date or the window is known in part.

A date recorded in part stands for every day that it can mean: the answer is yes (1) or no (0) only
where it is the same for all of them, else unknown (NaN). (Interval arithmetic with three-valued
logic: Kleene 1952, section 64; Moore 1966.) Light to import.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

    #: One value for each row: 1 yes, 0 no, NaN unknown.
    Status = pd.Series[float]
    #: One day for each row; NaT where none is recorded.
    Dates = pd.Series[pd.Timestamp]

#: How a month is counted: to the same day of another month, or as so many days.
MonthRule = Literal["calendar", "days"]
Boundary = Literal["closed", "open"]
#: Days of a month where months are counted as days.
DAYS_PER_MONTH = 30


@dataclass(frozen=True)
class Days:
    """Dates as the first and the last day that each can mean: two Series with one index.

    The two are the same day of a date recorded in full, and NaT where nothing is recorded.
    """

    first: Dates
    last: Dates

    def or_else(self, fallback: Days) -> Days:
        """These dates, and those of `fallback` where nothing is recorded."""
        return Days(self.first.fillna(fallback.first), self.last.fillna(fallback.last))

    def not_after(self, limit: Days) -> Days:
        """The earlier of each date and its limit; NaT where either is not recorded."""
        return Days(_earlier_dates(self.first, limit.first), _earlier_dates(self.last, limit.last))


def _earlier_dates(date: Dates, limit: Dates) -> Dates:
    return date.where((date <= limit) | date.isna(), limit)


def days_recorded(frame: pd.DataFrame, column: str) -> Days:
    """The days of a date column, from its columns `first_day` and `last_day` in the frame."""
    return Days(frame[first_day(column)], frame[last_day(column)])


def first_day(column: str) -> str:
    """Name of the column with the first day that a date can mean: ``infusion_date_first_day``."""
    return f"{column}_first_day"


def last_day(column: str) -> str:
    """Name of the column with the last day that a date can mean: ``infusion_date_last_day``."""
    return f"{column}_last_day"


def add_months(dates: Dates, months: int, rule: MonthRule) -> Dates:
    """Dates so many months later; NaT where there is none.

    Parameters
    ----------
    dates
        Days.
    months
        Number of months; where negative, the dates are earlier.
    rule
        ``calendar``: the same day of the month, or its last day where it has no such day (3 months
        before 31 May is 28 February); ``days``: 30 days a month.
    """
    import pandas as pd

    if rule == "days":
        return dates + pd.Timedelta(days=DAYS_PER_MONTH * months)
    return dates + pd.DateOffset(months=months)


def in_window(days: Days, start: Days, end: Days, boundary: Boundary) -> Status:
    """1 where dates lie from a first to a last day, 0 if not, NaN if unknown.

    Parameters
    ----------
    days
        The dates.
    start, end
        First and last day of the window. The last one belongs to it.
    boundary
        Whether the first one does: ``closed``, or does not: ``open``.
    """
    if boundary == "closed":
        surely_in = days.first >= start.last
        surely_before = days.last < start.first
    else:
        surely_in = days.first > start.last
        surely_before = days.last <= start.first
    surely_in &= days.last <= end.first
    surely_out = surely_before | (days.first > end.last)
    return _status(surely_in, surely_out)


def at_or_before(days: Days, limit: Days) -> Status:
    """1 where dates are no later than a limit, 0 if later, NaN if unknown."""
    return _status(days.last <= limit.first, days.first > limit.last)


def at_or_after(days: Days, limit: Days) -> Status:
    """1 where dates are no earlier than a limit, 0 if earlier, NaN if unknown."""
    return _status(days.first >= limit.last, days.last < limit.first)


def has_lasted(start: Days, end: Days, months: int, rule: MonthRule) -> Status:
    """1 where what began and ended lasted at least so many months, 0 if not, NaN if unknown."""
    earliest = Days(add_months(start.first, months, rule), add_months(start.last, months, rule))
    return at_or_before(earliest, end)


def completed_years(birth: Days, day: Days) -> tuple[pd.Series[float], pd.Series[float]]:
    """Least and greatest age on a day, in completed years; NaN where a date is not recorded."""
    return _years(birth.last, day.first), _years(birth.first, day.last)


def _years(birth: Dates, day: Dates) -> pd.Series[float]:
    years = (day.dt.year - birth.dt.year).astype(float)
    before_birthday = (day.dt.month < birth.dt.month) | (
        (day.dt.month == birth.dt.month) & (day.dt.day < birth.dt.day)
    )
    return years - before_birthday


def _status(yes: pd.Series[bool], no: pd.Series[bool]) -> Status:
    return yes.astype(float).where(yes | no)
