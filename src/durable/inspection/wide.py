"""Sheets with a column for each laboratory test, each date or each day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from durable.inspection.contents import Contents, is_number
from durable.inspection.laboratory import tests_named, units_named
from durable.inspection.names import heading, letters_and_digits
from durable.inspection.sheets import Sheet
from durable.plan.source_files import column_pattern

_FEWEST, _MOST_WORDS = 2, 3
_FEWEST_DAYS = 4
_FEWEST_DATES, _MOST_DATES = 2, 0.5
_VALUE, _DATE = "result", "visit_date"
_SEPARATORS = ("/", "__", "_", ".", " - ", "-", " ")
#: What an item of a laboratory test is called, by native column.
_ITEMS: Mapping[str, tuple[str, ...]] = {
    "value": ("res", "result", "value", "val", "orres", "stresn", "aval", "结果"),
    "unit": ("unit", "units", "u", "orresu", "stresu", "单位"),
    "lower_limit": ("lln", "low", "lo", "lower", "ornrlo", "stnrlo", "anrlo", "下限"),
    "upper_limit": ("uln", "high", "hi", "upper", "ornrhi", "stnrhi", "anrhi", "上限"),
}
#: Parts of the names of assays of the cells, and of what is beside their results.
_ASSAY = re.compile(
    r"pcr|transgene|vector copies|copies|\bvcn\b|\bcar\b|car[-_ ]?t\b|拷贝|流式", re.IGNORECASE
)
_NO_ASSAY = re.compile(r"l?loq|limit|dose|date|day|下限|定量限|剂量|日期", re.IGNORECASE)
#: The name of a column that is a day after infusion: D7, Day +7, 第7天.
_DAY = re.compile(r"(?:d|day|第)[\s_]*[+-]?[0-9]{1,3}[天日]?", re.IGNORECASE)


@dataclass(frozen=True)
class NamedStack:
    """Columns of a sheet that become rows, named one by one."""

    new_values: Mapping[str, Mapping[str, str]]
    """By column of the sheet the values of its rows in the new columns, such as test and unit."""
    value: str
    """Name of the new column that takes the cells."""
    pattern: str = ""
    """Pattern of these names and no others, which the draft has instead of them; '' if none."""
    left_out: tuple[str, ...] = ()
    """Columns of such results that are not used: they have no unit, or are the second of a test."""

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the sheet that become rows."""
        return frozenset(self.new_values)

    @property
    def new(self) -> tuple[str, ...]:
        """Names of the new columns; the last takes the cells."""
        return (*next(iter(self.new_values.values())), self.value)

    def keys(self) -> dict[str, Any]:
        """The section ``stack`` of the plan."""
        columns = {name: dict(new) for name, new in self.new_values.items()}
        return {"stack": {"value": self.value, "columns": self.pattern or columns}}

    def rows(self, text: pd.DataFrame) -> pd.DataFrame:
        """The rows that the columns become, column by column; empty cells become none."""
        rest = [name for name in text.columns if name not in self.new_values]
        parts = [
            text.loc[text[name] != "", rest].assign(**new, **{self.value: text[name]})
            for name, new in self.new_values.items()
        ]
        return pd.concat(parts, ignore_index=True)


def find_tests(sheet: Sheet) -> NamedStack | None:
    """The columns of known laboratory tests; None where there are fewer than two tests."""
    codes = {
        name: code
        for name, held in sheet.contents.items()
        if _holds_results(held)
        for code in tests_named([heading(name).name]).values()
    }
    units = {
        name: heading(name).unit or _unit_below(sheet.labels.get(name, ""), code)
        for name, code in codes.items()
    }
    return _named_stack(sheet, "test", codes, units)


def find_items(sheet: Sheet) -> tuple[NamedStack, dict[str, str]] | None:
    """The columns of the items of known laboratory tests (``WBC_RES``, ``WBC_UNIT``, ``WBC_ULN``).

    Returns
    -------
    tuple or None
        The columns as rows of a test and an item, and native columns by item. None where there are
        fewer than two tests with a result and something beside it.
    """
    options = [
        (new_values, items, pattern)
        for pattern in patterns("test", "item")
        for new_values, items in [_items(sheet.text.columns, pattern)]
        if len(items) > 1 and "value" in items.values()
        if len({new["test"] for new in new_values.values()}) >= _FEWEST
    ]
    if not options:
        return None
    new_values, items, pattern = max(options, key=lambda one: len(one[0]))
    other_columns = [str(name) for name in sheet.text.columns if name not in new_values]
    if not {"test", "item", "cell"}.isdisjoint(other_columns):
        return None
    # The pattern would take other tests too.
    takes_others = any(column_pattern(pattern).fullmatch(name) for name in other_columns)
    return NamedStack(new_values, "cell", "" if takes_others else pattern), items


def patterns(first: str, second: str) -> Iterator[str]:
    """Patterns of names made of two parts, in either order, by separator: "{test}/{item}" first."""
    for sign in _SEPARATORS:
        yield f"{{{first}}}{sign}{{{second}}}"
        yield f"{{{second}}}{sign}{{{first}}}"


def _items(names: Iterable[str], pattern: str) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """What the columns that a pattern takes are of, and native columns by item."""
    new_values: dict[str, dict[str, str]] = {}
    items: dict[str, str] = {}
    expression = column_pattern(pattern)
    for name in map(str, names):
        match = expression.fullmatch(name)
        if match is None or not tests_named([match["test"]]):
            continue
        native = next(
            (n for n, words in _ITEMS.items() if letters_and_digits(match["item"]) in words), ""
        )
        if native:
            new_values[name] = match.groupdict()
            items[match["item"]] = native
    each_once = len(set(items.values())) == len(items)
    return (new_values, items) if each_once else ({}, {})


def find_assays(sheet: Sheet) -> NamedStack | None:
    """The columns of assays of the cells; None where there are fewer than two."""
    assays = {
        name: heading(name).name.strip()
        for name, held in sheet.contents.items()
        if _holds_results(held) and _ASSAY.search(name) and not _NO_ASSAY.search(name)
    }
    units = {
        name: heading(name).unit or heading(sheet.labels.get(name, "")).unit for name in assays
    }
    return _named_stack(sheet, "assay", assays, units)


def _holds_results(held: Contents) -> bool:
    """Whether a column has numbers, and beside them no more than a few words such as BLQ."""
    words = [text for text in held.texts if not is_number(text) and text not in held.limit_texts]
    return held.numbers > 0 and len(words) <= _MOST_WORDS and not held.is_dated


def _named_stack(
    sheet: Sheet, new: str, kinds: Mapping[str, str], units: Mapping[str, str]
) -> NamedStack | None:
    """The columns as rows of what each is of; None where there are fewer than two.

    Another column of the same is left out, and where some headings have a unit, one without.
    """
    first: dict[str, str] = {}
    for name, kind in kinds.items():
        first.setdefault(kind, name)
    kept = list(first.values())
    with_units = [name for name in kept if units[name]]
    kept = with_units or kept
    if len(kept) < _FEWEST:
        return None
    other_columns = [str(name) for name in sheet.text.columns if name not in kept]
    new_values = {
        name: {_free(new, other_columns): kinds[name]}
        | ({_free("unit", other_columns): units[name]} if with_units else {})
        for name in kept
    }
    left_out = tuple(name for name in kinds if name not in kept)
    return NamedStack(new_values, _free(_VALUE, other_columns), left_out=left_out)


def _unit_below(label: str, code: str) -> str:
    """The unit of a test by the label in the row below the header; '' where it has none."""
    return label if units_named({label: {code}})[0] or "/" in label else heading(label).unit


def _free(name: str, used_names: Iterable[str]) -> str:
    return f"stacked {name}" if name in set(used_names) else name


def find_dates(sheet: Sheet) -> NamedStack | None:
    """The columns whose names are dates; None if fewer than two, or than half of all columns."""
    names = list(map(str, sheet.text.columns))
    dated = [name for name in names if is_date(name)]
    if len(dated) < _FEWEST_DATES or len(dated) < _MOST_DATES * len(names):
        return None
    new_values = {name: {_DATE: name} for name in dated}
    value = _free(_VALUE, (name for name in names if name not in new_values))
    return NamedStack(new_values, value, f"{{{_DATE}}}")


def is_date(name: str) -> bool:
    """Whether the name of a column is a date or a time, as that of a subject's visit."""
    return Contents.from_texts([name]).is_dated


def day_columns(sheet: Sheet) -> list[str]:
    """Columns named as days after infusion (D7); none if fewer than four, or without numbers."""
    names = [name for name in sheet.contents if _DAY.fullmatch(heading(name).name.strip())]
    numbers = any(sheet.contents[name].numbers for name in names)
    return names if numbers and len(names) >= _FEWEST_DAYS else []
