"""Stage ``documents``: tables and figures as documents to hand over (docs/exports.md)."""

from __future__ import annotations

from pathlib import Path

from durable.display.documents import layout, rtf
from durable.display.tables import tables
from durable.figures.captions import figures_drawn
from durable.files import whole, write_text
from durable.outputs import definitions
from durable.outputs.ard import read_ard
from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Read ``ard.csv`` and ``figures/``; write the forms that ``outputs.documents`` names."""
    forms = plan.outputs.documents
    layouts = [layout.lay_out(table) for table in tables(plan, folder, read_ard(folder))]
    running = definitions.study(plan)
    bound = folder / "documents" / "tables_and_figures"
    if "rtf" in forms:
        write_text(
            bound.with_suffix(".rtf"), rtf.bind(layouts, figures_drawn(plan, folder), running)
        )
    if "pdf" in forms:
        from durable.display.documents import pdf

        _write(bound.with_suffix(".pdf"), pdf.bind(layouts, figures_drawn(plan, folder), running))
    if "docx" in forms:
        from durable.display.documents import docx

        for laid in layouts:
            path = folder / "tables" / f"{laid.table.name}.docx"
            _write(path, docx.render(laid, running))


def _write(path: Path, content: bytes) -> None:
    with whole(path) as aside:
        aside.write_bytes(content)
