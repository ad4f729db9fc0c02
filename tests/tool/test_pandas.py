"""The package under pandas 3, which has a type of its own for texts.

The bound below pandas 3 is there for lifelines alone, which says nothing of it yet.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.environments import python_finding
from tests.tool.conftest import UV
from tests.workflow.conftest import RESULTS, Study, finished, fresh

__all__ = ["finished", "fresh"]


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that finds pandas 3 before the locked one."""
    folder = tmp_path_factory.mktemp("pandas")
    install = [str(UV), "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    subprocess.run([*install, "pandas>=3,<4"], check=True, timeout=300)
    return python_finding(folder, tmp_path_factory.mktemp("newer") / "environment")


@pytest.mark.slow
def test_the_results_by_pandas_3_are_those_by_pandas_2(
    newer: Path, finished: Study, fresh: Study
) -> None:
    version = [str(newer), "-c", "import pandas; print(pandas.__version__)"]
    assert subprocess.check_output(version, text=True).startswith("3.")
    # Not as a job, which refuses what only the environment of pandas 2 holds (pytz).
    done = subprocess.run(
        [str(newer), "-c", "import durable; durable.run('config/config.yaml')"],
        cwd=fresh.folder,
        env=fresh.environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    made, expected = (study.folder / RESULTS / "ard.csv" for study in (fresh, finished))
    differing = made.read_bytes() != expected.read_bytes()
    assert not differing
