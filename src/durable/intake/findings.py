"""Findings of the data checks: one row each, as a data manager sends them to the site.

A mistake may be in every record of a large table, so findings are held as columns of codes, and
their texts are written for as many rows at a time as are wanted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api.types import union_categoricals

from durable.contracts.tables import INPUT_TABLES, TABLES
from durable.intake.rules import RULES, Severity
from durable.intake.texts import Phrase, Texts, each, each_but, matching, plain, texts
from durable.lookalikes import with_code_points

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

#: Control, invisible, direction and replacement characters.
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffd]"
)
_LONGEST = 200
_BETWEEN = pa.scalar("\x1f", pa.large_string())
_SEEN_WHOLE = rf"\A[ -~]{{0,{_LONGEST}}}\z"
#: Findings whose texts are written at a time.
_PIECE = 50_000
#: What is held of each finding beside its row; `read` is the value after conversion, `key` what
#: identifies its record, `told` the message of one that is on no cell.
_HELD = ["severity", "table", "subject_id", "visit", "column", "value", "rule", "file", "record"]
_HELD += ["expected", "read", "key", "told"]


@dataclass(frozen=True)
class Recorded:
    """A table as recorded: its name, its file and the text of every cell."""

    table: str
    file: str
    text: pd.DataFrame
    """Categorical columns, so that each distinct text is held once, or columns of texts; and
    ``source_row``."""
    readable: bool = True
    """False where the file could not be read as a table: `text` then has no rows."""
    converted: dict[str, pd.Series[str]] = field(default_factory=dict)
    """Of columns whose values or unit the plan converts: what was recorded. `text` then holds what
    is read instead."""
    absent: tuple[str, ...] = ()
    """Columns that the study does not record: they are empty throughout."""
    origin: dict[str, pd.DataFrame] = field(default_factory=dict)
    """Where the cells of a column are recorded, if not in `file` and ``source_row``: ``file`` and
    ``row``, indexed as `text`."""


def shown(value: str) -> str:
    """A recorded text for the listing: hidden characters as escapes, cut after 200 characters."""
    if value.isascii() and value.isprintable() and len(value) <= _LONGEST:
        return value
    escaped = HIDDEN.sub(_escape, value[:_LONGEST])
    return escaped if len(value) <= _LONGEST else f"{escaped}... ({len(value)} characters)"


def _shown(column: pd.Series[Any]) -> Texts:
    return each_but(column, _seen_whole, shown)


def _seen_whole(values: list[str]) -> npt.NDArray[np.bool_]:
    """Which texts `shown` leaves as they are, as far as many can be looked at together."""
    return matching(values, _SEEN_WHOLE)


def _stripped(column: pd.Series[Any]) -> Texts:
    return each_but(column, plain, str.strip)


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
        expected: str | Phrase,
        severity: Severity | None = None,
    ) -> None:
        """One finding for every row of `recorded.text` in `where`; `expected` in words.

        The severity is the rule's (`rules.RULES`) unless given.
        """
        rows = np.flatnonzero(where.to_numpy(bool))
        if not len(rows):
            return
        names = dict.fromkeys(("subject_id", *INPUT_TABLES[recorded.table].key, column))
        cells = {name: recorded.text[name].take(rows) for name in names}
        before = recorded.converted.get(column)
        file, row = _places(recorded, column, rows)
        record = _record(recorded.table, cells)
        read = _shown(cells[column])
        words = (
            texts([expected]).repeat(len(rows)) if isinstance(expected, str) else expected.at(rows)
        )
        self._parts.append(
            _held(
                row=row,
                severity=severity or RULES[rule].severities[0],
                table=recorded.table,
                subject_id=_shown(cells["subject_id"]),
                visit=_shown(cells["visit"]) if "visit" in cells else "",
                column=column,
                value=read if before is None else _shown(before.take(rows)),
                rule=rule,
                file=file,
                record=record,
                expected=_with_code_points(read, words),
                read=read,
                key=_key(cells, record),
                told="",
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
        self._parts.append(
            _held(
                # No row is before the first.
                row=np.array([0 if row is None else row]),
                severity=severity or RULES[rule].severities[0],
                table=table,
                column=shown(column),
                value=shown(value),
                rule=rule,
                file=file,
                expected=message.rpartition("; expected ")[2] if "; expected " in message else "",
                told=f"{place}: {message}",
            )
        )

    def extend(self, others: Findings) -> None:
        """Add the findings of a part of the checks."""
        self._parts += others._parts

    def listing(self) -> Listing:
        """All findings, sorted."""
        if not self._parts:
            return Listing(_held(row=np.array([], dtype="int64")))
        held: dict[str, Any] = {"row": np.concatenate([part["row"] for part in self._parts])}
        for name in _HELD:
            columns = [part[name].array for part in self._parts]
            held[name] = union_categoricals(columns, sort_categories=True)
        order = np.lexsort(
            [
                held["rule"].codes,
                held["column"].codes,
                held["row"],
                held["file"].codes,
                held["table"].set_categories(TABLES).codes,
            ]
        )
        taken = {name: column.take(order) for name, column in held.items()}
        return Listing(pd.DataFrame(taken, copy=False))

    def frame(self) -> pd.DataFrame:
        """All findings with their texts, sorted."""
        listing = self.listing()
        return listing.take(np.arange(len(listing)))


@dataclass(frozen=True)
class Listing:
    """Findings in their order, held as codes."""

    held: pd.DataFrame
    digests: list[npt.NDArray[np.uint64]] = field(default_factory=list)
    """Of the findings from each of the `starts` on, where they are made already (`digest`)."""

    def __len__(self) -> int:
        return len(self.held)

    def count(self, severity: Severity) -> int:
        """Number of findings of a severity."""
        return int((self.held["severity"] == severity).sum())

    @property
    def starts(self) -> Sequence[int]:
        """Where the pieces begin in which the findings are written; at least one, empty piece."""
        return range(0, max(len(self), 1), _PIECE)

    def parts(self) -> Iterator[pd.DataFrame]:
        """All findings with their texts (`COLUMNS`), some at a time; at least one, empty part."""
        return map(self.part, self.starts)

    def part(self, start: int) -> pd.DataFrame:
        """The findings from one of the `starts` to the next."""
        return self.take(np.arange(start, min(start + _PIECE, len(self))))

    def take(self, rows: npt.NDArray[np.intp]) -> pd.DataFrame:
        """The findings at these places, with their texts (`COLUMNS`)."""
        held = self.held.take(rows).reset_index(drop=True)
        found = held.astype(dict.fromkeys(_HELD, object))
        found["message"] = _message(held).to_numpy(zero_copy_only=False)
        found["query_id"] = self.identifiers(rows)
        found["row"] = found["row"].astype("Int64").mask(found["row"] == 0)
        return found[COLUMNS]

    def identifiers(self, rows: npt.NDArray[np.intp] | None = None) -> list[str]:
        """Identifiers of all or some findings: the same for the same doubt about the same record.

        Never by its row; findings alike in all that identifies them are told apart by their order.
        """
        digests, count = self._digests if rows is None else (of[rows] for of in self._digests)
        numbered = zip(digests.tolist(), count.tolist(), strict=True)
        return [f"Q-{d:010x}" if n == 0 else f"Q-{d:010x}-{n + 1}" for d, n in numbered]

    def digest(self, start: int) -> npt.NDArray[np.uint64]:
        """Digests of what identifies the findings from one of the `starts` to the next."""
        some = self.held.iloc[start : start + _PIECE]
        names = ["table", "subject_id", "key", "column", "rule"]
        same = pc.binary_join_element_wise(*(_arrow(some[name]) for name in names), _BETWEEN)
        first = [sha256(text).digest()[:8] for text in same.cast(pa.large_binary()).to_pylist()]
        # The first five bytes, the first of them most significant.
        return np.frombuffer(b"".join(first), dtype=">u8").astype("uint64") >> np.uint64(24)

    @cached_property
    def _digests(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        """Of each finding a digest of what identifies it, and how many before it have the same."""
        found = np.concatenate(self.digests or [*map(self.digest, self.starts)])
        before: Any = pd.Series(found).groupby(found).cumcount().to_numpy()
        return found, before


def _held(row: npt.NDArray[np.int64], **columns: str | Texts) -> pd.DataFrame:
    """Findings as they are held; a column not given is empty."""
    held: dict[str, Any] = {"row": row}
    for name in _HELD:
        given = columns.get(name, "")
        held[name] = texts([given]).repeat(len(row)) if isinstance(given, str) else given
    return pd.DataFrame(held, copy=False)


def _places(
    recorded: Recorded, column: str, rows: npt.NDArray[np.intp]
) -> tuple[str | Texts, npt.NDArray[np.int64]]:
    """File and row of each cell."""
    if column in recorded.origin:
        origin = recorded.origin[column].take(rows)
        return each(origin["file"], str), origin["row"].to_numpy("int64")
    return recorded.file, recorded.text["source_row"].to_numpy("int64")[rows]


def _with_code_points(read: Texts, expected: Texts) -> Texts:
    """What is expected; where the value looks like it, with the characters that differ."""
    if all(text.isascii() for text in (*read.categories, *expected.categories)):
        return expected
    number = len(expected.categories)
    places, distinct = pd.factorize(read.codes.astype("int64") * number + expected.codes)
    told = [
        with_code_points(read.categories[pair // number], expected.categories[pair % number])
        for pair in distinct
    ]
    return texts(told).take(places)


def _record(table: str, cells: dict[str, pd.Series[Any]]) -> Texts:
    """What a site knows the record by, beside subject and visit."""
    names = [name for name in INPUT_TABLES[table].key if name not in ("subject_id", "visit")]
    if not names:
        return texts([""]).repeat(len(cells["subject_id"]))
    parts = tuple(pd.Series(_stripped(cells[name])) for name in names)
    rows = np.arange(len(cells["subject_id"]))
    joined = Phrase(", ".join(["{}"] * len(names)), parts).at(rows)
    return each(pd.Series(joined), lambda text: shown(text.strip(", ")))


def _key(cells: dict[str, pd.Series[Any]], record: Texts) -> Texts:
    """What a record is known by among those of its subject; a scheduled visit by its label."""
    if "visit" not in cells:
        return record
    label = pd.Series(_stripped(cells["visit"]))
    unscheduled = label == UNSCHEDULED
    date = pd.Series(record).where(unscheduled)
    return Phrase("{}{}{}", (label, unscheduled.map({True: " ", False: ""}), date)).at(
        np.arange(len(label))
    )


def _message(held: pd.DataFrame) -> pa.Array:
    """What is told; of a finding on a cell where it is, what is there, and what is expected."""
    value, read, told = (_arrow(held[name]) for name in ("value", "read", "told"))
    found = pc.if_else(pc.equal(value, ""), "empty", _joined("found ", value))
    again = pc.if_else(pc.equal(read, value), "", _joined(" (read as ", read, ")"))
    row = pa.array(held["row"].to_numpy()).cast(pa.large_string())
    file, column, expected = (_arrow(held[name]) for name in ("file", "column", "expected"))
    place = _joined(file, ", row ", row, ", ", column, ": ")
    return pc.if_else(
        pc.equal(told, ""), _joined(place, found, again, "; expected ", expected), told
    )


def _joined(*texts: Any) -> pa.Array:
    large = [
        pa.scalar(text, pa.large_string()) if isinstance(text, str) else text for text in texts
    ]
    return pc.binary_join_element_wise(*large, pa.scalar("", pa.large_string()))


def _arrow(column: pd.Series[Any]) -> pa.Array:
    """A column of texts, none of which is missing."""
    names = pa.array(column.cat.categories, pa.large_string())
    return names.take(pa.array(column.cat.codes.to_numpy()))
