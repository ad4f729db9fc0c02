"""Delivery ``pdf``: one PDF of all tables and figures, one of all listings, and each figure.

Lengths are points.

Type is embedded: DejaVu Sans, which comes with matplotlib, and for signs that it lacks the font of
the language (`durable.fonts`). Stray full-width signs of data, without such a font, are set in a
font of the Adobe collections, which is not embedded.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING, Any

from durable.deliveries import APPENDICES
from durable.display import layout as lay
from durable.display.key_results import Opening
from durable.display.layout import MM, Layout, Page, Sheet
from durable.figures.drawings import draw_pages
from durable.figures.points import drawable
from durable.figures.spec import DrawnFigure
from durable.files import write_bytes
from durable.fonts import Fallback, base_font, cut, font_of
from durable.language import _
from durable.outputs.page_head import PAGE, PageHead, page_head
from durable.outputs.table import Row

if TYPE_CHECKING:
    from durable.export.handover import FinishedAnalysis

_REGULAR, _BOLD, _WIDE = "DejaVuSans", "DejaVuSans-Bold", "STSong-Light"
#: How the names begin by which the library knows what is cut from the font of the language.
_CUT = "DurableSigns"
#: The layout measures Arial; DejaVu Sans is wider.
_SCALE = 0.86


#: Names of the fonts of signs that DejaVu Sans lacks, regular and bold.
_Wide = tuple[str, str]


@dataclass(frozen=True)
class Leaf:
    """A page of the document, before it is drawn."""

    landscape: bool = False
    layout: Layout | None = None
    """Table or part of a listing that the page belongs to; None on other pages, as `page` is."""
    page: Page | None = None
    figure: DrawnFigure | None = None
    """Figure that is on the page; None on other pages."""
    figure_page: int = 0
    """Number of the page of the figure, from 0."""
    entries: tuple[tuple[str, str, int], ...] = ()
    """Entries of the contents on this page: name and title of an output, its page from 1."""
    name: str = ""
    """Name of the output that begins on the page; empty where none does."""
    title: str = ""
    """Heading of that output."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Names of the outputs that rows of the page lead to, by the label of the row."""


def write(analysis: FinishedAnalysis) -> None:
    """Write ``figures/*.pdf``, ``documents/tables_and_figures.pdf``, ``documents/listings.pdf``.

    The patient profiles are ``documents/patient_profiles.pdf``, each subject an entry in the
    contents.
    """
    draw_pages(analysis.plan, analysis.folder)
    head, closing = page_head(analysis.plan), analysis.definitions
    documents, font = analysis.folder / "documents", font_of(analysis.plan)
    bound = bind(
        analysis.layouts, analysis.bound_figures, closing, head, opening=analysis.opening, font=font
    )
    write_bytes(documents / "tables_and_figures.pdf", bound)
    listed = bind(analysis.listing_layouts, (), closing, head, title=_("Listings"), font=font)
    write_bytes(documents / "listings.pdf", listed)
    for figure in analysis.appendices:
        appendix = documents / f"{APPENDICES[figure.name]}.pdf"
        write_bytes(appendix, _bind_pages(figure, head, font))


def bind(
    layouts: Sequence[Layout],
    figures: Sequence[DrawnFigure],
    closing: Layout,
    head: PageHead,
    *,
    opening: Opening | None = None,
    title: str | None = None,
    font: Fallback | None = None,
) -> bytes:
    """Bytes of a PDF of tables and figures, with contents: the same for the same outputs.

    The order: opening, contents, tables, figures, closing.

    Parameters
    ----------
    layouts
        The tables in pages.
    figures
        The figures; each has its pages as a PDF.
    closing
        The last part: the list of definitions.
    head
        Head of every page.
    opening
        The key results, in front of the contents, each with a link to its table; None: without.
    title
        Title in the properties of the file; when empty, *Tables and figures*.
    font
        The font of signs that DejaVu Sans lacks; None: one that is not embedded.
    """
    leaves = _leaves(layouts, figures, closing, opening)
    return _add_figures(
        _drawn_document(leaves, head, title or _("Tables and figures"), font), leaves
    )


def _bind_pages(figure: DrawnFigure, head: PageHead, font: Fallback | None) -> bytes:
    """The pages of a figure as the bytes of a PDF with an entry in the contents for each."""
    headings = _page_headings(figure)
    contents = -(-len(headings) // lay.ENTRIES)
    pages = [
        Leaf(figure=figure, figure_page=i, name=f"{figure.name}-{i + 1}", title=heading)
        for i, heading in enumerate(headings)
    ]
    entries = [(leaf.name, leaf.title, contents + i) for i, leaf in enumerate(pages, start=1)]
    parts = [tuple(entries[i : i + lay.ENTRIES]) for i in range(0, len(entries), lay.ENTRIES)]
    leaves = [*(Leaf(entries=part) for part in parts), *pages]
    return _add_figures(_drawn_document(leaves, head, figure.caption.title, font), leaves)


def _page_headings(figure: DrawnFigure) -> list[str]:
    """Headings of the pages of a figure: each subject of its points, else that of the figure."""
    with figure.file("csv").open(encoding="utf-8", newline="") as file:
        subjects = list(dict.fromkeys(drawable(row["subject"]) for row in csv.DictReader(file)))
    named = [_("Subject {subject}").format(subject=subject) for subject in subjects]
    return named or [figure.caption.heading]


def _leaves(
    layouts: Sequence[Layout],
    figures: Sequence[DrawnFigure],
    closing: Layout,
    opening: Opening | None,
) -> list[Leaf]:
    first = [] if opening is None else [*_table_leaves([opening.layout], opening.tables)]
    outputs = [*_table_leaves(layouts), *_figure_leaves(figures), *_table_leaves([closing])]
    pages = [figure.page_count for figure in figures]
    numbers = iter(lay.first_pages(layouts, pages, closing, len(first)))
    entries = [(leaf.name, leaf.title, next(numbers)) for leaf in outputs if leaf.name]
    parts = [tuple(entries[i : i + lay.ENTRIES]) for i in range(0, len(entries), lay.ENTRIES)]
    return [*first, *(Leaf(entries=part) for part in parts), *outputs]


def _table_leaves(
    layouts: Sequence[Layout], links: Mapping[str, str] | None = None
) -> Iterator[Leaf]:
    for layout in layouts:
        for i, page in enumerate(layout.pages):
            name, title = (layout.table.name, page.title) if i == 0 else ("", "")
            yield Leaf(
                layout.sheet.landscape, layout, page, name=name, title=title, links=links or {}
            )


def _figure_leaves(figures: Sequence[DrawnFigure]) -> Iterator[Leaf]:
    for figure in figures:
        yield Leaf(figure=figure, name=figure.name, title=figure.caption.heading)
        for i in range(1, figure.page_count):
            yield Leaf(figure=figure, figure_page=i)


def _drawn_document(
    leaves: Sequence[Leaf], head: PageHead, title: str, font: Fallback | None
) -> BytesIO:
    from reportlab.pdfgen.canvas import Canvas

    wide = _register_fonts(font, _texts(leaves, head))
    file = BytesIO()
    canvas = Canvas(file, invariant=1, pageCompression=1, initialFontName=_REGULAR)
    canvas.setTitle(title)
    canvas.setSubject(head.line)
    canvas.setAuthor("")
    canvas.setCreator("")
    canvas.showOutline()
    for number, leaf in enumerate(leaves, start=1):
        page = _(PAGE).format(number=number, pages=len(leaves))
        _draw(_Brush(canvas, leaf.landscape, wide), leaf, head, page)
        canvas.showPage()
    canvas.save()
    file.seek(0)
    return file


def _texts(leaves: Sequence[Leaf], head: PageHead) -> Iterator[str]:
    """All that is written on the pages, apart from numbers."""
    yield from (head.study, head.analysis, head.status, _(PAGE), _("Contents"), _("DRAFT"))
    for leaf in leaves:
        yield from (title for _name, title, _number in leaf.entries)
        if leaf.page and leaf.layout:
            page, table = leaf.page, leaf.layout.table
            yield from (page.title, *page.subtitles, *page.notes, *leaf.layout.heading)
            yield from (text for text, _columns in table.spans)
            yield from (text for row in page.rows for text in (row.label, *row.cells))


def _draw(brush: _Brush, leaf: Leaf, head: PageHead, number: str) -> None:
    if head.is_draft:
        brush.watermark()
    brush.head(head, number)
    if leaf.name:
        brush.mark(leaf.name, leaf.title)
    if leaf.entries:
        brush.contents(leaf.entries)
    if leaf.layout and leaf.page:
        brush.page(leaf.layout, leaf.page, leaf.links)


class _Brush:
    """Draws on a page of a canvas from the top down."""

    def __init__(self, canvas: Any, landscape: bool, wide: _Wide) -> None:
        height, width = (length * MM for length in (reversed(lay.A4) if landscape else lay.A4))
        canvas.setPageSize((width, height))
        self._canvas, self._wide = canvas, wide
        self._left, self._right = lay.SIDE * MM, width - lay.SIDE * MM
        self._top = height - 12 * MM
        self._y = height - lay.TOP * MM

    def head(self, head: PageHead, number: str) -> None:
        """Draw the two lines of the head, with the number of the page as text."""
        for i, (left, right) in enumerate(((head.study, number), (head.analysis, head.status))):
            y = self._top - 7 - i * 7 * 1.2
            self._text(self._left, y, left, 7)
            self._text(self._right, y, right, 7, align="right")

    def watermark(self) -> None:
        """Draw the word DRAFT across the page, behind all that is drawn later."""
        self._canvas.saveState()
        self._canvas.translate((self._left + self._right) / 2, self._y / 2)
        self._canvas.rotate(45)
        self._canvas.setFillGray(0.93)
        ((font, text),) = _runs(_("DRAFT"), True, self._wide)
        self._canvas.setFont(font, 110)
        self._canvas.drawCentredString(0, -40, text)
        self._canvas.restoreState()

    def mark(self, name: str, title: str) -> None:
        """Make the page the target of links to an output, with an entry in the outline."""
        self._canvas.bookmarkPage(name)
        self._canvas.addOutlineEntry(title, name)

    def contents(self, entries: Sequence[tuple[str, str, int]]) -> None:
        """Draw entries of the contents (`Leaf.entries`), each a link."""
        self._paragraph(_("Contents"), lay.TITLE_SIZE, bold=True)
        for name, title, number in entries:
            self._y -= 5
            bottom = self._y - 9 * 1.2
            self._text(self._right, self._y - 9, str(number), 9, align="right")
            for line in lay.wrap(title, (self._right - self._left) / MM - 12, 9):
                self._text(self._left, self._y - 9, line, 9)
                self._y -= 9 * 1.2
            self._canvas.linkRect("", name, (self._left, bottom, self._right, bottom + 11))

    def page(self, layout: Layout, page: Page, links: Mapping[str, str]) -> None:
        """Draw a page of a table; rows whose label is in `links` lead to another output."""
        self._paragraph(page.title, lay.TITLE_SIZE, bold=True)
        for line in page.subtitles:
            self._paragraph(line, layout.sheet.size)
        self._y -= 4
        if page.rows:
            self._rule()
            if layout.table.spans:
                self._span_row(layout)
            self._head_row(layout)
            self._rule()
            for row in page.rows:
                top = self._y
                self._row(row, layout.sheet)
                if row.label in links:
                    area = (self._left, self._y, self._right, top)
                    self._canvas.linkRect("", links[row.label], area)
            self._rule()
        self._y -= 3
        for note in page.notes:
            self._paragraph(note, lay.NOTE_SIZE)
            self._y -= 1

    def _paragraph(self, text: str, size: float, *, bold: bool = False) -> None:
        for line in lay.wrap(text, (self._right - self._left) / MM, size):
            self._y -= size * 1.2
            self._text(self._left, self._y + size * 0.2, line, size, bold=bold)

    def _rule(self) -> None:
        self._canvas.setLineWidth(0.6)
        self._canvas.line(self._left, self._y, self._right, self._y)

    def _span_row(self, layout: Layout) -> None:
        """The headings over neighbouring columns, each underlined."""
        size, left = layout.sheet.size, self._left
        spans = list(lay.spans(layout.table, layout.sheet))
        texts = [lay.wrap(t, width / lay.BOLD - 2 * lay.PADDING, size) for t, _, width in spans]
        deepest = max(map(len, texts))
        bottom = self._y - deepest * size * 1.2 - 3
        for lines, (text, _count, width) in zip(texts, spans, strict=True):
            x, right = left + lay.PADDING * MM, left + (width - lay.PADDING) * MM
            for j, line in enumerate(lines, start=1 + deepest - len(lines)):
                self._line(x, j, line, size, bold=True)
            if text:
                self._canvas.line(x, bottom, right, bottom)
            left += width * MM
        self._y = bottom

    def _head_row(self, layout: Layout) -> None:
        """The headings, each over the middle of its column, or at its left over records.

        Their last lines stand on one height.
        """
        size, left = layout.sheet.size, self._left
        centred = not layout.sheet.of_records
        texts = [lay.wrap(text, width, size) for text, width in lay.heading_texts(layout)]
        deepest = max(map(len, texts))
        for i, (lines, width) in enumerate(zip(texts, layout.sheet.widths, strict=True)):
            middle = centred and i > 0
            x = left + (width * MM / 2 if middle else lay.PADDING * MM)
            for j, line in enumerate(lines, start=1 + deepest - len(lines)):
                self._line(x, j, line, size, bold=True, align="centre" if middle else "left")
            left += width * MM
        self._y -= deepest * size * 1.2 + 3

    def _row(self, row: Row, sheet: Sheet) -> None:
        size, left = sheet.size, self._left
        widths = sheet.widths if row.cells else (sum(sheet.widths),)
        deepest = 1
        texts = lay.row_texts(row, sheet)
        for i, ((text, indent, width), column) in enumerate(zip(texts, widths, strict=True)):
            lines = lay.wrap(text, width, size)
            deepest = max(deepest, len(lines))
            x = left + (lay.PADDING + indent) * MM
            for j, line in enumerate(lines, start=1):
                self._line(x, j, line, size, bold=i == 0 and lay.is_strong(row))
            left += column * MM
        self._y -= deepest * size * 1.2 + 3

    def _line(
        self, x: float, number: int, text: str, size: float, *, bold: bool, align: str = "left"
    ) -> None:
        """A line of a cell, counted from the top of its row."""
        y = self._y - 1.5 - number * size * 1.2 + size * 0.25
        self._text(x, y, text, size, bold=bold, align=align)

    def _text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        align: str = "left",
    ) -> None:
        runs = list(_runs(text, bold, self._wide))
        scaled = size * _SCALE
        widths = [_string_width(run, font, scaled) for font, run in runs]
        x -= sum(widths) * {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
        for (font, run), width in zip(runs, widths, strict=True):
            self._canvas.setFont(font, scaled)
            self._canvas.drawString(x, y, run)
            x += width


def _runs(text: str, bold: bool, wide: _Wide) -> Iterator[tuple[str, str]]:
    """Parts of a text, each in a font that has its signs."""
    own = _BOLD if bold else _REGULAR
    glyphs = _glyphs(own)
    for font, chars in groupby(lay.clean(text), lambda c: own if ord(c) in glyphs else wide[bold]):
        yield font, "".join(chars)


def _string_width(text: str, font: str, size: float) -> float:
    from reportlab.pdfbase.pdfmetrics import stringWidth

    return float(stringWidth(text, font, size))


@cache
def _glyphs(font: str) -> frozenset[int]:
    from reportlab.pdfbase.pdfmetrics import getFont

    return frozenset(getFont(font).face.charToGlyph)


def _register_fonts(font: Fallback | None, texts: Iterable[str]) -> _Wide:
    """Make the fonts of a document known; the names of those of signs that DejaVu Sans lacks."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    _register_own_fonts()
    if font is None:
        return _WIDE, _WIDE
    signs = set().union(*map(lay.clean, texts))
    faces = [cut(font, signs, bold=bold) for bold in (False, True)]
    # Of a name, also of a face, the library keeps the first: another document has other signs.
    regular, bold = (f"{_CUT}-{sha256(face).hexdigest()[:12]}" for face in faces)
    for name, face in ((regular, faces[0]), (bold, faces[1])):
        made = TTFont(name, BytesIO(face))
        made.face.name = name.encode()
        registerFont(made)
    return regular, bold


@cache
def _register_own_fonts() -> None:
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    for name, style in ((_REGULAR, ""), (_BOLD, "-Bold")):
        registerFont(TTFont(name, base_font(style)))
    registerFont(UnicodeCIDFont(_WIDE))


def _add_figures(drawn: BytesIO, leaves: Sequence[Leaf]) -> bytes:
    """The document with each figure laid onto its page, as it was drawn: not as pixels."""
    from pypdf import PdfReader, PdfWriter, Transformation

    writer = PdfWriter(clone_from=drawn)
    for page, leaf in zip(writer.pages, leaves, strict=True):
        if leaf.figure is None:
            continue
        drawing = PdfReader(leaf.figure.file("pdf")).pages[leaf.figure_page]
        width, height = (
            float(length) for length in (drawing.mediabox.width, drawing.mediabox.height)
        )
        room_height, room_width = (length * MM for length in lay.text_block(False))
        scale = min(room_width / width, room_height / height)
        top = lay.A4[0] * MM - lay.TOP * MM
        move = Transformation().scale(scale).translate(lay.SIDE * MM, top - height * scale)
        page.merge_transformed_page(drawing, move)
    file = BytesIO()
    writer.write(file)
    return file.getvalue()
