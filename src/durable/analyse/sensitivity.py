"""Stage ``sensitivity``: the primary and every configured variant, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from pathlib import Path

import pandas as pd

from durable.analyse import durability, improvement
from durable.config.model import Improvement, Plan, Statistics
from durable.contracts.results import TOTAL, Result, to_csv
from durable.files import write_csv, write_text

OUTPUT = "t_sensitivity"
PRIMARY = "primary"
Row = tuple[str, str, float, float, float, str]


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/``, write ``ard/sensitivity.csv`` and ``figures/f_sensitivity.csv``."""
    main = {
        name: pd.read_parquet(folder / "adam" / f"{name}.parquet") for name in ("adrs", "adtte")
    }
    varied = {
        name: pd.read_parquet(folder / "adam" / "sensitivity" / f"{name}.parquet") for name in main
    }
    results = _analysis(
        PRIMARY, main["adrs"], main["adtte"], plan.response.improvement, plan.statistics
    )
    for name in plan.sensitivity:
        adrs, adtte = (frame.loc[frame["ANALYSIS"] == name] for frame in varied.values())
        rule, statistics = plan.response_of(name).improvement, plan.statistics_of(name)
        results += _analysis(name, adrs, adtte, rule, statistics)
    write_text(folder / "ard" / "sensitivity.csv", to_csv(results))
    write_csv(folder / "figures" / "f_sensitivity.csv", figure_data(results, plan))


def _analysis(
    name: str,
    adrs: pd.DataFrame,
    adtte: pd.DataFrame,
    rule: Improvement,
    statistics: Statistics,
) -> list[Result]:
    rows: list[Row] = []
    for parameter in durability.PARAMETERS:
        records = adtte.loc[adtte["PARAMCD"] == parameter]
        rows += [(parameter, *row) for row in _durability(records, statistics)]
    status = adrs.loc[adrs["PARAMCD"] == "IMPR"]
    for visit in rule.visits:
        at_visit = status.loc[status["AVISIT"] == visit]
        rows.append((visit, "n_infused", len(at_visit), nan, nan, ""))
        found = improvement.rates(at_visit, rule, statistics.conf_level)
        rows += [(visit, *row, "") for row in found]
    group_by, group = TOTAL
    return [Result(OUTPUT, name, group_by, group, *row) for row in rows]


def _durability(
    records: pd.DataFrame, rule: Statistics
) -> Iterator[tuple[str, float, float, float, str]]:
    yield "n_subjects", len(records), nan, nan, ""
    yield "n_event", int((records["CNSR"] == 0).sum()), nan, nan, ""
    if rule.dor_estimator == "turnbull":
        yield from _turnbull(records, rule)
        return
    wanted = {"median", *(f"landmark_M{m:g}" for m in rule.sensitivity_landmarks_months)}
    months = rule.model_copy(update={"landmarks_months": rule.sensitivity_landmarks_months})
    km = durability.fit(records)
    for row in (*durability.quantiles(km, rule), *durability.landmarks(km, months)):
        if row[0] in wanted:
            yield row


def figure_data(results: list[Result], plan: Plan) -> pd.DataFrame:
    """Rows of the forest figure (see docs/figures.md)."""
    titles = {name: variant.title or name for name, variant in plan.sensitivity.items()}
    shown = [row for row in results if row.statistic in ("median", "rate")]
    return pd.DataFrame(
        {
            "analysis": [row.analysis for row in shown],
            "title": [titles.get(row.analysis, "Primary analysis") for row in shown],
            "parameter": [row.parameter for row in shown],
            "statistic": [row.statistic for row in shown],
            "estimate": [row.value for row in shown],
            "lower": [row.lower for row in shown],
            "upper": [row.upper for row in shown],
        }
    )
