"""What a date recorded in part can mean."""

from __future__ import annotations

import pandas as pd


def partial_column(column: str) -> str:
    """Name of the column with the texts of dates recorded in part: ``start_date_partial``.

    Its cells are None where the date is whole, or missing.
    """
    return f"{column}_partial"


def possible_days(
    partial: pd.Series[str],
) -> tuple[pd.Series[pd.Timestamp], pd.Series[pd.Timestamp]]:
    """First and last day that dates recorded in part can mean: 1 and 29 February of ``2024-02``.

    Parameters
    ----------
    partial
        ``YYYY-MM`` or ``YYYY``; missing or '' where nothing is recorded in part.

    Returns
    -------
    Series, Series
        The two days, indexed alike; NaT where nothing is recorded.
    """
    text = partial.astype("string").fillna("").astype(object).astype(str)
    size = text.str.len()
    whole = (text + "-01-01").str[: len("YYYY-MM-DD")].where(size > 0)
    first: pd.Series[pd.Timestamp] = pd.Series(
        pd.to_datetime(whole, format="%Y-%m-%d"), dtype="datetime64[ns]"
    )
    by_month, by_year = first + pd.offsets.MonthEnd(0), first + pd.offsets.YearEnd(0)
    return first, by_month.where(size == len("YYYY-MM"), by_year)
