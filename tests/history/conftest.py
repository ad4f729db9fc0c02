"""Recorded results, as small as they can be, and the history of their study."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from durable.history.events import append_part, record_run
from durable.history.signing import Declaration, sign_results
from durable.plan import parse
from durable.runs.manifest import STARTED

FILES = {"ard.csv": "output,value\nt_dor,3\n", "tables/t_dor.csv": "label,cell\nN,3\n"}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def lines(path: Path) -> list[bytes]:
    """Lines of a history, with their line ends."""
    return path.read_bytes().splitlines(keepends=True)


def entries(results: Path) -> list[dict[str, Any]]:
    """Every line of the history of a study as values."""
    return [json.loads(line) for line in lines(results / "history.jsonl")]


def manifest_of(folder: Path, plan: dict[str, Any], files: dict[str, str]) -> dict[str, Any]:
    """A manifest with all that is asked of it here."""
    return {
        "plan": {"sha256": digest(json.dumps(plan).encode()), "value": plan},
        "code": {"sha256": "c" * 64, "commit": "4" * 40, "dirty": False, "files": {}},
        "inputs": [{"id": "#input-subjects", "path": "subjects.csv", "sha256": "5" * 64}],
        "outputs": [
            {"id": name, "sha256": digest((folder / name).read_bytes())} for name in sorted(files)
        ],
    }


def make_results(
    results: Path,
    analysis: str = "interim",
    *,
    reason: str = "planned interim",
    second: int = 0,
    locked: bool = False,
    governance: dict[str, Any] | None = None,
    files: dict[str, str] = FILES,
) -> Path:
    """Write results with their record, and record the run; the folder of the analysis."""
    folder = results / analysis
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    raw = {
        "analysis": {"id": analysis, "data_cutoff": "2024-06-30"},
        "study": {"id": "S-1"},
        "inputs": {"subjects": {"path": "subjects.csv"}, "visits": {"path": "visits.csv"}},
        "outputs": {"locked": locked},
        "governance": governance or {},
    }
    plan = parse(raw).model_dump(mode="json", exclude={"pins", "series", "simulation"})
    time = f"2024-07-01T08:00:{second:02}+00:00"
    manifest = manifest_of(folder, plan, files)
    (folder / "audit").mkdir(exist_ok=True)
    (folder / STARTED).write_text(json.dumps({"time": time, "reason": reason}))
    (folder / "audit/manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    (folder / "audit/run.json").write_text(json.dumps({"started": time}) + "\n")
    (folder / "audit/pinned.yaml").write_text(json.dumps(plan) + "\n")
    record_run(folder, reason)
    return folder


def make_part(folder: Path, place: str, files: dict[str, str], read: dict[str, str]) -> Path:
    """Write a part of an analysis with its record, and tell it to the history."""
    part = folder / place
    for name, text in files.items():
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        (part / name).write_text(text)
    plan = json.loads((folder / "audit/manifest.json").read_text())["plan"]["value"]
    manifest = manifest_of(part, plan, files)
    manifest["part"] = place.split("/")[0]
    manifest["inputs"] = [{"id": name, "sha256": value} for name, value in read.items()]
    (part / "audit").mkdir(exist_ok=True)
    (part / "audit/manifest.json").write_text(json.dumps(manifest))
    (part / "audit/run.json").write_text("{}")
    (part / "audit/pinned.yaml").write_text("{}")
    append_part(part, folder, "to compare")
    return part


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Folder of the results of a study: an interim, run twice, and a final analysis."""
    results = tmp_path / "study" / "results"
    shutil.copytree(make_results(results), results.parent / "after the first run")
    make_results(results, "final", locked=True, reason="")
    earlier = FILES | {"ard.csv": "output,value\nt_dor,4\n"}
    make_results(results, files=earlier, second=1, reason="late record of CQ-001")
    return results


@dataclass(frozen=True)
class Person:
    """Somebody with a key, and the line that makes it known."""

    name: str
    key: Path

    @property
    def listed(self) -> str:
        return (
            f"{self.name.split()[0].lower()}@example.org {self.key.with_suffix('.pub').read_text()}"
        )

    def sign(self, folder: Path, meaning: str = "approved", reason: str = "as planned") -> Path:
        return sign_results(folder, Declaration(self.name, meaning, reason), self.key)


def new_person(folder: Path, name: str) -> Person:
    key = folder / name.split()[0].lower()
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)]
    subprocess.run(command, check=True)
    return Person(name, key)


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Person]:
    """Three people with a key each."""
    folder = tmp_path_factory.mktemp("keys")
    names = ("Jane Doe", "Otto Braun", "Mallory Roe")
    return {name.split()[0].lower(): new_person(folder, name) for name in names}


@pytest.fixture
def signed(results: Path, people: dict[str, Person]) -> Path:
    """The study with its interim signed twice by people whose keys are known."""
    (results / "allowed_signers").write_text(people["jane"].listed + people["otto"].listed)
    people["jane"].sign(results / "interim", "reviewed")
    people["otto"].sign(results / "interim", "approved")
    return results
