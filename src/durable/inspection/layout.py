"""Where the table lies in a grid of cells: titles, the header, labels, what is no record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from durable.contracts.words import is_missing_word
from durable.inspection.contents import Contents, is_number

#: Rows that are looked at for the header.
_FIRST = 25
_HEADER_WIDTH, _MOST = 0.6, 0.6
_LONG_NOTE = 12

_TOTALS = (
    *("total", "totals", "sum", "subtotal", "mean", "average", "median", "n"),
    *("合计", "总计", "小计", "总数", "平均", "平均值", "均值"),
)

Grid = Mapping[int, Sequence[str]]


@dataclass(frozen=True)
class Layout:
    """What the rows of a grid are; rows are counted from 1."""

    header: int = 1
    labels: tuple[int, ...] = ()
    """Rows below the header with labels or units in words."""
    blank: tuple[int, ...] = ()
    """Empty rows before the last record."""
    notes: tuple[int, ...] = ()
    """Rows below the records with one long text."""
    totals: tuple[int, ...] = ()
    """Rows below the records that say that they are a total of them."""

    @property
    def skipped(self) -> list[int]:
        """Rows below the header that are no records."""
        return sorted((*self.labels, *self.blank, *self.notes, *self.totals))


def separator(rows: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """The separator by which most rows have the same number of columns, and most columns.

    Parameters
    ----------
    rows
        The first rows of a file by separator, the usual one first.
    """

    def consistency(sign: str) -> tuple[int, int]:
        widths = Contents.of_texts(str(len(row)) for row in rows[sign] if any(row)).counts
        best = max(widths, key=lambda width: widths[width] * (int(width) - 1), default="1")
        return widths.get(best, 0) * (int(best) - 1), int(best)

    return max(rows, key=consistency)


def find_layout(grid: Grid) -> Layout:
    """The layout of a grid whose rows may be few: those of a text file are its first."""
    filled = {number: [cell.strip() for cell in row] for number, row in sorted(grid.items())}
    filled = {number: row for number, row in filled.items() if any(row)}
    first = list(filled)[:_FIRST]
    if not first:
        return Layout()
    wide = max(sum(map(bool, filled[number])) for number in first)
    header = next((n for n in first if _is_header(filled[n], wide)), first[0])
    below = {number: row for number, row in filled.items() if number > header}
    labels = _labels(below, header)
    records = {number: row for number, row in below.items() if number not in labels}
    below_last = _below_last(records, wide)
    last = max((n for n in records if n not in below_last), default=header)
    blank = tuple(n for n in range(header + 1, last) if n not in filled)
    totals = tuple(n for n in below_last if _is_total(records[n], wide))
    return Layout(header, labels, blank, tuple(n for n in below_last if n not in totals), totals)


def _is_header(row: Sequence[str], wide: int) -> bool:
    """Whether a row names most columns, each otherwise, in words."""
    names = [cell for cell in row if cell]
    if len(names) < max(1, _HEADER_WIDTH * wide) or len(set(names)) < len(names):
        return False
    return sum(map(is_number, names)) <= len(names) / 3


def _labels(below: Grid, header: int) -> tuple[int, ...]:
    """Rows right below the header that hold words where the records hold dates and numbers."""
    found: list[int] = []
    for number, row in below.items():
        rest = [other for n, other in below.items() if n > number]
        if number != header + 1 + len(found) or len(rest) < 1 or len(found) > 1:
            break
        if not _is_label_row(row, rest):
            break
        found.append(number)
    return tuple(found)


def _is_label_row(row: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    typed = worded = 0
    for place, cell in enumerate(row):
        if not cell:
            continue
        below = Contents.of_texts(other[place] for other in rest if place < len(other))
        if not (below.is_numeric or below.is_dated):
            continue
        typed += 1
        own = Contents.of_texts([cell])
        worded += not (own.is_numeric or own.is_dated or own.limited or is_missing_word(cell))
    return typed > 0 and worded >= max(1, _MOST * typed)


def _below_last(records: Grid, wide: int) -> tuple[int, ...]:
    """Rows at the end that are no records: one text alone, a note or a source; or a total."""
    found: list[int] = []
    for number, row in sorted(records.items(), reverse=True):
        cells = [cell for cell in row if cell]
        is_note = len(cells) == 1 and _is_note(cells[0])
        if wide < 3 or not (is_note or _is_total(row, wide)):
            break
        found.append(number)
    return tuple(sorted(found))


def _is_total(row: Sequence[str], wide: int) -> bool:
    """Whether a row with few cells begins by saying that it is a total."""
    cells = [cell for cell in row if cell]
    return len(cells) <= wide / 2 and cells[0].casefold().rstrip(":\uff1a. ") in _TOTALS


def _is_note(text: str) -> bool:
    """Whether a text is longer than a value, or says itself that it is a note."""
    marks = ("*", "Note", "note", "\u6ce8", "\u5907\u6ce8", "\u8bf4\u660e")
    return text.startswith(marks) or (len(text) >= _LONG_NOTE and " " in text)
