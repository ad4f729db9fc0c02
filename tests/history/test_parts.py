"""A simulation, a series and a comparison are verified with the analysis that they lie beside."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from durable.history.states import State
from durable.history.verification import verify_part, verify_results
from tests.history.conftest import digest, entries, make_part, make_results
from tests.history.test_verification import failing

MADE = {"truth.csv": "scenario\nexpected\n", "tables/t_theory.csv": "label\nN\n"}
PAGE = "simulation/tables/t_theory.csv"


@pytest.fixture
def folder(results: Path) -> Path:
    """The interim with a simulation and a comparison with the final analysis."""
    folder = results / "interim"
    make_part(folder, "simulation", MADE, {})
    read = {
        f"{name}/audit/manifest.json": digest((results / name / "audit/manifest.json").read_bytes())
        for name in ("interim", "final")
    }
    make_part(folder, "compare/final", {"compare.html": "<html>"}, read)
    return folder


def test_parts_are_told_to_the_history_with_what_they_supersede(folder: Path) -> None:
    make_part(folder, "simulation", MADE, {})
    told = entries(folder.parent)[4:]
    assert [entry["event"] for entry in told] == ["simulation", "compare/final", "simulation"]
    assert [entry["analysis"] for entry in told] == ["interim"] * 3
    assert told[0]["supersedes"] is None
    assert told[2]["supersedes"] == {"entry": 5, "manifest": told[0]["manifest"]}
    assert told[0]["reason"] == "to compare"
    assert set(told[1]["inputs"]) == {"interim/audit/manifest.json", "final/audit/manifest.json"}
    # The next run of the analysis supersedes a run, not a part.
    make_results(folder.parent, second=2)
    assert entries(folder.parent)[-1]["supersedes"]["entry"] == 4


def test_they_are_verified_with_the_analysis_and_alone(folder: Path) -> None:
    found = verify_results(folder)
    assert failing(found) == []
    parts = [check.name for check in found.checks if check.kind == "part"]
    record = ("audit/manifest.json", "audit/run.json", "audit/pinned.yaml")
    assert parts == [
        f"{place}/{name}"
        for place in ("compare/final", "simulation")
        for name in ("files", *record)
    ]
    assert verify_part(folder, "simulation").state is State.VERIFIED


CHANGES = {
    "a number": (PAGE, "label\nM\n", State.CHANGED, f"part {PAGE}: changed since: altered"),
    "a file added": ("simulation/x.csv", "", State.CHANGED, "part simulation/x.csv: changed"),
    "its manifest": (
        *("simulation/audit/manifest.json", "{}", State.CHANGED),
        "part simulation: changed since: not the manifest that a run writes",
    ),
    "its pinned plan": (
        *("simulation/audit/pinned.yaml", "{ }", State.CHANGED),
        "part simulation/audit/pinned.yaml: changed since: found ",
    ),
    "a file removed": (PAGE, None, State.INCOMPLETE, f"part {PAGE}: incomplete: removed"),
    "its manifest removed": (
        *("simulation/audit/manifest.json", None, State.INCOMPLETE),
        "part simulation: incomplete: its manifest is not there",
    ),
    "what a comparison was made from": (
        *("../final/audit/manifest.json", "{}", State.CHANGED),
        "manifest.json is no longer what it was made from; make it again, or remove it",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_in_them_is_found(name: str, folder: Path) -> None:
    file, text, state, said = CHANGES[name]
    if text is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(text)
    found = verify_results(folder)
    assert any(said in line for line in failing(found)), failing(found)
    assert found.state is state


def test_manifest_and_results_of_a_part_exchanged_together_are_found(folder: Path) -> None:
    before = digest((folder / PAGE).read_bytes())
    (folder / PAGE).write_text("label\nM\n")
    manifest = folder / "simulation/audit/manifest.json"
    after = digest((folder / PAGE).read_bytes())
    manifest.write_text(manifest.read_text().replace(before, after))
    assert verify_results(folder).state is State.CHANGED
    assert verify_part(folder, "simulation").state is State.CHANGED


def test_one_that_was_removed_is_remembered_and_one_nobody_knows_is_not_verifiable(
    folder: Path,
) -> None:
    shutil.copytree(folder / "compare/final", folder / "compare/other")
    shutil.rmtree(folder / "simulation")
    found = verify_results(folder)
    assert [str(check) for check in found.checks if check.name == "simulation"] == [
        "part simulation: removed since it was recorded"
    ]
    assert failing(found) == ["part compare/other: not verifiable: the history has no entry of it"]


def test_a_simulation_without_an_analysis_is_verified_by_itself(results: Path) -> None:
    alone = results / "design"
    make_results(results.parent / "elsewhere", "design")
    shutil.copytree(results.parent / "elsewhere/design", alone)
    (alone / "audit/history.json").unlink()
    make_part(alone, "simulation", MADE, {})
    for name in ("manifest.json", "run.json", "pinned.yaml"):
        (alone / "audit" / name).unlink()
    (alone / ".started.json").unlink()
    found = verify_results(alone)
    assert failing(found) == []
    assert [check.kind for check in found.checks] == ["history", *["part"] * 4]
