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
    """Name of the values, as the points have it."""
    lines: tuple[str, ...]
    """Lines of the name with the ends of the scale, in the language in force."""
    height: float
    """Height, millimetres."""
    low: float
    high: float
    """Values at the lower and the upper end."""
    log: bool = False
    """Whether the scale is logarithmic."""

    def level(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Heights of values as parts of the height of the strip, cut to 0 to 1; NaN of NaN."""
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
        """A bar between two days, from `bottom` up, and at least 0.9 mm wide."""
        start, end = self.time.positions(np.array(days)).tolist()
        self._bars.append((start, bottom, max(end - start, _SHORTEST), height))
        self._faces.append(colour)

    def line(self, days: NDArray[np.float64], heights: NDArray[np.float64]) -> None:
        """A line through points at these days and heights, each with a mark."""
        self._lines.append((self.time.positions(days), heights))

    def rule(self, y: float) -> None:
        """A faint line across the page."""
        axis = self.time
        self._rules.append([(0, y), (axis.left + axis.width, y)])

    def marks(self, days: NDArray[np.float64], heights: NDArray[np.float64], style: Style) -> None:
        """Marks at these days and heights, drawn at once; nothing without a day."""
        if len(days):
            self.axes.plot(self.time.positions(days), heights, **style)

    def text(self, x: float, y: float, text: str, **style: Any) -> None:
        """A text at `x`, where it begins by default, with its middle at the height `y`."""
        self.axes.text(x, y, text, **{"va": "center"} | style)

    def finish(self) -> None:
        """Draw the bars, lines and rules collected so far: called once, at the end."""
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
