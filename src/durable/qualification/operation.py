"""The tests of the requirements, run with this installation."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from tempfile import TemporaryDirectory

from durable.errors import UserError
from durable.installation import SUITE
from durable.qualification import recorder
from durable.qualification.findings import TestRun

#: What the tests of the requirements need beside the package itself.
_NEEDED = ("pytest", "hypothesis")
#: Folders of tests that need more than an installation: the repository, or other programs.
_ELSEWHERE = (
    *("audit", "browser", "export", "faults", "history", "qualification", "slurm", "tool"),
    "workflow",
)
_MARK = "pytest.mark.requirement("
#: Those that start no runs, browsers or other programs.
_SELECTED = "requirement and not slow and not needs_r"


def run_tests(chosen: Sequence[str] = ()) -> list[TestRun]:
    """Run the tests that carry a requirement; each with its outcome.

    A test whose teardown fails is there twice: with that, and with the outcome of its call.

    Parameters
    ----------
    chosen
        Identifiers of the requirements whose tests are run; all when empty.

    Raises
    ------
    UserError
        Where the tools of the tests are not installed, or the tests could not be started.
    """
    missing = [name for name in _NEEDED if not _is_installed(name)]
    if missing:
        raise UserError(
            f"{' and '.join(missing)} not installed: pip install 'durable[qualify]', or make run"
            " in the repository"
        )
    with TemporaryDirectory() as folder:
        record = Path(folder) / "record.jsonl"
        record.touch()
        done = subprocess.run(  # noqa: S603
            _command(Path(folder), record, chosen),
            cwd=SUITE,
            capture_output=True,
            text=True,
            check=False,
        )
        tests = list(_test_runs(record))
    # 1: some failed. Anything else: they were not run as they should be.
    if done.returncode not in (0, 1) or not tests:
        raise UserError(f"the tests could not be run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return tests


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _command(folder: Path, record: Path, chosen: Sequence[str]) -> list[str]:
    return [
        # An installation that may not be written to gets no compiled modules.
        *(sys.executable, "-B", "-m", "pytest", "--quiet", "-p", "no:cacheprovider"),
        *("-p", recorder.__name__, "-m", _SELECTED, "--basetemp", str(folder / "tests")),
        *(recorder.RECORD, str(record), recorder.CHOSEN, ",".join(chosen)),
        *requirement_files(),
    ]


def requirement_files() -> Iterator[str]:
    """Files with tests of requirements that an installation can run, relative to the suite."""
    for path in sorted((SUITE / "tests").glob("*/test_*.py")):
        if path.parent.name not in _ELSEWHERE and _MARK in path.read_text(encoding="utf-8"):
            yield path.relative_to(SUITE).as_posix()


def _test_runs(record: Path) -> Iterator[TestRun]:
    for line in record.read_text(encoding="utf-8").splitlines():
        test = json.loads(line)
        yield TestRun(test["name"], tuple(test["requirements"]), test["outcome"], test["reason"])
