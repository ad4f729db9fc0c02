"""The state of results lies in the results: what is right is kept, all else is made again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.audit.conftest import PINNED, change_digit
from tests.workflow.conftest import RESULTS, Study

PLAN = "config/config.yaml"
#: Stages of the short plan whose outputs hold no time, by the plan and by the pinned one.
STAGES = {"check": str(PINNED), "derive": PLAN, "analyse": str(PINNED), "display": PLAN}
RULES = {"queries", "derive", "analyse", "figures", "display", "record"}


def by_hand(study: Study, stage: str, config: str = PLAN) -> subprocess.CompletedProcess[str]:
    """A stage as a person runs it, in the folder of the study."""
    command = [sys.executable, "-m", "durable", "stage", stage, "--config", config]
    return subprocess.run(
        command,
        cwd=study.folder,
        env=study.environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def other_plan(study: Study) -> str:
    """The plan by another rule of remission: other statuses, so that ADaM differs."""
    text = (study.folder / PLAN).read_text()
    text = text.replace("response: {", "response: {remission: {rule: printo}, ")
    (study.folder / "config/other.yaml").write_text(text)
    return "config/other.yaml"


CHANGES: dict[str, Callable[[Study], None]] = {
    "level": lambda study: append(study, "statistics: {conf_level: 0.9}\n"),
    "cut-off": lambda study: study.replace("2024-06-30", "2024-03-31"),
    "title": lambda study: append(study, "  month_decimals: 2\n"),
    "data": lambda study: change_digit(study, "CQ-001", "M3", "cmas", "47"),
}


def append(study: Study, text: str) -> None:
    path = study.folder / PLAN
    path.write_text(path.read_text() + text)


def without_notes(study: Study) -> None:
    """Results as they are after a copy, a restored backup or a clone: Snakemake knows nothing."""
    shutil.rmtree(study.folder / ".snakemake")


def newer_notes(study: Study) -> None:
    """Notes of Snakemake that say that all was just made, by today's rules."""
    for path in (study.folder / RESULTS).rglob("*"):
        os.utime(path, (time.time() + 60, time.time() + 60))


def future(study: Study) -> None:
    """Results that bear times to come, inputs of long ago: the clock was set back."""
    for path in (study.folder / RESULTS).rglob("*"):
        os.utime(path, (4e9, 4e9))
    for path in (study.folder / "data").rglob("*"):
        os.utime(path, (1e9, 1e9))


@pytest.mark.slow
@pytest.mark.parametrize("notes", [without_notes, newer_notes, future])
def test_what_differs_is_made_again_whatever_times_and_notes_say(
    notes: Callable[[Study], None], short_finished: Study, tmp_path: Path
) -> None:
    assert short_finished.planned() == set()
    notes(short_finished)
    assert short_finished.planned() == set()
    planned = {}
    for change, make in CHANGES.items():
        study = short_finished.copy(tmp_path / change)
        make(study)
        if notes is not without_notes:
            notes(study)
        planned[change] = study.planned()
    expected = {"level": "analyse", "cut-off": "derive", "title": "display", "data": "queries"}
    assert planned.keys() == expected.keys()
    for change, rule in expected.items():
        assert planned[change] >= {rule, "record"}, change


def test_results_restored_from_a_backup_are_those_of_their_own_records(
    short_finished: Study, tmp_path: Path
) -> None:
    """An older state of the results beside the newer notes of Snakemake."""
    results = short_finished.folder / RESULTS
    shutil.copytree(results, tmp_path / "backup")
    before = short_finished.digests()
    change_digit(short_finished, "CQ-001", "M3", "cmas", "47")
    done = short_finished.run()
    assert done.returncode == 0, done.stdout
    after = short_finished.digests()
    assert after["adam/adrs.parquet"] != before["adam/adrs.parquet"]
    shutil.rmtree(results)
    shutil.copytree(tmp_path / "backup", results)
    assert short_finished.planned() >= RULES
    done = short_finished.run()
    assert done.returncode == 0, done.stdout
    assert short_finished.digests() == after


def test_one_restored_file_is_refused(short_finished: Study) -> None:
    results = short_finished.folder / RESULTS
    old = (results / "ard.csv").read_bytes()
    append(short_finished, "statistics: {conf_level: 0.9}\n")
    assert short_finished.run().returncode == 0
    (results / "ard.csv").write_bytes(old)
    done = short_finished.run()
    assert done.returncode == 1
    assert f"delete to make again:\n  {RESULTS}/ard.csv" in done.stdout


DAMAGES = {
    "empty": b"",
    "half": b'{"digests": {"code": "3c',
    "zeros": bytes(200),
    "a list": b"[1]",
    "other keys": b'{"digests": {}}',
    "a number": b'{"digests": {"code": 1}, "inputs": {}, "outputs": {}}',
    "no text": b'{"digests": {}, "inputs": [], "outputs": {}}',
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_is_mended_by_making_again(damage: str, short_finished: Study) -> None:
    before = short_finished.digests()
    for stage in ("derive", "record"):
        path = short_finished.folder / RESULTS / f"audit/stages/{stage}.json"
        path.write_bytes(DAMAGES[damage])
    assert {"derive", "analyse", "record"} <= short_finished.planned()
    if damage in ("half", "zeros"):
        done = short_finished.run()
        assert done.returncode == 0, done.stdout
        assert short_finished.digests() == before


@pytest.mark.slow
def test_stages_by_hand_that_write_the_same_bytes_are_no_matter(short_finished: Study) -> None:
    before = short_finished.digests()
    for stage, plan in STAGES.items():
        done = by_hand(short_finished, stage, plan)
        assert done.returncode == 0, done.stdout
    done = short_finished.run()
    assert done.returncode == 0, done.stdout
    assert short_finished.digests() == before


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["derive", "analyse"])
def test_what_a_stage_wrote_by_another_plan_is_made_again(
    stage: str, short_finished: Study
) -> None:
    before = short_finished.digests()
    plan = other_plan(short_finished)
    for name in ("derive", "analyse") if stage == "analyse" else (stage,):
        done = by_hand(short_finished, name, plan)
        assert done.returncode == 0, done.stdout
    # What the plan says is made: nothing of it is the hand-made file, and a dry run says so.
    assert stage in short_finished.planned()
    compared = short_finished.run("compare", "--config", "against=demo-interim")
    assert compared.returncode == 1
    done = short_finished.run()
    assert done.returncode == 0, done.stdout
    assert short_finished.digests() == before
    assert short_finished.planned() == set()


@pytest.mark.slow
def test_an_edit_after_a_stage_run_by_hand_is_refused(short_finished: Study) -> None:
    by_hand(short_finished, "derive", other_plan(short_finished))
    path = short_finished.folder / RESULTS / "adam/adrs.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    for done in (short_finished.run(), by_hand(short_finished, "analyse")):
        assert done.returncode == 1
        assert f"{RESULTS}/adam/adrs.parquet" in done.stdout
        assert "Traceback" not in done.stdout


@pytest.mark.slow
def test_before_any_run_too_nothing_of_another_plan_stays(
    short: Study, short_finished: Study
) -> None:
    plan = other_plan(short)
    for stage in ("check", "derive"):
        assert by_hand(short, stage, plan).returncode == 0
    (short.folder / plan).unlink()
    done = short.run()
    assert done.returncode == 0, done.stdout
    assert short.digests() == short_finished.digests()


@pytest.mark.slow
@pytest.mark.parametrize("options", [("-R", "derive"), ("--force", f"{RESULTS}/ard.csv")])
def test_a_rule_that_is_forced_leaves_a_run_with_nothing_to_do(
    options: tuple[str, str], short_finished: Study
) -> None:
    before = short_finished.digests()
    done = short_finished.run(*options)
    assert done.returncode == 0, done.stdout
    assert "analyse:" in done.stdout
    done = short_finished.run()
    assert done.returncode == 0, done.stdout
    assert short_finished.digests() == before
    assert short_finished.planned() == set()


def test_a_stage_of_another_study_is_refused(short_finished: Study) -> None:
    before = short_finished.digests()
    short_finished.replace("study: {id: NCT06569472 (synthetic demo)}", "study: {id: S-2}")
    done = by_hand(short_finished, "derive")
    assert done.returncode == 1
    assert "holds results of the study NCT06569472 (synthetic demo)" in done.stdout
    assert short_finished.digests() == before


def test_a_record_tells_what_a_stage_read_and_made(short_finished: Study) -> None:
    results = short_finished.folder / RESULTS
    record = json.loads((results / "audit/stages/check.json").read_text())
    assert set(record["inputs"]) == {"#input-subjects", "#input-visits", "#input-therapies"}
    assert set(record["digests"]) == {"plan", "code", "libraries", "process"}
    assert record["digests"]["process"] == "job"
    made = short_finished.digests()
    assert {name: made[name] for name in record["outputs"]} == record["outputs"]
    assert "checked/visits.parquet" in record["outputs"]
