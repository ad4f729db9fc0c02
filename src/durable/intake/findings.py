"""Findings of the data checks: one row each, as a data manager sends them to the site."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.characters import NO_CHARACTERS, UNSEEN, escape
from durable.contracts.input_table import ColumnSpec, InputTable
from durable.contracts.spelling import expected_spelling
from durable.contracts.tables import INPUT_TABLES, TABLES
from durable.intake.rules import RULES, Severity
from durable.intake.texts import Phrase
from durable.language import ENGLISH, _, language
from durable.lookalikes import with_code_points
from durable.plan.limits import LIMITS
from durable.plan.severity import LoweredRule

#: Columns of ``queries.csv`` as `Findings.frame` returns them: text, but ``row`` (Int64).
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
#: Order of the findings; of two alike in it the one found first is first.
_ORDER = ["table", "file", "row", "column", "rule"]
#: What identifies a finding, whatever rows come and go before it.
_IDENTITY = ["table", "subject_id", "key", "column", "rule"]
#: Stands between the parts of an identity: no shown text holds it.
_BETWEEN = "\x1f"
#: Label of an unscheduled visit.
UNSCHEDULED = "UNS"

#: Characters that a listing shows as escapes.
HIDDEN = re.compile(f"[\t\n\r{UNSEEN}{NO_CHARACTERS}]")
_LONGEST = 200


@dataclass(frozen=True)
class Recorded:
    """A table as recorded: its name, its file and the text of every cell."""

    table: str
    file: str
    """Name of the file in findings; of several files their names with commas."""
    text: pd.DataFrame
    """The native columns as text, '' where a cell is empty, and ``source_row`` (int64), the row of
    the file, or the number of a record that is made from several. Texts are categorical, so that
    each distinct one is held once, or objects."""
    readable: bool = True
    """False where the file could not be read as a table: `text` then has no rows."""
    converted: dict[str, pd.Series[str]] = field(default_factory=dict)
    """By name the recorded texts of columns whose values, forms or unit the plan converts. `text`
    then holds what is read instead."""
    absent: tuple[str, ...] = ()
    """Columns that the study does not record: they are empty throughout."""
    origin: dict[str, pd.DataFrame] = field(default_factory=dict)
    """By column where its cells are recorded, if not in `file` and ``source_row``: ``file`` and
    ``row``, and of an SDTM package ``domain``, ``variable`` and ``seq``; indexed as `text`."""
    units: Mapping[str, pd.Series[str]] = field(default_factory=dict)
    """By column the unit of each cell, of columns whose rows record one; indexed as `text`."""
    unclear: Mapping[str, pd.Series[str]] = field(default_factory=dict)
    """By column with cells that the plan's forms do not read: what was expected of each, '' of the
    others; indexed as `text`."""
    not_analysed: Mapping[str, pd.Series[bool]] = field(default_factory=dict)
    """By column which cells no analysis reads: they have no findings; indexed as `text`."""
    section: str = ""
    """Section of the plan that describes the table; '' for one that is made from a package."""
    extra: tuple[ColumnSpec, ...] = ()
    """Columns that the plan declares beside those that the table has in any study."""

    @property
    def spec(self) -> InputTable:
        """The declaration of the table, with the columns of the plan."""
        return INPUT_TABLES[self.table].with_columns(self.extra)


def visible_text(value: str) -> str:
    """A recorded text for the listing: hidden characters as escapes.

    Of a text of more than 200 characters, the first 200 and how many there are.
    """
    if len(value) <= _LONGEST:
        return without_hidden(value)
    start = without_hidden(value[:_LONGEST])
    return _("{start}... ({number} characters)").format(start=start, number=len(value))


def spelling_message(name: str, text: str, number: int, usual: str, key: str) -> str:
    """What a finding says of so many records whose text is a spelling of one that `key` names."""
    return _("{name} is {text} in {number} record(s), first here; expected {expected}").format(
        name=name,
        text=visible_text(text),
        number=number,
        expected=expected_spelling(text, usual, key),
    )


def texts_in_words(texts: Iterable[str]) -> str:
    """Texts of a condition in words, such as "Y or empty"."""
    return _(" or ").join(text or _("empty") for text in texts)


def identifying(value: str) -> str:
    """A recorded text as `visible_text` shows it, in English whatever the language of the listing.

    For texts that identify a record: they must not change with the language.
    """
    if len(value) <= _LONGEST:  # without a word of ours
        return without_hidden(value)
    with language(ENGLISH):
        return visible_text(value)


def without_hidden(text: str) -> str:
    """A text with its hidden characters (`HIDDEN`) as escapes, a line feed as backslash and n."""
    return text if text.isascii() and text.isprintable() else HIDDEN.sub(escape, text)


class Kind(NamedTuple):
    """A kind of findings, by table, column and rule; the listing holds the first of each kind."""

    table: str
    column: str
    rule: str


@dataclass
class Findings:
    """Collects the findings of a check; `frame` returns them sorted."""

    most: int = LIMITS.findings
    """How many findings of a kind are listed; those beyond are counted (rule ``not_listed``)."""
    lowered: Sequence[LoweredRule] = ()
    """The entries of ``inputs.severity``: errors that the plan lowers to warnings."""
    number_lowered: Counter[int] = field(default_factory=Counter)
    """How many findings each entry of `lowered` has lowered, by its position from 0."""
    _parts: list[pd.DataFrame] = field(default_factory=list)
    #: Findings on files since the last part.
    _lines: list[dict[str, Any]] = field(default_factory=list)
    _listed: Counter[Kind] = field(default_factory=Counter)
    #: Of each kind the findings that are counted: their file, severity and number.
    _others: dict[Kind, tuple[str, Severity, int]] = field(default_factory=dict)

    def add(
        self,
        recorded: Recorded,
        where: pd.Series[bool],
        column: str,
        rule: str,
        expected: str | Phrase,
        severity: Severity | None = None,
    ) -> None:
        """Add a finding on a cell of each row of `recorded.text` in which `where` is true.

        None is added on a column that is absent from the file, and on cells that are not analysed.

        Parameters
        ----------
        where
            One truth value a row of `recorded.text`, in its order; the index does not matter.
        column
            The column of the cells.
        rule
            Name of the rule (`rules.RULES`).
        expected
            What was expected, in words.
        severity
            The rule's first one when not given; a warning where the plan lowers the error.
        """
        # One that is absent has its finding, if it needs one.
        if column in recorded.absent:
            return
        severity = severity or RULES[rule].severities[0]
        wanted = where.to_numpy(bool)
        if column in recorded.not_analysed:
            wanted = wanted & ~recorded.not_analysed[column].to_numpy(bool)
        kind = Kind(recorded.table, column, rule)
        for position, lowered_rule in self._lowering(kind, severity):
            by_plan = wanted.copy()
            if lowered_rule.subject is not None:
                subjects = recorded.text["subject_id"].astype(object).str.strip()
                by_plan &= (subjects == lowered_rule.subject).to_numpy(bool)
            self.number_lowered[position] += int(by_plan.sum())
            note = _lowered_note(lowered_rule)
            self._add(recorded, np.flatnonzero(by_plan), kind, expected, "warning", note)
            wanted = wanted & ~by_plan
        self._add(recorded, np.flatnonzero(wanted), kind, expected, severity)

    def _lowering(self, kind: Kind, severity: Severity) -> Iterator[tuple[int, LoweredRule]]:
        """What the plan lowers of an error of this kind, and its place."""
        for position, lowered_rule in enumerate(self.lowered if severity == "error" else ()):
            lowered_kind = lowered_rule.table, lowered_rule.column or kind.column, lowered_rule.rule
            if lowered_kind == kind:
                yield position, lowered_rule

    def _add(
        self,
        recorded: Recorded,
        rows: npt.NDArray[np.intp],
        kind: Kind,
        expected: str | Phrase,
        severity: Severity,
        note: str = "",
    ) -> None:
        """Add a finding for each of these rows; `note` stands behind what is expected."""
        column, rule = kind.column, kind.rule
        room = self._room(kind, recorded.file, severity, len(rows))
        rows = rows[:room]
        if not len(rows):
            return
        names = dict.fromkeys(("subject_id", *INPUT_TABLES[recorded.table].key, column))
        cells = {name: recorded.text[name].take(rows).astype(object).tolist() for name in names}
        read_texts = [visible_text(text) for text in cells[column]]
        value = read_texts
        if column in recorded.converted:
            recorded_cells = recorded.converted[column].take(rows).astype(object)
            value = [visible_text(text) for text in recorded_cells]
        words = [expected] * len(rows) if isinstance(expected, str) else expected.fill(rows)
        file, row = places(recorded, column, rows)
        record = _records(recorded.table, cells)
        columns = {
            "severity": severity,
            "table": recorded.table,
            "subject_id": [identifying(text) for text in cells["subject_id"]],
            "visit": [visible_text(text) for text in cells["visit"]] if "visit" in cells else "",
            "row": row,
            "column": column,
            "value": value,
            "rule": rule,
            "file": file,
            "record": record,
            "expected": [f"{phrase}{note}" for phrase in _with_code_points(read_texts, words)],
            "read": read_texts,
            "key": _keys(cells, record),
            "message": "",
        }
        self._end_lines()
        self._parts.append(pd.DataFrame(columns))

    def add_about_file(
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
        """Add a finding on a file, a column or a line that is no record.

        Parameters
        ----------
        table
            Table of the file; '' where it is of none, or of several.
        message
            What was found, and at its end ``; expected`` with what was expected.
        row
            Row of the file, from 1; None for a finding on the file as a whole.
        severity
            The rule's first one when not given; a warning where the plan lowers the error.
        """
        severity = severity or RULES[rule].severities[0]
        kind = Kind(table, column, rule)
        for position, lowered_rule in self._lowering(kind, severity):
            if lowered_rule.subject is None:
                self.number_lowered[position] += 1
                severity, message = "warning", f"{message}{_lowered_note(lowered_rule)}"
                break
        if self._room(kind, file, severity, 1):
            self._lines.append(_line(kind, file, severity, message, value, row))

    def _room(self, kind: Kind, file: str, severity: Severity, number: int) -> int:
        """How many of some more findings of a kind are listed; the others are counted."""
        room = min(number, self.most - self._listed[kind])
        self._listed[kind] += room
        if room < number:
            _file, worst, others = self._others.get(kind, (file, severity, 0))
            worst = "error" if "error" in (worst, severity) else worst
            self._others[kind] = file, worst, others + number - room
        return room

    def _end_lines(self) -> None:
        if self._lines:
            self._parts.append(pd.DataFrame(self._lines))
            self._lines = []

    def _not_listed_lines(self) -> list[dict[str, Any]]:
        """A line for each kind of which not every finding is listed."""
        return [
            _line(
                kind._replace(rule="not_listed"),
                file,
                severity,
                _(
                    "{number} more findings of {rule}; expected none: the listing holds the first"
                    " {most} of a kind (inputs.limits.findings)"
                ).format(number=others, rule=kind.rule, most=self.most),
                kind.rule,
            )
            for kind, (file, severity, others) in self._others.items()
        ]

    def frame(self) -> pd.DataFrame:
        """All findings with their messages and identifiers (`COLUMNS`); no rows without findings.

        Sorted by table (those of no table first, then in the order of `TABLES`), file, row, column
        and rule, then as they were added. ``row`` is missing where a finding is on no row.
        """
        self._end_lines()
        if not self._parts:
            return pd.DataFrame(columns=COLUMNS, dtype=object).astype({"row": "Int64"})
        counted = [pd.DataFrame(self._not_listed_lines())] if self._others else []
        listing = pd.concat([*self._parts, *counted], ignore_index=True)
        # What is about the delivery as a whole comes first.
        tables = pd.Categorical(listing["table"], ["", *TABLES])
        listing = listing.assign(table=tables).sort_values(_ORDER, kind="stable", ignore_index=True)
        listing["table"] = listing["table"].astype(object)
        listing["message"] = [
            _message(*finding) for finding in zip(*(listing[n] for n in _SAID), strict=True)
        ]
        listing["expected"] = list(map(without_hidden, listing["expected"]))
        listing["query_id"] = _identifiers(listing)
        listing["row"] = listing["row"].astype("Int64").mask(listing["row"] == 0)
        return listing[COLUMNS]


def _lowered_note(lowered_rule: LoweredRule) -> str:
    return _(" (an error, lowered by the plan: {reason})").format(reason=lowered_rule.reason)


def _line(
    kind: Kind, file: str, severity: Severity, message: str, value: str, row: int | None = None
) -> dict[str, Any]:
    """A finding that is about no cell of a record."""
    location = place_in_words(file, "" if row is None else str(row))
    # What is expected stands last in the texts of such findings, in every language.
    _before, separator, expected = message.rpartition(_("; expected "))
    return {
        **dict.fromkeys(("subject_id", "visit", "record", "read", "key"), ""),
        "severity": severity,
        "table": kind.table,
        # No row is before the first.
        "row": 0 if row is None else row,
        "column": visible_text(kind.column),
        "value": visible_text(value),
        "rule": kind.rule,
        "file": file,
        "expected": expected if separator else "",
        "message": _("{place}: {message}").format(place=location, message=message),
    }


def sheet_in_words(file: str, sheet: str) -> str:
    """A sheet of a workbook as findings name it: ``visits.xlsx (Month 2)``."""
    return f"{file} ({sheet})"


def place_in_words(file: str, row: str) -> str:
    """File and row of a finding as ``visits.csv, row 7``; the file alone where `row` is ''."""
    return _("{file}, row {row}").format(file=file, row=row) if row else file


def row_in_words(file: str, row: int, finding_file: str) -> str:
    """A row as a finding on `finding_file` names it: ``row 7``; with its file if it is another.

    So ``visits-1.csv, row 7`` in a finding on visits-2.csv.
    """
    if file == finding_file:
        return _("row {row}").format(row=row)
    return place_in_words(file, str(row))


def places(
    recorded: Recorded, column: str, rows: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    """File and row of the cells of a column, at positions from 0 in the table."""
    if column in recorded.origin:
        origin = recorded.origin[column].take(rows)
        return origin["file"].to_numpy(object), origin["row"].to_numpy("int64")
    file = np.full(len(rows), recorded.file, dtype=object)
    return file, recorded.text["source_row"].to_numpy("int64")[rows]


def _with_code_points(read_texts: list[str], expected: list[str]) -> list[str]:
    """What is expected; where the value looks like it, with the characters that differ."""
    pairs = list(zip(read_texts, expected, strict=True))
    words = {pair: with_code_points(*pair) for pair in dict.fromkeys(pairs)}
    return [words[pair] for pair in pairs]


def _records(table: str, cells: dict[str, list[str]]) -> list[str]:
    """What a site knows each record by, beside subject and visit."""
    names = [n for n in INPUT_TABLES[table].key if n not in ("subject_id", "visit")]
    if not names:
        return [""] * len(cells["subject_id"])
    parts = zip(*(cells[name] for name in names), strict=True)
    return [identifying(", ".join(map(str.strip, texts)).strip(", ")) for texts in parts]


def _keys(cells: dict[str, list[str]], records: list[str]) -> list[str]:
    """What a record is known by among those of its subject; a scheduled visit by its label."""
    if "visit" not in cells:
        return records
    labels = [label.strip() for label in cells["visit"]]
    return [
        f"{label} {record}" if label == UNSCHEDULED else label
        for label, record in zip(labels, records, strict=True)
    ]


_SAID = ["message", "file", "row", "column", "value", "read", "expected"]


def _message(
    message: str, file: str, row: int, column: str, value: str, read_as: str, expected: str
) -> str:
    """What is reported; of a finding on a cell where it is, what is there, what is expected."""
    if not message:
        is_converted = read_as != value
        if value and is_converted:
            words = _("{place}: found {value} (read as {read}); expected {expected}")
        elif value:
            words = _("{place}: found {value}; expected {expected}")
        elif is_converted:
            words = _("{place}: empty (read as {read}); expected {expected}")
        else:
            words = _("{place}: empty; expected {expected}")
        place = _("{file}, row {row}, {column}").format(file=file, row=row, column=column)
        read = read_as or _("empty")
        message = words.format(place=place, value=value, read=read, expected=expected)
    return without_hidden(message)


def _identifiers(findings: pd.DataFrame) -> list[str]:
    """Identifiers of the findings: the same for the same doubt about the same record.

    Never by its row; findings alike in all that identifies them are numbered in their order.
    """
    identities = zip(*(findings[name] for name in _IDENTITY), strict=True)
    digests = pd.Series(map(_digest, identities), dtype=object)
    number_before = digests.groupby(digests).cumcount()
    return [d if not n else f"{d}-{n + 1}" for d, n in zip(digests, number_before, strict=True)]


def _digest(identity: Iterable[str]) -> str:
    return f"Q-{sha256(_BETWEEN.join(identity).encode()).hexdigest()[:10]}"
