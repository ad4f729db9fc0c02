"""Delivery ``docx``: each table and each listing as DOCX.

Lengths in the file are twips, type sizes half points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from durable.display import layout as lay
from durable.display.layout import Layout, Page, Sheet
from durable.files import write_bytes
from durable.fonts import OFFICE_FONTS, OFFICE_LANGUAGES
from durable.language import _, current_language
from durable.outputs.page_head import PageHead, page_head, page_number_parts
from durable.outputs.table import Row

if TYPE_CHECKING:
    from durable.export.handover import FinishedAnalysis

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
#: The level of text, in the outline of a document.
_NO_OUTLINE = '<w:outlineLvl w:val="9"/>'
_RULE = '<w:{} w:val="single" w:sz="6" w:space="0" w:color="000000"/>'
#: The word DRAFT across the page, behind the text, as Word draws it.
_WATERMARK = (
    '<w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:o="urn:schemas-microsoft-com:office:office" id="PowerPlusWaterMarkObject"'
    ' o:spt="136" adj="10800" coordsize="21600,21600"'
    ' path="m@7,l@8,m@5,21600l@6,21600e" fillcolor="#ececec" stroked="f"'
    ' style="position:absolute;width:340pt;height:102pt;rotation:315;z-index:-251658752;'
    "mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
    'mso-position-vertical:center;mso-position-vertical-relative:margin">'
    '<v:textpath on="t" fitshape="t" string="{text}" style="font-family:{font};font-size:1pt"/>'
    "</v:shape></w:pict></w:r>"
)
#: Fields of the number of a page, by their place in its text.
_FIELDS = {"number": "PAGE", "pages": "NUMPAGES"}
#: Files in a DOCX bear a time; the first one that the form knows stands for none.
NO_TIME = (1980, 1, 1, 0, 0, 0)


def write(analysis: FinishedAnalysis) -> None:
    """Write ``tables/*.docx`` and ``listings/*.docx`` into the results of the analysis."""
    head = page_head(analysis.plan)
    for layout in analysis.layouts:
        path = analysis.folder / "tables" / f"{layout.table.name}.docx"
        write_bytes(path, render(layout, head))
    for name, parts in analysis.listings.items():
        write_bytes(
            analysis.folder / "listings" / f"{name}.docx", render(parts[0], head, parts[1:])
        )


def render(layout: Layout, head: PageHead, further: Sequence[Layout] = ()) -> bytes:
    """A table as a DOCX file: the same bytes for the same table.

    Parameters
    ----------
    layout
        The table in pages.
    head
        Head of every page.
    further
        Further parts of a listing, of the same paper and type.
    """
    from docx import Document

    document = Document()
    _set_properties(document, layout)
    _set_paper(document.sections[0], layout.sheet, head)
    end = document.element.body[-1]
    for element in _body(layout):
        end.addprevious(_xml_element(element))
    for part in further:
        for element in _body(part, begins=False):
            end.addprevious(_xml_element(element))
    return timeless(document)


def _set_properties(document: Any, layout: Layout) -> None:
    import datetime as dt

    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    properties = document.core_properties
    properties.title = lay.clean(layout.table.heading)
    properties.author = properties.last_modified_by = properties.comments = ""
    properties.created = properties.modified = dt.datetime(*NO_TIME, tzinfo=dt.UTC)
    if tag := OFFICE_LANGUAGES.get(current_language()):
        document.styles.element.find(f".//{qn('w:lang')}").set(qn("w:eastAsia"), tag)
    # Word's own styles, so that it can make tables of contents and of captions from them.
    sizes = {"Normal": layout.sheet.size, "Header": 7, "Caption": layout.sheet.size}
    for name, size in (sizes | {"Heading 1": lay.TITLE_SIZE}).items():
        style = document.styles[name]
        style.font.name, style.font.size = "Arial", Pt(size)
        style.font.bold, style.font.italic = name == "Heading 1", False
        style.font.color.rgb = RGBColor(0, 0, 0)
        form = style.paragraph_format
        form.tab_stops.clear_all()  # they are for paper of another width
        form.space_before, form.space_after, form.line_spacing = Pt(0), Pt(0), 1.0
        fonts = style.element.rPr.rFonts
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        if wide := OFFICE_FONTS.get(current_language()):
            fonts.set(qn("w:eastAsia"), wide)


def _set_paper(section: Any, sheet: Sheet, head: PageHead) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm

    height, width = reversed(lay.A4) if sheet.landscape else lay.A4
    section.orientation = WD_ORIENT.LANDSCAPE if sheet.landscape else WD_ORIENT.PORTRAIT
    section.page_height, section.page_width = Mm(height), Mm(width)
    section.left_margin = section.right_margin = Mm(lay.SIDE)
    section.top_margin, section.bottom_margin = Mm(lay.TOP), Mm(lay.BOTTOM)
    section.header_distance = Mm(12)
    element = section.header._element
    element.remove(element.p_lst[0])
    number = "".join(
        (_run(text) if text else "") + (_field(_FIELDS[place]) if place else "")
        for text, place in page_number_parts()
    )
    font = OFFICE_FONTS.get(current_language(), "Arial")
    mark = _WATERMARK.format(text=_("DRAFT"), font=font) if head.is_draft else ""
    for left, right in ((head.study, number), (head.analysis, _run(head.status))):
        ends = f"{_run(left)}<w:r><w:tab/></w:r>{right}"
        element.append(_xml_element(_head_line(mark + ends, _twips(sheet.width))))
        mark = ""


def _head_line(runs: str, right: int) -> str:
    """A line of the head, its second part at the right margin."""
    tabs = f'<w:tabs><w:tab w:val="right" w:pos="{right}"/></w:tabs>'
    return f'<w:p {_W}><w:pPr><w:pStyle w:val="Header"/>{tabs}</w:pPr>{runs}</w:p>'


def _xml_element(xml: str) -> Any:
    from docx.oxml import parse_xml

    return parse_xml(xml)


def timeless(document: Any) -> bytes:
    """Bytes of a python-docx document, each file in it with the time `NO_TIME`."""
    written, timeless = BytesIO(), BytesIO()
    document.save(written)
    with ZipFile(written) as source, ZipFile(timeless, "w") as target:
        for name in source.namelist():
            target.writestr(ZipInfo(name, NO_TIME), source.read(name), ZIP_DEFLATED)
    return timeless.getvalue()


def _twips(millimetres: float) -> int:
    return round(millimetres * lay.MM * 20)


def _body(layout: Layout, *, begins: bool = True) -> Iterator[str]:
    """The elements of a table; it begins the file, or stands on a page after others."""
    for i, page in enumerate(layout.pages):
        # The continuation of a table is no entry of its own in a table of contents.
        properties = f"<w:pageBreakBefore/>{_NO_OUTLINE}" if i else ""
        properties = properties if begins or i else "<w:pageBreakBefore/>"
        title = _run(page.title)
        yield _paragraph(title, f'<w:pStyle w:val="Heading1"/><w:keepNext/>{properties}')
        for line in page.subtitles:
            yield _paragraph(_run(line), '<w:pStyle w:val="Caption"/><w:keepNext/>')
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


def _run(text: str, size: float | None = None, *, bold: bool = False) -> str:
    """A run of text, of the size of its paragraph's style unless another is given."""
    from xml.sax.saxutils import escape

    form = ("<w:b/>" if bold else "") + (f'<w:sz w:val="{round(size * 2)}"/>' if size else "")
    form = f"<w:rPr>{form}</w:rPr>" if form else ""
    return f'<w:r>{form}<w:t xml:space="preserve">{escape(lay.clean(text))}</w:t></w:r>'


def _field(name: str) -> str:
    return f'<w:fldSimple w:instr="{name}">{_run("1")}</w:fldSimple>'


def _table(layout: Layout, page: Page) -> str:
    sheet = layout.sheet
    grid = "".join(f'<w:gridCol w:w="{_twips(width)}"/>' for width in sheet.widths)
    pad = _twips(lay.PADDING)
    margins = f'<w:left w:w="{pad}" w:type="dxa"/><w:right w:w="{pad}" w:type="dxa"/>'
    spans = [_span_row(layout)] if layout.table.spans else []
    rows = [*spans, _head_row(layout), *_rows(page.rows, sheet)]
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


def _span_row(layout: Layout) -> str:
    """The headings over neighbouring columns, each underlined."""
    cells = [
        _cell(
            width,
            _RULE.format("top")
            + (_RULE.format("bottom") if text else "")
            + '</w:tcBorders><w:vAlign w:val="bottom"/>',
            f"<w:keepNext/>{_SPACE}",
            _run(text, bold=True),
            f'<w:gridSpan w:val="{count}"/>',
        )
        for text, count, width in lay.spans(layout.table, layout.sheet)
    ]
    return f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{''.join(cells)}</w:tr>"


def _head_row(layout: Layout) -> str:
    """The headings, each over the middle of its column, or at its left over records."""
    borders = ("" if layout.table.spans else _RULE.format("top")) + _RULE.format("bottom")
    alignment = "left" if layout.sheet.of_records else "center"
    cells = [
        _cell(
            width,
            f'{borders}</w:tcBorders><w:vAlign w:val="bottom"/>',
            f'<w:keepNext/>{_SPACE}<w:jc w:val="{alignment if i else "left"}"/>',
            _run(text, bold=True),
        )
        for i, ((text, _), width) in enumerate(
            zip(lay.heading_texts(layout), layout.sheet.widths, strict=True)
        )
    ]
    return f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{''.join(cells)}</w:tr>"


def _row(row: Row, sheet: Sheet, *, keep: bool = False, last: bool = False) -> str:
    widths = sheet.widths if row.cells else (sum(sheet.widths),)
    borders = _RULE.format("bottom") if last else ""
    kept = "<w:keepNext/>" if keep else ""
    span = "" if row.cells else f'<w:gridSpan w:val="{len(sheet.widths)}"/>'
    cells = [
        _cell(
            width,
            f'{borders}</w:tcBorders><w:vAlign w:val="top"/>',
            f'{kept}{_SPACE}<w:ind w:left="{_twips(indent)}"/>',
            _run(text, bold=i == 0 and lay.is_strong(row)),
            span,
        )
        for i, ((text, indent, _), width) in enumerate(
            zip(lay.row_texts(row, sheet), widths, strict=True)
        )
    ]
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{''.join(cells)}</w:tr>"


_SPACE = '<w:spacing w:before="30" w:after="30"/>'


def _cell(width: float, borders: str, paragraph: str, run: str, span: str = "") -> str:
    """A cell with one paragraph."""
    form = f'<w:tcW w:w="{_twips(width)}" w:type="dxa"/>{span}<w:tcBorders>{borders}'
    return f"<w:tc><w:tcPr>{form}</w:tcPr><w:p><w:pPr>{paragraph}</w:pPr>{run}</w:p></w:tc>"
