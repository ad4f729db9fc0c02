"""The files that a repository is known by agree with each other and with the package."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from hashlib import sha256
from importlib.metadata import metadata
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_version_is_one() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    changelog = (ROOT / "CHANGELOG.md").read_text()
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", changelog, re.MULTILINE)
    assert metadata("durable")["Version"] == PROJECT["version"] == citation["version"]
    assert released[0] == (PROJECT["version"], str(citation["date-released"]))


def test_the_licence_is_the_text_of_apache_2_0() -> None:
    """SHA-256 of www.apache.org/licenses/LICENSE-2.0.txt."""
    digest = sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
    assert PROJECT["license"] == yaml.safe_load((ROOT / "CITATION.cff").read_text())["license"]
    assert metadata("durable")["License-Expression"] == "Apache-2.0"


@pytest.mark.slow
def test_the_bill_of_materials_lists_the_locked_libraries(tmp_path: Path) -> None:
    """All that durable needs on some system, with the versions and hashes of the lock file."""
    made = subprocess.run(["make", "sbom"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    listed = json.loads((ROOT / "dist/sbom.cdx.json").read_text())
    found = {item["name"]: item for item in listed["components"]}
    locked = {
        package["name"]: package["version"]
        for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    }
    assert listed["specVersion"] == "1.5"
    assert {name: item["version"] for name, item in found.items()}.items() <= locked.items()
    assert {"pandas", "lifelines", "snakemake", "pandera", "numpy"} <= found.keys()
    assert "pytest" not in found
    hashes = found["lifelines"]["externalReferences"][0]["hashes"]
    assert re.fullmatch("[0-9a-f]{64}", hashes[0]["content"])


def test_the_lock_file_is_of_the_dependencies_that_are_declared() -> None:
    """One that is not resolved anew lacks what was added: an extra, in an offline installation."""
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    (own,) = (package for package in locked if package["name"] == "durable")
    declared = [*PROJECT["dependencies"]]
    for extra in PROJECT["optional-dependencies"].values():
        declared += extra
    names = sorted(re.split(r"[^A-Za-z0-9-]", text)[0].lower() for text in declared)
    assert sorted(package["name"] for package in own["metadata"]["requires-dist"]) == names
    assert own["metadata"]["provides-extras"] == sorted(PROJECT["optional-dependencies"])
