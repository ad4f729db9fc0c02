"""Reading Excel workbooks (.xlsx) with openpyxl: the value of a cell, not its appearance.

Where a cell shows less than its value (a month typed as ``Jan-24``, which Excel stores as the first
of January; 50 %, which it stores as 0.5), the text is what it shows: the checks then report it.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.cell import range_boundaries
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from durable.intake.readers.cells import (
    Cells,
    File,
    columns_by_position,
    native_text,
    plain_decimal,
    significant_digits,
)
from durable.intake.readers.number_formats import (
    EAST_ASIAN_MONTHS,
    date_by_format,
    format_signs,
    parts_shown,
    zero_width,
)
from durable.intake.readers.workbook_parts import has_sound_parts
from durable.language import _
from durable.plan import FileForm

#: A character that XML cannot hold, or an underscore that would begin one (ECMA-376, ST_Xstring).
_ESCAPE = re.compile(r"(?:_x[0-9A-Fa-f]{4}_)+")
_MOST_EMPTY = 10_000_000
#: What a sheet has at most (ECMA-376, as Excel keeps it).
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384

#: Cells of the library by row and column, each from 1.
Sheet = dict[tuple[int, int], Any]


@dataclass(frozen=True)
class _Area:
    """The cells of a sheet that hold the table, rows and columns from 1; the top is the header."""

    top: int
    bottom: int
    left: int
    right: int
    skipped: frozenset[int]
    """Rows that are no records."""

    def holds(self, row: int, column: int) -> bool:
        """Whether the cell at a row and column is one of the table."""
        inside = self.top <= row <= self.bottom and self.left <= column <= self.right
        return inside and row not in self.skipped

    def meets(self, merged: Any) -> bool:
        """Whether a merged area has cells of the table."""
        return bool(
            merged.min_row <= self.bottom
            and merged.max_row >= self.top
            and merged.min_col <= self.right
            and merged.max_col >= self.left
            and not self.skipped.issuperset(range(merged.min_row, merged.max_row + 1))
        )


def _area(source: FileForm) -> _Area:
    left, top, right, bottom = 1, 1, _MOST_COLUMNS, _MOST_ROWS
    if source.range is not None:
        left, top, right, bottom = range_boundaries(source.range)
    return _Area(max(top, source.header_row), bottom, left, right, frozenset(source.skip_rows))


def cells(file: File, source: FileForm) -> Cells | None:
    """Header and rows of the sheet, rows as the workbook numbers them.

    None (reported) where it is no sound table: no workbook, no sheet of that name, merged cells, a
    formula without a stored result or an error as a value.
    """
    if not has_sound_parts(file):
        return None
    book = _open_workbook(file, stored=False)
    name = None if book is None else choose_sheet(file, _titles(book), source.sheet, file.table)
    if book is None or name is None:
        return None
    sheet, area = book[name], _area(source)
    merged = sorted(
        filter(area.meets, sheet.merged_cells.ranges),
        key=lambda merged: (merged.min_row, merged.min_col),
    )
    for cells_in_one in merged:
        message = _("{place} is one merged cell; expected a cell for each value").format(
            place=cells_in_one.coord
        )
        file.report("merged_cells", message, row=cells_in_one.min_row)
    filled = _filled_cells(sheet, area)
    results = _results(file, name, filled)
    if merged or results is None:
        return None
    values = filled | results
    texts = {position: _text(cell, book.epoch) for position, cell in values.items()}
    _report_months(file, values, texts)
    held = frozenset(position for position, cell in values.items() if _is_number(cell))
    return _table(file, texts, area, held)


def sheet_titles(file: File) -> dict[str, bool]:
    """Titles of the sheets of a workbook, in their order, and whether each of them is visible.

    None of them (reported) where the file is no workbook.
    """
    book = _open_workbook(file, stored=False, titles_only=True) if has_sound_parts(file) else None
    return {} if book is None else _titles(book)


def _titles(book: Any) -> dict[str, bool]:
    return {str(sheet.title): sheet.sheet_state == "visible" for sheet in book.worksheets}


def choose_sheet(file: File, titles: dict[str, bool], named: str | None, usual: str) -> str | None:
    """The sheet that is read, of those of a workbook; None (reported) where it has no such one.

    A hidden sheet beside others is read only where the plan names it: who looks at the workbook
    takes another one for the table.

    Parameters
    ----------
    titles
        The sheets and whether each is visible (`sheet_titles`).
    named
        The sheet that the plan names; None where it names none.
    usual
        The sheet that is read then, where there are several.
    """
    if named is None and len(titles) == 1:
        return next(iter(titles))
    wanted = named or usual
    if wanted in titles and (named or titles[wanted]):
        return wanted
    words = _("sheets {sheets}; expected {key} to name one")
    if named:
        words = _("sheets {sheets}; expected the sheet {sheet}")
    elif wanted in titles:
        words = _("sheets {sheets}, of which {sheet} is hidden; expected {key} to name one")
    message = words.format(sheets=", ".join(map(repr, titles)), sheet=wanted, key=file.key("sheet"))
    file.report("which_sheet", message)
    return None


def sheet_texts(
    file: File, *, formulas: bool = False
) -> dict[str, dict[tuple[int, int], str]] | None:
    """The texts of each sheet by its title, and in it by row and column, both from 1.

    Empty cells are left out. None (reported) where the file is no workbook. Merged cells and errors
    are not reported here but by `cells`; an error is its text (``#N/A``). A formula without a
    stored result is left out, and with `formulas` is its own text, which nobody runs.
    """
    book = _open_workbook(file, stored=True) if has_sound_parts(file) else None
    entered = _open_workbook(file, stored=False) if book is not None and formulas else None
    if book is None:
        return None
    everywhere = _Area(1, _MOST_ROWS, 1, _MOST_COLUMNS, frozenset())
    texts = {
        str(sheet.title): {
            position: _text(cell, book.epoch)
            for position, cell in _filled_cells(sheet, everywhere).items()
        }
        for sheet in book.worksheets
    }
    for sheet in entered.worksheets if entered is not None else ():
        for position, cell in _filled_cells(sheet, everywhere).items():
            if cell.data_type == "f":
                texts[str(sheet.title)].setdefault(position, _formula(cell.value))
    return texts


def _formula(value: Any) -> str:
    """The text of a formula; one of an array is an object of the library."""
    return str(getattr(value, "text", None) or value)


class _Reader(ExcelReader):  # type: ignore[misc]  # the library has no types
    """openpyxl's reader with shared strings as the file has them: it would strip ``x005F_``."""

    def read_strings(self) -> None:
        """Fill ``shared_strings`` with the strings that cells refer to by number."""
        part = self.package.find(SHARED_STRINGS)
        if part is None:
            return
        with self.archive.open(part.PartName[1:]) as source:
            for _, node in iterparse(source):
                if node.tag == f"{{{SHEET_MAIN_NS}}}si":
                    self.shared_strings.append(Text.from_tree(node).content)
                    node.clear()


def _open_workbook(file: File, *, stored: bool, titles_only: bool = False) -> Any:
    """The workbook: as entered, or with the stored results of its formulas.

    With `titles_only` no cell is read.
    """
    try:
        with warnings.catch_warnings():
            # One for each cell; what matters is a finding, and the rest is about looks.
            warnings.simplefilter("ignore")
            reader = _Reader(io.BytesIO(file.data), data_only=stored, read_only=titles_only)
            reader.read()
        return reader.wb
    except Exception as error:  # whatever a broken archive or broken XML makes the library raise
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        file.report(
            "unreadable_file",
            _("{reason}; expected an Excel workbook (.xlsx)").format(reason=reason),
        )
        return None


def _filled_cells(sheet: Any, area: _Area) -> Sheet:
    """Cells that hold something. One far away does not make all before it be looked at."""
    return {
        position: cell
        for position, cell in sheet._cells.items()
        if cell.value is not None and area.holds(*position)
    }


def _results(file: File, name: str, filled: Sheet) -> Sheet | None:
    """Cells with the stored results of formulas; None where one has none, or a cell is an error."""
    formulas = [position for position, cell in filled.items() if cell.data_type == "f"]
    errors = [position for position, cell in filled.items() if cell.data_type == "e"]
    results: Sheet = {}
    if formulas:
        book = _open_workbook(file, stored=True)
        if book is None:
            return None
        results = {position: book[name].cell(*position) for position in formulas}
    for position in sorted({*errors, *formulas}):
        cell: Any = results[position] if position in results else filled[position]
        if cell.value is None or cell.data_type == "e":
            message = _("{place} holds {value}; expected a value")
            if cell.value is None:
                message = _("{place} holds a formula without a stored result; expected a value")
            message = message.format(place=cell.coordinate, value=cell.value)
            file.report("no_result", message, row=position[0], value=str(cell.value or ""))
            errors.append(position)
    return None if errors else results


def _text(cell: Any, epoch: dt.datetime) -> str:
    value = cell.value
    if isinstance(value, str):
        return _ESCAPE.sub(_unescape, value)
    if isinstance(value, dt.datetime | dt.date):
        return _date(value, cell.number_format)
    if isinstance(value, int | float) and not isinstance(value, bool):
        date = date_by_format(cell, epoch)
        if date is not None:
            return native_text(date)
        width = zero_width(cell.number_format)
        if width and (isinstance(value, int) or value.is_integer()):
            return f"{int(value):0{width}d}"
        if "%" in format_signs(cell.number_format):
            return f"{plain_decimal(significant_digits(Decimal(repr(value)) * 100))}%"
    return native_text(value)


def _unescape(escapes: re.Match[str]) -> str:
    """Characters by their UTF-16 code units; half a surrogate pair is an unknown character."""
    units = re.findall(r"_x(.{4})_", escapes[0])
    return b"".join(int(unit, 16).to_bytes(2, "big") for unit in units).decode(
        "utf-16-be", errors="replace"
    )


def _date(value: dt.date, number_format: str) -> str:
    """The date, as much of it as its format shows."""
    text = native_text(value)
    match parts_shown(number_format):
        case "day":
            return text
        case "month and day":
            return text[len("YYYY-") :]
        case "month":
            return text[: len("YYYY-MM")]
        case "year":
            return text[: len("YYYY")]


def _report_months(file: File, values: Sheet, texts: dict[tuple[int, int], str]) -> None:
    """The first of a month where the format, in one of its languages, shows the month alone."""
    for position, cell in sorted(values.items()):
        text = texts[position]
        first = bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-01", text))
        if first and cell._style.numFmtId in EAST_ASIAN_MONTHS:
            message = _(
                "{place} holds {text}; expected a day that is known: in some"
                " languages the format ({format}) shows no more than the month"
            ).format(place=cell.coordinate, text=text, format=cell._style.numFmtId)
            file.report("unclear_date", message, row=position[0], value=text)


def _is_number(cell: Any) -> bool:
    return isinstance(cell.value, int | float) and not isinstance(cell.value, bool)


def _table(
    file: File, texts: dict[tuple[int, int], str], area: _Area, held: frozenset[tuple[int, int]]
) -> Cells | None:
    """Header and rows of the texts by row and column; `held` are the cells with a number."""
    top, left = area.top, area.left
    if not any(row == top for row, _ in texts):
        file.report(
            "no_header", _("no column names; expected a header in row {row}").format(row=top)
        )
        return None
    wide = max(column for _, column in texts) - left + 1
    long = max(row for row, _ in texts) - top
    if (long + 1) * wide > max(_MOST_EMPTY, 100 * len(texts)):
        message = _(
            "cells up to row {row} and column {column}, most of them empty; expected a table"
        ).format(row=top + long, column=left + wide - 1)
        file.report("unreadable_file", message)
        return None
    header = [texts.get((top, column), "") for column in range(left, left + wide)]
    columns = [[""] * long for _ in header]
    for (row, column), text in texts.items():
        if row > top:
            columns[column - left][row - top - 1] = text
    if not file.accepts_header(header):
        return None
    table = columns_by_position(columns, top + 1)
    table = table.loc[~table.index.isin(area.skipped)]
    rows = table.index.tolist()
    numbers = {
        str(i): np.array([(row, left + i) in held for row in rows], dtype=bool) for i in range(wide)
    }
    return Cells(header, table, numbers=numbers)
