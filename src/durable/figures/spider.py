"""Total Improvement Score over time, a line a subject, with the levels of response."""

from __future__ import annotations

from math import inf, isfinite, nan

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from durable.figures.points import Points, short
from durable.figures.style import (
    TEXT_SIZE,
    WIDTH,
    Box,
    Caption,
    Page,
    Style,
    months_axis,
    nothing,
    shortened,
    spread,
    subject_style,
    text_width,
    thresholds,
)
from durable.plan import Plan

COLUMNS = ("subject", "day", "tis", "partial")
#: Space between two labels, and between the plot and its labels, millimetres.
_LABEL, _LEADER = 3.4, 5.0
#: Faint and dotted: a line that leads to a name must not pass for a score carried forward.
_LEADER_LINE: Style = {
    "arrowstyle": "-",
    "color": "0.6",
    "linestyle": (0, (1, 3)),
    "linewidth": 0.5,
    "shrinkA": 0,
    "shrinkB": 3,
}
_PARTIAL: Style = {
    "linestyle": "none",
    "marker": "o",
    "markersize": 4.5,
    "markerfacecolor": "white",
    "markeredgecolor": "black",
    "markeredgewidth": 0.8,
    "label": "Partial score",
}


def draw(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_tis.csv``."""
    points, note = shortened(points)
    subjects = [name for (name,) in points.distinct("subject")]
    if not subjects:
        return nothing(caption)
    page = Page(caption.noting(note), max(90, 14 + _LABEL * len(subjects)), _key(points, plan))
    axes = page.axes(page.body)
    for score, style in thresholds(plan):
        axes.axhline(score, zorder=1, **style)
    for i, ((name,), rows) in enumerate(points.each("subject")):
        axes.plot(rows.number("day"), rows.number("tis"), gid=name, clip_on=False, **_style(i))
    partial = points.where(partial="Y")
    axes.plot(partial.number("day"), partial.number("tis"), gid="partial", zorder=5, **_PARTIAL)
    months_axis(axes, points.number("day"), plan.statistics.days_per_month)
    axes.set(ylim=(-2, 102), ylabel="Total Improvement Score")
    axes.set_yticks(range(0, 101, 20))
    room = max(text_width(short(name)) for name in subjects) + _LEADER + 0.5
    body = page.body
    page.fit((axes, Box(body.left, body.bottom, body.width - room, body.height)))
    _name_lines(page, axes, points)
    return page.figure


def _style(i: int) -> Style:
    # Each line is named at its end, so that styles may recur.
    return subject_style(i, 1)


def _key(points: Points, plan: Plan) -> list[Artist]:
    levels: list[Artist] = [Line2D([], [], **style) for _, style in reversed(thresholds(plan))]
    return [*levels, *([Line2D([], [], **_PARTIAL)] if len(points.where(partial="Y")) else [])]


def _name_lines(page: Page, axes: Axes, points: Points) -> None:
    """Name each subject to the right of the plot, level with the end of its line where it can."""
    lines = [(name, _end(rows)) for (name,), rows in points.each("subject")]
    # Of equal scores the one that ends last is named on top, so that leaders cross less.
    names, ends = zip(*sorted(lines, key=lambda line: line[1]), strict=True)
    inner = axes.get_position()
    low, high = axes.get_ylim()
    unit = inner.height * page.height / (high - low)
    wished = [inner.y0 * page.height + (max(score, low) - low) * unit for _, score in ends]
    body = page.body
    placed = spread(wished, _LABEL, body.bottom + 2, body.bottom + body.height - 2)
    left = inner.x1 + _LEADER / WIDTH
    for name, end, y in zip(names, ends, placed, strict=True):
        page.figure.text(left, y / page.height, short(name), va="center", size=TEXT_SIZE)
        if isfinite(end[1]):
            start = (left - 0.5 / WIDTH, y / page.height)
            axes.annotate("", end, start, textcoords="figure fraction", arrowprops=_LEADER_LINE)


def _end(rows: Points) -> tuple[float, float]:
    """Day and score of the last known score; a name without one stands at the bottom."""
    scores = rows.number("tis")
    known = np.flatnonzero(np.isfinite(scores))
    if not len(known):
        return nan, -inf
    return float(rows.number("day")[known[-1]]), float(scores[known[-1]])
