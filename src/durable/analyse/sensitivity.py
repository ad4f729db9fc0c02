"""Stage ``sensitivity``: the primary and every configured variant, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd

from durable.analyse import durability, improvement
from durable.contracts.results import TOTAL, Result, to_csv
from durable.files import write_text
from durable.jdm.response import Response
from durable.plan import Plan, Statistics

OUTPUT = "t_sensitivity"
PRIMARY = "primary"
Row = tuple[str, str, float, float, float, str]


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/``, write ``ard/sensitivity.csv``."""
    rate = [("PARAMCD", "==", "IMPR")]
    main = {
        "adrs": pd.read_parquet(folder / "adam" / "adrs.parquet", filters=rate),
        "adtte": pd.read_parquet(folder / "adam" / "adtte.parquet"),
    }
    varied = {
        name: pd.read_parquet(folder / "adam" / "sensitivity" / f"{name}.parquet") for name in main
    }
    results = _analysis(PRIMARY, main["adrs"], main["adtte"], plan.response, plan.statistics)
    for name in plan.sensitivity:
        adrs, adtte = (frame.loc[frame["ANALYSIS"] == name] for frame in varied.values())
        results += _analysis(name, adrs, adtte, plan.response_of(name), plan.statistics_of(name))
    write_text(folder / "ard" / "sensitivity.csv", to_csv(results))


def _analysis(
    name: str,
    adrs: pd.DataFrame,
    adtte: pd.DataFrame,
    response: Response,
    statistics: Statistics,
) -> list[Result]:
    rows: list[Row] = []
    for parameter in durability.PARAMETERS:
        records = adtte.loc[adtte["PARAMCD"] == parameter]
        rows += [(parameter, *row) for row in _durability(records, statistics)]
    status = adrs.loc[adrs["PARAMCD"] == "IMPR"]
    for visit in response.improvement.visits:
        at_visit = status.loc[status["AVISIT"] == visit]
        rows.append((visit, "n_infused", len(at_visit), nan, nan, ""))
        found = improvement.rates(at_visit, response, statistics.conf_level)
        rows += [(visit, *row, "") for row in found]
    group_by, group = TOTAL
    return [Result(OUTPUT, name, group_by, group, *row) for row in rows]


def _durability(records: pd.DataFrame, rule: Statistics) -> Iterator[durability.Row]:
    yield "n_subjects", len(records), nan, nan, ""
    yield "n_event", int((records["CNSR"] == 0).sum()), nan, nan, ""
    if rule.dor_estimator == "turnbull":
        yield from _between_visits(records, rule)
        return
    months = rule.model_copy(update={"landmarks_months": rule.sensitivity_landmarks_months})
    km = durability.fit(records)
    yield from (row for row in durability.quantiles(km, rule) if row[0] == "median")
    for row in durability.landmarks(km, months):
        if row[0].startswith("landmark"):
            yield row


def _between_visits(records: pd.DataFrame, rule: Statistics) -> Iterator[durability.Row]:
    """Median and rates where recurrence lies somewhere between two assessments (Turnbull 1976).

    Where the data leave a range open, the value shown is the one that dates the event late, as
    Kaplan-Meier does; the note holds the range. Intervals: percentile bootstrap over subjects.
    """
    from durable.stats.interval_censored import turnbull

    lower = (records["LOWDT"] - records["STARTDT"]).dt.days.to_numpy(float) + 1
    upper = np.where(records["CNSR"] == 0, records["AVAL"], np.inf)
    estimate = turnbull(np.minimum(lower, records["AVAL"]), upper)
    drawn = {"replicates": rule.bootstrap_replicates, "seed": rule.bootstrap_seed}
    month = rule.days_per_month
    median = estimate.quantile(0.5, rule.conf_level, rule.quantile_rule, **drawn)
    span = _span(median.earliest / month, median.latest / month, "months")
    yield "median", median.latest / month, median.lower / month, median.upper / month, span
    landmarks = rule.sensitivity_landmarks_months
    table = estimate.at(np.array(landmarks) * month, rule.conf_level, **drawn)
    columns = (table[name].tolist() for name in ("lowest", "highest", "lower", "upper"))
    for mark, lowest, highest, low, high in zip(landmarks, *columns, strict=True):
        yield f"landmark_M{mark:g}", highest, low, high, _span(lowest, highest, "")


def _span(low: float, high: float, unit: str) -> str:
    return f"between {low:.3f} and {high:.3f} {unit}".strip() if low < high else ""
