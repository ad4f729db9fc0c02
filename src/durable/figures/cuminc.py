"""Cumulative incidence of the end of response: a curve a cause, and counts under the axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from durable.derive.durations import DOR
from durable.figures.points import Points
from durable.figures.spec import Caption, FigureSpec
from durable.figures.style import COLOURS, DASHES, LINE, Page, Style, empty_figure, key_line
from durable.figures.under_axis import CountRow, count_days, probability_axes, write_counts
from durable.language import N_, _
from durable.outputs.cuminc import CAUSES, causes_in_force, incidences
from durable.outputs.datasets import AnalysisDatasets
from durable.plan import Plan
from durable.vocabulary import POPULATIONS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from durable.stats.competing import AalenJohansen

COLUMNS = ("kind", "cause", "time", "incidence", "lower", "upper", "n_risk", "n_event")
_PLOT_HEIGHT = 82.0
#: The causes beside their counts.
_SHORT = {
    "RECURRENCE": N_("recurrence"),
    "DEATH": N_("death"),
    "NEW_THERAPY": N_("new therapy"),
}


def points(datasets: AnalysisDatasets, plan: Plan) -> pd.DataFrame:
    """Points of the curve of each cause, then the counts under the axis (`COLUMNS`).

    ``kind`` is curve or risk; times in months, incidences as proportions.
    """
    import pandas as pd

    adtte = datasets.require("adtte")
    estimate = incidences(adtte.loc[adtte["PARAMCD"] == DOR.code], plan)
    numbered = list(enumerate(causes_in_force(plan.response)))
    parts = [
        *(_curve(estimate, number, plan).assign(cause=cause) for number, cause in numbered),
        *(_counts(estimate, number, plan).assign(cause=cause) for number, cause in numbered),
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame["time"] /= plan.statistics.days_per_month
    return frame[list(COLUMNS)].astype(dict.fromkeys(("n_risk", "n_event"), "Int64"))


def _curve(estimate: AalenJohansen, number: int, plan: Plan) -> pd.DataFrame:
    """The incidence of a cause from 0 on, one row per distinct time; none without a subject."""
    import pandas as pd

    level, transform = plan.statistics.conf_level, plan.over_time.incidence_ci
    table = estimate.incidence_at(estimate.time, level, transform)
    table = table.loc[table["cause"] == number + 1].rename(columns={"cif": "incidence"})
    table = table[["time", "incidence", "lower", "upper", "n_risk"]]
    table = table.assign(n_event=estimate.n_event[:, number])
    at_zero = {"time": 0.0, "incidence": 0.0, "n_risk": table["n_risk"].max(), "n_event": 0}
    origin = pd.DataFrame([at_zero] if len(table) else [], columns=table.columns)
    starts_at_zero = bool((estimate.time == 0).any())
    parts = [table] if starts_at_zero or not len(table) else [origin, table]
    return pd.concat(parts, ignore_index=True).assign(kind="curve")


def _counts(estimate: AalenJohansen, number: int, plan: Plan) -> pd.DataFrame:
    """At risk just before the ticks of the axis, and events of a cause before them."""
    import pandas as pd

    statistics = plan.statistics
    ticks = count_days(statistics, estimate.time)
    table = estimate.incidence_at(ticks)
    is_before = estimate.time[:, None] < ticks
    return pd.DataFrame(
        {
            "kind": "risk",
            "time": ticks,
            "incidence": np.nan,
            "lower": np.nan,
            "upper": np.nan,
            "n_risk": table.loc[table["cause"] == number + 1, "n_risk"].to_numpy(),
            "n_event": (is_before * estimate.n_event[:, [number]]).sum(axis=0),
        }
    )


def draw(points: Points, _plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_cuminc.csv``, a curve a cause; a message without a curve."""
    curves = list(points.where(kind="curve").group_by("cause"))
    if not curves:
        return empty_figure(caption)
    counts = points.where(kind="risk")
    rows = _count_rows(counts)
    key = [
        key_line(label=CAUSES[cause], **_style(number))
        for number, ((cause,), _curve_points) in enumerate(curves)
    ]
    page = Page(caption, _PLOT_HEIGHT + len(rows) * LINE + 2, key)
    axes = page.axes()
    for number, ((cause,), curve) in enumerate(curves):
        time, incidence = curve.number("time"), curve.number("incidence")
        axes.step(time, incidence, where="post", clip_on=False, gid=cause, **_style(number))
    ticks = counts.where(cause=curves[0][0][0]).number("time")
    probability_axes(axes, points.where(kind="curve").number("time").max(), ticks, rows)
    axes.set_ylabel(_("Cumulative incidence (%)"))
    axes.set_xlabel(_("Months since {origin}").format(origin=_(DOR.since)))
    write_counts(axes, ticks, rows)
    return page.fit()


def _style(number: int) -> Style:
    return {"color": COLOURS[number], "linestyle": DASHES[number], "linewidth": 1.6}


def _count_rows(counts: Points) -> list[CountRow]:
    """Number at risk, then the cumulative events of each cause."""
    causes = list(counts.group_by("cause"))
    at_risk = tuple(causes[0][1].text("n_risk"))
    return [
        CountRow(_("Number at risk"), at_risk, "n_risk"),
        CountRow(_("Cumulative events")),
        *(
            CountRow(_(_SHORT[cause]), tuple(rows.text("n_event")), "n_event")
            for (cause,), rows in causes
        ),
    ]


def footnotes(_plan: Plan) -> tuple[str, ...]:
    """Footnote on the estimator, and on the counts under the axis."""
    return (
        _(
            "Aalen-Johansen estimates; the causes compete. Counts: at risk just before, events"
            " before the month. Intervals: in the table."
        ),
    )


FIGURES = (
    FigureSpec(
        name="cuminc",
        title=N_("Cumulative incidence of the end of response, by cause"),
        population=POPULATIONS[DOR.population],
        source=f"ADTTE, PARAMCD {DOR.code}",
        columns=COLUMNS,
        points=points,
        draw=draw,
        footnotes=footnotes,
    ),
)
