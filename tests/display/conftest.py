"""Studies that several tests look at; each is made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from durable.plan import Plan
from tests.display.study import demo_data, run_study, studied_once

Made = tuple[Plan, Path]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Results of the demo study, sensitivity analyses left out."""

    def make(folder: Path) -> None:
        text = (Path(__file__).parents[2] / "config" / "config.yaml").read_text()
        kept = text.split("\nsensitivity:")[0]
        run_study(demo_data(folder), f"{kept}\noutputs: {{estimands: true}}\n")

    return studied_once(tmp_path_factory, "demo without sensitivity analyses", make)


MINIMAL = """
analysis: {id: minimal, data_cutoff: 2024-06-30}
study: {id: S-1}
inputs:
  subjects: {path: data/demo/subjects.csv}
  visits: {path: data/demo/visits.csv}
response: {reinfusion: {as_new_therapy: true}}
"""


@pytest.fixture(scope="session")
def minimal(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Results of the demo study from its two required tables."""

    def make(folder: Path) -> None:
        run_study(demo_data(folder), MINIMAL, without=("figures",))

    return studied_once(tmp_path_factory, "demo from two tables", make)
