"""Stage ``variants``: the datasets of every sensitivity analysis, side by side."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from durable.config.model import Plan
from durable.contracts import adam
from durable.derive.adrs import improvement
from durable.derive.datasets import derive_by, read_validated
from durable.files import write_parquet


def run(plan: Plan, folder: Path) -> None:
    """Read ``validated/``, write ``adam/sensitivity/adrs`` and ``adtte``, with ANALYSIS first.

    Of ADRS only the records of the improvement rate are kept: the others follow from the plan.
    """
    subjects = pd.read_parquet(folder / "validated" / "subjects.parquet")
    visits = pd.read_parquet(folder / "validated" / "visits.parquet")
    therapies = read_validated(folder, "therapies")
    adrs: dict[str, pd.DataFrame] = {}
    adtte: dict[str, pd.DataFrame] = {}
    for name in plan.sensitivity:
        response = plan.response_of(name)
        derived = derive_by(plan, response, subjects, visits, therapies)
        adrs[name] = improvement(derived.adsl, derived.frame, plan.schedule, response)
        adtte[name] = adam.ADTTE.validate(derived.adtte)
    for dataset, frames in (("adrs", adrs), ("adtte", adtte)):
        stacked = pd.concat(frames, names=["ANALYSIS", None]).reset_index(level="ANALYSIS")
        write_parquet(folder / "adam" / "sensitivity" / f"{dataset}.parquet", stacked)
