"""Stage ``simulate``: one chunk of the virtual trials.

Work is divided into blocks of trials; of K chunks, chunk i takes the blocks i, i + K, i + 2K and so
on. Blocks do not depend on chunks, so the rows of all chunks together are the same whatever their
number.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd

from durable.derive.datasets import Derivation
from durable.derive.durations import DOR
from durable.derive.trial import Trial, ValidatedTables
from durable.errors import UserError
from durable.plan import Plan
from durable.simulate.design import Design
from durable.simulate.estimates import (
    Definition,
    definitions,
    estimates,
    estimates_frame,
    group_by_remission,
    no_estimates,
)
from durable.simulate.profiles import profiles
from durable.simulate.virtual import BLOCK, CUTOFF, Ints, draws_of_trials, virtual_trials

#: Assessments that are derived together. A derivation takes 0.1 s however few they are: with 50,000
#: a chunk takes half as long again.
_ASSESSMENTS = 200_000


def chunk_estimates(plan: Plan, chunk: int) -> pd.DataFrame:
    """Estimates of the trials of one chunk: one row per scenario, definition, trial and estimate.

    The columns are those of `estimates_frame`; a chunk without trials has no rows. Each piece of
    the work is reported on the terminal.

    Parameters
    ----------
    plan
        With a section ``simulation``.
    chunk
        From 0, less than ``simulation.chunks``.

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
    for number, (design, trials) in enumerate(pieces, start=1):
        start = time.monotonic()
        tables = virtual_trials(design, draws_of_trials(design, simulation.seed, trials), profile)
        for definition, frame in _frames(design, tables, trials, analyses):
            frames.setdefault((design.name, definition), []).append(frame)
        size, seconds = f"{len(trials):,} trials", time.monotonic() - start
        print(
            f"piece {number} of {len(pieces)}: {design.name}, {size}, {seconds:.1f} s", flush=True
        )
    if not frames:
        return no_estimates()
    return pd.concat([part for key in sorted(frames) for part in frames[key]], ignore_index=True)


def _pieces(plan: Plan, chunk: int) -> Iterator[tuple[Design, Ints]]:
    """Trials of a chunk that are derived together, by their numbers, in the order of the file."""
    simulation = plan.require_simulation()
    blocks = range(-(-simulation.trials // BLOCK))
    all_units = itertools.product(sorted(simulation.scenarios), blocks)
    units = itertools.islice(all_units, chunk, None, simulation.chunks)
    for name, units_of_scenario in itertools.groupby(units, key=lambda unit: unit[0]):
        design = Design.of_plan(plan, name)
        trials = np.concatenate([b * BLOCK + np.arange(BLOCK) for _, b in units_of_scenario])
        trials = trials[trials < simulation.trials]
        of_trial = design.scenario.subjects * (len(design.schedule) + 1)
        most = max(1, _ASSESSMENTS // of_trial)
        for piece in np.array_split(trials, -(-len(trials) // most)):
            yield design, piece


def _frames(
    design: Design, tables: ValidatedTables, trials: Ints, analyses: list[Definition]
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and estimates of each definition, those alike up to remission one after another."""
    for group in group_by_remission(analyses):
        derivation = Derivation(Trial("", CUTOFF, design.schedule), tables, endpoints=(DOR,))
        for definition in group:
            per_trial = estimates(derivation, definition, len(trials), design.scenario.subjects)
            yield definition.name, estimates_frame(design.name, definition.name, trials, per_trial)
