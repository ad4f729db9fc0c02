"""Stage ``variants``: the datasets of every sensitivity analysis, side by side."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from durable.config.model import Plan, Response
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
    made: dict[str, tuple[pd.DataFrame, pd.DataFrame]] = {}
    for name in plan.sensitivity:
        response = plan.response_of(name)
        key = response.model_dump_json(exclude={"improvement": {"missing"}})
        if key not in made:
            of = _derived_from(response)
            derived = derive_by(plan, of, subjects, visits, therapies)
            records = improvement(derived.adsl, derived.frame, plan.schedule, of)
            made[key] = records, adam.ADTTE.validate(derived.adtte)
        adrs[name], adtte[name] = made[key]
    for dataset, frames in (("adrs", adrs), ("adtte", adtte)):
        stacked = pd.concat(frames, names=["ANALYSIS", None]).reset_index(level="ANALYSIS")
        write_parquet(folder / "adam" / "sensitivity" / f"{dataset}.parquet", stacked)


def _derived_from(response: Response) -> Response:
    """The definitions that datasets are derived from; reading another one fails.

    How the missing are counted is for the analysis: variants that differ in nothing else share
    their datasets.
    """
    names = {name for name in type(response).model_fields if name != "improvement"}
    counted = {name for name in type(response.improvement).model_fields if name != "missing"}
    return response.only([*sorted(names), *(f"improvement.{name}" for name in sorted(counted))])
