"""The analysis results dataset as the tables read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from durable.contracts.results import (
    PRIMARY,
    TOTAL,
    WHOLE_COLUMN,
    Parameter,
    Result,
    read_csv,
)
from durable.outputs.table import Column, Line, Lookup, Row, Rows, column_name

_NOTHING = ("", "0")
Key = tuple[str, str, str, str, Parameter, str]


@dataclass(frozen=True)
class Ard:
    """The analysis results dataset, by key."""

    rows: dict[Key, Result] = field(default_factory=dict)

    @classmethod
    def from_results(cls, results: Iterable[Result]) -> Ard:
        """From its rows."""
        return cls({row.key: row for row in results})

    @cached_property
    def _by_output(self) -> dict[str, tuple[dict[Column, None], dict[Parameter, None]]]:
        """Groups and parameters of each output, in the order of their first row."""
        found: dict[str, tuple[dict[Column, None], dict[Parameter, None]]] = {}
        for output, _, by, group, parameter, _ in self.rows:
            columns, parameters = found.setdefault(output, ({}, {}))
            columns[by, group] = parameters[parameter] = None
        return found

    def columns(self, output: str) -> list[Column]:
        """Groups of an output in their order, the total last."""
        columns, _ = self._by_output.get(output, ({}, {}))
        return sorted(columns, key=lambda column: column == TOTAL)

    def parameters(self, output: str) -> list[Parameter]:
        """Parameters of an output in their order, without that of a whole column."""
        _, parameters = self._by_output.get(output, ({}, {}))
        return [parameter for parameter in parameters if parameter != WHOLE_COLUMN]

    def lookup(
        self, output: str, parameter: Parameter, column: Column, analysis: str = PRIMARY
    ) -> Lookup:
        """Access to the statistics of one parameter in one column."""

        def find(statistic: str) -> Result | None:
            return self.rows.get((output, analysis, *column, parameter, statistic))

        return find

    def lines(
        self, output: str, parameter: Parameter, lines: Iterable[Line], source: str | None = None
    ) -> Rows:
        """Rows of a block of lines on one parameter, of this output or of another (`source`)."""
        columns = self.columns(output)
        for line in lines:
            if line.cell is None:
                yield Row(line.label, indent=line.indent)
                continue
            lookups = (self.lookup(source or output, parameter, column) for column in columns)
            cells = tuple(map(line.cell, lookups))
            if not line.optional or any(cell not in _NOTHING for cell in cells):
                yield Row(line.label, cells, line.indent, line.strong)

    def headings(
        self, output: str, source: str, parameter: Parameter, statistic: str
    ) -> Iterator[str]:
        """Column headings of an output with N, a statistic of that output or another (`source`)."""
        for column in self.columns(output):
            n = self.lookup(source, parameter, column)(statistic)
            size = f" (N = {n.value:.0f})" if n is not None else ""
            yield column_name(column) + size

    def absent(self, output: str) -> str:
        """Why the table has no numbers, from the note on its N; empty where it has."""
        last = self.columns(output)[-1]
        n_infused = self.lookup(output, WHOLE_COLUMN, last)("n_infused")
        return n_infused.note if n_infused else ""


def read_ard(folder: Path) -> Ard:
    """The analysis results of a folder of results."""
    return Ard.from_results(read_csv(folder / "ard.csv"))
