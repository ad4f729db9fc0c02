"""What the number format of a workbook's cell says of the number in it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Literal

from openpyxl.utils.datetime import from_excel

#: Built-in formats of East Asian versions (ECMA-376, part 1, 18.8.30): dates, and a few times. The
#: file holds their number alone, and which of them shows what depends on the language.
EAST_ASIAN = frozenset((*range(27, 37), *range(50, 59)))
#: Of them those that show a month without its day in one of the languages.
EAST_ASIAN_MONTHS = frozenset((27, 34, 36, 50, 52, 55, 57))

#: What is no sign of a number format: quoted, escaped, padding or bracketed text.
_LITERAL = re.compile(r"\"[^\"]*\"|[\\_*].|\[[^\]]*\]")
_WEEKDAY = re.compile(r"aaaa?")
_ZEROS = re.compile(r"0{2,}")


def format_signs(number_format: str) -> str:
    """The signs of a format's first section, in small letters, without literal text.

    ``YYYY"-"MM;@`` gives ``yyyymm``.
    """
    return _LITERAL.sub("", number_format.split(";")[0]).lower()


def date_by_format(cell: Any, epoch: dt.datetime) -> dt.datetime | dt.time | None:
    """The date or time that a number means by a format that openpyxl does not know as a date's.

    None where it means a number, or one that no date has. Known here are the built-in formats of
    East Asian versions (`EAST_ASIAN`) and ``aaa`` and ``aaaa``, the weekday.
    """
    number_format = format_signs(cell.number_format)
    known = cell._style.numFmtId in EAST_ASIAN or bool(_WEEKDAY.fullmatch(number_format.strip()))
    if not known or isinstance(cell.value, bool) or not isinstance(cell.value, int | float):
        return None
    try:
        moment: dt.datetime | dt.time = from_excel(cell.value, epoch)
    except (OverflowError, ValueError):
        return None
    return moment


def parts_shown(number_format: str) -> Literal["day", "month and day", "month", "year"]:
    """Which parts of a date a format shows: "day" is the whole date.

    "month" is year and month, or the month alone; a format without any part of a date gives "day".
    A year may be one of an era (e, as in ``ge.m.d``) or Buddhist (b). A format that shows nothing
    but the day or the weekday is chosen for a date that is complete; one of month and day is given
    to what a person typed without a year, which the program then filled in.
    """
    shown = format_signs(number_format)
    year, month, day = (bool(set(part) & set(shown)) for part in ("yeb", "m", "d"))
    if set("hs") & set(shown) or (day and (year or not month)):
        return "day"
    if day:
        return "month and day"
    if month:
        return "month"
    return "year" if year else "day"


def zero_width(number_format: str) -> int:
    """Digits to which a format such as 000 fills a whole number up; 0 for any other."""
    return len(number_format) if _ZEROS.fullmatch(number_format) else 0
