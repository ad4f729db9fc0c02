"""Delivery ``rtf``: all tables and figures as one RTF file with contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.display import rtf
from durable.files import write_text
from durable.outputs import definitions

if TYPE_CHECKING:
    from durable.export.handover import FinishedAnalysis


def write(analysis: FinishedAnalysis) -> None:
    """Write ``documents/tables_and_figures.rtf``."""
    text = rtf.bind(analysis.layouts, analysis.figures, definitions.study(analysis.plan))
    write_text(analysis.folder / "documents" / "tables_and_figures.rtf", text)
