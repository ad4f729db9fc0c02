r"""Tables, and all tables and figures together, as RTF.

The tables are simple and RTF is text, so it is written plainly: the libraries for it bring a data
frame library of 180 MB. Lengths are twips, a twentieth of a point.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO

from durable.display import layout as lay
from durable.display.key_results import Opening
from durable.display.layout import Layout, Page, Sheet
from durable.figures.spec import DrawnFigure
from durable.fonts import OFFICE_FONTS
from durable.language import _, current_language
from durable.outputs.page_head import PageHead, page_number_parts
from durable.outputs.table import Row

_STYLES = r"{\stylesheet{\s0\f0\fs16 Normal;}{\s1\sb0\sa0\f0\fs22\b heading 1;}}"
#: Fields of the number of a page, by their place in its text.
_FIELDS = {"number": "PAGE", "pages": "NUMPAGES"}
_PLAIN = r"\pard\plain\s0\f0"
#: What RTF writes otherwise than it is.
_SPECIAL = re.compile(r"[\\{}]|[^\x00-\x7f]")
_RULE = r"\brdrs\brdrw10"


def render(layout: Layout, head: PageHead) -> str:
    """Text of an RTF file of one table.

    Parameters
    ----------
    layout
        The table in pages.
    head
        Head of every page.
    """
    return _document([_section(layout.sheet.landscape, head) + _table(layout)])


def bind(
    layouts: Sequence[Layout],
    figures: Sequence[DrawnFigure],
    closing: Layout,
    head: PageHead,
    opening: Opening | None = None,
) -> str:
    """Text of one RTF file of tables and figures, with contents.

    The order: opening, contents, tables, figures, closing. The page numbers of the contents are
    fields, filled with those of the layout.

    Parameters
    ----------
    layouts, figures
        The tables in pages, and the figures; each has its pages as PNG.
    closing
        The last part: the list of definitions.
    head
        Head of every page.
    opening
        The key results, in front of the contents; None: without.
    """
    first = [] if opening is None else [opening.layout]
    before = sum(len(layout.pages) for layout in first)
    parts = [_section(layout.sheet.landscape, head) + _table(layout) for layout in first]
    parts.append(_section(False, head) + _contents(layouts, figures, closing, before))
    parts += [_section(layout.sheet.landscape, head) + _table(layout) for layout in layouts]
    parts += [_section(False, head) + page for figure in figures for page in _pictures(figure)]
    return _document([*parts, _section(False, head) + _table(closing)])


def escape(text: str) -> str:
    r"""Text as RTF: backslash and braces escaped, all but ASCII as ``\u``, control signs cleaned.

    A no-break space is ``\~``.
    """
    return _SPECIAL.sub(_escaped_char, lay.clean(text))


def _escaped_char(match: re.Match[str]) -> str:
    char = match[0]
    if char.isascii():
        return f"\\{char}"
    if char == lay.NO_BREAK:
        return r"\~"
    # A sign beyond 16 bits is two units; units are signed.
    units = char.encode("utf-16-be")
    numbers = [
        int.from_bytes(units[i : i + 2], "big", signed=True) for i in (0, 2)[: len(units) // 2]
    ]
    return "".join(f"\\u{number}?" for number in numbers)


def _document(sections: Iterable[str]) -> str:
    return _start() + "\n" + "\n\\sect\n".join(sections) + "\n}\n"


def _start() -> str:
    """The head of a file: its fonts, one of which is for full-width signs where there are any."""
    wide = OFFICE_FONTS.get(current_language())
    font = rf"{{\f1\fnil\fcharset134 {wide};}}" if wide else ""
    default = r"\deff0\stshfdbch1\stshfloch0\stshfhich0" if wide else r"\deff0"
    fonts = rf"{{\fonttbl{{\f0\fswiss\fcharset0 Arial;}}{font}}}"
    return rf"{{\rtf1\ansi\ansicpg1252\uc1{default}{fonts}{_STYLES}"


def _twips(millimetres: float) -> int:
    return round(millimetres * lay.MM * 20)


def _half(points: float) -> int:
    return round(points * 2)


def _section(landscape: bool, head: PageHead) -> str:
    """Paper, margins, and the head of every page with its number."""
    height, width = reversed(lay.A4) if landscape else lay.A4
    right = _twips(width - 2 * lay.SIDE)
    line = rf"{_PLAIN}\fs14\tqr\tx{right} "
    return (
        rf"\sectd\sbkpage\pgwsxn{_twips(width)}\pghsxn{_twips(height)}"
        + (r"\lndscpsxn" if landscape else "")
        + rf"\marglsxn{_twips(lay.SIDE)}\margrsxn{_twips(lay.SIDE)}"
        rf"\margtsxn{_twips(lay.TOP)}\margbsxn{_twips(lay.BOTTOM)}\headery{_twips(12)}"
        "\n"
        rf"{{\header{_watermark(width, height) if head.is_draft else ''}"
        rf"{line}{escape(head.study)}\tab {_page_number()}\par"
        "\n"
        rf"{line}{escape(head.analysis)}\tab {escape(head.status)}\par}}"
        "\n"
    )


def _page_number() -> str:
    """The number of a page: fields within its text."""
    fields = {
        place: rf"{{\field{{\*\fldinst {name}}}{{\fldrslt 1}}}}" for place, name in _FIELDS.items()
    }
    return "".join(
        escape(text) + (fields[place] if place else "") for text, place in page_number_parts()
    )


def _watermark(width: float, height: float) -> str:
    """The word DRAFT across the page, behind the text: a shape of the kind "plain text"."""
    long, high = _twips(120), _twips(36)
    left, top = (_twips(width) - long) // 2, (_twips(height) - high) // 2
    properties = {
        "shapeType": 136,
        "rotation": 45 * -65536,
        "gtextUNICODE": escape(_("DRAFT")),
        "gtextFont": OFFICE_FONTS.get(current_language(), "Arial"),
        "fGtext": 1,
        "fillColor": 0xECECEC,
        "fLine": 0,
        "fBehindDocument": 1,
        "posrelh": 1,
        "posrelv": 1,
        "posh": 2,
        "posv": 2,
    }
    listed = "".join(rf"{{\sp{{\sn {name}}}{{\sv {value}}}}}" for name, value in properties.items())
    return (
        rf"{{\pard\plain{{\shp{{\*\shpinst\shpleft{left}\shptop{top}\shpright{left + long}"
        rf"\shpbottom{top + high}\shpfhdr1\shpbxpage\shpbypage\shpwr3\shpfblwtxt1{listed}}}}}}}"
        "\n"
    )


def _heading(name: str, text: str) -> str:
    mark = rf"{{\*\bkmkstart {name}}}{escape(text)}{{\*\bkmkend {name}}}"
    size = _half(lay.TITLE_SIZE)
    return rf"\pard\plain\s1\sb0\sa0\outlinelevel0\keepn\f0\fs{size}\b {mark}\par" "\n"


def _table(layout: Layout) -> str:
    pages = list(layout.pages)
    first = _heading(layout.table.name, pages[0].title) + _page(layout, pages[0])
    later_pages = (
        rf"\pard\plain\s0\pagebb\keepn\f0\fs{_half(lay.TITLE_SIZE)}\b {escape(page.title)}\par"
        "\n" + _page(layout, page)
        for page in pages[1:]
    )
    return "".join((first, *later_pages))


def _page(layout: Layout, page: Page) -> str:
    size = _half(layout.sheet.size)
    subtitles = (rf"{_PLAIN}\keepn\fs{size} {escape(line)}\par" "\n" for line in page.subtitles)
    gap = rf"{_PLAIN}\keepn\fs8\par" "\n"
    notes = (
        rf"{_PLAIN}\keep\sb20\fs{_half(lay.NOTE_SIZE)} {escape(note)}\par" "\n"
        for note in page.notes
    )
    return "".join(
        (*subtitles, gap, *_rows(layout, page.rows), *([gap] if page.notes else []), *notes)
    )


def _rows(layout: Layout, rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    if layout.table.spans:
        yield _span_row(layout)
    yield _head_row(layout)
    for i, row in enumerate(rows):
        last = i == len(rows) - 1
        under = not last and rows[i + 1].indent > row.indent
        yield _row(row, layout.sheet, keep=under, last=last)


def _span_row(layout: Layout) -> str:
    """The headings over neighbouring columns, each underlined."""
    spans = list(lay.spans(layout.table, layout.sheet))
    style = rf"{_cell_style(layout.sheet)}\keepn\b\ql"
    cells = [rf"{style} {escape(text)}\cell" for text, _, _ in spans]
    rules = [rf"\clvertalb\clbrdrt{_RULE}" + rf"\clbrdrb{_RULE}" * bool(t) for t, *_ in spans]
    return _row_form([width for *_, width in spans], rules, r"\trhdr") + _row_cells(cells)


def _head_row(layout: Layout) -> str:
    """The headings, each over the middle of its column, or at its left over records."""
    sheet = layout.sheet
    style = rf"{_cell_style(sheet)}\keepn\b"
    alignment = r"\ql" if sheet.of_records else r"\qc"
    alignments = (r"\ql", *(alignment for _ in sheet.widths[1:]))
    cells = [
        rf"{style}{alignment} {escape(text)}\cell"
        for alignment, (text, _) in zip(alignments, lay.heading_texts(layout), strict=True)
    ]
    top = "" if layout.table.spans else rf"\clbrdrt{_RULE}"
    form = rf"\clvertalb{top}\clbrdrb{_RULE}"
    return _row_form(sheet.widths, [form] * len(cells), r"\trhdr") + _row_cells(cells)


def _row(row: Row, sheet: Sheet, *, keep: bool = False, last: bool = False) -> str:
    rules = rf"\clbrdrb{_RULE}" if last else ""
    widths = sheet.widths if row.cells else (sum(sheet.widths),)
    style = _cell_style(sheet) + (r"\keepn" if keep else "")
    bold = (r"\b" if lay.is_strong(row) else "", *("" for _ in row.cells))
    cells = [
        rf"{style}\ql\li{_twips(indent)}{weight} {escape(text)}\cell"
        for weight, (text, indent, _) in zip(bold, lay.row_texts(row, sheet), strict=True)
    ]
    return _row_form(widths, [rf"\clvertalt{rules}"] * len(widths)) + _row_cells(cells)


def _row_form(widths: Sequence[float], cells: Sequence[str], row: str = "") -> str:
    """The form of a row: that of each cell, and where it ends."""
    edges = [_twips(sum(widths[: i + 1])) for i in range(len(widths))]
    pad = _twips(lay.PADDING)
    padding = rf"\trpaddl{pad}\trpaddr{pad}\trpaddfl3\trpaddfr3"
    ends = "".join(rf"{cell}\cellx{edge}" for cell, edge in zip(cells, edges, strict=True))
    return rf"\trowd\trgaph{pad}\trleft0\trkeep{row}{padding}{ends}"


def _row_cells(cells: Sequence[str]) -> str:
    return "\n" + "\n".join(cells) + "\\row\n"


def _cell_style(sheet: Sheet) -> str:
    return rf"{_PLAIN}\intbl\sb30\sa30\fs{_half(sheet.size)}"


def _contents(
    layouts: Sequence[Layout], figures: Sequence[DrawnFigure], closing: Layout, front_pages: int
) -> str:
    right = _twips(lay.text_block(False)[1])
    entries = [(layout.table.name, layout.table.heading) for layout in layouts]
    entries += [(figure.name, figure.caption.heading) for figure in figures]
    entries.append((closing.table.name, closing.table.heading))
    pages = [figure.page_count for figure in figures]
    numbers = lay.first_pages(layouts, pages, closing, front_pages)
    lines = (
        rf"{_PLAIN}\sb60\fs18\li400\fi-400\ri800\tqr\tldot\tx{right} "
        rf'{{\field{{\*\fldinst HYPERLINK \\l "{name}"}}{{\fldrslt {escape(title)}}}}}\tab '
        rf"{{\field\flddirty{{\*\fldinst PAGEREF {name}}}{{\fldrslt {number}}}}}\par"
        "\n"
        for (name, title), number in zip(entries, numbers, strict=True)
    )
    return (
        rf"\pard\plain\s0\f0\fs{_half(lay.TITLE_SIZE)}\b {escape(_('Contents'))}\par"
        "\n" + "".join(lines)
    )


def _pictures(figure: DrawnFigure) -> Iterator[str]:
    """The pages of a figure. The heading is drawn in it: the mark on the first is for the list."""
    mark = rf"{{\*\bkmkstart {figure.name}}}{{\*\bkmkend {figure.name}}}"
    for picture in _page_pictures(figure):
        width, height = fitted_size(picture, *reversed(lay.text_block(False)))
        goal = rf"\picwgoal{_twips(width)}\pichgoal{_twips(height)}"
        yield rf"{_PLAIN}{mark}{{\pict\pngblip{goal}" "\n" + picture.hex() + "}\\par\n"
        mark = ""


def _page_pictures(figure: DrawnFigure) -> Iterator[bytes]:
    """The pages of a figure as PNG: those of several lie below one another in its file."""
    picture, pages = figure.file("png").read_bytes(), figure.page_count
    if pages == 1:
        yield picture
        return
    from PIL import Image

    with Image.open(BytesIO(picture)) as image:
        height = image.height // pages
        for i in range(pages):
            page = BytesIO()
            image.crop((0, i * height, image.width, (i + 1) * height)).save(page, format="PNG")
            yield page.getvalue()


def fitted_size(picture: bytes, width: float, height: float) -> tuple[float, float]:
    """Width and height of a picture (PNG) at the largest scale that fits `width` and `height`.

    Both are in the unit of these; the picture is enlarged where it is smaller.
    """
    from PIL import Image

    with Image.open(BytesIO(picture)) as image:
        scale = min(width / image.width, height / image.height)
        return image.width * scale, image.height * scale
