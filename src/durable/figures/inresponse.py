"""Probability of being in remission over time, with its interval and counts under the axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from durable.derive.first_seen import TTREM
from durable.figures.points import Points
from durable.figures.spec import SAFETY_SET, Caption, FigureSpec
from durable.figures.style import COLOURS, LINE, Page, Style, empty_figure, key_line, key_patch
from durable.figures.under_axis import CountRow, count_days, probability_axes, write_counts
from durable.language import N_, _
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.inresponse import bootstrap, states_over_time
from durable.plan import Plan
from durable.wording import percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

COLUMNS = ("kind", "time", "probability", "lower", "upper", "n_in_response", "n_waiting")
_PLOT_HEIGHT = 82.0
_COLOUR = COLOURS[0]


def points(datasets: AnalysisDatasets, plan: Plan) -> pd.DataFrame:
    """Points of the curve to the last time that can be estimated, then the counts (`COLUMNS`).

    ``kind`` is curve or risk; times in months, probabilities as proportions. The counts are just
    before the ticks of the axis.
    """
    import pandas as pd

    estimate = states_over_time(datasets.require("adtte"), plan.response)
    statistics = plan.statistics
    times = np.unique([0.0, *estimate.time[estimate.time <= estimate.last]])
    curve = estimate.probability_at(times if estimate.time.size else [], **bootstrap(statistics))
    ticks = count_days(statistics, times)
    counts = estimate.probability_at(ticks, **bootstrap(statistics))
    counts[["probability", "lower", "upper"]] = np.nan
    frame = pd.concat([curve.assign(kind="curve"), counts.assign(kind="risk")], ignore_index=True)
    frame["time"] /= statistics.days_per_month
    return frame[list(COLUMNS)]


def draw(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_inresponse.csv``; a message without a curve."""
    curve, counts = points.where(kind="curve"), points.where(kind="risk")
    if not len(curve):
        return empty_figure(caption)
    rows = [
        CountRow(_("In remission"), tuple(counts.text("n_in_response")), "n_in_response"),
        CountRow(_("Not yet in remission"), tuple(counts.text("n_waiting")), "n_waiting"),
    ]
    level = percent(plan.statistics.conf_level)
    band: Style = {"color": _COLOUR, "alpha": 0.18, "linewidth": 0}
    key = [
        key_line(label=N_("Probability of being in remission"), color=_COLOUR, linewidth=1.6),
        key_patch(label=_("Pointwise {level} CI").format(level=level), **band),
    ]
    page = Page(caption, _PLOT_HEIGHT + len(rows) * LINE + 2, key)
    axes = page.axes()
    time, probability = curve.number("time"), curve.number("probability")
    lower, upper = curve.number("lower"), curve.number("upper")
    axes.fill_between(time, lower, upper, step="post", **band)
    axes.step(
        time, probability, where="post", color=_COLOUR, linewidth=1.6, clip_on=False, gid="curve"
    )
    ticks = counts.number("time")
    probability_axes(axes, time.max(), ticks, rows)
    axes.set_ylabel(_("In remission (%)"))
    axes.set_xlabel(_("Months since {origin}").format(origin=_(TTREM.since)))
    write_counts(axes, ticks, rows)
    return page.fit()


def footnotes(plan: Plan) -> tuple[str, ...]:
    """Footnote on the estimator, the bootstrap samples, and the counts under the axis."""
    return (
        _(
            "Estimate of Temkin (1978) by Aalen-Johansen; bootstrap over subjects: {n} samples,"
            " seed {seed}. Counts: just before the month."
        ).format(n=plan.statistics.bootstrap_replicates, seed=plan.statistics.bootstrap_seed),
    )


FIGURES = (
    FigureSpec(
        name="inresponse",
        title=N_("Probability of being in remission over time"),
        population=SAFETY_SET,
        source=f"ADTTE, PARAMCD {TTREM.code}, DOR",
        columns=COLUMNS,
        points=points,
        draw=draw,
        footnotes=footnotes,
    ),
)
