"""Parts of sentences that every page of results is written with. A leaf, light to import."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce

from durable.language import _

_POWER_OF_TEN = re.compile(r"(\d+(?:\.\d+)?)[eE]\+?(\d+)")


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words as a list in a sentence: "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def sentences(*texts: str) -> str:
    """Sentences one after another, those that are empty left out."""
    return reduce(
        lambda first, second: _("{first} {second}").format(first=first, second=second),
        filter(None, texts),
    )


def clauses(texts: Sequence[str]) -> str:
    """Parts of a sentence one after another: "a; b; c"."""
    return reduce(
        lambda first, second: _("{first}; {second}").format(first=first, second=second), texts
    )


def lower_initial(text: str) -> str:
    """The text with a small first letter, the others as they are."""
    return text[:1].lower() + text[1:]


def capitalised(text: str) -> str:
    """The text with a capital first letter, the others as they are."""
    return text[:1].upper() + text[1:]


def percent(proportion: float) -> str:
    """A proportion as a percentage: 0.95 is "95%"."""
    return f"{100 * proportion:g}%"


def dose_level(name: str) -> str:
    """A dose level as readers see it: "1e7" is "1 x 10^7 cells/kg", "2" is "Dose level 2"."""
    cells = _POWER_OF_TEN.fullmatch(name)
    return f"{cells[1]} x 10^{cells[2]} cells/kg" if cells else f"Dose level {name}"
