"""An output: its results, the table that shows them, and what is said under it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from durable.contracts.results import Parameter, Result
from durable.outputs.ard import Ard
from durable.outputs.table import Rows
from durable.plan import Plan

if TYPE_CHECKING:
    from durable.outputs.datasets import AnalysisDatasets, RecordFilter

Results = Callable[["AnalysisDatasets", Plan], Iterator[Result]]


#: Analysis sets, as the tables name them.
ENROLLED_SET = "Enrolled Set (all who consented)"
SAFETY_SET = "Safety Analysis Set (all infused)"


@dataclass(frozen=True)
class Size:
    """The statistic that is N in the headings of the columns."""

    output: str
    parameter: Parameter
    statistic: str


#: All infused: event-free survival counts them in every column.
ALL_INFUSED = Size("t_dor", ("EFS",), "n_subjects")


def no_records(_: Plan) -> tuple[RecordFilter, ...]:
    """For an output that reads no records of ADRS."""
    return ()


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
        Its results from the datasets and the plan. Several functions where their rows stand apart
        in ``ard.csv`` (see `OutputEntry.ard`).
    table
        Rows of its table from the analysis results and the plan.
    footnotes
        Definitions in force, in sentences made from the plan.
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
    results: tuple[Results, ...]
    table: Callable[[Ard, Plan], Rows]
    footnotes: Callable[[Plan], Iterator[str]]
    records: Callable[[Plan], tuple[RecordFilter, ...]] = no_records
    size: Size = ALL_INFUSED
    headings: Callable[[Plan], tuple[str, ...]] | None = None
    stub: str = ""

    def columns(self, ard: Ard, plan: Plan) -> tuple[str, ...]:
        """Headings of the columns, with N where the columns are groups."""
        if self.headings is not None:
            return self.headings(plan)
        size = self.size
        return tuple(ard.headings(self.name, size.output, size.parameter, size.statistic))
