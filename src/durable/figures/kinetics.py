"""Cellular kinetics: each subject and the geometric mean on a log axis, with the lower limit."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from durable.figures.points import Points
from durable.figures.spec import SAFETY_SET, Caption, FigureSpec
from durable.figures.style import (
    DASHES,
    FAINT,
    INK,
    Style,
    days_axis,
    detach_axes,
    empty_figure,
    key_line,
    panel_page,
)
from durable.figures.subject_lines import SubjectLines
from durable.language import N_, _
from durable.outputs.datasets import AnalysisDatasets, first_infusion_records
from durable.plan import Plan

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("assay", "unit", "subject", "group", "day", "value", "below_lloq", "lloq", "kind")
_PANEL = 74.0
#: Millimetres from one value below the limit to the next of the same day, below it.
_STACKED = 1.9
#: Days within which marks would lie on one another, in parts of the axis.
_NEAR = 0.012
_LLOQ: Style = {
    "label": N_("Lower limit of quantification (LLOQ)"),
    "color": INK,
    "linestyle": (0, (1, 2)),
    "linewidth": 0.9,
}
#: Kind of a point that is a limit, of no subject.
LIMIT = "limit"
_LIMIT: Style = {
    "label": N_("Limit of aplasia"),
    "color": INK,
    "linestyle": (0, (5, 3)),
    "linewidth": 0.9,
}
_BELOW: Style = {
    "label": N_("BLQ (at the LLOQ; of one day below one another)"),
    "linestyle": "none",
    "marker": "o",
    "markerfacecolor": "white",
    "markeredgecolor": FAINT,
    "markersize": 4.5,
    "clip_on": False,
}


def points(datasets: AnalysisDatasets, _: Plan) -> pd.DataFrame:
    """`profiles` of the first infusion, by dose level (`COLUMNS`)."""
    adpc = first_infusion_records(datasets.require("adpc"))
    return profiles(adpc, datasets.infused_subjects["DOSELVL"].fillna(""))


def profiles(adpc: pd.DataFrame, group: pd.Series[str]) -> pd.DataFrame:
    """Profiles of all subjects; geometric means by nominal day where half are quantifiable.

    Of the samples with a result that counts (PKSUMXF is empty). A subject has one value on a
    nominal day, the geometric mean of its quantifiable results. A mean is of the quantifiable
    values alone, where at least half of the subjects with a sample have one.

    Parameters
    ----------
    adpc
        The dataset of the concentrations.
    group
        Group of each infused subject, by SUBJID.

    Returns
    -------
    DataFrame
        `COLUMNS`: the samples of each subject (``kind`` individual; ``day`` is AFRLT), then the
        means (``kind`` geo_mean; ``day`` is the nominal day, ``subject`` and ``group`` are empty).
    """
    import pandas as pd

    adpc = adpc.loc[adpc["PKSUMXF"].isna()]
    individual = pd.DataFrame(
        {
            "assay": adpc["PARCAT1"],
            "unit": adpc["AVALU"],
            "subject": adpc["SUBJID"],
            "group": adpc["SUBJID"].map(group),
            "day": adpc["AFRLT"],
            "value": adpc["AVAL"],
            "below_lloq": adpc["BLQFL"],
            "lloq": adpc["LLOQ"],
            "kind": "individual",
        }
    )
    nominal = individual.assign(day=adpc["NFRLT"], log=np.log(adpc["AVAL"]))
    return pd.concat([individual, _geometric_means(nominal)])


def _geometric_means(samples: pd.DataFrame) -> pd.DataFrame:
    """Points of the geometric mean; `samples` have their nominal day and the log of the value."""
    day = ["assay", "unit", "day"]
    subjects = samples.groupby([*day, "subject"], as_index=False)["log"].mean()
    means = subjects.groupby(day, as_index=False).agg(
        log=("log", "mean"), known=("log", "count"), total=("subject", "size")
    )
    means = means.loc[(means["known"] > 0) & (2 * means["known"] >= means["total"])]
    means = means.assign(
        value=np.exp(means["log"]), subject="", group="", below_lloq="N", kind="geo_mean"
    )
    points: pd.DataFrame = means[[*day, "subject", "group", "value", "below_lloq", "kind"]]
    return points


def footnotes(_plan: Plan) -> tuple[str, ...]:
    """Footnote on values below the limit of quantification, and on the geometric mean."""
    return (
        _(
            "BLQ: below the LLOQ. Geometric mean of quantifiable values by nominal day, where at"
            " least half of the subjects have one (BLQ excluded: biased upward). Samples without a"
            " result, or excluded with a reason: not plotted."
        ),
    )


def draw(points: Points, _plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_kinetics.csv``; a message without points."""
    return draw_profiles(points, caption)


def draw_profiles(points: Points, caption: Caption) -> Figure:
    """Draw a panel for every assay and unit: subjects, geometric means and limits.

    A message where there are no points.
    """
    lines = SubjectLines(points.where(kind="individual"))
    assays = points.distinct("assay", "unit")
    if not assays:
        return empty_figure(caption)
    means = points.where(kind="geo_mean")
    groups = means.values("group")
    key = [*lines.key, *_key(points, groups)]
    page, panels = panel_page(caption.noting(lines.note), len(assays), _PANEL, key)
    for axes, (assay, unit) in zip(panels, assays, strict=True):
        individual = lines.points.where(assay=assay, unit=unit)
        days_axis(axes, points.number("day"))
        _log_scale(axes, points.where(assay=assay, unit=unit))
        detach_axes(axes)
        lines.draw(axes, individual, _heights)
        _draw_limits(axes, individual)
        _draw_means(axes, means.where(assay=assay, unit=unit), groups)
        axes.set_ylabel(unit)
        axes.set_title(_(assay), loc="left", weight="bold")
        for height in points.where(kind=LIMIT, assay=assay).number("value"):
            axes.axhline(height, zorder=1, gid="limit", **_LIMIT)
    return page.fit()


def _draw_limits(axes: Axes, rows: Points) -> None:
    """The lower limits, and the values below them: those of one day below one another."""
    for lloq in np.unique(rows.number("lloq")):
        if lloq > 0:
            axes.axhline(lloq, zorder=1, gid="lloq", **_LLOQ)
    below = rows.where(below_lloq="Y")
    # A line without a point would lie in the corner of the page, and the axes shrink away from it.
    if len(below):
        days, heights = below.number("day"), _heights(below)
        heights = heights / 10 ** (_ranks(axes, days) * _step(axes, heights, _ranks(axes, days)))
        axes.plot(days, heights, gid="below", zorder=4, **_BELOW)


def _ranks(axes: Axes, days: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many earlier marks would lie on each one, were all as high."""
    first, last = axes.get_xlim()
    order = np.argsort(days, kind="stable")
    ranks = np.zeros(len(days))
    for i, j in pairwise(order.tolist()):
        ranks[j] = ranks[i] + 1 if days[j] - days[i] < _NEAR * (last - first) else 0
    return ranks


def _step(axes: Axes, heights: NDArray[np.float64], ranks: NDArray[np.float64]) -> float:
    """Decades between marks below one another: less where that many would leave the axis."""
    low, high = np.log10(axes.get_ylim())
    room = np.nanmin(np.log10(heights), initial=high) - low
    wanted = _STACKED * (high - low) / _PANEL * 1.35
    return float(min(wanted, room / max(1.0, ranks.max())))


def _draw_means(axes: Axes, rows: Points, groups: list[str]) -> None:
    for (group,), profile in rows.group_by("group"):
        style = _mean_style(groups, group)
        days, heights = profile.number("day"), _heights(profile)
        axes.plot(days, heights, gid="geo_mean", zorder=3, clip_on=False, **style)


def _heights(rows: Points) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Where the points stand: at the LLOQ when below it; a log axis has no place for 0."""
    heights = np.where(rows.columns["below_lloq"] == "Y", rows.number("lloq"), rows.number("value"))
    return np.where(heights > 0, heights, np.nan)


def _mean_style(groups: list[str], group: str) -> Style:
    number = groups.index(group)
    of_group = _("Geometric mean, {group}").format(group=group)
    return {
        "label": of_group if group else N_("Geometric mean"),
        "color": INK,
        "linestyle": DASHES[number % len(DASHES)],
        "linewidth": 1.8,
        "marker": "s",
        "markersize": 4.5,
    }


def _log_scale(axes: Axes, rows: Points) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    heights, limits = _heights(rows), rows.number("lloq")
    known = np.concatenate([heights[np.isfinite(heights)], limits[limits > 0]])
    low, high = (known.min(), known.max()) if len(known) else (1.0, 10.0)
    axes.set_yscale("log")
    axes.set_ylim(10 ** np.floor(np.log10(low) - 0.1), 10 ** np.ceil(np.log10(high) + 0.1))
    bottom, top = np.round(np.log10(axes.get_ylim())).astype(int)
    exponents = np.arange(bottom, top + 1)
    every = -(-len(exponents) // 9)
    decades = 10.0 ** exponents[::every]
    axes.set_yticks(decades, [f"{d:,.0f}" if d >= 1 else f"{d:g}" for d in decades])
    axes.yaxis.set_minor_locator(LogLocator(subs=range(2, 10)))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _key(points: Points, groups: list[str]) -> list[Artist]:
    key: list[Artist] = [key_line(**_mean_style(groups, group)) for group in groups]
    if (points.number("lloq") > 0).any():
        key.append(key_line(**_LLOQ))
    if np.isfinite(_heights(points.where(below_lloq="Y"))).any():
        key.append(key_line(**_BELOW))
    if len(points.where(kind=LIMIT)):
        key.append(key_line(**_LIMIT))
    return key


FIGURES = (
    FigureSpec(
        name="kinetics",
        title=N_("CAR-T cell concentrations over time"),
        population=SAFETY_SET,
        source="ADPC",
        columns=COLUMNS,
        points=points,
        draw=draw,
        footnotes=footnotes,
    ),
)
