"""Logic in three values, as float Series: yes (1), no (0), unknown (NaN). Light to import.

With values missing an answer may still be known: three of four met is yes, two failed is no.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    #: Three values: 1 yes, 0 no, NaN unknown.
    Status = pd.Series[float]


def at_most(values: pd.Series[Any], limit: float) -> Status:
    """Whether values are at most a limit: 1 or 0, NaN where missing."""
    return (values <= limit).astype(float).where(values.notna())


def at_least(values: pd.Series[Any], limit: float) -> Status:
    """Whether values are at least a limit: 1 or 0, NaN where missing."""
    return (values >= limit).astype(float).where(values.notna())


def equal_to(values: pd.Series[Any], word: str) -> Status:
    """Whether values are equal to a word: 1 or 0, NaN where missing."""
    return (values == word).astype(float).where(values.notna())


def count_met(items: Sequence[Status], needed: int) -> Status:
    """Whether at least `needed` items are met: 1 or 0, NaN where the unknown items decide.

    There must be an item.
    """
    met, failed = (items[0] == 1).astype(int), (items[0] == 0).astype(int)
    for item in items[1:]:
        met += item == 1
        failed += item == 0
    enough = met >= needed
    return enough.astype(float).where(enough | (len(items) - failed < needed))


def all_met(items: Sequence[Status]) -> Status:
    """Whether all items are met: 0 where one is 0, else NaN where one is unknown, else 1."""
    return count_met(items, len(items))


def any_met(items: Sequence[Status]) -> Status:
    """Whether any item is met: 1 where one is 1, else NaN where one is unknown, else 0."""
    return count_met(items, 1)
