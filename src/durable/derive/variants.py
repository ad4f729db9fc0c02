"""Stage ``variants``: the datasets of every sensitivity analysis, side by side."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from durable.config.model import Plan
from durable.contracts import adam
from durable.derive.datasets import Datasets, derive, read_validated
from durable.files import write_parquet


def run(plan: Plan, folder: Path) -> None:
    """Read ``validated/``, write ``adam/sensitivity/adrs`` and ``adtte``, with ANALYSIS first.

    Of ADRS only the records of the improvement rate are kept: the others follow from the plan.
    """
    subjects = pd.read_parquet(folder / "validated" / "subjects.parquet")
    visits = pd.read_parquet(folder / "validated" / "visits.parquet")
    therapies = read_validated(folder, "therapies")
    datasets: dict[str, Datasets] = {}
    for name in plan.sensitivity:
        datasets[name] = derive(
            subjects,
            visits,
            therapies,
            study=plan.study.id,
            cutoff=plan.analysis.data_cutoff,
            schedule=plan.schedule,
            response=plan.response_of(name),
        )
        adam.ADTTE.validate(datasets[name].adtte)
    adrs = {name: d.adrs.loc[d.adrs["PARAMCD"] == "IMPR"] for name, d in datasets.items()}
    adtte = {name: d.adtte for name, d in datasets.items()}
    for dataset, frames in (("adrs", adrs), ("adtte", adtte)):
        stacked = pd.concat(frames, names=["ANALYSIS", None]).reset_index(level="ANALYSIS")
        write_parquet(folder / "adam" / "sensitivity" / f"{dataset}.parquet", stacked)
