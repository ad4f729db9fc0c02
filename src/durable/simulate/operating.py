"""Operating characteristics: what the design shows over the virtual trials (docs/simulation.md)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from itertools import product
from math import nan
from pathlib import Path

from durable.files import write_csv
from durable.plan import Plan
from durable.simulate.characteristics import operating_frame
from durable.simulate.checks import decisions_frame, theory_frame
from durable.simulate.comparisons import (
    coverage_points,
    definition_points,
    spacing_frame,
    spacing_points,
)
from durable.simulate.tally import PRIMARY, Key, Tally, Truth, refuse_incomplete, tally_chunks


def write_operating(plan: Plan, folder: Path) -> None:
    """Read the chunk files and ``truth.csv``; write what they amount to."""
    simulation = plan.require_simulation()
    truth, order = read_truth(folder / "truth.csv")
    files = [folder / "chunks" / f"{chunk}.parquet" for chunk in range(simulation.chunks)]
    tallies = in_order(tally_chunks(files, truth), plan, order)
    definitions = (PRIMARY, *plan.simulated)
    refuse_incomplete(tallies, simulation.trials, product(simulation.scenarios, definitions))
    operating = operating_frame(tallies, truth)
    write_csv(folder / "operating.csv", operating)
    write_csv(folder / "decisions.csv", decisions_frame(tallies, plan))
    known = theory_frame(tallies, plan)
    write_csv(folder / "theory.csv", known)
    write_csv(folder / "spacing.csv", spacing_frame(simulation))
    write_csv(
        folder / "figures" / "f_coverage.csv", coverage_points(known, plan.statistics.conf_level)
    )
    write_csv(folder / "figures" / "f_spacing.csv", spacing_points(operating, plan))
    write_csv(folder / "figures" / "f_definitions.csv", definition_points(operating, plan))


def read_truth(path: Path) -> tuple[Truth, list[str]]:
    """True values by scenario and estimate, and the estimates in their order."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    truth = {(row["SCENARIO"], row["ESTIMATE"]): float(row["TRUE"] or nan) for row in rows}
    return truth, list(dict.fromkeys(row["ESTIMATE"] for row in rows))


def in_order(tallies: Mapping[Key, Tally], plan: Plan, estimates: list[str]) -> dict[Key, Tally]:
    """Tallies in the order of the plan: scenarios, definitions, estimates."""
    places = [
        {name: place for place, name in enumerate(names)}
        for names in (plan.require_simulation().scenarios, (PRIMARY, *plan.simulated), estimates)
    ]

    def place(key: Key) -> tuple[int | str, ...]:
        known = (at.get(name, len(at)) for at, name in zip(places, key[:3], strict=True))
        return (*known, *key)

    return {key: tallies[key] for key in sorted(tallies, key=place)}
