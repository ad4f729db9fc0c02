"""The course of interim monitoring over the evaluable subjects: improvement, and safety events."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from durable.contracts.results import Result
from durable.figures.points import Points
from durable.figures.spec import SAFETY_SET, Caption, FigureSpec
from durable.figures.style import (
    COLOURS,
    DASHES,
    FAINT,
    Style,
    detach_axes,
    empty_figure,
    few_ticks,
    key_line,
    panel_page,
)
from durable.language import N_, _
from durable.outputs.boundary_wording import boundaries, event_name
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.monitoring import AFTER_SUBJECTS
from durable.outputs.safety_boundary import RULES
from durable.plan import ImprovementMonitoring, Plan
from durable.wording import percent, sentences

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("output", "panel", "series", "n", "value")
_HEIGHT = 56.0
#: Statistics over the subjects, how they are drawn, and what the key calls them.
_PROBABILITIES: dict[str, Style] = {
    "predictive_probability": {
        "label": N_("Predictive probability of success"),
        "color": COLOURS[0],
        "linestyle": DASHES[0],
        "marker": "o",
    },
    "probability_above": {
        "label": N_("Posterior probability"),
        "color": COLOURS[1],
        "linestyle": DASHES[1],
        "marker": "s",
    },
}
_EVENTS: dict[str, Style] = {
    "n_event": {"label": N_("Subjects with the event"), "color": COLOURS[2], "marker": "D"},
    **{
        rule.name: {
            "label": label,
            "color": COLOURS[3 + number],
            "linestyle": DASHES[2 + number],
        }
        for number, (rule, label) in enumerate(
            zip(RULES, (N_("Beta-binomial boundary"), N_("Pocock-type boundary")), strict=True)
        )
    },
}
_LIMIT: Style = {"color": FAINT, "linestyle": (0, (1, 2)), "linewidth": 1.0}


def points(datasets: AnalysisDatasets, _plan: Plan) -> pd.DataFrame:
    """The results drawn (`COLUMNS`): a statistic after each number ``n`` of evaluable subjects.

    ``panel`` is the visit of the improvement rate or the name of a safety boundary; ``series`` the
    name of the statistic. ``value`` is a probability (0 to 1) or a number of subjects; of a
    boundary NaN where no number stops.
    """
    import pandas as pd

    rows = [
        (row.output, row.parameter[0], row.statistic, int(row.parameter[-1]), row.value)
        for row in datasets.results
        if _is_shown(row)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _is_shown(row: Result) -> bool:
    if row.output == "t_monitoring":
        is_course = len(row.parameter) == 3 and row.parameter[1] == AFTER_SUBJECTS
        return is_course and row.statistic in _PROBABILITIES
    return row.output == "t_safety_boundary" and len(row.parameter) > 1


def draw(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw a panel of the probabilities and one of each boundary; a message without points."""
    panels = points.distinct("output", "panel")
    if not panels:
        return empty_figure(caption)
    shown = set(points.values("series"))
    styles = {name: style for name, style in (_PROBABILITIES | _EVENTS).items() if name in shown}
    key: list[Artist] = [key_line(**style) for style in styles.values()]
    page, axes = panel_page(caption, len(panels), _HEIGHT, key)
    for panel_axes, (output, panel) in zip(axes, panels, strict=True):
        part = points.where(output=output, panel=panel)
        if output == "t_monitoring":
            _draw_probabilities(panel_axes, part, plan)
        else:
            _draw_events(panel_axes, part, event_name(boundaries(plan)[panel], plan))
        detach_axes(panel_axes)
    return page.fit()


def _draw_probabilities(axes: Axes, points: Points, plan: Plan) -> None:
    """Posterior and predictive probability in percent, with the limits of stopping."""
    monitored = plan.monitoring and plan.monitoring.improvement
    for name, style in _PROBABILITIES.items():
        series = points.where(series=name)
        drawn = _unlabelled_style(style) | {"clip_on": False}
        axes.plot(series.number("n"), 100 * series.number("value"), gid=name, **drawn)
    if monitored:
        for limit in _limits(monitored):
            axes.axhline(100 * limit, gid="limit", zorder=1, **_LIMIT)
        title = _("Improved at {visit}").format(visit=monitored.visit)
        axes.set_title(title, loc="left", weight="bold")
        # More can be evaluable than the trial was planned for.
        _count_axis(axes, max(monitored.maximum_subjects, int(points.number("n").max())))
    axes.set_ylim(0, 100)
    axes.set_ylabel(_("Probability (%)"))


def _limits(monitored: ImprovementMonitoring) -> list[float]:
    limits = (monitored.stop_if_predictive_below, monitored.stop_if_predictive_above)
    return [limit for limit in limits if limit is not None]


def _draw_events(axes: Axes, points: Points, title: str) -> None:
    """Subjects with the event, and the boundaries that stop."""
    for name, style in _EVENTS.items():
        series = points.where(series=name)
        if not len(series):
            continue
        steps = "steps-post" if name == "n_event" else "steps-mid"
        drawn = _unlabelled_style(style) | {"drawstyle": steps, "clip_on": False}
        axes.plot(series.number("n"), series.number("value"), gid=name, **drawn)
    axes.set_title(title, loc="left", weight="bold")
    axes.set_ylabel(_("Subjects with the event"))
    most = max(float(np.nanmax(points.number("value"))), 1.0)
    axes.set_ylim(0, 1.05 * most)
    few_ticks(axes)
    _count_axis(axes, int(points.number("n").max()))


def _count_axis(axes: Axes, most: int) -> None:
    """A horizontal axis of evaluable subjects in the order of their infusions."""
    steps = (base * 10**power for power in count() for base in (1, 2, 5))
    step = next(step for step in steps if most / step <= 20)
    ticks = list(range(0, most + 1, step))
    axes.set_xlim(0, most)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xlabel(_("Evaluable subjects, in the order of infusion"))


def _unlabelled_style(style: Style) -> Style:
    """The style without the text of the key."""
    return {name: value for name, value in style.items() if name != "label"}


def footnotes(plan: Plan) -> tuple[str, ...]:
    """Footnote on the limits, the boundaries, and the status at the data cut-off."""
    notes = []
    monitored = plan.monitoring and plan.monitoring.improvement
    if monitored:
        limits = ", ".join(percent(limit) for limit in _limits(monitored))
        notes.append(
            _(
                "Dotted: predictive probability that stops ({limits}). Posterior: of a rate above"
                " {rate}; success: above {success} with {n} evaluable."
            ).format(
                limits=limits,
                rate=percent(monitored.null_rate),
                success=percent(monitored.success_probability),
                n=monitored.maximum_subjects,
            )
        )
    if boundaries(plan):
        notes.append(_("A boundary stops where the number of subjects with the event reaches it."))
    return (sentences(*notes, _("Every subject's status is that at the data cut-off.")),)


FIGURES = (
    FigureSpec(
        name="monitoring",
        title=N_("Interim monitoring over the evaluable subjects"),
        population=SAFETY_SET,
        source="analysis results dataset (ard.csv)",
        columns=COLUMNS,
        points=points,
        draw=draw,
        footnotes=footnotes,
    ),
)
