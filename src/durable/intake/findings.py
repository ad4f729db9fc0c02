"""Findings of the data checks: one row each, as a data manager sends them to the site."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from durable.intake.rules import RULES, Severity

COLUMNS = [
    "severity",
    "table",
    "subject_id",
    "visit",
    "row",
    "column",
    "value",
    "rule",
    "message",
    "file",
]
TABLE_ORDER = ("subjects", "visits", "therapies", "adverse_events", "kinetics")

#: Control, invisible, direction and replacement characters.
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffd]"
)
_LONGEST = 200


@dataclass(frozen=True)
class Recorded:
    """A table as recorded: its name, its file and the text of every cell."""

    table: str
    file: str
    text: pd.DataFrame
    readable: bool = True
    """False where the file could not be read as a table: `text` then has no rows."""
    converted: dict[str, pd.Series[str]] = field(default_factory=dict)
    """Of columns whose values or unit the plan converts: what was recorded. `text` then holds what
    is read instead."""
    origin: dict[str, pd.DataFrame] = field(default_factory=dict)
    """Where the cells of a column are recorded, if not in `file` and ``source_row``: ``file`` and
    ``row``, indexed as `text`."""


def shown(value: str) -> str:
    """A recorded text for the listing: hidden characters as escapes, cut after 200 characters."""
    escaped = HIDDEN.sub(_escape, value[:_LONGEST])
    return escaped if len(value) <= _LONGEST else f"{escaped}... ({len(value)} characters)"


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


@dataclass
class Findings:
    """Collects findings, and gives them back sorted by table, row and column."""

    _parts: list[pd.DataFrame] = field(default_factory=list)

    def add(
        self,
        recorded: Recorded,
        where: pd.Series[bool],
        column: str,
        rule: str,
        expected: str | pd.Series[str],
        severity: Severity | None = None,
    ) -> None:
        """One finding for every row of `recorded.text` in `where`; `expected` in words.

        The severity is the rule's (`rules.RULES`) unless given.
        """
        if not where.to_numpy().any():
            return
        rows = recorded.text.loc[where]
        wanted = expected.loc[where] if isinstance(expected, pd.Series) else expected
        read = rows[column].map(shown)
        value = recorded.converted.get(column, recorded.text[column]).loc[where].map(shown)
        file: str | pd.Series[str] = recorded.file
        row = rows["source_row"]
        if column in recorded.origin:
            file, row = (recorded.origin[column].loc[where, name] for name in ("file", "row"))
        place = file + ", row " + row.astype(str) + f", {column}: "
        found = ("found " + value).where(value != "", "empty")
        found = found.where(value == read, found + " (read as " + read + ")")
        self._parts.append(
            pd.DataFrame(
                {
                    "severity": severity or RULES[rule].severities[0],
                    "table": recorded.table,
                    "subject_id": rows["subject_id"].map(shown),
                    "visit": rows["visit"].map(shown) if "visit" in rows else "",
                    "row": row.astype("Int64"),
                    "column": column,
                    "value": value,
                    "rule": rule,
                    "message": place + found + "; expected " + wanted,
                    "file": file,
                }
            )
        )

    def add_one(
        self,
        table: str,
        file: str,
        rule: str,
        message: str,
        *,
        column: str = "",
        value: str = "",
        row: int | None = None,
        severity: Severity | None = None,
    ) -> None:
        """One finding on a file, a column or a line that is no record."""
        place = file if row is None else f"{file}, row {row}"
        finding = {
            "severity": severity or RULES[rule].severities[0],
            "table": table,
            "subject_id": "",
            "visit": "",
            "row": pd.array([row], dtype="Int64"),
            "column": shown(column),
            "value": shown(value),
            "rule": rule,
            "message": f"{place}: {message}",
            "file": file,
        }
        self._parts.append(pd.DataFrame(finding))

    def frame(self) -> pd.DataFrame:
        """All findings, sorted."""
        if not self._parts:
            return pd.DataFrame(columns=COLUMNS)
        found = pd.concat(self._parts, ignore_index=True)[COLUMNS]
        rank = found["table"].map({name: i for i, name in enumerate(TABLE_ORDER)})
        keys = [found["rule"], found["column"], found["row"].fillna(0), rank]
        return found.iloc[np.lexsort([key.to_numpy() for key in keys])].reset_index(drop=True)
