"""Time of the everyday run of the demo study, in ratios of what is measured beside it.

The anchor is `peer_r`: the same analysis as a statistician would script it in R (its README).
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
#: Further cut-offs of the series.
FURTHER = ("2023-06-30", "2023-12-31", "2024-03-31", "2024-06-30")
PINNED = "results/demo-interim/audit/pinned.yaml"

Measured = tuple[float, float]
"""Seconds of CPU, of a command and all that it starts, and on the wall."""


def measure(rounds: int = 3) -> dict[str, float]:
    """Medians over rounds of seconds and of ratios: what slows a round slows both sides.

    Each round runs, one after the other: the analysis in R (where R is installed), the demo from no
    results, again with nothing to do, ``snakemake --version``, a series of a later cut-off and
    `FURTHER` more, the audit of the first one, and all stages in one process.
    """
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            for key, value in one_round(Path(name)).items():
                found.setdefault(key, []).append(value)
    return {key: median(values) for key, values in found.items()}


def one_round(folder: Path) -> dict[str, float]:
    """Seconds and ratios of one round, in an empty folder."""
    for given in ("config", "data"):
        shutil.copytree(ROOT / given, folder / given)
    later = (folder / "config/config.yaml").read_text(encoding="utf-8")
    later = later.replace("id: demo-interim", "id: demo-series").replace("2024-06-30", "2024-09-30")
    series = later[: later.index("series:")] + f"series: {{cutoffs: [{', '.join(FURTHER)}]}}\n"
    (folder / "config/series.yaml").write_text(series, encoding="utf-8")
    snakemake = str(Path(sys.executable).parent / "snakemake")
    run = [snakemake, "--snakefile", str(ROOT / "Snakefile")]
    alone = [sys.executable, "-m", "durable", "stage", "analysis", "--workflow", str(ROOT)]
    commands = {
        "peer": ["Rscript", str(ROOT / "benchmarks" / "peer_r" / "run.R"), "data/demo", "peer"],
        "fresh": run,
        "nothing": run,
        "version": [snakemake, "--version"],
        "series": [*run, "series", "--configfile", "config/series.yaml"],
        "audit": [*run, "audit", "--configfile", PINNED],
        "single": [*alone, "--config", "config/config.yaml", "--results", "one"],
    }
    if not shutil.which("Rscript"):
        del commands["peer"]
    for name in commands:
        if name == "peer":
            (folder / "peer").mkdir()
    spent = {name: seconds(command, folder) for name, command in commands.items()}
    times = {f"{name}_cpu": cpu for name, (cpu, _) in spent.items()}
    times |= {f"{name}_wall": wall for name, (_, wall) in spent.items()}
    return times | ratios(times) | stage_seconds(folder)


def ratios(times: dict[str, float]) -> dict[str, float]:
    """The ratios that the goals are about."""
    found = {
        "nothing_ratio": times["nothing_wall"] / (1.3 * times["version_wall"] + 1),
        "series_ratio": (times["series_wall"] - times["fresh_wall"])
        / len(FURTHER)
        / times["fresh_wall"],
        "audit_ratio": times["audit_wall"] / times["fresh_wall"],
        "single_ratio": times["fresh_cpu"] / times["single_cpu"],
    }
    if "peer_wall" in times:
        found["peer_ratio"] = times["fresh_wall"] / times["peer_wall"]
        found["peer_cpu_ratio"] = times["fresh_cpu"] / times["peer_cpu"]
    return found


def stage_seconds(folder: Path) -> dict[str, float]:
    """Where the time of the fresh run goes: seconds of each stage, without its imports' start."""
    logs = (folder / "results/demo-interim/logs").glob("*.seconds")
    return {f"stage_{path.stem}": float(path.read_text("utf-8")) for path in sorted(logs)}


def seconds(command: list[str], folder: Path) -> Measured:
    """What a command costs."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    where = {"cwd": folder, "env": environment}
    return measured(lambda: subprocess.run(command, **where, check=True, capture_output=True))


def measured(task: Callable[[], object]) -> Measured:
    """What a task costs in the processes that it starts."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    task()
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - begun
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall
