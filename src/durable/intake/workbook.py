"""Reading Excel workbooks (.xlsx) with openpyxl: what a cell holds, never what it looks like.

Where the look says less than the value does (a month typed as ``Jan-24``, which Excel stores as the
first of January; 50 %, which it stores as 0.5), the text is what it says: the checks then ask.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from decimal import Decimal
from typing import Any

import openpyxl

from durable.config.model import Input
from durable.intake.cells import Cells, File, by_position, plain, text_of

#: What is no sign of a number format: quoted, escaped or bracketed text.
_LITERAL = re.compile(r"\"[^\"]*\"|\\\\.|\[[^\]]*\]")
_MOST_EMPTY = 10_000_000

Sheet = dict[tuple[int, int], Any]


def cells(file: File, given: Input) -> Cells | None:
    """Header and rows of the sheet; rows as the workbook numbers them, the header is row 1."""
    book = _opened(file, stored=False)
    name = None if book is None else _chosen(file, book, given.sheet)
    if book is None or name is None:
        return None
    sheet = book[name]
    merged = sorted(sheet.merged_cells.ranges, key=lambda area: (area.min_row, area.min_col))
    for area in merged:
        message = f"{area.coord} is one merged cell; expected a cell for each value"
        file.tell("merged_cells", message, row=area.min_row)
    filled = _filled(sheet)
    results = _results(file, name, filled)
    if merged or results is None:
        return None
    texts = {place: _text(cell) for place, cell in filled.items() if place not in results}
    texts |= results
    return _table(file, texts)


def _opened(file: File, *, stored: bool) -> Any:
    """The workbook: as entered, or with the stored results of its formulas."""
    try:
        return openpyxl.load_workbook(io.BytesIO(file.data), data_only=stored)
    except Exception as error:  # whatever a broken archive or broken XML makes the library raise
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        file.tell("unreadable_file", f"{reason}; expected an Excel workbook (.xlsx)")
        return None


def _chosen(file: File, book: Any, named: str | None) -> str | None:
    sheets = [sheet.title for sheet in book.worksheets]
    if named is None and len(sheets) == 1:
        return str(sheets[0])
    wanted = named or file.table
    if wanted in sheets:
        return wanted
    expected = f"the sheet {wanted}" if named else f"inputs.{file.table}.sheet to name one"
    file.tell("which_sheet", f"sheets {', '.join(map(repr, sheets))}; expected {expected}")
    return None


def _filled(sheet: Any) -> Sheet:
    """Cells that hold something. One far away does not make all before it be looked at."""
    return {place: cell for place, cell in sheet._cells.items() if cell.value is not None}


def _results(file: File, name: str, filled: Sheet) -> dict[tuple[int, int], str] | None:
    """Text of the stored results of formulas; None where one has none, or a cell is an error."""
    formulas = [place for place, cell in filled.items() if cell.data_type == "f"]
    errors = [place for place, cell in filled.items() if cell.data_type == "e"]
    results: Sheet = {}
    if formulas:
        book = _opened(file, stored=True)
        if book is None:
            return None
        results = {place: book[name].cell(*place) for place in formulas}
    for place in sorted({*errors, *formulas}):
        cell: Any = results[place] if place in results else filled[place]
        if cell.value is None or cell.data_type == "e":
            reason = "a formula without a stored result" if cell.value is None else cell.value
            message = f"{cell.coordinate} holds {reason}; expected a value"
            file.tell("no_result", message, row=place[0], value=str(cell.value or ""))
            errors.append(place)
    return None if errors else {place: _text(cell) for place, cell in results.items()}


def _text(cell: Any) -> str:
    value = cell.value
    if isinstance(value, dt.datetime | dt.date):
        return _date(value, _signs(cell.number_format))
    if isinstance(value, int | float) and not isinstance(value, bool):
        percent = "%" in _signs(cell.number_format)
        return f"{plain(Decimal(repr(value)) * 100)}%" if percent else plain(value)
    return text_of(value)


def _signs(number_format: str) -> str:
    return _LITERAL.sub("", number_format).lower()


def _date(value: dt.date, signs: str) -> str:
    """The date, as much of it as its format shows."""
    text = text_of(value)
    if {"d", "y"} <= set(signs) or "h" in signs or not {"d", "m", "y"} & set(signs):
        return text
    if "d" in signs:
        return text[len("YYYY-") :]
    return text[: len("YYYY-MM") if "m" in signs else len("YYYY")]


def _table(file: File, texts: dict[tuple[int, int], str]) -> Cells | None:
    """Header and rows of the texts by row and column."""
    width = max((column for row, column in texts if row == 1), default=0)
    if not width:
        file.tell("no_header", "no column names; expected a header in row 1")
        return None
    wide = max(column for _, column in texts)
    long = max(row for row, _ in texts)
    if long * wide > max(_MOST_EMPTY, 100 * len(texts)):
        message = f"cells up to row {long} and column {wide}, most of them empty; expected a table"
        file.tell("unreadable_file", message)
        return None
    header = [texts.get((1, column), "") for column in range(1, wide + 1)]
    columns = [[""] * (long - 1) for _ in header]
    for (row, column), text in texts.items():
        if row > 1:
            columns[column - 1][row - 2] = text
    found = Cells(header, by_position(columns, 2))
    return found if found.named_once(file) else None
