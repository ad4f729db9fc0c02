"""Forms in which files write dates and times, and what a text in one of them means."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache, cached_property

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
)
#: What stands in the place of a day or a month that is not known.
UNKNOWN = ("UN", "UNK", "NK", "XX", "XXX", "??")
_UNKNOWN = "|".join(map(re.escape, sorted(UNKNOWN, key=len, reverse=True)))
#: Each part of a form: what it matches, and of which part of a date or time it is.
_PARTS = {
    "YYYY": ("year", "[0-9]{4}"),
    "YY": ("year", "[0-9]{2}"),
    "MMMM": ("month", "|".join((*_MONTHS, _UNKNOWN))),
    "MMM": ("month", "|".join((*(name[:3] for name in _MONTHS), _UNKNOWN))),
    "MM": ("month", f"[0-9]{{2}}|{_UNKNOWN}"),
    "M": ("month", f"[0-9]{{1,2}}|{_UNKNOWN}"),
    "DD": ("day", f"[0-9]{{2}}|{_UNKNOWN}"),
    "D": ("day", f"[0-9]{{1,2}}|{_UNKNOWN}"),
    "hh": ("hour", "[0-9]{2}"),
    "h": ("hour", "[0-9]{1,2}"),
    "mm": ("minute", "[0-9]{2}"),
    "ss": ("second", r"[0-9]{2}(?:\.[0-9]+)?"),
    "am": ("half", "am|pm|a\\.m\\.|p\\.m\\."),
}
_PART = re.compile("|".join(_PARTS))
#: A time of Greenwich, or one with its distance from it.
_ZONE = re.compile(r"(mm|ss)(\.[0S]+)?\s*(Z|UTC|[+-]\s*[0-9h]{1,2})", re.IGNORECASE)
_SETS = (
    {"year"},
    {"year", "month"},
    {"year", "month", "day"},
    {"hour", "minute"},
    {"hour", "minute", "day", "month", "year"},
)
_EXPECTED = (
    "a form of a date, of a time, or of both, such as DD-MMM-YYYY, MM/DD/YYYY, YYYY年M月D日 or"
    " YYYY-MM-DD hh:mm"
)


@dataclass(frozen=True)
class Moment:
    """What a text means: a date, perhaps without its day or month, a time, or both."""

    date: str = ""
    """YYYY-MM-DD, YYYY-MM or YYYY; '' where the form has none."""
    time: str = ""
    """HH:MM; '' where the form has none."""


@dataclass(frozen=True)
class DateForm:
    """A form of dates or times: parts in letters (YYYY, MMM, DD, hh, mm), other signs as they are.

    Capital letters are of the date, small ones of the time; MMM is a month's first three letters in
    English, MMMM its name, in any case; M and D are one or two digits. YY is a year from 2000 on.

    Raises
    ------
    ValueError
        Where the text is no form, with what was expected.
    """

    text: str

    def __post_init__(self) -> None:
        """Refuse a text that says neither a date nor a time."""
        names = [_PARTS[part][0] for part in _PART.findall(self.text)]
        kept = set(names) - {"second", "half"}
        without_time = kept.isdisjoint({"hour", "minute"}) and set(names) != kept
        if len(set(names)) < len(names) or kept not in _SETS or without_time:
            raise ValueError(_EXPECTED)
        if _ZONE.search(self.text):
            raise ValueError(
                "a form without a time zone, in which the day may be another one than at the site;"
                " a query (sql) can convert it"
            )

    @property
    def guesses_century(self) -> bool:
        """Whether the form has two digits of the year (YY)."""
        return "YY" in _PART.findall(self.text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        first, *signs = map(re.escape, _PART.split(self.text))
        parts = ("(?P<{}>{})".format(*_PARTS[part]) for part in _PART.findall(self.text))
        body = "".join(part + sign for part, sign in zip(parts, signs, strict=True))
        return re.compile(first + body, re.IGNORECASE | re.ASCII)

    def read(self, text: str) -> Moment | None:
        """The date or time that a text means; None if it is in another form or does not exist.

        Parts that are not known are left out: in DD-MMM-YYYY, ``UN-MAR-2024`` is ``2024-03``. A day
        without its month is None.
        """
        match = self._pattern.fullmatch(text)
        if match is None:
            return None
        parts = match.groupdict()
        date = "" if "year" not in parts else _date(parts)
        time = "" if "hour" not in parts else _time(parts)
        if date is None or time is None:
            return None
        return Moment(date, time)


def _date(parts: dict[str, str]) -> str | None:
    """YYYY-MM-DD, without what is not known; None where there is no such day."""
    year = parts["year"] if len(parts["year"]) == 4 else f"20{parts['year']}"
    month, day = _month(parts.get("month")), _day(parts.get("day"))
    if month is None and day is not None:
        return None
    try:
        dt.date(int(year), 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        return None
    if month is None:
        return year
    return f"{year}-{month:02d}" + ("" if day is None else f"-{day:02d}")


def _month(text: str | None) -> int | None:
    if text is None or text.upper() in UNKNOWN:
        return None
    if text.isdigit():
        return int(text)
    return 1 + [name[:3] for name in _MONTHS].index(text[:3].lower())


def _day(text: str | None) -> int | None:
    return None if text is None or text.upper() in UNKNOWN else int(text)


def _time(parts: dict[str, str]) -> str | None:
    """HH:MM; None where there is no such time."""
    hour, minute = int(parts["hour"]), int(parts["minute"])
    half = parts.get("half")
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.lower().startswith("p") else 0)
    sound = hour < 24 and minute < 60 and float(parts.get("second", "0")) < 60
    return f"{hour:02d}:{minute:02d}" if sound else None


#: First days of the counts by which programs store a date, and the numbers of the days from 1990 to
#: 2049 by them. No number is in both.
_COUNTS = (
    (dt.date(1899, 12, 30), range(32874, 54789)),  # a workbook
    (dt.date(1960, 1, 1), range(10958, 32874)),  # SAS
)


@dataclass(frozen=True)
class DayNumber:
    """A date stored as a number of days."""

    first: str
    """The day from which is counted: 1899-12-30 by a workbook, 1960-01-01 by SAS."""
    date: str

    @classmethod
    def read(cls, text: str) -> DayNumber | None:
        """The day that a whole number may be, from 1990 to 2049; None for another text."""
        if not re.fullmatch("[0-9]{5}", text, re.ASCII):
            return None
        for first, days in _COUNTS:
            if int(text) in days:
                date = first + dt.timedelta(days=int(text))
                return cls(first.isoformat(), date.isoformat())
        return None


#: Forms that a message may propose, the plainer first.
_KNOWN = (
    *("DD-MMM-YYYY", "DD MMM YYYY", "DDMMMYYYY", "DD/MMM/YYYY", "DD-MMM-YY", "MMM DD, YYYY"),
    *("D-MMM-YYYY", "D MMM YYYY", "D/MMM/YYYY", "D-MMM-YY", "MMM D, YYYY", "D MMMM YYYY"),
    *("MMMM D, YYYY", "MM/DD/YYYY", "DD/MM/YYYY", "M/D/YYYY", "D/M/YYYY", "YYYY/MM/DD"),
    *(
        "YYYY/M/D",
        "DD.MM.YYYY",
        "D.M.YYYY",
        "YYYY.MM.DD",
        "YYYY.M.D",
        "DD-MM-YYYY",
        "MM-DD-YYYY",
        "YYYYMMDD",
        "YYYY. M. D.",
    ),
    *("YYYY年M月D日", "YYYY年M月", "YYYY年", "MMM-YYYY", "MMM YYYY", "MM/YYYY", "YYYY-M-D"),
)
_TIMES = ("hh:mm", "h:mm", "hh:mm:ss", "h:mm am", "h:mm:ss am")


@cache
def known_forms() -> tuple[DateForm, ...]:
    """Usual forms of dates, of times, and of dates with a time, the plainer first.

    Without YYYY-MM-DD and hh:mm alone, which need no form.
    """
    dates = ("YYYY-MM-DD", *(form for form in _KNOWN if "D" in form))
    both = [f"{date}{between}{time}" for date in dates for between in " T" for time in _TIMES]
    # As SAS writes a date with its time.
    both += [f"DDMMMYYYY:{time}" for time in _TIMES]
    return tuple(map(DateForm, (*_KNOWN, *_TIMES[1:], *both)))


def forms_of(texts: list[str]) -> list[str]:
    """The usual forms in which every one of some texts can be read; empty where there is none.

    ``03/04/2025`` gives MM/DD/YYYY and DD/MM/YYYY. Of forms by which all texts mean the same, only
    the first of `known_forms` is given.

    Parameters
    ----------
    texts
        Not empty; without those that are ISO 8601 already.
    """
    forms_by_reading: dict[tuple[Moment | None, ...], str] = {}
    for form in known_forms():
        readings = tuple(map(form.read, texts))
        if None not in readings:
            forms_by_reading.setdefault(readings, form.text)
    return list(forms_by_reading.values())
