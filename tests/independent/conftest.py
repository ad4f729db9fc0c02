"""The demo's results at both cut-offs, made by the stages themselves in one process."""

from __future__ import annotations

import contextlib
import csv
import fcntl
import os
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from durable.plan import load
from durable.stage import STAGES
from tests.independent.expected import Key, Value

ROOT = Path(__file__).parents[2]
CONFIGURATIONS = {"demo-interim": "config.yaml", "demo-final": "final.yaml"}
#: The stages behind ARD and tables.
MADE = ("check", "derive", "analyse", "figures", "display")


@dataclass(frozen=True)
class Results:
    """The results folder of one analysis."""

    id: str
    folder: Path

    @cached_property
    def ard(self) -> dict[Key, Value]:
        """Every row of ard.csv by its key."""
        found: dict[Key, Value] = {}
        for row in self.csv("ard.csv"):
            key = tuple(row[name] for name in list(row)[:6])
            assert key not in found, key
            numbers = [float(row[n]) if row[n] else None for n in ("value", "lower", "upper")]
            found[key] = (*numbers, row["note"])  # type: ignore[index, assignment]
        return found

    def csv(self, file: str) -> list[dict[str, str]]:
        with (self.folder / file).open(newline="") as lines:
            return list(csv.DictReader(lines))

    @cache  # noqa: B019  (two results live as long as the session)
    def records(self, dataset: str) -> list[dict[str, Any]]:
        """Rows of a dataset: dates as dates, numbers as numbers, None = missing."""
        frame = pd.read_parquet(self.folder / f"{dataset}.parquet")
        for name in frame:
            if frame[name].dtype.kind == "M":
                frame[name] = frame[name].dt.date
        whole = frame.astype(object)
        return whole.where(frame.notna(), None).to_dict("records")


def analyse(configuration: Path, folder: Path) -> None:
    """Run the stages of a plan; `folder` is that of its results."""
    plan = load(configuration)
    with contextlib.chdir(ROOT):  # the inputs are relative to the folder of the run
        for name in MADE:
            stage = STAGES[name]
            stage.run(plan, folder)


@pytest.fixture(scope="session", params=CONFIGURATIONS)
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Made once, also where several processes run tests."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / "independent" / request.param
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{request.param}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            analyse(ROOT / "config" / CONFIGURATIONS[request.param], folder)
            (folder / "done").touch()
    return Results(request.param, folder)
