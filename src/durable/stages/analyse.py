"""Stage ``analyse``: from the analysis datasets to every number of the outputs."""

from __future__ import annotations

import json
from pathlib import Path

from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/``; write ``ard.csv`` and the points of the figures, ``figures/f_*.csv``."""
    from durable.analyse import (
        durability,
        improvement,
        kinetics,
        results,
        safety,
        sensitivity,
        subjects,
    )
    from durable.figures import point_files

    tables = json.loads((folder / "validated" / "sources.json").read_text("utf-8"))
    improvement.run(plan, folder)
    durability.run(plan, folder)
    subjects.run(plan, folder)
    safety.run(plan, folder)
    if plan.sensitivity:
        sensitivity.run(plan, folder)
    if "kinetics" in tables:
        kinetics.run(plan, folder)
    results.run(plan, folder)
    point_files.run(plan, folder)
