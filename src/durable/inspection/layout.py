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

#: Cells of each row by the number of the row, from 1.
Grid = Mapping[int, Sequence[str]]


@dataclass(frozen=True)
class Layout:
    """Which rows of a grid are the header, records or neither; rows are counted from 1."""

    header: int = 1
    """Row with the names of the columns."""
    labels: tuple[int, ...] = ()
    """Rows right below the header, two at most, with labels or units in words."""
    blank: tuple[int, ...] = ()
    """Empty rows before the last record."""
    notes: tuple[int, ...] = ()
    """Rows below the records with one long text."""
    totals: tuple[int, ...] = ()
    """Rows below the records that say that they are a total of them."""

    @property
    def skipped_rows(self) -> list[int]:
        """Rows below the header that are no records, ascending."""
        return sorted((*self.labels, *self.blank, *self.notes, *self.totals))


def separator(rows: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """The separator by which most rows have one number of columns, weighted by their columns.

    Parameters
    ----------
    rows
        By separator the cells of the first rows of a file; in a tie the first separator is taken.
    """

    def consistency(sign: str) -> tuple[int, int]:
        widths = Contents.from_texts(str(len(row)) for row in rows[sign] if any(row)).counts
        best = max(widths, key=lambda width: widths[width] * (int(width) - 1), default="1")
        return widths.get(best, 0) * (int(best) - 1), int(best)

    return max(rows, key=consistency)


def find_layout(grid: Grid) -> Layout:
    """The layout of a grid, which may be the first rows of a file; `Layout()` if it is empty."""
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


def _labels(rows_below: Grid, header: int) -> tuple[int, ...]:
    """Rows right below the header that hold words where the records hold dates and numbers."""
    label_rows: list[int] = []
    for number, row in rows_below.items():
        later_rows = [other for n, other in rows_below.items() if n > number]
        if number != header + 1 + len(label_rows) or len(later_rows) < 1 or len(label_rows) > 1:
            break
        if not _is_label_row(row, later_rows):
            break
        label_rows.append(number)
    return tuple(label_rows)


def _is_label_row(row: Sequence[str], later_rows: Sequence[Sequence[str]]) -> bool:
    typed = worded = 0
    for position, cell in enumerate(row):
        if not cell:
            continue
        column = Contents.from_texts(
            other[position] for other in later_rows if position < len(other)
        )
        if not (column.is_numeric or column.is_dated):
            continue
        typed += 1
        cell_contents = Contents.from_texts([cell])
        worded += not (
            cell_contents.is_numeric
            or cell_contents.is_dated
            or cell_contents.limit_texts
            or is_missing_word(cell)
        )
    return typed > 0 and worded >= max(1, _MOST * typed)


def _below_last(records: Grid, wide: int) -> tuple[int, ...]:
    """Rows at the end that are no records: one text alone, a note or a source; or a total."""
    last_rows: list[int] = []
    for number, row in sorted(records.items(), reverse=True):
        cells = [cell for cell in row if cell]
        is_note = len(cells) == 1 and _is_note(cells[0])
        if wide < 3 or not (is_note or _is_total(row, wide)):
            break
        last_rows.append(number)
    return tuple(sorted(last_rows))


def _is_total(row: Sequence[str], wide: int) -> bool:
    """Whether a row with few cells begins by saying that it is a total."""
    cells = [cell for cell in row if cell]
    return len(cells) <= wide / 2 and cells[0].casefold().rstrip(":\uff1a. ") in _TOTALS


def _is_note(text: str) -> bool:
    """Whether a text is longer than a value, or says itself that it is a note."""
    marks = ("*", "Note", "note", "\u6ce8", "\u5907\u6ce8", "\u8bf4\u660e")
    return text.startswith(marks) or (len(text) >= _LONG_NOTE and " " in text)
