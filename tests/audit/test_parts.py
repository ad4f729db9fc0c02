"""What is decided from is recorded: simulations, series and comparisons can be audited too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from durable.history.commands import analyses
from durable.history.states import State
from durable.history.verification import verify_results
from tests.audit.conftest import SHORT
from tests.workflow.conftest import RESULTS, Study, made_once, new_study

CUTOFF = "2024-03-31"
SIMULATION = """\
simulation:
  trials: 20
  chunks: 2
  scenarios:
    expected:
      subjects: 10
      improvement: {M2: 0.6, M3: 0.7}
      remission_probability: 0.7
      remission_median_months: 3
      dor_median_months: 12
"""


def audited(study: Study, folder: Path) -> tuple[int, str]:
    """Exit status and output of an audit of a part."""
    done = study.run("audit", "--configfile", str(study.folder / folder / "audit/pinned.yaml"))
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


def holds(study: Study, folder: Path, altered: str) -> None:
    """A part passes its audit, and no longer once one of its files was altered."""
    manifest = json.loads((study.folder / folder / "audit/manifest.json").read_text())
    assert altered in {entity["id"] for entity in manifest["outputs"]}
    status, said = audited(study, folder)
    assert status == 0, said
    assert "PASS: all outputs reproduced byte for byte" in said
    path = study.folder / folder / altered
    good = path.read_bytes()
    path.write_bytes(good.replace(b"0", b"1", 1))
    status, said = audited(study, folder)
    assert status == 1
    assert f"output {altered} altered since the run" in said
    path.write_bytes(good)


@pytest.fixture
def whole(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Study:
    """The short study with a series, virtual trials and a comparison: a copy, to change."""
    return Study(made_once(tmp_path_factory, "parts", make_parts)).copy(tmp_path / "study")


def make_parts(folder: Path) -> None:
    study = new_study(folder)
    (study.folder / "config/config.yaml").write_text(
        f"{SHORT}series: {{cutoffs: [{CUTOFF}]}}\n{SIMULATION}"
    )
    for command in (
        ["series"],
        ["simulate"],
        ["compare", "--config", f"against=demo-interim-{CUTOFF}"],
    ):
        done = study.run(*command)
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_each_is_told_to_the_history_and_verified_with_the_analysis(whole: Study) -> None:
    lines = (whole.folder / "results/history.jsonl").read_text().splitlines()
    told = {(entry["event"], entry["analysis"]) for entry in map(json.loads, lines)}
    assert told == {
        ("run", "demo-interim"),
        ("run", f"demo-interim-{CUTOFF}"),
        ("series", "demo-interim"),
        ("simulation", "demo-interim"),
        (f"compare/demo-interim-{CUTOFF}", "demo-interim"),
    }
    assert [verify_results(path).state for path in analyses(whole.folder / "results")] == [
        *(State.VERIFIED, State.VERIFIED),
    ]


@pytest.mark.slow
def test_a_simulation_is_recorded_and_repeated(whole: Study) -> None:
    holds(whole, RESULTS / "simulation", "operating.csv")


@pytest.mark.slow
def test_a_series_is_recorded_and_repeated(whole: Study) -> None:
    holds(whole, RESULTS / "series", "ard.csv")
    # Of an analysis that the series shows, one that changed is told.
    path = whole.folder / f"{RESULTS}-{CUTOFF}" / "ard.csv"
    good = path.read_bytes()
    path.write_bytes(good + b"\n")
    status, said = audited(whole, RESULTS / "series")
    assert status == 1
    assert f"demo-interim-{CUTOFF}/ard.csv differs" in said
    path.write_bytes(good)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["simulate", "series"])
def test_an_edited_part_is_not_up_to_date(part: str, whole: Study) -> None:
    file = {"simulate": "simulation/operating.csv", "series": "series/ard.csv"}[part]
    path = whole.folder / RESULTS / file
    good = path.read_bytes()
    path.write_bytes(good.replace(b"0", b"1", 1))
    done = whole.run(part)
    path.write_bytes(good)
    assert done.returncode == 1
    assert f"changed since the run that made it; delete to make again:\n  {RESULTS}/{file}" in (
        done.stdout
    )


@pytest.mark.slow
def test_a_comparison_that_no_run_has_recorded_is_incomplete(whole: Study) -> None:
    page = whole.folder / RESULTS / "compare/other/compare.html"
    page.parent.mkdir()
    page.write_text("0 results changed")
    found = verify_results(whole.folder / RESULTS)
    page.unlink()
    page.parent.rmdir()
    assert found.state is State.INCOMPLETE
    assert [str(check) for check in found.checks if not check.good] == [
        "part compare/other: incomplete: its manifest is not there: it was removed, or not recorded"
    ]


@pytest.mark.slow
def test_a_comparison_is_recorded_and_repeated(whole: Study) -> None:
    holds(whole, RESULTS / f"compare/demo-interim-{CUTOFF}", "ard.csv")


@pytest.mark.slow
def test_a_series_and_an_analysis_of_that_name_keep_off_one_another(whole: Study) -> None:
    other = whole.folder / "config/other.yaml"
    other.write_text(SHORT.replace("demo-interim", f"demo-interim-{CUTOFF}"))
    done = whole.run("--configfile", str(other))
    assert done.returncode == 1
    assert (
        f"{RESULTS}-{CUTOFF} holds an analysis of the series of demo-interim, which the analysis"
        f" demo-interim-{CUTOFF} would write over. Nothing was changed."
    ) in done.stdout
    own = whole.folder / "config/own.yaml"
    own.write_text(SHORT.replace("demo-interim", "own-2024-05-31"))
    assert whole.run("--configfile", str(own), "--until", "queries").returncode == 0
    own.write_text(f"{SHORT}series: {{cutoffs: [2024-05-31]}}\n".replace("demo-interim", "own"))
    done = whole.run("series", "--configfile", str(own))
    assert done.returncode == 1
    assert "results/own-2024-05-31 holds an analysis of a plan of its own" in done.stdout
