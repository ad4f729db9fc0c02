"""Delivery ``rtf``: all tables and figures as one RTF file with contents, all listings likewise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.display import rtf
from durable.files import write_text
from durable.outputs.page_head import page_head

if TYPE_CHECKING:
    from durable.export.handover import FinishedAnalysis


def write(analysis: FinishedAnalysis) -> None:
    """Write ``documents/tables_and_figures.rtf`` and ``documents/listings.rtf`` with contents."""
    head, closing = page_head(analysis.plan), analysis.definitions
    documents = analysis.folder / "documents"
    tables, figures = analysis.layouts, analysis.bound_figures
    bound = rtf.bind(tables, figures, closing, head, analysis.opening)
    write_text(documents / "tables_and_figures.rtf", bound)
    listed = rtf.bind(analysis.listing_layouts, (), closing, head)
    write_text(documents / "listings.rtf", listed)
