"""Waterfall plot: the best score of each subject, in the order of the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from durable.figures.points import Points, short
from durable.figures.spec import SAFETY_SET, Caption, FigureSpec
from durable.figures.style import (
    INK,
    MOST_SUBJECTS,
    Page,
    Style,
    empty_figure,
    key_line,
    key_patch,
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

_BEST = f"best_{SCORE.column}"
COLUMNS = ("subject", "group", _BEST, "visit", "level")
#: Height of the plot, and width of all bars, millimetres.
_HEIGHT, _ACROSS = 88.0, 150.0
#: From light to dark, so that the levels differ in grey print too.
_LEVELS: dict[str, Style] = {
    "none": {"label": "No improvement", "facecolor": "white", "hatch": "////"},
    "minimal": {"label": "Minimal improvement", "facecolor": "#C6E3F5"},
    "moderate": {"label": "Moderate improvement", "facecolor": "#56B4E9"},
    "major": {"label": "Major improvement", "facecolor": "#004C78"},
}
_EDGE: Style = {"edgecolor": INK, "linewidth": 0.5}


@dataclass(frozen=True)
class Names:
    """What is written at the bars."""

    below: list[tuple[str, str]]
    """Subject and group."""
    above: list[str]
    """Score and visit."""

    @property
    def upright(self) -> bool:
        """Whether the bars are too narrow for text that lies."""
        texts = [*self.above, *(text for pair in self.below for text in pair)]
        return _ACROSS / len(self.above) < max(map(text_width, texts)) + 1.5

    @property
    def height(self) -> float:
        """Height of the names below the axis, millimetres."""
        names = (text_width(" ".join(pair)) for pair in self.below)
        return max(names) if self.upright else 7.0


def points(datasets: AnalysisDatasets, _: Plan) -> pd.DataFrame:
    """Best score of each infused subject."""
    adrs = datasets.required("adrs")
    scores = adrs.loc[adrs["PARAMCD"] == SCORE.paramcd]
    return best_scores(scores, datasets.infused["DOSELVL"].fillna(""))


def best_scores(records: pd.DataFrame, group: pd.Series[str]) -> pd.DataFrame:
    """Best score of each subject, highest first; the first visit that reached it.

    A subject without a score has an empty one, and stands last.

    Parameters
    ----------
    records
        Records of ADRS of the score.
    group
        Group of each infused subject, by SUBJID.
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


def footnotes(plan: Plan) -> tuple[str, ...]:
    """What stands above a bar, the core set, and the levels of response."""
    return (
        "Above each bar: best score after infusion, and the visit at which it was first reached."
        " NE: not evaluable (no score). In parentheses: dose level.",
        *wording.core_set(plan.response),
        *wording.improvement(plan.response),
    )


def draw(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_waterfall.csv``."""
    if not len(points):
        return empty_figure(caption)
    names = _names(points) if len(points) <= MOST_SUBJECTS else None
    note = "" if names else f"{len(points):,} subjects; identifiers are not shown."
    room = _HEIGHT + (names.height if names else 0)
    page = Page(caption.noting(note), room, _key(points, plan))
    axes = page.axes()
    for score, style in thresholds(plan):
        axes.axhline(score, zorder=0, **style)
    _draw_bars(axes, points, named=names is not None)
    axes.set(xlim=(-0.6, len(points) - 0.4), ylim=(0, 108), ylabel=f"Best {SCORE.label}")
    axes.set_yticks(range(0, 101, 20))
    axes.spines["left"].set_bounds(0, 100)
    axes.tick_params(axis="x", length=0)
    axes.set_xticks([])
    if names:
        _name_bars(axes, points.number(_BEST), names)
    return page.fit()


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
    below = zip(points.text("subject"), points.text("group"), strict=True)
    above = zip(points.number(_BEST), points.text("visit"), strict=True)
    return Names(
        [(short(subject), f"({short(group)})" if group else "") for subject, group in below],
        [f"{score:g} {visit}".strip() if np.isfinite(score) else "NE" for score, visit in above],
    )


def _name_bars(axes: Axes, scores: NDArray[np.float64], names: Names) -> None:
    rotation, joint = (90, " ") if names.upright else (0, "\n")
    axes.set_xticks(range(len(scores)), map(joint.join, names.below), rotation=rotation)
    if names.upright:
        # A score of 100 has its text above it, in units of the scale.
        axes.set_ylim(0, 104 + max(map(text_width, names.above)) * 130 / _HEIGHT)
    heights = np.nan_to_num(scores).tolist()
    for position, (height, text) in enumerate(zip(heights, names.above, strict=True)):
        axes.annotate(
            text,
            (position, height),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            rotation=rotation,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4},
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
        title=f"Waterfall plot of the best {SCORE.label} of each subject",
        population=SAFETY_SET,
        source=f"ADRS, PARAMCD {SCORE.paramcd}",
        columns=COLUMNS,
        points=points,
        draw=draw,
        footnotes=footnotes,
        records=lambda _: ({"PARAMCD": [SCORE.paramcd]},),
    ),
)
