"""Code, libraries and inputs that are exchanged: numbers are of what is recorded."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import time
from pathlib import Path

import pytest

from tests.audit.conftest import change_digit, pinned
from tests.environments import python_finding
from tests.workflow.conftest import RESULTS, ROOT, Study

STAGES = Path("audit/stages")
#: An installed package of a single module, which the estimators need.
PACKAGE = "autograd_gamma"


@pytest.fixture
def other(tmp_path: Path) -> tuple[Path, Path]:
    """A copy of the package that can be edited, and an interpreter that finds it."""
    source = tmp_path / "code"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src/durable", source / "durable", ignore=ignored)
    return source / "durable", python_finding(source, tmp_path / "environment")


def run_until(study: Study, stage: str, python: Path) -> subprocess.Popen[str]:
    """A run in the background, once a stage has ended."""
    run = subprocess.Popen(
        study.command(python=python),
        env=study.environment(),
        cwd=study.folder.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while not (study.folder / RESULTS / STAGES / f"{stage}.json").exists():
        assert run.poll() is None, run.communicate()[0]
        time.sleep(0.01)
    return run


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["check", "analyse", "display"])
def test_code_that_is_edited_during_a_run_makes_no_mixture(
    stage: str, other: tuple[Path, Path], short: Study, short_finished: Study
) -> None:
    package, python = other
    run = run_until(short, stage, python)
    module = package / "stats/proportions.py"
    module.write_text(module.read_text() + "# edited during the run\n")
    said, _ = run.communicate(timeout=300)
    assert run.returncode == 1
    assert "the code or a library was changed during the run" in said
    assert "Traceback" not in said
    assert not (short.folder / RESULTS / "audit/manifest.json").exists()
    # All is made again: no stage is of the other code.
    assert {"queries", "derive", "analyse", "record"} <= short.planned(python=python)
    done = short.run()
    assert done.returncode == 0, done.stdout
    assert short.digests() == short_finished.digests()


@pytest.mark.slow
def test_an_input_that_is_exchanged_and_put_back_during_a_run_is_read_again(
    short: Study, short_finished: Study
) -> None:
    """A to B before it is read, back to A before the results are recorded."""
    visits = short.folder / "data/demo/visits.csv"
    good = visits.read_bytes()
    before = short_finished.digests()
    run = subprocess.Popen(
        short.command(),
        env=short.environment(),
        cwd=short.folder.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while not (short.folder / RESULTS / ".started.json").exists():
        assert run.poll() is None, run.communicate()[0]
        time.sleep(0.005)
    change_digit(short, "CQ-001", "M3", "cmas", "47")
    while not (short.folder / RESULTS / STAGES / "check.json").exists():
        if run.poll() is not None:
            break
        time.sleep(0.005)
    visits.write_bytes(good)
    said, _ = run.communicate(timeout=300)
    assert "Traceback" not in said
    done = short.run()
    assert done.returncode == 0, done.stdout
    assert short.digests() == before


@pytest.mark.slow
def test_what_a_user_sets_for_python_or_the_shell_does_not_reach_the_jobs(
    short: Study, short_finished: Study, tmp_path: Path
) -> None:
    """A sitecustomize once moved a limit of confidence, and the audit passed."""
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / "sitecustomize.py").write_text(
        "import sys\n"
        f"open({str(tmp_path / 'python')!r}, 'a').write(' '.join(sys.orig_argv) + '\\n')\n"
    )
    (trap / "bash").write_text(f"echo ran >> '{tmp_path / 'shell'}'\n")
    foreign = {"PYTHONPATH": str(trap), "BASH_ENV": str(trap / "bash")}
    done = short.run(**foreign)
    assert done.returncode == 0, done.stdout
    assert short.digests() == short_finished.digests()
    ran = (tmp_path / "python").read_text().splitlines()
    assert len(ran) > 0
    assert all("snakemake" in line for line in ran)
    assert not (tmp_path / "shell").exists()
    done = short.run("audit", *pinned(short), **foreign)
    assert done.returncode == 0, done.stdout
    assert not [line for line in ran if "durable stage" in line]


def with_package(tmp_path: Path, edit: str) -> Path:
    """An interpreter that finds a copy of an installed package, one of its lines edited."""
    installed = Path(sysconfig.get_path("purelib"))
    first = tmp_path / "first"
    for found in installed.glob(f"{PACKAGE}*"):
        shutil.copytree(found, first / found.name)
    module = first / PACKAGE / "__init__.py"
    module.write_text(module.read_text() + edit)
    return python_finding(first, tmp_path / "environment")


@pytest.mark.slow
def test_results_by_an_altered_library_are_not_recorded(short: Study, tmp_path: Path) -> None:
    done = short.run(python=with_package(tmp_path, "# edited\n"))
    assert done.returncode == 1
    assert "installed libraries were altered; install them again (make clean):" in done.stdout
    assert f"first/{PACKAGE}/__init__.py" in done.stdout
    assert "Traceback" not in done.stdout
    assert not (short.folder / RESULTS / "audit/manifest.json").exists()


def test_python_that_starts_otherwise_is_another_environment(
    short_finished: Study, tmp_path: Path
) -> None:
    first = tmp_path / "first"
    first.mkdir()
    (first / "sitecustomize.py").write_text("import math\n")
    python = python_finding(first, tmp_path / "environment")
    assert {"queries", "derive", "analyse", "record"} <= short_finished.planned(python=python)
    done = short_finished.run("audit", *pinned(short_finished), python=python)
    assert done.returncode == 1
    assert "environment files of sitecustomize.py differs: found " in done.stdout
