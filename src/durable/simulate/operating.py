"""Operating characteristics: what the design shows over the virtual trials (docs/simulation.md)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import nan
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.results import PRIMARY
from durable.files import write_csv
from durable.outputs.sensitivity import analysis_title
from durable.plan import Plan, Simulation
from durable.simulate import theory
from durable.simulate.characteristics import measures
from durable.simulate.checks import decisions_frame, theory_frame
from durable.simulate.keys import MEDIAN, Key
from durable.simulate.tally import Tally, Truth, refuse_incomplete, tally_chunks

#: True rates at which the exact coverage is drawn, in thousandths.
_CURVE = range(1, 1000)


def write_operating(plan: Plan, folder: Path, truth: pd.DataFrame) -> None:
    """Read ``chunks/``; write the operating characteristics and the points of the figures, as CSV.

    Parameters
    ----------
    plan
        The analysis plan, with its section ``simulation``.
    folder
        Folder of the simulation.
    truth
        True values, as `truth.true_values` gives them.

    Raises
    ------
    UserError
        Where a trial is missing in the chunks, or counted twice (`refuse_incomplete`).
    """
    simulation = plan.require_simulation()
    names = zip(truth["SCENARIO"], truth["ESTIMATE"], strict=True)
    true = dict(zip(names, truth["TRUE"], strict=True))
    files = [folder / "chunks" / f"{chunk}.parquet" for chunk in range(simulation.chunks)]
    tallies = _sorted_tallies(tally_chunks(files, true), plan, truth["ESTIMATE"].unique().tolist())
    refuse_incomplete(tallies, simulation.trials, product(simulation.scenarios, _definitions(plan)))
    operating, known = operating_frame(tallies, true), theory_frame(tallies, plan)
    level = plan.statistics.conf_level
    frames = {
        "operating": operating,
        "decisions": decisions_frame(tallies, plan),
        "theory": known,
        "spacing": spacing_frame(simulation),
        "figures/f_coverage": coverage_points(known, level),
        "figures/f_spacing": spacing_points(operating, plan),
        "figures/f_definitions": definition_points(operating, plan),
    }
    for name, frame in frames.items():
        write_csv(folder / f"{name}.csv", frame)


def _definitions(plan: Plan) -> tuple[str, ...]:
    return (PRIMARY, *plan.simulated_variants)


def _sorted_tallies(
    tallies: Mapping[Key, Tally], plan: Plan, estimates: list[str]
) -> dict[Key, Tally]:
    """Tallies by scenario and definition, as the plan has them, and estimate; others last."""
    orders = (list(plan.require_simulation().scenarios), _definitions(plan), estimates)

    def position(key: Key) -> tuple[int | str, ...]:
        names = zip(key[:3], orders, strict=True)
        ranks = (order.index(name) if name in order else len(order) for name, order in names)
        return (*ranks, *key)

    return {key: tallies[key] for key in sorted(tallies, key=position)}


def operating_frame(tallies: Mapping[Key, Tally], truth: Truth) -> pd.DataFrame:
    """``operating.csv``: a row per measure of each estimate, at full precision.

    The columns are those of `Key` (SCENARIO, DEFN, ESTIMATE, METHOD) and MEASURE, VALUE, MCSE and
    TRIALS of `Measure`.
    """
    rows = [
        (*key, measure.name, measure.value, measure.mcse, measure.trials)
        for key, tally in tallies.items()
        for measure in measures(tally, truth.get((key.scenario, key.estimate), nan))
    ]
    names = ["SCENARIO", "DEFN", "ESTIMATE", "METHOD", "MEASURE", "VALUE", "MCSE", "TRIALS"]
    return pd.DataFrame(rows, columns=names)


def spacing_frame(simulation: Simulation) -> pd.DataFrame:
    """``spacing.csv``: scenarios that differ in ``every_months`` alone, in families.

    FAMILY counts them from 1; EVERY_MONTHS of each SCENARIO ascends within a family and is NaN,
    last, where the visits are those of the schedule. Without such scenarios there are no rows.
    """
    families: dict[str, list[str]] = {}
    for name, scenario in simulation.scenarios.items():
        families.setdefault(scenario.model_dump_json(exclude={"every_months"}), []).append(name)
    several = [names for names in families.values() if len(names) > 1]
    rows = [
        (number, name, simulation.scenarios[name].every_months)
        for number, names in enumerate(several, start=1)
        for name in names
    ]
    frame = pd.DataFrame(rows, columns=["FAMILY", "SCENARIO", "EVERY_MONTHS"])
    frame["EVERY_MONTHS"] = frame["EVERY_MONTHS"].astype(float)
    # The schedule of the plan, which has no spacing, stands last.
    return frame.sort_values(["FAMILY", "EVERY_MONTHS"], kind="stable", ignore_index=True)


def coverage_points(known: pd.DataFrame, level: float) -> pd.DataFrame:
    """Points of ``f_coverage``: coverage of the Clopper-Pearson interval by true rate, proportions.

    `series` is ``exact`` (a curve for each number of subjects), ``simulated`` (in a scenario) or
    ``drawn`` (in samples).

    Parameters
    ----------
    known
        Rows of ``theory.csv``.
    level
        Confidence level of the intervals.
    """
    rates = known.loc[known["METHOD"] == "clopper-pearson"]
    rates = rates.assign(SERIES=np.where(rates["SCENARIO"] == "", "drawn", "simulated"))
    curves = [
        ("exact", "", "", n, p / 1000, theory.clopper_pearson_coverage(n, p / 1000, level), nan)
        for n in sorted(set(rates["N"].tolist()))
        for p in _CURVE
    ]
    columns = ["SERIES", "SCENARIO", "ESTIMATE", "N", "TRUE", "SIMULATED", "MCSE"]
    drawn = list(rates[columns].itertuples(index=False, name=None))
    names = ["series", "scenario", "estimate", "n", "true", "coverage", "mcse"]
    return pd.DataFrame([*curves, *drawn], columns=names)


def spacing_points(operating: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Points of ``f_spacing``: bias of median DOR in months, a row for each of `spacing_frame`.

    `bias` is that of the mean of the estimates, `median_bias` that of their median; `estimable` is
    a proportion. By the primary definitions; NaN where the trials have no such number.
    """
    month = plan.statistics.days_per_month
    families = spacing_frame(plan.require_simulation())
    medians = operating.loc[(operating["DEFN"] == PRIMARY) & (operating["ESTIMATE"] == MEDIAN)]

    def by_scenario(measure: str, column: str = "VALUE") -> npt.NDArray[np.float64]:
        rows = medians.loc[medians["MEASURE"] == measure].set_index("SCENARIO")
        return rows[column].reindex(families["SCENARIO"]).to_numpy(float)

    true = by_scenario("true")
    return pd.DataFrame(
        {
            "family": families["FAMILY"],
            "scenario": families["SCENARIO"],
            "every_months": families["EVERY_MONTHS"],
            "true": true / month,
            "bias": by_scenario("bias") / month,
            "bias_mcse": by_scenario("bias", "MCSE") / month,
            "median_bias": (by_scenario("median") - true) / month,
            "median_mcse": by_scenario("median", "MCSE") / month,
            "estimable": by_scenario("estimable"),
        }
    )


def definition_points(operating: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Points of ``f_definitions``: bias and coverage of each estimate under each definition.

    Bias in percentage points, of median DOR in months; coverage in percent.
    """
    rows = operating.loc[operating["MEASURE"].isin(["bias", "coverage"])]
    in_months = (rows["ESTIMATE"] == MEDIAN) & (rows["MEASURE"] == "bias")
    scale = np.where(in_months, 1 / plan.statistics.days_per_month, 100.0)
    return pd.DataFrame(
        {
            "scenario": rows["SCENARIO"],
            "definition": rows["DEFN"],
            "title": rows["DEFN"].map(lambda name: analysis_title(name, plan)),
            "estimate": rows["ESTIMATE"],
            "measure": rows["MEASURE"],
            "value": rows["VALUE"] * scale,
            "mcse": rows["MCSE"] * scale,
        }
    )
