"""Studies that several tests look at; each is made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from durable.plan import Plan
from tests.display.study import demo_data, run_study

Made = tuple[Plan, Path]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Results of the demo study, sensitivity analyses left out."""
    folder = demo_data(tmp_path_factory.mktemp("demo"))
    text = (Path(__file__).parents[2] / "config" / "config.yaml").read_text()
    kept = text.split("\nsensitivity:")[0]
    return run_study(folder, f"{kept}\noutputs: {{estimands: true}}\n")


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
    folder = demo_data(tmp_path_factory.mktemp("minimal"))
    return run_study(folder, MINIMAL, without=("figures",))
