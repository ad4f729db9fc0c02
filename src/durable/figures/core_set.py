"""Core set measures over time: a panel a measure, a line a subject."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

from durable.figures.points import Points
from durable.figures.quantiles import (
    MANY_SUBJECTS,
    days_since_infusion,
    visit_quantiles,
)
from durable.figures.spec import SAFETY_SET, Caption, FigureSpec
from durable.figures.style import (
    draw_subjects,
    empty_figure,
    limit_subjects,
    months_axis,
    panel_page,
    subject_key,
    subject_styles,
)
from durable.jdm import wording
from durable.jdm.measures import COMPONENTS, ENZYME, MEASURES, core_set_measure
from durable.jdm.response import Scale
from durable.outputs.datasets import AnalysisDatasets
from durable.plan import Plan

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

COLUMNS = ("measure", "unit", "subject", "day", "value")
_PANEL = 44.0
_COLUMN_OF = {measure.title: measure.column for measure in (*MEASURES.values(), ENZYME)}


def points(datasets: AnalysisDatasets, plan: Plan) -> pd.DataFrame:
    """Each core set measure over time by subject; of many subjects, its quantiles."""
    many = len(datasets.infused) >= MANY_SUBJECTS
    return measure_values(datasets.required("adrs"), plan, many=many)


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
    """
    import pandas as pd

    parts = []
    for component, name in plan.response.measures.items():
        measure, code = core_set_measure(name), COMPONENTS[component].paramcd
        known = records.loc[(records["PARAMCD"] == code) & records["AVAL"].notna()]
        values = visit_quantiles(known) if many else _values(known)
        values = values[["subject", "day", "value"]]
        parts.append(values.assign(measure=measure.title, unit=measure.unit))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def _values(records: pd.DataFrame) -> pd.DataFrame:
    columns = {"SUBJID": "subject", "AVAL": "value"}
    return records.assign(day=days_since_infusion(records)).rename(columns=columns)


def footnotes(plan: Plan) -> tuple[str, ...]:
    """What the axes show, the core set, and the abbreviations of its measures."""
    return (
        "Axes cover the range that percent changes refer to, where the plan gives one, and all"
        " values.",
        *wording.core_set(plan.response),
        wording.ABBREVIATIONS,
    )


def draw(points: Points, plan: Plan, caption: Caption) -> Figure:
    """Draw ``f_csm.csv``."""
    points, note = limit_subjects(points)
    styles = subject_styles(points.values("subject"))
    measures = list(points.group_by("measure", "unit"))
    if not measures:
        return empty_figure(caption)
    caption, key = caption.noting(note), subject_key(styles)
    page, panels = panel_page(caption, len(measures), _PANEL, key, columns=2)
    for axes, ((measure, unit), rows) in zip(panels, measures, strict=True):
        draw_subjects(axes, rows, lambda rows: rows.number("value"), styles)
        scale = getattr(plan.response.ranges, _COLUMN_OF[measure], None)
        axes.set_ylim(*_ends(scale, rows.number("value")))
        months_axis(axes, points.number("day"), plan.statistics.days_per_month)
        axes.set_title(f"{measure} ({unit})" if unit else measure, loc="left", weight="bold")
    return page.fit()


def _ends(scale: object, values: NDArray[np.float64]) -> tuple[float, float | None]:
    """Ends of an axis on which a change is seen against the range of the measure.

    That range is the whole scale of most measures. Where more values are possible, as of a summary
    score, the axis is as long as the range, from a quarter of it that is below the values; longer
    where they are further apart. From 0 up where the plan has no scale, as of an enzyme.
    """
    if not isinstance(scale, Scale):
        return 0, None
    if scale.range >= scale.max - scale.min:
        return scale.min, scale.max
    quarter = scale.range / 4
    low = floor(values.min() / quarter) * quarter
    high = max(low + scale.range, ceil(values.max() / quarter) * quarter)
    return max(low, scale.min), min(high, scale.max)


FIGURES = (
    FigureSpec(
        name="csm",
        title="Core set measures over time, by subject",
        population=SAFETY_SET,
        source="ADRS",
        columns=COLUMNS,
        points=points,
        draw=draw,
        footnotes=footnotes,
        records=lambda _: ({"PARAMCD": [component.paramcd for component in COMPONENTS.values()]},),
    ),
)
