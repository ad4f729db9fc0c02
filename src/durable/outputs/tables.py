"""The tables of an analysis: views of its results."""

from __future__ import annotations

from collections.abc import Iterator

from durable.outputs import OUTPUTS, definitions
from durable.outputs.ard import Ard
from durable.outputs.output import Output
from durable.outputs.table import Row, Table
from durable.plan import Plan


def tables(
    ard: Ard, plan: Plan, provenance: dict[str, dict[str, object]], digest: str
) -> Iterator[Table]:
    """Every table that the analysis results have numbers for, in the order of the report.

    Parameters
    ----------
    ard
        The analysis results.
    plan
        The analysis plan, for headings and footnotes.
    provenance
        The input files, as ``validated/sources.json`` names them.
    digest
        Of the plan.
    """
    for number, entry in enumerate(OUTPUTS, start=1):
        if ard.columns(entry.name):
            output = entry.load()
            source = definitions.provenance(digest, provenance, output.datasets)
            yield Table(
                name=output.name,
                number=number,
                title=output.title,
                subtitles=(f"Population: {output.population}", definitions.study(plan)),
                columns=output.columns(ard, plan),
                rows=table_rows(output, ard, plan),
                footnotes=(*output.footnotes(plan), source),
                stub=output.stub,
            )


def table_rows(output: Output, ard: Ard, plan: Plan) -> tuple[Row, ...]:
    """Rows of the table, or the reason why there are no numbers for it."""
    reason = ard.absent(output.name)
    if reason:
        return (Row(f"Not made: {reason}", ("",) * len(output.columns(ard, plan))),)
    return tuple(output.table(ard, plan))
