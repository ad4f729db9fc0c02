"""An output: its results, the tables that show them, and what is said under them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from durable.contents import Term
from durable.contracts.results import NO_VISITS_TABLE, WHOLE_COLUMN, Parameter, Result
from durable.language import _
from durable.outputs.ard import Ard, TableResults
from durable.outputs.datasets import AnalysisDatasets, RecordFilter
from durable.outputs.table import Column, Row, Rows, column_name
from durable.plan import Plan
from durable.vocabulary import POPULATIONS
from durable.wording import clauses

if TYPE_CHECKING:
    from durable.outputs.groups import Estimates, Group

#: The columns of an output, each with its statistics.
ColumnEstimates = Iterator[tuple["Group", "Estimates"]]
#: Function that makes the results of an output from the datasets and the plan.
Results = Callable[[AnalysisDatasets, Plan], ColumnEstimates]

#: Analysis sets, as the tables name them.
ENROLLED_SET, SAFETY_SET = POPULATIONS["ENRLFL"], POPULATIONS["SAFFL"]


@dataclass(frozen=True)
class Size:
    """The statistic that is N in the headings of the columns."""

    parameter: Parameter
    statistic: str
    output: str = ""
    """Output that has the statistic; that of the table when empty."""


#: All infused: event-free survival counts them in every column.
ALL_INFUSED = Size(("EFS",), "n_subjects", "t_dor")
#: N of a table of adverse events, its own: the infused.
INFUSED = Size(WHOLE_COLUMN, "n_infused")

#: An output that says so where the study has no assessments.
_OF_ASSESSMENTS = "t_improvement"
#: N where there are no durations: the overview of adverse events counts the infused in any study.
_INFUSED_OF_EVENTS = Size(WHOLE_COLUMN, "n_infused", "t_ae_overview")


@dataclass(frozen=True)
class OutputTable:
    """A table of an output: its main one, or a supplementary one with what that leaves out.

    Attributes
    ----------
    name
        Name of its files; `durable.contents` has its number.
    heading
        Title of the table, unless the plan has one (``outputs.shells``), marked for translation.
    heading_words
        By name of a ``{name}`` in the heading the text for it, marked for translation.
    rows
        Its rows from the results and the plan.
    footnotes
        Footnotes from the plan that a reader needs to read the numbers: at most five lines.
    footnotes_on_results
        Further footnotes, where what the study records decides which are needed.
    defined
        Terms of the list of definitions that the numbers rest on.
    analysis_set
        Analysis set, marked for translation; that of the output when empty.
    size
        N in the headings of the columns.
    headings
        Headings of the columns, from the plan; None where the columns are the groups.
    stub
        Heading of the column of labels, marked for translation.
    without_assessments
        The footnotes in a study without visits; None where they are the same.
    by_cutoff
        Its rows in a series of data cut-offs; None where the columns are the groups.
    """

    name: str
    heading: str
    rows: Callable[[TableResults, Plan], Rows]
    heading_words: Mapping[str, str] = field(default_factory=dict)
    footnotes: Callable[[Plan], Iterable[str]] = lambda _: ()
    footnotes_on_results: Callable[[TableResults, Plan], Iterable[str]] = lambda _results, _plan: ()
    defined: tuple[Term, ...] = ()
    analysis_set: str = ""
    size: Size = ALL_INFUSED
    headings: Callable[[Plan], tuple[str, ...]] | None = None
    stub: str = ""
    without_assessments: Callable[[Plan], Iterable[str]] | None = None
    by_cutoff: Callable[[TableResults, Plan], Rows] | None = None

    @property
    def title(self) -> str:
        """Own title of the table, in the language in force; not that of the plan."""
        words = {name: _(word) for name, word in self.heading_words.items()}
        return _(self.heading).format(**words)

    @property
    def population(self) -> str:
        """Analysis set of the table in the language in force; '' where it is that of the output."""
        return _(self.analysis_set)


@dataclass(frozen=True)
class Output:
    """An output of the analysis: its results, and the tables that show them.

    Attributes
    ----------
    name
        Name in ``ard.csv``.
    analysis_set
        Analysis set of the tables, marked for translation.
    datasets
        Analysis datasets that the numbers come from, as the source line names them; the last is
        the one that the ARS names as that of an analysis.
    variables
        By dataset the variables that decide the numbers, for define.xml; a name may be a regular
        expression.
    results
        Its columns, each with its statistics, from the datasets and the plan.
    tables
        Its tables, the main one first.
    dates
        Variables of ADSL on which its numbers depend: a footnote counts those that were imputed.
    further_results
        Results whose rows stand apart in ``ard.csv`` (see `durable.outputs.ORDER_OF_ROWS`).
    other_datasets
        By first part of a parameter the dataset that its numbers come from, where that is not the
        last of `datasets`.
    across_groups
        Statistics of a group that subjects of other groups decide, too.
    records
        Filters of the records of ADRS that `results` reads: ADRS is too large to be read whole.
    """

    name: str
    analysis_set: str
    datasets: str
    variables: Mapping[str, tuple[str, ...]]
    results: Results
    tables: tuple[OutputTable, ...]
    dates: tuple[str, ...] = ()
    further_results: Results | None = None
    other_datasets: Mapping[str, str] = field(default_factory=dict)
    across_groups: tuple[str, ...] = ()
    records: Callable[[Plan], tuple[RecordFilter, ...]] = lambda _: ()

    @property
    def title(self) -> str:
        """Own title of the main table, in the language in force; not that of the plan."""
        return self.tables[0].title

    @property
    def population(self) -> str:
        """Analysis set of the tables, in the language in force."""
        return _(self.analysis_set)

    @property
    def program(self) -> str:
        """Name of the module that makes the rows of the main table."""
        return self.tables[0].rows.__module__

    def table(self, name: str) -> OutputTable:
        """The output's table of this name; StopIteration without one."""
        return next(table for table in self.tables if table.name == name)

    def rows(self, datasets: AnalysisDatasets, plan: Plan) -> Iterator[Result]:
        """All rows of the output in ``ard.csv``, those of `further_results` last."""
        for function in filter(None, (self.results, self.further_results)):
            yield from result_rows(self.name, function, datasets, plan)

    def columns(self, table: OutputTable, ard: Ard, plan: Plan) -> tuple[str, ...]:
        """Headings of the columns of a table; of a group with its N, ``Total (N = 12)``."""
        if table.headings is not None:
            return table.headings(plan)
        return tuple(self._heading(table, ard, column, plan) for column in ard.columns(self.name))

    def _heading(self, table: OutputTable, ard: Ard, column: Column, plan: Plan) -> str:
        sizes = (table.size, _INFUSED_OF_EVENTS)
        counts = (
            ard.lookup(size.output or self.name, size.parameter, column)(size.statistic)
            for size in sizes
        )
        n = next(filter(None, counts), None)
        return column_name(column, plan) + (f" (N = {n.value:.0f})" if n is not None else "")

    def table_rows(self, table: OutputTable, ard: Ard, plan: Plan) -> tuple[Row, ...]:
        """Rows of a table; where the output has no numbers one row that says why."""
        reason = _not_made(ard, self.name)
        if reason:
            label = _("Not made: {reason}").format(reason=_(reason))
            return (Row(label, ("",) * len(self.columns(table, ard, plan))),)
        return tuple(table.rows(TableResults(ard, self.name, plan.outputs), plan))

    def not_made(self, ard: Ard) -> str:
        """Why the output has no numbers, in English; '' where it has."""
        return _not_made(ard, self.name)

    def sources(self, names: Collection[str]) -> tuple[str, ...]:
        """Those of `datasets` that the study has, in capitals; ADSL where it has none of them.

        `names` are those of the datasets of the study, in lower case.
        """
        datasets = self.datasets.split(", ")
        return tuple(name for name in datasets if name.lower() in names) or ("ADSL",)

    def dataset_of(self, parameter: Parameter, names: Collection[str]) -> str:
        """The dataset, in capitals, that the numbers of a parameter come from in a study.

        `names` are those of the datasets of the study, in lower case.
        """
        other = self.other_datasets.get(parameter[0]) if parameter else None
        return other or self.sources(names)[-1]

    def notes(self, table: OutputTable, ard: Ard, plan: Plan) -> tuple[str, ...]:
        """The footnotes of a table, that on definitions last; none if the output has no numbers."""
        if _not_made(ard, self.name):
            return ()
        if table.without_assessments and _not_made(ard, _OF_ASSESSMENTS) == NO_VISITS_TABLE:
            return tuple(table.without_assessments(plan))
        results = TableResults(ard, self.name, plan.outputs)
        further = table.footnotes_on_results(results, plan)
        return (*table.footnotes(plan), *further, *_reference(table.defined))


def _reference(terms: tuple[Term, ...]) -> Iterator[str]:
    """Footnote on where the definitions stand that the numbers rest on."""
    if terms:
        shown = clauses([_(term) for term in terms])
        yield _("Definitions: {terms} (list of definitions).").format(terms=shown)


def _not_made(ard: Ard, name: str) -> str:
    """Why an output has no numbers, from the note on N; '' where it has."""
    columns = ard.columns(name)
    n = ard.lookup(name, WHOLE_COLUMN, columns[-1])("n_infused") if columns else None
    return "" if n is None else n.note


def result_rows(
    output: str, results: Results, datasets: AnalysisDatasets, plan: Plan
) -> Iterator[Result]:
    """Rows of ``ard.csv`` that a function of the output of this name makes."""
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
