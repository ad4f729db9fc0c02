"""Forest plot of the sensitivity analyses: a panel a parameter, the primary analysis on top."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from durable.config.model import Plan
from durable.display.plots.points import Points
from durable.display.plots.style import (
    COLOURS,
    FAINT,
    INK,
    LINE_SPACING,
    MARGIN,
    POINT,
    TEXT_SIZE,
    WIDTH,
    Box,
    Caption,
    Page,
    Style,
    nothing,
    text_width,
    wrap,
)

COLUMNS = ("analysis", "title", "parameter", "estimate", "lower", "upper", "text")
PRIMARY = "primary"
_NAMES_WIDTH = 44.0
_GAP = 4.0
_LINE = TEXT_SIZE * LINE_SPACING * POINT
#: Room above and below the rows of a panel: its title, its axis.
_TITLE, _AXIS = 6.0, 7.0


@dataclass(frozen=True)
class Rows:
    """The analyses, and where their rows stand: millimetres below the top of a panel's rows."""

    names: list[str]
    labels: list[list[str]]
    """Lines of each title."""

    @property
    def edges(self) -> list[float]:
        """Top of each row, and bottom of the last."""
        return list(accumulate((len(label) * _LINE + 1.6 for label in self.labels), initial=0.0))

    def middle(self, place: int) -> float:
        """Middle of a row."""
        return (self.edges[place] + self.edges[place + 1]) / 2


def draw(points: Points, _: Plan, caption: Caption) -> Figure:
    """Draw ``f_sensitivity.csv``."""
    parameters = [name for (name,) in points.distinct("parameter")]
    if not parameters:
        return nothing(caption, "No analyses")
    titles = points.distinct("analysis", "title")
    labels = [wrap(title or analysis, width=_NAMES_WIDTH) for analysis, title in titles]
    rows = Rows([analysis for analysis, _ in titles], labels)
    across = min(2, len(parameters))
    down = -(-len(parameters) // across)
    page = Page(caption, down * (rows.edges[-1] + _TITLE + _AXIS) + (down - 1) * _GAP)
    left = MARGIN + _NAMES_WIDTH + 2
    body = Box(left, page.body.bottom, WIDTH - MARGIN - left, page.body.height)
    room = max(text_width(text) for text in points.text("text")) + 3
    boxes = body.grid(down, across, _GAP)
    for i, (parameter, box) in enumerate(zip(parameters, boxes, strict=False)):
        inner = Box(box.left, box.bottom + _AXIS, box.width - room, rows.edges[-1])
        _draw_panel(page, inner, points.where(parameter=parameter), rows)
        _write(page, box.left, box.bottom + box.height, parameter, va="top", weight="bold")
        if i % across == 0:
            _name_rows(page, inner.bottom + inner.height, rows)
    return page.figure


def _draw_panel(page: Page, box: Box, points: Points, rows: Rows) -> None:
    axes = page.axes(box)
    limits = _limits(points)
    axes.set(xlim=limits, ylim=(rows.edges[-1], 0), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=4)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    for reference in points.where(analysis=PRIMARY).number("estimate"):
        if np.isfinite(reference):
            axes.axvline(reference, color=FAINT, linestyle=(0, (3, 2)), linewidth=0.8, zorder=1)
    cells = zip(points.text("analysis"), _values(points), points.text("text"), strict=True)
    for analysis, values, text in cells:
        middle = rows.middle(rows.names.index(analysis))
        _draw_row(axes, middle, values, limits, primary=analysis == PRIMARY)
        _write(page, box.left + box.width + 3, box.bottom + box.height - middle, text, va="center")


def _values(rows: Points) -> list[tuple[float, float, float]]:
    columns = (rows.number(name).tolist() for name in ("estimate", "lower", "upper"))
    return list(zip(*columns, strict=True))


def _limits(rows: Points) -> tuple[float, float]:
    """From 0, or the least value, to a little beyond the greatest; 0 to 100 for percentages."""
    if "%" in rows.text("parameter")[0]:
        return 0.0, 100.0
    known = np.concatenate([rows.number(name) for name in ("estimate", "lower", "upper")])
    known = known[np.isfinite(known)]
    high = known.max(initial=0.0)
    return min(0.0, known.min(initial=0.0)), high * 1.08 if high > 0 else 1.0


def _draw_row(
    axes: Axes,
    place: float,
    values: tuple[float, float, float],
    limits: tuple[float, float],
    *,
    primary: bool,
) -> None:
    """Estimate and interval; an arrow to the edge where a limit is not estimable."""
    estimate, lower, upper = values
    if not np.isfinite(estimate) and not np.isfinite([lower, upper]).any():
        return
    colour = COLOURS[0] if primary else INK
    ends = [lower if np.isfinite(lower) else limits[0], upper if np.isfinite(upper) else limits[1]]
    axes.plot(ends, [place, place], color=colour, linewidth=1.2, gid="interval", clip_on=False)
    arrow: Style = {"linestyle": "none", "color": colour, "markersize": 4.5, "clip_on": False}
    if not np.isfinite(lower):
        axes.plot(limits[0], place, marker="<", gid="open", **arrow)
    if not np.isfinite(upper):
        axes.plot(limits[1], place, marker=">", gid="open", **arrow)
    shape: Style = {"marker": "D" if primary else "s", "markersize": 5, "color": colour}
    axes.plot(estimate, place, linestyle="none", gid="estimate", zorder=4, **shape)


def _name_rows(page: Page, top: float, rows: Rows) -> None:
    for place, (analysis, lines) in enumerate(zip(rows.names, rows.labels, strict=True)):
        first = top - rows.middle(place) + (len(lines) - 1) / 2 * _LINE
        weight = "bold" if analysis == PRIMARY else "normal"
        for line, text in enumerate(lines):
            _write(page, MARGIN, first - line * _LINE, text, va="center", weight=weight)


def _write(page: Page, x: float, y: float, text: str, **style: str) -> None:
    page.figure.text(x / WIDTH, y / page.height, text, **style)  # type: ignore[arg-type]
