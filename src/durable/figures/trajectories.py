"""Core set measures over time: a panel a measure, a line a subject."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from durable.figures.points import Points
from durable.figures.style import (
    Caption,
    Page,
    months_axis,
    nothing,
    shortened,
    subject_key,
    subject_style,
)
from durable.jdm.response import Scale
from durable.plan import Plan

COLUMNS = ("measure", "unit", "subject", "day", "value")
_PANEL = 44.0
_NAMES = {
    "physician_global": "Physician global assessment",
    "parent_global": "Parent global assessment",
    "cmas": "CMAS",
    "mmt8": "MMT8",
    "chaq": "CHAQ",
    "chq_phs": "CHQ-PhS",
    "das": "DAS",
    "extramuscular": "Extramuscular activity",
    "enzyme": "Muscle enzyme",
    "ck": "Creatine kinase",
    "aldolase": "Aldolase",
    "alt": "ALT",
    "ast": "AST",
    "ldh": "LDH",
}


def draw(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_csm.csv``."""
    points, note = shortened(points)
    subjects = [name for (name,) in points.distinct("subject")]
    panels = list(points.each("measure", "unit"))
    if not panels:
        return nothing(caption)
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    page = Page(caption.noting(note), rows * _PANEL + (rows - 1) * 4, subject_key(subjects))
    boxes = page.body.grid(rows, columns, 4)
    drawn = []
    for ((measure, unit), panel), box in zip(panels, boxes, strict=False):
        axes = page.axes(box)
        _draw_panel(axes, panel, subjects)
        known = measure.lower().replace(" ", "_").replace("-", "_")
        _scale(axes, getattr(plan.response.ranges, known, None))
        months_axis(axes, points.number("day"), plan.statistics.days_per_month)
        name = _NAMES.get(known, measure)
        axes.set_title(f"{name} ({unit})" if unit else name, loc="left", weight="bold")
        drawn.append((axes, box))
    page.fit(*drawn)
    return page.figure


def _draw_panel(axes: Axes, panel: Points, subjects: list[str]) -> None:
    for (name,), rows in panel.each("subject"):
        style = subject_style(subjects.index(name), len(subjects))
        axes.plot(rows.number("day"), rows.number("value"), gid=name, clip_on=False, **style)


def _scale(axes: Axes, scale: object) -> None:
    """The whole scale where the plan gives one: a change is seen against what is possible."""
    if isinstance(scale, Scale):
        axes.set_ylim(scale.min, scale.max)
    else:
        axes.set_ylim(bottom=0)
