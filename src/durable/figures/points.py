"""The points of a figure, as the analysis wrote them to the figure's CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import nan
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from durable.errors import UserError
from durable.files import recorded_cell

#: A longer name of a subject or group is shortened where it is drawn; the CSV holds it whole.
LONGEST = 24


@dataclass(frozen=True)
class Points:
    """Columns of equal length, in the order of the file."""

    columns: dict[str, NDArray[np.object_]]
    """Texts of each column, safe to draw, by its name; at least one column."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def text(self, column: str) -> list[str]:
        """One column as text; '' where it is empty."""
        return [str(cell) for cell in self.columns[column]]

    def number(self, column: str) -> NDArray[np.float64]:
        """One column as numbers; NaN where it is empty, ValueError for a text that is no number."""
        return np.array([float(cell) if cell else nan for cell in self.columns[column]])

    def take(self, rows: NDArray[np.bool_]) -> Points:
        """The rows that are True."""
        return Points({name: cells[rows] for name, cells in self.columns.items()})

    def where(self, **equal: str) -> Points:
        """The rows in which each named column has the given text."""
        rows = np.ones(len(self), dtype=bool)
        for column, value in equal.items():
            rows &= self.columns[column] == value
        return self.take(rows)

    def distinct(self, *columns: str) -> list[tuple[str, ...]]:
        """The distinct combinations of some columns, in the order of their first row."""
        return list(dict.fromkeys(zip(*(self.text(name) for name in columns), strict=True)))

    def values(self, column: str) -> list[str]:
        """The distinct texts of one column, in the order of their first row."""
        return list(dict.fromkeys(self.text(column)))

    def group_by(self, *columns: str) -> Iterator[tuple[tuple[str, ...], Points]]:
        """The rows of each distinct combination, in the order of the first row of each."""
        for key in self.distinct(*columns):
            yield key, self.where(**dict(zip(columns, key, strict=True)))

    def where_in(self, column: str, values: Iterable[str]) -> Points:
        """The rows in which a column has one of these texts."""
        kept = set(values)
        return self.take(np.array([cell in kept for cell in self.columns[column]], dtype=bool))


def read_points(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> Points:
    """Read these columns of a figure's CSV as `drawable` texts; other columns are left out.

    `optional` are columns that are read where the file has them.

    Raises
    ------
    UserError
        Where the file lacks a column.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        if missing := [name for name in columns if name not in header]:
            raise UserError(f"{path}: no column {', '.join(missing)}")
        body = [row for row in rows if row]
    read = [*columns, *(name for name in optional if name in header)]
    positions = {name: header.index(name) for name in read}
    return Points(
        {
            name: np.array([drawable(row[position]) for row in body], dtype=object)
            for name, position in positions.items()
        }
    )


@cache
def drawable(text: str) -> str:
    """Text as it is drawn: one line, of characters that can be printed.

    The apostrophe that keeps a spreadsheet from running a cell as a formula is taken off again.
    """
    recorded = recorded_cell(text)
    return " ".join("".join(c if c.isprintable() else " " for c in recorded).split())


def short_names(names: Iterable[str]) -> dict[str, str]:
    """How each of some names is drawn: as `short`, where no other of them is drawn the same.

    Else it keeps what tells it apart: its first 11 signs, and 11 from where it differs from the
    name that it shares most with.
    """
    alike: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        alike.setdefault(short(name), []).append(name)
    return {
        name: shortened if len(same) == 1 else _short_from_difference(name, same)
        for shortened, same in alike.items()
        for name in same
    }


def _short_from_difference(name: str, names: list[str]) -> str:
    half = (LONGEST - 1) // 2
    start = max(_common_start(name, other) for other in names if other != name)
    ending = name[start:]
    return (
        name[:half]
        + ("…" if start > half else "")
        + (ending if len(ending) <= half else f"{ending[:half]}…")
    )


def _common_start(name: str, other_name: str) -> int:
    """How many signs two names have in common from their first on."""
    pairs = enumerate(zip(name, other_name, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(name), len(other_name)))


def short(text: str) -> str:
    """A name as it is drawn: the first and last 11 signs of one of more than `LONGEST`, 24."""
    half = (LONGEST - 1) // 2
    return text if len(text) <= LONGEST else f"{text[:half]}…{text[-half:]}"
