"""Stage ``simulate``: one chunk of the virtual trials.

Work is divided into blocks of trials; of K chunks, chunk i takes the blocks i, i + K, i + 2K and so
on. Blocks do not depend on chunks, so the rows of all chunks together are the same whatever their
number.
"""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd

from durable.errors import UserError
from durable.files import write_parquet
from durable.plan import Plan
from durable.simulate.estimates import (
    COLUMNS,
    Definition,
    Derivation,
    as_frame,
    definitions,
    estimates,
)
from durable.simulate.profiles import Profile, profiles
from durable.simulate.schedule import schedule_of
from durable.simulate.virtual import BLOCK, drawn, virtual_trials

#: Assessments that are derived together: enough to be fast, in less than 400 MB of memory.
_ASSESSMENTS = 50000


def run(plan: Plan, folder: Path, chunk: int) -> None:
    """Simulate the trials of one chunk; write their estimates (`rows`), ``chunks/CHUNK.parquet``.

    Parameters
    ----------
    plan
        With a section ``simulation``.
    folder
        Folder of the simulation.
    chunk
        From 0, less than ``simulation.chunks``.

    Raises
    ------
    UserError
        As `rows`.
    """
    write_parquet(folder / "chunks" / f"{chunk}.parquet", rows(plan, chunk))


def rows(plan: Plan, chunk: int) -> pd.DataFrame:
    """Estimates of the trials of one chunk: one row per scenario, definition, trial and estimate.

    Raises
    ------
    UserError
        For a chunk that the plan does not have, and where no virtual data fit its definitions.
    """
    simulation = plan.require_simulation()
    if not 0 <= chunk < simulation.chunks:
        raise UserError(f"--chunk {chunk}: expected 0 to {simulation.chunks - 1}")
    units = [
        (name, block)
        for name in sorted(simulation.scenarios)
        for block in range(-(-simulation.trials // BLOCK))
    ]
    mine = units[chunk :: simulation.chunks]
    found = definitions(plan)
    profile = profiles(plan.response, [definition.response for definition in found[1:]])
    frames = []
    for number, (name, block) in enumerate(mine, start=1):
        begun = time.monotonic()
        frames += _block(plan, found, profile, name, block)
        seconds = time.monotonic() - begun
        print(f"block {number} of {len(mine)}: {name}, {seconds:.1f} s", flush=True)
    return _sorted(frames)


def _block(
    plan: Plan, found: list[Definition], profile: Profile, name: str, block: int
) -> list[pd.DataFrame]:
    """Estimates of a block, derived in pieces that bound the memory."""
    simulation, month = plan.require_simulation(), plan.statistics.days_per_month
    scenario = simulation.scenarios[name]
    schedule = schedule_of(scenario, plan.schedule, month)
    draws = drawn(name, scenario.subjects, len(schedule), simulation.seed, block)
    first = block * BLOCK
    trials = min(BLOCK, simulation.trials - first)
    piece = max(1, _ASSESSMENTS // (scenario.subjects * (len(schedule) + 1)))
    frames = []
    for start in range(0, trials, piece):
        some = draws.of(start, min(start + piece, trials))
        tables = virtual_trials(some, scenario, schedule, profile, month)
        derivation = Derivation(tables, schedule)
        frames += [
            as_frame(name, rule.name, first + start, list(estimates(derivation, rule)))
            for rule in found
        ]
    return frames


def _sorted(frames: list[pd.DataFrame]) -> pd.DataFrame:
    if not frames:
        kinds = dict.fromkeys(("TRIAL", "N", "X"), "int64")
        kinds |= dict.fromkeys(("VALUE", "LOWER", "UPPER"), "float64")
        return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, object)) for name in COLUMNS})
    order = ["SCENARIO", "DEFN", "TRIAL", "ESTIMATE", "METHOD"]
    return pd.concat(frames).sort_values(order, ignore_index=True)
