"""Waterfall plot: the best score of each subject, in the order of the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from durable.figures.doses import doses_of
from durable.figures.points import Points, short_names
from durable.figures.spec import SAFETY_SET, Caption, FigureSpec
from durable.figures.style import (
    INK,
    LINE,
    LINE_SPACING,
    MOST_SUBJECTS,
    Page,
    Style,
    empty_figure,
    key_line,
    key_patch,
    text_width,
    thresholds,
)
from durable.figures.subject_lines import unnamed_note
from durable.jdm.parameters import SCORE
from durable.language import N_, _
from durable.outputs.datasets import AnalysisDatasets
from durable.plan import Plan

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BEST = f"best_{SCORE.column}"
COLUMNS = ("subject", "group", _BEST, "visit", "level")
#: Height of the plot, and width of all bars, millimetres.
_HEIGHT, _ACROSS = 80.0, 140.0
#: Points from the axis to what stands under it.
_BELOW = 7.0
#: What stands under each bar, a row each; beside the axis where there is room for it.
_ROWS = (N_("Subject"), N_("Dose level"), N_("Best score"), N_("First at"))
#: From light to dark, so that the levels differ in grey print too.
_LEVELS: dict[str, Style] = {
    "none": {"label": N_("No improvement"), "facecolor": "white", "hatch": "////"},
    "minimal": {"label": N_("Minimal improvement"), "facecolor": "#C6E3F5"},
    "moderate": {"label": N_("Moderate improvement"), "facecolor": "#56B4E9"},
    "major": {"label": N_("Major improvement"), "facecolor": "#004C78"},
}
_EDGE: Style = {"edgecolor": INK, "linewidth": 0.5}


@dataclass(frozen=True)
class Names:
    """The texts under the bars; the plot itself holds none."""

    columns: list[tuple[str, ...]]
    """For each bar the texts of `_ROWS`: subject, dose level, best score and visit, '' if none."""

    @property
    def upright(self) -> bool:
        """Whether the bars are too narrow for horizontal text, with 1.5 mm between two."""
        widest = max(text_width(text) for column in self.columns for text in column)
        return _ACROSS / len(self.columns) < widest + 1.5

    @property
    def upright_texts(self) -> list[str]:
        """The texts of each bar in one line: ``CQ-001 (3 x 10^7): 100, M2``."""
        return [
            f"{subject}{f' ({dose})' if dose else ''}: {', '.join(filter(None, best))}"
            for subject, dose, *best in self.columns
        ]

    @property
    def height(self) -> float:
        """Height of the names below the axis, with a margin, millimetres; of at least one bar."""
        if self.upright:
            return max(map(text_width, self.upright_texts)) + 3
        return len(_ROWS) * LINE + 3


def points(datasets: AnalysisDatasets, _: Plan) -> pd.DataFrame:
    """`best_scores` of the infused subjects, by dose level."""
    adrs = datasets.require("adrs")
    scores = adrs.loc[adrs["PARAMCD"] == SCORE.paramcd]
    return best_scores(scores, datasets.infused_subjects["DOSELVL"].fillna(""))


def best_scores(records: pd.DataFrame, group: pd.Series[str]) -> pd.DataFrame:
    """Best score of each subject, highest first; the first visit that reached it.

    A subject without a score has NaN, and is last; equal scores are by subject.

    Parameters
    ----------
    records
        Records of ADRS of the score.
    group
        Group of each infused subject, by SUBJID.

    Returns
    -------
    DataFrame
        `COLUMNS`: ``visit`` is UNS where it was unscheduled, ``level`` the response category in
        small letters; both are empty without a score.
    """
    import pandas as pd

    scores = records.loc[records["AVAL"].notna(), ["SUBJID", "AVISIT", "AVAL", "AVALC"]]
    first_best = scores.groupby("SUBJID", observed=True)["AVAL"].idxmax()
    best = scores.loc[first_best].astype(dict.fromkeys(("SUBJID", "AVISIT", "AVALC"), object))
    best = best.fillna({"AVISIT": "UNS"}).set_index("SUBJID").reindex(group.index)
    frame = pd.DataFrame(
        {
            "subject": group.index,
            "group": group.to_numpy(),
            _BEST: best["AVAL"].to_numpy(float),
            "visit": best["AVISIT"].fillna("").to_numpy(),
            "level": best["AVALC"].fillna("").str.lower().to_numpy(),
        }
    )
    return frame.sort_values([_BEST, "subject"], ascending=[False, True])


def footnotes(_plan: Plan) -> tuple[str, ...]:
    """Footnote on the texts under a bar, and on where the score is defined."""
    return (
        _(
            "Best score after infusion, and the visit at which it was first reached (UNS:"
            " unscheduled), whatever therapy was given. NE: not evaluable (no score). The score and"
            " its response categories: list of definitions."
        ),
    )


def draw(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_waterfall.csv``, with names of up to `MOST_SUBJECTS`; a message without points."""
    if not len(points):
        return empty_figure(caption)
    names = _names(points) if len(points) <= MOST_SUBJECTS else None
    note = "" if names else unnamed_note(len(points))
    room = _HEIGHT + (names.height if names else 0)
    page = Page(caption.noting(note), room, _key(points, plan))
    axes = page.axes()
    for score, style in thresholds(plan):
        axes.axhline(score, zorder=0, **style)
    _draw_bars(axes, points, named=names is not None)
    axes.set(xlim=(-0.6, len(points) - 0.4), ylim=(0, 102), ylabel=_best_score())
    axes.set_yticks(range(0, 101, 20))
    axes.spines["left"].set_bounds(0, 100)
    axes.tick_params(axis="x", length=0, pad=_BELOW)
    axes.set_xticks([])
    if names:
        _name_bars(axes, names)
    return page.fit()


def _best_score() -> str:
    return _("Best {score}").format(score=_(SCORE.label))


def _draw_bars(axes: Axes, points: Points, *, named: bool) -> None:
    positions = np.arange(len(points))
    scores = points.number(_BEST)
    for level, style in _LEVELS.items():
        rows = points.columns["level"] == level
        if not rows.any():
            continue
        if named:
            axes.bar(positions[rows], scores[rows], 0.72, gid=level, **style, **_EDGE)
        else:
            # One outline for all: a bar of its own each would be a file of megabytes.
            heights = np.where(rows, scores, np.nan)
            edges = np.arange(len(points) + 1) - 0.5
            axes.stairs(heights, edges, fill=True, gid=level, **style)


def _names(points: Points) -> Names:
    doses = doses_of(points)
    best = (f"{score:g}" if np.isfinite(score) else "NE" for score in points.number(_BEST))
    dose = (doses[group].brief for group in points.text("group"))
    subject = short_names(points.text("subject")).values()
    return Names(list(zip(subject, dose, best, points.text("visit"), strict=True)))


def _name_bars(axes: Axes, names: Names) -> None:
    bars = range(len(names.columns))
    if names.upright:
        axes.set_xticks(bars, names.upright_texts, rotation=90)
        return
    rows = [row for row in range(len(_ROWS)) if any(column[row] for column in names.columns)]
    columns = ["\n".join(column[row] for row in rows) for column in names.columns]
    axes.set_xticks(bars, columns, linespacing=LINE_SPACING)
    axes.annotate(
        "\n".join(_(_ROWS[row]) for row in rows),
        (0, 0),
        xycoords="axes fraction",
        xytext=(-8, -_BELOW),
        textcoords="offset points",
        ha="right",
        va="top",
        linespacing=LINE_SPACING,
        annotation_clip=False,
    )


def _key(points: Points, plan: Plan) -> list[Artist]:
    present = set(points.text("level"))
    bars: list[Artist] = [
        key_patch(**style, **_EDGE) for level, style in _LEVELS.items() if level in present
    ]
    return [*bars, *(key_line(**style) for _, style in thresholds(plan))]


FIGURES = (
    FigureSpec(
        name="waterfall",
        title=N_("Waterfall plot of the best {of} of each subject"),
        of=SCORE.label,
        population=SAFETY_SET,
        source=f"ADRS, PARAMCD {SCORE.paramcd}",
        columns=COLUMNS,
        points=points,
        draw=draw,
        footnotes=footnotes,
        records=lambda _plan, _infused: ({"PARAMCD": [SCORE.paramcd]},),
    ),
)
