"""Core set measures over time: a panel a measure, a line a subject, by dose level."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

from durable.figures.points import Points
from durable.figures.quantiles import (
    MANY_SUBJECTS,
    days_since_infusion,
    records_over_time,
    visit_quantiles,
)
from durable.figures.spec import SAFETY_SET, Caption, FigureSpec
from durable.figures.style import (
    detach_axes,
    empty_figure,
    few_ticks,
    months_axis,
    panel_page,
)
from durable.figures.subject_lines import SubjectLines
from durable.jdm.measures import COMPONENTS, ENZYME, MEASURES, core_set_measure
from durable.jdm.response import Scale
from durable.language import N_, _
from durable.outputs.datasets import AnalysisDatasets
from durable.plan import Plan

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

COLUMNS = ("measure", "unit", "subject", "group", "day", "value")
_PANEL = 44.0
_COLUMN_OF = {measure.title: measure.column for measure in (*MEASURES.values(), ENZYME)}


def points(datasets: AnalysisDatasets, plan: Plan) -> pd.DataFrame:
    """Core set measures over time by subject (`COLUMNS`); from `MANY_SUBJECTS` on the quantiles."""
    infused = datasets.infused_subjects
    many = len(infused) >= MANY_SUBJECTS
    values = measure_values(datasets.require("adrs"), plan, many=many)
    group = values["subject"].astype(object).map(infused["DOSELVL"]).fillna("")
    values.insert(list(COLUMNS).index("group"), "group", group)
    return values


def measure_values(records: pd.DataFrame, plan: Plan, *, many: bool = False) -> pd.DataFrame:
    """Value of each core set measure over time by subject; of `many` subjects, its quantiles.

    Parameters
    ----------
    records
        Records of ADRS of the measures.
    plan
        The analysis plan.
    many
        Whether quantiles stand for the subjects.

    Returns
    -------
    DataFrame
        `COLUMNS` without ``group``: by measure in the order of the plan; ``subject`` is SUBJID or
        the name of a quantile, ``day`` counts from the infusion. Known values only.
    """
    import pandas as pd

    parts = []
    for component, name in plan.response.measures.items():
        measure, code = core_set_measure(name), COMPONENTS[component].paramcd
        known = records.loc[(records["PARAMCD"] == code) & records["AVAL"].notna()]
        values = visit_quantiles(known) if many else _values(known)
        values = values[["subject", "day", "value"]]
        parts.append(values.assign(measure=measure.title, unit=measure.unit))
    columns = [name for name in COLUMNS if name != "group"]
    return pd.concat(parts, ignore_index=True)[columns]


def _values(records: pd.DataFrame) -> pd.DataFrame:
    columns = {"SUBJID": "subject", "AVAL": "value"}
    return records.assign(day=days_since_infusion(records)).rename(columns=columns)


def footnotes(_plan: Plan) -> tuple[str, ...]:
    """Footnote on the range of the axes, and on where the measures are defined."""
    return (
        _(
            "Axes cover the range that percent changes refer to, where the plan gives one, and all"
            " values. Core set, baseline and abbreviations: list of definitions."
        ),
    )


def draw(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_csm.csv``, a panel a measure; a message without points."""
    lines = SubjectLines(points)
    measures = list(lines.points.group_by("measure", "unit"))
    if not measures:
        return empty_figure(caption)
    page, panels = panel_page(
        caption.noting(lines.note), len(measures), _PANEL, lines.key, columns=2
    )
    for axes, ((measure, unit), rows) in zip(panels, measures, strict=True):
        lines.draw(axes, rows, lambda rows: rows.number("value"))
        scale = getattr(plan.response.ranges, _COLUMN_OF[measure], None)
        axes.set_ylim(*axis_ends(scale, rows.number("value")))
        few_ticks(axes)
        months_axis(axes, points.number("day"), plan.statistics.days_per_month)
        detach_axes(axes)
        axes.set_title(_measure_title(measure, unit), loc="left", weight="bold")
    return page.fit()


def _measure_title(measure: str, unit: str) -> str:
    """Name of a measure with its unit, as the points have both."""
    if not unit:
        return _(measure)
    return _("{measure} ({unit})").format(measure=_(measure), unit=_(unit))


def axis_ends(scale: object, values: NDArray[np.float64]) -> tuple[float, float | None]:
    """Lower and upper end of an axis on which a change is seen against the range of the measure.

    That range is the whole scale of most measures. Where more values are possible, as of a summary
    score, the axis is as long as the range: from a multiple of a quarter of it at or below the
    lowest value (there must be one), or from or to an end of the scale that lies nearer. It is
    longer where the values are further apart. Where the plan has no `Scale`, as of an enzyme, 0 and
    None, which is left open.
    """
    if not isinstance(scale, Scale):
        return 0, None
    if scale.range >= scale.max - scale.min:
        return scale.min, scale.max
    quarter = scale.range / 4
    low = min(floor(values.min() / quarter) * quarter, scale.max - scale.range)
    low = max(low, scale.min)
    high = max(low + scale.range, ceil(values.max() / quarter) * quarter)
    return low, min(high, scale.max)


FIGURES = (
    FigureSpec(
        name="csm",
        title=N_("Core set measures over time, by subject"),
        population=SAFETY_SET,
        source="ADRS",
        columns=COLUMNS,
        points=points,
        draw=draw,
        footnotes=footnotes,
        records=lambda _plan, infused: records_over_time(
            [component.paramcd for component in COMPONENTS.values()], infused
        ),
    ),
)
