"""Two versions of a result: cell by cell where it is a table, line by line where it is text."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from durable.contracts.results import COLUMNS as ARD_COLUMNS
from durable.language import N_, Text

_TEXT = (".json", ".svg", ".html", ".rtf", ".txt", ".yaml")
_KEY = len(ARD_COLUMNS) - 4  # the last four columns are value, lower, upper, note
_PRESENT, _ABSENT = N_("present"), N_("absent")
#: Rows of a table by their key: that of a result, or the number of the row.
Table = dict[tuple[str, ...], dict[str, str]]


@dataclass(frozen=True)
class Change:
    """One cell, line or row that differs; as text ``where: before -> after``."""

    where: str
    """Row and column, the line, or the row that one file lacks."""
    before: str
    """Text of the cell or line, at most 120 characters; ``absent`` where it is not there, of a row
    ``present`` or ``absent``."""
    after: str

    @property
    def text(self) -> Text:
        """The change in words that can be translated: ``where: before -> after``."""
        where, before, after = self.where, self.before, self.after
        return Text(N_("{where}: {before} -> {after}"), where=where, before=before, after=after)

    def __str__(self) -> str:
        return str(self.text)


def changes(before: Path, after: Path) -> Iterator[Change]:
    """Cells, rows and lines that differ between two files of one name, in their order.

    Of CSV and Parquet: analysis results are matched by their key (output, analysis, group,
    parameter, statistic), rows of other tables by their number (the header is row 1). JSON, SVG,
    HTML, RTF, TXT and YAML are compared line by line. Of other kinds there are none, nor where only
    bytes differ.
    """
    if before.suffix in (".csv", ".parquet"):
        yield from _cells(_table(before), _table(after))
    elif before.suffix in _TEXT:
        pairs = itertools.zip_longest(_lines(before), _lines(after), fillvalue=_ABSENT)
        for number, (old, new) in enumerate(pairs, start=1):
            if old != new:
                yield Change(Text(N_("line {n}"), n=number), _short(old), _short(new))


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:117]}..."


def _table(path: Path) -> Table:
    """Rows of a table by their key, every cell as text."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        columns = pq.read_table(path).to_pydict()
        names = list(columns)
        rows = [
            dict(zip(names, map(_text, row), strict=True))
            for row in zip(*columns.values(), strict=True)
        ]
    else:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            reader = csv.reader(file)
            names = next(reader, [])
            rows = [dict(zip(names, row, strict=False)) for row in reader]
    if tuple(names) == ARD_COLUMNS:
        return {tuple(list(row.values())[:_KEY]): row for row in rows}
    return {(Text(N_("row {n}"), n=number),): row for number, row in enumerate(rows, start=2)}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _cells(old: Table, new: Table) -> Iterator[Change]:
    for key in dict.fromkeys((*old, *new)):
        name = key[0] if len(key) == 1 else " | ".join(key)
        if key not in new or key not in old:
            yield Change(name, *(_PRESENT, _ABSENT)[:: 1 if key in old else -1])
            continue
        columns = dict.fromkeys((*old[key], *new[key]))
        for column in columns:
            old_text, new_text = old[key].get(column, _ABSENT), new[key].get(column, _ABSENT)
            if old_text != new_text:
                where = Text(N_("{row}, {column}"), row=name, column=column)
                yield Change(where, _short(old_text), _short(new_text))
