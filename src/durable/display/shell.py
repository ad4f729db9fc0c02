"""A table before it is a file: titles, columns, rows and footnotes, all as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from durable.contracts.results import NOT_RECORDED, TOTAL, Result

#: Group of the plan and group of a column.
Column = tuple[str, str]
Lookup = Callable[[str], "Result | None"]
Cell = Callable[[Lookup], str]

_NOTHING = ("", "0")
_GROUP_NAMES = {
    "dose_level": "Dose level",
    "part": "Part",
    "sex": "Sex",
    "data_cutoff": "Cut-off",
}


@dataclass(frozen=True)
class Row:
    """One line of a table: its label and a cell per column; a heading has no cells."""

    label: str
    cells: tuple[str, ...] = ()
    indent: int = 0
    strong: bool = False
    """Stands out from the rows under it."""


Rows = Iterator[Row]


@dataclass(frozen=True)
class Table:
    """A table as it is shown."""

    name: str
    number: int
    title: str
    subtitles: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    footnotes: tuple[str, ...] = ()
    stub: str = ""
    """Heading of the column of labels."""


@dataclass(frozen=True)
class Line:
    """A line of a shell: what to show of the results, in every column."""

    label: str
    cell: Cell | None = None
    indent: int = 1
    optional: bool = False
    """Left out where no column has anything to show, or only a bare 0."""
    strong: bool = False


@dataclass(frozen=True)
class Ard:
    """The analysis results dataset, by key."""

    rows: dict[tuple[str, str, str, str, str, str], Result] = field(default_factory=dict)

    @classmethod
    def of(cls, results: Iterable[Result]) -> Ard:
        """From the rows of the file."""
        return cls({row.key: row for row in results})

    @cached_property
    def _by_output(self) -> dict[str, tuple[dict[Column, None], dict[str, None]]]:
        """Groups and parameters of each output, in the order of their first row."""
        found: dict[str, tuple[dict[Column, None], dict[str, None]]] = {}
        for output, _, by, group, parameter, _ in self.rows:
            columns, parameters = found.setdefault(output, ({}, {}))
            columns[by, group] = parameters[parameter] = None
        return found

    def columns(self, output: str) -> list[Column]:
        """Groups of an output in their order, the total last."""
        found, _ = self._by_output.get(output, ({}, {}))
        return sorted(found, key=lambda column: column == TOTAL)

    def parameters(self, output: str) -> list[str]:
        """Parameters of an output in their order."""
        return list(self._by_output[output][1]) if output in self._by_output else []

    def lookup(
        self, output: str, parameter: str, column: Column, analysis: str = "primary"
    ) -> Lookup:
        """Access to the statistics of one parameter in one column."""

        def find(statistic: str) -> Result | None:
            return self.rows.get((output, analysis, *column, parameter, statistic))

        return find

    def lines(
        self, output: str, parameter: str, lines: Iterable[Line], of: str | None = None
    ) -> Iterator[Row]:
        """Rows of a block of lines on one parameter, of this output or another (`of`)."""
        columns = self.columns(output)
        for line in lines:
            if line.cell is None:
                yield Row(line.label, indent=line.indent)
                continue
            found = (self.lookup(of or output, parameter, column) for column in columns)
            cells = tuple(map(line.cell, found))
            if not line.optional or any(cell not in _NOTHING for cell in cells):
                yield Row(line.label, cells, line.indent, line.strong)

    def headings(self, output: str, of: str, parameter: str, statistic: str) -> tuple[str, ...]:
        """Column headings of an output with N, a statistic of that output or another (`of`)."""
        names = []
        for column in self.columns(output):
            n = self.lookup(of, parameter, column)(statistic)
            size = f" (N = {n.value:.0f})" if n is not None else ""
            names.append(column_name(column) + size)
        return tuple(names)

    def absent(self, output: str) -> str:
        """Why the table has no numbers, from the note on its N; empty where it has."""
        last = self.columns(output)[-1]
        found = self.rows.get((output, "primary", *last, "", "n_infused"))
        return found.note if found else ""


def column_name(column: Column) -> str:
    """Name of a group as readers see it."""
    by, group = column
    if column == TOTAL:
        return group
    # "Dose level not recorded", as "Dose level 1e7".
    return f"{_GROUP_NAMES[by]} {group[0].lower() + group[1:] if group == NOT_RECORDED else group}"
