"""From recorded values and units to those of the tables, as the plan declares it.

What was recorded stays beside what is read: findings show it, and ``checked/conversions.csv`` lists
every cell that differs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import partial

import pandas as pd

from durable.contracts.tables import INPUT_TABLES
from durable.intake.findings import Recorded, escaped
from durable.intake.readers.cells import plain_decimal
from durable.intake.texts import map_texts, where_text
from durable.plan import Input

COLUMNS = ["table", "subject_id", "row", "column", "recorded", "unit", "read_as"]
_NUMBER = re.compile(r"-?[0-9]{1,300}(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?")


def convert(recorded: Recorded, source: Input) -> tuple[Recorded, pd.DataFrame]:
    """Return the table with native values and units, and one row for every cell that changed.

    Parameters
    ----------
    recorded
        The table as recorded.
    source
        Its value maps (applied first, to the text without blanks around it) and units.

    Returns
    -------
    Recorded, DataFrame
        The table with the recorded texts in `converted`; and for each cell table, subject, row,
        column, recorded text, recorded unit ('' where only a value map applied) and the text read
        instead (`COLUMNS`).
    """
    text = recorded.text.copy(deep=False)
    maps, units = source.values, source.units  # noqa: PD011  (a key of the plan)
    before: dict[str, pd.Series[str]] = {}
    changes = [pd.DataFrame(columns=COLUMNS)]
    for name in text.columns.intersection([*maps, *units]):
        before[name] = text[name]
        unit = units.get(name, "")
        factor = INPUT_TABLES[recorded.table].by_name[name].factors[unit] if unit else None
        change = partial(_changed, maps.get(name, {}), factor)
        text[name] = pd.Series(map_texts(before[name], change), index=text.index)
        changed = where_text(before[name], partial(_differs, change))
        changes.append(
            pd.DataFrame(
                {
                    "table": recorded.table,
                    "subject_id": text.loc[changed, "subject_id"].astype(object).map(escaped),
                    "row": text.loc[changed, "source_row"],
                    "column": name,
                    "recorded": before[name].loc[changed].astype(object).map(escaped),
                    "unit": unit,
                    "read_as": text.loc[changed, name].astype(object),
                }
            )
        )
    return replace(recorded, text=text, converted=before), pd.concat(changes, ignore_index=True)


def _differs(change: Callable[[str], str], text: str) -> bool:
    return change(text) != text


def _changed(values: Mapping[str, str], factor: Fraction | None, text: str) -> str:
    """The text after the value map, and after the unit where there is one."""
    mapped = _kept_blanks(text, values.get)
    return mapped if factor is None else _kept_blanks(mapped, partial(_scaled, factor))


def _kept_blanks(text: str, change: Callable[[str], str | None]) -> str:
    """The new value within the blanks around the old one, which have their own finding."""
    bare = text.strip()
    new = change(bare)
    if new is None:
        return text
    start = text.index(bare)
    return text[:start] + new + text[start + len(bare) :]


def _scaled(factor: Fraction, text: str) -> str | None:
    """A number times an exact factor; where that has no end in decimals, the nearest double."""
    if not _NUMBER.fullmatch(text):
        return None
    return plain_decimal(Decimal(repr(float(Fraction(Decimal(text)) * factor))))
