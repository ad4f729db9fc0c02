"""Sheets with a column for each laboratory test, each date or each day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from durable.inspection.contents import Contents, is_number
from durable.inspection.laboratory import tests_named, units_named
from durable.inspection.names import heading, squeezed
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
    """Columns that become rows, named one by one."""

    made: Mapping[str, Mapping[str, str]]
    """By column of the sheet the values of the new columns."""
    value: str
    """Name of the new column that holds the cells."""
    pattern: str = ""
    """What takes them by their form, and no others: dates of a subject are not written down."""
    left_out: tuple[str, ...] = ()
    """Columns of the kind that lack something: a unit, or another of the same test."""

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the sheet that become rows."""
        return frozenset(self.made)

    @property
    def new(self) -> tuple[str, ...]:
        """The new columns."""
        return (*next(iter(self.made.values())), self.value)

    def keys(self) -> dict[str, Any]:
        """The section ``stack``."""
        made = {name: dict(new) for name, new in self.made.items()}
        return {"stack": {"value": self.value, "columns": self.pattern or made}}

    def rows(self, text: pd.DataFrame) -> pd.DataFrame:
        """The rows that the columns become."""
        rest = [name for name in text.columns if name not in self.made]
        parts = [
            text.loc[text[name] != "", rest].assign(**new, **{self.value: text[name]})
            for name, new in self.made.items()
        ]
        return pd.concat(parts, ignore_index=True)


def find_tests(sheet: Sheet) -> NamedStack | None:
    """The columns of known laboratory tests; None where there are fewer than two tests."""
    found = {
        name: code
        for name, held in sheet.contents.items()
        if _holds_results(held)
        for code in tests_named([heading(name).name]).values()
    }
    units = {
        name: heading(name).unit or _unit_below(sheet.labels.get(name, ""), code)
        for name, code in found.items()
    }
    return _named(sheet, "test", found, units)


def find_items(sheet: Sheet) -> tuple[NamedStack, dict[str, str]] | None:
    """The columns of the items of known laboratory tests (``WBC_RES``, ``WBC_UNIT``, ``WBC_ULN``).

    Returns
    -------
    tuple or None
        The columns as rows of a test and an item, and native columns by item. None where there are
        fewer than two tests with a result and something beside it.
    """
    found = [
        (made, items, pattern)
        for pattern in patterns("test", "item")
        for made, items in [_items(sheet.text.columns, pattern)]
        if len(items) > 1 and "value" in items.values()
        if len({new["test"] for new in made.values()}) >= _FEWEST
    ]
    if not found:
        return None
    made, items, pattern = max(found, key=lambda one: len(one[0]))
    rest = [str(name) for name in sheet.text.columns if name not in made]
    if not {"test", "item", "cell"}.isdisjoint(rest):
        return None
    # The pattern would take other tests too.
    takes_others = any(column_pattern(pattern).fullmatch(name) for name in rest)
    return NamedStack(made, "cell", "" if takes_others else pattern), items


def patterns(first: str, second: str) -> Iterator[str]:
    """Patterns of names of columns that are made of two parts, in either order."""
    for sign in _SEPARATORS:
        yield f"{{{first}}}{sign}{{{second}}}"
        yield f"{{{second}}}{sign}{{{first}}}"


def _items(names: Iterable[str], pattern: str) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """What the columns that a pattern takes are of, and native columns by item."""
    made: dict[str, dict[str, str]] = {}
    items: dict[str, str] = {}
    expression = column_pattern(pattern)
    for name in map(str, names):
        match = expression.fullmatch(name)
        if match is None or not tests_named([match["test"]]):
            continue
        native = next((n for n, words in _ITEMS.items() if squeezed(match["item"]) in words), "")
        if native:
            made[name] = match.groupdict()
            items[match["item"]] = native
    alone = len(set(items.values())) == len(items)
    return (made, items) if alone else ({}, {})


def find_assays(sheet: Sheet) -> NamedStack | None:
    """The columns of assays of the cells; None where there are fewer than two."""
    found = {
        name: heading(name).name.strip()
        for name, held in sheet.contents.items()
        if _holds_results(held) and _ASSAY.search(name) and not _NO_ASSAY.search(name)
    }
    units = {name: heading(name).unit or heading(sheet.labels.get(name, "")).unit for name in found}
    return _named(sheet, "assay", found, units)


def _holds_results(held: Contents) -> bool:
    """Whether a column has numbers, and beside them no more than a few words such as BLQ."""
    words = [text for text in held.texts if not is_number(text) and text not in held.limited]
    return held.numbers > 0 and len(words) <= _MOST_WORDS and not held.is_dated


def _named(
    sheet: Sheet, new: str, found: Mapping[str, str], units: Mapping[str, str]
) -> NamedStack | None:
    """The columns as rows of what each is of; None where there are fewer than two.

    Another column of the same is left out, and where some headings have a unit, one without.
    """
    first: dict[str, str] = {}
    for name, kind in found.items():
        first.setdefault(kind, name)
    kept = list(first.values())
    with_units = [name for name in kept if units[name]]
    kept = with_units or kept
    if len(kept) < _FEWEST:
        return None
    rest = [str(name) for name in sheet.text.columns if name not in kept]
    made = {
        name: {_free(new, rest): found[name]}
        | ({_free("unit", rest): units[name]} if with_units else {})
        for name in kept
    }
    left_out = tuple(name for name in found if name not in kept)
    return NamedStack(made, _free(_VALUE, rest), left_out=left_out)


def _unit_below(label: str, code: str) -> str:
    """The unit of a test by the label in the row below the header; '' where it has none."""
    return label if units_named({label: {code}})[0] or "/" in label else heading(label).unit


def _free(name: str, taken: Iterable[str]) -> str:
    return f"stacked {name}" if name in set(taken) else name


def find_dates(sheet: Sheet) -> NamedStack | None:
    """The columns whose names are dates, of a sheet that stands on its side; None for another."""
    names = list(map(str, sheet.text.columns))
    dated = [name for name in names if is_date(name)]
    if len(dated) < _FEWEST_DATES or len(dated) < _MOST_DATES * len(names):
        return None
    made = {name: {_DATE: name} for name in dated}
    value = _free(_VALUE, (name for name in names if name not in made))
    return NamedStack(made, value, f"{{{_DATE}}}")


def is_date(name: str) -> bool:
    """Whether the name of a column is a date: that of a subject's visit."""
    return Contents.of_texts([name]).is_dated


def day_columns(sheet: Sheet) -> list[str]:
    """Columns that are days after infusion, some with numbers; none where there are few."""
    names = [name for name in sheet.contents if _DAY.fullmatch(heading(name).name.strip())]
    numbers = any(sheet.contents[name].numbers for name in names)
    return names if numbers and len(names) >= _FEWEST_DAYS else []
