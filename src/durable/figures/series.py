"""Points of the forest plot of a series of data cut-offs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from durable.contracts.results import PRIMARY, Result, read_csv
from durable.figures import forest
from durable.files import write_csv
from durable.plan import Plan

if TYPE_CHECKING:
    import pandas as pd


def run(plan: Plan, folder: Path) -> None:
    """Read ``ard.csv`` of the series; write ``figures/f_series.csv``."""
    write_csv(folder / "figures" / "f_series.csv", points(read_csv(folder / "ard.csv"), plan))


def points(results: Iterable[Result], plan: Plan) -> pd.DataFrame:
    """Points (`forest.COLUMNS`) of the results at several data cut-offs.

    Rates and probabilities of improvement, and durations as in the sensitivity analyses. The plan's
    own data cut-off is named as the primary analysis, which stands out in the figure.
    """
    own_cutoff = str(plan.analysis.data_cutoff)
    visits = {(visit,) for visit in plan.response.improvement.visits}
    months = plan.statistics.sensitivity_landmarks_months
    durations = {"median", *(f"landmark_M{month:g}" for month in months)}
    shown = {
        "t_improvement": {"rate"},
        "t_dor": durations,
        "t_monitoring": {"probability_above", "predictive_probability"},
    }
    rows = [
        (PRIMARY if result.group == own_cutoff else result.group, result.group, panel, result)
        for result in results
        if result.statistic in shown.get(result.output, ())
        and (panel := forest.panel_title(result)) is not None
        and (result.parameter in visits or result.output == "t_dor")
    ]
    return forest.forest_points(rows, plan.outputs)
