"""Stage ``tables``: every table as CSV, HTML and RTF."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from durable.display import layout, rtf
from durable.files import safe_cell, write_text
from durable.outputs import definitions
from durable.outputs.ard import Ard, read_ard
from durable.outputs.table import Row, Table
from durable.outputs.tables import tables as made_tables
from durable.pages import render_page
from durable.plan import Plan
from durable.stage import STAGES


def run(plan: Plan, folder: Path) -> None:
    """Read ``ard.csv`` and ``validated/sources.json``; write ``tables/``."""
    for table in tables(plan, folder, read_ard(folder)):
        write(table, folder, definitions.study(plan))


def write(table: Table, folder: Path, running: str) -> None:
    """Write a table to ``tables/`` as CSV, HTML and RTF, whose pages have a running head."""
    stem = folder / "tables" / table.name
    write_text(stem.with_suffix(".rtf"), rtf.render(layout.lay_out(table), running))
    write_text(stem.with_suffix(".csv"), to_csv(table))
    write_text(stem.with_suffix(".html"), to_html(table))


def tables(plan: Plan, folder: Path, ard: Ard) -> Iterator[Table]:
    """Every table that the analysis results have numbers for, in the order of the report."""
    sources = json.loads((folder / "validated" / "sources.json").read_text(encoding="utf-8"))
    return made_tables(ard, plan, sources, plan.digest(STAGES["display"].sections))


def to_html(table: Table) -> str:
    """The table as a page of its own."""
    return render_page("table_page.html.jinja", table=table)


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
