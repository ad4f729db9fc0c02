"""Delivery ``docx``: each table as DOCX. Lengths in the file are twips, type sizes half points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from durable.display import layout as lay
from durable.display.layout import Layout, Page, Sheet
from durable.files import write_bytes
from durable.outputs import definitions
from durable.outputs.table import Row

if TYPE_CHECKING:
    from durable.export.handover import FinishedAnalysis

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_RULE = '<w:{} w:val="single" w:sz="6" w:space="0" w:color="000000"/>'
#: Files in a DOCX bear a time; the first one that the form knows stands for none.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def write(analysis: FinishedAnalysis) -> None:
    """Write ``tables/*.docx``."""
    running = definitions.study(analysis.plan)
    for layout in analysis.layouts:
        path = analysis.folder / "tables" / f"{layout.table.name}.docx"
        write_bytes(path, render(layout, running))


def render(layout: Layout, running: str) -> bytes:
    """A table as a DOCX file: the same bytes for the same table.

    Parameters
    ----------
    layout
        The table in pages.
    running
        Head of every page, before its number.
    """
    from docx import Document

    document = Document()
    _set_properties(document, layout)
    _set_paper(document.sections[0], layout.sheet, running)
    body = document.element.body
    for element in _body(layout):
        body.insert(len(body) - 1, _parsed(element))
    return _timeless(document)


def _set_properties(document: Any, layout: Layout) -> None:
    import datetime as dt

    from docx.shared import Pt

    properties = document.core_properties
    properties.title = lay.clean(lay.label(layout.table))
    properties.author = properties.last_modified_by = properties.comments = ""
    properties.created = properties.modified = dt.datetime(*_NO_TIME, tzinfo=dt.UTC)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Arial", Pt(layout.sheet.size)
    style.paragraph_format.space_after, style.paragraph_format.line_spacing = Pt(0), 1.0


def _set_paper(section: Any, sheet: Sheet, running: str) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm

    height, width = reversed(lay.A4) if sheet.landscape else lay.A4
    section.orientation = WD_ORIENT.LANDSCAPE if sheet.landscape else WD_ORIENT.PORTRAIT
    section.page_height, section.page_width = Mm(height), Mm(width)
    section.left_margin = section.right_margin = Mm(lay.SIDE)
    section.top_margin, section.bottom_margin = Mm(lay.TOP), Mm(lay.BOTTOM)
    section.header_distance = Mm(12)
    head = section.header._element
    head.remove(head.p_lst[0])
    tab = f'<w:tabs><w:tab w:val="right" w:pos="{_twips(sheet.width)}"/></w:tabs>'
    number = "{}<w:r><w:tab/></w:r>{}{}{}{}".format(
        _run(running, 7), _run("Page ", 7), _field("PAGE"), _run(" of ", 7), _field("NUMPAGES")
    )
    head.append(_parsed(f"<w:p {_W}><w:pPr>{tab}</w:pPr>{number}</w:p>"))


def _parsed(xml: str) -> Any:
    from docx.oxml import parse_xml

    return parse_xml(xml)


def _timeless(document: Any) -> bytes:
    """The file with its parts in their order and without the times at which they were written."""
    written, timeless = BytesIO(), BytesIO()
    document.save(written)
    with ZipFile(written) as source, ZipFile(timeless, "w") as target:
        for name in source.namelist():
            target.writestr(ZipInfo(name, _NO_TIME), source.read(name), ZIP_DEFLATED)
    return timeless.getvalue()


def _twips(millimetres: float) -> int:
    return round(millimetres * lay.MM * 20)


def _body(layout: Layout) -> Iterator[str]:
    sheet = layout.sheet
    for i, page in enumerate(layout.pages):
        # The continuation of a table is no entry of its own in the outline.
        place = "<w:pageBreakBefore/>" if i else '<w:outlineLvl w:val="0"/>'
        title = _run(page.title, lay.TITLE_SIZE, bold=True)
        yield _paragraph(title, f"<w:keepNext/>{place}")
        for line in page.subtitles:
            yield _paragraph(_run(line, sheet.size), "<w:keepNext/>")
        yield _paragraph(_run("", 4), "<w:keepNext/>")
        if page.rows:
            yield _table(layout, page)
        if page.rows and page.notes:
            yield _paragraph(_run("", 4), "")
        for note in page.notes:
            run = _run(note, lay.NOTE_SIZE)
            yield _paragraph(run, '<w:keepLines/><w:spacing w:before="20" w:after="0"/>')


def _paragraph(runs: str, properties: str) -> str:
    return f"<w:p {_W}><w:pPr>{properties}</w:pPr>{runs}</w:p>"


def _run(text: str, size: float, *, bold: bool = False) -> str:
    from xml.sax.saxutils import escape

    weight = "<w:b/>" if bold else ""
    form = f'<w:rPr>{weight}<w:sz w:val="{round(size * 2)}"/></w:rPr>'
    return f'<w:r>{form}<w:t xml:space="preserve">{escape(lay.clean(text))}</w:t></w:r>'


def _field(name: str) -> str:
    return f'<w:fldSimple w:instr="{name}">{_run("1", 7)}</w:fldSimple>'


def _table(layout: Layout, page: Page) -> str:
    sheet = layout.sheet
    grid = "".join(f'<w:gridCol w:w="{_twips(width)}"/>' for width in sheet.widths)
    pad = _twips(lay.PADDING)
    margins = f'<w:left w:w="{pad}" w:type="dxa"/><w:right w:w="{pad}" w:type="dxa"/>'
    heading = Row(layout.table.stub, layout.table.columns)
    rows = [_row(heading, sheet, head=True), *_rows(page.rows, sheet)]
    return (
        f'<w:tbl {_W}><w:tblPr><w:tblW w:w="{_twips(sum(sheet.widths))}" w:type="dxa"/>'
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _rows(rows: Sequence[Row], sheet: Sheet) -> Iterator[str]:
    for i, row in enumerate(rows):
        last = i == len(rows) - 1
        under = not last and rows[i + 1].indent > row.indent
        yield _row(row, sheet, keep=under, last=last)


def _row(
    row: Row,
    sheet: Sheet,
    *,
    head: bool = False,
    keep: bool = False,
    last: bool = False,
) -> str:
    rules = (_RULE.format("top") if head else "") + (_RULE.format("bottom") if head or last else "")
    form = "<w:cantSplit/>" + ("<w:tblHeader/>" if head else "")
    widths = sheet.widths if row.cells else (sum(sheet.widths),)
    cells = []
    for i, (text, indent, _) in enumerate(lay.row_texts(row, sheet)):
        span = "" if row.cells else f'<w:gridSpan w:val="{len(sheet.widths)}"/>'
        align = f'<w:vAlign w:val="{"bottom" if head else "top"}"/>'
        cell = f'<w:tcW w:w="{_twips(widths[i])}" w:type="dxa"/>{span}'
        cell += f"<w:tcBorders>{rules}</w:tcBorders>{align}"
        place = f'<w:ind w:left="{_twips(indent)}"/>' if i == 0 else '<w:jc w:val="center"/>'
        kept = "<w:keepNext/>" if keep or head else ""
        space = '<w:spacing w:before="30" w:after="30"/>'
        run = _run(text, sheet.size, bold=head or (i == 0 and lay.is_strong(row)))
        paragraph = f"<w:p><w:pPr>{kept}{space}{place}</w:pPr>{run}</w:p>"
        cells.append(f"<w:tc><w:tcPr>{cell}</w:tcPr>{paragraph}</w:tc>")
    return f"<w:tr><w:trPr>{form}</w:trPr>{''.join(cells)}</w:tr>"
