"""Virtual trials a minute on two cores: two chunks of the shipped scenarios, side by side."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from durable.plan import load

ROOT = Path(__file__).parents[1]
PLAN = ROOT / "config" / "simulation.yaml"
PROCESSES = 2


def measure() -> dict[str, float]:
    """Virtual trials (``trials``), the wall time of both processes (``seconds``), and their ratio.

    Seconds are from the start of the first process to the end of the last; ``per_minute`` is the
    number of trials a minute.
    """
    simulation = load(PLAN).simulation
    assert simulation is not None
    with tempfile.TemporaryDirectory() as results:
        begun = time.monotonic()
        jobs = [
            subprocess.Popen(
                [
                    *(sys.executable, "-m", "durable", "stage", "simulate", "--config", str(PLAN)),
                    *("--chunk", str(chunk), "--results", results),
                ],
                cwd=ROOT,
            )
            for chunk in range(PROCESSES)
        ]
        failed = [job.args for job in jobs if job.wait()]
        spent = time.monotonic() - begun
    if failed:
        raise SystemExit(f"failed: {failed}")
    trials = PROCESSES * simulation.trials / simulation.chunks * len(simulation.scenarios)
    return {"trials": trials, "seconds": spent, "per_minute": 60 * trials / spent}
