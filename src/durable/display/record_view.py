"""Records as a page shows them: cells of text under headings."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import StringIO
from typing import TYPE_CHECKING, Any

from durable.language import _
from durable.outputs import formats as f
from durable.outputs.listings.listing import Column

if TYPE_CHECKING:
    import pandas as pd

#: Longest text of a cell that is never broken into lines.
_LONGEST_LINE = 26
#: Rows, lines of small type, that are more than the height of a listing on the page (report.css).
_MOST_SEEN = 60


@dataclass(frozen=True)
class Head:
    """A heading over neighbouring columns of a listing."""

    label: str
    """Empty over columns without such a heading."""
    width: int
    """Number of columns."""


@dataclass(frozen=True)
class Cell:
    """A cell of a listing."""

    text: str
    kind: str
    """Kind of the column (``text``, ``number`` ...), with ``none`` for a cell without a value, or
    ``wide`` where lines may break: classes of the page."""


@dataclass(frozen=True)
class RecordView:
    """A listing, or a part of one, as a page shows it."""

    name: str
    """Name of the listing, of a later part with its number: ``l_ae-2``."""
    title: str
    subtitle: str
    file: str
    """Path of the file with all records, from the page; empty where there is none."""
    columns: tuple[Column, ...]
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    """Number of all records; the page may show only the first of them."""
    notes: tuple[str, ...]
    part: str = ""
    """What this part of the listing shows; empty where it has no parts."""
    is_first: bool = True
    """Whether it is the first part, over which the title stands."""

    @property
    def label(self) -> str:
        """Title, and the part if there are several, for screen readers."""
        return _(": ").join(filter(None, (self.title, self.part)))

    @property
    def is_long(self) -> bool:
        """Whether there are more rows (over 60) than the page shows without scrolling."""
        return len(self.rows) > _MOST_SEEN


def record_view(
    columns: tuple[Column, ...], records: Sequence[dict[str, str]], **described: Any
) -> RecordView:
    """Records as cells, under headings in the language in force.

    Lines may break in a column with a text of more than 26 characters.

    Parameters
    ----------
    columns
        The columns shown.
    records
        The records shown, each cell as text by the name of its column.
    described
        The other fields of the view by name: `name`, `title`, `subtitle`, `file`, `total`, `notes`,
        and if needed `part` and `is_first`.
    """
    wide = {
        column.name
        for column in columns
        if any(len(record[column.name]) > _LONGEST_LINE for record in records)
    }
    rows = [tuple(_cell(record, c, c.name in wide) for c in columns) for record in records]
    shown = tuple(map(translated_column, columns))
    return RecordView(columns=shown, heads=_heads(shown), rows=tuple(rows), **described)


def translated_column(column: Column) -> Column:
    """The column with its headings in the language in force."""
    return replace(
        column,
        label=_(column.label),
        spanning_heading=_(column.spanning_heading),
        part=_(column.part),
    )


def as_text(records: pd.DataFrame) -> list[dict[str, str]]:
    """Each record as text by column, as a CSV has it; empty where a value is missing."""
    return list(csv.DictReader(StringIO(records.to_csv(index=False))))


def _heads(columns: tuple[Column, ...]) -> tuple[Head, ...]:
    """Headings over the columns; none where no column has one."""
    heads: list[Head] = []
    for column in columns:
        if heads and column.spanning_heading and heads[-1].label == column.spanning_heading:
            heads[-1] = Head(column.spanning_heading, heads[-1].width + 1)
        else:
            heads.append(Head(column.spanning_heading, 1))
    return tuple(heads) if any(head.label for head in heads) else ()


def cell_text(record: dict[str, str], column: Column) -> str:
    """Text that a reader sees in a column of a record, by the rule and decimals of the column.

    Where the record has no value it is the text that the column has for that (`Column.empty`).
    """
    text = record[column.name]
    if not text:
        return _(column.empty) if isinstance(column.empty, str) else column.empty(record)
    if column.shown is not None:
        return column.shown(text)
    if column.kind == "number" and column.decimals is not None:
        text = f.rounded_number(float(text), column.decimals)
        text = text.rstrip("0").rstrip(".") if column.trimmed and column.decimals else text
    return text


def _cell(record: dict[str, str], column: Column, wide: bool) -> Cell:
    text = cell_text(record, column)
    if not record[column.name]:
        return Cell(text, f"{column.kind} none")
    return Cell(text, f"{column.kind} wide" if wide else column.kind)
