"""A wheel of this repository, installed for somebody who may not write to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.audit.conftest import without_rights
from tests.workflow.conftest import ROOT

UV = ROOT / ".tools/bin/uv"


@dataclass(frozen=True)
class Installation:
    """An environment with the wheel, which its user may not change."""

    python: Path

    def durable(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The console script, in a folder, as a user whom permissions hold back."""
        return self.run(folder, str(self.python.with_name("durable")), *arguments)

    def run(self, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
        """A command in a folder."""
        kept = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
        return subprocess.run(
            [*without_rights(), *command],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", **kept},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=600,
            check=False,
        )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the repository."""
    folder = tmp_path_factory.mktemp("dist")
    build = [str(UV), "build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, timeout=300)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel in a new environment, beside the libraries of the tests: no network is needed."""
    folder = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(folder, symlinks=True)
    python = folder / "bin/python"
    install = [str(UV), "pip", "install", "--quiet", "--offline", "--no-deps", "--no-index"]
    subprocess.run([*install, "--python", str(python), str(wheel)], check=True, timeout=120)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    subprocess.run(
        [str(python), "-m", "compileall", "-q", str(packages / "durable")], check=True, timeout=300
    )
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
    return Installation(python)


def demo_data(study: Path) -> None:
    """Put the tables of the demo study in the place of the templates."""
    for table in ("subjects", "visits", "therapies", "adverse_events", "laboratory", "kinetics"):
        shutil.copy(ROOT / f"data/demo/{table}.csv", study / f"data/{table}.csv")


__all__ = ["Installation", "demo_data", "installation", "wheel"]
