"""Sheets with a column for each laboratory test, each date or each day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from durable.inspection.contents import Contents
from durable.inspection.laboratory import tests_named, units_named
from durable.inspection.names import heading
from durable.inspection.sheets import Sheet

_FEWEST_TESTS = 2
_FEWEST_DAYS = 4
_FEWEST_DATES, _MOST_DATES = 2, 0.5
_TEST, _UNIT, _VALUE, _DATE = "test", "unit", "result", "visit_date"
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
    """What takes the same columns, where it takes no others."""
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
    """The columns of known laboratory tests; None where there are fewer than two tests.

    Where some headings have a unit, columns without one are left out.
    """
    found: dict[str, dict[str, str]] = {}
    rivals: list[str] = []
    for name, held in sheet.contents.items():
        codes = tests_named([heading(name).name]) if held.is_numeric else {}
        for code in codes.values():
            if any(new[_TEST] == code for new in found.values()):
                rivals.append(name)
                continue
            unit = heading(name).unit or _unit_below(sheet.labels.get(name, ""), code)
            found[name] = {_TEST: code} | ({_UNIT: unit} if unit else {})
    without = [name for name, new in found.items() if _UNIT not in new]
    if len(without) < len(found):
        rivals += without
        found = {name: new for name, new in found.items() if _UNIT in new}
    if len(found) < _FEWEST_TESTS:
        return None
    rest = [name for name in sheet.text.columns if name not in found]
    value = _free(_VALUE, rest)
    return NamedStack(_renamed(found, rest), value, left_out=tuple(rivals))


def _unit_below(label: str, code: str) -> str:
    """The unit of a test by the label in the row below the header; '' where it has none."""
    return label if units_named({label: {code}})[0] or "/" in label else heading(label).unit


def _renamed(
    found: Mapping[str, Mapping[str, str]], rest: Iterable[str]
) -> dict[str, dict[str, str]]:
    """The new columns under names that no other column has."""
    taken = list(rest)
    return {
        name: {_free(new, taken): text for new, text in values.items()}
        for name, values in found.items()
    }


def _free(name: str, taken: Iterable[str]) -> str:
    return f"laboratory {name}" if name in set(taken) else name


def find_dates(sheet: Sheet) -> NamedStack | None:
    """The columns whose names are dates, of a sheet that stands on its side; None for another.

    The pattern takes them where there is at most one other column: it holds the measures.
    """
    names = list(map(str, sheet.text.columns))
    dated = [name for name in names if Contents.of_texts([name]).is_dated]
    if len(dated) < _FEWEST_DATES or len(dated) < _MOST_DATES * len(names):
        return None
    rest = [name for name in names if name not in dated]
    made = {name: {_DATE: name} for name in dated}
    pattern = f"{{{_DATE}}}" if len(rest) < 2 else ""
    return NamedStack(made, _free(_VALUE, rest), pattern)


def day_columns(sheet: Sheet) -> list[str]:
    """Columns that are days after infusion, some with numbers; none where there are few."""
    names = [name for name in sheet.contents if _DAY.fullmatch(heading(name).name.strip())]
    numbers = any(sheet.contents[name].numbers for name in names)
    return names if numbers and len(names) >= _FEWEST_DAYS else []
