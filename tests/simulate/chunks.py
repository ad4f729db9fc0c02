"""Chunk files as the simulation writes them, made here from the estimators alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from durable.files import write_parquet
from durable.plan import Analysis, Decision, Inputs, Plan, Scenario, Simulation, Study, Variant
from durable.stats.batch import kaplan_meier_batch
from durable.stats.proportions import proportion_cis

MONTH = 30.4375
COLUMNS = [
    *("SCENARIO", "DEFN", "TRIAL", "ESTIMATE", "METHOD"),
    *("N", "X", "VALUE", "LOWER", "UPPER"),
]


def plan(trials: int = 400, **changes: object) -> Plan:
    """Ten subjects of whom 60 % improve by month 3, and three spacings of their visits."""
    truth = {"M2": 0.5, "M3": 0.6}
    complete = Scenario(improvement=truth, dropout_per_month=0.0)
    scenarios = {
        "expected": complete,
        "monthly": complete.model_copy(update={"every_months": 1.0}),
        "half_yearly": complete.model_copy(update={"every_months": 6.0}),
        "missing": Scenario(improvement=truth, missed_visit=0.1, subjects=20),
    }
    return Plan(
        analysis=Analysis(id="a1", data_cutoff=dt.date(2026, 6, 30), title="Design & <b>size</b>"),
        study=Study(id="NCT06569472"),
        inputs=Inputs(),
        sensitivity={
            "printo": Variant(
                title="PRINTO <b>3 of 4</b>",
                response={"remission": {"rule": "printo"}},
            ),
            "strict": Variant(response={"improvement": {"level": "moderate"}}),
        },
        simulation=Simulation(
            trials=trials,
            seed=11,
            scenarios=scenarios,
            decisions={
                "futility": Decision(visit="M3", stop_if_fewer_than=4),
                "bayes": Decision(visit="M3", stop_if_probability_below=0.1, rate_above=0.4),
            },
        ).model_copy(update=changes),
    )


def frame(of: Plan) -> pd.DataFrame:
    """Rows of all trials: binomial rates and exponential durations, censored after 24 months."""
    assert of.simulation is not None
    rng = np.random.default_rng(of.simulation.seed)
    parts = []
    for scenario, truth in of.simulation.scenarios.items():
        for defn, worse in (("primary", 1.0), ("printo", 1.0), ("strict", 0.7)):
            parts += [
                part.assign(SCENARIO=scenario, DEFN=defn)
                for part in _estimates(truth, worse, of.simulation.trials, rng)
            ]
    order = ["SCENARIO", "DEFN", "TRIAL", "ESTIMATE", "METHOD"]
    return pd.concat(parts)[COLUMNS].sort_values(order, ignore_index=True)


def _estimates(
    truth: Scenario, worse: float, trials: int, rng: np.random.Generator
) -> Iterator[pd.DataFrame]:
    n = truth.subjects
    for visit, rate in truth.improvement.items():
        x = rng.binomial(n, rate * worse * (1 - truth.missed_visit), trials)
        value, lower, upper = proportion_cis(x, n)
        yield _rows(f"rate {visit}", "clopper-pearson", n, x, value, lower, upper)
    assert truth.dor_median_months is not None
    days = rng.exponential(truth.dor_median_months * MONTH / np.log(2), (trials, n))
    step = (truth.every_months or 3) * MONTH
    seen = np.ceil(np.ceil(days / step) * step)
    events = seen <= 24 * MONTH
    curves = kaplan_meier_batch(np.minimum(seen, 730), events)
    x = events.sum(axis=1)
    yield _rows("median DOR", "log-log", n, x, *curves.quantile(0.5))
    survival, lower, upper, _ = curves.survival_at([6 * MONTH])
    # Before any event there is no interval.
    columns = [np.where(survival == 1, np.nan, limit)[:, 0] for limit in (lower, upper)]
    columns = [survival[:, 0], *columns]
    yield _rows("DOR at 6 months", "log-log", n, x, *columns)


def _rows(estimate: str, method: str, n: int, x: object, *values: object) -> pd.DataFrame:
    names = dict(zip(("VALUE", "LOWER", "UPPER"), values, strict=True))
    frame = pd.DataFrame({"X": x, **names})
    return frame.assign(
        TRIAL=np.arange(len(frame), dtype=np.int64), ESTIMATE=estimate, METHOD=method, N=n
    )


def truth_frame(of: Plan) -> pd.DataFrame:
    assert of.simulation is not None
    rows = []
    for name, scenario in of.simulation.scenarios.items():
        assert scenario.dor_median_months is not None
        months = scenario.dor_median_months
        rows += [(name, f"rate {v}", p, "as given") for v, p in scenario.improvement.items()]
        rows.append((name, "median DOR", months * MONTH, "median of the latent duration, days"))
        rows.append((name, "DOR at 6 months", 0.5 ** (6 / months), "latent survival"))
    return pd.DataFrame(rows, columns=["SCENARIO", "ESTIMATE", "TRUE", "BASIS"])


def write(of: Plan, rows: pd.DataFrame, folder: Path) -> Path:
    """The trials in so many chunk files, as the plan says."""
    assert of.simulation is not None
    chunks = of.simulation.chunks
    for chunk in range(chunks):
        part = rows.loc[rows["TRIAL"] % chunks == chunk]
        write_parquet(folder / "chunks" / f"{chunk}.parquet", part)
    return folder
