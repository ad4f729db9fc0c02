"""Delivery ``adrg``: a draft of the analysis data reviewer's guide, as DOCX.

Its headings are Word's own, so that Word can make a table of contents of them.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from durable.display.layout import clean
from durable.export.docx import NO_TIME, timeless
from durable.export.reviewers_guide import Cells, Section, sections
from durable.files import write_bytes
from durable.outputs.page_head import page_head

if TYPE_CHECKING:
    from durable.export.handover import FinishedAnalysis

TITLE = "Analysis Data Reviewer's Guide"
#: Width of the text on A4 with margins of 20 mm, millimetres.
_WIDTH = 170
#: Characters of a cell whose row may go over to another page; rows of a table that may not.
_LONG, _SHORT = 600, 12


def write(analysis: FinishedAnalysis) -> None:
    """Write ``export/adrg.docx`` into the results of the analysis."""
    folder = analysis.folder / "validated"
    sources = json.loads((folder / "sources.json").read_text(encoding="utf-8"))
    data_cut = pd.read_csv(folder / "data_cut.csv", dtype=str, keep_default_na=False)
    guide = sections(analysis.plan, analysis.datasets, sources, data_cut)
    head = page_head(analysis.plan)
    write_bytes(analysis.folder / "export" / "adrg.docx", render(guide, head.study, head.analysis))


def render(guide: Iterable[Section], study: str, analysis: str) -> bytes:
    """The guide as a DOCX file: the same bytes for the same sections.

    Parameters
    ----------
    guide
        Sections of the guide in their order.
    study, analysis
        Line of the study, also in the header of every page, and of the analysis, under the title.
    """
    from docx import Document
    from docx.shared import Mm

    document = Document()
    _set_styles(document)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(20)
    section.header.paragraphs[0].text = clean(f"{study}. {TITLE}, draft")
    document.add_paragraph(TITLE, style="Title")
    document.add_paragraph(clean(f"{study}. {analysis}. Draft"))
    for part in guide:
        document.add_heading(clean(part.title), level=part.level)
        for text in part.paragraphs:
            paragraph = document.add_paragraph(clean(text))
            paragraph.paragraph_format.keep_with_next = bool(part.table)
        if part.table:
            _add_table(document, part.table)
    return timeless(document)


def _set_styles(document: Any) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    properties = document.core_properties
    properties.title, properties.author = TITLE, ""
    properties.last_modified_by = properties.comments = ""
    properties.created = properties.modified = dt.datetime(*NO_TIME, tzinfo=dt.UTC)
    document.styles["Normal"].paragraph_format.space_after = Pt(3)
    sizes = {"Normal": 10, "Title": 20, "Header": 8, "Heading 1": 14, "Heading 2": 11}
    for name, size in sizes.items():
        style = document.styles[name]
        style.font.name, style.font.size = "Arial", Pt(size)
        style.font.color.rgb = RGBColor(0, 0, 0)
        fonts = style.element.rPr.rFonts
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)


def _add_table(document: Any, rows: tuple[Cells, ...]) -> None:
    """A table whose first row is its heading, repeated on every page."""
    from docx.oxml import OxmlElement
    from docx.shared import Mm, Pt

    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    table.autofit = False
    widths = [Mm(width) for width in _widths(rows)]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for number, (row, texts) in enumerate(zip(table.rows, rows, strict=True)):
        properties = row._tr.get_or_add_trPr()
        if max(map(len, texts)) < _LONG:
            properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            properties.append(OxmlElement("w:tblHeader"))
        # A short table stays on one page, and a heading with what follows it.
        keep_with_next = number < len(rows) - 1 and (number == 0 or len(rows) <= _SHORT)
        for cell, text, width in zip(row.cells, texts, widths, strict=True):
            cell.width = width
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.keep_with_next = keep_with_next
            run = paragraph.add_run(clean(text))
            run.font.size, run.bold = Pt(8.5), number == 0
    document.add_paragraph()


def _widths(rows: tuple[Cells, ...]) -> list[float]:
    """Widths of the columns in millimetres: room for the longest word, and a share of the rest."""
    columns = [*zip(*rows, strict=True)]
    words = [
        max(len(word) for text in column for word in text.split() or [""]) for column in columns
    ]
    least = [1.9 * letters + 4 for letters in words]
    texts = [min(max(map(len, column)), 60) for column in columns]
    spare = _WIDTH - sum(least)
    if spare < 0:
        return [_WIDTH * width / sum(least) for width in least]
    return [
        width + spare * letters / sum(texts) for width, letters in zip(least, texts, strict=True)
    ]
