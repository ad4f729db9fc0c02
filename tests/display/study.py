"""The demo study run through its stages in this process, with what a test changes of it."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from durable.contracts.tables import TABLES
from durable.plan import Plan, load
from durable.stage import OF_ANALYSIS, STAGES
from tests.workflow.conftest import made_once

ROOT = Path(__file__).parents[2]
SCRIPT = "<script>document.title = 'run'</script>"
IMAGE = "<img src=x onerror=\"document.title = 'run'\">"
FORMULA = '=HYPERLINK("http://example.org")'
ENDING = "</style></script> --> & <b>bold</b>"

Record = dict[str, str]


def run_study(
    folder: Path,
    plan_text: str | None = None,
    until: str = "display",
    without: tuple[str, ...] = (),
) -> tuple[Plan, Path]:
    """Run the stages on the data in `folder`; the plan and the folder of results.

    Parameters
    ----------
    folder
        Holds ``data/demo``, with or without changes.
    plan_text
        The configuration; that of the demo when None.
    until
        Last stage.
    without
        Stages that are left out.
    """
    text = plan_text or (ROOT / "config" / "config.yaml").read_text()
    path = folder / "config.yaml"
    path.write_text(text.replace("data/demo/", f"{folder}/data/demo/"))
    plan = load(path)
    results = folder / "results" / plan.analysis.id
    for name in OF_ANALYSIS[: OF_ANALYSIS.index(until) + 1]:
        if name not in without:
            stage = STAGES[name]
            stage.run(plan, results)
    return plan, results


def studied_once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> tuple[Plan, Path]:
    """Plan and results of a study to read from, made once a session (`made_once`).

    Parameters
    ----------
    factory
        The fixture ``tmp_path_factory``.
    name
        Of the study, one to everything that is made.
    make
        Runs the study in a folder, by `run_study`.
    """
    folder = made_once(factory, name, make)
    plan = load(folder / "config.yaml")
    return plan, folder / "results" / plan.analysis.id


def demo_data(folder: Path) -> Path:
    """A copy of the demo's tables in a folder."""
    shutil.copytree(ROOT / "data" / "demo", folder / "data" / "demo")
    return folder


def change(folder: Path, table: str, edit: Callable[[int, Record], None]) -> None:
    """Edit each record of a table; the number is its row in the file."""
    path = folder / "data" / "demo" / f"{table}.csv"
    records = read(path)
    for row, record in enumerate(records, start=2):
        edit(row, record)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(records[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)


def read(path: Path) -> list[Record]:
    """Records of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def hostile(folder: Path) -> Path:
    """The demo's tables with free text that a page or a spreadsheet might run."""
    demo_data(folder)

    def event(row: int, record: Record) -> None:
        if row in (3, 4, 5):
            record["term"] = {3: SCRIPT, 4: FORMULA, 5: IMAGE}[row]
        if row == 4:
            record["preferred_term"] = ENDING

    def subject(_: int, record: Record) -> None:
        if record["subject_id"] == "CQ-002":
            record["subject_id"] = ENDING

    change(folder, "adverse_events", event)
    for table in TABLES:
        change(folder, table, subject)
    return folder
