"""What every reader gives: a file as text, cell by cell; and the one way a value is written."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections import Counter
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from durable.characters import no_character
from durable.intake.findings import Findings, escaped
from durable.intake.texts import all_blank, categorical
from durable.language import _
from durable.plan.limits import LIMITS, Limits

MEGABYTE = 1_000_000
_MOST_DIGITS = 400
#: Significant digits that a number of double precision holds whatever it is: what lies beyond them
#: is a rest of binary arithmetic (2.2 - 2), and no spreadsheet or SAS shows it.
_DIGITS = Context(prec=15)


@dataclass(frozen=True)
class File:
    """A file to read, and where to say what is wrong with it."""

    table: str
    name: str
    data: bytes
    findings: Findings
    limits: Limits = LIMITS
    domain: str = ""
    """Domain of an SDTM package, where the file is one."""
    section: str = ""
    """Section of the plan that describes the file, where it is not that of the table."""

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    def key(self, name: str) -> str:
        """The key of the plan that says something of the file."""
        if not self.domain:
            return f"inputs.{self.section or self.table}.{name}"
        return f"inputs.sdtm.{name}" + (f".{self.domain}" if name in ("sha256", "records") else "")

    def exceeds(self, key: str, found: int, what: str, **place: Any) -> bool:
        """Whether there is more of something than a key of ``inputs.limits`` allows; reported."""
        limit = getattr(self.limits, key)
        if found <= limit:
            return False
        message = _("{number} {what}; expected at most {limit} (inputs.limits.{key})").format(
            number=found, what=what, limit=limit, key=key
        )
        self.report("too_large", message, **place)
        return True

    def exceeds_unpacked(self, size: int) -> bool:
        """Whether the bytes of a file that is compressed within are too many; reported."""
        return self.exceeds("file_mb", -(-size // MEGABYTE), _("MB when unpacked"))

    def accepts_header(self, header: list[str]) -> bool:
        """Whether the names of the columns can be those of a table; reported where they cannot."""
        if self.exceeds("columns", len(header), _("columns")):
            return False
        sound = True
        for name, number in Counter(name for name in header if name.strip()).items():
            wrong = no_character(name)
            if wrong:
                message = _("{wrong} in the name of a column; expected text").format(wrong=wrong)
                self.report("bad_character", message, column=name)
            if number > 1:
                message = _("two columns {name}; expected each name once").format(
                    name=escaped(name)
                )
                self.report("repeated_column", message, column=name)
            sound &= not wrong and number == 1
        return sound

    def report(self, rule: str, message: str, **place: Any) -> None:
        """A finding on the file (`Findings.add_about_file`)."""
        self.findings.add_about_file(self.table, self.name, rule, message, **place)


@dataclass(frozen=True)
class Cells:
    """A file as text: the header, and the rows below it that have as many cells."""

    header: list[str]
    text: pd.DataFrame
    """Columns by position, as '0', '1' ..., categorical; the index is the row as users of the
    format count."""
    broken: int = 0
    """Records that are left out, and reported, because they have more or fewer cells."""

    @cached_property
    def records(self) -> int:
        """How many records the file holds; a row without any value is none."""
        blank = all_blank(self.text, self.text)
        return self.broken + int(np.count_nonzero(~blank))

    def without_blanks(self, file: File) -> Cells | None:
        """With names without the blanks around them (reported); None where two are then one."""
        header = [name.strip() for name in self.header]
        for name in (name for name, bare in zip(self.header, header, strict=True) if name != bare):
            message = _("found {name!r}; expected no leading or trailing blanks (removed)").format(
                name=escaped(name)
            )
            file.report("blanks", message, column=name.strip(), value=name)
        return replace(self, header=header) if file.accepts_header(header) else None


def columns_by_position(columns: list[Any], first_row: int) -> pd.DataFrame:
    """Columns of texts under their positions, rows counted from `first_row`."""
    coded = [c if isinstance(c, pd.Categorical) else categorical(c) for c in columns]
    text = pd.DataFrame({str(i): column for i, column in enumerate(coded)}, copy=False)
    text.index = pd.RangeIndex(first_row, first_row + len(text))
    return text


def native_text(value: Any) -> str:
    """A value as the native tables write it; one that they cannot hold as text that is refused.

    Numbers in plain decimals, of binary ones the first 15 significant digits (`significant`);
    dates, and times without a date at midnight, in ISO 8601; missing is empty.
    """
    if value is None or value is pd.NaT:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return plain_decimal(significant_digits(value))
    if isinstance(value, int | Decimal):
        return plain_decimal(value)
    if isinstance(value, dt.datetime):
        day = value.tzinfo is None and value.time() == dt.time()
        return f"{value:%Y-%m-%d}" if day else value.isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return f"{value:%H:%M}" if value.replace(hour=0, minute=0) == dt.time() else str(value)
    return str(value)


def significant_digits(number: float | Decimal, digits: Context = _DIGITS) -> float | Decimal:
    """A number by its first 15 significant digits: 0.20000000000000018 is 0.2.

    A whole number keeps all its digits as long as a double holds each of them: it may be the
    number of a subject.
    """
    exact = number if isinstance(number, Decimal) else Decimal(repr(number))
    if not exact.is_finite() or abs(exact.adjusted()) > _MOST_DIGITS:
        return number
    # Below 2^53 every whole number is one of its own.
    if abs(exact) < 2**53 and exact == exact.to_integral_value():
        return exact
    return digits.plus(exact)


def plain_decimal(number: float | Decimal) -> str:
    """A number without an exponent and without zeros after its last decimal."""
    if not isinstance(number, Decimal):
        if not math.isfinite(number):
            return str(number)
        number = Decimal(repr(number))
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        return str(number)
    digits = format(number, "f")
    return digits.rstrip("0").removesuffix(".") if "." in digits else digits
