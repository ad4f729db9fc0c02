"""The report of a qualification, as HTML and as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable.files import write_bytes, write_text
from durable.pages import render_page
from durable.qualification.findings import Check, Qualification

if TYPE_CHECKING:
    from reportlab.lib.styles import ParagraphStyle

#: Who signs.
ROLES = ("Qualified by", "Reviewed by (quality assurance)", "Approved by (system owner)")
#: Widths of the columns, millimetres, of 180.
_CHECKS = (62, 16, 102)
_TRACE = (18, 98, 16, 22, 26)


def write_report(qualification: Qualification, folder: Path) -> tuple[Path, Path]:
    """Write ``qualification.html`` and ``qualification.pdf``; their paths in this order."""
    folder.mkdir(parents=True, exist_ok=True)
    page, document = folder / "qualification.html", folder / "qualification.pdf"
    write_text(page, render_page("qualification.html.jinja", found=qualification, roles=ROLES))
    write_bytes(document, pdf(qualification))
    return page, document


def pdf(qualification: Qualification) -> bytes:
    """The report as the bytes of a PDF: what the page has but the names of the single tests."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    styles = getSampleStyleSheet()
    small = styles["BodyText"].clone("small", fontSize=7.5, leading=9)
    file = BytesIO()
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), 15 * mm)
    document = SimpleDocTemplate(
        file, pagesize=A4, title=f"Qualification of durable: {qualification.verdict}", **margins
    )
    flow = [
        *_texts(styles["Title"], [f"Qualification of durable: {qualification.verdict}"]),
        _table([list(row) for row in qualification.subject.items()], (30, 150), small),
        *_texts(styles["Heading2"], ["Deviations"]),
        *_texts(small, qualification.deviations or ["None."]),
        *_texts(styles["Heading2"], ["Installation"]),
        _check_table(qualification.installation, small),
        *_texts(styles["Heading2"], ["Operation"]),
        _trace_table(qualification, small),
        *_texts(styles["Heading2"], ["Performance"]),
        _check_table(qualification.performance, small),
        *_texts(styles["Heading2"], ["Approval"]),
        _table(
            [[text, ""] for role in ROLES for text in (role, "Signature, date")], (60, 120), small
        ),
    ]
    document.build(flow, onFirstPage=_draw_page_number, onLaterPages=_draw_page_number)
    return file.getvalue()


def _texts(style: ParagraphStyle, texts: Sequence[str]) -> list[Any]:
    from xml.sax.saxutils import escape

    from reportlab.platypus import Paragraph

    return [Paragraph(escape(text), style) for text in texts]


def _check_table(checks: Sequence[Check], style: ParagraphStyle) -> Any:
    rows = [
        [
            check.name,
            "PASS" if check.holds else "FAIL",
            check.found if check.holds else f"{check.found}; expected {check.expected}",
        ]
        for check in checks
    ]
    return _table([["Checked", "Verdict", "Found"], *rows], _CHECKS, style, head=True)


def _trace_table(qualification: Qualification, style: ParagraphStyle) -> Any:
    rows = [
        [
            traced.requirement.id,
            traced.requirement.text,
            traced.requirement.risk,
            traced.verdict,
            ", ".join(map(str, traced.number.values())),
        ]
        for traced in qualification.operation
    ]
    head = ["Id", "durable shall", "Risk", "Verdict", "Tests passed, failed, left out"]
    return _table([head, *rows], _TRACE, style, head=True)


def _table(
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    style: ParagraphStyle,
    *,
    head: bool = False,
) -> Any:
    from reportlab.lib import colors
    from reportlab.lib.units import mm
    from reportlab.platypus import LongTable, TableStyle

    cells = [_texts(style, row) for row in rows]
    lines = TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.grey),
            ("TOPPADDING", (0, 0), (-1, -1), 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ]
    )
    return LongTable(cells, [width * mm for width in widths], repeatRows=int(head), style=lines)


def _draw_page_number(canvas: Any, document: Any) -> None:
    """Draw the number of the page at its foot."""
    from reportlab.lib.units import mm

    canvas.setFont("Helvetica", 7.5)
    canvas.drawRightString(195 * mm, 8 * mm, f"Page {document.page}")
