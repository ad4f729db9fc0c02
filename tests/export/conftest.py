"""The datasets and results of the demo study, made once."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from durable.export.datasets import Dataset, read_datasets
from durable.plan import Plan, load
from durable.stage import STAGES
from tests.workflow.conftest import made_once

ROOT = Path(__file__).parents[2]
MADE = ("check", "derive", "analyse")


@pytest.fixture(scope="session")
def plan() -> Plan:
    """The demo analysis without its sensitivity analyses, which take the longest."""
    return load(ROOT / "config" / "config.yaml").model_copy(update={"sensitivity": {}})


@pytest.fixture(scope="session")
def results(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the demo analysis up to ``ard.csv``."""

    def make(folder: Path) -> None:
        with contextlib.chdir(ROOT):
            for name in MADE:
                stage = STAGES[name]
                stage.run(plan, folder)

    return made_once(tmp_path_factory, "results of the demo", make)


@pytest.fixture(scope="session")
def datasets(results: Path, plan: Plan) -> dict[str, Dataset]:
    """Every dataset by name."""
    found = read_datasets(results, plan)
    return {dataset.name: dataset for dataset in found}
