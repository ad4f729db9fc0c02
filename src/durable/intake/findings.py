"""Findings of the data checks: one row each, as a data manager sends them to the site."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
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


class _Line(NamedTuple):
    """A finding: the columns of the listing, and what identifies its record."""

    severity: str
    table: str
    subject_id: str
    visit: str
    row: int | None
    column: str
    value: str
    rule: str
    message: str
    file: str
    record: str
    expected: str
    key: str


@dataclass
class Findings:
    """Collects findings, and gives them back sorted by table, row and column."""

    _lines: list[_Line] = field(default_factory=list)

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
        rows = np.flatnonzero(where.to_numpy(bool))
        if not len(rows):
            return
        before = recorded.converted.get(column)
        texts = recorded.text[_named(recorded, column)].take(rows).to_dict("records")
        values = [cells[column] for cells in texts] if before is None else before.take(rows)
        words = expected.take(rows) if isinstance(expected, pd.Series) else [expected] * len(rows)
        places = _places(recorded, column, rows)
        for cells, value, wanted, place in zip(texts, values, words, places, strict=True):
            line = _line(recorded.table, cells, column, shown(value), wanted, place)
            self._lines.append(
                line._replace(severity=severity or RULES[rule].severities[0], rule=rule)
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
        line = _Line(
            severity=severity or RULES[rule].severities[0],
            table=table,
            subject_id="",
            visit="",
            row=row,
            column=shown(column),
            value=shown(value),
            rule=rule,
            message=f"{place}: {message}",
            file=file,
            record="",
            expected=message.rpartition("; expected ")[2] if "; expected " in message else "",
            key="",
        )
        self._lines.append(line)

    def frame(self) -> pd.DataFrame:
        """All findings, sorted."""
        order = {name: i for i, name in enumerate(TABLE_ORDER)}
        lines = sorted(
            self._lines,
            key=lambda line: (order[line.table], line.file, line.row or 0, line.column, line.rule),
        )
        found = pd.DataFrame(lines, columns=list(_Line._fields)).astype({"row": "Int64"})
        return found.assign(query_id=_identified(lines))[COLUMNS]


def _named(recorded: Recorded, column: str) -> list[str]:
    """Columns that a finding tells of."""
    return list(dict.fromkeys(("subject_id", *KEYS[recorded.table], column)))


def _places(recorded: Recorded, column: str, rows: npt.NDArray[np.intp]) -> list[tuple[str, int]]:
    """File and row of each cell."""
    if column in recorded.origin:
        origin = recorded.origin[column].take(rows)
        return [(str(f), int(r)) for f, r in zip(origin["file"], origin["row"], strict=True)]
    return [(recorded.file, int(row)) for row in recorded.text["source_row"].take(rows)]


def _line(
    table: str,
    cells: dict[Any, str],
    column: str,
    value: str,
    expected: str,
    place: tuple[str, int],
) -> _Line:
    """A finding on a cell, but for its rule and severity."""
    file, row = place
    read = shown(cells[column])
    found = f"found {value}" if value else "empty"
    found += f" (read as {read})" if read != value else ""
    record = _record(table, cells)
    return _Line(
        severity="",
        table=table,
        subject_id=shown(cells["subject_id"]),
        visit=shown(cells.get("visit", "")),
        row=row,
        column=column,
        value=value,
        rule="",
        message=f"{file}, row {row}, {column}: {found}; expected {expected}",
        file=file,
        record=record,
        expected=expected,
        key=_key(table, cells, record),
    )


def _record(table: str, cells: dict[Any, str]) -> str:
    """What a site knows the record by, beside subject and visit."""
    names = [name for name in KEYS[table] if name not in ("subject_id", "visit")]
    return shown(", ".join(cells[name].strip() for name in names).strip(", "))


def _key(table: str, cells: dict[Any, str], record: str) -> str:
    """What a record is known by among those of its subject; a scheduled visit by its label."""
    if table != "visits":
        return record
    label = cells["visit"].strip()
    return f"{label} {record}" if label == UNSCHEDULED else label


def _identified(lines: list[_Line]) -> list[str]:
    """Identifiers of the findings: the same for the same doubt about the same record.

    Never by its row; findings alike in all that identifies them are told apart by their order.
    """
    count: Counter[str] = Counter()
    identifiers = []
    for line in lines:
        same = "\x1f".join((line.table, line.subject_id, line.key, line.column, line.rule))
        digest = f"Q-{sha256(same.encode()).hexdigest()[:10]}"
        count[digest] += 1
        identifiers.append(digest if count[digest] == 1 else f"{digest}-{count[digest]}")
    return identifiers
