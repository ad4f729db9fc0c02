"""Shapes of files that are no table: events of REDCap, a row a measurement, a column a visit."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pandas as pd

from durable.contracts.input_table import ColumnSpec
from durable.contracts.tables import INPUT_TABLES
from durable.inspection.contents import Contents
from durable.inspection.laboratory import tests_named
from durable.inspection.matching import LIKELY, common_prefix, name_score
from durable.inspection.names import likeness, words
from durable.inspection.sheets import Sheet
from durable.inspection.synonyms import (
    CELLS,
    EXPOSURE,
    LIMIT,
    LYMPHODEPLETION,
    TEST,
    UNIT,
    VALUE,
    names_one,
    specs,
)
from durable.inspection.visit_labels import usual_label
from durable.inspection.wide import (
    NamedStack,
    find_assays,
    find_dates,
    find_items,
    find_tests,
    patterns,
)
from durable.plan.source_files import column_pattern

EVENT, INSTRUMENT, INSTANCE = (
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
)
#: Tests of a file that must be measures before it is taken for one row a measurement.
_FEWEST_TESTS = 1
_MOST_TESTS = 200
_CODE_LENGTH = 8
_FEWEST_STACKED = 4
#: Tables of samples, whose results may have a column for each test or assay.
_SAMPLED = ("laboratory", "kinetics")


@dataclass(frozen=True)
class LongShape:
    """The columns of a sheet with one row a measurement."""

    test: str
    """Column with the name of the measurement."""
    value: str
    """Column with the result."""
    unit: str
    """Column with the unit; '' where there is none."""
    limit: str
    """Column with the upper limit of normal; '' where there is none."""
    tests: Mapping[str, str]
    """Native column by the name of the measurement."""
    others: Mapping[str, int]
    """Number of rows by name of each measurement without a native column."""
    empty: tuple[str, ...] = ()
    """Names in `tests` for which `value` is empty in every row."""

    def keys(self) -> dict[str, Any]:
        """The section ``long`` of the plan; columns that the sheet lacks are left out."""
        columns = {"test": self.test, "value": self.value, "unit": self.unit, "limit": self.limit}
        return {name: text for name, text in columns.items() if text} | {"tests": dict(self.tests)}


@dataclass(frozen=True)
class StackShape:
    """The columns of a sheet with a column for each item of each visit."""

    pattern: str
    """Names of the columns, with ``{visit}`` and ``{item}``."""
    tests: Mapping[str, str]
    """Native column by the item."""
    visits: tuple[str, ...]
    """Labels of the visits as they are in the names of the columns."""
    columns: frozenset[str]
    """All columns that match the pattern."""
    others: tuple[str, ...] = ()
    """Items that are no column of the table."""

    def keys(self) -> dict[str, Any]:
        """The sections ``stack`` and ``long`` of the plan."""
        stack = {"columns": self.pattern, "value": "cell"}
        return {
            "stack": stack,
            "long": {"test": "item", "value": "cell", "tests": dict(self.tests)},
        }


@dataclass(frozen=True)
class Part:
    """Rows and columns of a sheet that may make one table."""

    sheet: Sheet
    text: pd.DataFrame
    """These rows and columns, all text; for a `NamedStack` the rows that its columns become."""
    hint: str
    """Name of the form, the sheet or the table that the part may be."""
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By column the values that select the rows; empty where all rows of the sheet are meant."""
    long: LongShape | None = None
    stack: StackShape | NamedStack | None = None
    kinds: tuple[str, ...] = ()
    """Tables that it may be; any when empty."""

    @property
    def results(self) -> NamedStack | None:
        """The columns of laboratory tests or assays that become rows; None for any other part."""
        return self.stack if isinstance(self.stack, NamedStack) and self.hint in _SAMPLED else None

    @cached_property
    def contents(self) -> dict[str, Contents]:
        """What each column holds, by name; those that a `StackShape` makes rows of are left out."""
        if isinstance(self.stack, NamedStack):
            return {str(n): Contents.from_texts(self.text[n].tolist()) for n in self.text.columns}
        stacked = self.stack.columns if self.stack else frozenset()
        kept = [str(name) for name in self.text.columns if name not in stacked]
        if len(self.text) == len(self.sheet.text):
            return {name: self.sheet.contents[name] for name in kept}
        return {name: Contents.from_texts(self.text[name].tolist()) for name in kept}


def find_parts(sheet: Sheet) -> Iterator[Part]:
    """The parts of a sheet that may make a table: as a rule one, the sheet as it is.

    Several come from an export of REDCap, from a form with infusion and lymphodepletion, and from a
    sheet that can be read in several shapes.
    """
    if EVENT in sheet.text or INSTRUMENT in sheet.text:
        yield from _redcap_parts(sheet)
        return
    treatments = _treatments(sheet)
    if treatments:
        yield from treatments
        return
    on_side = _transposed_part(sheet)
    if on_side is not None:
        yield on_side
        return
    items = find_items(sheet)
    if items is not None:
        rows, tests = items
        of_items = LongShape("item", rows.value, "", "", tests, {})
        text = rows.rows(sheet.text)
        yield Part(sheet, text, "laboratory", stack=rows, long=of_items, kinds=("laboratory",))
    for table, named in (("laboratory", find_tests(sheet)), ("kinetics", find_assays(sheet))):
        if named is not None:
            yield Part(sheet, named.rows(sheet.text), table, stack=named, kinds=(table,))
    laboratory = _laboratory(sheet)
    if laboratory is not None:
        yield laboratory
    part = Part(sheet, sheet.text, sheet.short_name)
    long = find_long(part)
    if long is not None:
        yield replace(part, long=long, kinds=("visits",))
        return
    if laboratory is not None:
        return
    stack = find_stack([str(name) for name in sheet.text.columns])
    yield part if stack is None else replace(part, stack=stack, kinds=("visits",))


# --- Exposure: the infusion, and the lymphodepletion before it ------------------------------------


def _treatments(sheet: Sheet) -> list[Part]:
    """A part for the infusion and one for the lymphodepletion, where one form has both.

    With medicines of other kinds it is a list of therapies, which is one table, unless its name or
    that of the column says that it is of exposure.
    """
    exposure = _likeness(sheet.short_name, EXPOSURE) >= LIKELY
    for name, held in sheet.contents.items():
        medicines = [text for text in held.texts if names_one(text, LYMPHODEPLETION)]
        cells = [t for t in held.texts if names_one(t, CELLS) and t not in medicines]
        nothing_else = len(medicines) + len(cells) == len(held.texts)
        if medicines and cells and (nothing_else or exposure or name.upper() == "EXTRT"):
            kinds = {"subjects": cells, "lymphodepletion": medicines}
            return [
                Part(
                    sheet,
                    sheet.text.loc[sheet.text[name].str.strip().isin(texts)],
                    kind,
                    {name: texts},
                    kinds=(kind,),
                )
                for kind, texts in kinds.items()
            ]
    return []


# --- Laboratory results --------------------------------------------------------------------------


def _laboratory(sheet: Sheet) -> Part | None:
    """The records of known laboratory tests; None where there are fewer than two tests."""
    repeated = {
        name: tests_named(held.texts)
        for name, held in sheet.contents.items()
        if len(held.texts) <= _MOST_TESTS and sum(held.texts.values()) > len(held.texts)
    }
    column = max(repeated, key=lambda name: len(repeated[name]), default="")
    tests = repeated.get(column, {})
    if len(set(tests.values())) < 2:
        return None
    chosen = sheet.text[column].str.strip().isin(tests)
    where = {} if chosen.all() else {column: list(tests)}
    return Part(sheet, sheet.text.loc[chosen], "laboratory", where, kinds=("laboratory",))


def _transposed_part(sheet: Sheet) -> Part | None:
    """The measures of a sheet with a row for each and a column for each date, and no others."""
    dates = find_dates(sheet)
    if dates is None:
        return None
    part = Part(sheet, dates.rows(sheet.text), "visits", stack=dates, kinds=("visits",))
    long = find_long(part)
    if long is None:
        return None
    # Every column that is not read by name would be a date.
    rest = {name for name in sheet.text.columns if name not in dates.columns}
    return replace(part, long=long) if rest <= {long.test, long.unit, long.limit} else None


# --- REDCap: events and repeating instruments ----------------------------------------------------


def _redcap_parts(sheet: Sheet) -> Iterator[Part]:
    text = sheet.text
    empty = pd.Series("", index=text.index)
    instrument, event = text.get(INSTRUMENT, empty), text.get(EVENT, empty)
    for name in dict.fromkeys(instrument):
        if name:
            rows = _filled_columns(text.loc[instrument == name])
            yield _with_empty(Part(sheet, rows, name, {INSTRUMENT: [name]}))
    plain = text.loc[instrument == ""]
    events = dict.fromkeys(event.loc[plain.index])
    keys = [str(name) for name in text.columns if name in (EVENT, INSTRUMENT, INSTANCE)]
    identifier = str(text.columns[0])
    filled = {
        str(name): tuple(e for e in events if (plain.loc[event == e, name] != "").any())
        for name in text.columns
        if name not in (*keys, identifier)
    }
    no_instrument = {INSTRUMENT: [""]} if instrument.any() else {}
    single: dict[tuple[str, ...], list[str]] = defaultdict(list)
    several: list[str] = []
    for name, places in filled.items():
        if len(places) == 1 and len(events) > 1:
            single[places].append(name)
        elif places:
            several.append(name)
    for places, names in single.items():
        rows = plain.loc[event.loc[plain.index].isin(places), [identifier, *names]]
        # Where every such row is plain there is nothing else to leave out.
        others = instrument.loc[event.isin(places)].any()
        where = {EVENT: list(places)} | (no_instrument if others else {})
        yield _with_empty(Part(sheet, rows, places[0], where if EVENT in text else no_instrument))
    if several:
        held = [e for e in events if any(e in filled[name] for name in several)]
        chosen = plain.loc[event.loc[plain.index].isin(held)]
        where = no_instrument | ({EVENT: held} if len(held) < len(events) else {})
        names = [identifier, *([EVENT] if EVENT in text else []), *several]
        hint = "visits" if len(held) > 1 else sheet.short_name
        yield _with_empty(Part(sheet, chosen[names], hint, where))


def _filled_columns(rows: pd.DataFrame) -> pd.DataFrame:
    """The columns that hold something, without those of REDCap itself."""
    names = [n for n in rows.columns if n not in (EVENT, INSTRUMENT, INSTANCE)]
    first = rows.columns[0]
    return rows[[n for n in names if n == first or (rows[n] != "").any()]]


def _with_empty(part: Part) -> Part:
    """The part with the columns of the sheet that are empty throughout and may be of its form.

    Those begin as most of its own do (``ae_``), or as those of no form.
    """
    contents = part.sheet.contents
    mine = common_prefix(part.contents)
    # Beginnings that columns of some form have.
    begun = {words(name)[0] for name, held in contents.items() if held.counts and words(name)}
    empty = [name for name, held in contents.items() if not held.counts and words(name)]
    empty = [n for n in empty if words(n)[0] == mine or (words(n)[0] not in begun or not mine)]
    names = [n for n in part.sheet.text.columns if n in part.text or n in empty]
    return replace(part, text=part.sheet.text.loc[part.text.index, names])


# --- One row a measurement -----------------------------------------------------------------------


def find_long(part: Part) -> LongShape | None:
    """The columns by which a part has one row a measurement; None where it has not.

    Of several columns that may name the measurement, the one with most native columns is taken.
    """
    contents = part.contents
    best: LongShape | None = None
    for name, held in contents.items():
        if not 0 < len(held.texts) <= _MOST_TESTS or held.is_numeric or held.is_dated:
            continue
        if sum(held.texts.values()) <= len(held.texts):
            continue
        tests = match_tests(held.texts)
        if len(tests) < _FEWEST_TESTS or (best and len(tests) <= len(best.tests)):
            continue
        value = _best_column(contents, VALUE, {name}, lambda c: c.is_numeric)
        if value is None or not (_likeness(name, TEST) >= LIKELY or len(tests) > 2):
            continue
        unit = _best_column(contents, UNIT, {name, value}, lambda c: not c.is_dated) or ""
        limit = _best_column(contents, LIMIT, {name, value, unit}, lambda c: c.is_numeric) or ""
        others = {text: n for text, n in held.texts.items() if text not in tests}
        filled = part.text.loc[part.text[value] != "", name]
        empty = tuple(test for test in tests if not (filled == test).any())
        best = LongShape(name, value, unit, limit, tests, others, empty)
    return best


def match_tests(names: Iterable[str]) -> dict[str, str]:
    """By name of a measurement the native column of ``visits``; each column once.

    Pairs with the best score come first; names that score below `LIKELY` (0.65) are left out.
    """
    table = INPUT_TABLES["visits"]
    results = [c for c in specs("visits") if c.name not in table.key]
    return _each_once(results, names, _test_score)


def _each_once(
    columns: Sequence[ColumnSpec], names: Iterable[str], score: Callable[[ColumnSpec, str], float]
) -> dict[str, str]:
    """Native column by name, the best pairs first, no column and no name twice."""
    texts = list(names)
    scored = sorted(
        (-score(column, name), order, name)
        for order, column in enumerate(columns)
        for name in texts
    )
    column_by_name: dict[str, str] = {}
    for negative, order, name in scored:
        column = columns[order].name
        if (
            -negative >= LIKELY
            and name not in column_by_name
            and column not in column_by_name.values()
        ):
            column_by_name[name] = column
    return {name: column_by_name[name] for name in texts if name in column_by_name}


def _name_score(column: ColumnSpec, name: str) -> float:
    return name_score("visits", column, name, "")[0]


def _test_score(column: ColumnSpec, name: str) -> float:
    """The score of a name, or that of a code of eight characters with which the column begins."""
    score, code = _name_score(column, name), name.casefold()
    if len(code) == _CODE_LENGTH and column.name.startswith(code):
        return max(score, 0.9)
    return score


def _likeness(name: str, synonyms: Iterable[str]) -> float:
    return max(likeness(name, synonym) for synonym in synonyms)


def _best_column(
    contents: Mapping[str, Contents], synonyms: Iterable[str], excluded: set[str], holds: Any
) -> str | None:
    scores = {
        name: _likeness(name, synonyms)
        for name, held in contents.items()
        if name not in excluded and held.total and holds(held)
    }
    best = max(scores, key=lambda name: scores[name], default=None)
    return best if best is not None and scores[best] >= LIKELY else None


# --- A column for each item of each visit --------------------------------------------------------


def find_stack(names: list[str]) -> StackShape | None:
    """The pattern by which columns are named for an item and a visit; None where there is none.

    At least four columns must match it, with usual labels of two visits and a native column; of
    several patterns that with most native columns is taken.
    """
    shapes = [
        shape for pattern in patterns("visit", "item") if (shape := _stack_shape(names, pattern))
    ]
    return max(shapes, key=lambda shape: (len(shape.tests), len(shape.columns)), default=None)


def _stack_shape(names: list[str], pattern: str) -> StackShape | None:
    """The shape by a pattern of names."""
    expression = column_pattern(pattern)
    matches = {name: expression.fullmatch(name) for name in names}
    split = {name: (m["visit"], m["item"]) for name, m in matches.items() if m}
    like = {n: pair for n, pair in split.items() if usual_label(pair[0]) or _is_uns(pair[0])}
    # All columns that match the pattern become rows, whatever they hold.
    if len(like) < max(_FEWEST_STACKED, 0.8 * len(split)):
        return None
    visits = tuple(dict.fromkeys(visit for visit, _ in like.values()))
    items = Counter(item for _, item in like.values())
    tests = _item_columns(items)
    if len(visits) < 2 or not tests:
        return None
    others = tuple(item for item in items if item not in tests)
    return StackShape(pattern, tests, visits, frozenset(split), others)


def _is_uns(label: str) -> bool:
    return usual_label(re.sub(r"[0-9]+$", "", label)) == "UNS"


def _item_columns(items: Iterable[str]) -> dict[str, str]:
    """Native columns by item: measures, limits and the date."""
    columns = [c for c in specs("visits") if c.name not in ("subject_id", "visit")]
    return _each_once(columns, items, _name_score)
