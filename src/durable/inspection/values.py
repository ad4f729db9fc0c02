"""How the values of a drafted table are written: dates, numbers, words, codes and units."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from durable.contracts.input_table import ColumnSpec
from durable.contracts.spelling import fold
from durable.contracts.table_schema import table_columns
from durable.contracts.tables import INPUT_TABLES
from durable.contracts.words import is_missing_word
from durable.dates import DateForm
from durable.inspection.contents import Contents, Dates, numbers_in_words, plain_number
from durable.inspection.laboratory import tests_named, units_named
from durable.inspection.matching import LIKELY, PER_KG, Match, name_score
from durable.inspection.names import heading, letters_and_digits
from durable.inspection.synonyms import BELOW_LLOQ, specs, value_words
from durable.inspection.visit_labels import label_map, unit_of_numbers
from durable.intake.findings import Recorded
from durable.intake.numbers import NumberForm
from durable.jdm.response import Ranges

#: Number of cells below which a dose is written in millions.
_CELLS, _FEWEST_CELLS = "cells/kg", 10_000
_YEARS = frozenset(("y", "yr", "yrs", "year", "\u5c81", "\u5468\u5c81", "\u5e74"))
#: A scale in a heading, perhaps with its unit: 0-100, 0-100 mm.
_SCALE = re.compile(r"0\s*(?:-|~|\u2013|to)\s*([0-9]+)\s*[a-z]*", re.IGNORECASE)
_MONTHS = frozenset(("month", "months", "mo", "mths", "\u6708", "\u4e2a\u6708", "\u6708\u9f84"))
#: What stands in the place of the last day of what goes on, folded.
_ONGOING = frozenset(
    map(
        fold,
        ("ongoing", "continuing", "continues", "persisting", "持续", "持续中", "进行中", "至今"),
    )
)
_MOST_LISTED = 12
_LONGEST_LISTED = 30
_MOST_WORDS, _LONGEST_WORD = 5, 10


@dataclass
class ValueDraft:
    """The keys of a table that say how values are read, and what a person must decide."""

    keys: dict[str, Any] = field(default_factory=dict)
    """Those that are needed of ``values``, ``missing``, ``dates``, ``numbers`` and ``units``."""
    notes: dict[str, str] = field(default_factory=dict)
    """By key what it was drafted from."""
    questions: list[str] = field(default_factory=list)

    def add(self, key: str, name: str, value: Any) -> None:
        """Set what a key says of a column."""
        self.keys.setdefault(key, {})[name] = value


def draft_values(table: str, recorded: Recorded, matches: Mapping[str, Match]) -> ValueDraft:
    """Draft the keys by which the texts of a table are read.

    Parameters
    ----------
    recorded
        The native columns as text, as the draft of the structure makes them.
    matches
        By native column the column of the file that it is made from.
    """
    draft = ValueDraft()
    columns = {
        column: Contents.from_texts(recorded.text[column.name].astype(object).tolist())
        for column in specs(table)
        if column.name not in recorded.absent
    }
    held = {column: contents for column, contents in columns.items() if contents.counts}
    _draft_maps(table, held, matches, draft)
    if table == "laboratory":
        _draft_tests(recorded, draft)
    _draft_missing(table, held, draft)
    _draft_dates(table, held, matches, draft)
    _draft_numbers(table, held, draft)
    _draft_units(table, held, matches, draft)
    return draft


def values_text(values: Mapping[str, int]) -> str:
    """Values with their numbers in words: "'M' 3x, 'F' 2x and 1 more value(s)"; '' without values.

    Shown are the first 12 of at most 30 characters; the others are counted.
    """
    shown = [t for t in values if len(t) <= _LONGEST_LISTED][:_MOST_LISTED]
    text = ", ".join(f"{text!r} {values[text]}x" for text in shown)
    more = len(values) - len(shown)
    return text + (f"{' and ' if shown else ''}{more} more value(s)" if more else "")


# --- Value maps ----------------------------------------------------------------------------------


def _draft_maps(
    table: str,
    held: Mapping[ColumnSpec, Contents],
    matches: Mapping[str, Match],
    draft: ValueDraft,
) -> None:
    for column, contents in held.items():
        if (table, column.name) == ("visits", "visit"):
            match = matches.get("visit")
            _draft_labels(contents, "" if match is None else match.foreign, draft)
        if read := numbers_in_words(contents, column):
            draft.add("values", column.name, read)
        if not column.allowed:
            continue
        words = value_words(column)
        strange = {
            text: n
            for text, n in contents.counts.items()
            if fold(text) not in words and not is_missing_word(text)
        }
        # 1 and 0 are yes and no; 1 and 2, or 0 to 3, are not.
        coded = any(text.isdigit() for text in strange)
        known = {
            text: words[fold(text)]
            for text in contents.counts
            if fold(text) in words and not (coded and text.isdigit())
        }
        strange |= {t: contents.counts[t] for t in contents.counts if coded and t.isdigit()}
        changed = {text: value for text, value in known.items() if text != value}
        if changed:
            draft.add("values", column.name, changed)
        if strange:
            expected = ", ".join(column.allowed)
            shown = values_text(strange) if contents.is_coded else f"{len(strange)} distinct texts"
            draft.questions.append(
                f"{table}.{column.name}: which of {expected} is {shown}?"
                f" (inputs.{table}.values.{column.name})"
            )


def _draft_labels(contents: Contents, foreign: str, draft: ValueDraft) -> None:
    """Labels of visits in their usual form, or in one that a schedule can have."""
    changed = label_map(contents.counts, unit=unit_of_numbers(foreign))
    if changed:
        draft.add("values", "visit", changed)


def _draft_tests(recorded: Recorded, draft: ValueDraft) -> None:
    """Codes of laboratory tests by their names, and declared units by their spellings."""
    named = recorded.text["test"].astype(object).str.strip()
    codes = tests_named(named.unique())
    if changed := {name: code for name, code in codes.items() if name != code}:
        draft.add("values", "test", changed)
    written = recorded.text["unit"].astype(object).str.strip()
    known = named.isin(codes) & (written != "")
    used = {
        unit: set(tests.map(codes)) for unit, tests in named.loc[known].groupby(written.loc[known])
    }
    named_units, unknown = units_named(used)
    if named_units:
        draft.add("values", "unit", named_units)
    if unknown:
        codes_of = sorted(set().union(*(used[unit] for unit in unknown)))
        shown = values_text({unit: int((written == unit).sum()) for unit in unknown})
        draft.questions.append(
            f"laboratory.unit: units that laboratory.tests does not declare for the tests in them"
            f" ({', '.join(codes_of)}): {shown}. Declare them there with their factors."
        )


# --- Words for missing ---------------------------------------------------------------------------


def _draft_missing(table: str, held: Mapping[ColumnSpec, Contents], draft: ValueDraft) -> None:
    words: dict[str, list[str]] = {}
    for column, contents in held.items():
        mapped = draft.keys.get("values", {}).get(column.name, {})
        known_values = {*mapped, *column.allowed}
        open_ended = [t for t in contents.texts if fold(t) in _ONGOING]
        missing = [
            t for t in contents.missing if t not in known_values and fold(t) not in column.answers
        ]
        if column.allowed:
            missing = [text for text in missing if fold(text) not in value_words(column)]
        missing += open_ended if column.name == "end_date" else []
        if column.kind in ("number", "integer", "date", "time"):
            missing = [text for text in missing if not plain_number(text)]
        if missing and column.required:
            number = sum(contents.counts[text] for text in missing)
            draft.questions.append(
                f"{table}.{column.name}: {number} cell(s) hold a word for nothing ({missing[0]!r})"
                " where a value must be."
            )
        elif missing:
            words[column.name] = missing
    if words:
        draft.keys["missing"] = words
        draft.notes["missing"] = "words that say that there is nothing"


# --- Dates ---------------------------------------------------------------------------------------


def _draft_dates(
    table: str,
    held: Mapping[ColumnSpec, Contents],
    matches: Mapping[str, Match],
    draft: ValueDraft,
) -> None:
    dated = {c: held[c].dates for c in held if c.kind in ("date", "time")}
    sure = {c: d for c, d in dated.items() if d.forms and not d.ambiguous}
    clear = list(dict.fromkeys(form for dates in sure.values() for form in dates.forms))
    forms: dict[str, list[str]] = {c.name: list(d.forms) for c, d in sure.items()}
    for column, dates in dated.items():
        if dates.ambiguous:
            forms |= _chosen_forms(table, column, dates, clear, matches, draft)
        _ask_of_dates(table, column, held[column], draft)
    if not forms:
        return
    all_forms = list(dict.fromkeys(form for names in forms.values() for form in names))
    shared = len(forms) > 1 and all(_agree(all_forms, held[c]) for c in dated)
    draft.keys["dates"] = all_forms if shared else forms
    draft.notes["dates"] = "forms seen beside YYYY-MM-DD"


def _chosen_forms(
    table: str,
    column: ColumnSpec,
    dates: Dates,
    clear: Iterable[str],
    matches: Mapping[str, Match],
    draft: ValueDraft,
) -> dict[str, list[str]]:
    """The forms of an ambiguous column by its heading or by other columns; else questions.

    Each group of forms that read the same texts as different dates is decided or asked about; where
    one is not decided, the column has no forms.
    """
    stated = heading(matches[column.name].foreign if column.name in matches else "").unit
    orders = {_order(form) for form in clear}
    chosen: list[str] = []
    for options in dates.ambiguous:
        by_heading = [form for form in options if _order(form) == _order(stated)]
        by_others = [form for form in options if _order(form) in orders]
        readings = " or ".join(options)
        if by_heading or len(by_others) == 1:
            form = (by_heading or by_others)[0]
            why = f"its heading says {stated}"
            if not by_heading:
                why = "other columns of the table are written so"
            draft.questions.append(
                f"{table}.{column.name}: dates could be {readings}; drafted as {form}: {why}."
            )
            chosen.append(form)
        else:
            draft.questions.append(
                f"{table}.{column.name}: dates that are {readings}, each another day. Name one as"
                f" inputs.{table}.dates.{column.name}."
            )
    if len(chosen) < len(dates.ambiguous):
        return {}
    doubtful = {form for options in dates.ambiguous for form in options}
    rest = [form for form in dates.forms if form not in doubtful]
    return {column.name: list(dict.fromkeys([*chosen, *rest]))}


def _order(form: str) -> tuple[str, ...]:
    letters = [sign for sign in form.upper() if sign in "YMD"]
    return tuple(dict.fromkeys(letters))


def _agree(forms: Iterable[str], contents: Contents) -> bool:
    """Whether no text of a column is two days by some forms."""
    parsed = [DateForm(form) for form in forms]
    for text in contents.texts:
        readings = {moment for form in parsed if (moment := form.read(text))}
        if len(readings) > 1:
            return False
    return True


def _ask_of_dates(table: str, column: ColumnSpec, contents: Contents, draft: ValueDraft) -> None:
    dates = contents.dates
    if contents.is_serial:
        draft.questions.append(
            f"{table}.{column.name}: numbers that may be days since 1960 (SAS) or 1900 (a"
            " workbook), which no form reads: a query can"
            " (DATE '1960-01-01' + CAST(... AS INTEGER))."
        )
    elif dates.partial and not column.partial:
        draft.questions.append(
            f"{table}.{column.name}: {dates.partial} date(s) lack the day or the month, and must"
            " be complete."
        )
    missing_words = draft.keys.get("missing", {}).get(column.name, ())
    unread = (
        contents.total - dates.n_dates - sum(contents.texts.get(text, 0) for text in missing_words)
    )
    if unread and dates.n_dates:
        draft.questions.append(
            f"{table}.{column.name}: {unread} cell(s) are no date in any usual form."
        )


# --- Numbers -------------------------------------------------------------------------------------


def _draft_numbers(table: str, held: Mapping[ColumnSpec, Contents], draft: ValueDraft) -> None:
    numeric = {c: contents for c, contents in held.items() if c.kind in ("number", "integer")}
    texts = [text for contents in numeric.values() for text in contents.texts]
    form = _number_form(texts)
    if form is None:
        draft.questions.append(
            f"{table}: numbers with a comma that may be 1,234 or 1.234: please see"
            f" inputs.{table}.numbers."
        )
    elif form.is_declared:
        keys = {"decimal": form.decimal, "thousands": form.thousands}
        draft.keys["numbers"] = {key: sign for key, sign in keys.items() if sign not in ("", ".")}
        if form.thousands == ".":
            draft.keys["numbers"]["thousands"] = "."
        draft.notes["numbers"] = "signs seen"
    for column, contents in numeric.items():
        mapped = draft.keys.get("values", {}).get(column.name, {})
        words = {
            text: n
            for text, n in contents.texts.items()
            if plain_number(text) is None and text not in {*contents.limit_texts, *mapped}
        }
        quantified = column.name == "value" and "below_lloq" in INPUT_TABLES[table].names
        if quantified:
            _draft_below_lloq(table, contents, words, draft)
        if words:
            short = all(len(text) <= _LONGEST_WORD for text in words) and len(words) <= _MOST_WORDS
            shown = f": {values_text(words)}" if short else ""
            draft.questions.append(
                f"{table}.{column.name}: {sum(words.values())} cell(s) are no number{shown}. Words"
                f" for missing go to inputs.{table}.missing."
            )
        if not contents.limit_texts:
            continue
        if quantified:
            continue
        number = sum(contents.limit_texts.values())
        draft.questions.append(
            f"{table}.{column.name}: {number} result(s) beyond a limit, such as <5. Say by"
            f" inputs.{table}.numbers.below.{column.name} what they are read as: limit, half or"
            " missing."
        )


def _draft_below_lloq(
    table: str, contents: Contents, words: dict[str, int], draft: ValueDraft
) -> None:
    """Samples below the limit of quantification; their words are taken from those that are none."""
    blq = [text for text in words if fold(text) in BELOW_LLOQ]
    if blq or contents.limit_texts:
        draft.keys.setdefault("numbers", {})["below"] = {"value": "below_lloq"}
    if blq:
        number = sum(words.pop(text) for text in blq)
        draft.keys["numbers"]["below_lloq"] = blq
        draft.questions.append(
            f"{table}.value: {number} sample(s) are in words ({', '.join(blq)}) below the limit"
            f" of quantification. Is it so, and which is the limit (inputs.{table}.columns.lloq)?"
        )


def _number_form(texts: list[str]) -> NumberForm | None:
    """The signs by which all numbers are read; None where they can be read in two ways."""
    signed = [text for text in texts if "," in text and plain_number(text) is not None]
    if not signed:
        return NumberForm()
    numbers = [text for text in texts if plain_number(text) is not None]
    forms = (NumberForm(","), NumberForm(".", ","), NumberForm(",", "."))
    reading = [form for form in forms if all(form.plain(text) is not None for text in numbers)]
    if len(reading) == 2 and reading == [NumberForm(","), NumberForm(",", ".")]:
        return reading[0]
    return reading[0] if len(reading) == 1 else None


# --- Units ---------------------------------------------------------------------------------------


def _draft_units(
    table: str,
    held: Mapping[ColumnSpec, Contents],
    matches: Mapping[str, Match],
    draft: ValueDraft,
) -> None:
    ranges = table_columns(table, Ranges())
    units: dict[str, str] = {}
    for column, contents in held.items():
        if column.unit == PER_KG and column.name in matches:
            _ask_of_dose(table, column, matches[column.name], draft)
        if not column.units or column.name not in matches:
            continue
        foreign = matches[column.name].foreign
        written = heading(foreign).unit
        unit = _unit_named(column, written, ranges[column.name].high)
        # What stands behind may be part of the name: PGA (MD).
        named = name_score(table, column, heading(foreign).name, "")[0] >= LIKELY
        if unit is None and written and named:
            draft.questions.append(
                f"{table}.{column.name}: the heading says {written!r}; the table has {column.unit}."
            )
        guess = unit or ("" if unit == "" else _unit_by_size(column, ranges, contents))
        if column.unit == _CELLS and not (written or guess or "kg" in letters_and_digits(foreign)):
            draft.questions.append(
                f"{table}.{column.name}: the heading says no unit; the table has {column.unit}. A"
                " dose in cells is to be divided by the body weight first."
            )
        if guess:
            units[column.name] = guess
            if unit is None:
                draft.questions.append(
                    f"{table}.{column.name}: values are too large or small for {column.unit};"
                    f" drafted as {guess}. Is it so?"
                )
    for column in specs(table):
        if not {column.name, column.limit_of} <= matches.keys():
            continue
        if units.get(column.limit_of) != units.get(column.name):
            unit = units.get(column.limit_of) or units.get(column.name) or ""
            units |= {column.limit_of: unit, column.name: unit}
    if units:
        draft.keys["units"] = units


def _ask_of_dose(table: str, column: ColumnSpec, match: Match, draft: ValueDraft) -> None:
    """Ask about a daily dose whose heading does not say that it is one per kg."""
    if match.how != "name" and "kg" not in letters_and_digits(match.foreign):
        draft.questions.append(
            f"{table}.{column.name}: {match.foreign!r} does not say {column.unit}. A dose in mg is"
            " to be divided by the body weight first."
        )


def _unit_named(column: ColumnSpec, written: str, high: float | None) -> str | None:
    """The unit that a heading says, '' for that of the table; None where none is known.

    Parameters
    ----------
    high
        Highest value of the column in the unit of the table.
    """
    simple = letters_and_digits(written).removeprefix("x")
    if not simple:
        return None
    if simple == letters_and_digits(column.unit) or (column.unit == "years" and simple in _YEARS):
        return ""
    for unit in column.units:
        spellings = (unit.name or column.unit, *unit.sdtm)
        if simple in {letters_and_digits(spelling).removeprefix("x") for spelling in spellings}:
            return unit.name
        if unit.name == "months" and simple in _MONTHS:
            return unit.name
    scale = _SCALE.fullmatch(unicodedata.normalize("NFKC", written))
    if scale is None or not column.scale or high is None:
        return None
    return _unit_within(column, float(scale[1]), high)


def _unit_within(column: ColumnSpec, number: float, high: float) -> str | None:
    """The first unit, that of the table before others, in which a number is within the range."""
    if number <= high:
        return ""
    return next((n for n, factor in column.factors.items() if number * factor <= high), None)


def _unit_by_size(column: ColumnSpec, ranges: Mapping[str, ColumnSpec], contents: Contents) -> str:
    """The unit by which values lie in their range, where that of the table puts them beyond."""
    numbers = contents.magnitudes()
    if not numbers:
        return ""
    if column.unit == _CELLS and numbers[-1] < _FEWEST_CELLS:
        return next(iter(column.factors))
    high = ranges[column.name].high
    return "" if not column.scale or high is None else _unit_within(column, numbers[-1], high) or ""
