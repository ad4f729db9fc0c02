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
    width: int


@dataclass(frozen=True)
class Cell:
    """A cell of a listing."""

    text: str
    kind: str


@dataclass(frozen=True)
class RecordView:
    """A listing, or a part of one, as it is shown."""

    name: str
    title: str
    subtitle: str
    file: str
    columns: tuple[Column, ...]
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    """How many records the file has; the page may show the first of them."""
    notes: tuple[str, ...]
    part: str = ""
    """What this part of the listing shows; empty where it has no parts."""
    is_first: bool = True
    """Whether it is the first part, over which the title stands."""

    @property
    def label(self) -> str:
        """Title and part, for those who hear the page."""
        return _(": ").join(filter(None, (self.title, self.part)))

    @property
    def is_long(self) -> bool:
        """Whether the rows are surely higher than the most that the page shows at a time."""
        return len(self.rows) > _MOST_SEEN


def record_view(
    columns: tuple[Column, ...], records: Sequence[dict[str, str]], **described: Any
) -> RecordView:
    """Records as cells; text that would make a column wide may be broken into lines.

    Parameters
    ----------
    columns
        The columns shown.
    records
        The records shown, each cell as text.
    described
        The other fields of the view.
    """
    wide = {
        column.name
        for column in columns
        if any(len(record[column.name]) > _LONGEST_LINE for record in records)
    }
    rows = [tuple(_cell(record, c, c.name in wide) for c in columns) for record in records]
    shown = tuple(map(in_language, columns))
    return RecordView(columns=shown, heads=_heads(shown), rows=tuple(rows), **described)


def in_language(column: Column) -> Column:
    """The column with its headings in the language in force."""
    return replace(column, label=_(column.label), over=_(column.over), part=_(column.part))


def as_text(records: pd.DataFrame) -> list[dict[str, str]]:
    """Records with each cell as the text that a CSV has of it; empty where it is missing."""
    return list(csv.DictReader(StringIO(records.to_csv(index=False))))


def _heads(columns: tuple[Column, ...]) -> tuple[Head, ...]:
    """Headings over the columns; none where no column has one."""
    heads: list[Head] = []
    for column in columns:
        if heads and column.over and heads[-1].label == column.over:
            heads[-1] = Head(column.over, heads[-1].width + 1)
        else:
            heads.append(Head(column.over, 1))
    return tuple(heads) if any(head.label for head in heads) else ()


def cell_text(record: dict[str, str], column: Column) -> str:
    """What a reader sees in a column of a record: where it has no value, what stands for that."""
    text = record[column.name]
    if not text:
        return _(column.empty) if isinstance(column.empty, str) else column.empty(record)
    if column.shown is not None:
        return column.shown(text)
    if column.kind == "number" and column.decimals is not None:
        text = f.fixed(float(text), column.decimals)
        text = text.rstrip("0").rstrip(".") if column.trimmed and column.decimals else text
    return text


def _cell(record: dict[str, str], column: Column, wide: bool) -> Cell:
    text = cell_text(record, column)
    if not record[column.name]:
        return Cell(text, f"{column.kind} none")
    return Cell(text, f"{column.kind} wide" if wide else column.kind)
