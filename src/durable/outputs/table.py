"""A table before it is a file: titles, columns, rows and footnotes, all as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from durable.contents import Kind
from durable.contracts.results import NOT_RECORDED, TOTAL, Result
from durable.outputs.alignment import align
from durable.plan import Outputs
from durable.wording import dose_level

#: Group of the plan and group of a column.
Column = tuple[str, str]
#: The statistics of one parameter in one column, by name.
Lookup = Callable[[str], Result | None]
#: What a cell shows of them; the section `outputs` of the plan tells the decimals.
Cell = Callable[[Lookup, Outputs], str]

_GROUP_NAMES = {
    "dose_level": "Dose level",
    "part": "Part",
    "sex": "Sex",
    "data_cutoff": "Cut-off",
}


@dataclass(frozen=True)
class Line:
    """A line of a table to be: its label, and what every column shows of the results."""

    label: str
    cell: Cell | None = None
    """None in a heading."""
    indent: int = 1
    optional: bool = False
    """Left out where no column has anything to show, or only a bare 0."""
    strong: bool = False
    """Stands out from the lines under it."""
    unless_zero: bool = False
    """Left out where nobody is counted in any column, of which a footnote tells."""


@dataclass(frozen=True)
class Row:
    """One line of a table: its label and a cell per column; a heading has no cells."""

    label: str
    cells: tuple[str, ...] = ()
    indent: int = 0
    strong: bool = False


Rows = Iterator[Row]


@dataclass(frozen=True)
class Table:
    """A table as it is shown."""

    name: str
    number: str
    """Empty of the list of definitions, which has none."""
    title: str
    subtitles: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    footnotes: tuple[str, ...] = ()
    """What a reader needs to read the numbers; the source last."""
    stub: str = ""
    """Heading of the column of labels."""
    kind: Kind = "Table"
    spans: tuple[tuple[str, int], ...] = ()
    """Headings over neighbouring columns with how many each spans, that of labels included."""

    @property
    def heading(self) -> str:
        """Number and title: ``Table 14.2.1. Disease improvement rate``."""
        return f"{self.kind} {self.number}. {self.title}" if self.number else self.title

    @property
    def aligned_rows(self) -> tuple[Row, ...]:
        """Its rows with the numbers of each column under one another, as readers see them."""
        cells = iter(align([row.cells for row in self.rows if row.cells]))
        return tuple(replace(row, cells=next(cells)) if row.cells else row for row in self.rows)


def column_name(column: Column) -> str:
    """Name of a group as readers see it."""
    by, group = column
    if column == TOTAL:
        return group
    if group == NOT_RECORDED:
        return f"{_GROUP_NAMES[by]} {group[0].lower()}{group[1:]}"
    return dose_level(group) if by == "dose_level" else f"{_GROUP_NAMES[by]} {group}"
