"""Stage ``simulate``: one chunk of the virtual trials.

Work is divided into blocks of trials; of K chunks, chunk i takes the blocks i, i + K, i + 2K and so
on. Blocks do not depend on chunks, so the rows of all chunks together are the same whatever their
number.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from durable.errors import UserError
from durable.files import write_parquet
from durable.plan import Plan
from durable.schedule import Visit
from durable.simulate.estimates import (
    Derivation,
    as_frame,
    definitions,
    empty_frame,
    estimates,
    group_by_remission,
)
from durable.simulate.profiles import Profile, profiles
from durable.simulate.schedule import schedule_of
from durable.simulate.virtual import BLOCK, Ints, Tables, draws_of_trials, virtual_trials

#: Assessments that are derived together. A derivation takes 0.1 s however few they are: with 50,000
#: a chunk takes half as long again.
_ASSESSMENTS = 200_000


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
    analyses = definitions(plan)
    profile = profiles(plan.response, [definition.response for definition in analyses[1:]])
    pieces = list(_pieces(plan, chunk))
    frames: dict[tuple[str, str], list[pd.DataFrame]] = {}
    for number, (name, trials) in enumerate(pieces, start=1):
        begun = time.monotonic()
        tables, schedule = _virtual_trials(plan, profile, name, trials)
        for group in group_by_remission(analyses):
            derivation = Derivation(tables, schedule)
            for definition in group:
                found = list(estimates(derivation, definition))
                frame = as_frame(name, definition.name, trials, found)
                frames.setdefault((name, definition.name), []).append(frame)
        seconds = time.monotonic() - begun
        size = f"{len(trials):,} trials"
        print(f"piece {number} of {len(pieces)}: {name}, {size}, {seconds:.1f} s", flush=True)
    if not frames:
        return empty_frame()
    return pd.concat([part for key in sorted(frames) for part in frames[key]], ignore_index=True)


def _pieces(plan: Plan, chunk: int) -> Iterator[tuple[str, Ints]]:
    """Scenario and numbers of the trials of a chunk that are derived together, in their order."""
    simulation = plan.require_simulation()
    names = sorted(simulation.scenarios)
    units = itertools.product(names, range(-(-simulation.trials // BLOCK)))
    mine = itertools.islice(units, chunk, None, simulation.chunks)
    for name, blocks in itertools.groupby(mine, key=lambda unit: unit[0]):
        of_blocks = [block * BLOCK + np.arange(BLOCK) for _, block in blocks]
        trials = np.concatenate(of_blocks)
        trials = trials[trials < simulation.trials]
        scenario = simulation.scenarios[name]
        visits = len(schedule_of(scenario, plan.schedule, plan.statistics.days_per_month))
        most = max(1, _ASSESSMENTS // (scenario.subjects * (visits + 1)))
        for piece in np.array_split(trials, -(-len(trials) // most)):
            yield name, piece


def _virtual_trials(
    plan: Plan, profile: Profile, name: str, trials: Ints
) -> tuple[Tables, tuple[Visit, ...]]:
    """Some trials of a scenario, and its visits."""
    simulation, month = plan.require_simulation(), plan.statistics.days_per_month
    scenario = simulation.scenarios[name]
    schedule = schedule_of(scenario, plan.schedule, month)
    draws = draws_of_trials(name, scenario.subjects, len(schedule), simulation.seed, trials)
    return virtual_trials(draws, scenario, schedule, profile, month), schedule
