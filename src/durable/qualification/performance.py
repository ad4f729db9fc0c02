"""Whether the demo study gives the results that it is known to give."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from durable.errors import UserError
from durable.files import sha256
from durable.installation import SUITE
from durable.qualification.findings import Check

_CONFIGURATION = "config/final.yaml"
_NONE = "no such file"
#: Files with numbers and words; drawings and documents are made from these.
_COMPARED = ("ard.csv", "queries.csv", "tables/*.csv", "listings/*.csv", "figures/*.csv")


def checks() -> Iterator[Check]:
    """SHA-256 of each file of numbers of the demo study, beside the one that is known.

    Raises
    ------
    UserError
        Where the analysis of the demo did not end well.
    """
    current, known = demo_digests(), expected_digests()
    for name in sorted({*current, *known}):
        yield Check(name, known.get(name, _NONE), current.get(name, _NONE))


def demo_digests() -> dict[str, str]:
    """Analyse the demo study here; `digests_of_results` of its results.

    Raises
    ------
    UserError
        Where the analysis did not end well.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        for source in ("config", "data"):
            shutil.copytree(SUITE / source, folder / source)
        command = [sys.executable, "-m", "durable", "stage", "analysis", "--until", "display"]
        done = subprocess.run(  # noqa: S603
            [*command, "--config", _CONFIGURATION], cwd=folder, capture_output=True, check=False
        )
        if done.returncode:
            message = done.stderr.decode(errors="replace")[-2000:]
            raise UserError(f"the demo study could not be analysed:\n{message}")
        return digests_of_results(folder / "results" / "demo-final")


def digests_of_results(results: Path) -> dict[str, str]:
    """SHA-256 of the files of numbers in a folder of results, by path there: ``ard.csv``."""
    paths = [path for pattern in _COMPARED for path in sorted(results.glob(pattern))]
    return {path.relative_to(results).as_posix(): sha256(path) for path in paths}


def expected_digests() -> dict[str, str]:
    """The digests that are known, by path in the results, from the file in ``tests/reference``."""
    lines = (SUITE / "tests/reference/demo-final.sha256").read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
