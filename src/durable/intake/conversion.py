"""From recorded values and units to those of the tables, as the plan declares it.

What was recorded stays beside what is read: findings show it, and ``checked/conversions.csv`` lists
every cell that differs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import partial

import numpy as np
import pandas as pd

from durable.config.model import Input
from durable.contracts.units import UNITS
from durable.intake.cells import plain
from durable.intake.findings import Recorded, shown

COLUMNS = ["table", "subject_id", "row", "column", "recorded", "unit", "read_as"]
_NUMBER = re.compile(r"-?[0-9]{1,300}(\.[0-9]+)?")


def converted(recorded: Recorded, given: Input) -> tuple[Recorded, pd.DataFrame]:
    """The table with native values and units, and one row for every cell that changed.

    Parameters
    ----------
    recorded
        The table as recorded.
    given
        Its value maps (applied first, to the text without blanks around it) and units.

    Returns
    -------
    Recorded, DataFrame
        The table with the recorded texts in `converted`; and table, subject, row, column, recorded
        text, recorded unit ('' where only a value map applied) and the text read instead.
    """
    text = recorded.text.copy()
    maps, units = given.values, given.units  # noqa: PD011  (a key of the plan)
    before: dict[str, pd.Series[str]] = {}
    changes = [pd.DataFrame(columns=COLUMNS)]
    for name in text.columns.intersection([*maps, *units]):
        before[name] = text[name]
        text[name] = _each(text[name], maps.get(name, {}).get)
        unit = units.get(name, "")
        if unit:
            factor = UNITS[recorded.table][name][unit]
            text[name] = _each(text[name], partial(_scaled, factor))
        changed = text[name] != before[name]
        changes.append(
            pd.DataFrame(
                {
                    "table": recorded.table,
                    "subject_id": text.loc[changed, "subject_id"].map(shown),
                    "row": text.loc[changed, "source_row"],
                    "column": name,
                    "recorded": before[name].loc[changed].map(shown),
                    "unit": unit,
                    "read_as": text.loc[changed, name],
                }
            )
        )
    return replace(recorded, text=text, converted=before), together(changes)


def together(changes: list[pd.DataFrame]) -> pd.DataFrame:
    """All changes in one list, in the order given."""
    found = [part for part in changes if not part.empty] or changes[:1]
    return pd.concat(found, ignore_index=True)


def _each(column: pd.Series[str], change: Callable[[str], str | None]) -> pd.Series[str]:
    """A column whose values were changed, except those for which there is no other."""
    codes, values = pd.factorize(column)
    texts = np.array([_kept_blanks(str(value), change) for value in values], dtype=object)
    return pd.Series(texts[codes] if len(texts) else [], index=column.index, dtype=object)


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
    return plain(float(Fraction(Decimal(text)) * factor))
