"""The tables as files: CSV, HTML and RTF."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

from durable.display import layout, rtf
from durable.files import safe_cell, write_text
from durable.outputs.ard import Ard
from durable.outputs.page_head import PageHead
from durable.outputs.table import Row, Table
from durable.outputs.tables import tables
from durable.pages import render_page
from durable.plan import Plan
from durable.stage import OF_TABLES


def all_tables(ard: Ard, plan: Plan, folder: Path) -> list[Table]:
    """Every table that the plan shows and that the analysis results have rows of, in its order.

    Parameters
    ----------
    folder
        Folder of results, whose ``validated/sources.json`` is read.
    """
    sources = json.loads((folder / "validated" / "sources.json").read_text(encoding="utf-8"))
    digest = plan.digest(OF_TABLES)
    return list(tables(ard, plan, sources, digest))


def write_tables(written: Iterable[Table], folder: Path, head: PageHead) -> None:
    """Write tables, each by `write_table`."""
    for table in written:
        write_table(table, folder, head)


def write_table(table: Table, folder: Path, head: PageHead) -> None:
    """Write ``tables/NAME.csv``, ``.html`` and ``.rtf`` below `folder`, the latter with a head."""
    stem = folder / "tables" / table.name
    write_text(stem.with_suffix(".rtf"), rtf.render(layout.lay_out(table), head))
    write_text(stem.with_suffix(".csv"), to_csv(table))
    write_text(stem.with_suffix(".html"), to_html(table, head))


def to_html(table: Table, head: PageHead) -> str:
    """Text of an HTML file of one table, with the head of a page."""
    return render_page("table_page.html.jinja", table=table, head=head)


def to_csv(table: Table) -> str:
    """Text of a CSV file of a table: columns ``block``, ``row``, then those of the table.

    A line for each row with cells; ``block`` has the labels of the rows above that it belongs to,
    the outermost first, joined by `` / ``. Cells are safe to open in a spreadsheet.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["block", "row", *map(safe_cell, table.columns)])
    row_path: list[Row] = []
    for row in table.rows:
        row_path = [*(parent for parent in row_path if parent.indent < row.indent), row]
        if row.cells:
            block = " / ".join(parent.label for parent in row_path[:-1])
            writer.writerow([safe_cell(cell) for cell in (block, row.label, *row.cells)])
    return text.getvalue()
