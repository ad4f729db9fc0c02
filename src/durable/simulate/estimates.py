"""Estimates and intervals of many virtual trials at once, by each definition.

The datasets come from `durable.derive`, all trials of a block stacked; the estimators are those of
the analysis, over arrays of trials in place of one trial.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.derive import datasets
from durable.derive.endpoints import DOR
from durable.derive.trial import Trial, ValidatedTables
from durable.jdm.response import Response
from durable.outputs.improvement import improved_and_denominator
from durable.plan import Plan, Statistics
from durable.schedule import Visit
from durable.simulate.virtual import CUTOFF, Tables
from durable.stats.batch import kaplan_meier_batch
from durable.stats.proportions import proportion_cis
from durable.vocabulary import DIED

PRIMARY = "primary"
COLUMNS = (
    *("SCENARIO", "DEFN", "TRIAL", "ESTIMATE", "METHOD"),
    *("N", "X", "VALUE", "LOWER", "UPPER"),
)
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Definition:
    """The definitions and conventions of one analysis."""

    name: str
    response: Response
    statistics: Statistics


def definitions(plan: Plan) -> list[Definition]:
    """The primary analysis and the sensitivity analyses that are simulated."""
    primary = Definition(PRIMARY, plan.response, plan.statistics)
    varied = [Definition(n, plan.response_of(n), plan.statistics_of(n)) for n in plan.simulated]
    return [primary, *varied]


def group_by_remission(analyses: Iterable[Definition]) -> list[list[Definition]]:
    """The definitions, those together whose assessments are alike up to remission."""
    groups: dict[str, list[Definition]] = {}
    for definition in analyses:
        rules = definition.response.only(datasets.REMISSION_KEYS)
        groups.setdefault(rules.model_dump_json(), []).append(definition)
    return list(groups.values())


@dataclass(frozen=True)
class Estimate:
    """One estimate of every trial, arrays of shape (trials,)."""

    name: str
    method: str
    n: Ints
    x: Ints
    value: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class Status:
    """Improvement at a visit, arrays of shape (trials, subjects)."""

    improved: Floats
    """1, 0 or NaN."""
    failed: Bools
    """Whether one without a status has failed all the same: the dead."""


class Derivation:
    """The statuses and durations of a block of trials, by any definitions of response.

    The datasets come from the analysis's own derivation; all trials of the block are stacked, and
    no virtual subject is given new systemic therapy.
    """

    def __init__(self, tables: Tables, schedule: tuple[Visit, ...]) -> None:
        self._tables = tables
        self._derivation = datasets.Derivation(
            Trial("", CUTOFF, schedule),
            ValidatedTables(tables.subjects, tables.visits, None),
            endpoints=(DOR,),
        )

    def improvement(self, response: Response) -> dict[str, Status]:
        """Improvement status at each visit of the rate."""
        records = self._derivation.improvement(response)
        shape = (self._tables.trials, -1)
        return {
            visit: Status(
                at_visit["AVAL"].to_numpy(float).reshape(shape),
                (at_visit["REASON"] == DIED).to_numpy().reshape(shape),
            )
            for visit in response.improvement.visits
            for at_visit in [records.loc[records["AVISIT"] == visit]]
        }

    def durations(self, response: Response) -> tuple[Floats, Bools, Ints]:
        """Durations and events, shape (trials, subjects), and how many of each row are used."""
        records = self._derivation.durations(response).adtte
        trials = self._tables.trials
        in_trial = len(self._tables.subjects) // trials
        names = pd.Index(self._tables.subjects["subject_id"])
        number = names.get_indexer(records["USUBJID"]) // in_trial
        size = np.bincount(number, minlength=trials).astype(np.int64)
        # Records are sorted by subject, so those of a trial follow one another.
        place = np.arange(len(number)) - np.repeat(size.cumsum() - size, size)
        time = np.full((trials, max(int(size.max(initial=0)), 1)), np.nan)
        event = np.zeros(time.shape, dtype=np.bool_)
        time[number, place] = records["AVAL"].to_numpy(float)
        event[number, place] = records["CNSR"].to_numpy() == 0
        return time, event, size


def estimates(derivation: Derivation, definition: Definition) -> Iterator[Estimate]:
    """Each estimate of every trial by one definition."""
    rule = definition.statistics
    for visit, status in derivation.improvement(definition.response).items():
        yield _rate(visit, status, definition)
    time, event, size = derivation.durations(definition.response)
    km = kaplan_meier_batch(time, event, size)
    band = (rule.conf_level, rule.km_ci)
    counts = (rule.km_ci, size, event.sum(axis=1))
    value, lower, upper = km.quantile(0.5, *band, rule.quantile_rule)
    yield Estimate("median DOR", *counts, value, lower, upper)
    days = np.array(rule.landmarks_months) * rule.days_per_month
    survival, lower, upper, _ = km.at(days, *band, rule.landmark_tolerance_days)
    # As durability.landmarks: before any event the variance is 0, and there is no interval.
    sure = survival == 1
    lower, upper = (np.where(sure, np.nan, limit) for limit in (lower, upper))
    for j, month in enumerate(rule.landmarks_months):
        name = f"DOR at {month:g} months"
        yield Estimate(name, *counts, survival[:, j], lower[:, j], upper[:, j])


def _rate(visit: str, status: Status, definition: Definition) -> Estimate:
    rule, improved = definition.response.improvement, status.improved
    yes, known = (improved == 1).sum(axis=1), (~np.isnan(improved)).sum(axis=1)
    failed = status.failed.sum(axis=1)
    x, n = improved_and_denominator(
        yes, known, failed, np.full(len(improved), improved.shape[1]), rule.missing
    )
    pairs, which = np.unique(np.column_stack([x, n]), axis=0, return_inverse=True)
    limits = proportion_cis(pairs[:, 0], pairs[:, 1], definition.statistics.conf_level)
    value, lower, upper = (column[which] for column in limits)
    return Estimate(f"rate {visit}", "clopper-pearson", n, x, value, lower, upper)


def as_frame(scenario: str, definition: str, trials: Ints, found: list[Estimate]) -> pd.DataFrame:
    """Rows of the chunk file, sorted by trial, estimate and method."""
    found = sorted(found, key=lambda estimate: (estimate.name, estimate.method))
    kinds = len(found)

    def interleaved(attribute: str) -> npt.NDArray[Any]:
        return np.column_stack([getattr(estimate, attribute) for estimate in found]).ravel()

    columns = {
        "SCENARIO": scenario,
        "DEFN": definition,
        "TRIAL": np.repeat(trials, kinds),
        "ESTIMATE": np.tile(np.array([e.name for e in found], dtype=object), len(trials)),
        "METHOD": np.tile(np.array([e.method for e in found], dtype=object), len(trials)),
        "N": interleaved("n").astype(np.int64),
        "X": interleaved("x").astype(np.int64),
        "VALUE": interleaved("value"),
        "LOWER": interleaved("lower"),
        "UPPER": interleaved("upper"),
    }
    return pd.DataFrame(columns)


def empty_frame() -> pd.DataFrame:
    """A chunk file without trials."""
    kinds = dict.fromkeys(("TRIAL", "N", "X"), "int64")
    kinds |= dict.fromkeys(("VALUE", "LOWER", "UPPER"), "float64")
    return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, object)) for name in COLUMNS})
