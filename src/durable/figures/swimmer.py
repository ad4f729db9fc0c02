"""Swimmer plot: one lane a subject, from infusion to last contact, with its events."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import CARETRIGHTBASE
from matplotlib.patches import Patch

from durable.figures.points import Points, short
from durable.figures.style import (
    INK,
    Box,
    Caption,
    Page,
    Style,
    months_axis,
    nothing,
    shortened,
)
from durable.plan import Plan

COLUMNS = ("subject", "group", "kind", "start_day", "end_day")
_SPANS: dict[str, Style] = {
    "bar": {"label": "Follow-up", "facecolor": "0.88", "edgecolor": "0.6", "linewidth": 0.5},
    "remission": {"label": "Remission", "facecolor": "#A3D3F2", "edgecolor": INK, "linewidth": 0.5},
}


def _mark(label: str, marker: str | int, colour: str, size: float = 5.5, edge: str = INK) -> Style:
    return {
        "label": label,
        "marker": marker,
        "markerfacecolor": colour,
        "markeredgecolor": edge,
        "markersize": size,
        "markeredgewidth": 0.7,
        "linestyle": "none",
        "clip_on": False,
        "zorder": 4,
    }


#: How each kind is marked, and how far above or below the middle of the lane, so that events of
#: one day stay apart.
_MARKS: dict[str, tuple[Style, float]] = {
    "improvement": (_mark("Improvement", "^", "white"), -0.2),
    "remission_start": (_mark("First remission", "o", "#0072B2", 4.5), 0.12),
    "recurrence": (_mark("Recurrence", "D", "#D55E00", 5), -0.1),
    "progression": (_mark("Progression", "s", "#CC79A7", 5), -0.1),
    "new_therapy": (_mark("New systemic therapy", "P", "#E69F00", 6), 0.2),
    "withdrawal": (_mark("Withdrawal", "d", "white", 6), 0.0),
    "death": (_mark("Death", "X", INK, 7.5, "white"), 0.0),
    "ongoing": (_mark("Ongoing at cut-off", CARETRIGHTBASE, INK, 5), 0.0),
}


def draw(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_swimmer.csv``."""
    points, note = shortened(points)
    lanes = points.distinct("subject", "group")
    if not lanes:
        return nothing(caption)
    page = Page(caption.noting(note), 14 + len(lanes) * _lane(len(lanes)), _key(points))
    axes = page.axes(page.body)
    places = {subject: place for place, (subject, _) in enumerate(lanes)}
    _draw_spans(axes, points, places)
    _draw_marks(axes, points, places)
    days = np.concatenate([points.number("start_day"), points.number("end_day")])
    months_axis(axes, days, plan.statistics.days_per_month)
    axes.set_ylim(len(lanes) - 0.4, -0.6)
    axes.set_yticks(range(len(lanes)), [_name(*lane) for lane in lanes])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color="0.85", linewidth=0.5, zorder=0)
    axes.set_axisbelow(True)
    body = page.body
    # The arrow of the longest lane ends beyond the axis.
    page.fit((axes, Box(body.left, body.bottom, body.width - 1, body.height)))
    return page.figure


def _name(subject: str, group: str) -> str:
    return f"{short(subject)} ({short(group)})" if group else short(subject)


def _lane(subjects: int) -> float:
    """Height of a lane, millimetres."""
    return 5.4 if subjects <= 20 else 3.5


def _draw_spans(axes: Axes, points: Points, places: dict[str, int]) -> None:
    for kind, style in _SPANS.items():
        rows = points.where(kind=kind)
        start = rows.number("start_day")
        width = rows.number("end_day") - start
        axes.barh([places[name] for name in rows.text("subject")], width, 0.62, start, **style)


def _draw_marks(axes: Axes, points: Points, places: dict[str, int]) -> None:
    for kind, (style, above) in _MARKS.items():
        rows = points.where(kind=kind)
        if len(rows):
            lanes = [places[name] + above for name in rows.text("subject")]
            axes.plot(rows.number("start_day"), lanes, gid=kind, **style)


def _key(points: Points) -> list[Artist]:
    present = set(points.text("kind"))
    spans: list[Artist] = [Patch(**style) for kind, style in _SPANS.items() if kind in present]
    return [*spans, *(Line2D([], [], **s) for kind, (s, _) in _MARKS.items() if kind in present)]
