"""B cells in blood: each subject on a log axis, with the limit of aplasia."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.figures.kinetics import COLUMNS, LIMIT, draw_profiles
from durable.figures.spec import SAFETY_SET, FigureSpec
from durable.language import N_, _
from durable.outputs.datasets import AnalysisDatasets
from durable.plan import Plan

if TYPE_CHECKING:
    import pandas as pd


def points(datasets: AnalysisDatasets, plan: Plan) -> pd.DataFrame:
    """Results of all subjects (`COLUMNS`); below them, if any, a row with the limit of aplasia."""
    import pandas as pd

    rule = plan.laboratory.b_cells
    adlb = datasets.require("adlb")
    results = adlb.loc[(adlb["PARAMCD"] == rule.test) & adlb["BLQFL"].notna()]
    infused = datasets.infused_subjects
    frame = pd.DataFrame(
        {
            "assay": plan.laboratory.by_code[rule.test].label if len(results) else "",
            "unit": results["AVALU"],
            "subject": results["SUBJID"],
            "group": results["SUBJID"].map(infused["DOSELVL"].fillna("")),
            "day": results["ADY"] - (results["ADY"] > 0),
            "value": results["AVAL"].where(results["BLQFL"] == "N"),
            "below_lloq": results["BLQFL"],
            "lloq": results["LLOQ"],
            "kind": "individual",
        }
    )
    limit = frame.iloc[:1].assign(
        subject="", group="", day=0, value=rule.aplasia_below, below_lloq="N",
        lloq=float("nan"), kind=LIMIT,
    )  # fmt: skip
    return pd.concat([frame, limit])[list(COLUMNS)]


def footnotes(plan: Plan) -> tuple[str, ...]:
    """Footnote on values below the limit of quantification, and on the line."""
    rule = plan.laboratory.b_cells
    return (
        _(
            "BLQ: below the LLOQ; a count of 0 without a limit is not drawn. Dashed line: limit of"
            " aplasia ({low:g}). Day 0: infusion."
        ).format(low=rule.aplasia_below),
    )


FIGURES = (
    FigureSpec(
        name="bcells",
        title=N_("B cells over time"),
        population=SAFETY_SET,
        source="ADLB",
        columns=COLUMNS,
        points=points,
        draw=lambda points, _plan, caption: draw_profiles(points, caption),
        footnotes=footnotes,
    ),
)
