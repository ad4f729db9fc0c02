"""A study folder and real runs of Snakemake in it."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from tests.environments import python_finding

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.executable)
RESULTS = Path("results/demo-interim")
#: Files that hold the time of a run, or the digest of such a file.
VARYING = ("audit/run.json", "audit/history.json", "audit/stages/record.json")


@dataclass(frozen=True)
class Study:
    """A folder with a configuration and data, in which Snakemake runs this repository's rules."""

    folder: Path

    def run(
        self, *options: str, python: Path = PYTHON, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Snakemake, started elsewhere, its environment not activated."""
        return subprocess.run(
            self.command(*options, python=python),
            env=self.environment(**environment),
            cwd=self.folder.parent,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )

    def command(self, *options: str, python: Path = PYTHON) -> list[str]:
        """The command line of a run."""
        where = ["--snakefile", str(ROOT / "Snakefile"), "--directory"]
        return [str(python), "-m", "snakemake", *where, str(self.folder), *options]

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a user who has set nothing up."""
        kept = {
            key: os.environ[key] for key in ("HOME", "TMPDIR", "PYTHONPATH") if key in os.environ
        }
        cache = {"XDG_CACHE_HOME": str(self.folder.parent / "cache")}
        return {"PATH": "/usr/bin:/bin", **kept, **cache, **more}

    def planned(self, *options: str, python: Path = PYTHON) -> set[str]:
        """Rules that Snakemake would run now."""
        done = self.run("--dry-run", *options, python=python)
        assert done.returncode == 0, done.stdout
        if "Nothing to be done" in done.stdout:
            return set()
        _, table = done.stdout.split("Job stats:", 1)
        return set(re.findall(r"^(\w+) +\d+$", table, re.MULTILINE)) - {"total", "all"}

    def replace(self, old: str, new: str, file: str = "config/config.yaml") -> None:
        """Replace a text that occurs once."""
        path = self.folder / file
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} in {file}"
        path.write_text(text.replace(old, new))

    def digests(self, *below: str) -> dict[str, str]:
        """SHA-256 of every result (hidden files, logs and what may vary left out)."""
        results = self.folder / RESULTS
        return {
            str(path.relative_to(results)): sha256(path.read_bytes()).hexdigest()
            for path in sorted(results.rglob("*"))
            if path.is_file()
            and not path.name.startswith(".")
            and path.parent.name != "logs"
            and path.relative_to(results).as_posix() not in VARYING
            and (not below or path.relative_to(results).parts[0] in below)
        }


def new_study(folder: Path) -> Study:
    """The demo study in a folder of its own, without results."""
    shutil.copytree(ROOT / "config", folder / "config")
    shutil.copytree(ROOT / "data" / "demo", folder / "data" / "demo")
    return Study(folder)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The demo study after a bare run; made once, also where several processes run tests."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    study = Study(folder / "finished study")
    with (folder / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        log = folder / "finished.log"
        if not log.exists():
            log.write_text(new_study(study.folder).run().stdout)
    assert (study.folder / RESULTS / "ard.csv").exists(), log.read_text()
    return study


@pytest.fixture
def study(finished: Study, tmp_path: Path) -> Study:
    """A copy of the finished study, to change."""
    shutil.copytree(finished.folder, tmp_path / "study")
    return Study(tmp_path / "study")


@pytest.fixture
def fresh(tmp_path: Path) -> Study:
    """The demo study without results."""
    return new_study(tmp_path / "study")


@pytest.fixture
def package(tmp_path: Path) -> Callable[[str], Path]:
    """Makes an interpreter that finds a package in which one module has another last line."""

    def edited(module: str) -> Path:
        source = tmp_path / "src"
        original = Path(sys.modules["durable"].__file__ or "").parent
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(original, source / "durable", ignore=ignored, dirs_exist_ok=True)
        with (source / "durable" / module).open("a") as file:
            file.write("# changed\n")
        return python_finding(source, tmp_path / "environment")

    return edited
