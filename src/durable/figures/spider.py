"""The score over time, a panel a subject, with the levels of response."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from durable.figures.points import Points, short_names
from durable.figures.quantiles import (
    MANY_SUBJECTS,
    QUANTILES,
    days_since_infusion,
    records_over_time,
    visit_quantiles,
)
from durable.figures.spec import SAFETY_SET, Caption, FigureSpec
from durable.figures.style import (
    WIDTH,
    Box,
    Page,
    Style,
    detach_axes,
    empty_figure,
    key_line,
    months_axis,
    text_width,
    thresholds,
)
from durable.figures.subject_lines import SubjectLines, interrupted_line
from durable.jdm.parameters import SCORE
from durable.language import N_, _
from durable.outputs.datasets import AnalysisDatasets
from durable.plan import Plan

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SCORE = SCORE.column
COLUMNS = ("subject", "group", "day", _SCORE, "partial")
#: Panels side by side, the room between them, and above each for its name, millimetres.
_COLUMNS, _BETWEEN, _NAME = 5, 6.0, 5.5
_ROW_GAP = 2.5
#: Height of a panel in a page of one row, and of many rows; of a single plot of many subjects.
_HIGHEST, _LOWEST, _PLOT = 56.0, 13.0, 96.0
#: Below and to the left of the panels: tick labels and the name of the axis.
_BELOW, _LEFT = 11.0, 15.0
_OTHERS: Style = {"color": "0.8", "linewidth": 0.6, "zorder": 0.5}
_PARTIAL: Style = {
    "linestyle": "none",
    "marker": "o",
    "markersize": 4.5,
    "markerfacecolor": "white",
    "markeredgecolor": "black",
    "markeredgewidth": 0.8,
    "label": N_("Partial score"),
}


def points(datasets: AnalysisDatasets, _: Plan) -> pd.DataFrame:
    """`scores` with the group of the subject; from `MANY_SUBJECTS` on `score_quantiles`."""
    adrs, infused = datasets.require("adrs"), datasets.infused_subjects
    of_score = adrs.loc[adrs["PARAMCD"] == SCORE.paramcd]
    many = len(infused) >= MANY_SUBJECTS
    over_time = score_quantiles(of_score) if many else scores(of_score, infused.index)
    group = over_time["subject"].astype(object).map(infused["DOSELVL"]).fillna("")
    over_time.insert(1, "group", group)
    return over_time


def scores(records: pd.DataFrame, infused: Iterable[str]) -> pd.DataFrame:
    """Score over time by subject: 0 at the infusion, then that of each assessment.

    Parameters
    ----------
    records
        Records of ADRS of the score.
    infused
        Subjects who were infused, with or without records.

    Returns
    -------
    DataFrame
        ``subject``, ``day`` (days after the infusion), ``visit`` (empty at the infusion, UNS where
        unscheduled), the score (NaN where it cannot be calculated) and ``partial`` (Y or N). One
        row per record, and one at day 0 of each subject; by subject and day.
    """
    import pandas as pd

    start: dict[str, Any] = {"day": 0, "visit": "", _SCORE: 0.0, "partial": "N"}
    origin = pd.DataFrame({"SUBJID": list(infused)}).assign(**start)
    assessments = pd.DataFrame(
        {
            "SUBJID": records["SUBJID"],
            "day": days_since_infusion(records),
            "visit": records["AVISIT"].astype(object).fillna("UNS"),
            _SCORE: records["AVAL"],
            "partial": np.where(records["REASON"] == "PARTIAL", "Y", "N"),
        }
    )
    both = pd.concat([origin, assessments]).sort_values(["SUBJID", "day"], kind="stable")
    return both.rename(columns={"SUBJID": "subject"})


def score_quantiles(records: pd.DataFrame) -> pd.DataFrame:
    """Quantiles of the score over the subjects at each analysis visit, 0 at the infusion.

    Columns as of `scores`, the name of the quantile in place of a subject; ``partial`` is N.
    """
    import pandas as pd

    after = visit_quantiles(records).rename(columns={"value": _SCORE})
    origin = pd.DataFrame({"subject": list(QUANTILES), "day": 0.0, "visit": "", _SCORE: 0.0})
    both = pd.concat([origin, after]).assign(partial="N")
    order = both["subject"].map({name: i for i, name in enumerate(QUANTILES)})
    both = both.assign(order=order).sort_values(["order", "day"], kind="stable")
    return both.drop(columns="order").astype({"day": int})


def footnotes(_plan: Plan) -> tuple[str, ...]:
    """Footnote on partial scores, and on where the score is defined."""
    return (
        _(
            "Scores whatever therapy was given. Partial score: a lighter measure is missing and"
            " scores 0. The score, its baseline and its response categories: list of definitions."
        ),
    )


def draw(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw the scores: a panel a subject; of more than `MOST_SUBJECTS`, or quantiles, one plot.

    A message without points.
    """
    subjects = points.values("subject")
    if not subjects:
        return empty_figure(caption)
    lines = SubjectLines(points)
    caption = caption.noting(_without_score_note(points))
    if lines.note:
        return _draw_plot(lines, plan, caption.noting(lines.note))
    names = short_names(subjects)
    rows, columns = _grid(list(names.values()))
    height = max(_LOWEST, _HIGHEST / rows**0.7)
    others = [key_line(label=N_("Other subjects"), **_OTHERS)] if len(subjects) > 1 else []
    key = [*lines.key, *others, *_key(points, plan)]
    most = 4 if columns > 2 else 9
    page = Page(caption, rows * (_NAME + height + _ROW_GAP) + _BELOW - _ROW_GAP, key)
    body = page.body
    room = Box(
        body.left + _LEFT, body.bottom + _BELOW, body.width - _LEFT - 2, body.height - _BELOW
    )
    grid = room.grid(rows, columns, _BETWEEN, _ROW_GAP)
    for number, (name, box) in enumerate(zip(subjects, grid, strict=False)):
        axes = page.axes(replace(box, height=box.height - _NAME))
        _draw_context(axes, points, plan, most=most)
        of_subject = points.where(subject=name)
        lines.draw(axes, of_subject, _scores)
        _draw_partial(axes, of_subject)
        axes.set_title(names[name], loc="left", pad=4)
        lowest = number + columns >= len(subjects)
        axes.tick_params(labelleft=number % columns == 0, labelbottom=lowest)
    months = _("Months since infusion")
    page.write(room.left + room.width / 2, body.bottom, months, ha="center")
    middle = room.bottom + room.height / 2
    page.write(body.left, middle, _(SCORE.label), rotation=90, ha="left", va="center")
    return page.figure


def _without_score_note(points: Points) -> str:
    """Note of how many subjects have no score after the infusion; empty where each has one."""
    scored = points.take(np.isfinite(_scores(points)) & (points.number("day") > 0))
    number = len(set(points.text("subject")) - set(scored.text("subject")) - set(QUANTILES))
    return _("Subjects without a score after infusion: {n}.").format(n=number) if number else ""


def _grid(names: list[str]) -> tuple[int, int]:
    """Rows and columns of panels that are as wide as the names above them."""
    widest = max(map(text_width, names))
    columns = min(_COLUMNS, len(names), int((WIDTH - 25) / (widest + _BETWEEN)))
    rows = -(-len(names) // columns)
    return rows, -(-len(names) // rows)


def _draw_plot(lines: SubjectLines, plan: Plan, caption: Caption) -> Figure:
    """The lines of many subjects, or of their quantiles, in one plot."""
    page = Page(caption, _PLOT, [*lines.key, *_key(lines.points, plan)])
    axes = page.axes()
    _draw_context(axes, lines.points, plan, most=9, show_others=False)
    lines.draw(axes, lines.points, _scores)
    _draw_partial(axes, lines.points)
    axes.set(xlabel=_("Months since infusion"), ylabel=_(SCORE.label))
    return page.fit()


def _draw_context(
    axes: Axes, points: Points, plan: Plan, *, most: int, show_others: bool = True
) -> None:
    """The levels of response, the scores of all subjects where wanted, and the scales."""
    for score, style in thresholds(plan):
        axes.axhline(score, zorder=1, **style)
    if show_others:
        axes.plot(*interrupted_line(points, _scores), gid="others", clip_on=False, **_OTHERS)
    months_axis(axes, points.number("day"), plan.statistics.days_per_month, most=most)
    axes.set(ylim=(0, 100), xlabel="")
    axes.set_yticks((0, 50, 100) if show_others else range(0, 101, 20))
    detach_axes(axes)


def _draw_partial(axes: Axes, points: Points) -> None:
    partial = points.where(partial="Y")
    if len(partial):
        axes.plot(
            partial.number("day"),
            _scores(partial),
            gid="partial",
            zorder=5,
            clip_on=False,
            **_PARTIAL,
        )


def _scores(points: Points) -> NDArray[np.float64]:
    return points.number(_SCORE)


def _key(points: Points, plan: Plan) -> list[Artist]:
    levels: list[Artist] = [key_line(**style) for _, style in reversed(thresholds(plan))]
    return [*levels, *([key_line(**_PARTIAL)] if len(points.where(partial="Y")) else [])]


FIGURES = (
    FigureSpec(
        name=_SCORE,
        title=N_("{of} over time, by subject"),
        of=SCORE.label,
        population=SAFETY_SET,
        source=f"ADRS, PARAMCD {SCORE.paramcd}",
        columns=COLUMNS,
        points=points,
        draw=draw,
        footnotes=footnotes,
        records=lambda _plan, infused: records_over_time([SCORE.paramcd], infused),
    ),
)
