"""Stage ``derive``: from the checked tables to the analysis datasets."""

from __future__ import annotations

import json
from pathlib import Path

from durable.plan import Plan


def run(plan: Plan, folder: Path) -> None:
    """Read ``queries.csv`` and ``checked/``; write ``validated/`` and ``adam/``.

    Raises
    ------
    UserError
        Where the listing has errors; nothing is written then.
    """
    from durable.derive import adae, datasets, kinetics
    from durable.intake import cutoff

    cutoff.run(plan, folder)
    tables = json.loads((folder / "validated" / "sources.json").read_text("utf-8"))
    datasets.run(plan, folder)
    if plan.sensitivity:
        datasets.run_sensitivity(plan, folder)
    if "adverse_events" in tables:
        adae.run(plan, folder)
    if "kinetics" in tables:
        kinetics.run(plan, folder)
