"""Dose levels: those that are written as a dose, and their order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from math import nan
from unicodedata import normalize

from durable.contracts.spelling import fold

#: Cells per kg. A smaller number without a power of ten is the number of a level, or of millions.
SMALLEST_DOSE = 10_000
_UNIT = r"(?:(?:car-?t)?(?:cells?|\u7ec6\u80de)?(?:/kg|perkg)|cells?)?"
_POWER = re.compile(
    rf"(?:(?P<factor>[0-9]+(?:\.[0-9]+)?)(?:e|[x*\u00d7\u00b7]10\^?)|10\^)\+?(?P<power>[0-9]{{1,2}}){_UNIT}"
)
_PLAIN = re.compile(rf"(?P<number>[0-9]+(?:\.[0-9]+)?|[0-9]{{1,3}}(?:,[0-9]{{3}})+){_UNIT}")
_DIGITS = re.compile(r"([0-9]+(?:\.[0-9]+)?)")
_SUPERSCRIPT = re.compile("[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+")


def parse_dose(text: str) -> float:
    """Dose in cells per kg that the text of a dose level states; NaN for a label (1, DL1, low).

    A dose has a power of ten (1e7, 1E+07, 1x10^7, 10^7), or is a plain number of at least 10,000;
    cells, cells/kg or /kg may follow it.

    Examples
    --------
    >>> parse_dose("1 x 10^7 cells/kg"), parse_dose("1"), parse_dose("DL1")
    (10000000.0, nan, nan)
    """
    # A raised exponent is marked before NFKC makes its digits like others.
    raised = _SUPERSCRIPT.sub(lambda found: f"^{found[0]}", text)
    simple = "".join(normalize("NFKC", raised).casefold().split())
    simple = simple.replace("^^", "^").replace("^+", "^")
    match = _POWER.fullmatch(simple)
    if match is not None:
        return float(f"{match['factor'] or 1}e{match['power']}")
    match = _PLAIN.fullmatch(simple)
    if match is None:
        return nan
    number = float(match["number"].replace(",", ""))
    return number if number >= SMALLEST_DOSE else nan


def dose_or_fold(text: str) -> str | float:
    """The dose of a dose level (`parse_dose`), so that 1e7 and 1x10^7 are one; else its `fold`."""
    dose = parse_dose(text)
    return fold(text) if dose != dose else dose


def in_order_of_dose(levels: Iterable[str], planned: Mapping[str, float]) -> list[str] | None:
    """Dose levels from the lowest; None where nothing tells which dose is higher.

    By the dose planned where every level has one; else by that which each level states (1e7, 1x10^6
    cells/kg); else as numbers (1, 2), or by the one number in which they differ (DL2, DL10).

    Parameters
    ----------
    planned
        Cells per kg by level, ``exposure.planned_cells_per_kg`` of the plan.
    """
    known = sorted(set(levels))
    stated = planned if set(known) <= set(planned) else {name: parse_dose(name) for name in known}
    if all(stated[name] == stated[name] for name in known):
        return sorted(known, key=stated.__getitem__)
    with suppress(ValueError):
        return sorted(known, key=float)
    parts = {name: _DIGITS.split(name) for name in known}
    names = {tuple(text.casefold() for text in pieces[::2]) for pieces in parts.values()}
    if len(names) == 1 and all(len(pieces) == 3 for pieces in parts.values()):
        return sorted(known, key=lambda name: float(parts[name][1]))
    return known if len(known) < 2 else None


def sorted_levels(levels: Iterable[str]) -> list[str]:
    """Levels of any group for the eye: `in_order_of_dose` as they state it, else by their text."""
    names = sorted(set(levels))
    return in_order_of_dose(names, {}) or names
