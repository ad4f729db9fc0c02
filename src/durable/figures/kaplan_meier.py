"""Kaplan-Meier figures: curve, band, censoring marks, median, and counts under the axis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import nan
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from durable.contracts.results import TOTAL
from durable.derive.endpoint import Endpoint
from durable.derive.endpoints import EVERY_ENDPOINT
from durable.figures.points import Points, short
from durable.figures.spec import Caption, FigureSpec
from durable.figures.style import (
    COLOURS,
    DASHES,
    INK,
    LINE,
    Page,
    Style,
    empty_figure,
    key_line,
    key_patch,
)
from durable.figures.under_axis import CountRow, count_days, probability_axes, write_counts
from durable.language import N_, _
from durable.outputs import formats
from durable.outputs.datasets import AnalysisDatasets
from durable.plan import Plan, Statistics
from durable.vocabulary import EVENT_LABELS, POPULATIONS
from durable.wording import list_words, percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from durable.stats.survival import KaplanMeier

COLUMNS = (
    "kind",
    "group_by",
    "group",
    "time",
    "survival",
    "lower",
    "upper",
    "n_risk",
    "n_event",
    "n_censor",
)
PLOT_HEIGHT = 82.0
#: More bands than this on one another can no longer be told apart.
BANDS = 1
#: More times of censoring than this are marked slightly.
MANY = 100
_MEDIAN: Style = {"color": INK, "linestyle": (0, (4, 3)), "linewidth": 0.7}


@dataclass(frozen=True)
class Curve:
    """The rows of one group by their ``kind``, and how they are drawn."""

    name: str
    """Name of the group, as readers see it."""
    points: Points
    """Those of the curve."""
    risk: Points
    """Those of the counts under the axis."""
    median: Points
    """That of the median; none without a subject."""
    colour: str
    dashes: object
    """Line style of Matplotlib."""


def curve_points(datasets: AnalysisDatasets, plan: Plan, parameter: str) -> pd.DataFrame:
    """`estimate_points` of the endpoint with this PARAMCD."""
    from durable.outputs.kaplan_meier import fit

    adtte = datasets.require("adtte")
    return estimate_points(fit(adtte.loc[adtte["PARAMCD"] == parameter]), plan.statistics)


def estimate_points(km: KaplanMeier, statistics: Statistics) -> pd.DataFrame:
    """Points of an estimate over all subjects (`COLUMNS`), times in months.

    ``kind`` is curve (from 0 on), then risk (counts just before the ticks of the axis), then median
    with its limits as ``time``, ``lower`` and ``upper``. Without a subject only risk.
    """
    import pandas as pd

    limits = km.confidence(statistics.conf_level, statistics.km_ci)
    curve = km.curve.merge(limits, on="time")
    curve = curve[["time", "survival", "lower", "upper", "n_risk", "n_event", "n_censor"]]
    origin = pd.DataFrame([[0.0, 1.0, nan, nan, km.n, 0, 0]] if km.n else [], columns=curve.columns)
    starts_at_zero = bool(len(curve)) and curve["time"].iloc[0] == 0
    parts = [curve] if starts_at_zero or not km.n else [origin, curve]
    points = pd.concat([*(part.assign(kind="curve") for part in parts), _risk(km, statistics)])
    points["time"] = points["time"] / statistics.days_per_month
    points = pd.concat([points, *([_median(km, statistics)] if km.n else [])])
    points = points.assign(group_by=TOTAL[0], group=TOTAL[1])
    counts = dict.fromkeys(("n_risk", "n_event", "n_censor"), "Int64")
    return points[list(COLUMNS)].astype(counts)


def _median(km: KaplanMeier, statistics: Statistics) -> pd.DataFrame:
    """The median with its limits, as the table of the time-to-event endpoints has them."""
    import pandas as pd

    from durable.outputs.kaplan_meier import quantile

    median = quantile("median", km, 0.5, statistics)
    limits = {"time": median.value, "lower": median.lower, "upper": median.upper}
    return pd.DataFrame([{"kind": "median", "survival": 0.5, **limits}])


def _risk(km: KaplanMeier, statistics: Statistics) -> pd.DataFrame:
    """At risk just before the axis ticks, and events and censorings before them."""
    import pandas as pd

    ticks = count_days(statistics, km.curve["time"].to_numpy(float))
    at_risk, events = km.n_risk_before(ticks), km.n_events_before(ticks)
    return pd.DataFrame(
        {
            "kind": "risk",
            "time": ticks,
            "survival": nan,
            "lower": nan,
            "upper": nan,
            "n_risk": at_risk,
            "n_event": events,
            "n_censor": km.n - events - at_risk,
        }
    )


def footnotes(plan: Plan, endpoint: Endpoint) -> tuple[str, ...]:
    """Footnote on the events of the endpoint, the counts under the axis, and the definitions."""
    return (
        _(
            "Events: {events}. Counts: at risk just before, events before the month. Endpoints and"
            " estimates: list of definitions."
        ).format(events=list_words(_event_names(plan, endpoint))),
    )


def _event_names(plan: Plan, endpoint: Endpoint) -> list[str]:
    """What counts as an event of the endpoint, as the time-to-event table names it."""
    response = plan.response
    deadline = response.deadline(plan.schedule).visit
    continued = endpoint.continuation
    events = (*(continued.endpoint.events if continued else ()), *endpoint.events)
    names = [event.name for event in events if event.counts(response)]
    names += [endpoint.failure.name] if endpoint.failure else []
    return [_(EVENT_LABELS[name]).format(deadline=deadline) for name in dict.fromkeys(names)]


def draw(points: Points, plan: Plan, caption: Caption, endpoint: Endpoint) -> Figure:
    """Draw ``f_km_*.csv`` of an endpoint, which names the axes; a message without a curve."""
    curves = _curves(points)
    if not curves:
        return empty_figure(caption)
    rows = _count_rows(curves)
    page = Page(caption, PLOT_HEIGHT + len(rows) * LINE + 2, _key(curves, plan))
    axes = page.axes()
    for curve in curves:
        _draw_curve(axes, curve, band=len(curves) <= BANDS)
    last = max(curve.points.number("time").max() for curve in curves)
    ticks = curves[0].risk.number("time")
    probability_axes(axes, last, ticks, rows)
    axes.set_ylabel(_("{event_free} probability (%)").format(event_free=_(endpoint.event_free)))
    axes.set_xlabel(_("Months since {origin}").format(origin=_(endpoint.since)))
    write_counts(axes, ticks, rows)
    return page.fit()


def step(time: NDArray[np.float64], value: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    """Times and values of the corners of a function that keeps each value up to the next time."""
    return np.repeat(time, 2)[1:].tolist(), np.repeat(value, 2)[:-1].tolist()


def _curves(points: Points) -> list[Curve]:
    drawn = [
        (_name(group_by, group), rows)
        for (group_by, group), rows in points.group_by("group_by", "group")
        if len(rows.where(kind="curve"))
    ]
    return [
        Curve(
            name,
            rows.where(kind="curve"),
            rows.where(kind="risk"),
            rows.where(kind="median"),
            COLOURS[i % len(COLOURS)],
            DASHES[i % len(DASHES)],
        )
        for i, (name, rows) in enumerate(drawn)
    ]


def _name(group_by: str, group: str) -> str:
    if (group_by, group) == TOTAL:
        return _("Total")
    return f"{group_by.replace('_', ' ')} {short(group)}"


def _draw_curve(axes: Axes, curve: Curve, *, band: bool) -> None:
    time, survival = curve.points.number("time"), curve.points.number("survival")
    if band:
        corners, lower = step(time, curve.points.number("lower"))
        _, upper = step(time, curve.points.number("upper"))
        axes.fill_between(corners, lower, upper, color=curve.colour, alpha=0.18, linewidth=0)
    axes.step(
        time,
        survival,
        where="post",
        color=curve.colour,
        linestyle=curve.dashes,
        linewidth=1.6,
        clip_on=False,
        gid="curve",
    )
    censored = curve.points.number("n_censor") > 0
    # A line without a point would lie in the corner of the page, and the axes shrink away from it.
    if censored.any():
        axes.plot(time[censored], survival[censored], gid="censored", **_censoring_style(curve))
    for median in curve.median.number("time"):
        if np.isfinite(median):
            guide = [0, median, median], [0.5, 0.5, 0]
            axes.plot(*guide, gid="median", zorder=1.5, **_MEDIAN)


def _censoring_style(curve: Curve) -> Style:
    """Marks of censoring, slighter where they are so many that they would hide the curve."""
    times = int((curve.points.number("n_censor") > 0).sum())
    size, width = (9, 1.1) if times <= MANY else (4, 0.3)
    return {
        "linestyle": "none",
        "marker": "|",
        "markersize": size,
        "markeredgewidth": width,
        "color": INK,
        "clip_on": False,
    }


def _key(curves: list[Curve], plan: Plan) -> list[Artist]:
    level = percent(plan.statistics.conf_level)
    lines: list[Artist] = []
    for curve in curves:
        style: Style = {"color": curve.colour, "linestyle": curve.dashes, "linewidth": 1.6}
        counted = {"group": curve.name, "n": curve.points.text("n_risk")[0]}
        label = _("{group} (N = {n})").format(**counted)
        if len(curve.median) and len(curves) > 1:
            label = _("{group} (N = {n}). {median}").format(
                **counted, median=_median_text(curve.median, plan)
            )
        lines.append(key_line(label=label, **style))
    if len(curves) <= BANDS and np.isfinite(curves[0].points.number("lower")).any():
        style = {"color": curves[0].colour, "alpha": 0.18, "linewidth": 0}
        lines.append(key_patch(label=_("Pointwise {level} CI").format(level=level), **style))
    if len(curves) == 1 and len(curves[0].median):
        drawn = np.isfinite(curves[0].median.number("time")).all()
        style = _MEDIAN if drawn else {"linestyle": "none"}
        lines.append(key_line(label=_median_text(curves[0].median, plan), **style))
    marked = [curve for curve in curves if (curve.points.number("n_censor") > 0).any()]
    return [*lines, *(key_line(label=N_("Censored"), **_censoring_style(c)) for c in marked[:1])]


def _median_text(median: Points, plan: Plan) -> str:
    """``Median 8.9 months (95% CI 2.1, NE)``."""
    decimals = plan.outputs.month_decimals
    cells = (float(median.number(name)[0]) for name in ("time", "lower", "upper"))
    value, lower, upper = (formats.rounded_number(cell, decimals) for cell in cells)
    known = _("Median {value} months ({level} CI {lower}, {upper})")
    without_value = _("Median {value} ({level} CI {lower}, {upper})")
    text = without_value if value == formats.NOT_ESTIMABLE else known
    level = percent(plan.statistics.conf_level)
    return text.format(value=value, level=level, lower=lower, upper=upper)


def _count_rows(curves: list[Curve]) -> list[CountRow]:
    """Number at risk and cumulative events just before each tick; of several curves, a row each."""
    rows = []
    for column, title in (("n_risk", _("Number at risk")), ("n_event", _("Cumulative events"))):
        if len(curves) > 1:
            rows.append(CountRow(title))
        rows += [
            CountRow(
                curve.name if len(curves) > 1 else title, tuple(curve.risk.text(column)), column
            )
            for curve in curves
        ]
    return rows


def _figure(endpoint: Endpoint, name: str) -> FigureSpec:
    return FigureSpec(
        name=name,
        title=N_("{of} (Kaplan-Meier estimate)"),
        of=endpoint.title,
        population=POPULATIONS[endpoint.population],
        source=f"ADTTE, PARAMCD {endpoint.code}",
        columns=COLUMNS,
        points=partial(curve_points, parameter=endpoint.code),
        draw=partial(draw, endpoint=endpoint),
        footnotes=partial(footnotes, endpoint=endpoint),
    )


FIGURES = tuple(
    _figure(endpoint, endpoint.figure) for endpoint in EVERY_ENDPOINT if endpoint.figure is not None
)
