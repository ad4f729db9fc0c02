"""Time of the everyday run of the demo study, in ratios of what is measured beside it."""

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

from durable.stage import STAGES

ROOT = Path(__file__).parents[1]
#: Stages that the demo plan does not ask for, and the one that records a run of Snakemake.
LEFT_OUT = {"figure_pages", "documents", "submission", "ars", "record"}
#: Further cut-offs of the series.
FURTHER = ("2023-06-30", "2023-12-31", "2024-03-31", "2024-06-30")
PINNED = "results/demo-interim/audit/pinned.yaml"

Measured = tuple[float, float]
"""Seconds of CPU, of a command and all that it starts, and on the wall."""


def measure(rounds: int = 3) -> dict[str, float]:
    """Medians over rounds of seconds and of ratios: what slows a round slows both sides.

    Each round runs, one after the other: a plain R script (where R is installed), the demo from no
    results, again with nothing to do, ``snakemake --version``, the same analysis of the study at a
    later cut-off, a series of it and `FURTHER` more cut-offs, the audit of the first one, all
    stages in one interpreter, the imports alone, and the figures alone.
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
    later = later.replace("id: demo-interim", "id: demo-later").replace("2024-06-30", "2024-09-30")
    (folder / "config/later.yaml").write_text(later, encoding="utf-8")
    series = later[: later.index("series:")].replace("demo-later", "demo-series")
    series += f"series: {{cutoffs: [{', '.join(FURTHER)}]}}\n"
    (folder / "config/series.yaml").write_text(series, encoding="utf-8")
    snakemake = str(Path(sys.executable).parent / "snakemake")
    run = [snakemake, "--snakefile", str(ROOT / "Snakefile")]
    commands = {
        "plain": ["Rscript", str(ROOT / "benchmarks" / "plain.R"), "data/demo", "."],
        "fresh": run,
        "nothing": run,
        "version": [snakemake, "--version"],
        "further": [*run, "--configfile", "config/later.yaml"],
        "series": [*run, "series", "--configfile", "config/series.yaml"],
        "audit": [*run, "audit", "--configfile", PINNED],
        "single": one_interpreter(),
        "imports": [sys.executable, "-c", f"import durable.plan, {', '.join(modules())}"],
        "figures": [sys.executable, "-m", "durable", "figures", "--config", "config/config.yaml"],
        "figures_imports": [sys.executable, "-c", "import durable.plan, durable.display.figures"],
    }
    if not shutil.which("Rscript"):
        del commands["plain"]
    spent = {name: seconds(command, folder) for name, command in commands.items()}
    times = {f"{name}_cpu": cpu for name, (cpu, _) in spent.items()}
    times |= {f"{name}_wall": wall for name, (_, wall) in spent.items()}
    return times | ratios(times)


def ratios(times: dict[str, float]) -> dict[str, float]:
    """The ratios that the goals are about."""
    found = {
        "nothing_ratio": times["nothing_wall"] / (1.3 * times["version_wall"] + 1),
        "further_ratio": times["further_wall"] / times["fresh_wall"],
        "series_ratio": (times["series_wall"] - times["fresh_wall"])
        / len(FURTHER)
        / times["fresh_wall"],
        "audit_ratio": times["audit_wall"] / times["fresh_wall"],
        "interpreters_ratio": (times["fresh_cpu"] - times["nothing_cpu"]) / times["single_cpu"],
    }
    if "plain_wall" in times:
        found["plain_ratio"] = times["fresh_wall"] / times["plain_wall"]
        found["plain_cpu_ratio"] = times["fresh_cpu"] / times["plain_cpu"]
        # What is left with every table, dataset and record for nothing, on two idle cores.
        drawing = times["figures_cpu"] - times["figures_imports_cpu"]
        least = times["nothing_cpu"] + times["imports_cpu"] + drawing
        found["floor_ratio"] = least / 2 / times["plain_wall"]
    return found


def stages() -> list[str]:
    """Stages of the demo study."""
    return [name for name, stage in STAGES.items() if name not in LEFT_OUT and not stage.folder]


def modules() -> list[str]:
    """What they import."""
    return [module for name in stages() for module in (STAGES[name].module, *STAGES[name].late)]


def one_interpreter() -> list[str]:
    """A command that runs every stage of the demo study in one process."""
    calls = f"[main([s, '--config', 'config/config.yaml', '--results', 'one']) for s in {stages()}]"
    program = f"import sys; from durable.cli import main; sys.exit(any({calls}))"
    return [sys.executable, "-c", program]


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
