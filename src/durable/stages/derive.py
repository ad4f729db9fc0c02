"""Stage ``derive``: from the checked tables to the analysis datasets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from durable.plan import Plan
from durable.processes import done_beside

if TYPE_CHECKING:
    import pandas as pd


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
    from durable.derive import datasets, eligibility
    from durable.intake import cutoff

    cutoff.run(plan, folder)
    evaluated = eligibility.read_evaluated(plan, folder)
    if not (plan.sensitivity and "visits" in _tables(folder)):
        _derive_primary(plan, folder, evaluated)
    else:
        task = (datasets.run_sensitivity, plan, folder, evaluated)
        with done_beside(cores, "derives the sensitivity analyses", *task):
            _derive_primary(plan, folder, evaluated)


def _derive_primary(plan: Plan, folder: Path, evaluated: pd.DataFrame | None) -> None:
    from durable.derive import (
        adae,
        datasets,
        deviations,
        eligibility,
        kinetics,
        laboratory,
        lymphodepletion,
    )

    tables = _tables(folder)
    if "visits" in tables:
        datasets.run(plan, folder, evaluated)
    else:
        datasets.run_without_assessments(plan, folder, evaluated)
    if "adverse_events" in tables:
        adae.run(plan, folder)
    if "laboratory" in tables:
        laboratory.run(plan, folder)
    if "kinetics" in tables:
        kinetics.run(plan, folder)
    if evaluated is not None:
        eligibility.run(folder, evaluated)
    if "lymphodepletion" in tables:
        lymphodepletion.run(plan, folder)
    deviations.run(plan, folder)


def _tables(folder: Path) -> set[str]:
    """Tables that the study has."""
    return set(json.loads((folder / "validated" / "sources.json").read_text("utf-8")))
