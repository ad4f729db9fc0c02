"""Stage ``tables``: every table as CSV, HTML and RTF."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from durable.contracts.results import read_csv
from durable.display import definitions as say
from durable.display.documents import layout, rtf
from durable.display.html import render_page
from durable.display.kinds import KINDS, Kind
from durable.display.shell import Ard, Row, Table
from durable.files import safe_cell, write_text
from durable.plan import Plan
from durable.stages import STAGES


def run(plan: Plan, folder: Path) -> None:
    """Read ``ard.csv`` and ``validated/sources.json``; write ``tables/``."""
    for table in tables(plan, folder, read_ard(folder)):
        write(table, folder, say.study(plan))


def write(table: Table, folder: Path, running: str) -> None:
    """Write a table to ``tables/`` as CSV, HTML and RTF, whose pages have a running head."""
    stem = folder / "tables" / table.name
    write_text(stem.with_suffix(".rtf"), rtf.render(layout.lay_out(table), running))
    write_text(stem.with_suffix(".csv"), to_csv(table))
    write_text(stem.with_suffix(".html"), render_page(table))


def read_ard(folder: Path) -> Ard:
    """The analysis results of a folder of results."""
    return Ard.of(read_csv(folder / "ard.csv"))


def tables(plan: Plan, folder: Path, ard: Ard) -> Iterator[Table]:
    """Every table that the analysis results have numbers for, in the order of the report."""
    sources = json.loads((folder / "validated" / "sources.json").read_text(encoding="utf-8"))
    digest = plan.digest(STAGES["display"].sections)
    for number, (name, kind) in enumerate(KINDS.items(), start=1):
        output = f"t_{name}"
        if not ard.columns(output):
            continue
        columns = headings(ard, plan, output, kind)
        footnotes = [*kind.notes(plan), say.provenance(digest, sources, kind.dataset)]
        yield Table(
            name=output,
            number=number,
            title=kind.title,
            subtitles=(
                f"Population: {kind.population}",
                say.study(plan),
            ),
            columns=columns,
            rows=rows(ard, plan, output, kind, len(columns)),
            footnotes=tuple(footnotes),
            stub=kind.stub,
        )


def rows(ard: Ard, plan: Plan, output: str, kind: Kind, width: int) -> tuple[Row, ...]:
    """Rows of the shell, or the reason why there are no numbers for it."""
    why = ard.absent(output)
    return (Row(f"Not made: {why}", ("",) * width),) if why else tuple(kind.shell(ard, plan))


def headings(ard: Ard, plan: Plan, output: str, kind: Kind) -> tuple[str, ...]:
    """Column headings, with N where the columns are groups."""
    if kind.columns is not None:
        return kind.columns(plan)
    if kind.size is not None:
        return ard.headings(output, output, *kind.size)
    # All infused: event-free survival counts them in every column.
    return ard.headings(output, "t_dor", "EFS", "n_subjects")


def to_csv(table: Table) -> str:
    """The table as a program reads it: the rows it stands under, the row, and its columns."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["block", "row", *map(safe_cell, table.columns)])
    above: list[Row] = []
    for row in table.rows:
        above = [*(other for other in above if other.indent < row.indent), row]
        if row.cells:
            block = " / ".join(other.label for other in above[:-1])
            writer.writerow([safe_cell(cell) for cell in (block, row.label, *row.cells)])
    return text.getvalue()
