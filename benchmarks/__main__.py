"""CPU time of the demo study: Snakemake against the same stages in one interpreter.

`make bench`. Exit status 1 when a run costs more than three times the one interpreter beside
Snakemake's own start.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from durable.stages import STAGES

ROOT = Path(__file__).parents[1]
BUDGET = 3.0
#: Stages that the demo plan does not ask for, and the one that records a run of Snakemake.
LEFT_OUT = {"figure_pages", "documents", "submission", "ars", "record"}


def main() -> int:
    """Measure, print, judge."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "config", folder / "config")
        shutil.copytree(ROOT / "data" / "demo", folder / "data" / "demo")
        snakefile = str(ROOT / "Snakefile")
        snakemake = [str(Path(sys.executable).parent / "snakemake"), "--snakefile", snakefile]
        whole = measured("from no results to all, Snakemake", snakemake, folder)
        start = measured("Snakemake's start (nothing to do)", snakemake, folder)
        single = measured("the same stages, one interpreter", one_interpreter(), folder)
    ratio = (whole - start) / single
    print(f"ratio {ratio:.2f} (budget {BUDGET:g})")
    return int(ratio > BUDGET)


def one_interpreter() -> list[str]:
    """A command that runs every stage of the demo study in one process."""
    stages = [name for name in STAGES if name not in LEFT_OUT]
    calls = f"[main([s, '--config', 'config/config.yaml', '--results', 'one']) for s in {stages}]"
    program = f"import sys; from durable.__main__ import main; sys.exit(any({calls}))"
    return [sys.executable, "-c", program]


def measured(what: str, command: list[str], folder: Path) -> float:
    """CPU seconds of a command and all it starts."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - begin
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{what:40} {cpu:6.1f} s CPU {wall:6.1f} s wall")
    return cpu


if __name__ == "__main__":
    sys.exit(main())
