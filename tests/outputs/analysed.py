"""Results of some outputs, computed from datasets that a test makes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from durable.contracts.results import Result, join_parameter
from durable.files import write_parquet
from durable.outputs import OUTPUTS
from durable.outputs.datasets import AnalysisDatasets
from durable.plan import Plan, Safety
from tests.derive.build import plan, table

SAFETY = ("t_ae_overview", "t_ae_soc_pt", "t_ae_crs", "t_aesi", "t_deaths", "t_dlt")
NONE = pd.DataFrame()


def results_of(
    names: Collection[str], datasets: AnalysisDatasets, the_plan: Plan
) -> Iterator[Result]:
    """All results of the outputs of these names."""
    for entry in OUTPUTS:
        if entry.name in names:
            yield from entry.load().rows(datasets, the_plan)


def safety_results(
    adsl: pd.DataFrame,
    adae: pd.DataFrame | None,
    safety: Safety,
    variables: Collection[str] = ("dose_level",),
) -> list[Result]:
    """All results of the safety tables."""
    the_plan = plan(groups=list(variables)).model_copy(update={"safety": safety})
    datasets = AnalysisDatasets(adsl=adsl, adrs=NONE, adtte=NONE, adae=adae)
    return list(results_of(SAFETY, datasets, the_plan))


def parameter_of(result: Result) -> str:
    """Its parameter as the file shows it."""
    return join_parameter(result.parameter)


def give_tables(folder: Path, **rows: list[dict[str, Any]]) -> None:
    """Write these validated input tables into a folder of results, and say that it has them."""
    for name, records in rows.items():
        write_parquet(folder / "validated" / f"{name}.parquet", table(name, records))
    name_tables(folder, *rows)


def name_tables(folder: Path, *tables: str) -> None:
    """Say in a folder of results which input tables the analysis is made from."""
    sources = {table: {"file": f"{table}.csv", "sha256": "0" * 64} for table in tables}
    (folder / "validated").mkdir(exist_ok=True)
    (folder / "validated" / "sources.json").write_text(json.dumps(sources))
