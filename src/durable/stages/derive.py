"""Stage ``derive``: from the checked tables to the analysis datasets."""

from __future__ import annotations

import json
from pathlib import Path

from durable.plan import Plan
from durable.processes import can_fork, forked_pool


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Read ``queries.csv`` and ``checked/``; write ``validated/`` and ``adam/``.

    Parameters
    ----------
    cores
        With two or more, the sensitivity analyses are derived beside the primary one: a tenth of
        the time of a small study's run (benchmarks/results.md).

    Raises
    ------
    DataError
        Where the listing has errors; nothing is written then.
    """
    from durable.derive import datasets
    from durable.intake import cutoff

    cutoff.run(plan, folder)
    if not (plan.sensitivity and "visits" in _tables(folder)):
        _derive_primary(plan, folder)
    elif not can_fork(cores):
        _derive_primary(plan, folder)
        datasets.run_sensitivity(plan, folder)
    else:
        with forked_pool(1, "derives the sensitivity analyses") as pool:
            sensitivity = pool.submit(datasets.run_sensitivity, plan, folder)
            _derive_primary(plan, folder)
            sensitivity.result()


def _derive_primary(plan: Plan, folder: Path) -> None:
    from durable.derive import adae, datasets, deviations, eligibility, kinetics, laboratory

    tables = _tables(folder)
    if "visits" in tables:
        datasets.run(plan, folder)
    else:
        datasets.run_without_assessments(plan, folder)
    if "adverse_events" in tables:
        adae.run(plan, folder)
    if "laboratory" in tables:
        laboratory.run(plan, folder)
    if "kinetics" in tables:
        kinetics.run(plan, folder)
    eligibility.run(plan, folder)
    deviations.run(plan, folder)


def _tables(folder: Path) -> set[str]:
    """Tables that the study has."""
    return set(json.loads((folder / "validated" / "sources.json").read_text("utf-8")))
