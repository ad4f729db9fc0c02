"""Forest plot of analyses side by side: a panel a parameter, the primary analysis on top."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from durable.contracts.results import Result
from durable.figures.points import Points
from durable.figures.spec import Caption
from durable.figures.style import (
    COLOURS,
    FAINT,
    INK,
    LINE,
    MARGIN,
    WIDTH,
    Box,
    Page,
    Style,
    empty_figure,
    text_width,
    wrap,
)
from durable.language import N_, _, translate_stored
from durable.outputs import formats
from durable.plan import Outputs, Plan
from durable.wording import list_words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = tuple[str, str, str, Result]
"""Name of the analysis, its title, the panel, the result."""

COLUMNS = ("analysis", "title", "parameter", "estimate", "lower", "upper", "text")
PRIMARY = "primary"
#: Titles of the panels, and of the primary analysis, as the points have them.
PANELS = (
    N_("DOR, median (months)"),
    N_("DOR, event-free at month {month} (%)"),
    N_("Improved at {visit} (%)"),
    N_("Posterior probability at {visit} (%)"),
    N_("Predictive probability at {visit} (%)"),
)
PRIMARY_TITLE = N_("Primary analysis")
#: Probabilities, which have no interval.
_WITHOUT_INTERVAL = ("probability_above", "predictive_probability")
_NAMES_WIDTH = 55.0
_ACROSS = 3
#: Between panels side by side, where the ends of two axes meet, and between those below another.
_ASIDE, _GAP = 8.0, 4.0
#: Room below the rows of a panel, for its axis.
_AXIS = 7.0
_LEFT = MARGIN + _NAMES_WIDTH + 2
_EDGE = 0.25
#: Height of a line in a row, closer than in running text.
_ROW_LINE = 0.9 * LINE


@dataclass(frozen=True)
class Block:
    """Parameters that the same analyses have: they share rows, in lines of up to three panels.

    Fewer stand side by side where their numbers take more room.
    """

    parameters: list[str]
    names: list[str]
    labels: list[list[str]]
    """Lines of each title."""
    numbers_width: float
    """Width of the widest numbers, millimetres."""

    @property
    def edges(self) -> list[float]:
        """Top of each row and bottom of the last, millimetres below the top of the first.

        A row has a line for the interval and one for its numbers.
        """
        heights = (max(2, len(label)) * _ROW_LINE + 2 * _EDGE for label in self.labels)
        return list(accumulate(heights, initial=0.0))

    @property
    def lines(self) -> list[list[str]]:
        """The parameters in lines of those that stand side by side, at most three."""
        room = _ASIDE / 2 + MARGIN / 2
        fitting = (n for n in range(_ACROSS, 1, -1) if self.numbers_width <= _panel_width(n) + room)
        across = next(fitting, 1)
        return [self.parameters[i : i + across] for i in range(0, len(self.parameters), across)]

    def height(self, line: list[str]) -> float:
        """Height of a line of panels, with titles, axes and the gap below, millimetres."""
        return _title_height(line) + self.edges[-1] + _AXIS + _GAP


def forest_points(rows: list[Row], outputs: Outputs) -> pd.DataFrame:
    """The points of results (`COLUMNS`), a row each: durations in months, rates in percent.

    A result is in percent where the name of its panel holds ``%``. ``text`` is the estimate with
    its interval, or alone if it is a probability; NE for what is not estimable. It is rounded as in
    the tables, to the decimals of `outputs`.
    """
    import pandas as pd

    scale = [100 if "%" in panel else 1 for _, _, panel, _ in rows]
    frame = pd.DataFrame(
        {
            "analysis": [analysis for analysis, _, _, _ in rows],
            "title": [title for _, title, _, _ in rows],
            "parameter": [panel for _, _, panel, _ in rows],
            "estimate": [row.value * k for (*_, row), k in zip(rows, scale, strict=True)],
            "lower": [row.lower * k for (*_, row), k in zip(rows, scale, strict=True)],
            "upper": [row.upper * k for (*_, row), k in zip(rows, scale, strict=True)],
        }
    )
    texts = [_text(row, outputs, in_percent="%" in panel) for _, _, panel, row in rows]
    return frame.assign(text=pd.Series(texts, dtype=object))


def _text(row: Result, outputs: Outputs, *, in_percent: bool) -> str:
    decimals = outputs.percent_decimals if in_percent else outputs.month_decimals
    power = formats.PERCENT if in_percent else 0
    value = formats.rounded_number(row.value, decimals, power)
    if row.statistic in _WITHOUT_INTERVAL or all(map(isnan, (row.value, row.lower, row.upper))):
        return value
    return f"{value} {formats.interval(row, decimals, power)}"


def panel_title(row: Result) -> str | None:
    """Title of the panel that shows a result, in English; None for one that is not shown."""
    median, event_free, improved, posterior, predictive = PANELS
    if row.parameter == ("DOR",) and row.statistic == "median":
        return median
    if row.parameter == ("DOR",) and row.statistic.startswith("landmark_M"):
        return event_free.format(month=row.statistic.removeprefix("landmark_M"))
    if row.statistic == "rate":
        return improved.format(visit=row.parameter[0])
    if row.statistic == "probability_above":
        return posterior.format(visit=row.parameter[0])
    if row.statistic == "predictive_probability":
        return predictive.format(visit=row.parameter[0])
    return None


def draw(points: Points, _plan: Plan, caption: Caption) -> Figure:
    """Draw the points of `forest_points`; a message where there are none or none is estimable."""
    if not len(points):
        return empty_figure(caption, N_("No analyses"))
    points, empty = _without_empty(points)
    if empty:
        panels = list_words([translate_stored(panel, PANELS) for panel in empty])
        caption = caption.noting(
            _("Not estimable in any analysis: {panels}.").format(panels=panels)
        )
    if not len(points):
        return empty_figure(caption, N_("Not estimable"))
    blocks = _blocks(points)
    heights = (block.height(line) for block in blocks for line in block.lines)
    page = Page(caption, sum(heights) - _GAP)
    top = page.body.bottom + page.body.height
    for block in blocks:
        for parameters in block.lines:
            _draw_line(page, top, block, points, parameters)
            top -= block.height(parameters)
    return page.figure


def _without_empty(points: Points) -> tuple[Points, list[str]]:
    """The points without the panels in which nothing is estimable, and the names of those."""
    empty = [
        parameter
        for (parameter,), rows in points.group_by("parameter")
        if not np.isfinite(_values(rows)).any()
    ]
    shown = [parameter for parameter in points.values("parameter") if parameter not in empty]
    return points.where_in("parameter", shown), empty


def _panel_width(panels: int) -> float:
    """Width of each of so many panels side by side, which fill the page."""
    return (WIDTH - MARGIN - _LEFT - panels * _ASIDE + _ASIDE / 2) / panels


def _title(parameter: str, line: list[str]) -> list[str]:
    shown = translate_stored(parameter, PANELS)
    return wrap(shown, weight="bold", width=_panel_width(len(line)) + 4)


def _title_height(line: list[str]) -> float:
    return max(len(_title(parameter, line)) for parameter in line) * LINE + 1.5


def _blocks(points: Points) -> list[Block]:
    titles = dict(zip(points.text("analysis"), points.text("title"), strict=True))
    if titles.get(PRIMARY) == PRIMARY_TITLE:
        titles[PRIMARY] = _(PRIMARY_TITLE)
    shared: dict[tuple[str, ...], list[str]] = {}
    for (parameter,), rows in points.group_by("parameter"):
        shared.setdefault(tuple(rows.text("analysis")), []).append(parameter)
    widest = max(map(text_width, points.text("text")))
    return [
        Block(
            parameters,
            list(names),
            [wrap(titles[name] or name, width=_NAMES_WIDTH) for name in names],
            widest,
        )
        for names, parameters in shared.items()
    ]


def _draw_line(page: Page, top: float, block: Block, points: Points, parameters: list[str]) -> None:
    first, rows = top - _title_height(parameters), block.edges[-1]
    width = _panel_width(len(parameters))
    for column, parameter in enumerate(parameters):
        box = Box(_LEFT + column * (width + _ASIDE), first - rows, width, rows)
        page.write_above(box, _title(parameter, parameters))
        _draw_panel(page, box, points.where(parameter=parameter), block)
    for edge, analysis, label in zip(block.edges, block.names, block.labels, strict=False):
        page.rule(first - edge, "0.85")
        weight = "bold" if analysis == PRIMARY else "normal"
        for line, text in enumerate(label):
            y = first - edge - _EDGE - (line + 0.5) * _ROW_LINE
            page.write(MARGIN, y, text, va="center", weight=weight)


def _draw_panel(page: Page, box: Box, points: Points, block: Block) -> None:
    axes = page.axes(box)
    limits = _limits(points)
    axes.set(xlim=limits, ylim=(block.edges[-1], 0), yticks=[], facecolor="none")
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    tops = [block.edges[block.names.index(analysis)] for analysis in points.text("analysis")]
    for reference in points.where(analysis=PRIMARY).number("estimate"):
        if np.isfinite(reference):
            _draw_reference(axes, reference, tops)
    rows = zip(points.text("analysis"), tops, _values(points), points.text("text"), strict=True)
    for analysis, top, values, text in rows:
        y = top + _EDGE + _ROW_LINE / 2
        draw_interval(axes, y, values, limits, primary=analysis == PRIMARY)
        page.write(box.left, box.bottom + box.height - y - _ROW_LINE, text, va="center")


def _draw_reference(axes: Axes, value: float, tops: list[float]) -> None:
    """A line through the intervals of the rows, and not through the numbers below them."""
    ends = np.array([[top + _EDGE, top + _EDGE + 0.85 * _ROW_LINE, np.nan] for top in tops]).ravel()
    style: Style = {"color": FAINT, "linestyle": (0, (2, 1)), "linewidth": 0.9, "zorder": 1}
    axes.plot(np.full(len(ends), value), ends, gid="reference", **style)


def _values(rows: Points) -> list[tuple[float, float, float]]:
    columns = (rows.number(name).tolist() for name in ("estimate", "lower", "upper"))
    return list(zip(*columns, strict=True))


def _limits(rows: Points) -> tuple[float, float]:
    """From 0 to beyond the greatest value, with room for arrows; 0 to 100 for percentages."""
    if "%" in rows.text("parameter")[0]:
        return 0.0, 100.0
    known = np.concatenate([rows.number(name) for name in ("estimate", "lower", "upper")])
    known = known[np.isfinite(known)]
    high = known.max(initial=0.0)
    room = 1.05 if np.isfinite(rows.number("upper")).all() else 1.25
    return min(0.0, known.min(initial=0.0)), high * room if high > 0 else 1.0


def draw_interval(
    axes: Axes,
    y: float,
    values: tuple[float, float, float],
    limits: tuple[float, float],
    *,
    primary: bool,
) -> None:
    """Draw an estimate with its interval, with an arrow to the edge for a limit that is NaN.

    Parameters
    ----------
    axes
        Axes of the panel.
    y
        Height at which it is drawn, in the unit of the axes.
    values
        Estimate, lower and upper limit; without an interval where both limits are NaN.
    limits
        Ends of the horizontal axis.
    primary
        Whether it stands out, as the primary analysis.
    """
    estimate, lower, upper = values
    colour = COLOURS[0] if primary else INK
    shape: Style = {"marker": "D" if primary else "s", "markersize": 5, "color": colour}
    axes.plot(estimate, y, linestyle="none", gid="estimate", zorder=4, clip_on=False, **shape)
    if not np.isfinite([lower, upper]).any():
        return
    ends = [lower if np.isfinite(lower) else limits[0], upper if np.isfinite(upper) else limits[1]]
    axes.plot(ends, [y, y], color=colour, linewidth=1.2, gid="interval", clip_on=False)
    arrow: Style = {"linestyle": "none", "color": colour, "markersize": 4.5, "clip_on": False}
    if not np.isfinite(lower):
        axes.plot(limits[0], y, marker="<", gid="open", **arrow)
    if not np.isfinite(upper):
        axes.plot(limits[1], y, marker=">", gid="open", **arrow)
