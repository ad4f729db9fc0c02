"""A trial of hundreds or thousands of subjects with every table, analysis and delivery.

The subjects are copies of those of the demo study, each with its own scatter: 5,000 have 44,000
assessments, 20,000 adverse events and 73,000 samples.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pandas as pd
import yaml
from benchmarks.everyday import ROOT, seconds

from data.demo.write_demo import write_demo

SEED = 6569472
SUBJECTS_OF_DEMO = 12
#: Stages in their order; of the deliveries ``export`` writes the datasets only.
STAGES = ("check", "derive", "analyse", "figures", "display", "export")


def write(folder: Path, subjects: int) -> Path:
    """Write the tables of so many subjects, and a plan for them; the path of the plan."""
    tables: dict[str, list[pd.DataFrame]] = {}
    with tempfile.TemporaryDirectory() as copy:
        for number in range(-(-subjects // SUBJECTS_OF_DEMO)):
            write_demo(Path(copy), SEED + number)
            for path in Path(copy).glob("*.csv"):
                table = pd.read_csv(path, dtype=str, keep_default_na=False)
                subject = table["subject_id"].str[3:].astype(int) + SUBJECTS_OF_DEMO * number
                table["subject_id"] = [f"S-{i:06d}" for i in subject]
                tables.setdefault(path.stem, []).append(table.loc[subject <= subjects])
    plan = yaml.safe_load((ROOT / "config" / "final.yaml").read_text(encoding="utf-8"))
    plan["analysis"]["id"] = "load"
    for name, parts in tables.items():
        pd.concat(parts).to_csv(folder / f"{name}.csv", index=False)
        plan["inputs"][name]["path"] = f"{name}.csv"
    plan["outputs"] = {"datasets": ["xpt", "dataset-json", "define", "ars"]}
    path = folder / "load.yaml"
    path.write_text(yaml.safe_dump(plan, sort_keys=False), encoding="utf-8")
    return path


def measure(*sizes: int) -> dict[str, float]:
    """Seconds of each stage by number of subjects; ``export`` writes the datasets for submission.

    ``check_500_cpu`` and ``check_500_wall`` are those of ``check`` with 500 subjects.
    ``export_growth`` is the time of the largest over that of the next by the subjects of both: 1
    where time is linear.

    Parameters
    ----------
    sizes
        Numbers of subjects, at least two, ascending.
    """
    times: dict[str, float] = {}
    for subjects in sizes:
        with tempfile.TemporaryDirectory() as name:
            plan = write(Path(name), subjects)
            command = [sys.executable, "-m", "durable", "stage"]
            for stage in STAGES:
                cpu, wall = seconds([*command, stage, "--config", plan.name], Path(name))
                times |= {f"{stage}_{subjects}_cpu": cpu, f"{stage}_{subjects}_wall": wall}
    smaller, larger = sizes[-2:]
    growth = times[f"export_{larger}_cpu"] / times[f"export_{smaller}_cpu"]
    return times | {"export_growth": growth * smaller / larger}
