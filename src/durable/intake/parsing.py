"""From text to typed values; what is not of its kind is a finding, never a guess."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from durable.contracts.input_table import ColumnSpec, ValueKind
from durable.contracts.partial_dates import partial_column
from durable.contracts.table_schema import table_columns, table_schema
from durable.contracts.words import is_missing_word
from durable.dates import DayNumber, forms_of
from durable.intake.findings import HIDDEN, Findings, Recorded
from durable.intake.numbers import NUMBER, Limited
from durable.intake.texts import (
    Codes,
    categorical_of_codes,
    codes_and_pairs,
    codes_and_values,
    is_plain_ascii,
)
from durable.jdm.response import Ranges
from durable.language import _
from durable.lookalikes import character_names, look
from durable.sections import FIRST_YEAR, LAST_YEAR

_FORMS = {
    "number": NUMBER,
    "integer": re.compile(r"-?[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]{1,3}|-?[0-9]+"),
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "time": re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]"),
}
_PARTIAL = re.compile(r"([0-9]{4})(-(0[1-9]|1[0-2]))?")
_LINE_BREAK = re.compile(r"[\t\n\r]")
#: Line breaks of which a program that reads CSV makes a new row, as some do within quotes.
_RETURN = re.compile(r"\r\n?")
_WRONG = {
    "number": "not_a_number",
    "integer": "not_an_integer",
    "date": "not_a_date",
    "time": "not_a_time",
}

#: The scales of the measures, and the date columns for which the plan has a rule (partial_dates).
ReadBy = tuple[Ranges, frozenset[str]]


@dataclass(frozen=True)
class CodedColumn:
    """A column by its distinct texts: each is parsed once, however many rows have it."""

    codes: Codes
    """Of each row the position of its text, from 0."""
    texts: list[str]
    """The distinct texts without the blanks around them."""
    distinct: npt.NDArray[Any]
    """The value of each text; missing (None, NaN, NaT) where it is empty or not of its kind."""

    def rows(self) -> Any:
        """The value of each row: an array of numbers or dates, or a categorical of texts."""
        if self.distinct.dtype != object:
            return self.distinct[self.codes]
        positions, values = pd.factorize(self.distinct)
        return categorical_of_codes(positions[self.codes], values)

    def values_at(self, positions: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
        """The distinct values at these positions; beyond the last position the first value."""
        return self.distinct.take(np.where(positions < len(self.distinct), positions, 0))

    def unread(self) -> npt.NDArray[np.bool_]:
        """Which of the distinct texts are not empty and could not be read as their kind."""
        filled = np.array([bool(text) for text in self.texts], dtype=bool)
        unread: npt.NDArray[np.bool_] = np.logical_and(pd.isna(self.distinct), filled)
        return unread


def parse_table(
    recorded: Recorded,
    ranges: Ranges,
    findings: Findings,
    by_rule: frozenset[str] = frozenset(),
) -> pd.DataFrame:
    """Return the table with typed columns; a cell that cannot be read is missing, with a finding.

    Parameters
    ----------
    by_rule
        Date columns for which the plan has a rule (``partial_dates``): their dates recorded in part
        have no finding here, since `imputation.impute_dates` adds it.

    Returns
    -------
    DataFrame
        The rows of `recorded.text`, numbered from 0. Text and times (HH:MM) as categorical,
        numbers as float64, dates as datetime64[ns], missing as NaN or NaT; for each date that may
        be recorded in part a column ``NAME_partial`` of its text (YYYY-MM or YYYY); and
        ``source_row``.
    """
    rules = table_columns(recorded.table, ranges, by_rule, recorded.extra)
    columns = {name: _column(recorded, name, rule, findings) for name, rule in rules.items()}
    in_part = {
        partial_column(name): _dates_in_part(
            recorded, name, rule, findings, reported=name not in by_rule
        )
        for name, rule in rules.items()
        if rule.partial
    }
    _check_schema(recorded, columns, (ranges, by_rule), findings)
    values = {name: column.rows() for name, column in (columns | in_part).items()}
    values["source_row"] = recorded.text["source_row"].to_numpy("int64")
    # Every column is new: a copy of all at once would double the memory.
    return pd.DataFrame(values, copy=False)


def is_native(text: str, kind: ValueKind) -> bool:
    """Whether a date (YYYY-MM-DD, YYYY-MM or YYYY) or time (HH:MM) has the form of the tables.

    Only the form counts: 2024-02-30 has it.
    """
    return bool(_FORMS[kind].fullmatch(text) or (kind == "date" and _PARTIAL.fullmatch(text)))


def _column(recorded: Recorded, name: str, rule: ColumnSpec, findings: Findings) -> CodedColumn:
    codes, distinct, unclear = _distinct_cells(recorded, name)
    # Only these can have blanks around them or hold what is not seen.
    not_plain = np.flatnonzero(~is_plain_ascii(distinct)).tolist()
    trimmed = distinct.copy()
    for position in not_plain:
        trimmed[position] = distinct[position].strip()

    def add_finding(positions: list[int], rule_name: str, expected: str) -> None:
        if positions:
            where: npt.NDArray[np.bool_] = np.zeros(len(distinct), dtype=bool)
            where[positions] = True
            rows: Any = pd.Series(where[codes])
            findings.add(recorded, rows, name, rule_name, expected)

    blanks = [k for k in not_plain if trimmed[k] != distinct[k]]
    add_finding(blanks, "blanks", _("no leading or trailing blanks (removed)"))
    if rule.kind == "text":
        broken = [k for k in not_plain if _LINE_BREAK.search(trimmed[k])]
        if not rule.allowed:
            hidden = [k for k in not_plain if HIDDEN.search(_LINE_BREAK.sub("", trimmed[k]))]
            add_finding(
                hidden, "bad_character", _("text without control, invisible or unknown characters")
            )
            add_finding(broken, "line_break", _("one line of text"))
        for k in (k for k, words in enumerate(unclear) if words):
            add_finding([k], "two_patterns", unclear[k])
        values = np.array([*trimmed, None], dtype=object)[:-1]
        values[broken] = [_RETURN.sub("\n", trimmed[k]) for k in broken]
        values[[k for k in not_plain if not trimmed[k]]] = None
        return CodedColumn(codes, trimmed, values)
    readable = ["" if words else text for text, words in zip(trimmed, unclear, strict=True)]
    column = CodedColumn(codes, trimmed, _parse_texts(readable, rule.kind))
    wrong = np.flatnonzero(column.unread()).tolist()
    if rule.partial:
        wrong = [k for k in wrong if not _PARTIAL.fullmatch(trimmed[k])]
    for expected, positions in _group_by_expectation(
        recorded, rule, trimmed, unclear, wrong
    ).items():
        add_finding(positions, _WRONG[rule.kind], expected)
    return column


def _distinct_cells(recorded: Recorded, name: str) -> tuple[Codes, list[str], list[str]]:
    """The code of each row; by code the text, and what was expected of it ('' where it is clear).

    A text stands twice where it was recorded so in one cell, unclear, and read for another.
    """
    if name not in recorded.unclear:
        codes, distinct = codes_and_values(recorded.text[name])
        return codes, distinct, [""] * len(distinct)
    codes, pairs = codes_and_pairs(recorded.text[name], recorded.unclear[name])
    return codes, [text for text, _ in pairs], [expected for _, expected in pairs]


def _group_by_expectation(
    recorded: Recorded, rule: ColumnSpec, texts: list[str], unclear: list[str], wrong: list[int]
) -> dict[str, list[int]]:
    """Places of the texts that could not be read, by the words of what was expected.

    Of one that only looks like what was expected (full-width digits, another minus), the words
    name the characters that are not. Of a word for missing, of a result beyond a limit, and of a
    date in a usual form, they name the key by which it can be declared.
    """
    words_for_missing = {k for k in wrong if is_missing_word(texts[k])}
    forms = _usual_forms(
        recorded,
        rule,
        [texts[k] for k in wrong if k not in words_for_missing and not unclear[k]],
    )
    positions: dict[str, list[int]] = {}
    for k in wrong:
        foreign = "".join(dict.fromkeys(sign for sign in texts[k] if not sign.isascii()))
        looks_alike = foreign and _FORMS[rule.kind].fullmatch(look(texts[k]))
        if unclear[k]:
            words = unclear[k]
        elif looks_alike:
            words = _("{expected} ({characters} is none of it)").format(
                expected=rule.allowed_in_words, characters=character_names(foreign)
            )
        elif k in words_for_missing and recorded.section:
            words = _("{expected}, or an empty cell ({section}.missing names words)").format(
                expected=rule.allowed_in_words, section=recorded.section
            )
        elif limited := _limited_result(recorded, rule, texts[k]):
            words = _limit_advice(recorded, rule, limited)
        elif rule.kind == "date" and (stored := day_number_advice(rule, texts[k])):
            words = stored
        elif rule.partial_rules and _PARTIAL.fullmatch(texts[k]):
            words = _rule_advice(recorded, rule)
        else:
            words = rule.allowed_in_words
            if forms:
                words = _("{expected} ({section}.dates: {forms} would be read)").format(
                    expected=rule.allowed_in_words,
                    section=recorded.section,
                    forms=_(" or ").join(forms),
                )
        positions.setdefault(words, []).append(k)
    return positions


def _limited_result(recorded: Recorded, rule: ColumnSpec, text: str) -> Limited | None:
    """A result beyond a limit, in a column of numbers that a section of the plan describes."""
    return Limited.read(text) if rule.kind == "number" and recorded.section else None


def _limit_advice(recorded: Recorded, rule: ColumnSpec, limited: Limited) -> str:
    """A number, and the key by which a result beyond a limit is read."""
    side = "below" if limited.is_below else "above"
    rules = ["limit", "half", "missing"] if limited.is_below else ["limit", "missing"]
    if limited.is_below and "below_lloq" in recorded.spec.by_name and rule.name == "value":
        rules.append("below_lloq")
    return _("{expected} ({key}: {rules} would be read)").format(
        expected=rule.allowed_in_words,
        key=f"{recorded.section}.numbers.{side}.{rule.name}",
        rules=_(" or ").join(rules),
    )


def day_number_advice(rule: ColumnSpec, text: str) -> str:
    """A date, and which day a number may be that a program stores for one; '' for another text."""
    stored = DayNumber.read(text)
    if stored is None:
        return ""
    return _(
        "{expected}; as days after {first} the number is {date}, and a query (sql) or a value map"
        " can say so"
    ).format(expected=rule.allowed_in_words, first=stored.first, date=stored.date)


def _rule_advice(recorded: Recorded, rule: ColumnSpec) -> str:
    """A whole date, and the key by which one without its day or month is read."""
    section = f"{recorded.section}.partial_dates"
    if not recorded.section:
        section = f"inputs.sdtm.partial_dates.{recorded.table}"
    return _("{expected} ({key}: {rules} would be read)").format(
        expected=rule.allowed_in_words,
        key=f"{section}.{rule.name}",
        rules=_(" or ").join(rule.partial_rules),
    )


def _usual_forms(recorded: Recorded, rule: ColumnSpec, texts: list[str]) -> list[str]:
    """Usual forms that the plan could name, in which dates are written; none where it cannot."""
    if rule.kind not in ("date", "time") or not recorded.section or not texts:
        return []
    return forms_of(texts)[:3]


def _dates_in_part(
    recorded: Recorded, name: str, rule: ColumnSpec, findings: Findings, *, reported: bool
) -> CodedColumn:
    """Text of the dates recorded as YYYY-MM or YYYY, missing elsewhere; `reported` each."""
    codes, distinct = codes_and_values(recorded.text[name])
    texts = [text.strip() for text in distinct]
    in_part = np.array([bool(_PARTIAL.fullmatch(text)) for text in texts], dtype=bool)
    years = np.array(
        [text[:4] if is_partial else 0 for text, is_partial in zip(texts, in_part, strict=True)],
        int,
    )
    strange = in_part & ((years < FIRST_YEAR) | (years > LAST_YEAR))
    findings.add(recorded, pd.Series(strange[codes]), name, "out_of_range", rule.allowed_in_words)
    in_part &= ~strange
    expected = _("a complete date; the missing part is imputed")
    if rule.any_day:
        expected = _("a complete date; every day that it can mean is considered")
    if reported:
        findings.add(recorded, pd.Series(in_part[codes]), name, "partial_date", expected)
    kept = [text if is_partial else None for text, is_partial in zip(texts, in_part, strict=True)]
    return CodedColumn(codes, texts, np.array(kept, dtype=object))


def _parse_texts(texts: list[str], kind: ValueKind) -> npt.NDArray[Any]:
    """The values of distinct texts; missing where one is empty or not of the kind."""
    if kind == "date":
        return np.array([_date(text) for text in texts], dtype="datetime64[ns]")
    if kind == "time":
        return np.array([t if _FORMS[kind].fullmatch(t) else None for t in texts], dtype=object)
    array = pa.array(texts, pa.string())
    sound = pc.match_substring_regex(array, rf"\A(?:{_FORMS[kind].pattern})\z")
    numbers = pc.if_else(sound, array, None).cast(pa.float64()).to_numpy(zero_copy_only=False)
    # Correctly rounded, and of any length; digits that make no finite number are no number.
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    # Nor do digits so small that nothing is left of them.
    zero = pc.match_substring_regex(array, r"\A-?[0.]+(?:[eE].*)?\z").to_numpy(zero_copy_only=False)
    numbers = np.where((numbers == 0) & ~zero, np.nan, numbers)
    if kind == "integer":
        numbers = np.where(numbers == np.floor(numbers), numbers, np.nan)
    return numbers + 0.0  # -0 is 0


def _date(text: str) -> dt.datetime | None:
    if not _FORMS["date"].fullmatch(text):
        return None
    try:
        date = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return date if 1700 <= date.year <= 2261 else None  # what 64 bits of nanoseconds hold


def _check_schema(
    recorded: Recorded, columns: dict[str, CodedColumn], read_by: ReadBy, findings: Findings
) -> None:
    """Findings of the pandera contract; cells that could not be read have theirs already.

    Every rule of the contract is about one cell, so the distinct values of each column stand for
    all its rows.
    """
    rules = table_columns(recorded.table, *read_by, recorded.extra)
    for (column, check), positions in sorted(_failures(recorded, columns, read_by).items()):
        coded = columns[column]
        failed = np.zeros(len(coded.texts), dtype=bool)
        failed[[position for position in positions if position < len(failed)]] = True
        where = pd.Series((failed & ~coded.unread())[coded.codes])
        rule_name = "missing_value" if check == "not_nullable" else check
        findings.add(recorded, where, column, rule_name, rules[column].allowed_in_words)


def _failures(
    recorded: Recorded, columns: dict[str, CodedColumn], read_by: ReadBy
) -> dict[tuple[str, str], list[int]]:
    """Places of the distinct values that fail, by column and check.

    The columns are put beside each other in one frame; where a column has no more values, its first
    stands again.
    """
    from pandera.errors import SchemaErrors

    if recorded.text.empty:
        return {}
    contract = table_schema(recorded.table, *read_by, recorded.extra)
    positions = np.arange(max(len(column.texts) for column in columns.values()))
    values = {name: column.values_at(positions) for name, column in columns.items()}
    in_part = [
        partial_column(n)
        for n, r in table_columns(recorded.table, *read_by, recorded.extra).items()
        if r.partial
    ]
    values |= {name: np.full(len(positions), None) for name in in_part}
    failures: dict[tuple[str, str], list[int]] = {}
    try:
        contract.validate(pd.DataFrame(values | {"source_row": positions}), lazy=True)
    except SchemaErrors as error:
        for column, check, position in error.failure_cases[["column", "check", "index"]].to_numpy():
            failures.setdefault((column, str(check)), []).append(position)
    return failures
