"""Dose levels in the figures: each has one colour, dash pattern, marker and hatch everywhere."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from durable.doses import in_order_of_dose
from durable.figures.points import Points, short
from durable.figures.style import DASHES, Style
from durable.language import _
from durable.wording import dose_level, dose_name, without_dose_level

#: Okabe and Ito (2008); neighbours differ in lightness. Each with a pale and a middle tint, for
#: bars under marks.
_COLOURS = (
    ("#0072B2", "#DCEBF6", "#8CC1E6"),
    ("#D55E00", "#FBE5D3", "#F2AE75"),
    ("#009E73", "#D8F0E8", "#7FCDB5"),
    ("#CC79A7", "#F7E4EE", "#E2AECB"),
    ("#000000", "#E8E8E8", "#A6A6A6"),
)
_MARKERS = ("o", "s", "^", "D", "v")
#: What is left out beside the name of a subject.
_UNIT = "cells/kg"
_HATCHES = ("", "//", "..", "xx", "--")
_POWER = re.compile(r"(?: x |\N{MULTIPLICATION SIGN})10\^(\d+)")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Dose:
    """A dose level and how it is shown; levels beyond the fifth begin the styles again."""

    level: str
    """Label in the data; empty where the dose level is not recorded."""
    rank: int
    """Position among the levels, from 0 for the lowest."""
    several: bool = True
    """Whether there are other levels."""

    @property
    def label(self) -> str:
        """The label in a key: ``1e7`` with its power of ten typeset and ``cells/kg``.

        ``2`` is ``Dose level 2``. ``Dose level not recorded`` of an empty level, ``Subject`` if it
        is the only one.
        """
        if self.level:
            return typeset(dose_level(short(without_dose_level(self.level))))
        return _("Dose level not recorded") if self.several else _("Subject")

    @property
    def brief(self) -> str:
        """The level beside the name of a subject: ``label`` without "Dose level" and ``cells/kg``.

        ``1e7`` is typeset as 1 times 10⁷, ``2`` is ``2``; '' where it is not recorded.
        """
        name = dose_name(without_dose_level(self.level)).removesuffix(_UNIT)
        return typeset(short(name.strip()))

    @property
    def colour(self) -> str:
        """Colour of lines and marks."""
        return _COLOURS[self.rank % len(_COLOURS)][0]

    @property
    def tints(self) -> tuple[str, str]:
        """Pale and middle colour of areas, lighter than `colour`."""
        _, pale, middle = _COLOURS[self.rank % len(_COLOURS)]
        return pale, middle

    @property
    def hatch(self) -> str:
        """Pattern of areas, for grey print."""
        return _HATCHES[self.rank % len(_HATCHES)]

    @property
    def line(self) -> Style:
        """A line with its marker, for the values of one subject."""
        return {
            "color": self.colour,
            "linestyle": DASHES[self.rank % len(DASHES)],
            "marker": _MARKERS[self.rank % len(_MARKERS)],
            "linewidth": 0.9,
            "markersize": 3.2,
        }


def typeset(label: str) -> str:
    """A label with " x 10^7" as a multiplication sign, 10 and a raised 7; another as it is."""
    times = "\N{MULTIPLICATION SIGN}"
    return _POWER.sub(lambda power: f"{times}10{power[1].translate(_RAISED)}", label)


def dose_levels(levels: Collection[str]) -> dict[str, Dose]:
    """The dose levels by label, from the lowest where their order is known, else sorted as text.

    The empty label of subjects without a recorded dose level is last.
    """
    known = sorted({level for level in levels if level})
    known = in_order_of_dose(known, {}) or known
    labels = [*known, *([""] if "" in levels else [])]
    return {label: Dose(label, rank, len(labels) > 1) for rank, label in enumerate(labels)}


def doses_of(points: Points) -> dict[str, Dose]:
    """The dose levels in the column ``group`` of points, as `dose_levels`."""
    return dose_levels(points.values("group"))
