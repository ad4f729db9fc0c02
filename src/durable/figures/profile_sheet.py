"""A page drawn in millimetres along a time axis, with few artists."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from durable.figures.profile_axis import TimeAxis
from durable.figures.style import COLOURS, Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Outline of bars.
EDGE: Style = {"edgecolor": "0.3", "linewidth": 0.4}
#: Shortest bar, so that an event of a day is seen.
_SHORTEST = 0.9


@dataclass(frozen=True)
class Strip:
    """A part of the page with a scale of its own."""

    section: str
    label: str
    """As the points have it."""
    shown: str
    """As it is shown, in the language in force."""
    height: float
    low: float
    high: float
    log: bool = False

    def level(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Part of the height at which values stand."""
        low, high = self.low, self.high
        if self.log:
            values, low, high = np.log10(values), np.log10(low), np.log10(high)
        return np.clip((values - low) / (high - low), 0, 1)


class Sheet:
    """Draws on a page in millimetres from its lower left corner, with few artists."""

    def __init__(self, axes: Axes, time: TimeAxis, width: float, height: float) -> None:
        axes.set(xlim=(0, width), ylim=(0, height))
        axes.axis("off")
        self.axes, self.time = axes, time
        self._bars: list[tuple[float, float, float, float]] = []
        self._faces: list[str] = []
        self._lines: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
        self._rules: list[list[tuple[float, float]]] = []

    def bar(self, days: tuple[float, float], bottom: float, height: float, colour: str) -> None:
        """A bar between two days."""
        start, end = self.time.place(np.array(days)).tolist()
        self._bars.append((start, bottom, max(end - start, _SHORTEST), height))
        self._faces.append(colour)

    def line(self, days: NDArray[np.float64], heights: NDArray[np.float64]) -> None:
        """A line through points, each with a mark."""
        self._lines.append((self.time.place(days), heights))

    def rule(self, y: float) -> None:
        """A faint line across the page."""
        axis = self.time
        self._rules.append([(0, y), (axis.left + axis.width, y)])

    def marks(self, days: NDArray[np.float64], heights: NDArray[np.float64], style: Style) -> None:
        """Marks at days."""
        if len(days):
            self.axes.plot(self.time.place(days), heights, **style)

    def text(self, x: float, y: float, text: str, **style: Any) -> None:
        """A text whose middle stands at a height."""
        self.axes.text(x, y, text, **{"va": "center"} | style)

    def finish(self) -> None:
        """Add what was collected."""
        from matplotlib.collections import LineCollection, PatchCollection
        from matplotlib.patches import Rectangle

        boxes = [Rectangle((x, y), width, height) for x, y, width, height in self._bars]
        bars = PatchCollection(boxes, facecolors=self._faces, zorder=2, gid="bars", **EDGE)
        self.axes.add_collection(bars, autolim=False)
        rules = LineCollection(self._rules, colors="0.85", linewidths=0.5, zorder=1)
        self.axes.add_collection(rules, autolim=False)
        if self._lines:
            parts = [np.append(np.column_stack(line), [[nan, nan]], axis=0) for line in self._lines]
            x, y = np.concatenate(parts).T
            style: Style = {"color": COLOURS[0], "marker": "o", "markersize": 2.8, "linewidth": 0.9}
            self.axes.plot(x, y, gid="values", zorder=3, **style)
