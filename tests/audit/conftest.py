"""Studies whose analyses are audited, compared, locked and broken."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.environments import python_finding
from tests.workflow.conftest import (
    PYTHON,
    RESULTS,
    ROOT,
    Study,
    finished,
    fresh,
    made_once,
    new_study,
    package,
    study,
)

__all__ = ["finished", "fresh", "package", "study"]

PINNED = RESULTS / "audit/pinned.yaml"
#: What the short plan shows: something of each kind.
SHELLS = [{"output": name} for name in ("t_improvement", "t_dor", "f_km_dor", "l_duration")]
#: The demo with three tables, few outputs and no sensitivity analyses: a run of a few seconds. The
#: section that stands last can be added to.
SHORT = f"""\
analysis: {{id: demo-interim, data_cutoff: 2024-06-30}}
study: {{id: NCT06569472 (synthetic demo)}}
inputs:
  subjects: {{path: data/demo/subjects.csv}}
  visits: {{path: data/demo/visits.csv}}
  therapies: {{path: data/demo/therapies.csv}}
response: {{reinfusion: {{as_new_therapy: true}}}}
outputs:
  shells: {json.dumps(SHELLS)}
"""


def pinned(study: Study) -> tuple[str, str]:
    """Options of a run from the pinned configuration."""
    return "--configfile", str(study.folder / PINNED)


def verdict(study: Study) -> dict[tuple[str, str], dict[str, str]]:
    """Rows of the verdict by kind and name."""
    with (study.folder / RESULTS / "audit/verdict.csv").open(newline="") as file:
        return {(row["kind"], row["name"]): row for row in csv.DictReader(file)}


def shorten(study: Study) -> Study:
    """The same study with the short plan."""
    (study.folder / "config/config.yaml").write_text(SHORT)
    return study


def change_digit(study: Study, subject: str, visit: str, column: str, value: str) -> None:
    """Another value in one cell of the visits."""
    path = study.folder / "data/demo/visits.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    (row,) = (r for r in rows if r["subject_id"] == subject and r["visit"] == visit)
    assert row[column] != value
    row[column] = value
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def without_rights() -> list[str]:
    """A prefix under which root, too, may not write where permissions forbid it."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]


@dataclass(frozen=True)
class Restricted(Study):
    """A study run by somebody whom permissions hold back."""

    run = Study.start

    def command(self, *options: str, python: Path = PYTHON) -> list[str]:
        """The command line of a run."""
        return [*without_rights(), *super().command(*options, python=python)]


@pytest.fixture
def short_finished(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Study:
    """The short study after a run: a copy, to change."""

    def make(folder: Path) -> None:
        done = shorten(new_study(folder)).start()
        assert done.returncode == 0, done.stdout

    return Study(made_once(tmp_path_factory, "short", make)).copy(tmp_path / "finished")


@pytest.fixture
def short(tmp_path: Path) -> Study:
    """The short study without results."""
    return shorten(new_study(tmp_path / "short"))


@pytest.fixture
def edited_package(tmp_path: Path) -> Callable[[str, str, str], Path]:
    """Makes an interpreter that finds a package in which one line is another one."""

    def edited(module: str, old: str, new: str) -> Path:
        source = tmp_path / "edited"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "src/durable", source / "durable", ignore=ignored)
        path = source / "durable" / module
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))
        return python_finding(source, tmp_path / "environment")

    return edited
