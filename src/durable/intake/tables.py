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
    """A table as recorded and as typed; both have the same rows in the same order."""

    recorded: Recorded
    frame: pd.DataFrame
    """The typed table, as `parsing.parse_table` returns it."""


def left_empty(table: StudyTable, name: str) -> pd.Series[bool]:
    """Whether each cell of a column was recorded empty or blank; an unreadable text is neither."""
    return is_blank(table.recorded.text[name])


def most_frequent(frame: pd.DataFrame, group: str, column: str) -> pd.Series[str]:
    """For each record the most frequent value of `column` among the records with the same `group`.

    Missing values are not counted; of equally frequent ones the one that stands first in the file
    is taken. Missing where `group` is, or where its records have no value.
    """
    cells = frame[[group, column, "source_row"]]
    pairs = cells.groupby([group, column], observed=True)["source_row"].agg(["count", "min"])
    pairs = pairs.reset_index().sort_values(["count", "min"], ascending=[False, True])
    usual = (
        pairs.astype({group: object, column: object})
        .drop_duplicates(group)
        .set_index(group)[column]
    )
    return look_up(frame[group], usual)


def subject_value(frame: pd.DataFrame, known: pd.DataFrame, column: str) -> pd.Series[Any]:
    """The value of each record's subject in a column of `known`; missing for an unknown subject.

    Parameters
    ----------
    known
        Subjects by subject_id (`Study.subjects`).
    """
    return look_up(frame["subject_id"], known[column])


def has_known_subject(frame: pd.DataFrame, known: pd.DataFrame) -> pd.Series[bool]:
    """Whether the subject of each record is in `known` (`Study.subjects`)."""
    return frame["subject_id"].isin(known.index)


def look_up(column: pd.Series[str], values: pd.Series[Any]) -> pd.Series[Any]:
    """The value of each text of `column` in `values`, whose index holds the texts; else missing."""
    codes, distinct = codes_and_values(column)
    looked_up = values.reindex(distinct).array.take(codes, allow_fill=True)
    return pd.Series(looked_up, index=column.index)


def days_between(
    later: pd.Series[pd.Timestamp], earlier: pd.Series[pd.Timestamp]
) -> pd.Series[int]:
    """Days from `earlier` to `later`, negative where they are reversed; NaN where one is missing.

    Counted in seconds: in nanoseconds, as pandas counts by default, three centuries are more than
    a number holds, and a mistake may put dates that far apart.
    """
    return (later.dt.as_unit("s") - earlier.dt.as_unit("s")).dt.days


def earliest_day(frame: pd.DataFrame, column: str) -> pd.Series[pd.Timestamp]:
    """The date, or the first day that one recorded in part can mean; NaT where none is recorded."""
    if partial_column(column) not in frame:
        return frame[column]
    return frame[column].fillna(possible_days(frame[partial_column(column)])[0])


def latest_day(frame: pd.DataFrame, column: str) -> pd.Series[pd.Timestamp]:
    """The date, or the last day that one recorded in part can mean; NaT where none is recorded."""
    if partial_column(column) not in frame:
        return frame[column]
    return frame[column].fillna(possible_days(frame[partial_column(column)])[1])


def check_order(table: StudyTable, findings: Findings, early: str, late: str, rule: str) -> None:
    """Add a finding on the column `late` where its date is before that of the column `early`.

    Of dates recorded in part, only where every day that they can mean is.
    """
    wrong = latest_day(table.frame, late) < earliest_day(table.frame, early)
    recorded = pd.Series(map_texts(table.recorded.text[early], str.strip))
    expected = Phrase(_("a date not before {early} ({date})"), {"early": early, "date": recorded})
    findings.add(table.recorded, wrong, late, rule, expected)


def is_fatal(events: pd.DataFrame) -> pd.DataFrame:
    """Whether each adverse event is fatal by its ``grade`` (CTCAE 5) and by its ``outcome``.

    Two columns of truth values, indexed as `events`; False where nothing is recorded.
    """
    return pd.DataFrame(
        {
            "grade": events["ctcae_grade"] == 5,
            "outcome": is_outcome(events["outcome"], "FATAL"),
        }
    ).astype(bool)


def is_outcome(outcome: pd.Series[Any], expected: OutcomeClass) -> pd.Series[bool]:
    """Whether each outcome is a word of this class (`contracts.words.outcome_class`)."""
    return where_text(outcome, lambda text: outcome_class(text) == expected)
