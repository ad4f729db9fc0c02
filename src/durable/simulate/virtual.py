"""Virtual trials: what happens to each subject, and the validated tables that show it.

Times are days from the infusion. Random numbers are drawn block by block from a stream of their own
(PCG64, seeded by the seed of the plan, the name of the scenario and the number of the block), so
that a trial is the same whatever else the plan holds and however the work is spread.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.tables import INPUT_TABLES, NATIVE_COLUMNS
from durable.derive.trial import ValidatedTables
from durable.simulate.design import Design
from durable.simulate.profiles import ACTIVE, IMPROVED, RECURRED, REMISSION, Profile

#: Trials that are drawn together. Another number would be other random numbers.
BLOCK = 500
#: Data cut-off of every virtual trial: trials are laid into the calendar so that it is theirs.
CUTOFF = dt.date(2080, 1, 1)
#: Days before the infusion of what comes before it, in any order that the checks would pass.
_CONSENT, _BASELINE, _LYMPHODEPLETION = 30, 14, 5

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Draws:
    """Uniform random numbers: by subject, shape (trials, subjects); by visit, (..., visits)."""

    entry: Floats
    response: Floats
    onset: Floats
    duration: Floats
    death: Floats
    dropout: Floats
    recorded: Floats
    missed: Floats
    jitter: Floats
    false_loss: Floats


def draws_of_trials(design: Design, seed: int, trials: Ints) -> Draws:
    """The random numbers of some trials.

    Parameters
    ----------
    design
        What they are drawn from.
    seed
        Seed of the plan.
    trials
        Numbers of the trials, ascending.
    """
    block, position = np.divmod(trials, BLOCK)
    shape = (BLOCK, design.scenario.subjects, len(design.schedule))
    parts = [
        [drawn[:, position[block == number]] for drawn in _draw(design.name, seed, number, shape)]
        for number in np.unique(block).tolist()
    ]
    by_subject, by_visit = (np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True))
    return Draws(*by_subject, *by_visit)


@lru_cache(maxsize=1)  # pieces of one block follow one another
def _draw(name: str, seed: int, block: int, shape: tuple[int, int, int]) -> tuple[Floats, Floats]:
    """Uniform random numbers of a block of trials, by subject and by visit.

    Arrays of shape (7, trials, subjects) and (3, trials, subjects, visits).
    """
    digest = hashlib.sha256(name.encode()).digest()
    words = (int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:8], "big"))
    sequence = np.random.SeedSequence(entropy=seed, spawn_key=(*words, block))
    random = np.random.Generator(np.random.PCG64(sequence))
    return random.random((7, *shape[:-1])), random.random((3, *shape))


def virtual_trials(design: Design, draws: Draws, profile: Profile) -> ValidatedTables:
    """The validated tables of trials: subjects, the visits that took place, and no therapies.

    Subjects are sorted by trial, then by their number in the trial; the identifier counts them from
    0 over all trials (``00000000``).

    Parameters
    ----------
    design
        What they are drawn from.
    draws
        Their random numbers.
    profile
        Columns of the visits table in each state, as `profiles.profiles` gives them.
    """
    scenario, month = design.scenario, design.days_per_month
    day = _visit_days(design, draws)
    improved = _is_improved(design, draws)
    onset, end = _remission(design, draws, day, improved)
    death = _exponential(draws.death, scenario.deaths_per_month / month)
    dropout = _exponential(draws.dropout, scenario.dropout_per_month / month)
    death_day = np.where(death <= dropout, np.floor(death) + 1, np.inf)
    dropout_day = np.where(dropout < death, np.floor(dropout) + 1, np.inf)
    infusion = _infusion(design, draws)
    state = _states(design, draws, day, improved, onset, end)
    seen = draws.missed >= scenario.missed_visit
    seen &= (day < death_day[..., None]) & (day <= dropout_day[..., None])
    seen &= infusion[..., None] + day <= 0
    return ValidatedTables(
        _subjects(design, infusion, death_day, dropout_day),
        _visits(design, infusion, day, state, seen, profile),
        therapies=None,
    )


def _exponential(uniform: Floats, hazard: float) -> Floats:
    if hazard == 0:
        return np.full(uniform.shape, np.inf)
    return np.asarray(-np.log1p(-uniform) / hazard)


def _visit_days(design: Design, draws: Draws) -> Ints:
    """Day of each scheduled visit, shape (trials, subjects, visits)."""
    target = np.array([visit.day for visit in design.schedule])
    windows = [visit.window for visit in design.schedule]
    within = np.minimum(design.scenario.jitter_days, windows)
    moved = np.floor(draws.jitter * (2 * within + 1)).astype(np.int64) - within
    return np.asarray(np.maximum(1, target + moved))


def _is_improved(design: Design, draws: Draws) -> Bools:
    """Whether a subject is improved at each visit: as at the last one of the improvement rate."""
    rates, shift = design.scenario.improvement, np.array(design.scenario.shifts)
    improved = np.zeros((*draws.response.shape, len(design.schedule)), dtype=np.bool_)
    for j, visit in enumerate(design.schedule):
        if visit.visit in rates:
            improved[..., j] = draws.response < rates[visit.visit] + shift
        elif j:
            improved[..., j] = improved[..., j - 1]
    return improved


def _remission(design: Design, draws: Draws, day: Ints, improved: Bools) -> tuple[Floats, Floats]:
    """Days on which remission begins and ends; infinite where it never does."""
    scenario, month, of_rate = design.scenario, design.days_per_month, design.is_rate_visit
    without = np.where(~improved[..., of_rate], day[..., of_rate], 0).max(axis=-1)
    onset = _exponential(draws.onset, np.log(2) / (scenario.remission_median_months * month))
    onset = np.where(onset <= without, without + 1, onset)
    onset[draws.response >= scenario.remission_probability] = np.inf
    if scenario.dor_median_months is None:
        return onset, np.full(onset.shape, np.inf)
    scale = scenario.dor_median_months * month / np.log(2) ** (1 / scenario.dor_shape)
    return onset, onset + scale * _exponential(draws.duration, 1.0) ** (1 / scenario.dor_shape)


def _infusion(design: Design, draws: Draws) -> Ints:
    """Day of the infusion, counted from the data cut-off (not positive)."""
    scenario, month = design.scenario, design.days_per_month
    entered = np.floor(draws.entry * scenario.accrual_months * month).astype(np.int64)
    follow_up = round(scenario.follow_up_months * month)
    return np.asarray(entered - entered.max(axis=1, keepdims=True) - follow_up)


def _states(
    design: Design, draws: Draws, day: Ints, improved: Bools, onset: Floats, end: Floats
) -> npt.NDArray[np.intp]:
    """State at each visit, as a code of `profiles`."""
    has_ended = day >= end[..., None]
    state = np.where(improved & (design.is_rate_visit | ~has_ended), IMPROVED, ACTIVE)
    shown = draws.false_loss >= design.scenario.false_loss
    state[(day >= onset[..., None]) & ~has_ended & shown] = REMISSION
    recorded = draws.recorded < design.scenario.recurrence_recorded
    state[has_ended & recorded[..., None]] += RECURRED
    return state


@cache
def _names(subjects: int) -> npt.NDArray[np.object_]:
    """Subject identifiers, unique in a block and sorted."""
    return np.char.mod("%08d", np.arange(subjects)).astype(object)


def _date(day: npt.NDArray[Any]) -> npt.NDArray[np.datetime64]:
    """Calendar date of days from the data cut-off; not-a-time where infinite."""
    known = np.isfinite(day)
    dates = np.full(day.shape, np.datetime64("NaT", "D"))
    dates[known] = np.datetime64(CUTOFF, "D") + day[known].astype(np.int64)
    return dates.astype("datetime64[ns]")


def _subjects(
    design: Design, infusion: Ints, death_day: Floats, dropout_day: Floats
) -> pd.DataFrame:
    """One row per subject."""
    day = infusion.ravel()
    death, dropout = (day + days.ravel() for days in (death_day, dropout_day))
    death, dropout = (np.where(days <= 0, days, np.inf) for days in (death, dropout))
    levels = design.scenario.dose_levels or {"1": design.scenario.subjects}
    dose = np.repeat(np.array(list(levels), dtype=object), list(levels.values()))
    reason = np.array([None, "WITHDRAWAL BY SUBJECT"], dtype=object)
    columns = {
        "subject_id": _names(day.size),
        "part": "A",
        "dose_level": np.tile(dose, len(infusion)),
        "consent_date": _date(day - _CONSENT),
        "lymphodepletion_date": _date(day - _LYMPHODEPLETION),
        "infusion_date": _date(day),
        "last_contact_date": _date(np.minimum(np.minimum(death, dropout), 0)),
        "death_date": _date(death),
        "withdrawal_date": _date(dropout),
        "withdrawal_reason": reason[np.isfinite(dropout).astype(int)],
    }
    nothing = {"date": np.datetime64("NaT", "ns"), "number": np.nan}
    frame = pd.DataFrame(
        {
            column.name: columns.get(column.name, nothing.get(column.kind))
            for column in INPUT_TABLES["subjects"].columns
        }
    )
    return frame.assign(source_row=np.arange(len(frame)) + 2)


def _visits(
    design: Design,
    infusion: Ints,
    day: Ints,
    state: npt.NDArray[np.intp],
    seen: Bools,
    profile: Profile,
) -> pd.DataFrame:
    """One row per subject and visit that took place, with the baseline before infusion."""
    flat = (infusion.size, day.shape[-1])
    with_baseline = np.pad(seen.reshape(flat), ((0, 0), (1, 0)), constant_values=True)
    days = np.pad(day.reshape(flat), ((0, 0), (1, 0)), constant_values=-_BASELINE)
    codes = np.pad(state.reshape(flat), ((0, 0), (1, 0)), constant_values=ACTIVE)
    subject, visit = np.nonzero(with_baseline)
    codes = codes[with_baseline]
    labels = np.array(["BASELINE", *(visit.visit for visit in design.schedule)], dtype=object)
    columns = {
        "subject_id": _names(infusion.size)[subject],
        "visit": labels[visit],
        "visit_date": _date(infusion.ravel()[subject] + days[with_baseline]),
        **{name: values[codes] for name, values in profile.items()},
    }
    named = {name: columns[name] for name in NATIVE_COLUMNS["visits"]}
    # Thirty columns of each assessment, which the derivation copies once in any case.
    return pd.DataFrame(named | {"source_row": np.arange(len(subject)) + 2}, copy=False)
