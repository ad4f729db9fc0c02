"""The score over time, a line a subject, with the levels of response."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isfinite, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from durable.figures.points import Points, short
from durable.figures.quantiles import (
    MANY_SUBJECTS,
    QUANTILES,
    days_since_infusion,
    visit_quantiles,
)
from durable.figures.spec import SAFETY_SET, Caption, FigureSpec
from durable.figures.style import (
    TEXT_SIZE,
    WIDTH,
    Page,
    Style,
    draw_subjects,
    empty_figure,
    key_line,
    limit_subjects,
    months_axis,
    separate_labels,
    subject_style,
    text_width,
    thresholds,
)
from durable.jdm import wording
from durable.jdm.parameters import SCORE
from durable.outputs.datasets import AnalysisDatasets
from durable.plan import Plan

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SCORE = SCORE.column
COLUMNS = ("subject", "day", _SCORE, "partial")
#: Space between two labels, and between the plot and its labels, millimetres.
_LABEL, _LEADER = 3.4, 5.0
#: Faint and dotted: a line that leads to a name must not pass for a score carried forward.
_LEADER_LINE: Style = {
    "arrowstyle": "-",
    "color": "0.6",
    "linestyle": (0, (1, 3)),
    "linewidth": 0.5,
    "shrinkA": 0,
    "shrinkB": 3,
}
_PARTIAL: Style = {
    "linestyle": "none",
    "marker": "o",
    "markersize": 4.5,
    "markerfacecolor": "white",
    "markeredgecolor": "black",
    "markeredgewidth": 0.8,
    "label": "Partial score",
}


def points(datasets: AnalysisDatasets, _: Plan) -> pd.DataFrame:
    """Score over time by subject; of many subjects, its quantiles."""
    adrs = datasets.required("adrs")
    of_score = adrs.loc[adrs["PARAMCD"] == SCORE.paramcd]
    many = len(datasets.infused) >= MANY_SUBJECTS
    return score_quantiles(of_score) if many else scores(of_score)


def scores(records: pd.DataFrame) -> pd.DataFrame:
    """Score over time by subject: 0 at the infusion, then that of each assessment.

    Parameters
    ----------
    records
        Records of ADRS of the score.

    Returns
    -------
    DataFrame
        ``subject``, ``day`` (days after the infusion), ``visit`` (empty at the infusion, UNS where
        unscheduled), the score (NaN where it cannot be calculated) and ``partial`` (Y or N). One
        row per record, and one at day 0 of each subject that has records; by subject and day.
    """
    import pandas as pd

    start: dict[str, Any] = {"day": 0, "visit": "", _SCORE: 0.0, "partial": "N"}
    origin = records[["SUBJID"]].drop_duplicates().assign(**start)
    after = pd.DataFrame(
        {
            "SUBJID": records["SUBJID"],
            "day": days_since_infusion(records),
            "visit": records["AVISIT"].astype(object).fillna("UNS"),
            _SCORE: records["AVAL"],
            "partial": np.where(records["REASON"] == "PARTIAL", "Y", "N"),
        }
    )
    both = pd.concat([origin, after]).sort_values(["SUBJID", "day"], kind="stable")
    return both.rename(columns={"SUBJID": "subject"})


def score_quantiles(records: pd.DataFrame) -> pd.DataFrame:
    """Quantiles of the score at each analysis visit, 0 at the infusion."""
    import pandas as pd

    after = visit_quantiles(records).rename(columns={"value": _SCORE})
    origin = pd.DataFrame({"subject": list(QUANTILES), "day": 0.0, "visit": "", _SCORE: 0.0})
    both = pd.concat([origin, after]).assign(partial="N")
    order = both["subject"].map({name: i for i, name in enumerate(QUANTILES)})
    both = both.assign(order=order).sort_values(["order", "day"], kind="stable")
    return both.drop(columns="order").astype({"day": int})


def footnotes(plan: Plan) -> tuple[str, ...]:
    """The core set, the levels of response, and what the dotted lines are."""
    return (
        *wording.core_set(plan.response),
        *wording.improvement(plan.response),
        "Dotted grey lines from the last score to the subject identifier: leader lines only.",
    )


def draw(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw the scores of each subject."""
    points, note = limit_subjects(points)
    subjects = points.values("subject")
    if not subjects:
        return empty_figure(caption)
    page = Page(caption.noting(note), max(90, 14 + _LABEL * len(subjects)), _key(points, plan))
    room = max(text_width(short(name)) for name in subjects) + _LEADER + 0.5
    axes = page.axes(replace(page.body, width=page.body.width - room))
    for score, style in thresholds(plan):
        axes.axhline(score, zorder=1, **style)
    # Each line is named at its end, so that styles may recur.
    styles = {name: subject_style(i, 1) for i, name in enumerate(subjects)}
    draw_subjects(axes, points, lambda rows: rows.number(_SCORE), styles)
    partial = points.where(partial="Y")
    axes.plot(partial.number("day"), partial.number(_SCORE), gid="partial", zorder=5, **_PARTIAL)
    months_axis(axes, points.number("day"), plan.statistics.days_per_month)
    axes.set(ylim=(-2, 102), ylabel=SCORE.label)
    axes.set_yticks(range(0, 101, 20))
    figure = page.fit()
    _name_lines(page, axes, points)
    return figure


def _key(points: Points, plan: Plan) -> list[Artist]:
    levels: list[Artist] = [key_line(**style) for _, style in reversed(thresholds(plan))]
    return [*levels, *([key_line(**_PARTIAL)] if len(points.where(partial="Y")) else [])]


def _name_lines(page: Page, axes: Axes, points: Points) -> None:
    """Name each subject to the right of the plot, level with the end of its line where it can."""
    lines = [(name, _end(rows)) for (name,), rows in points.group_by("subject")]
    # Of equal scores the one that ends last is named on top, so that leaders cross less.
    names, ends = zip(*sorted(lines, key=lambda line: line[1]), strict=True)
    inner = axes.get_position()
    low, high = axes.get_ylim()
    unit = inner.height * page.height / (high - low)
    wished = [inner.y0 * page.height + (max(score, low) - low) * unit for _, score in ends]
    body = page.body
    placed = separate_labels(wished, _LABEL, body.bottom + 2, body.bottom + body.height - 2)
    left = inner.x1 + _LEADER / WIDTH
    for name, end, y in zip(names, ends, placed, strict=True):
        page.figure.text(left, y / page.height, short(name), va="center", size=TEXT_SIZE)
        if isfinite(end[1]):
            start = (left - 0.5 / WIDTH, y / page.height)
            axes.annotate("", end, start, textcoords="figure fraction", arrowprops=_LEADER_LINE)


def _end(rows: Points) -> tuple[float, float]:
    """Day and score of the last known score; a name without one stands at the bottom."""
    scores = rows.number(_SCORE)
    known = np.flatnonzero(np.isfinite(scores))
    if not len(known):
        return nan, -inf
    return float(rows.number("day")[known[-1]]), float(scores[known[-1]])


FIGURES = (
    FigureSpec(
        name=_SCORE,
        title=f"{SCORE.label} over time, by subject",
        population=SAFETY_SET,
        source=f"ADRS, PARAMCD {SCORE.paramcd}",
        columns=COLUMNS,
        points=points,
        draw=draw,
        footnotes=footnotes,
        records=lambda _: ({"PARAMCD": [SCORE.paramcd]},),
    ),
)
