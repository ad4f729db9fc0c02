"""Runs through a real Slurm make what local runs make, also where jobs and nodes are lost."""

import re
import time
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

from tests.audit.conftest import SHORT
from tests.slurm.conftest import PATIENCE, Site
from tests.workflow.conftest import RESULTS, new_study

pytestmark = pytest.mark.slow

SIMULATION = """\
analysis: {id: design, data_cutoff: 2026-12-31}
study: {id: S-1}
inputs:  # not there
  subjects: {path: data/trial/subjects.csv}
  visits: {path: data/trial/visits.csv}
simulation:
  trials: 40001  # seconds of work: a chunk must not end before it is cancelled
  chunks: 2
  scenarios:
    expected: {improvement: {M2: 0.6, M3: 0.7}, dropout_per_month: 0.01, missed_visit: 0.05}
"""
#: What hands over documents and datasets as well, by a definition beside the primary one, added to
#: the short plan: every rule has a job.
WHOLE = f"""\
{SHORT}\
  documents: [docx]
  datasets: [xpt, define]
sensitivity:
  remission_printo: {{title: Another rule, response: {{remission: {{rule: printo}}}}}}
"""
#: Cut-offs of a series, which is added to the short plan.
SERIES = "series: {cutoffs: [2023-06-30, 2023-12-31]}\n"


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every result but logs and what says when and where a run was."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and path.parent.name != "logs"
        if path.name not in ("run.json", "history.json", "history.jsonl", "record.json")
    }


def configured(study, file):
    return ("--configfile", str(study.folder / file))


def wait_for(what, run, log):
    end = time.monotonic() + 60
    while not what():
        assert run.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


def test_two_analyses_are_the_local_ones_byte_for_byte(cluster, plugin, tmp_path):
    site = Site(new_study(tmp_path / "study"), cluster, plugin)
    local = new_study(tmp_path / "local")
    final = "config/final.yaml"
    for study in (site.study, local):
        (study.folder / "config/config.yaml").write_text(WHOLE)
        text = WHOLE.replace("demo-interim", "demo-final").replace("2024-06-30", "2026-05-31")
        (study.folder / final).write_text(text)
    log, final_log = tmp_path / "interim.log", tmp_path / "final.log"
    run = site.start(log)
    final_run = site.start(final_log, "analyse", *configured(site.study, final))
    try:
        for options in ((), ("analyse", *configured(local, final))):
            done = local.run(*options)
            assert done.returncode == 0, done.stdout
        assert run.wait(PATIENCE) == 0, log.read_text()
        assert final_run.wait(PATIENCE) == 0, final_log.read_text()
    finally:
        run.kill()
        final_run.kill()
    # One job an analysis.
    assert site.states() == ["COMPLETED", "COMPLETED"]
    found = digests(site.study.folder / RESULTS)
    assert found == digests(local.folder / RESULTS)
    assert {"ard.csv", "audit/manifest.json", "report.html", "export/define.xml"} <= found.keys()
    assert "adam/sensitivity/adtte.parquet" in found
    found = digests(site.study.folder / "results/demo-final")
    assert found == digests(local.folder / "results/demo-final")
    assert "ard.csv" in found
    # Neither the locks nor the record of a run are a job's: nothing is left to do.
    assert "Nothing to be done" in site.study.run("--dry-run").stdout


def test_each_cutoff_of_a_series_is_a_job_and_the_local_analysis(cluster, plugin, tmp_path):
    site = Site(new_study(tmp_path / "study"), cluster, plugin)
    local = new_study(tmp_path / "local")
    for study in (site.study, local):
        (study.folder / "config/config.yaml").write_text(SHORT + SERIES)
    log = tmp_path / "series.log"
    run = site.start(log, "series")
    try:
        done = local.run("series")
        assert done.returncode == 0, done.stdout
        assert run.wait(PATIENCE) == 0, log.read_text()
    finally:
        run.kill()
    # The analysis, one at each further cut-off, and what gathers them.
    assert site.states() == ["COMPLETED"] * 4, log.read_text()
    found = digests(site.study.folder / "results")
    assert found == digests(local.folder / "results")
    names = ("demo-interim", "demo-interim-2023-06-30", "demo-interim-2023-12-31")
    assert {f"{name}/report.html" for name in names} <= found.keys()
    assert "demo-interim/series/series.html" in found


def test_a_cancelled_chunk_and_a_dead_node_lose_and_double_nothing(cluster, plugin, tmp_path):
    site = Site(new_study(tmp_path / "study"), cluster, plugin)
    local = new_study(tmp_path / "local")
    for study in (site.study, local):
        (study.folder / "simulation.yaml").write_text(SIMULATION)
    log = tmp_path / "simulate.log"
    run = site.start(log, "simulate", *configured(site.study, "simulation.yaml"))
    try:
        wait_for(lambda: site.states() == ["RUNNING", "RUNNING"], run, log)
        # The job itself is at work: its log is there.
        logs = site.study.folder / "results/design/simulation/logs"
        wait_for(lambda: any(logs.glob("chunk_*.log")), run, log)
        cluster.ask("scancel", "1")
        wait_for(lambda: site.states() == ["CANCELLED", "RUNNING"], run, log)
        cluster.kill_node()
        cluster.start_node()
        assert run.wait(PATIENCE) == 0, log.read_text()
    finally:
        run.kill()
    first, second, *again = site.states()
    assert [first, second] == ["CANCELLED", "NODE_FAIL"], log.read_text()
    # Each chunk once more, and what gathers them.
    assert again == ["COMPLETED", "COMPLETED", "COMPLETED"]
    # Job 0 is what a node calls its own.
    assert len(re.findall(r"^Trying to restart job [1-9]", log.read_text(), re.MULTILINE)) == 2

    done = local.run("simulate", *configured(local, "simulation.yaml"))
    assert done.returncode == 0, done.stdout
    folder = Path("results/design/simulation")
    found = digests(site.study.folder / folder)
    assert found == digests(local.folder / folder)
    assert {"chunks/0.parquet", "chunks/1.parquet", "operating.csv"} <= found.keys()
    chunks = [site.study.folder / folder / f"chunks/{k}.parquet" for k in (0, 1)]
    trials = [set(pd.read_parquet(chunk)["TRIAL"]) for chunk in chunks]
    assert sorted(trials[0] | trials[1]) == list(range(40001))
    assert trials[0].isdisjoint(trials[1])
