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
from typing import Self

import pytest

from tests.environments import python_finding
from tests.forked import run_snakemake

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.executable)
RESULTS = Path("results/demo-interim")
#: Seconds after which a run counts as hung.
PATIENCE = 300
#: Files that hold the time of a run, or the digest of such a file.
VARYING = ("audit/run.json", "audit/history.json", "audit/stages/record.json")


@dataclass(frozen=True)
class Study:
    """A folder with a configuration and data, in which Snakemake runs this repository's rules."""

    folder: Path

    def run(
        self, *options: str, python: Path = PYTHON, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Snakemake, started elsewhere, its environment not activated.

        With nothing of its own the process is a fork, which spares the imports.
        """
        if python != PYTHON or environment:
            return self.start(*options, python=python, **environment)
        arguments = self.command(*options)[3:]
        return run_snakemake(arguments, self.environment(), self.folder.parent, timeout=PATIENCE)

    def start(
        self, *options: str, python: Path = PYTHON, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """The same in a process that is started as a user starts it."""
        return subprocess.run(
            self.command(*options, python=python),
            env=self.environment(**environment),
            cwd=self.folder.parent,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
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

    def copy(self, folder: Path) -> Self:
        """The study with its results in another folder, to change."""
        shutil.copytree(self.folder, folder)
        return type(self)(folder)

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


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder to read from, made once a session, also where several processes run tests.

    Parameters
    ----------
    factory
        The fixture ``tmp_path_factory``.
    name
        Of the folder, one to everything that is made.
    make
        Makes the folder; raises where it cannot.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    made = base / "made once" / name
    made.parent.mkdir(exist_ok=True)
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.with_suffix(".done").exists():
            shutil.rmtree(made, ignore_errors=True)
            make(made)
            made.with_suffix(".done").touch()
    return made


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The demo study after a bare run."""

    def make(folder: Path) -> None:
        done = new_study(folder).start()
        assert done.returncode == 0, done.stdout
        folder.with_name("finished.log").write_text(done.stdout)

    return Study(made_once(tmp_path_factory, "finished", make))


@pytest.fixture
def study(finished: Study, tmp_path: Path) -> Study:
    """A copy of the finished study, to change."""
    return finished.copy(tmp_path / "study")


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
