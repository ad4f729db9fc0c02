"""The tutorial, command by command, in a folder with a blank and Chinese signs in its path."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands() -> list[tuple[str, str]]:
    """Each command of the tutorial with what it prints there."""
    text = "".join(BLOCK.findall((ROOT / "docs/tutorial.md").read_text(encoding="utf-8")))
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [(part.split("\n", 1)[0], part.split("\n", 1)[1]) for part in parts]


@pytest.mark.slow
def test_every_command_of_the_tutorial_works_as_it_says(tmp_path: Path) -> None:
    folder = tmp_path / "a study 研究"
    folder.mkdir()
    given = commands()
    script = "set -eu\n" + "".join(f"echo '@@@'\n{command}\n" for command, _ in given)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, "DURABLE": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    printed = done.stdout.split("@@@\n")[1:]
    assert len(printed) == len(given) >= 9
    for (command, expected), said in zip(given, printed, strict=True):
        assert expected in said, command
    results = folder / "my-study/results"
    assert (results / "interim-1/audit/verdict.html").exists()
    assert (results / "interim-2/audit/verdict.html").exists()
    assert (results / "interim-2/compare/interim-1/compare.html").exists()
