"""What the cells of a column hold: dates in which forms, numbers, words for missing, codes."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from durable.contracts.input_table import ColumnSpec
from durable.contracts.spelling import fold
from durable.contracts.words import is_missing_word
from durable.dates import DateForm, Moment, known_forms
from durable.inspection.synonyms import value_words
from durable.inspection.visit_labels import usual_label
from durable.intake.numbers import Limited, NumberForm
from durable.sections import FIRST_YEAR, LAST_YEAR

_ISO = re.compile(r"([0-9]{4})-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_IN_PART = re.compile(r"(19|20)[0-9]{2}(-(0[1-9]|1[0-2]))?")
_DATE_LIKE = re.compile(r"[0-9].{0,40}", re.DOTALL)
_POINT, _COMMA = NumberForm(), NumberForm(",", ".")
_COMMA_ALONE = NumberForm(",")
_THOUSANDS = NumberForm(".", ",")
#: Distinct texts that are tried for a form; the rest is then read by it.
_SAMPLE = 300
#: Share of the values that makes a column one of dates or numbers.
_MOST = 0.6
_SERIAL = re.compile(r"1[4-9][0-9]{3}|2[0-9]{4}|3[6-9][0-9]{3}|4[0-9]{4}")
_MOST_CODES, _LONGEST_CODE = 12, 24
#: Columns of texts that no number can be.
_IN_WORDS = frozenset(("term", "preferred_term", "system_organ_class", "therapy", "medicine"))
_ROMAN = ("i", "ii", "iii", "iv", "v")
_SEVERITIES = (
    *("mild", "moderate", "severe", "life-threatening", "life threatening", "death", "fatal"),
    *("轻度", "中度", "重度", "危及生命", "死亡"),
)
#: A grade with a word before it, a severity behind it, or both; "3-4" and "2 or higher" are none.
_GRADE = re.compile(
    r"(?:(?:ctcae|astct|crs|icans)\s*)?(?:grade|gr\.?|g)?\s*"
    rf"(?:(?P<number>[0-5])|(?P<roman>{'|'.join(_ROMAN)}))\s*[级度]?"
    rf"(?:\s*[-:(,]?\s*(?:{'|'.join(_SEVERITIES)})\)?)?"
)


@dataclass(frozen=True)
class Dates:
    """How the dates and times of a column are written."""

    forms: tuple[str, ...] = ()
    """Forms beside YYYY-MM-DD that together read the dates, the one that reads most texts first.

    They are chosen by the first 300 distinct texts.
    """
    ambiguous: tuple[tuple[str, ...], ...] = ()
    """Groups of forms that read the same texts as different dates; a person must choose one."""
    n_dates: int = 0
    """Number of cells that hold a date, in part or in whole, or a time."""
    partial: int = 0
    """Number of these cells whose date lacks the day, or month and day."""
    timed: bool = False
    """Whether any cell has a time of day."""


@dataclass(frozen=True)
class Contents:
    """The distinct values of a column, each with the number of its cells."""

    counts: Mapping[str, int]
    """Number of cells by value, without blanks around it; empty cells are left out."""
    records: int
    """Number of cells, the empty ones included."""

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> Contents:
        """The contents of a column whose cells hold these texts; blank ones count as empty."""
        stripped = [text.strip() for text in texts]
        counts = Counter(text for text in stripped if text)
        return cls(counts, len(stripped))

    @cached_property
    def missing(self) -> dict[str, int]:
        """Number of cells by word for missing (NA, ND, -)."""
        return {text: n for text, n in self.counts.items() if is_missing_word(text)}

    @cached_property
    def texts(self) -> dict[str, int]:
        """Number of cells by value, words for missing left out."""
        return {text: n for text, n in self.counts.items() if text not in self.missing}

    @cached_property
    def total(self) -> int:
        """Number of cells that hold a value other than a word for missing."""
        return sum(self.texts.values())

    @cached_property
    def dates(self) -> Dates:
        """How the dates among the values are written."""
        return _dates(self.texts)

    @cached_property
    def limit_texts(self) -> dict[str, int]:
        """Number of cells by text, of results beyond a limit, such as <5 or <1,5."""
        forms = (_POINT, _COMMA_ALONE)
        return {
            text: n
            for text, n in self.texts.items()
            if any(Limited.read(text, form) for form in forms)
        }

    @cached_property
    def numbers(self) -> int:
        """Number of cells that hold a number (`plain_number`) or a limit (`limit_texts`)."""
        return sum(
            n for text, n in self.texts.items() if is_number(text) or text in self.limit_texts
        )

    @property
    def is_dated(self) -> bool:
        """Whether at least 60% of the cells with a value are dates, whole or in part, or times.

        Words for missing are no values. False for a column without values.
        """
        return bool(self.total) and self.dates.n_dates >= _MOST * self.total

    @property
    def is_numeric(self) -> bool:
        """Whether at least 60% of the cells with a value are numbers, <5 and 1,5 among them.

        Words for missing are no values. False for a column without values.
        """
        return bool(self.total) and self.numbers >= _MOST * self.total

    @property
    def is_serial(self) -> bool:
        """Whether every value may be a day counted from 1960 (SAS) or 1900 (workbooks), from 1998.

        These are 14000 to 29999 and 36000 to 49999. False for a column without values.
        """
        return bool(self.total) and all(_SERIAL.fullmatch(text) for text in self.texts)

    @property
    def is_in_part(self) -> bool:
        """Whether every value is YYYY or YYYY-MM, 1900 to 2099; False where there are no values."""
        return bool(self.total) and all(_IN_PART.fullmatch(text) for text in self.texts)

    @property
    def is_coded(self) -> bool:
        """Whether there are 1 to 12 distinct values, each of at most 24 characters."""
        few = 0 < len(self.texts) <= _MOST_CODES
        return few and all(len(text) <= _LONGEST_CODE for text in self.texts)

    @property
    def is_unique(self) -> bool:
        """Whether no value occurs twice; False for an empty column."""
        return bool(self.counts) and max(self.counts.values()) == 1

    def magnitudes(self) -> list[float]:
        """The numbers of the cells (`plain_number`), ascending; limits and words are left out."""
        numbers = []
        for text, number in self.texts.items():
            plain = plain_number(text)
            if plain is not None:
                numbers += [plain] * number
        return sorted(numbers)


def plain_number(text: str) -> float | None:
    """A number with a point, else a comma for decimals; None where the text is none.

    "1,5" gives 1.5 and "1,234" 1.234, but "1,234.5" gives 1234.5 and "1.234,5" too.
    """
    for form in (_POINT, _COMMA_ALONE, _COMMA, _THOUSANDS):
        plain = form.plain(text)
        if plain is not None:
            return float(plain)
    return None


def is_number(text: str) -> bool:
    """Whether a text is a number with a point or a comma (`plain_number`); a limit (<5) is none."""
    return plain_number(text) is not None


def _dates(values: Mapping[str, int]) -> Dates:
    """How dates are written: the fewest forms that read most texts."""
    iso_texts = {text: n for text, n in values.items() if _is_iso(text)}
    other_texts = {
        text: n for text, n in values.items() if text not in iso_texts and _looks_dated(text)
    }
    sample = dict(itertools.islice(other_texts.items(), _SAMPLE))
    forms, ambiguous = _forms(sample)
    readings = {text: _reading(text, forms) for text in other_texts}
    dated = {text: moment for text, moment in readings.items() if moment is not None}
    if iso_texts or any(len(moment.date) == len("YYYY-MM-DD") for moment in dated.values()):
        in_part = {t: Moment(t) for t in other_texts if t not in dated and _IN_PART.fullmatch(t)}
        dated |= in_part
    n_dates = sum(iso_texts.values()) + sum(other_texts[text] for text in dated)
    partial = sum(
        other_texts[t] for t, m in dated.items() if m.date and len(m.date) < len("YYYY-MM-DD")
    )
    timed = any(moment.time for moment in dated.values()) or any(map(_TIME.fullmatch, iso_texts))
    return Dates(tuple(form.text for form in forms), ambiguous, n_dates, partial, timed)


def _is_iso(text: str) -> bool:
    """Whether a text is a date or a time as the tables write them."""
    if _TIME.fullmatch(text):
        return True
    match = _ISO.fullmatch(text)
    return match is not None and FIRST_YEAR <= int(match[1]) <= LAST_YEAR


def _looks_dated(text: str) -> bool:
    return bool(_DATE_LIKE.search(text)) and len(text) <= 40 and not _POINT_NUMBER.fullmatch(text)


#: Numbers that no form of a date may take; eight digits can be YYYYMMDD.
_POINT_NUMBER = re.compile(r"-?[0-9]*[.,][0-9]+|-?[0-9]{1,3}|[0-9]{5,7}|[0-9]{9,}")


def _forms(texts: Mapping[str, int]) -> tuple[list[DateForm], tuple[tuple[str, ...], ...]]:
    """The forms that together read the texts, and those that read all of a form's otherwise."""
    unread, chosen, ambiguous = dict(texts), [], []
    while unread:
        readings = {form: _plausible_moments(form, unread) for form in known_forms()}
        best = max(readings, key=lambda form: len(readings[form]), default=None)
        if best is None or not readings[best]:
            break
        best_moments = readings[best]
        other_readings: dict[tuple[Moment, ...], str] = {}
        for form, moments in readings.items():
            if moments.keys() == best_moments.keys() and moments != best_moments:
                other_readings.setdefault(tuple(moments[text] for text in best_moments), form.text)
        if other_readings:
            ambiguous.append((best.text, *other_readings.values()))
        chosen.append(best)
        unread = {text: n for text, n in unread.items() if text not in best_moments}
    mixed = [form.text for form in chosen if _contradicts(form, chosen, texts)]
    if mixed:
        ambiguous.append(tuple(mixed))
    return chosen, tuple(dict.fromkeys(ambiguous))


def _contradicts(form: DateForm, forms: Iterable[DateForm], texts: Iterable[str]) -> bool:
    """Whether another form reads one of the texts as another day."""
    moments = _plausible_moments(form, texts)
    theirs = [_plausible_moments(other, moments) for other in forms if other != form]
    return any(
        other_moments[text] != moments[text] for other_moments in theirs for text in other_moments
    )


def _plausible_moments(form: DateForm, texts: Iterable[str]) -> dict[str, Moment]:
    moments = ((text, form.read(text)) for text in texts)
    return {t: m for t, m in moments if m is not None and _possible(m)}


def _possible(moment: Moment) -> bool:
    return not moment.date or FIRST_YEAR <= int(moment.date[:4]) <= LAST_YEAR


def _reading(text: str, forms: Iterable[DateForm]) -> Moment | None:
    return next((moment for form in forms if (moment := form.read(text)) is not None), None)


def suits(contents: Contents, column: ColumnSpec) -> float:
    """How well the values go with what a native column may hold, by which a match is weighted.

    1 where they go, as a rule by 60% of the cells, and down to 0.2 where they do not: the name
    decides first. 0.95 for a column without values.
    """
    if not contents.total:
        return 0.95
    if column.allowed:
        words = value_words(column)
        known = sum(n for text, n in contents.counts.items() if fold(text) in words)
        if known >= _MOST * contents.total:
            return 1.0
        return 0.85 if contents.is_coded and not contents.is_dated else 0.3
    match column.kind:
        case "date":
            in_part = contents.dates.partial == contents.dates.n_dates
            if contents.is_dated and (column.partial or not in_part):
                return 1.0
            if contents.is_serial or (column.partial and contents.is_in_part):
                return 0.75
            return 0.7 if contents.dates.n_dates else 0.2
        case "time":
            return 1.0 if contents.is_dated and contents.dates.timed else 0.2
        case "number" | "integer":
            in_words = numbers_in_words(contents, column)
            if (
                contents.numbers + sum(contents.texts[t] for t in in_words)
                >= _MOST * contents.total
            ):
                return 1.0
            return 1.0 if contents.is_numeric else 0.6 if contents.numbers else 0.3
        case "text":
            if column.name in _IN_WORDS and contents.is_numeric:
                return 0.2
            return 0.4 if contents.is_dated else 1.0


def numbers_in_words(contents: Contents, column: ColumnSpec) -> dict[str, str]:
    """By text the number that it means: a grade (G3 and III give "3"), a day (D7 gives "7").

    Empty for a column other than a grade or ``nominal_day``. Plain numbers, and numbers outside the
    limits of the column, are left out.
    """
    if column.name.endswith("_grade"):
        numbers = {text: _grade(text) for text in contents.texts}
    elif column.name == "nominal_day":
        numbers = {text: _nominal_day(text) for text in contents.texts}
    else:
        return {}
    low, high = column.low, column.high
    return {
        text: str(number)
        for text, number in numbers.items()
        if number is not None
        and plain_number(text) is None
        and (low is None or low <= number)
        and (high is None or number <= high)
    }


def _grade(text: str) -> int | None:
    """The grade in Grade 3 (severe), G3, III or 3级."""
    match = _GRADE.fullmatch(unicodedata.normalize("NFKC", text).casefold())
    if match is None:
        return None
    return int(match["number"]) if match["number"] else _ROMAN.index(match["roman"]) + 1


def _nominal_day(text: str) -> int | None:
    """The day in D7, Day 7, 第7天 or Week 1."""
    match = re.fullmatch(r"([DW])(-?[0-9]+)", usual_label(text))
    if match is None:
        return None
    return int(match[2]) * (7 if match[1] == "W" else 1)
