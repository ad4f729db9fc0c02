"""A visits file of a gigabyte through ``check`` and ``derive``: wall time and peak memory.

``python -m benchmarks.large_file [--size 1G] [--format csv]`` writes the file to a temporary
folder, runs each stage in a process of its own and prints what it took. Memory is the largest
resident set of the process, as the kernel counts it (``wait4``).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[1]
LIMIT_GB = 4.0
_UNITS = {"K": 10**3, "M": 10**6, "G": 10**9}
#: Records written at a time.
_PIECE = 500_000

_PLAN = """\
analysis: {{id: large, data_cutoff: 2024-06-30}}
study: {{id: large}}
inputs:
  subjects: {{path: {folder}/subjects.csv}}
  visits: {{path: {folder}/visits.{form}}}
response: {{reinfusion: {{as_new_therapy: true}}}}
schedule:
  - {{visit: D14, day: 14, window: 3}}
  - {{visit: D28, day: 28, window: 3}}
  - {{visit: M2, day: 60, window: 14}}
  - {{visit: M3, day: 90, window: 14}}
  - {{visit: M6, day: 180, window: 14}}
  - {{visit: M9, day: 270, window: 14}}
  - {{visit: M12, day: 365, window: 30}}
  - {{visit: M18, day: 548, window: 30}}
  - {{visit: M24, day: 730, window: 30}}
"""
#: Runs a command; prints its wall and CPU seconds and its largest resident set in kilobytes. In a
#: process of its own, because a process begins with the resident set of the one that starts it.
_MEASURED = """\
import os, subprocess, sys, time
begun = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stdout=sys.stderr)
_, status, usage = os.wait4(process.pid, 0)
print(time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
#: Measures with their decimals and how far a value may lie from the demo's.
_JITTERED = {
    "physician_global": (1, 0.3),
    "parent_global": (1, 0.3),
    "chq_phs": (1, 2.0),
    "aldolase": (1, 0.5),
    "ck": (0, 9.0),
    "ast": (0, 5.0),
    "alt": (0, 5.0),
    "ldh": (0, 9.0),
}


def main() -> int:
    """Measure and print; the status is 1 where a stage takes more memory than `LIMIT_GB`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1G", help="size of the CSV file: 60M, 1G")
    parser.add_argument("--format", default="csv", choices=["csv", "parquet"])
    options = parser.parse_args()
    size = int(float(options.size[:-1]) * _UNITS[options.size[-1].upper()])
    figures = measure(size, options.format)
    print(f"{figures['records']} records, {figures['bytes'] / 1e6:.0f} MB {options.format}")
    for stage in ("check", "derive"):
        wall, cpu, peak = (figures[f"{stage}_{name}"] for name in Cost._fields)
        print(f"{stage:6} {wall:6.1f} s wall {cpu:6.1f} s CPU {peak:5.2f} GB (limit {LIMIT_GB:g})")
    return int(max(figures["check_peak_gb"], figures["derive_peak_gb"]) > LIMIT_GB)


def measure(size: int, form: str = "csv") -> dict[str, Any]:
    """Time and memory of both stages on a visits file that is `size` bytes as CSV.

    ``records`` and ``bytes`` are of the file; ``check_seconds``, ``check_cpu_seconds`` and
    ``check_peak_gb`` are the `Cost` of ``check``, and so on.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        records = write_study(folder, subjects_of(size, folder), form)
        figures: dict[str, Any] = {
            "records": records,
            "bytes": (folder / f"visits.{form}").stat().st_size,
        }
        for stage in ("check", "derive"):
            cost = run(stage, folder)._asdict()
            figures |= {f"{stage}_{name}": value for name, value in cost.items()}
        return figures


def subjects_of(size: int, folder: Path) -> int:
    """How many subjects, at least one, have visits of `size` bytes as CSV, by a sample."""
    sample = 1200
    write_study(folder, sample)
    return max(size * sample // (folder / "visits.csv").stat().st_size, 1)


class Cost(NamedTuple):
    """What a stage takes in a process of its own: wall and CPU time, and peak memory."""

    seconds: float
    cpu_seconds: float
    peak_gb: float


def run(stage: str, folder: Path) -> Cost:
    """Run a stage on the study in a folder; what it takes."""
    options = ["--config", str(folder / "plan.yaml"), "--results", str(folder / "results")]
    command = [
        sys.executable,
        "-c",
        _MEASURED,
        sys.executable,
        "-m",
        "durable",
        "stage",
        stage,
        *options,
    ]
    printed = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    seconds, cpu, kilobytes = map(float, printed.split())
    return Cost(seconds, cpu, kilobytes * 1024 / 1e9)


def write_study(folder: Path, subjects: int, form: str = "csv", seed: int = 1) -> int:
    """Write a plan and a study of demo subjects over and over; the number of its visits.

    Every copy has an identifier of its own, and measures that differ a little from the demo's.
    """
    demo = ROOT / "data" / "demo"
    people = pd.read_csv(demo / "subjects.csv", dtype={"dose_level": str})
    visits = pd.read_csv(demo / "visits.csv")
    generator = np.random.default_rng(seed)
    (folder / "plan.yaml").write_text(_PLAN.format(folder=folder, form=form))
    copies = -(-subjects // len(people))
    _copied(people, range(copies)).head(subjects).to_csv(folder / "subjects.csv", index=False)
    at_once = max(_PIECE // len(visits), 1)
    records = 0
    writer: Any = None
    path = folder / f"visits.{form}"
    for start in range(0, copies, at_once):
        piece = _copied(visits, range(start, min(start + at_once, copies)))
        piece = piece.loc[piece["subject_id"] <= _identifier(subjects - 1)]
        piece = _jittered(piece, generator)
        table = pa.Table.from_pandas(piece, preserve_index=False)
        writer = writer or _writer(path, table.schema)
        writer.write_table(table)
        records += len(piece)
    writer.close()
    return records


def _identifier(number: int) -> str:
    return f"R-{number:07}"


def _copied(frame: pd.DataFrame, copies: range) -> pd.DataFrame:
    """Rows of the demo once for each copy; subject k of copy c is number 12 c + k."""
    names = sorted(frame["subject_id"].unique())
    position = frame["subject_id"].map({name: k for k, name in enumerate(names)}).to_numpy()
    numbers = (np.array(copies)[:, None] * len(names) + position).ravel()
    everyone = pd.Series([_identifier(n) for n in range(numbers.min(), numbers.max() + 1)])
    rows = np.tile(np.arange(len(frame)), len(copies))
    copied = frame.take(rows).reset_index(drop=True)
    return copied.assign(subject_id=everyone.take(numbers - numbers.min()).to_numpy())


def _jittered(visits: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    # A row's numbers are drawn together: the start of a study is the same however long it is.
    drawn = generator.uniform(-1, 1, (len(visits), len(_JITTERED)))
    changed = {}
    for column, (name, (decimals, far)) in enumerate(_JITTERED.items()):
        value = visits[name] + far * drawn[:, column]
        low, high = visits[name].min(), visits[name].max()
        changed[name] = value.clip(low, high).round(decimals)
    return visits.assign(**changed)


def _writer(path: Path, schema: pa.Schema) -> Any:
    if path.suffix == ".parquet":
        return pq.ParquetWriter(path, schema)
    plain = pacsv.WriteOptions(quoting_style="none", quoting_header="none")
    return pacsv.CSVWriter(path, schema, write_options=plain)


if __name__ == "__main__":
    sys.exit(main())
