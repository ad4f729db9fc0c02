"""The analysis results dataset as the tables read it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from durable.contracts.results import PRIMARY, TOTAL, WHOLE_COLUMN, Parameter, Result, read_csv
from durable.outputs.table import Column, Line, Lookup, Row, Rows
from durable.plan import Outputs

_NOTHING = ("", "0")
#: A cell in which nobody is counted: 0, with or without its percentage.
_NOBODY = re.compile(r"(0( \(0(\.0*)?\))?)?")
#: Output, analysis, group_by, group, parameter and name of the statistic (`Result.key`).
Key = tuple[str, str, str, str, Parameter, str]


@dataclass(frozen=True)
class Ard:
    """The analysis results dataset, by key."""

    rows: dict[Key, Result] = field(default_factory=dict)

    @classmethod
    def from_results(cls, results: Iterable[Result]) -> Ard:
        """The dataset of these rows; of two rows with one key the later counts."""
        return cls({row.key: row for row in results})

    @cached_property
    def _by_output(self) -> dict[str, tuple[dict[Column, None], dict[Parameter, None]]]:
        """Groups and parameters of each output, in the order of their first row."""
        by_output: dict[str, tuple[dict[Column, None], dict[Parameter, None]]] = {}
        for output, _, group_by, group, parameter, _ in self.rows:
            columns, parameters = by_output.setdefault(output, ({}, {}))
            columns[group_by, group] = parameters[parameter] = None
        return by_output

    def columns(self, output: str) -> list[Column]:
        """Groups of an output in the order of the results, the total last; [] without results."""
        columns, _ = self._by_output.get(output, ({}, {}))
        return sorted(columns, key=lambda column: column == TOTAL)

    def parameters(self, output: str) -> list[Parameter]:
        """Parameters of an output in the order of the results, `WHOLE_COLUMN` left out."""
        _, parameters = self._by_output.get(output, ({}, {}))
        return [parameter for parameter in parameters if parameter != WHOLE_COLUMN]

    def lookup(
        self, output: str, parameter: Parameter, column: Column, analysis: str = PRIMARY
    ) -> Lookup:
        """A function from the name of a statistic to its result; None where there is none.

        Of one output, parameter, column (group_by and group) and analysis.
        """

        def find(statistic: str) -> Result | None:
            return self.rows.get((output, analysis, *column, parameter, statistic))

        return find


@dataclass(frozen=True)
class TableResults:
    """The results of one output, of which the rows of its table are made."""

    ard: Ard
    output: str
    decimals: Outputs
    """Section `outputs` of the plan, which has the decimals of the cells."""

    @property
    def columns(self) -> list[Column]:
        """Groups of the output in the order of the results, the total last."""
        return self.ard.columns(self.output)

    @property
    def parameters(self) -> list[Parameter]:
        """Parameters of the output in the order of the results, `WHOLE_COLUMN` left out."""
        return self.ard.parameters(self.output)

    def lookup(self, parameter: Parameter, column: Column, analysis: str = PRIMARY) -> Lookup:
        """A function from the name of a statistic to its result, or None: `Ard.lookup`."""
        return self.ard.lookup(self.output, parameter, column, analysis)

    def rows(self, parameter: Parameter, *lines: Line, source: str = "") -> Rows:
        """A row of the table for each line, with a cell for each column of this output.

        Lines that are `optional` or `unless_zero` are left out as `Line` says.

        Parameters
        ----------
        parameter
            Parameter whose statistics the lines show.
        lines
            A line without a cell makes a heading.
        source
            Output whose statistics are shown; this one when empty.
        """
        finds = [self.ard.lookup(source or self.output, parameter, c) for c in self.columns]
        for line in lines:
            if line.cell is None:
                yield Row(line.label, indent=line.indent)
                continue
            cells = tuple(line.cell(find, self.decimals) for find in finds)
            if line.optional and all(cell in _NOTHING for cell in cells):
                continue
            if not line.unless_zero or not all(map(_NOBODY.fullmatch, cells)):
                yield Row(line.label, cells, line.indent, line.strong)

    def empty(self, label: str, indent: int = 0) -> Row:
        """A row of empty cells, whose label says why there are no numbers."""
        return Row(label, ("",) * len(self.columns), indent)


def read_ard(folder: Path) -> Ard:
    """The analysis results in ``ard.csv`` of a folder of results; OSError without the file."""
    return Ard.from_results(read_csv(folder / "ard.csv"))
