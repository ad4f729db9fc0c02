"""Delivery ``rtf``: all tables and figures as one RTF file with contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.display import rtf
from durable.files import write_text
from durable.outputs.page_head import page_head

if TYPE_CHECKING:
    from durable.export.handover import FinishedAnalysis


def write(analysis: FinishedAnalysis) -> None:
    """Write ``documents/tables_and_figures.rtf``."""
    head = page_head(analysis.plan)
    text = rtf.bind(analysis.layouts, analysis.figures, analysis.definitions, head)
    write_text(analysis.folder / "documents" / "tables_and_figures.rtf", text)
