"""A table as the checks see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from durable.contracts.partial_dates import partial_column, possible_days
from durable.contracts.words import OutcomeClass, outcome_class
from durable.intake.findings import Findings, Recorded
from durable.intake.texts import Phrase, codes_and_values, is_blank, map_texts, where_text
from durable.language import _


@dataclass(frozen=True)
class StudyTable:
    """A table as recorded and as typed; both have the same rows."""

    recorded: Recorded
    frame: pd.DataFrame


def left_empty(table: StudyTable, name: str) -> pd.Series[bool]:
    """Cells of a column with nothing in them; one that could not be read is not empty."""
    return is_blank(table.recorded.text[name])


def most_frequent(frame: pd.DataFrame, by: str, value: str) -> pd.Series[str]:
    """Most frequent value among the records with the same `by`; of equal ones the first."""
    cells = frame[[by, value, "source_row"]]
    pairs = cells.groupby([by, value], observed=True)["source_row"].agg(["count", "min"])
    pairs = pairs.reset_index().sort_values(["count", "min"], ascending=[False, True])
    usual = pairs.astype({by: object, value: object}).drop_duplicates(by).set_index(by)[value]
    return look_up(frame[by], usual)


def subject_value(frame: pd.DataFrame, known: pd.DataFrame, column: str) -> pd.Series[Any]:
    """A date (or another value) of each record's subject; missing for an unknown one."""
    return look_up(frame["subject_id"], known[column])


def has_known_subject(frame: pd.DataFrame, known: pd.DataFrame) -> pd.Series[bool]:
    """Whether the subject of each record is known."""
    return frame["subject_id"].isin(known.index)


def look_up(column: pd.Series[str], values: pd.Series[Any]) -> pd.Series[Any]:
    """The value of each text, by the index of `values`; missing where it has none."""
    codes, distinct = codes_and_values(column)
    found = values.reindex(distinct).array.take(codes, allow_fill=True)
    return pd.Series(found, index=column.index)


def days_between(
    later: pd.Series[pd.Timestamp], earlier: pd.Series[pd.Timestamp]
) -> pd.Series[int]:
    """Days from one date to another, missing where one is; however far apart a mistake puts them.

    In nanoseconds, as pandas counts by default, three centuries are more than a number holds.
    """
    return (later.dt.as_unit("s") - earlier.dt.as_unit("s")).dt.days


def earliest_day(frame: pd.DataFrame, column: str) -> pd.Series[pd.Timestamp]:
    """The date, or the first day that one recorded in part can mean."""
    if partial_column(column) not in frame:
        return frame[column]
    return frame[column].fillna(possible_days(frame[partial_column(column)])[0])


def latest_day(frame: pd.DataFrame, column: str) -> pd.Series[pd.Timestamp]:
    """The date, or the last day that one recorded in part can mean."""
    if partial_column(column) not in frame:
        return frame[column]
    return frame[column].fillna(possible_days(frame[partial_column(column)])[1])


def check_order(table: StudyTable, findings: Findings, early: str, late: str, rule: str) -> None:
    """A finding on `late` where it lies before `early`."""
    wrong = latest_day(table.frame, late) < earliest_day(table.frame, early)
    recorded = pd.Series(map_texts(table.recorded.text[early], str.strip))
    expected = Phrase(_("a date not before {early} ({date})"), {"early": early, "date": recorded})
    findings.add(table.recorded, wrong, late, rule, expected)


def is_fatal(events: pd.DataFrame) -> pd.DataFrame:
    """Whether an event is fatal by its ``grade`` and by its ``outcome``, one row each."""
    return pd.DataFrame(
        {
            "grade": events["ctcae_grade"] == 5,
            "outcome": is_outcome(events["outcome"], "FATAL"),
        }
    ).astype(bool)


def is_outcome(outcome: pd.Series[Any], expected: OutcomeClass) -> pd.Series[bool]:
    """Which outcomes are of a class, by their word."""
    return where_text(outcome, lambda text: outcome_class(text) == expected)
