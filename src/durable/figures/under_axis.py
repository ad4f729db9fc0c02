"""Probabilities over months: their axes, and the counts that stand under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from durable.figures.style import (
    LINE_SPACING,
    POINT,
    TEXT_SIZE,
    detach_axes,
    text_width,
    thin_labels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from durable.plan import Statistics

_LINE = TEXT_SIZE * LINE_SPACING
#: Points between the axis and the counts: tick labels and the name of the axis.
_BELOW_AXIS = 41.0


@dataclass(frozen=True)
class CountRow:
    """A row of counts under the axis; a heading has none."""

    label: str
    cells: tuple[str, ...] = ()
    """A count at each tick, those of the thinned ticks too."""
    name: str = ""
    """Identifier of the counts in the drawing (``gid`` of their texts)."""


def count_days(statistics: Statistics, days: NDArray[np.float64]) -> NDArray[np.float64]:
    """Days at which subjects are counted under an axis that holds `days`: 0 and the landmarks.

    Where subjects were observed past the last landmark, on from it in equal steps up to the last of
    `days`: in the least multiple of the last step of the landmarks that makes at most 12.
    """
    months = np.array([0.0, *sorted(statistics.landmarks_months)])
    rest = days.max(initial=0.0) / statistics.days_per_month - months[-1]
    step = months[-1] - months[-2]
    step *= max(1.0, np.ceil(rest / step / 12))
    further = months[-1] + step * np.arange(1, max(np.floor(rest / step), 0) + 1)
    return np.concatenate([months, further]) * statistics.days_per_month


def probability_axes(
    axes: Axes, last: float, ticks: NDArray[np.float64], rows: Sequence[CountRow]
) -> None:
    """Set a vertical axis from 0 to 100%, and a horizontal one from 0 to the last month.

    That is the first of `ticks` from `last`, the last observed month, on, or `last` without one.
    Ticks are left out where the counts of `rows` under them would overlap.
    """
    shown = ticks[: int(np.searchsorted(ticks, last)) + 1]
    axes.set_xlim(0, max(last, shown.max(initial=0)) or 1)
    axes.set_ylim(0, 1)
    axes.set_yticks(np.linspace(0, 1, 6), [f"{percent}" for percent in range(0, 101, 20)])
    detach_axes(axes)
    room = (_widest(rows) + 1.5) * float(np.diff(axes.get_xlim())[0]) / 135
    kept = shown[thin_labels(shown.tolist(), room)]
    axes.set_xticks(kept, [f"{tick:.4g}" for tick in kept])


def write_counts(axes: Axes, ticks: NDArray[np.float64], rows: Sequence[CountRow]) -> None:
    """Write the rows under the axis, each count below its tick; headings are bold.

    Counts of ticks that the axis does not have are left out: `probability_axes` comes first.
    """
    left = -_widest(rows) / 2 / POINT - 8
    kept = set(axes.get_xticks())
    for line, row in enumerate(rows):
        depth = -_BELOW_AXIS - line * _LINE
        _write_label(axes, row.label, left, depth, "normal" if row.cells else "bold")
        for tick, text in zip(ticks, row.cells, strict=False):
            if tick in kept:
                axes.annotate(
                    text,
                    (tick, 0),
                    xycoords=axes.get_xaxis_transform(),
                    xytext=(0, depth),
                    textcoords="offset points",
                    ha="center",
                    va="top",
                    gid=row.name,
                    annotation_clip=False,
                )


def _widest(rows: Sequence[CountRow]) -> float:
    """Width of the widest count, in millimetres."""
    return max((text_width(text) for row in rows for text in row.cells), default=0)


def _write_label(axes: Axes, text: str, left: float, depth: float, weight: str) -> None:
    axes.annotate(
        text,
        (0, 0),
        xycoords="axes fraction",
        xytext=(left, depth),
        textcoords="offset points",
        ha="right",
        va="top",
        weight=weight,
        annotation_clip=False,
    )
