"""Figures of the simulation: coverage against theory, spacing of visits, definitions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from durable.figures.points import Points, short
from durable.figures.spec import Caption
from durable.figures.style import (
    COLOURS,
    FAINT,
    INK,
    LINE_SPACING,
    MARGIN,
    MARKERS,
    POINT,
    TEXT_SIZE,
    WIDTH,
    Box,
    Page,
    Style,
    empty_figure,
    wrap,
)
from durable.plan import Plan

COVERAGE = ("series", "scenario", "estimate", "n", "true", "coverage", "mcse")
SPACING = (
    *("family", "scenario", "every_months", "bias", "bias_mcse"),
    *("median_bias", "median_mcse", "estimable"),
)
DEFINITIONS = ("scenario", "definition", "title", "estimate", "measure", "value", "mcse")
#: Error bars: the 95% interval of the Monte Carlo error.
_BAR = 1.959963984540054
_PANEL, _TALL = 62.0, 78.0
_NAMES_WIDTH = 46.0
_LINE = TEXT_SIZE * LINE_SPACING * POINT
_LEAST_ROW, _PER_SCENARIO = 4.2, 2.0
#: Room above and below the rows of a panel: titles, axis.
_TITLE, _AXIS = 11.0, 7.0
#: Scenarios that colours tell apart.
_MOST = len(COLOURS)


def coverage(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_coverage.csv``: a panel for each number of subjects."""
    sizes = [n for (n,) in points.distinct("n")]
    if not sizes:
        return empty_figure(caption, "No scenario without missing assessments")
    level = 100 * plan.statistics.conf_level
    key: list[Artist] = [
        Line2D([], [], color=FAINT, linewidth=1.0, label="exact"),
        Line2D([], [], label="virtual trials", **_mark(1), **_LOOSE),
        Line2D([], [], label="binomial samples", **_mark(0, hollow=True), **_LOOSE),
        Line2D(
            [], [], color=INK, linewidth=0.8, linestyle=(0, (4, 2)), label=f"nominal {level:g}%"
        ),
    ]
    columns = min(2, len(sizes))
    rows = -(-len(sizes) // columns)
    page = Page(caption, rows * _PANEL + (rows - 1) * 4, key)
    lowest = min(float(np.nanmin(points.number("coverage"))), plan.statistics.conf_level)
    drawn = []
    for n, box in zip(sizes, page.body.grid(rows, columns, 4), strict=False):
        axes = page.axes(box)
        rows_of = points.where(n=n)
        exact = rows_of.where(series="exact")
        rate, cover = 100 * exact.number("true"), 100 * exact.number("coverage")
        axes.plot(rate, cover, color=FAINT, linewidth=0.8, gid="exact", zorder=2)
        axes.axhline(level, color=INK, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
        for series, style in (("drawn", _mark(0, hollow=True)), ("simulated", _mark(1))):
            found = rows_of.where(series=series)
            place, value, error = (100 * found.number(n) for n in ("true", "coverage", "mcse"))
            _bars(axes, place, value, error, style, series)
        axes.set(xlim=(0, 100), ylim=(min(100 * lowest, level) - 1, 100.4))
        axes.set(xlabel="True improvement rate (%)", ylabel="Coverage (%)")
        axes.set_title(f"{n} subjects", loc="left", weight="bold")
        drawn.append((axes, box))
    page.fit(*drawn)
    return page.figure


def spacing(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_spacing.csv``: bias of median DOR, a colour for each family of scenarios."""
    del plan
    families = list(points.group_by("family"))[:_MOST]
    if not families:
        return empty_figure(caption, "No scenarios that differ in every_months alone")
    spacings = _spacings(points)
    key: list[Artist] = [
        Patch(color=COLOURS[i], label=", ".join(map(short, rows.text("scenario"))))
        for i, (_, rows) in enumerate(families)
    ]
    key += [
        Line2D([], [], label="mean (estimable)", **_mark(0, INK), **_LOOSE),
        Line2D([], [], label="median (all)", **_mark(0, INK, True), **_LOOSE),
    ]
    note = "" if len(families) == len(points.distinct("family")) else _shortened(_MOST)
    page = Page(caption.noting(note), _TALL, key)
    axes = page.axes(page.body)
    axes.axhline(0, color=INK, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    offsets = _offsets(2 * len(families), min(0.16 * len(families), 0.6))
    for i, (_, rows) in enumerate(families):
        at = np.array([spacings.index(every) for every in rows.text("every_months")], dtype=float)
        for kind, (value, error) in enumerate(
            (("bias", "bias_mcse"), ("median_bias", "median_mcse"))
        ):
            style = _mark(i, hollow=kind == 1)
            place = at + offsets[2 * i + kind]
            _bars(axes, place, rows.number(value), rows.number(error), style, value)
    axes.set_xticks(range(len(spacings)), [_spacing_name(every) for every in spacings])
    axes.set_xlim(-0.6, len(spacings) - 0.4)
    axes.set(xlabel="Visits after the last one of the improvement rate")
    axes.set(ylabel="Bias of median DOR (months)")
    page.fit((axes, page.body))
    return page.figure


def _spacings(points: Points) -> list[str]:
    """Spacings from the closest on; the schedule of the plan, which has none, last."""
    given = {every for (every,) in points.distinct("every_months")}
    return sorted(given, key=lambda every: float(every or "inf"))


def _spacing_name(every: str) -> str:
    if not every:
        return "schedule of the plan"
    return "every month" if float(every) == 1 else f"every {float(every):g} months"


def definitions(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_definitions.csv``: bias and coverage of a rate and of median DOR by definition."""
    last = plan.response.improvement.visits[-1]
    columns = [
        (f"rate {last}", "bias", [f"Improved at {last}:", "bias (points)"]),
        (f"rate {last}", "coverage", [f"Improved at {last}:", "coverage (%)"]),
        ("median DOR", "bias", ["Median DOR:", "bias (months)"]),
        ("median DOR", "coverage", ["Median DOR:", "coverage (%)"]),
    ]
    scenarios = [name for (name,) in points.distinct("scenario")]
    names = points.distinct("definition", "title")
    if not names:
        return empty_figure(caption, "No definitions")
    shown = scenarios[:_MOST]
    key = [Line2D([], [], label=short(name), **_mark(i), **_LOOSE) for i, name in enumerate(shown)]
    labels = [wrap(title, width=_NAMES_WIDTH) for _, title in names]
    least = max(_LEAST_ROW, _PER_SCENARIO * len(shown) + 1)
    heights = [max(least, len(label) * _LINE + 1) for label in labels]
    edges = np.concatenate([[0.0], np.cumsum(heights)])
    note = "" if len(shown) == len(scenarios) else _shortened(_MOST)
    page = Page(caption.noting(note), _TITLE + float(edges[-1]) + _AXIS, key)
    _names(page, labels, edges)
    gap = 5.0
    left = MARGIN + _NAMES_WIDTH + 3
    width = (WIDTH - MARGIN - left - gap * len(columns)) / len(columns)
    bottom = page.body.bottom + _AXIS
    for place, (estimate, measure, heading) in enumerate(columns):
        box = Box(left + place * (width + gap), bottom, width, float(edges[-1]))
        axes = page.axes(box)
        rows = points.where(estimate=estimate, measure=measure)
        _panel(axes, rows, [name for name, _ in names], shown, edges)
        reference = 100 * plan.statistics.conf_level if measure == "coverage" else 0.0
        axes.axvline(reference, color=INK, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
        _ticks(axes, measure)
        for line, text in enumerate(reversed(heading)):
            y = box.bottom + box.height + 1.5 + line * _LINE
            _write(page, box.left, y, text, "bottom", "bold")
    return page.figure


def _ticks(axes: Axes, measure: str) -> None:
    """Few ticks within the limits; no coverage above 100%."""
    low, high = axes.get_xlim()
    high = min(high, 100.5) if measure == "coverage" else high
    places = MaxNLocator(3).tick_values(low, high)
    shown = [float(place) for place in places if low <= place <= high]
    axes.set_xticks(shown, [f"{place:g}" for place in shown])
    axes.set_xlim(low, high)


def _names(page: Page, labels: Sequence[Sequence[str]], edges: npt.NDArray[np.float64]) -> None:
    top = page.body.bottom + _AXIS + float(edges[-1])
    for label, edge, end in zip(labels, edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        page.rule(top - edge, "0.85")
        middle = (edge + end) / 2 - (len(label) - 1) / 2 * _LINE
        for line, text in enumerate(label):
            _write(page, MARGIN, top - middle - line * _LINE, text, "center", "normal")


def _panel(
    axes: Axes,
    rows: Points,
    names: Sequence[str],
    scenarios: Sequence[str],
    edges: npt.NDArray[np.float64],
) -> None:
    offsets = _offsets(len(scenarios), _PER_SCENARIO * max(len(scenarios) - 1, 0))
    for i, scenario in enumerate(scenarios):
        of = rows.where(scenario=scenario)
        place = [names.index(name) for name in of.text("definition")]
        y = (edges[:-1] + edges[1:])[place] / 2 + offsets[i]
        bar = _BAR * of.number("mcse")
        value = of.number("value")
        style = _mark(i)
        axes.errorbar(value, y, xerr=np.nan_to_num(bar), **style, **_LOOSE, elinewidth=0.8)
    axes.set(ylim=(edges[-1], 0), yticks=[], facecolor="none")
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.08)


_LOOSE: Style = {"linestyle": "none"}


def _mark(index: int, colour: str | None = None, hollow: bool = False) -> Style:
    colour = COLOURS[index % len(COLOURS)] if colour is None else colour
    return {
        "color": colour,
        "marker": MARKERS[index % len(MARKERS)],
        "markersize": 4.5,
        "markerfacecolor": "white" if hollow else colour,
    }


def _bars(
    axes: Axes,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    error: npt.NDArray[np.float64],
    style: Style,
    gid: str,
) -> None:
    """Marks with the 95% interval of their Monte Carlo error."""
    bar = np.nan_to_num(_BAR * error)
    axes.errorbar(x, y, yerr=bar, zorder=3, elinewidth=0.9, capsize=2, gid=gid, **style, **_LOOSE)


def _offsets(number: int, width: float) -> list[float]:
    """Positions beside one another about 0, so that marks do not hide each other."""
    step = width / max(number - 1, 1)
    return [step * (i - (number - 1) / 2) for i in range(number)]


def _shortened(most: int) -> str:
    return f"The first {most} are drawn; the CSV holds all."


def _write(page: Page, x: float, y: float, text: str, va: str, weight: str) -> None:
    page.figure.text(x / WIDTH, y / page.height, text, va=va, weight=weight)
