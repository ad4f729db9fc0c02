"""Pages of a table: what stands on each, before it is RTF, DOCX or PDF (docs/exports.md).

A word processor sets the type, and which one is not known here, so text is measured with a generous
width for each kind of character. What is laid out to fit therefore fits, and every format has the
same pages, none of which ends in a heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from durable.language import N_, _
from durable.line_breaks import is_wide, line_parts
from durable.outputs.table import Row, Table

#: Height and width of the paper (A4) and its margins, millimetres.
A4 = (297.0, 210.0)
SIDE, TOP, BOTTOM = 20.0, 25.0, 18.0
MM = 72 / 25.4
"""Points of a millimetre."""
TITLE_SIZE, NOTE_SIZE = 11.0, 7.0
INDENT = 3.5
"""Millimetres that a step of a row's indent takes."""
PADDING = 1.2
"""Millimetres between a cell's text and its edges, left and right."""
#: Line spacing in multiples of the type size: of Latin text, and of scripts with full-width signs.
_LINE, _WIDE_LINE = 1.2, 1.45
_ROW_PADDING, _GAP = 3.0, 6.0
"""Points added to the height of each row, and between the parts of a page."""
#: Part of a page's height that is used: word processors differ by a few percent.
_USED = 0.94
_STUB = 45.0
"""Millimetres that the column of labels has at least."""
#: What to try in turn: whether the page is landscape, and the type size.
_SHEETS = ((False, 8.0), (True, 8.0), (True, 7.0), (True, 6.0))

ENTRIES = 45
"""Entries on a page of contents."""
#: Rows of one indent that are kept together under their heading.
_FEW = 10

NO_BREAK = "\N{NO-BREAK SPACE}"
CONTINUED = N_(" (continued)")
#: Control characters and surrogates, the categories Cc and Cs of Unicode, and what is no character.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BRACKET = re.compile(r" (?=[(\[])")
#: Millimetres that are no difference between two widths.
_ROUNDING = 1e-6
#: Longest part of a cell that is kept on one line.
_LONGEST_PART = 24
BOLD = 1.1
"""How much wider bold type is than that of the cells."""

#: Widths in multiples of the type size, at least those of Arial.
_WIDTHS = (("iljtfIr.,:;'|!()[]/- \u00a0\u2008", 0.34), ("mwMW%@", 0.95))


@dataclass(frozen=True)
class Sheet:
    """Paper, type and columns of a table."""

    landscape: bool
    size: float
    """Type size of the cells, points."""
    widths: tuple[float, ...]
    """Millimetres of the column of labels and of each other column."""
    indents: tuple[float, ...] = ()
    """Millimetres by which the cells of each other column are indented, so that they stand under
    the middle of its heading."""
    of_records: bool = False
    """Whether the rows are records of a listing: text that breaks between words, under headings at
    its left, and all that stands under a heading together where a page holds it."""

    @property
    def width(self) -> float:
        """Millimetres between the side margins."""
        return text_block(self.landscape)[1]

    @property
    def height(self) -> float:
        """Points of height that a page may hold: 94 % of the height within the margins."""
        return text_block(self.landscape)[0] * MM * _USED


@dataclass(frozen=True)
class Page:
    """Contents of a page of a table."""

    title: str
    """Number and title of the table; of later pages with CONTINUED, in the language in force."""
    subtitles: tuple[str, ...] = ()
    """Empty on later pages."""
    rows: tuple[Row, ...] = ()
    """Empty on a page of footnotes alone; may begin with repeated headings."""
    notes: tuple[str, ...] = ()
    """Footnotes on the page."""


@dataclass(frozen=True)
class Layout:
    """A table in pages."""

    table: Table
    sheet: Sheet
    pages: tuple[Page, ...]

    @property
    def heading(self) -> tuple[str, ...]:
        """Cells of the row of column headings, the one over the labels first."""
        shown = clean if self.sheet.of_records else unbroken
        return (self.table.stub, *map(shown, self.table.columns))


def text_block(landscape: bool) -> tuple[float, float]:
    """Height and width within the margins, millimetres."""
    height, width = reversed(A4) if landscape else A4
    return height - TOP - BOTTOM, width - 2 * SIDE


def lay_out(table: Table) -> Layout:
    """A table in pages: rows under their headings, footnotes after the last row.

    Paper and type are the first of portrait at 8 points, landscape at 8, 7 and 6 points in which no
    word is broken; the last where none will do. Numbers of a column are aligned.
    """
    table = replace(table, rows=table.aligned_rows)
    sheet = _sheet(table)
    sheet = replace(sheet, indents=tuple(_indents(table, sheet)))
    return Layout(table, sheet, tuple(paginate(table, sheet)))


def _indents(table: Table, sheet: Sheet) -> Iterator[float]:
    """The indent of each column of cells; none where a cell takes several lines."""
    for i, width in enumerate(sheet.widths[1:]):
        room = width - 2 * PADDING
        texts = (unbroken(row.cells[i]) for row in table.rows if row.cells)
        widest = max((text_width(text, sheet.size) for text in texts), default=0.0)
        yield max((room - widest) / 2, 0.0)


def first_pages(
    layouts: Sequence[Layout], pictures: Sequence[int], closing: Layout, front_pages: int = 0
) -> list[int]:
    """Page, from 1, on which each table, each figure and then `closing` begin in a document.

    The contents, with ENTRIES lines a page, are in front of them.

    Parameters
    ----------
    layouts
        The tables in pages.
    pictures
        Number of pages of each figure.
    closing
        The list of definitions, behind the figures.
    front_pages
        Number of pages in front of the contents.
    """
    lengths = [*(len(layout.pages) for layout in layouts), *pictures, len(closing.pages)]
    contents = -(-len(lengths) // ENTRIES)
    return [1 + front_pages + contents + sum(lengths[:i]) for i in range(len(lengths))]


def clean(text: str) -> str:
    """Text without control characters, halves of surrogate pairs, U+FFFE and U+FFFF.

    No document may hold them. Each becomes one sign: white space, such as a tab or a line end, a
    space, any other U+FFFD.
    """
    return _CONTROL.sub(lambda char: " " if char[0].isspace() else "\ufffd", text)


def unbroken(cell: str) -> str:
    """A cleaned cell whose parts of at most 24 characters do not break.

    A part ends before a bracket: in ``12 (34.5, 67.8)`` only the first space remains a place to
    break a line, the others become NO_BREAK.
    """
    parts = _BRACKET.split(clean(cell))
    return " ".join(p.replace(" ", NO_BREAK) if len(p) <= _LONGEST_PART else p for p in parts)


def wrap(text: str, width: float, size: float) -> list[str]:
    """Lines of a text in `width` millimetres at `size` points; a longer word is broken.

    An empty text is one empty line. Full-width signs are words of their own; no line begins with
    one that closes.
    """
    lines: list[str] = []
    line = ""
    for space, word in line_parts(clean(text)):
        longer = f"{line}{space}{word}" if line else word
        if line and not _fits(longer, width, size):
            lines.append(line)
            longer = word
        while len(longer) > 1 and not _fits(longer, width, size):
            cut = _fitting(longer, width, size)
            lines.append(longer[:cut])
            longer = longer[cut:]
        line = longer
    return [*lines, line]


def _has_wide(text: str) -> bool:
    return not text.isascii() and any(map(is_wide, text))


def text_width(text: str, size: float) -> float:
    """Millimetres that a text takes at most in one line at `size` points."""
    return sum(map(_char_width, text)) * size / MM


def widest_word(text: str, size: float) -> float:
    """Millimetres of the longest word of a text at `size` points; a full-width sign is a word."""
    words = "".join(" " if is_wide(char) else char for char in clean(text)).split(" ")
    wide = size / MM if _has_wide(text) else 0.0
    return max(wide, *(text_width(word, size) for word in words))


def heading_width(text: str, size: float) -> float:
    """Millimetres that the heading of a column needs at `size` points, so that no word is broken.

    With full-width signs, which may break anywhere, it is wide enough for three lines, and for four
    such signs in a line if there are as many.
    """
    if not _has_wide(text):
        return widest_word(text, size)
    width = text_width(clean(text), size)
    return max(widest_word(text, size), min(width, max(width / 3, 4 * size / MM)))


def is_strong(row: Row) -> bool:
    """Whether the label of a row is bold: where the row is marked so, or has no cells."""
    return row.strong or not row.cells


def row_texts(row: Row, sheet: Sheet) -> Iterator[tuple[str, float, float]]:
    """Text, left indent and room for the text of each cell of a row, label first, in millimetres.

    A row without cells, a heading, is one cell over all columns.
    """
    indent = row.indent * INDENT
    widths = sheet.widths if row.cells else (sum(sheet.widths),)
    yield clean(row.label), indent, widths[0] - indent - 2 * PADDING
    indents = sheet.indents or (0.0,) * len(row.cells)
    shown = clean if sheet.of_records else unbroken
    for cell, width, indent in zip(row.cells, widths[1:], indents, strict=False):
        yield shown(cell), indent, width - indent - 2 * PADDING


def heading_texts(layout: Layout) -> Iterator[tuple[str, float]]:
    """Text of each column heading, that over the labels first, and the millimetres for it."""
    bold = BOLD if layout.sheet.of_records else 1.0
    for text, width in zip(layout.heading, layout.sheet.widths, strict=True):
        yield text, (width - 2 * PADDING) / bold


def spans(table: Table, sheet: Sheet) -> Iterator[tuple[str, int, float]]:
    """Headings over neighbouring columns: text, number of columns, their width in millimetres."""
    first = 0
    for text, count in table.spans:
        yield clean(text), count, sum(sheet.widths[first : first + count])
        first += count


@cache
def row_height(row: Row, sheet: Sheet) -> float:
    """Points of height that a row takes, that of its highest cell and the space around it."""
    texts = row_texts(row, sheet)
    return max(text_height(text, width, sheet.size) for text, _, width in texts) + _ROW_PADDING


@cache
def text_height(text: str, width: float, size: float) -> float:
    """Points of height that a text takes in `width` millimetres at `size` points."""
    spacing = _WIDE_LINE if _has_wide(text) else _LINE
    return len(wrap(text, width, size)) * size * spacing


def _fitting(word: str, width: float, size: float) -> int:
    for length in range(len(word), 1, -1):
        if _fits(word[:length], width, size):
            return length
    return 1


def _fits(text: str, width: float, size: float) -> bool:
    """Whether a text takes no more than a width, both in millimetres, but for rounding.

    A column is as wide as its widest cell and the padding; without the padding the sum may be less
    than the cell by the last binary digit.
    """
    return text_width(text, size) <= width + _ROUNDING


@cache
def _char_width(char: str) -> float:
    if is_wide(char):
        return 1.0
    for chars, width in _WIDTHS:
        if char in chars:
            return width
    return 0.73 if char.isupper() else 0.57


# Columns


def _sheet(table: Table) -> Sheet:
    for landscape, size in _SHEETS:
        least, wished = _needs(table, size)
        room = text_block(landscape)[1]
        if sum(least) <= room:
            alike = [least[0], *[max(wished[1:], default=0.0)] * len(table.columns)]
            least = alike if sum(alike) <= room else least
            return Sheet(landscape, size, _column_widths(least, wished, room))
    # Too many columns for a page even so: words are broken.
    return Sheet(landscape, size, tuple(room * width / sum(least) for width in least))


def _needs(table: Table, size: float) -> tuple[list[float], list[float]]:
    """Millimetres of each column in which no word is broken, and no line."""
    rows = [row for row in table.rows if row.cells]
    labels = [(row.label, row.indent * INDENT) for row in rows]
    stub = [text_width(text, size) + indent + 2 * PADDING for text, indent in labels]
    least, wished = [_STUB], [max([_STUB, *stub])]
    for i, heading in enumerate(table.columns):
        cells = [unbroken(row.cells[i]) for row in rows]
        # A heading may take two lines, its N below it.
        parts = unbroken(heading).split(" ")
        words = (word for cell in cells for word in cell.split(" "))
        needs = (widest_word(unbroken(heading), size), *(text_width(word, size) for word in words))
        least.append(max(needs) + 2 * PADDING)
        wished.append(max(text_width(text, size) for text in (*parts, *cells)) + 2 * PADDING)
    return least, wished


def _column_widths(
    least: Sequence[float], wished: Sequence[float], room: float
) -> tuple[float, ...]:
    """Width of each column: what it needs, then what the cells and what the labels wish.

    Small wishes are granted before large ones: a number is not broken for the sake of a sentence.
    The rest goes to all columns evenly.
    """
    widths = list(least)
    cells = range(1, len(widths))
    for columns in (cells, range(1)):
        missing = {i: max(wished[i] - widths[i], 0.0) for i in columns}
        for rank, i in enumerate(sorted(missing, key=missing.__getitem__)):
            left = max(room - sum(widths), 0.0)
            widths[i] += min(missing[i], left / (len(missing) - rank))
    rest = (room - sum(widths)) / len(widths)
    return tuple(width + rest for width in widths)


# Pages


@dataclass
class _Filling:
    """The page being filled, and the finished ones."""

    table: Table
    sheet: Sheet
    pages: list[Page] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    used: float = 0.0

    def __post_init__(self) -> None:
        self.used = self._head()

    def fits(self, height: float) -> bool:
        """Whether so many points of height are left on the page."""
        return self.used + height <= self.sheet.height

    def turn(self) -> None:
        """Finish the page and begin an empty one."""
        page = Page(
            self.table.heading + (_(CONTINUED) if self.pages else ""),
            () if self.pages else self.table.subtitles,
            tuple(self.rows),
            tuple(self.notes),
        )
        self.pages.append(page)
        self.rows, self.notes = [], []
        self.used = self._head()

    def add_row(self, row: Row) -> None:
        """Add a row to the page, the first with the headings of the columns."""
        if not self.rows:
            self.used += self._column_headings()
        self.rows.append(row)
        self.used += row_height(row, self.sheet)

    def height_kept_together(self, i: int) -> float:
        """Points of the row with number `i`, from 0, and of what must stay on a page with it.

        Those are rows under it (`_rows_kept_together`; in a listing all of them, where a page can
        hold them), and with the last rows the footnotes, where a page can hold both.
        """
        rows = self.table.rows
        page_room = self.sheet.height - self._head() - self._column_headings()
        kept = _rows_kept_together(rows, i)
        if self.sheet.of_records and self._height(_rows_under(rows, i)) <= page_room:
            kept = _rows_under(rows, i)
        height = self._height(kept)
        notes = _GAP + sum(map(self.note_height, self.table.footnotes))
        is_last = i + len(kept) == len(rows)
        return height + notes if is_last and height + notes <= page_room else height

    def _height(self, rows: Sequence[Row]) -> float:
        return sum(row_height(row, self.sheet) for row in rows)

    def _column_headings(self) -> float:
        sheet = replace(self.sheet, indents=())
        if sheet.of_records:
            sheet = replace(sheet, widths=tuple(width / BOLD for width in sheet.widths))
        height = row_height(Row(self.table.stub, self.table.columns), sheet)
        span_heights = [
            text_height(text, width / BOLD - 2 * PADDING, sheet.size)
            for text, _, width in spans(self.table, self.sheet)
        ]
        return height + (max(span_heights) + _ROW_PADDING if span_heights else 0) + _GAP

    def add_note(self, note: str) -> None:
        """Add a footnote to the page."""
        if not self.notes:
            self.used += _GAP
        self.notes.append(note)
        self.used += self.note_height(note)

    def note_height(self, note: str) -> float:
        """Points of height that a footnote takes."""
        return text_height(note, self.sheet.width, NOTE_SIZE) + 1

    def _head(self) -> float:
        width = self.sheet.width
        lines = () if self.pages else self.table.subtitles
        title = text_height(self.table.heading + _(CONTINUED), width, TITLE_SIZE)
        return title + sum(text_height(line, width, self.sheet.size) for line in lines) + _GAP


def paginate(table: Table, sheet: Sheet) -> list[Page]:
    """The pages of a table on a given sheet, at least one.

    A page that begins within rows under a heading repeats the heading, marked CONTINUED.
    """
    filling = _Filling(table, sheet)
    for i, row in enumerate(table.rows):
        if filling.rows and not filling.fits(filling.height_kept_together(i)):
            filling.turn()
            for parent in _parent_rows(table.rows, i):
                filling.add_row(replace(parent, label=parent.label + _(CONTINUED), cells=()))
        filling.add_row(row)
    for note in table.footnotes:
        if (filling.rows or filling.notes) and not filling.fits(filling.note_height(note)):
            filling.turn()
        filling.add_note(note)
    filling.turn()
    return filling.pages


def _rows_kept_together(rows: Sequence[Row], i: int) -> Sequence[Row]:
    """A row and what must not begin the next page without it.

    A row that has others under it stays with the first of them that has none, and with all
    beside that one where they are few.
    """
    last = i
    while last + 1 < len(rows) and rows[last + 1].indent > rows[last].indent:
        last += 1
    block = last
    while last > i and block + 1 < len(rows) and rows[block + 1].indent == rows[last].indent:
        block += 1
    return rows[i : (block if block - last < _FEW else last) + 1]


def _rows_under(rows: Sequence[Row], i: int) -> Sequence[Row]:
    """A row and all rows under it."""
    last = i
    while last + 1 < len(rows) and rows[last + 1].indent > rows[i].indent:
        last += 1
    return rows[i : last + 1]


def _parent_rows(rows: Sequence[Row], i: int) -> list[Row]:
    """The rows that a row stands under, the outermost first."""
    parents: list[Row] = []
    indent = rows[i].indent
    while indent and i:
        i -= 1
        if rows[i].indent < indent:
            parents.insert(0, rows[i])
            indent = rows[i].indent
    return parents
