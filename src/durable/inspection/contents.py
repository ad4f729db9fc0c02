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
    """How the dates of a column are written."""

    forms: tuple[str, ...] = ()
    """Forms beside YYYY-MM-DD that read all of them together, the commonest first."""
    ambiguous: tuple[tuple[str, ...], ...] = ()
    """Forms of which each reads the same texts, as other days: a person must choose."""
    read: int = 0
    """How many values are dates, in part or in whole."""
    partial: int = 0
    """How many of them lack the day, or month and day."""
    timed: bool = False
    """Whether there is a time of day."""


@dataclass(frozen=True)
class Contents:
    """The values of a column by their number."""

    counts: Mapping[str, int]
    """Without blanks around them, and without the empty ones."""
    records: int
    """Cells, the empty ones among them."""

    @classmethod
    def of_texts(cls, texts: Iterable[str]) -> Contents:
        """The contents of a column of texts."""
        stripped = [text.strip() for text in texts]
        counts = Counter(text for text in stripped if text)
        return cls(counts, len(stripped))

    @cached_property
    def missing(self) -> dict[str, int]:
        """Words that say that there is nothing, by their number."""
        return {text: n for text, n in self.counts.items() if is_missing_word(text)}

    @cached_property
    def texts(self) -> dict[str, int]:
        """The values that are no such words."""
        return {text: n for text, n in self.counts.items() if text not in self.missing}

    @cached_property
    def total(self) -> int:
        """How many cells hold a value that is no such word."""
        return sum(self.texts.values())

    @cached_property
    def dates(self) -> Dates:
        """How its dates are written."""
        return _dates(self.texts)

    @cached_property
    def limited(self) -> dict[str, int]:
        """Texts of results beyond a limit, such as <5, each with its number of cells."""
        forms = (_POINT, _COMMA_ALONE)
        return {
            text: n
            for text, n in self.texts.items()
            if any(Limited.read(text, form) for form in forms)
        }

    @cached_property
    def numbers(self) -> int:
        """How many values are numbers, whatever their signs, or limits."""
        return sum(n for text, n in self.texts.items() if is_number(text) or text in self.limited)

    @property
    def is_dated(self) -> bool:
        """Whether most values are dates."""
        return bool(self.total) and self.dates.read >= _MOST * self.total

    @property
    def is_numeric(self) -> bool:
        """Whether most values are numbers."""
        return bool(self.total) and self.numbers >= _MOST * self.total

    @property
    def is_serial(self) -> bool:
        """Whether the values may be days since 1960 (SAS) or 1900 (workbooks), of this century."""
        return bool(self.total) and all(_SERIAL.fullmatch(text) for text in self.texts)

    @property
    def is_in_part(self) -> bool:
        """Whether every value may be a year, or a year and a month."""
        return bool(self.total) and all(_IN_PART.fullmatch(text) for text in self.texts)

    @property
    def is_coded(self) -> bool:
        """Whether the values are few and short."""
        few = 0 < len(self.texts) <= _MOST_CODES
        return few and all(len(text) <= _LONGEST_CODE for text in self.texts)

    @property
    def is_unique(self) -> bool:
        """Whether no value occurs twice."""
        return bool(self.counts) and max(self.counts.values()) == 1

    def magnitudes(self) -> list[float]:
        """The numbers, in order, read with a point or a comma."""
        found = []
        for text, number in self.texts.items():
            plain = plain_number(text)
            if plain is not None:
                found += [plain] * number
        return sorted(found)


def plain_number(text: str) -> float | None:
    """A number with a point, else with a comma; None where it is none."""
    for form in (_POINT, _COMMA_ALONE, _COMMA, _THOUSANDS):
        plain = form.plain(text)
        if plain is not None:
            return float(plain)
    return None


def is_number(text: str) -> bool:
    """Whether a text is a number."""
    return plain_number(text) is not None


def _dates(values: Mapping[str, int]) -> Dates:
    """How dates are written: the fewest forms that read most texts."""
    whole = {text: n for text, n in values.items() if _is_iso(text)}
    rest = {text: n for text, n in values.items() if text not in whole and _looks_dated(text)}
    sample = dict(itertools.islice(rest.items(), _SAMPLE))
    forms, ambiguous = _forms(sample)
    readings = {text: _reading(text, forms) for text in rest}
    dated = {text: moment for text, moment in readings.items() if moment is not None}
    if whole or any(len(moment.date) == len("YYYY-MM-DD") for moment in dated.values()):
        in_part = {t: Moment(t) for t in rest if t not in dated and _IN_PART.fullmatch(t)}
        dated |= in_part
    read = sum(whole.values()) + sum(rest[text] for text in dated)
    partial = sum(rest[t] for t, m in dated.items() if m.date and len(m.date) < len("YYYY-MM-DD"))
    timed = any(moment.time for moment in dated.values()) or any(map(_TIME.fullmatch, whole))
    return Dates(tuple(form.text for form in forms), ambiguous, read, partial, timed)


def _is_iso(text: str) -> bool:
    """Whether a text is a date or a time as the tables write them."""
    if _TIME.fullmatch(text):
        return True
    found = _ISO.fullmatch(text)
    return found is not None and FIRST_YEAR <= int(found[1]) <= LAST_YEAR


def _looks_dated(text: str) -> bool:
    return bool(_DATE_LIKE.search(text)) and len(text) <= 40 and not _POINT_NUMBER.fullmatch(text)


#: Numbers that no form of a date may take; eight digits can be YYYYMMDD.
_POINT_NUMBER = re.compile(r"-?[0-9]*[.,][0-9]+|-?[0-9]{1,3}|[0-9]{5,7}|[0-9]{9,}")


def _forms(texts: Mapping[str, int]) -> tuple[list[DateForm], tuple[tuple[str, ...], ...]]:
    """The forms that together read the texts, and those that read all of a form's otherwise."""
    rest, chosen, ambiguous = dict(texts), [], []
    while rest:
        readings = {form: _in_years(form, rest) for form in known_forms()}
        best = max(readings, key=lambda form: len(readings[form]), default=None)
        if best is None or not readings[best]:
            break
        mine = readings[best]
        others: dict[tuple[Moment, ...], str] = {}
        for form, found in readings.items():
            if found.keys() == mine.keys() and found != mine:
                others.setdefault(tuple(found[text] for text in mine), form.text)
        if others:
            ambiguous.append((best.text, *others.values()))
        chosen.append(best)
        rest = {text: n for text, n in rest.items() if text not in mine}
    mixed = [form.text for form in chosen if _contradicts(form, chosen, texts)]
    if mixed:
        ambiguous.append(tuple(mixed))
    return chosen, tuple(dict.fromkeys(ambiguous))


def _contradicts(form: DateForm, others: Iterable[DateForm], texts: Iterable[str]) -> bool:
    """Whether another form reads one of the texts as another day."""
    mine = _in_years(form, texts)
    theirs = [_in_years(other, mine) for other in others if other != form]
    return any(found[text] != mine[text] for found in theirs for text in found)


def _in_years(form: DateForm, texts: Iterable[str]) -> dict[str, Moment]:
    found = ((text, form.read(text)) for text in texts)
    return {t: m for t, m in found if m is not None and _possible(m)}


def _possible(moment: Moment) -> bool:
    return not moment.date or FIRST_YEAR <= int(moment.date[:4]) <= LAST_YEAR


def _reading(text: str, forms: Iterable[DateForm]) -> Moment | None:
    return next((moment for form in forms if (moment := form.read(text)) is not None), None)


def suits(contents: Contents, column: ColumnSpec) -> float:
    """How well the values go with what a column may hold, from 0 to 1; 0.95 where there are none.

    A name decides first: a column of another content is only made less likely.
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
            in_part = contents.dates.partial == contents.dates.read
            if contents.is_dated and (column.partial or not in_part):
                return 1.0
            if contents.is_serial or (column.partial and contents.is_in_part):
                return 0.75
            return 0.7 if contents.dates.read else 0.2
        case "time":
            return 1.0 if contents.is_dated and contents.dates.timed else 0.2
        case "number" | "integer":
            read = numbers_in_words(contents, column)
            if contents.numbers + sum(contents.texts[t] for t in read) >= _MOST * contents.total:
                return 1.0
            return 1.0 if contents.is_numeric else 0.6 if contents.numbers else 0.3
        case "text":
            if column.name in _IN_WORDS and contents.is_numeric:
                return 0.2
            return 0.4 if contents.is_dated else 1.0


def numbers_in_words(contents: Contents, column: ColumnSpec) -> dict[str, str]:
    """Numbers that are written with a word, by the text: a grade (G3, III), a nominal day (D7)."""
    if column.name.endswith("_grade"):
        read = {text: _grade(text) for text in contents.texts}
    elif column.name == "nominal_day":
        read = {text: _nominal_day(text) for text in contents.texts}
    else:
        return {}
    low, high = column.low, column.high
    return {
        text: str(number)
        for text, number in read.items()
        if number is not None
        and plain_number(text) is None
        and (low is None or low <= number)
        and (high is None or number <= high)
    }


def _grade(text: str) -> int | None:
    """The grade in Grade 3 (severe), G3, III or 3级."""
    read = _GRADE.fullmatch(unicodedata.normalize("NFKC", text).casefold())
    if read is None:
        return None
    return int(read["number"]) if read["number"] else _ROMAN.index(read["roman"]) + 1


def _nominal_day(text: str) -> int | None:
    """The day in D7, Day 7, 第7天 or Week 1."""
    found = re.fullmatch(r"([DW])(-?[0-9]+)", usual_label(text))
    if found is None:
        return None
    return int(found[2]) * (7 if found[1] == "W" else 1)
