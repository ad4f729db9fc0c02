"""An output: its results, the table that shows them, and what is said under it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from durable.contracts.results import WHOLE_COLUMN, Parameter, Result
from durable.outputs.ard import Ard, TableResults
from durable.outputs.datasets import AnalysisDatasets, RecordFilter
from durable.outputs.table import Column, Row, Rows, column_name
from durable.plan import Plan

if TYPE_CHECKING:
    from durable.outputs.groups import Estimates, Group

#: The columns of an output, each with its statistics.
ColumnEstimates = Iterator[tuple["Group", "Estimates"]]
Results = Callable[[AnalysisDatasets, Plan], ColumnEstimates]

#: Analysis sets, as the tables name them.
ENROLLED_SET = "Enrolled Set (all who consented)"
SAFETY_SET = "Safety Analysis Set (all infused)"


@dataclass(frozen=True)
class Size:
    """The statistic that is N in the headings of the columns."""

    parameter: Parameter
    statistic: str
    output: str = ""
    """Output that has it; the table's own when empty."""


#: All infused: event-free survival counts them in every column.
ALL_INFUSED = Size(("EFS",), "n_subjects", "t_dor")
#: N of a table of adverse events, its own: the infused.
INFUSED = Size(WHOLE_COLUMN, "n_infused")


@dataclass(frozen=True)
class Output:
    """An output of the analysis.

    Attributes
    ----------
    name
        Name in ``ard.csv`` and of the files of the table.
    title, population
        Heading of the table.
    datasets
        Analysis datasets that the numbers come from, as the source line names them.
    results
        Its columns, each with its statistics, from the datasets and the plan.
    table
        Rows of its table from the results and the plan.
    footnotes
        Definitions in force, in sentences made from the plan.
    further_results
        Results whose rows stand apart in ``ard.csv`` (see `durable.outputs.ORDER_OF_ROWS`).
    records
        Records of ADRS that `results` reads: they are too many to be read whole.
    size
        N in the headings of the columns.
    headings
        Headings, where the columns are not the groups.
    stub
        Heading of the column of labels.
    """

    name: str
    title: str
    population: str
    datasets: str
    results: Results
    table: Callable[[TableResults, Plan], Rows]
    footnotes: Callable[[Plan], Iterable[str]]
    further_results: Results | None = None
    records: Callable[[Plan], tuple[RecordFilter, ...]] = lambda _: ()
    size: Size = ALL_INFUSED
    headings: Callable[[Plan], tuple[str, ...]] | None = None
    stub: str = ""

    def rows(self, datasets: AnalysisDatasets, plan: Plan) -> Iterator[Result]:
        """All its rows of ``ard.csv``."""
        for function in filter(None, (self.results, self.further_results)):
            yield from result_rows(self.name, function, datasets, plan)

    def columns(self, ard: Ard, plan: Plan) -> tuple[str, ...]:
        """Headings of the columns, with N where the columns are groups."""
        if self.headings is not None:
            return self.headings(plan)
        return tuple(self._heading(ard, column) for column in ard.columns(self.name))

    def _heading(self, ard: Ard, column: Column) -> str:
        find = ard.lookup(self.size.output or self.name, self.size.parameter, column)
        n = find(self.size.statistic)
        return column_name(column) + (f" (N = {n.value:.0f})" if n is not None else "")

    def table_rows(self, ard: Ard, plan: Plan) -> tuple[Row, ...]:
        """Rows of the table, or the reason why there are no numbers, from the note on N."""
        n = ard.lookup(self.name, WHOLE_COLUMN, ard.columns(self.name)[-1])("n_infused")
        if n is not None and n.note:
            return (Row(f"Not made: {n.note}", ("",) * len(self.columns(ard, plan))),)
        return tuple(self.table(TableResults(ard, self.name, plan.outputs), plan))


def result_rows(
    output: str, results: Results, datasets: AnalysisDatasets, plan: Plan
) -> Iterator[Result]:
    """Rows of ``ard.csv`` of one function of an output."""
    for column, estimates in results(datasets, plan):
        for parameter, statistic in estimates:
            yield Result(
                output,
                column.analysis,
                column.group_by,
                column.group,
                parameter,
                statistic.name,
                statistic.value,
                statistic.lower,
                statistic.upper,
                statistic.note,
            )
