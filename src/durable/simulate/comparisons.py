"""Scenarios and definitions side by side: the points of the figures."""

from __future__ import annotations

from math import nan

import numpy as np
import pandas as pd

from durable.plan import Plan, Simulation
from durable.simulate import theory
from durable.simulate.tally import MEDIAN, PRIMARY

#: True rates at which the exact coverage is drawn, in thousandths.
_CURVE = range(1, 1000)


def coverage_points(known: pd.DataFrame, level: float) -> pd.DataFrame:
    """Points of ``f_coverage``: the exact curve at each number of subjects, and the simulated.

    Parameters
    ----------
    known
        Rows of ``theory.csv``.
    level
        Confidence level of the intervals.
    """
    found = known.loc[known["METHOD"] == "clopper-pearson"]
    found = found.assign(SERIES=np.where(found["SCENARIO"] == "", "drawn", "simulated"))
    curves = [
        ("exact", "", "", n, p / 1000, theory.clopper_pearson_coverage(n, p / 1000, level), nan)
        for n in sorted(set(found["N"].tolist()))
        for p in _CURVE
    ]
    columns = ["SERIES", "SCENARIO", "ESTIMATE", "N", "TRUE", "SIMULATED", "MCSE"]
    drawn = list(found[columns].itertuples(index=False, name=None))
    names = ["series", "scenario", "estimate", "n", "true", "coverage", "mcse"]
    return pd.DataFrame([*curves, *drawn], columns=names)


def spacing_frame(simulation: Simulation) -> pd.DataFrame:
    """``spacing.csv``: scenarios that differ in ``every_months`` alone, in families."""
    families: dict[str, list[str]] = {}
    for name, scenario in simulation.scenarios.items():
        families.setdefault(scenario.model_dump_json(exclude={"every_months"}), []).append(name)
    rows = [
        (number, name, simulation.scenarios[name].every_months)
        for number, names in enumerate(
            (names for names in families.values() if len(names) > 1), start=1
        )
        for name in names
    ]
    frame = pd.DataFrame(rows, columns=["FAMILY", "SCENARIO", "EVERY_MONTHS"])
    frame["EVERY_MONTHS"] = frame["EVERY_MONTHS"].astype(float)
    # The schedule of the plan, which has no spacing, stands last.
    return frame.sort_values(["FAMILY", "EVERY_MONTHS"], kind="stable", ignore_index=True)


def spacing_points(operating: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Points of ``f_spacing``: bias of median DOR in months by the spacing of visits."""
    month = plan.statistics.days_per_month
    families = spacing_frame(plan.require_simulation())
    rows = operating.loc[(operating["DEFN"] == PRIMARY) & (operating["ESTIMATE"] == MEDIAN)]

    def of(measure: str, column: str = "VALUE") -> pd.Series[float]:
        found = rows.loc[rows["MEASURE"] == measure].set_index("SCENARIO")[column]
        return found.reindex(families["SCENARIO"]).reset_index(drop=True)

    return pd.DataFrame(
        {
            "family": families["FAMILY"],
            "scenario": families["SCENARIO"],
            "every_months": families["EVERY_MONTHS"],
            "true": of("true") / month,
            "bias": of("bias") / month,
            "bias_mcse": of("bias", "MCSE") / month,
            "median_bias": (of("median") - of("true")) / month,
            "median_mcse": of("median", "MCSE") / month,
            "estimable": of("estimable"),
        }
    )


def definition_points(operating: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Points of ``f_definitions``: bias and coverage of each estimate under each definition.

    Bias in percentage points, of median DOR in months; coverage in percent.
    """
    month = plan.statistics.days_per_month
    titles = {name: plan.sensitivity[name].title or name for name in plan.simulated}
    rows = operating.loc[operating["MEASURE"].isin(["bias", "coverage"])].copy()
    months = (rows["ESTIMATE"] == MEDIAN) & (rows["MEASURE"] == "bias")
    scale = np.where(months, 1 / month, 100.0)
    return pd.DataFrame(
        {
            "scenario": rows["SCENARIO"],
            "definition": rows["DEFN"],
            "title": rows["DEFN"].map(titles).fillna("Primary analysis"),
            "estimate": rows["ESTIMATE"],
            "measure": rows["MEASURE"],
            "value": rows["VALUE"] * scale,
            "mcse": rows["MCSE"] * scale,
        }
    )
