"""Logic in three values: yes (1), no (0), unknown (NaN). Light to import.

With values missing an answer may still be known: three of four met is yes, two failed is no.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    Status = pd.Series[float]


def at_most(values: pd.Series[Any], limit: float) -> Status:
    """Whether values are at most a limit; NaN where missing."""
    return (values <= limit).astype(float).where(values.notna())


def at_least(values: pd.Series[Any], limit: float) -> Status:
    """Whether values are at least a limit; NaN where missing."""
    return (values >= limit).astype(float).where(values.notna())


def equal_to(values: pd.Series[Any], word: str) -> Status:
    """Whether values are a word; NaN where missing."""
    return (values == word).astype(float).where(values.notna())


def count_met(items: Sequence[Status], needed: int) -> Status:
    """Whether at least `needed` items are met, whatever the unknown ones turn out to be."""
    met, failed = (items[0] == 1).astype(int), (items[0] == 0).astype(int)
    for item in items[1:]:
        met += item == 1
        failed += item == 0
    enough = met >= needed
    return enough.astype(float).where(enough | (len(items) - failed < needed))


def all_met(items: Sequence[Status]) -> Status:
    """Three-valued AND."""
    return count_met(items, len(items))


def any_met(items: Sequence[Status]) -> Status:
    """Three-valued OR."""
    return count_met(items, 1)
