"""Findings of the data checks: one row each, as a data manager sends them to the site."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
import pandas as pd

from durable.contracts.inputs import KEYS
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
    "record",
    "expected",
    "query_id",
]
#: What a finding is known by in a later delivery of the study: never its row.
_SAME = ["table", "subject_id", "key", "column", "rule"]
UNSCHEDULED = "UNS"
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
                    "record": _record(recorded.table, rows),
                    "expected": wanted,
                    "key": _key(recorded.table, rows),
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
            "record": "",
            "expected": message.rpartition("; expected ")[2] if "; expected " in message else "",
            "key": "",
        }
        self._parts.append(pd.DataFrame(finding))

    def frame(self) -> pd.DataFrame:
        """All findings, sorted."""
        if not self._parts:
            return pd.DataFrame(columns=COLUMNS)
        found = pd.concat(self._parts, ignore_index=True)
        rank = found["table"].map({name: i for i, name in enumerate(TABLE_ORDER)})
        keys = [found["rule"], found["column"], found["row"].fillna(0), found["file"], rank]
        found = found.iloc[np.lexsort([key.to_numpy() for key in keys])].reset_index(drop=True)
        return found.assign(query_id=_identified(found))[COLUMNS]


def _record(table: str, rows: pd.DataFrame) -> pd.Series[str]:
    """What a site knows the record by, beside subject and visit."""
    names = [name for name in KEYS[table] if name not in ("subject_id", "visit")]
    if not names:
        return pd.Series("", index=rows.index, dtype=object)
    parts = rows[names].apply(lambda column: column.str.strip())
    joined = parts[names[0]].str.cat(parts[names[1:]], sep=", ")
    known: pd.Series[str] = joined.str.strip(", ").map(shown)
    return known


def _key(table: str, rows: pd.DataFrame) -> pd.Series[str]:
    """What a record is known by among those of its subject; a scheduled visit by its label."""
    record = _record(table, rows)
    if table != "visits":
        return record
    label = rows["visit"].str.strip()
    return label.where(label != UNSCHEDULED, label + " " + record)


def _identified(found: pd.DataFrame) -> pd.Series[str]:
    """Identifiers of the findings: the same for the same doubt about the same record.

    Findings alike in all that identifies them are told apart by their order.
    """
    text = found[_SAME[0]].str.cat(found[_SAME[1:]], sep="\x1f")
    digest = text.map(lambda same: f"Q-{sha256(same.encode()).hexdigest()[:10]}")
    number = digest.groupby(digest).cumcount() + 1
    return digest.where(number == 1, digest + "-" + number.astype(str))
