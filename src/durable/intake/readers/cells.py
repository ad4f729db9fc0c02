"""What every reader returns, a file as text cell by cell; and how values are written as text."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.characters import no_character
from durable.intake.findings import Findings, visible_text
from durable.intake.texts import all_blank, categorical
from durable.language import _
from durable.plan.limits import LIMITS, Limits

MEGABYTE = 1_000_000
_MOST_DIGITS = 400
#: A number with decimals, as `plain_decimal` writes it.
_DECIMALS = re.compile(r"-?[0-9]+\.[0-9]+", re.ASCII)
#: Significant digits that a number of double precision holds whatever it is: digits beyond them
#: are a rest of binary arithmetic (2.2 - 2), and no spreadsheet or SAS shows them.
_DIGITS = Context(prec=15)


@dataclass(frozen=True)
class File:
    """A file to read for an input table, with the collector of the findings on it."""

    table: str
    """Input table that the file is read for."""
    name: str
    """Name of the file in findings."""
    data: bytes
    """Content of the file."""
    findings: Findings
    limits: Limits = LIMITS
    """Section ``inputs.limits`` of the plan."""
    domain: str = ""
    """Domain of an SDTM package, where the file is one."""
    section: str = ""
    """Section of the plan that describes the file, where it is not that of the table."""

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of `data` in hexadecimal digits."""
        return hashlib.sha256(self.data).hexdigest()

    def key(self, name: str) -> str:
        """Key of the plan that holds an option of the file: ``inputs.visits.sheet`` for ``sheet``.

        Of a file of an SDTM package ``inputs.sdtm.encoding``; ``sha256`` and ``records`` end in the
        domain (``inputs.sdtm.sha256.DM``).
        """
        if not self.domain:
            return f"inputs.{self.section or self.table}.{name}"
        return f"inputs.sdtm.{name}" + (f".{self.domain}" if name in ("sha256", "records") else "")

    def exceeds(self, key: str, number: int, unit: str, **location: Any) -> bool:
        """Whether a number is greater than the limit ``inputs.limits.<key>``; reported if so.

        Parameters
        ----------
        unit
            What is counted, in words for the message: "columns".
        location
            Arguments of `report`, such as ``row``.
        """
        limit = getattr(self.limits, key)
        if number <= limit:
            return False
        message = _("{number} {what}; expected at most {limit} (inputs.limits.{key})").format(
            number=number, what=unit, limit=limit, key=key
        )
        self.report("too_large", message, **location)
        return True

    def exceeds_unpacked(self, size: int) -> bool:
        """Whether `size`, in bytes when unpacked, is above ``inputs.limits.file_mb``; reported."""
        return self.exceeds("file_mb", -(-size // MEGABYTE), _("MB when unpacked"))

    def accepts_header(self, header: list[str]) -> bool:
        """Whether the names of the columns can be those of a table; reported where they cannot.

        They cannot where there are more than ``inputs.limits.columns``, where a name occurs twice
        (blank names may), or where one holds a character that is no text (`no_character`).
        """
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
                    name=visible_text(name)
                )
                self.report("repeated_column", message, column=name)
            sound &= not wrong and number == 1
        return sound

    def report(self, rule: str, message: str, **location: Any) -> None:
        """Add a finding on the file.

        `location` holds further arguments of `Findings.add_about_file`: ``column``, ``value``,
        ``row``, ``severity``.
        """
        self.findings.add_about_file(self.table, self.name, rule, message, **location)


@dataclass(frozen=True)
class Cells:
    """A file as text: the header, and the rows below it that have as many cells."""

    header: list[str]
    text: pd.DataFrame
    """Columns by position, as '0', '1' ..., categorical; the index is the number of the row as
    users of the format count it. An empty cell is ''."""
    broken: int = 0
    """Records that are left out, and reported, because they have more or fewer cells."""
    numbers: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    """By position of a column which of its cells the file holds as a number, and not as a text that
    looks like one; columns without any may be left out. In CSV there are none."""

    @cached_property
    def records(self) -> int:
        """How many records the file holds: rows with a value, and those left out as broken."""
        blank = all_blank(self.text, self.text)
        return self.broken + int(np.count_nonzero(~blank))

    def without_blanks(self, file: File) -> Cells | None:
        """With column names stripped of blanks, each reported; None where these cannot be names.

        That is decided, and reported, by `File.accepts_header`: two names may now be one.
        """
        header = [name.strip() for name in self.header]
        for name in (name for name, bare in zip(self.header, header, strict=True) if name != bare):
            message = _("found {name!r}; expected no leading or trailing blanks (removed)").format(
                name=visible_text(name)
            )
            file.report("blanks", message, column=name.strip(), value=name)
        return replace(self, header=header) if file.accepts_header(header) else None

    def with_decimal(self, sign: str) -> Cells:
        """With `sign` in place of the point of what the file holds as numbers.

        That is how a spreadsheet shows them, and saves them as CSV, where texts have that sign. So
        1.234 stays the number that it is where the texts of the file have points for thousands.
        """
        if sign == ".":
            return self
        columns = {
            name: with_decimal(self.text[name], cells, sign) for name, cells in self.numbers.items()
        }
        return replace(self, text=self.text.assign(**columns))


def with_decimal(
    column: pd.Series[str], numbers: npt.NDArray[np.bool_], sign: str
) -> pd.Series[str]:
    """The texts of a column with `sign` for the point in those that are `numbers`; categorical."""
    if sign == ".":
        return column
    texts = column.astype(object).to_numpy().copy()
    # Moments with a fraction of a second are no decimals.
    written = {
        t: t.replace(".", sign) if _DECIMALS.fullmatch(t) else t for t in set(texts[numbers])
    }
    texts[numbers] = [written[text] for text in texts[numbers]]
    return pd.Series(categorical(texts), index=column.index)


def columns_by_position(columns: list[Any], first_row: int) -> pd.DataFrame:
    """A frame of columns of text, named '0', '1' ... in their order and categorical.

    Its index counts the rows from `first_row`.
    """
    coded = [c if isinstance(c, pd.Categorical) else categorical(c) for c in columns]
    text = pd.DataFrame({str(i): column for i, column in enumerate(coded)}, copy=False)
    text.index = pd.RangeIndex(first_row, first_row + len(text))
    return text


def native_text(value: Any) -> str:
    """A value as the native tables write it.

    None and NaT are '', and True is "TRUE". A number has plain decimals, a float 15 significant
    digits (`significant_digits`); NaN is "nan". Dates and times are in ISO 8601: a datetime at
    midnight without a time zone is a date, and a time of whole minutes HH:MM. Anything else is
    `str` of it.
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
    """A number rounded to 15 significant digits (or `digits`): 0.20000000000000018 is 0.2.

    A whole number below 2^53 keeps all its digits, since it may be the number of a subject. A
    number that is not finite, or whose exponent is above 400, is returned as it is; any other as a
    Decimal.
    """
    exact = Decimal(repr(float(number)) if isinstance(number, float) else number)
    if not exact.is_finite() or abs(exact.adjusted()) > _MOST_DIGITS:
        return number
    # Below 2^53 every whole number is one of its own.
    if abs(exact) < 2**53 and exact == exact.to_integral_value():
        return exact
    return digits.plus(exact)


def plain_decimal(number: float | Decimal) -> str:
    """A number as text without an exponent or trailing zeros: 1e-05 is "0.00001", 3.0 is "3".

    One that is not finite, or whose exponent is above 400, is as Python writes it ("nan").
    """
    if isinstance(number, float):
        if not math.isfinite(number):
            return str(float(number))
        number = Decimal(repr(float(number)))
    number = Decimal(number)
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        return str(number)
    digits = format(number, "f")
    return digits.rstrip("0").removesuffix(".") if "." in digits else digits
