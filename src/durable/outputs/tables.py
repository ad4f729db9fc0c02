"""The tables of an analysis: views of its results."""

from __future__ import annotations

from collections.abc import Iterator

from durable.language import _
from durable.outputs import definitions, entry_of_table, tables_of
from durable.outputs.ard import Ard
from durable.outputs.output import Output, OutputTable
from durable.outputs.table import Table
from durable.plan import Plan
from durable.registry import available_names, dataset_names

#: By input table, what ``validated/sources.json`` has of its file.
Sources = dict[str, dict[str, object]]


def tables(ard: Ard, plan: Plan, sources: Sources, digest: str) -> Iterator[Table]:
    """Every table that the plan shows and that the results have rows of, in the order of the plan.

    One that the study has no numbers for says so in its only row.

    Parameters
    ----------
    ard
        The analysis results.
    plan
        The analysis plan, for headings and footnotes.
    sources
        The input files.
    digest
        Digest of the plan, which the source line shows.
    """
    for name in tables_of(plan, available_names(sources, plan)):
        output = entry_of_table(name).load()
        if ard.columns(output.name):
            yield make_table(output, output.table(name), ard, plan, sources, digest)


def make_table(
    output: Output, table: OutputTable, ard: Ard, plan: Plan, sources: Sources, digest: str
) -> Table:
    """A table of an output, with the number, title and footnotes that the plan gives it.

    Footnotes are those of the output, of imputed dates, of the plan, and last the source line.
    """
    shell, names = plan.outputs.shell(table.name), dataset_names(sources, plan)
    return Table(
        name=table.name,
        number=shell.shown_number,
        title=shell.title or table.title,
        subtitles=(
            _("{population}; data cut-off {date}").format(
                population=table.population or output.population, date=plan.analysis.data_cutoff
            ),
        ),
        columns=output.columns(table, ard, plan),
        rows=output.table_rows(table, ard, plan),
        footnotes=(
            *output.notes(table, ard, plan),
            *definitions.imputed_dates(output.dates, ard, sources),
            *shell.footnotes,
            definitions.source(plan, digest, ", ".join(output.sources(names)), output.program),
        ),
        stub=_(table.stub),
    )
