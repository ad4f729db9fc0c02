"""The tables of an analysis: views of its results."""

from __future__ import annotations

from collections.abc import Iterator

from durable.outputs import OUTPUTS, definitions
from durable.outputs.ard import Ard
from durable.outputs.output import Output
from durable.outputs.table import Table
from durable.plan import Plan
from durable.registry import dataset_names

#: The input files, as ``validated/sources.json`` names them.
Sources = dict[str, dict[str, object]]


def tables(ard: Ard, plan: Plan, sources: Sources, digest: str) -> Iterator[Table]:
    """Every table that the analysis results have numbers for, in the order of the report.

    Parameters
    ----------
    ard
        The analysis results.
    plan
        The analysis plan, for headings and footnotes.
    sources
        The input files.
    digest
        Of the plan.
    """
    for number, entry in enumerate(OUTPUTS, start=1):
        if ard.columns(entry.name):
            yield make_table(
                entry.load(), number, definitions.study(plan), ard, plan, sources, digest
            )


def make_table(
    output: Output, number: int, study: str, ard: Ard, plan: Plan, sources: Sources, digest: str
) -> Table:
    """The table of one output under its number and the head of the study."""
    return Table(
        name=output.name,
        number=number,
        title=output.title,
        subtitles=(f"Population: {output.population}", study),
        columns=output.columns(ard, plan),
        rows=output.table_rows(ard, plan),
        footnotes=(
            *output.notes(ard, plan),
            *definitions.imputed_dates(output.dates, ard, sources),
            definitions.provenance(
                digest, sources, ", ".join(output.sources(dataset_names(sources)))
            ),
        ),
        stub=output.stub,
    )
