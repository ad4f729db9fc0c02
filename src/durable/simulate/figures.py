"""Figures of the simulation: coverage against theory, spacing of visits, definitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.ticker import MaxNLocator

from durable.figures.points import Points, short
from durable.figures.spec import Caption
from durable.figures.style import (
    COLOURS,
    FAINT,
    INK,
    LINE,
    MARGIN,
    MARKERS,
    WIDTH,
    Box,
    Page,
    Style,
    empty_figure,
    key_line,
    key_patch,
    panel_page,
    wrap,
)
from durable.language import N_, _
from durable.plan import Plan
from durable.simulate.keys import MEDIAN, rate_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

#: Error bars: the 95% interval of the Monte Carlo error.
_BAR = 1.959963984540054
_PANEL, _TALL, _GAP = 62.0, 78.0, 5.0
_NAMES_WIDTH = 46.0
_LEAST_ROW, _PER_SCENARIO = 4.2, 2.0
#: Room above and below the rows of a panel: titles, axis.
_TITLE, _AXIS = 15.0, 7.0
#: Scenarios that colours tell apart.
_MOST = len(COLOURS)
_REFERENCE: Style = {"color": INK, "linewidth": 0.8, "linestyle": (0, (4, 2))}


def draw_coverage(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_coverage.csv``: a panel for each number of subjects; without points a message."""
    sizes = points.values("n")
    if not sizes:
        return empty_figure(caption, _("No scenario without missing assessments"))
    level = 100 * plan.statistics.conf_level
    marks = {"drawn": _mark(0, hollow=True), "simulated": _mark(1)}
    key = [
        key_line(color=FAINT, linewidth=1.0, label=_("exact")),
        key_line(label=_("virtual trials"), **marks["simulated"]),
        key_line(label=_("binomial samples"), **marks["drawn"]),
        key_line(label=_("nominal {level}").format(level=f"{level:g}%"), **_REFERENCE),
    ]
    page, panels = panel_page(caption, len(sizes), _PANEL, key, columns=2)
    lowest = 100 * min(float(np.nanmin(points.number("coverage"))), plan.statistics.conf_level)
    for n, axes in zip(sizes, panels, strict=True):
        exact = points.where(n=n, series="exact")
        rate, coverage = 100 * exact.number("true"), 100 * exact.number("coverage")
        axes.plot(rate, coverage, color=FAINT, linewidth=0.8, gid="exact", zorder=2)
        axes.axhline(level, zorder=1, **_REFERENCE)
        for series, style in marks.items():
            shown = points.where(n=n, series=series)
            numbers = (100 * shown.number(name) for name in ("true", "coverage", "mcse"))
            _draw_with_error(axes, *numbers, gid=series, **style)
        axes.set(xlim=(0, 100), ylim=(min(lowest, level) - 1, 100.4))
        axes.set(xlabel=_("True improvement rate (%)"), ylabel=_("Coverage (%)"))
        axes.set_title(_("{n} subjects").format(n=n), loc="left", weight="bold")
    return page.fit()


def draw_spacing(points: Points, _plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_spacing.csv``: bias of median DOR, a colour for each family of scenarios.

    Families beyond the number of colours are not drawn, which the caption notes; without points the
    figure is a message.
    """
    families = [rows for _name, rows in points.group_by("family")]
    shown = families[:_MOST]
    if not shown:
        return empty_figure(caption, _("No scenarios that differ in every_months alone"))
    key = [
        *(
            key_patch(color=COLOURS[i], label=", ".join(map(short, rows.text("scenario"))))
            for i, rows in enumerate(shown)
        ),
        key_line(label=_("mean (estimable)"), **_mark(0, INK)),
        key_line(label=_("median (all)"), **_mark(0, INK, hollow=True)),
    ]
    page = Page(_noting_limit(caption, families), _TALL, key)
    axes = page.axes()
    axes.axhline(0, zorder=1, **_REFERENCE)
    # From the closest on; the schedule of the plan, which has no spacing, last.
    spacings = sorted(points.values("every_months"), key=lambda every: float(every or "inf"))
    offsets = _offsets(2 * len(shown), min(0.16 * len(shown), 0.6))
    for i, rows in enumerate(shown):
        positions = np.array([spacings.index(e) for e in rows.text("every_months")], dtype=float)
        for j, (value, error) in enumerate((("bias", "bias_mcse"), ("median_bias", "median_mcse"))):
            x, style = positions + offsets[2 * i + j], _mark(i, hollow=j == 1)
            _draw_with_error(axes, x, rows.number(value), rows.number(error), gid=value, **style)
    axes.set_xticks(range(len(spacings)), [_spacing_name(every) for every in spacings])
    axes.set_xlim(-0.6, len(spacings) - 0.4)
    axes.set(xlabel=_("Visits after the last one of the improvement rate"))
    axes.set(ylabel=_("Bias of median DOR (months)"))
    return page.fit()


def _spacing_name(every: str) -> str:
    if not every:
        return _("schedule of the plan")
    if float(every) == 1:
        return _("every month")
    return _("every {n} months").format(n=f"{float(every):g}")


def draw_definitions(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_definitions.csv``: bias and coverage of a rate and of median DOR by definition.

    The rate is that at the last visit of the improvement rate. Scenarios beyond the number of
    colours are not drawn, which the caption notes; without points the figure is a message.
    """
    last = plan.response.improvement.visits[-1]
    panels = [
        (rate_name(last), "bias", _("Improved\nat {visit}:\nbias (points)")),
        (rate_name(last), "coverage", _("Improved\nat {visit}:\ncoverage (%)")),
        (MEDIAN, "bias", _("Median\nDOR:\nbias (months)")),
        (MEDIAN, "coverage", _("Median\nDOR:\ncoverage (%)")),
    ]
    scenarios = points.values("scenario")
    definitions = points.distinct("definition", "title")
    if not definitions:
        return empty_figure(caption, _("No definitions"))
    shown = scenarios[:_MOST]
    labels = [wrap(title, width=_NAMES_WIDTH) for _name, title in definitions]
    least = max(_LEAST_ROW, _PER_SCENARIO * len(shown) + 1)
    heights = [max(least, len(label) * LINE + 1) for label in labels]
    edges = np.concatenate([[0.0], np.cumsum(heights)])
    height = float(edges[-1])
    key = [key_line(label=short(name), **_mark(i)) for i, name in enumerate(shown)]
    page = Page(_noting_limit(caption, scenarios), _TITLE + height + _AXIS, key)
    _write_names(page, labels, edges)
    left = MARGIN + _NAMES_WIDTH + 3
    width = (WIDTH - MARGIN - left - _GAP * len(panels)) / len(panels)
    for i, (estimate, measure, heading) in enumerate(panels):
        box = Box(left + i * (width + _GAP), page.body.bottom + _AXIS, width, height)
        axes = page.axes(box)
        rows = points.where(estimate=estimate, measure=measure)
        _draw_panel(axes, rows, [name for name, _title in definitions], shown, edges)
        reference = 100 * plan.statistics.conf_level if measure == "coverage" else 0.0
        axes.axvline(reference, zorder=1, **_REFERENCE)
        _set_ticks(axes, highest=100.5 if measure == "coverage" else float("inf"))
        page.write_above(box, heading.format(visit=last).split("\n"))
    return page.figure


def _set_ticks(axes: Axes, highest: float) -> None:
    """Few ticks within the limits; nothing above the highest value that there can be."""
    low, high = axes.get_xlim()
    high = min(high, highest)
    ticks = [float(tick) for tick in MaxNLocator(3).tick_values(low, high) if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xlim(low, high)


def _write_names(page: Page, labels: Sequence[Sequence[str]], edges: Floats) -> None:
    """Names of the rows, each between two of the edges, under thin lines."""
    top = page.body.bottom + _AXIS + float(edges[-1])
    for label, edge, end in zip(labels, edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        page.rule(top - edge, "0.85")
        middle = (edge + end) / 2 - (len(label) - 1) / 2 * LINE
        for line, text in enumerate(label):
            page.write(MARGIN, top - middle - line * LINE, text, va="center")


def _draw_panel(
    axes: Axes, rows: Points, definitions: list[str], scenarios: list[str], edges: Floats
) -> None:
    """Values with their errors, a row a definition and a colour a scenario."""
    offsets = _offsets(len(scenarios), _PER_SCENARIO * max(len(scenarios) - 1, 0))
    for i, scenario in enumerate(scenarios):
        shown = rows.where(scenario=scenario)
        row = [definitions.index(name) for name in shown.text("definition")]
        y = (edges[:-1] + edges[1:])[row] / 2 + offsets[i]
        bar = np.nan_to_num(_BAR * shown.number("mcse"))
        axes.errorbar(shown.number("value"), y, xerr=bar, elinewidth=0.8, **_mark(i))
    axes.set(ylim=(edges[-1], 0), yticks=[], facecolor="none")
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.08)


def _mark(index: int, colour: str | None = None, hollow: bool = False) -> Style:
    colour = colour or COLOURS[index % len(COLOURS)]
    return {
        "color": colour,
        "marker": MARKERS[index % len(MARKERS)],
        "markersize": 4.5,
        "markerfacecolor": "white" if hollow else colour,
        "linestyle": "none",
    }


def _draw_with_error(axes: Axes, x: Floats, y: Floats, error: Floats, **style: Any) -> None:
    """Marks with the 95% interval of their Monte Carlo error."""
    bar = np.nan_to_num(_BAR * error)
    axes.errorbar(x, y, yerr=bar, zorder=3, elinewidth=0.9, capsize=2, **style)


def _offsets(number: int, width: float) -> list[float]:
    """Positions beside one another about 0, so that marks do not hide each other."""
    step = width / max(number - 1, 1)
    return [step * (i - (number - 1) / 2) for i in range(number)]


def _noting_limit(caption: Caption, coloured: Sequence[object]) -> Caption:
    """The caption, with a note where there are more than colours tell apart."""
    if len(coloured) <= _MOST:
        return caption
    return caption.noting(_("The first {n} are drawn; the CSV holds all.").format(n=_MOST))


@dataclass(frozen=True)
class SimulationFigure:
    """A figure of the simulation."""

    name: str
    title: str
    columns: tuple[str, ...]
    """Columns of the points that are drawn."""
    draw: Callable[[Points, Plan, Caption], Figure]
    notes: tuple[str, ...]


_ERRORS = N_("Bars: 95% interval of the Monte Carlo error (1.96 standard errors).")
FIGURES = (
    SimulationFigure(
        "coverage",
        N_("Coverage of the exact interval of the improvement rate"),
        ("series", "scenario", "estimate", "n", "true", "coverage", "mcse"),
        draw_coverage,
        (
            N_(
                "Line: exact coverage in closed form over the true rate (Clopper & Pearson"
                " 1934; Brown, Cai & DasGupta 2001). Points: scenarios without missing"
                " assessments, at every visit of the improvement rate; and binomial samples at"
                " 10 subjects."
            ),
            _ERRORS,
        ),
    ),
    SimulationFigure(
        "spacing",
        N_("Bias of median duration of response by the spacing of visits"),
        (
            *("family", "scenario", "every_months", "bias", "bias_mcse"),
            *("median_bias", "median_mcse", "estimable"),
        ),
        draw_spacing,
        (
            N_(
                "Scenarios of one colour are alike but for the spacing. Bias: minus the true"
                " median of the latent duration of remission. Filled: mean over the trials whose"
                " median is estimable; open: median over all trials, one not reached counting as"
                " the longest."
            ),
            N_(
                "Bars: 95% interval of the Monte Carlo error (1.96 standard errors). Between"
                " visits the median moves in steps, so its error may be 0."
            ),
        ),
    ),
    SimulationFigure(
        "definitions",
        N_("Bias and coverage under each definition"),
        ("scenario", "definition", "title", "estimate", "measure", "value", "mcse"),
        draw_definitions,
        (
            N_(
                "Against the true value of the scenario. Bias of median DOR: mean over the"
                " trials whose median is estimable. Coverage: an open upper limit covers."
                " Dashed: no bias, nominal coverage. Other estimates: in the CSV and the table."
            ),
            _ERRORS,
        ),
    ),
)
