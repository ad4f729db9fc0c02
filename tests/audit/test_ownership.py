"""Results belong to one study; inputs that are other files than those of the last run are named."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from durable.runs.ownership import RECORD
from tests.audit.conftest import pinned
from tests.workflow.conftest import RESULTS, Study

pytestmark = pytest.mark.slow

STUDY = "NCT06569472 (synthetic demo)"


def of_another_study(study: Study) -> tuple[str, str]:
    """Options of a run by the same plan for another study."""
    path = study.folder / "config/another.yaml"
    text = (study.folder / "config/config.yaml").read_text()
    path.write_text(text.replace(f"study: {{id: {STUDY}}}", "study: {id: JDM-2}"))
    return "--configfile", str(path)


def everything(study: Study) -> dict[str, tuple[int, str]]:
    """Time and SHA-256 of every file of the results, hidden ones and logs too."""
    return {
        path.relative_to(study.folder).as_posix(): (
            path.stat().st_mtime_ns,
            sha256(path.read_bytes()).hexdigest(),
        )
        for path in (study.folder / "results").rglob("*")
        if path.is_file()
    }


def refusal(study: Study, *options: str) -> str:
    before = everything(study)
    done = study.run(*options, *of_another_study(study))
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stdout
    assert everything(study) == before
    return done.stdout


@pytest.mark.parametrize("target", [(), ("check",), ("--dry-run",), (f"{RESULTS}/ard.csv",)])
def test_a_plan_of_another_study_is_refused_and_changes_nothing(
    target: tuple[str, ...], short_finished: Study
) -> None:
    said = refusal(short_finished, *target)
    assert (
        f"{RESULTS} holds results of the study {STUDY}; config/another.yaml is a plan of the study"
        " JDM-2. Nothing was changed. Give this plan another analysis.id."
    ) in said


def test_an_interrupted_run_owns_its_results_too(short: Study) -> None:
    assert short.run("--until", "derive").returncode == 0
    assert not (short.folder / RESULTS / "audit/manifest.json").exists()
    assert "holds results of the study" in refusal(short)


def test_results_without_the_record_are_owned_by_their_manifest(short_finished: Study) -> None:
    (short_finished.folder / RESULTS / RECORD).unlink()
    assert "holds results of the study" in refusal(short_finished)
    other = short_finished.folder / "data/demo/other.csv"
    visits = short_finished.folder / "data/demo/visits.csv"
    other.write_text(visits.read_text().replace(",52,", ",51,", 1))
    short_finished.replace("data/demo/visits.csv", "data/demo/other.csv")
    done = short_finished.run("--dry-run")
    assert "of the recorded run: visits (was data/demo/visits.csv " in done.stdout


def test_a_check_alone_and_a_simulation_alone_own_their_results(short: Study) -> None:
    assert short.run("check").returncode == 0
    assert "holds results of the study" in refusal(short)
    for path in (short.folder / RESULTS).glob(".study.json"):
        path.unlink()
    plan = short.folder / "config/config.yaml"
    plan.write_text(
        plan.read_text()
        + "simulation: {trials: 2, chunks: 1, scenarios: {s: {improvement: {M2: 0.5, M3: 0.5}}}}\n"
    )
    done = short.run("simulate")
    assert done.returncode == 0, done.stdout
    record = json.loads((short.folder / RESULTS / RECORD).read_text())
    assert record == {"study": STUDY, "inputs": {}, "series_of": ""}
    assert "holds results of the study" in refusal(short, "simulate")


def test_a_series_looks_at_the_folders_of_all_its_cutoffs(short: Study) -> None:
    plan = yaml.safe_load((short.folder / "config/config.yaml").read_text())
    plan["analysis"] |= {"id": "demo-interim-2023-06-30"}
    path = short.folder / "config/earlier.yaml"
    path.write_text(yaml.safe_dump(plan))
    assert short.run("check", "--configfile", str(path)).returncode == 0
    config = short.folder / "config/config.yaml"
    config.write_text(config.read_text() + "series: {cutoffs: [2023-06-30]}\n")
    said = refusal(short, "series")
    assert "results/demo-interim-2023-06-30 holds results of the study" in said
    assert not (short.folder / RESULTS).exists()


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:8]


def test_other_inputs_are_run_and_named(short_finished: Study) -> None:
    data = short_finished.folder / "data/demo"
    first, second = data / "visits.csv", data / "visits_v2.csv"
    second.write_text(first.read_text().replace(",52,", ",51,", 1))
    therapies = digest(data / "therapies.csv")
    old, new = digest(first), digest(second)
    short_finished.replace("data/demo/visits.csv", "data/demo/visits_v2.csv")
    short_finished.replace("  therapies: {path: data/demo/therapies.csv}\n", "")
    done = short_finished.run()
    assert done.returncode == 0, done.stdout
    assert (
        "inputs differ from those of the recorded run:"
        f" visits (was data/demo/visits.csv {old}, is data/demo/visits_v2.csv {new});"
        f" therapies (was data/demo/therapies.csv {therapies}, is not read)\n"
    ) in done.stdout
    again = short_finished.run()
    assert again.returncode == 0
    assert "inputs differ" not in again.stdout


def test_the_same_file_refreshed_is_named_once_a_run_read_it(short_finished: Study) -> None:
    visits = short_finished.folder / "data/demo/visits.csv"
    old = digest(visits)
    visits.write_text(visits.read_text().replace(",52,", ",51,", 1))
    told = f"visits (was data/demo/visits.csv {old}, is data/demo/visits.csv {digest(visits)})\n"
    # A check makes no results from it: the next run says it again.
    for target, said in ((("check",), True), ((), True), (("--dry-run",), False)):
        done = short_finished.run(*target)
        assert done.returncode == 0, done.stdout
        assert (told in done.stdout) == said


def test_inputs_at_another_place_are_the_same_and_pinned_ones_too(short_finished: Study) -> None:
    data = short_finished.folder / "data"
    (data / "demo").rename(data / "moved")
    plan = short_finished.folder / "config/config.yaml"
    plan.write_text(plan.read_text().replace("data/demo", "data/moved"))
    assert "inputs differ" not in short_finished.run("--dry-run").stdout
    (data / "moved").rename(data / "demo")
    assert "inputs differ" not in short_finished.run("--dry-run", *pinned(short_finished)).stdout
