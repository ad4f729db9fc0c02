"""Dose levels in the figures: each has one colour, dash pattern, marker and hatch everywhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from durable.doses import sorted_levels
from durable.figures.points import Points, short_names
from durable.figures.style import DASHES, Style
from durable.language import _
from durable.wording import dose_level, dose_name, without_dose_level

if TYPE_CHECKING:
    import pandas as pd

#: Column of the rank of a dose level, in the points of subjects.
RANK = "group_rank"
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
    """Position among the levels of the study, from 0 for the lowest."""
    name: str
    """The label without "Dose level", shortened where it is long."""
    name_beside: str
    """The name without ``cells/kg``, for beside the name of a subject."""
    several: bool = True
    """Whether there are other levels."""

    @property
    def label(self) -> str:
        """The label in a key: ``1e7`` with its power of ten typeset and ``cells/kg``.

        ``2`` is ``Dose level 2``. ``Dose level not recorded`` of an empty level, ``Subject`` if it
        is the only one.
        """
        if self.level:
            return typeset(dose_level(self.name))
        return _("Dose level not recorded") if self.several else _("Subject")

    @property
    def brief(self) -> str:
        """The level beside the name of a subject: ``label`` without "Dose level" and ``cells/kg``.

        ``1e7`` is typeset as 1 times 10⁷, ``2`` is ``2``; '' where it is not recorded.
        """
        return typeset(self.name_beside)

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


def dose_ranks(levels: Collection[str]) -> dict[str, int]:
    """Ranks of the dose levels from 0, the lowest where their order is known, else as text.

    The empty label of subjects without a recorded dose level is last.
    """
    known = sorted_levels(level for level in levels if level)
    labels = [*known, *([""] if "" in levels else [])]
    return {label: rank for rank, label in enumerate(labels)}


def dose_levels(ranks: Mapping[str, int]) -> dict[str, Dose]:
    """The dose levels by label, in the order of their ranks among all of the study."""
    labels = sorted(ranks, key=ranks.__getitem__)
    names = [without_dose_level(label) for label in labels]
    in_key = short_names(names)
    beside = short_names(_brief(name) for name in names)
    several = len(labels) > 1 or any(ranks.values())
    return {
        label: Dose(label, ranks[label], in_key[name], beside[_brief(name)], several)
        for label, name in zip(labels, names, strict=True)
    }


def doses_of(points: Points) -> dict[str, Dose]:
    """The dose levels in the column ``group`` of points, as `dose_levels`.

    Their ranks are in the column ``group_rank``; without it they are ranked among themselves.
    """
    levels = points.values("group")
    if RANK not in points.columns:
        return dose_levels(dose_ranks(levels))
    ranks = zip(points.text("group"), points.number(RANK).tolist(), strict=True)
    return dose_levels({level: int(rank) for level, rank in ranks})


def with_ranks(points: pd.DataFrame, levels: Collection[str]) -> pd.DataFrame:
    """Points of subjects with the rank of their ``group`` among the dose levels, ``group_rank``.

    Empty for a row of no subject, as of a mean. Points without columns of subjects and groups are
    returned as they are.

    Parameters
    ----------
    levels
        Dose levels of all infused subjects; '' where one is not recorded.
    """
    if not {"subject", "group"} <= set(points):
        return points
    ranks = dose_ranks([*levels, ""])
    rank = points["group"].astype(object).map(ranks).where(points["subject"] != "")
    return points.assign(**{RANK: rank.astype("Int64")})


def _brief(name: str) -> str:
    return dose_name(name).removesuffix(_UNIT).strip()
