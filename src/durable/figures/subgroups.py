"""Forest plot of the subgroups: improvement at each visit, and event-free survival."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from durable.contracts.results import TOTAL, Result
from durable.derive.durations import EFS
from durable.figures import forest
from durable.figures.points import Points, short_names
from durable.figures.spec import SAFETY_SET, Caption, FigureSpec
from durable.figures.style import (
    FAINT,
    LINE,
    MARGIN,
    WIDTH,
    Box,
    Page,
    Style,
    empty_figure,
    text_width,
)
from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.subgroups import DESCRIPTIVE
from durable.outputs.table import level_name
from durable.plan import Plan
from durable.wording import percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = (
    *("group_by", "group", "parameter", "statistic", "n", "total"),
    *("estimate", "lower", "upper", "text"),
)
#: Statistics whose ratio stands beside an estimate.
_COUNTS = {"rate": ("n_improved", "n_denominator"), "landmark": ("n_event", "n_subjects")}
#: Widths of the names and of the columns of numbers, between which the intervals stand; that of
#: the estimates is wider for numbers of many decimals.
_NAMES, _RATIO, _ESTIMATE = 48.0, 22.0, 42.0
_ROW = 1.15 * LINE
_TITLE, _AXIS, _GAP = 1.5 * LINE, 6.0, 5.0
#: Height of the panels of a page: with heading and footnotes it fits on one of a document.
_ROOM = 185.0
#: A row: its name, its group and level, and whether it is the heading of a group.
_Row = tuple[str, tuple[str, str] | None]


def points(datasets: AnalysisDatasets, plan: Plan) -> pd.DataFrame:
    """The estimates of every subgroup in percent, with their counts (`COLUMNS`), by panel.

    ``n`` of ``total``: improved of the denominator, or events of the infused.
    """
    results = [row for row in datasets.results if row.output == "t_subgroups"]
    values = {(row.group_by, row.group, row.parameter, row.statistic): row.value for row in results}
    shown = sorted(filter(_is_shown, results), key=lambda row: _panels(plan).index(_panel(row)))
    rows = [(row.group_by, row.group, "%", row) for row in shown]
    frame = forest.forest_points(rows, plan.outputs)
    counts = [
        [values[row.group_by, row.group, row.parameter, name] for name in _COUNTS[_kind(row)]]
        for row in shown
    ]
    return frame.rename(columns={"analysis": "group_by", "title": "group"}).assign(
        parameter=["|".join(row.parameter) for row in shown],
        statistic=[row.statistic for row in shown],
        n=[int(n) for n, _total in counts],
        total=[int(total) for _n, total in counts],
    )[list(COLUMNS)]


def _kind(row: Result) -> str:
    return row.statistic.partition("_")[0]


def _is_shown(row: Result) -> bool:
    return row.statistic == "rate" or (row.parameter == (EFS.code,) and _kind(row) == "landmark")


def _panel(row: Result) -> tuple[str, str]:
    return row.parameter[0], row.statistic


def _panels(plan: Plan) -> list[tuple[str, str]]:
    """Parameter and statistic of each panel."""
    visits = [(visit, "rate") for visit in plan.response.improvement.visits]
    return [*visits, *((EFS.code, f"landmark_M{month:g}") for month in plan.main_landmarks[:1])]


def draw(points: Points, plan: Plan, caption: Caption) -> list[Figure]:
    """Draw ``f_subgroups.csv``: a panel an estimate, as many on a page as fit.

    A page with a message where there are no points.
    """
    if not len(points):
        return [empty_figure(caption)]
    rows = _rows(points, plan)
    panels = points.distinct("parameter", "statistic")
    height = _TITLE + len(rows) * _ROW + _AXIS + _GAP
    on_a_page = min(len(panels), max(1, int((_ROOM + _GAP) / height)))
    parts = [panels[i : i + on_a_page] for i in range(0, len(panels), on_a_page)]
    pages = []
    for number, part in enumerate(parts, start=1):
        page = Page(caption.of_page(number, len(parts)), on_a_page * height - _GAP)
        top = page.body.bottom + page.body.height
        for parameter, statistic in part:
            shown = points.where(parameter=parameter, statistic=statistic)
            _draw_panel(page, top, rows, shown, plan)
            top -= height
        pages.append(page.figure)
    return pages


def _rows(points: Points, plan: Plan) -> list[_Row]:
    """All subjects, then each group with its levels below it."""
    rows: list[_Row] = [(_("All subjects"), TOTAL)]
    columns = points.distinct("group_by", "group")
    for group in plan.subgroup_variables:
        levels = [(by, level) for by, level in columns if by == group.name]
        names = [level_name(group, level) for _by, level in levels]
        shown = short_names(names)
        rows.append((group.label, None))
        rows += [(shown[name], column) for name, column in zip(names, levels, strict=True)]
    return rows


def _title(parameter: str, statistic: str) -> tuple[str, str]:
    """Title of a panel, and what its ratios are."""
    if statistic == "rate":
        return _("Improved at {visit} (%)").format(visit=parameter), "n/N"
    month = statistic.removeprefix("landmark_M")
    return _("Event-free survival at month {month} (%)").format(month=month), _("events/N")


def _draw_panel(page: Page, top: float, rows: list[_Row], points: Points, plan: Plan) -> None:
    """A panel from its title down; `points` are its own."""
    (panel,) = points.distinct("parameter", "statistic")
    title, ratio = _title(*panel)
    bottom = top - _TITLE - len(rows) * _ROW
    right = WIDTH - MARGIN - max(_ESTIMATE, *(text_width(text) for text in points.text("text")))
    box = Box(
        MARGIN + _NAMES, bottom, right - _RATIO - 2 * MARGIN - MARGIN - _NAMES, len(rows) * _ROW
    )
    interval = _("{level} CI").format(level=percent(plan.statistics.conf_level))
    heading: Style = {"va": "bottom", "weight": "bold"}
    page.write(MARGIN, top - _TITLE + 1, title, **heading)
    page.write(right - 2 * MARGIN, top - _TITLE + 1, ratio, ha="right", **heading)
    page.write(WIDTH - MARGIN, top - _TITLE + 1, f"% ({interval})", ha="right", **heading)
    axes = page.axes(box)
    axes.set(xlim=(0, 100), ylim=(len(rows) * _ROW, 0), yticks=[], facecolor="none")
    axes.spines["left"].set_visible(False)
    columns = (points.text(name) for name in ("n", "total", "text"))
    texts = {
        column: (f"{n}/{total}", text)
        for column, n, total, text in zip(
            zip(points.text("group_by"), points.text("group"), strict=True), *columns, strict=True
        )
    }
    for number, (name, column) in enumerate(rows):
        y = bottom + (len(rows) - number - 0.5) * _ROW
        page.rule(y + _ROW / 2, "0.85")
        is_level = column is not None and column != TOTAL
        indent, weight = (3, "normal") if is_level else (0, "bold")
        page.write(MARGIN + indent, y, name, va="center", weight=weight)
        if column is not None:
            counts, estimate = texts[column]
            page.write(right - 2 * MARGIN, y, counts, ha="right", va="center")
            page.write(WIDTH - MARGIN, y, estimate, ha="right", va="center")
    _draw_intervals(axes, rows, points)


def _draw_intervals(axes: Axes, rows: list[_Row], points: Points) -> None:
    """The estimates of a panel with their intervals, and a line at that of all subjects."""
    by_column = {
        column: tuple(float(part.number(name)[0]) for name in ("estimate", "lower", "upper"))
        for column, part in points.group_by("group_by", "group")
    }
    overall = by_column[TOTAL][0]
    if np.isfinite(overall):
        dashed: Style = {"color": FAINT, "linestyle": (0, (2, 1)), "linewidth": 0.9, "zorder": 1}
        axes.plot([overall] * 2, [0, len(rows) * _ROW], gid="reference", **dashed)
    for number, (_name, column) in enumerate(rows):
        if column is not None:
            estimate, lower, upper = by_column[column]
            values = estimate, lower, upper
            y = (number + 0.5) * _ROW
            forest.draw_interval(axes, y, values, (0.0, 100.0), primary=column == TOTAL)


def footnotes(plan: Plan) -> tuple[str, ...]:
    """Footnotes: that nothing is tested, and how to read the lines and intervals."""
    statistics = plan.statistics
    return (
        _(DESCRIPTIVE),
        _(
            "Dashed line: all subjects. {level} CIs: exact (Clopper-Pearson) for improvement,"
            " Kaplan-Meier ({interval}) for event-free survival, whose events are those of"
            " the entire follow-up. NE: not estimable."
        ).format(
            level=percent(statistics.conf_level),
            interval=definitions.interval_name(statistics),
        ),
    )


FIGURES = (
    FigureSpec(
        name="subgroups",
        title=N_("Improvement and event-free survival by subgroup (forest plot)"),
        population=SAFETY_SET,
        source="analysis results dataset (ard.csv)",
        columns=COLUMNS,
        points=points,
        draw=draw,
        footnotes=footnotes,
    ),
)
