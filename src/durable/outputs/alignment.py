"""Numbers of a column under one another: the units of the first number of each cell.

Cells are padded with spaces as wide as a digit, so that every form that sets the type at the left
(HTML, RTF, DOCX, PDF) shows them aligned, as decimal tabs do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

FIGURE_SPACE, PUNCTUATION_SPACE = "\N{FIGURE SPACE}", "\N{PUNCTUATION SPACE}"
#: A cell that begins with a number: its bracket, and the digits before the decimal point.
_NUMBER = re.compile(r"(\(?)(-?\d+)")
#: What stands for a number that cannot be given.
_NO_NUMBER = ("NE", "NC")


def align(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows with the numbers of each column aligned; cells without a number stay as they are.

    Raises ValueError where the rows are not of one length.
    """
    columns = [_padded_cells(column) for column in zip(*rows, strict=True)]
    return list(zip(*columns, strict=True)) if columns else list(rows)


def _padded_cells(cells: Sequence[str]) -> list[str]:
    starts = [_start(cell) for cell in cells]
    numbers = [start for start in starts if start is not None]
    brackets = max((bracket for bracket, _ in numbers), default=0)
    digits = max((width for _, width in numbers), default=0)
    return [
        cell
        if start is None
        else PUNCTUATION_SPACE * (brackets - start[0]) + FIGURE_SPACE * (digits - start[1]) + cell
        for cell, start in zip(cells, starts, strict=True)
    ]


def _start(cell: str) -> tuple[int, int] | None:
    """Brackets and digits before the decimal point; None of a text that is no number."""
    number = _NUMBER.match(cell)
    if number:
        return len(number[1]), len(number[2])
    bare = cell.removeprefix("(")
    return (len(cell) - len(bare), 2) if bare.startswith(_NO_NUMBER) else None
