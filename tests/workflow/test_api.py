"""`durable.run`: an analysis in one process, as a notebook or a program does it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import durable
from tests.audit.conftest import shorten
from tests.workflow.conftest import RESULTS, Study

MADE = ("queries.csv", "ard.csv", "adam", "validated", "checked")


@pytest.fixture
def in_study(fresh: Study, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.chdir(fresh.folder)
    return fresh


def test_its_files_have_the_bytes_of_a_run_of_snakemake(in_study: Study, finished: Study) -> None:
    analysis = durable.run("config/config.yaml")
    assert analysis.folder == RESULTS
    assert in_study.digests(*MADE) == finished.digests(*MADE)
    # Eight of the ten infused had a remission by the cut-off (data/demo/README.md).
    adtte = analysis.datasets["adtte"]
    assert adtte["PARAMCD"].value_counts().loc["DOR"] == 8
    results = analysis.results
    subjects = results.loc[
        (results["output"] == "t_dor")
        & (results["analysis"] == "primary")
        & (results["group"] == "Total")
        & (results["parameter"] == "DOR")
        & (results["statistic"] == "n_subjects"),
        "value",
    ]
    assert subjects.tolist() == [8.0]
    assert analysis.queries["severity"].value_counts().to_dict() == {"warning": 17}


def test_results_may_lie_elsewhere_and_a_run_again_is_the_same(in_study: Study) -> None:
    shorten(in_study)
    first = durable.run("config/config.yaml", results="elsewhere")
    text = (first.folder / "ard.csv").read_bytes()
    assert first.folder == Path("elsewhere/demo-interim")
    assert not Path("results").exists()
    assert (durable.run("config/config.yaml", "elsewhere").folder / "ard.csv").read_bytes() == text


def test_mistakes_raise_what_a_program_can_tell_apart(in_study: Study) -> None:
    in_study.replace("km_ci: log-log", "km_ci: loglog")
    with pytest.raises(durable.PlanError, match=r"statistics\.km_ci: found 'loglog'"):
        durable.run("config/config.yaml")
    in_study.replace("km_ci: loglog", "km_ci: log-log")
    in_study.replace("CQ-001,01,A,1e7", "CQ-001,01,Z,1e7", "data/demo/subjects.csv")
    with pytest.raises(durable.DataError, match=r"1 error\(s\) and 17 warning"):
        durable.run("config/config.yaml")
    assert "not_allowed" in (RESULTS / "queries.csv").read_text()
    assert not (RESULTS / "ard.csv").exists()


def test_the_package_imports_no_library_before_it_is_used() -> None:
    code = "import sys, durable; print('pandas' in sys.modules, callable(durable.run))"
    done = subprocess.run(
        [sys.executable, "-c", code], text=True, capture_output=True, check=True, env=os.environ
    )
    assert done.stdout == "False True\n"
