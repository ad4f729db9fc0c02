"""A stage run by hand in the results of a run, and what the next run makes of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from durable.runs.by_hand import NOTES, made_by_hand
from tests.audit.conftest import PINNED
from tests.workflow.conftest import RESULTS, Study

pytestmark = pytest.mark.slow

PLAN = "config/config.yaml"
#: Stages of the short plan whose outputs hold no time, by the plan and by the pinned one.
STAGES = {"check": PINNED, "derive": PLAN, "analyse": PINNED, "display": PLAN}


def by_hand(
    study: Study, stage: str, config: Path | str = PLAN
) -> subprocess.CompletedProcess[str]:
    """A stage as a person runs it, in the folder of the study."""
    command = [sys.executable, "-m", "durable", "stage", stage, "--config", str(config)]
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
    text = (study.folder / PLAN).read_text() + "response: {remission: {rule: printo}}\n"
    (study.folder / "config/other.yaml").write_text(text)
    return "config/other.yaml"


def test_stages_that_write_the_same_bytes_are_no_matter(short_finished: Study) -> None:
    before = short_finished.digests()
    for stage, plan in STAGES.items():
        done = by_hand(short_finished, stage, plan)
        assert done.returncode == 0, done.stdout
        assert "by hand" not in done.stdout
    assert not (short_finished.folder / RESULTS / NOTES).exists()
    done = short_finished.run()
    assert done.returncode == 0, done.stdout
    assert short_finished.digests() == before


@pytest.mark.parametrize("stage", ["derive", "analyse", "record"])
def test_what_a_stage_wrote_by_another_plan_is_made_again(
    stage: str, short_finished: Study
) -> None:
    before = short_finished.digests()
    plan = other_plan(short_finished)
    stages = ("derive", "analyse") if stage == "analyse" else (stage,)
    for name in stages:
        done = by_hand(short_finished, name, plan)
        assert done.returncode == 0, done.stdout
    results = short_finished.folder / RESULTS
    changed = {
        "derive": "adam/adrs.parquet",
        "analyse": "ard.csv",
        "record": "audit/run.json",
    }[stage]
    assert changed in made_by_hand(results)
    assert f"  {RESULTS}/{changed}" in done.stdout
    # What the plan says is made: nothing of it is the hand-made file, and a dry run says so.
    assert stage in short_finished.planned()
    done = short_finished.run()
    assert done.returncode == 0, done.stdout
    assert "made by a stage run by hand; a run of snakemake makes them again:\n" in done.stdout
    assert short_finished.digests() == before
    assert made_by_hand(results) == set()
    assert short_finished.planned() == set()


def test_a_run_of_other_targets_does_not_take_it_for_its_own(short_finished: Study) -> None:
    before = short_finished.digests()
    by_hand(short_finished, "derive", other_plan(short_finished))
    done = short_finished.run("check")
    assert done.returncode == 0, done.stdout
    assert "adam/adrs.parquet" in made_by_hand(short_finished.folder / RESULTS)
    compared = short_finished.run("compare", "--config", "against=demo-interim")
    assert compared.returncode == 1
    assert "made by a stage run by hand; run snakemake first:\n" in compared.stdout
    done = short_finished.run()
    assert done.returncode == 0, done.stdout
    assert short_finished.digests() == before


def test_an_edit_after_a_stage_run_by_hand_is_refused(short_finished: Study) -> None:
    by_hand(short_finished, "derive", other_plan(short_finished))
    path = short_finished.folder / RESULTS / "adam/adrs.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    done = short_finished.run()
    assert done.returncode == 1
    assert f"changed since the run that made it; delete to make again:\n  {RESULTS}/adam/adrs" in (
        done.stdout
    )


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


@pytest.mark.parametrize("options", [("-R", "derive"), ("--force", f"{RESULTS}/ard.csv")])
def test_a_rule_that_is_forced_leaves_a_run_with_nothing_to_do(
    options: tuple[str, str], short_finished: Study
) -> None:
    before = short_finished.digests()
    done = short_finished.run(*options)
    assert done.returncode == 0, done.stdout
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


def test_notes_are_of_files_as_the_stage_left_them(tmp_path: Path) -> None:
    file = tmp_path / "ard.csv"
    file.write_text("1")
    (tmp_path / NOTES).write_text(json.dumps({"ard.csv": file.stat().st_mtime_ns, "gone": 1}))
    assert made_by_hand(tmp_path) == {"ard.csv"}
