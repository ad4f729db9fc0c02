"""A table as the checks see it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from durable.contracts.inputs import partial
from durable.contracts.partial_dates import possible_days
from durable.intake.findings import Findings, Recorded


@dataclass(frozen=True)
class Table:
    """A table as recorded and as typed; both have the same rows."""

    recorded: Recorded
    frame: pd.DataFrame


def left_empty(table: Table, name: str) -> pd.Series[bool]:
    """Cells of a column with nothing in them; one that could not be read is not empty."""
    missing = table.frame[name].isna()
    if missing.any():
        missing &= table.recorded.text[name].str.strip() == ""
    return missing


def usual_of(frame: pd.DataFrame, by: str, value: str) -> pd.Series[str]:
    """Most frequent value among the records with the same `by`; of equal ones the first."""
    pairs = frame.groupby([by, value])["source_row"].agg(["count", "min"]).reset_index()
    pairs = pairs.sort_values(["count", "min"], ascending=[False, True]).drop_duplicates(by)
    return frame[by].map(dict(zip(pairs[by], pairs[value], strict=True))).astype(object)


def date_of(frame: pd.DataFrame, known: pd.DataFrame, column: str) -> pd.Series[pd.Timestamp]:
    """A date of each record's subject; NaT for an unknown one."""
    return frame["subject_id"].map(known[column])


def first_day(frame: pd.DataFrame, column: str) -> pd.Series[pd.Timestamp]:
    """The date, or the first day that one recorded in part can mean."""
    if partial(column) not in frame:
        return frame[column]
    return frame[column].fillna(possible_days(frame[partial(column)])[0])


def last_day(frame: pd.DataFrame, column: str) -> pd.Series[pd.Timestamp]:
    """The date, or the last day that one recorded in part can mean."""
    if partial(column) not in frame:
        return frame[column]
    return frame[column].fillna(possible_days(frame[partial(column)])[1])


def iso(date: pd.Series[pd.Timestamp]) -> pd.Series[str]:
    """Dates as YYYY-MM-DD, '' where there is none."""
    return date.dt.strftime("%Y-%m-%d").fillna("")


def in_order(table: Table, findings: Findings, early: str, late: str, rule: str) -> None:
    """A finding on `late` where it lies before `early`."""
    wrong = last_day(table.frame, late) < first_day(table.frame, early)
    expected = f"a date not before {early} (" + table.recorded.text[early].str.strip() + ")"
    findings.add(table.recorded, wrong, late, rule, expected)


def fatal(events: pd.DataFrame) -> pd.DataFrame:
    """Whether an event is fatal by its ``grade`` and by its ``outcome``, one row each."""
    return pd.DataFrame(
        {
            "grade": events["ctcae_grade"] == 5,
            "outcome": events["outcome"].astype("string").str.casefold().eq("fatal").fillna(False),
        }
    ).astype(bool)
