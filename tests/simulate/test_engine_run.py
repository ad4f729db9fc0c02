"""`snakemake simulate` before there are any data, and beside an analysis."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from durable.runs.guard import Run, begin, end
from tests.derive.build import plan
from tests.workflow.conftest import ROOT, Study


def test_chunks_are_simulated_before_there_are_data_and_beside_results(tmp_path: Path) -> None:
    study = Study(tmp_path / "study")
    (study.folder / "config").mkdir(parents=True)
    text = (ROOT / "config/simulation.yaml").read_text().replace("trials: 10000", "trials: 2")
    (study.folder / "config/config.yaml").write_text(text)
    results = study.folder / "results/design"
    (results / "adam").mkdir(parents=True)
    (results / "adam/adsl.parquet").write_text("of an analysis")
    done = study.run("results/design/simulation/chunks/0.parquet")
    assert done.returncode == 0, done.stdout
    rows = pd.read_parquet(results / "simulation/chunks/0.parquet")
    assert rows.groupby(["SCENARIO", "DEFN", "TRIAL"]).size().tolist() == [9] * 1 * 4 * 2
    log = (results / "simulation/logs/chunk_0.log").read_text()
    assert log.startswith("piece 1 of 1: expected, 2 trials, ")
    names = {path.relative_to(results).parts[0] for path in results.rglob("*") if path.is_file()}
    assert names == {".study.json", "adam", "simulation"}
    assert (results / "adam/adsl.parquet").read_text() == "of an analysis"


def test_a_simulation_removes_the_chunks_that_it_no_longer_has(tmp_path: Path) -> None:
    folder = tmp_path / "test"
    chunks = folder / "simulation/chunks"
    chunks.mkdir(parents=True)
    for name in ("0.parquet", "1.parquet", "2.parquet", "notes.txt"):
        (chunks / name).touch()
    scenarios = {"s": {"improvement": {"M2": 0.6, "M3": 0.7}}}
    the_plan = plan(simulation={"chunks": 2, "scenarios": scenarios})
    run = Run(the_plan, tmp_path / "config.yaml", ROOT, code={}, results=tmp_path)
    begin(run, {"simulate", "simulate_chunk"})
    end(run, {"simulate", "simulate_chunk"})
    assert sorted(path.name for path in chunks.iterdir()) == ["0.parquet", "1.parquet", "notes.txt"]
    # Nothing is recorded of the analysis, whose lock is free, but the study that it is of.
    assert sorted(path.name for path in folder.iterdir()) == [".study.json", "simulation"]
