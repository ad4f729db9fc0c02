"""What every reader gives: a file as text, cell by cell; and the one way a value is written."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd

from durable.intake.findings import Findings
from durable.intake.progress import Progress
from durable.intake.texts import texts

_MOST_DIGITS = 400


@dataclass(frozen=True)
class File:
    """A file to read, and where to say what is wrong with it."""

    table: str
    name: str
    data: bytes
    findings: Findings
    progress: Progress = field(default_factory=Progress)

    def tell(self, rule: str, message: str, **place: Any) -> None:
        """A finding on the file (`Findings.add_one`)."""
        self.findings.add_one(self.table, self.name, rule, message, **place)


@dataclass(frozen=True)
class Cells:
    """A file as text: the header, and the rows below it that have as many cells."""

    header: list[str]
    text: pd.DataFrame
    """Columns by position, as '0', '1' ..., categorical; the index is the row as users of the
    format count."""

    def named_once(self, file: File) -> bool:
        """Whether no column has the name of another; told where one has."""
        named = [name for name in self.header if name.strip()]
        repeated = sorted({name for name in named if named.count(name) > 1})
        for name in repeated:
            message = f"{name} twice; expected each column once"
            file.tell("repeated_column", message, column=name)
        return not repeated


def by_position(columns: list[Any], first_row: int) -> pd.DataFrame:
    """Columns of texts under their positions, rows counted from `first_row`."""
    coded = [c if isinstance(c, pd.Categorical) else texts(c) for c in columns]
    text = pd.DataFrame({str(i): column for i, column in enumerate(coded)}, copy=False)
    text.index = pd.RangeIndex(first_row, first_row + len(text))
    return text


def text_of(value: Any) -> str:
    """A value as the native tables write it; one that they cannot hold as text that is refused.

    Numbers in plain decimals, with the fewest digits that give the same number again (0.1 stays
    0.1); dates, and times without a date at midnight, in ISO 8601; missing is empty.
    """
    if value is None or value is pd.NaT:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float | Decimal):
        return plain(value)
    if isinstance(value, dt.datetime):
        day = value.tzinfo is None and value.time() == dt.time()
        return f"{value:%Y-%m-%d}" if day else value.isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return f"{value:%H:%M}" if value.replace(hour=0, minute=0) == dt.time() else str(value)
    return str(value)


def plain(number: float | Decimal) -> str:
    """A number without an exponent and without zeros after its last decimal."""
    if not isinstance(number, Decimal):
        if not math.isfinite(number):
            return str(number)
        number = Decimal(repr(number))
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        return str(number)
    digits = format(number, "f")
    return digits.rstrip("0").removesuffix(".") if "." in digits else digits
