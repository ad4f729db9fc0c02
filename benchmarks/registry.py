"""A pooled registry of any size, made from a seed; and what its analysis costs.

`python -m benchmarks.registry 1000 10000 100000` measures these numbers of subjects and keeps the
figures in results/registry.json, beside those of other numbers: the page of `make bench` shows all.
`make bench` measures up to 100,000 itself. A million takes about a quarter of an hour, 7 GB of
memory and 2 GB of the folder for temporary files: `python -m benchmarks.registry 1000000`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml

from durable.contracts.tables import NATIVE_COLUMNS

Floats = npt.NDArray[np.float64]

SEED = 6569472
CUTOFF = "2026-03-31"
#: Target days of the assessments, the unscheduled one last: on average 11 of them take place.
VISITS = {
    "SCREENING": -30,
    "BASELINE": -6,
    "D28": 28,
    "M2": 60,
    "M3": 90,
    "M6": 180,
    "M9": 270,
    "M12": 365,
    "M18": 548,
    "M24": 730,
    "M30": 910,
    "UNS": 120,
}
#: The eight measures: value of active and of quiet disease, decimals. CK has its limit beside it.
MEASURES = {
    "physician_global": (6.0, 0.2, 1),
    "parent_global": (6.0, 0.3, 1),
    "cmas": (28.0, 50.0, 0),
    "mmt8": (58.0, 79.0, 0),
    "chaq": (1.6, 0.1, 3),
    "chq_phs": (25.0, 50.0, 1),
    "das": (13.0, 1.0, 0),
    "ck": (2000.0, 100.0, 0),
}
_LIMITS = {
    "physician_global": (0, 10),
    "parent_global": (0, 10),
    "cmas": (0, 52),
    "mmt8": (0, 80),
    "chaq": (0, 3),
    "chq_phs": (0, 100),
    "das": (0, 20),
    "ck": (20, 40000),
}
MISSED, NOT_MEASURED = 0.04, 0.02


def tables(subjects: int, seed: int = SEED) -> dict[str, pd.DataFrame]:
    """Input tables by name: subjects, visits (about eleven each, sorted by date) and therapies."""
    random = np.random.default_rng(seed)
    people = _people(subjects, random)
    visits = _visits(people, random)
    last = visits.groupby("subject_id")["visit_date"].max()
    people["last_contact_date"] = people["subject_id"].map(last)
    for date in ("death_date", "withdrawal_date", "infusion_date"):
        people["last_contact_date"] = people[["last_contact_date", date]].max(axis=1)
    therapies = _therapies(people, random)
    frames = {"subjects": people, "visits": visits, "therapies": therapies}
    return {name: _native(name, frame) for name, frame in frames.items()}


def _native(name: str, table: pd.DataFrame) -> pd.DataFrame:
    columns = [c for c in NATIVE_COLUMNS[name] if c in table or not c.startswith("jdmai")]
    return table.reindex(columns=columns)


def _people(subjects: int, random: np.random.Generator) -> pd.DataFrame:
    infusion = pd.Timestamp("2019-01-01") + _days(random.integers(0, 1500, subjects))
    # Follow-up ends with a death, a withdrawal or the cut-off.
    ends = random.exponential(4000, subjects).astype(int) + 30
    died = random.random(subjects) < 0.3
    date = pd.Series(infusion + _days(ends)).where(ends < 1100)
    level = random.integers(0, 3, subjects)
    return pd.DataFrame(
        {
            "subject_id": _labels("R", subjects),
            "part": np.array(["A", "B"], dtype=object)[(level == 2).astype(int)],
            "dose_level": np.array(["1e7", "3e7", "1e8"], dtype=object)[level],
            "sex": np.array(["F", "M"], dtype=object)[random.integers(0, 2, subjects)],
            "age_years": random.integers(3, 18, subjects).astype(float),
            "consent_date": infusion - _days(random.integers(40, 60, subjects)),
            "lymphodepletion_date": infusion - _days(np.full(subjects, 5)),
            "infusion_date": infusion,
            "cells_per_kg": np.array([1e7, 3e7, 1e8])[level],
            "death_date": date.where(died),
            "withdrawal_date": date.where(~died),
            "withdrawal_reason": np.where(~died & date.notna(), "lost to follow-up", None),
        }
    )


def _visits(people: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    n, visits = len(people), len(VISITS)
    target = np.array(list(VISITS.values()))
    day = target + np.where(target > 0, random.integers(-10, 11, (n, visits)), 0)
    end = people["death_date"].fillna(people["withdrawal_date"])
    until = (end - people["infusion_date"]).dt.days.fillna(10**4).to_numpy()
    missed = (random.random((n, visits)) < MISSED) & (target > 0)
    row, column = np.nonzero((day < until[:, None]) & ~missed)
    quiet = _course(day, random)[row, column]
    table = {
        "subject_id": people["subject_id"].to_numpy()[row],
        "visit": np.array(list(VISITS), dtype=object)[column],
        "visit_date": people["infusion_date"].to_numpy()[row] + _days(day[row, column]),
        **_measured(quiet, random),
    }
    frame = pd.DataFrame(table)
    return frame.sort_values(["visit_date", "subject_id"], kind="stable", ignore_index=True)


def _course(day: npt.NDArray[np.int64], random: np.random.Generator) -> Floats:
    """How quiet the disease is, 0 to 1, at each day: most respond, some relapse."""
    n = len(day)
    depth = np.where(random.random(n) < 0.75, 1.0, random.uniform(0, 0.6, n))[:, None]
    onset = random.uniform(15, 150, n)[:, None]
    relapse = (random.exponential(900, n) + 60)[:, None]
    return depth * np.clip(day / onset, 0, 1) * np.clip(1 - (day - relapse) / 60, 0, 1)


def _measured(quiet: Floats, random: np.random.Generator) -> dict[str, Floats]:
    values = {}
    for name, (active, best, decimals) in MEASURES.items():
        low, high = _LIMITS[name]
        noise = random.normal(0, 0.03, len(quiet)) * abs(active - best)
        value = np.clip(active + (best - active) * quiet + noise, low, high)
        values[name] = np.where(
            random.random(len(quiet)) < NOT_MEASURED, np.nan, np.round(value, decimals)
        )
    values["ck_uln"] = np.full(len(quiet), 170.0)
    return values


def _therapies(people: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """One in ten gets a new systemic therapy."""
    chosen = people.loc[random.random(len(people)) < 0.1]
    start = chosen["infusion_date"] + _days(random.integers(30, 900, len(chosen)))
    kept = start <= chosen["last_contact_date"]
    return pd.DataFrame(
        {
            "subject_id": chosen["subject_id"],
            "therapy": "tofacitinib",
            "start_date": start,
            "end_date": pd.Series(pd.NaT, index=start.index, dtype="datetime64[ns]"),
            "new_systemic": "Y",
            "reason": "juvenile dermatomyositis",
        }
    ).loc[kept]


def _days(days: Any) -> Any:
    return pd.to_timedelta(np.asarray(days), unit="D").as_unit("ns").to_numpy()


def _labels(letter: str, count: int) -> npt.NDArray[np.object_]:
    return np.array([f"{letter}{i:07d}" for i in range(1, count + 1)], dtype=object)


#: Stages of an analysis without adverse events, kinetics and sensitivity, in their order.
STAGES = ("check", "derive", "analyse")
#: Seconds between two looks at the memory of the forks of a stage.
_BETWEEN = 0.1
#: Figures by number of subjects.
KEPT = Path(__file__).parent / "results" / "registry.json"


def write(folder: Path, subjects: int, seed: int = SEED) -> Path:
    """Write the tables as Parquet and a plan for them; the path of the plan."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = tables(subjects, seed)
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    inputs = {name: {"path": str(folder / f"{name}.parquet")} for name in frames}
    plan = {
        "analysis": {"id": "registry", "data_cutoff": dt.date.fromisoformat(CUTOFF)},
        "study": {"id": "registry"},
        "inputs": inputs,
        "groups": ["dose_level"],
    }
    path = folder / "registry.yaml"
    path.write_text(yaml.safe_dump(plan))
    return path


def measure(subjects: int, stages: tuple[str, ...] = STAGES) -> dict[str, float]:
    """What reading and sorting costs with pandas (``read_sort``), and each stage of the analysis.

    Each runs in a process of its own. Seconds (``check_wall``, ``check_cpu``) are of the work,
    without the start of the interpreter and the imports; ``check_memory`` is the peak in bytes of
    the process and its forks. ``frame`` is the size in bytes of the visits as pandas holds them,
    ``assessments`` their number, ``subjects`` that of the subjects.
    """
    costs: dict[str, float] = {"subjects": subjects}
    with tempfile.TemporaryDirectory() as name:
        plan = write(Path(name), subjects)
        costs |= _child(_READ_AND_SORT, "read_sort", str(plan.parent / "visits.parquet"))
        for stage in stages:
            costs |= _child(_STAGE, stage, stage, str(plan), str(plan.parent / "results"))
    return costs


_TIMED = """
import json, os, sys, time
def spent():
    return sum(os.times()[:4])  # of this process and its forks
wall, cpu = time.perf_counter(), spent()
found = work()
aside = found.pop("aside", (0, 0))  # what is not to be counted of it
found |= {"wall": time.perf_counter() - wall - aside[0], "cpu": spent() - cpu - aside[1]}
print(json.dumps(found))
"""
_READ_AND_SORT = """
import sys
import pandas as pd
import pyarrow.parquet
def work():
    frame = pd.read_parquet(sys.argv[1])
    frame.sort_values(["subject_id", "visit_date"])
    return {"rows": len(frame), "bytes": int(frame.memory_usage(deep=True).sum())}
"""
_STAGE = """
import importlib, os, sys
from pathlib import Path
from durable.plan import load
from durable.stage import STAGES
import lifelines, pandas, pandera.pandas, pyarrow.dataset, pyarrow.parquet, scipy.stats
pandera.pandas.DataFrameSchema({}).validate(pandas.DataFrame())  # imports the rest of it
stage, path, folder = sys.argv[1:]
plan = load(Path(path))
module = importlib.import_module(STAGES[stage].module)
cores = {} if stage == "check" else {"cores": 2}  # as the rules of the workflow give them
def work():
    module.run(plan.restrict_to(STAGES[stage].sections), Path(folder), **cores)
    return {}
"""


def _child(program: str, name: str, *arguments: str) -> dict[str, float]:
    command = [sys.executable, "-c", program + _TIMED, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        peak = [0]
        watching = threading.Thread(target=_watch, args=(process.pid, peak), daemon=True)
        watching.start()
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name}: exit status {process.returncode}")
    printed = json.loads(text.splitlines()[-1])
    costs = {f"{name}_{what}": printed[what] for what in ("wall", "cpu")}
    costs[f"{name}_memory"] = max(usage.ru_maxrss * 1024, *peak)
    if "rows" in printed:
        costs |= {"assessments": printed["rows"], "frame": printed["bytes"]}
    return costs


def _watch(process: int, peak: list[int]) -> None:
    """Keep the most memory of a process and its forks together: what they share counts once."""
    with contextlib.suppress(OSError):  # the process has ended
        while True:
            forks = Path(f"/proc/{process}/task/{process}/children").read_text().split()
            if forks:
                peak[0] = max(peak[0], sum(map(_own, [str(process), *forks])))
            time.sleep(_BETWEEN)


def _own(process: str) -> int:
    """Memory of a process in bytes, of what it shares its part; 0 where it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def ratios(costs: dict[str, float]) -> dict[str, float]:
    """Time of all stages together (``wall``, ``cpu``) over that of reading and sorting.

    ``memory`` is the peak of any stage over the size of the frame, ``peak_gb`` that peak in GB.

    Parameters
    ----------
    costs
        As of `measure`.
    """
    stages = [stage for stage in STAGES if f"{stage}_wall" in costs]
    return {
        "wall": sum(costs[f"{stage}_wall"] for stage in stages) / costs["read_sort_wall"],
        "cpu": sum(costs[f"{stage}_cpu"] for stage in stages) / costs["read_sort_cpu"],
        "memory": max(costs[f"{stage}_memory"] for stage in stages) / costs["frame"],
        "peak_gb": max(costs[f"{stage}_memory"] for stage in stages) / 1e9,
    }


def exponent(sizes: list[dict[str, float]], what: str) -> float:
    """Exponent of the growth of a cost: slope of its logarithm over that of the assessments.

    Parameters
    ----------
    sizes
        Costs as of `measure`, of two sizes or more.
    what
        Key of the cost: ``check_cpu``.
    """
    assessments, cost = (np.log([costs[key] for costs in sizes]) for key in ("assessments", what))
    return float(np.polyfit(assessments, cost, 1)[0])


def keep(costs: dict[str, float]) -> None:
    """Write the costs of one size into results/registry.json, beside those of the others."""
    kept = {int(size): values for size, values in _kept().items()}
    kept[int(costs["subjects"])] = costs
    ordered = {str(size): kept[size] for size in sorted(kept)}
    KEPT.write_text(json.dumps(ordered, indent=1, sort_keys=False) + "\n")


def _kept() -> dict[str, dict[str, float]]:
    kept: dict[str, dict[str, float]] = json.loads(KEPT.read_text()) if KEPT.is_file() else {}
    return kept


def growth() -> list[str]:
    """Cost of each stage by the number of subjects, as lines of Markdown, of the sizes kept.

    The exponent of time is that of CPU from 10,000 subjects on: below, a stage spends most on what
    does not depend on their number, and the exponent over all sizes says little.
    """
    kept = [costs for costs in _kept().values() if "analyse_cpu" in costs]
    if not kept:
        return ["Not measured.", ""]
    for costs in kept:
        costs |= {"all_cpu": sum(costs[f"{stage}_cpu"] for stage in STAGES)}
        costs |= {"all_memory": max(costs[f"{stage}_memory"] for stage in STAGES)}
    large = [costs for costs in kept if costs["subjects"] >= 10_000]
    sizes = [f"{costs['subjects']:,.0f}" for costs in kept]
    lines = [
        "CPU seconds and, in brackets, peak memory in MB. The exponents are of CPU time over the",
        "number of assessments: from 10,000 subjects on, and over all sizes. A process is told a",
        "peak no lower than that of the one which started it: peaks that repeat are this bound.",
        "",
        f"| subjects | {' | '.join(sizes)} | exponent | of all |",
        f"|---|{'---|' * (len(sizes) + 2)}",
    ]
    for name in ("read_sort", *STAGES, "all"):
        cells = [f"{f[f'{name}_cpu']:.3g} ({f[f'{name}_memory'] / 1e6:,.0f})" for f in kept]
        slopes = [
            f"{exponent(some, f'{name}_cpu'):.2f}" if len(some) > 1 else ""
            for some in (large, kept)
        ]
        label = {"read_sort": "pandas reads and sorts", "all": "all stages"}.get(name, name)
        lines.append(f"| {label} | {' | '.join([*cells, *slopes])} |")
    rows: dict[str, Any] = {
        "frame, MB": lambda costs: f"{costs['frame'] / 1e6:,.0f}",
        "assessments": lambda costs: f"{costs['assessments']:,.0f}",
        "wall, all stages / reading and sorting": lambda costs: f"{ratios(costs)['wall']:.3g}",
        "peak memory / frame": lambda costs: f"{ratios(costs)['memory']:.3g}",
    }
    lines += [f"| {what} | {' | '.join(map(cell, kept))} | | |" for what, cell in rows.items()]
    return [*lines, ""]


if __name__ == "__main__":
    for size in [int(text) for text in sys.argv[1:]] or [1_000, 10_000, 100_000]:
        measured = measure(size)
        keep(measured)
        for key, value in (
            measured | {f"ratio_{k}": v for k, v in ratios(measured).items()}
        ).items():
            print(f"{key:24} {value:,.3f}")
