"""Stage ``results``: the analysis results dataset, one file over all analyses."""

from __future__ import annotations

from pathlib import Path

from durable.contracts.results import read_csv, to_csv
from durable.files import write_text
from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:  # noqa: ARG001  (every stage is called alike)
    """Read ``ard/*.csv`` in the order of their names, write ``ard.csv``."""
    parts = sorted((folder / "ard").glob("*.csv"))
    rows = (row for part in parts for row in read_csv(part))
    write_text(folder / "ard.csv", to_csv(rows))
