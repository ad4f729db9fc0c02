"""The recorded glucocorticoid dose over time, a line a subject, by dose level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.figures.points import Points
from durable.figures.quantiles import (
    MANY_SUBJECTS,
    days_since_infusion,
    records_over_time,
    visit_quantiles,
)
from durable.figures.spec import SAFETY_SET, Caption, FigureSpec
from durable.figures.style import detach_axes, empty_figure, few_ticks, months_axis, panel_page
from durable.figures.subject_lines import SubjectLines
from durable.jdm.parameters import GLUCOCORTICOID
from durable.language import N_, _
from durable.outputs.datasets import AnalysisDatasets, select_records
from durable.plan import Plan

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

COLUMNS = ("subject", "group", "day", "dose")
_RECORDS = ({"PARAMCD": [GLUCOCORTICOID.paramcd]},)
_HEIGHT = 96.0


def points(datasets: AnalysisDatasets, _plan: Plan) -> pd.DataFrame:
    """The dose over time by subject (`COLUMNS`); from `MANY_SUBJECTS` on its quantiles."""
    infused = datasets.infused_subjects
    records = select_records(datasets.require("adrs"), _RECORDS)
    doses = dose_over_time(records, many=len(infused) >= MANY_SUBJECTS)
    group = doses["subject"].astype(object).map(infused["DOSELVL"]).fillna("")
    return doses.assign(group=group)[list(COLUMNS)]


def dose_over_time(records: pd.DataFrame, *, many: bool = False) -> pd.DataFrame:
    """The recorded doses by subject and day since infusion; of `many` subjects, their quantiles.

    Parameters
    ----------
    records
        Records of ADRS of the dose.
    many
        Whether quantiles stand for the subjects.

    Returns
    -------
    DataFrame
        ``subject`` (SUBJID or the name of a quantile), ``day`` and ``dose`` (mg/kg), among other
        columns. Known doses only.
    """
    known = records.loc[records["AVAL"].notna()]
    if many:
        return visit_quantiles(known).rename(columns={"value": "dose"})
    columns = {"SUBJID": "subject", "AVAL": "dose"}
    return known.assign(day=days_since_infusion(known)).rename(columns=columns)


def draw(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_glucocorticoid.csv``; a message without points."""
    if not len(points):
        return empty_figure(caption, N_("No glucocorticoid dose is recorded"))
    lines = SubjectLines(points)
    page, (axes,) = panel_page(caption.noting(lines.note), 1, _HEIGHT, lines.key)
    lines.draw(axes, lines.points, lambda rows: rows.number("dose"))
    axes.set_ylim(0, max(float(points.number("dose").max()), 0.1))
    few_ticks(axes)
    months_axis(axes, points.number("day"), plan.statistics.days_per_month)
    detach_axes(axes)
    axes.set_ylabel(_("Glucocorticoid dose (mg/kg)"))
    return page.fit()


def footnotes(_plan: Plan) -> tuple[str, ...]:
    """Footnote on the doses, and on the lines between them."""
    return (
        _(
            "Prednisone equivalent as recorded at each assessment, the unscheduled among them;"
            " between two assessments the dose is not known: leader lines only."
        ),
    )


FIGURES = (
    FigureSpec(
        name="glucocorticoid",
        title=N_("Glucocorticoid dose over time, by subject"),
        population=SAFETY_SET,
        source=f"ADRS, PARAMCD {GLUCOCORTICOID.paramcd}",
        columns=COLUMNS,
        points=points,
        draw=draw,
        footnotes=footnotes,
        records=lambda _plan, infused: records_over_time([GLUCOCORTICOID.paramcd], infused),
    ),
)
