"""Time of the everyday run of the demo study, in ratios of what is measured beside it.

The anchor is `peer_r`: the same analysis as a statistician would script it in R (its README).
It is compared with the plan of that work: the demo study computes more by now.
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

import yaml

ROOT = Path(__file__).parents[1]
#: Further cut-offs of the series.
FURTHER = ("2023-06-30", "2023-12-31", "2024-03-31", "2024-06-30")
PINNED = "results/demo-interim/audit/pinned.yaml"
#: What the plan of the demo asks for that the analysis in R does not do, by path.
BEYOND_PEER = (
    *("inputs.laboratory", "inputs.screening", "inputs.eligibility", "inputs.lymphodepletion"),
    *("subgroups", "exposure"),
    *("cells_outcome", "monitoring", "eligibility", "deviations", "outputs", "series"),
    *("response.drug_free", "response.glucocorticoid_increase", "sensitivity.infused_and_eligible"),
    *("sensitivity.remission_clinical", "sensitivity.remission_held"),
)
#: What the analysis in R shows; its tables hold the rows of the supplementary ones too.
OF_PEER = (
    *("t_disposition", "t_baseline", "t_improvement", "t_improvement_s", "t_dor", "t_dor_s"),
    *("t_efs", "t_efs_s", "t_sensitivity", "t_sensitivity_s", "t_ae_overview", "t_ae_overview_s"),
    *("t_ae_soc_pt", "t_ae_soc_pt_s", "t_ae_crs", "t_aesi", "t_dlt", "t_deaths"),
    *("t_kinetics", "t_kinetics_s"),
    *("f_waterfall", "f_tis", "f_csm", "f_km_dor", "f_km_efs", "f_swimmer", "f_sensitivity"),
    *("f_kinetics", "l_subjects", "l_kinetics", "l_kinetics_parameters", "l_assessments"),
    *("l_improvement", "l_duration", "l_flares", "l_adverse_events", "l_deaths", "l_queries"),
)

Measured = tuple[float, float]
"""Seconds of CPU, of a command and all that it starts, and on the wall."""


def measure(rounds: int = 3) -> dict[str, float]:
    """Medians over rounds of seconds and of ratios: what slows a round slows both sides.

    Each round runs, one after the other: the analysis in R (where R is installed) and its plan, the
    demo from no results, again with nothing to do, ``snakemake --version``, a series of a later
    cut-off and `FURTHER` more, the audit of the first one, and all stages in one process. The keys
    are those of `one_round`.
    """
    values_by_key: dict[str, list[float]] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            for key, value in one_round(Path(name)).items():
                values_by_key.setdefault(key, []).append(value)
    return {key: median(values) for key, values in values_by_key.items()}


def one_round(folder: Path) -> dict[str, float]:
    """Seconds and ratios of one round, in an empty folder.

    ``fresh_cpu`` and ``fresh_wall`` are those of the command ``fresh``, and so on; the ratios are
    those of `ratios`, and ``stage_check`` those of `stage_seconds`.
    """
    for source in ("config", "data"):
        shutil.copytree(ROOT / source, folder / source)
    later = (folder / "config/config.yaml").read_text(encoding="utf-8")
    later = later.replace("id: demo-interim", "id: demo-series").replace("2024-06-30", "2024-09-30")
    series = later[: later.index("series:")] + f"series: {{cutoffs: [{', '.join(FURTHER)}]}}\n"
    (folder / "config/series.yaml").write_text(series, encoding="utf-8")
    (folder / "config/peer.yaml").write_text(peer_plan(), encoding="utf-8")
    snakemake = str(Path(sys.executable).parent / "snakemake")
    run = [snakemake, "--snakefile", str(ROOT / "Snakefile")]
    single_process = [
        sys.executable,
        "-m",
        "durable",
        "stage",
        "analysis",
        "--workflow",
        str(ROOT / "workflow"),
    ]
    commands = {
        "peer": ["Rscript", str(ROOT / "benchmarks" / "peer_r" / "run.R"), "data/demo", "peer"],
        "same": [*run, "--configfile", "config/peer.yaml"],
        "fresh": run,
        "nothing": run,
        "version": [snakemake, "--version"],
        "series": [*run, "series", "--configfile", "config/series.yaml"],
        "audit": [*run, "audit", "--configfile", PINNED],
        "single": [*single_process, "--config", "config/config.yaml", "--results", "one"],
    }
    if not shutil.which("Rscript"):
        del commands["peer"], commands["same"]
    for name in commands:
        if name == "peer":
            (folder / "peer").mkdir()
    spent = {name: seconds(command, folder) for name, command in commands.items()}
    times = {f"{name}_cpu": cpu for name, (cpu, _) in spent.items()}
    times |= {f"{name}_wall": wall for name, (_, wall) in spent.items()}
    return times | ratios(times) | stage_seconds(folder)


def ratios(times: dict[str, float]) -> dict[str, float]:
    """The ratios that the goals are about, of the seconds of `one_round`; `GOALS` says of what."""
    by_name = {
        "nothing_ratio": times["nothing_wall"] / (1.3 * times["version_wall"] + 1),
        "series_ratio": (times["series_wall"] - times["fresh_wall"])
        / len(FURTHER)
        / times["fresh_wall"],
        "audit_ratio": times["audit_wall"] / times["fresh_wall"],
        "single_ratio": times["fresh_cpu"] / times["single_cpu"],
    }
    if "peer_wall" in times:
        by_name["peer_ratio"] = times["same_wall"] / times["peer_wall"]
        by_name["peer_cpu_ratio"] = times["same_cpu"] / times["peer_cpu"]
    return by_name


def peer_plan() -> str:
    """The plan of the demo without what the analysis in R does not do, as YAML."""
    plan = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    for path in BEYOND_PEER:
        *sections, key = path.split(".")
        section = plan
        for name in sections:
            section = section[name]
        del section[key]
    plan["analysis"]["id"] = "demo-peer"
    shells = [{"output": name} for name in OF_PEER]
    plan["outputs"] = {"patient_profiles": 0, "shells": shells}
    return yaml.safe_dump(plan, sort_keys=False)


def stage_seconds(folder: Path) -> dict[str, float]:
    """Where the time of the fresh run goes: seconds of each stage, without its imports' start."""
    logs = (folder / "results/demo-interim/logs").glob("*.seconds")
    return {f"stage_{path.stem}": float(path.read_text("utf-8")) for path in sorted(logs)}


def seconds(command: list[str], folder: Path) -> Measured:
    """Seconds of CPU and on the wall that a command takes in a folder."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    options = {"cwd": folder, "env": environment}
    return measured(lambda: succeed(command, options))


def succeed(command: list[str], options: dict[str, object]) -> None:
    """Run a command; where it fails, what it printed is shown (RuntimeError)."""
    done = subprocess.run(command, **options, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")


def measured(task: Callable[[], object]) -> Measured:
    """Seconds of CPU, and on the wall, that a task takes in the processes that it starts."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    task()
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - begun
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall
