"""Cellular kinetics: each subject and the geometric mean on a log axis, with the lower limit."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from durable.figures.points import Points
from durable.figures.style import (
    DASHES,
    FAINT,
    INK,
    Caption,
    Page,
    Style,
    days_axis,
    nothing,
    shortened,
    subject_key,
    subject_style,
)
from durable.plan import Plan

COLUMNS = ("assay", "unit", "subject", "group", "day", "value", "below_lloq", "lloq", "kind")
_PANEL = 78.0
_LLOQ: Style = {
    "label": "Lower limit of quantification (LLOQ)",
    "color": INK,
    "linestyle": (0, (1, 2)),
    "linewidth": 0.9,
}
_BELOW: Style = {
    "label": "Below LLOQ, drawn at the LLOQ",
    "linestyle": "none",
    "marker": "o",
    "markerfacecolor": "white",
    "markeredgecolor": FAINT,
    "markersize": 4.5,
    "clip_on": False,
}


def draw(points: Points, _: Plan, caption: Caption) -> Figure:
    """Draw ``f_kinetics.csv``."""
    individual, note = shortened(points.where(kind="individual"))
    subjects = [name for (name,) in individual.distinct("subject")]
    panels = points.distinct("assay", "unit")
    if not panels:
        return nothing(caption)
    means = points.where(kind="geo_mean")
    groups = [group for (group,) in means.distinct("group")]
    key = [*subject_key(subjects), *_key(points, groups)]
    page = Page(caption.noting(note), len(panels) * (_PANEL + 4) - 4, key)
    drawn = []
    for (assay, unit), box in zip(panels, page.body.grid(len(panels), 1, 4), strict=True):
        axes = page.axes(box)
        _draw_subjects(axes, individual.where(assay=assay, unit=unit), subjects)
        _draw_means(axes, means.where(assay=assay, unit=unit), groups)
        _log_scale(axes, points.where(assay=assay, unit=unit))
        days_axis(axes, points.number("day"))
        axes.set_ylabel(unit)
        axes.set_title(assay, loc="left", weight="bold")
        drawn.append((axes, box))
    page.fit(*drawn)
    return page.figure


def _draw_subjects(axes: Axes, rows: Points, subjects: list[str]) -> None:
    for (name,), profile in rows.each("subject"):
        style = subject_style(subjects.index(name), len(subjects))
        axes.plot(profile.number("day"), _heights(profile), gid=name, clip_on=False, **style)
    below = rows.where(below_lloq="Y")
    # A line without a point would lie in the corner of the page, and the axes shrink away from it.
    if len(below):
        axes.plot(below.number("day"), _heights(below), gid="below", zorder=4, **_BELOW)
    for lloq in np.unique(rows.number("lloq")):
        if lloq > 0:
            axes.axhline(lloq, zorder=1, gid="lloq", **_LLOQ)


def _draw_means(axes: Axes, rows: Points, groups: list[str]) -> None:
    for (group,), profile in rows.each("group"):
        style = _mean_style(groups, group)
        days, heights = profile.number("day"), _heights(profile)
        axes.plot(days, heights, gid="geo_mean", zorder=3, clip_on=False, **style)


def _heights(rows: Points) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Where the points stand: at the LLOQ when below it; a log axis has no place for 0."""
    heights = np.where(rows.columns["below_lloq"] == "Y", rows.number("lloq"), rows.number("value"))
    return np.where(heights > 0, heights, np.nan)


def _mean_style(groups: list[str], group: str) -> Style:
    place = groups.index(group)
    return {
        "label": f"Geometric mean, {group}" if group else "Geometric mean",
        "color": INK,
        "linestyle": DASHES[place % len(DASHES)],
        "linewidth": 1.8,
        "marker": "s",
        "markersize": 4.5,
    }


def _log_scale(axes: Axes, rows: Points) -> None:
    heights = _heights(rows)
    known = heights[np.isfinite(heights)]
    low, high = (known.min(), known.max()) if len(known) else (1.0, 10.0)
    axes.set_yscale("log")
    axes.set_ylim(10 ** np.floor(np.log10(low) - 0.1), 10 ** np.ceil(np.log10(high) + 0.1))
    bottom, top = np.round(np.log10(axes.get_ylim())).astype(int)
    exponents = np.arange(bottom, top + 1)
    every = -(-len(exponents) // 9)
    decades = 10.0 ** exponents[::every]
    axes.set_yticks(decades, [f"{d:,.0f}" if d >= 1 else f"{d:g}" for d in decades])
    axes.yaxis.set_minor_locator(LogLocator(subs=range(2, 10)))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _key(points: Points, groups: list[str]) -> list[Artist]:
    key: list[Artist] = [Line2D([], [], **_mean_style(groups, group)) for group in groups]
    if (points.number("lloq") > 0).any():
        key.append(Line2D([], [], **_LLOQ))
    if len(points.where(below_lloq="Y")):
        key.append(Line2D([], [], **_BELOW))
    return key
