"""Kills, full and closed disks, inputs replaced meanwhile, two runs at once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from tests.audit.conftest import Restricted, change_digit
from tests.workflow.conftest import RESULTS, Study, new_study

pytestmark = pytest.mark.requirement("AUD-03")


@contextmanager
def running(study: Study, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A run in the background, in a process group of its own."""
    log = study.folder.parent / "background.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            study.command(*options),
            env=study.environment(),
            cwd=study.folder.parent,
            start_new_session=True,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as run,
    ):
        yield run


def wait_for(path: Path, run: subprocess.Popen[bytes], not_before: float = 0) -> None:
    deadline = time.monotonic() + 120
    while not path.exists() or path.stat().st_mtime <= not_before:
        assert run.poll() is None, "the run ended first"
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_killed_at_thirty_random_moments_no_file_is_ever_half_and_the_last_run_completes(
    tmp_path: Path, short_finished: Study
) -> None:
    study = Study(tmp_path / "killed")
    new_study(study.folder)
    (study.folder / "config/config.yaml").write_text(
        (short_finished.folder / "config/config.yaml").read_text()
    )
    whole = short_finished.digests()
    moments = random.Random(6569472)
    killed = 0
    while killed < 30:
        with running(study) as run:
            try:
                run.wait(moments.uniform(0.3, 4.5))
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGKILL)
                killed += 1
        found = study.digests()
        pins = {"audit/manifest.json", "audit/pinned.yaml"}
        assert {n: d for n, d in found.items() if n not in pins}.items() <= whole.items()
        if run.returncode == 0:  # finished before it was killed: from the start
            assert found == whole
            (study.folder / "results").rename(tmp_path / f"done {killed} {time.monotonic_ns()}")
    done = study.run()
    assert done.returncode == 0, done.stdout
    assert study.digests() == whole
    assert study.planned() == set()


def test_a_job_that_outlives_its_killed_run_hides_none_of_the_jobs_behind_it(
    short_finished: Study, tmp_path: Path
) -> None:
    study = short_finished.copy(tmp_path / "orphan")
    study.replace("data_cutoff: 2024-06-30", "data_cutoff: 2024-06-29")
    record = study.folder / RESULTS / "audit/stages/check.json"
    before = record.read_bytes()
    with running(study, "--cores", "1") as run:
        while record.exists():
            assert run.poll() is None, "the run ended first"
            time.sleep(0.005)
        run.kill()
    deadline = time.monotonic() + 60
    while not record.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert record.read_bytes() != before
    # Snakemake holds what the job has made for incomplete; the record says that it is not.
    assert any((study.folder / ".snakemake/incomplete").iterdir())
    assert study.planned() == {"derive", "analyse", "figures", "display", "record"}


@contextmanager
def small_disk(folder: Path) -> Iterator[tuple[list[str], list[str] | None]]:
    """Room for little: a prefix of commands under which it is small, and what enlarges it.

    A file system of its own, or where none may be mounted a limit on the size of a file.
    """
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=150k", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    if not mounted:
        yield ["prlimit", "--fsize=20000"], None
        return
    try:
        yield [], ["mount", "-o", "remount,size=64m", str(folder)]
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_is_told_and_once_there_is_room_the_run_completes(
    short: Study, short_finished: Study
) -> None:
    with small_disk(short.folder / "results") as (limit, enlarge):
        full = subprocess.run(
            [*limit, *short.command()],
            env=short.environment(),
            cwd=short.folder.parent,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert full.returncode == 1, full.stdout
        assert "No space left on device" in full.stdout or "File too large" in full.stdout
        assert short.digests().items() <= short_finished.digests().items()
        if enlarge:
            subprocess.run(enlarge, check=True)
        done = short.run()
        assert done.returncode == 0, done.stdout
        assert short.digests() == short_finished.digests()


def test_a_results_folder_that_cannot_be_written_is_told(short: Study) -> None:
    results = short.folder / "results"
    results.mkdir(mode=0o555)
    done = Restricted(short.folder).run()
    assert done.returncode == 1
    assert f"{RESULTS}: Permission denied; expected a folder to write to" in done.stdout
    assert "Traceback" not in done.stdout
    assert list(results.iterdir()) == []


@pytest.mark.slow
def test_an_input_replaced_during_the_run_is_told_and_the_next_run_uses_it(
    short_finished: Study,
) -> None:
    study = short_finished
    change_digit(study, "CQ-001", "M3", "cmas", "47")
    sources = study.folder / RESULTS / "checked/sources.json"
    before = time.time()
    with running(study) as run:
        # The record of a stage is the last that it writes.
        wait_for(study.folder / RESULTS / "audit/stages/check.json", run, not_before=before)
        read = sha256((study.folder / "data/demo/visits.csv").read_bytes()).hexdigest()
        change_digit(study, "CQ-001", "M3", "cmas", "46")
        # A file put in place by a copy may bear a time before the run.
        os.utime(study.folder / "data/demo/visits.csv", (before - 9e6, before - 9e6))
        now = sha256((study.folder / "data/demo/visits.csv").read_bytes()).hexdigest()
        assert run.wait(120) == 1
    said = (study.folder.parent / "background.log").read_text()
    assert "changed during the run; start snakemake again:" in said
    assert f"data/demo/visits.csv: found {now}; read was {read}" in said
    assert json.loads(sources.read_text())["visits"]["sha256"] == read

    done = study.run()
    assert done.returncode == 0, done.stdout
    assert json.loads(sources.read_text())["visits"]["sha256"] == now
    manifest = json.loads((study.folder / RESULTS / "audit/manifest.json").read_text())
    assert {entity["sha256"] for entity in manifest["inputs"]} >= {now}


@pytest.mark.slow
def test_of_two_runs_at_once_the_second_is_refused_and_the_first_completes(
    short: Study, short_finished: Study
) -> None:
    with running(short) as run:
        wait_for(short.folder / RESULTS / ".started.json", run)
        second = short.run()
        assert second.returncode == 1
        assert f"another snakemake is running this analysis ({RESULTS})" in second.stdout
        assert run.wait(120) == 0
    assert short.digests() == short_finished.digests()


@pytest.mark.parametrize("where", ["results/demo-interim", "results/demo-interim/tables"])
def test_links_do_not_lead_a_run_out_of_its_results(
    where: str, short: Study, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = short.folder / where
    link.parent.mkdir(parents=True)
    link.symlink_to(outside, target_is_directory=True)
    done = short.run()
    assert done.returncode == 1
    assert (
        f"links in the results; expected folders and files:\n  {where} -> {outside}" in done.stdout
    )
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/b", "a\\nb", ".hidden", "..", ""])
def test_no_id_leads_out_of_the_results(name: str, short: Study) -> None:
    short.replace("id: demo-interim", f'id: "{name}"')
    done = short.run("--dry-run")
    assert done.returncode == 1
    assert "\n  analysis.id" in done.stdout
