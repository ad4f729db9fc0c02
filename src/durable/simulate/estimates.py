"""Estimates and intervals of many virtual trials at once, by each definition.

The datasets come from `durable.derive`, all trials of a block stacked; the estimators are those of
the analysis, over arrays of trials in place of one trial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.derive import adrs, adsl, adtte
from durable.derive.assessments import assess
from durable.derive.endpoints import DOR
from durable.derive.new_therapy import interventions
from durable.frames import with_columns
from durable.jdm.recurrence import flag_recurrence
from durable.jdm.remission_status import first_remission
from durable.jdm.response import Response
from durable.outputs.improvement import improved_and_denominator
from durable.plan import Plan, Statistics
from durable.schedule import Visit
from durable.simulate.profiles import ASSESSED
from durable.simulate.virtual import CUTOFF, Tables
from durable.stats.batch import kaplan_meier_batch
from durable.stats.proportions import proportion_cis
from durable.vocabulary import DIED

PRIMARY = "primary"
#: What of the definitions decides the improvement statuses, and the durations.
STATUSES = (
    *(path for path in ASSESSED if path != "remission"),
    *("improvement.visits", "improvement.level", "improvement.unscheduled"),
    "new_therapy.improvement",
)
DURATIONS = (
    *ASSESSED,
    *("recurrence", "new_therapy.duration", "missed_assessments", "remission_deadline"),
)
COLUMNS = (
    *("SCENARIO", "DEFN", "TRIAL", "ESTIMATE", "METHOD"),
    *("N", "X", "VALUE", "LOWER", "UPPER"),
)
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Step = TypeVar("Step")
#: Columns of the assessments behind the score.
_DETAIL = ("value_", "base_", "change_", "score_")


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
    """The derived datasets of a block of trials.

    What two definitions have in common is derived once: the key of each step is all that it may
    read of them.
    """

    def __init__(self, tables: Tables, schedule: tuple[Visit, ...]) -> None:
        self._tables = tables
        self._schedule = schedule
        self._done: dict[str, Any] = {}

    def improvement(self, response: Response) -> dict[str, Status]:
        """Improvement status at each visit of the rate."""
        rule = response.only(STATUSES)

        def derived() -> dict[str, Status]:
            frame, _, level = self._assessed(response)
            records = adrs.improvement(level, frame, self._schedule, rule)
            shape = (self._tables.trials, -1)
            return {
                visit: Status(
                    at_visit["AVAL"].to_numpy(float).reshape(shape),
                    (at_visit["REASON"] == DIED).to_numpy().reshape(shape),
                )
                for visit in rule.improvement.visits
                for at_visit in [records.loc[records["AVISIT"] == visit]]
            }

        return self._once("improvement", rule, derived)

    def durations(self, response: Response) -> tuple[Floats, Bools, Ints]:
        """Durations and events, shape (trials, subjects), and how many of each row are used."""
        rule = response.only(DURATIONS)

        def derived() -> tuple[Floats, Bools, Ints]:
            frame, start, level = self._assessed(response)
            frame = flag_recurrence(frame, start, rule, interventions(level, None))
            records = adtte.derive(level, frame, None, self._schedule, rule, (DOR,))
            return self._by_trial(records)

        return self._once("durations", rule, derived)

    def _assessed(self, response: Response) -> tuple[pd.DataFrame, pd.Series[int], pd.DataFrame]:
        """Assessments, row of the first remission by subject, and ADSL."""
        rule = response.only(ASSESSED)

        def derived() -> tuple[pd.DataFrame, pd.Series[int], pd.DataFrame]:
            subjects, visits = self._tables.subjects, self._tables.visits
            frame = assess(subjects, visits, self._schedule, rule)
            # No virtual subject is given new systemic therapy.
            frame = with_columns(frame, {"after_new_therapy": np.zeros(len(frame), dtype=bool)})
            start = first_remission(frame, rule.remission.confirmation)
            none = pd.Series(dtype="datetime64[ns]")
            level = adsl.derive(subjects, frame, start, start, none, "", CUTOFF, rule)
            # Every later step copies the columns; these are read by none of them.
            detail = [name for name in frame.columns if name.startswith(_DETAIL)]
            return frame.drop(columns=detail), start, level

        return self._once("assessed", rule, derived)

    def _once(self, step: str, rule: Response, derived: Callable[[], Step]) -> Step:
        key = f"{step} {rule!r}"
        if key not in self._done:
            self._done[key] = derived()
        result: Step = self._done[key]
        return result

    def _by_trial(self, records: pd.DataFrame) -> tuple[Floats, Bools, Ints]:
        trials = self._tables.trials
        in_trial = len(self._tables.subjects) // trials
        names = pd.Index(self._tables.subjects["subject_id"])
        trial = names.get_indexer(records["USUBJID"]) // in_trial
        size = np.bincount(trial, minlength=trials).astype(np.int64)
        # Records are sorted by subject, so those of a trial follow one another.
        place = np.arange(len(trial)) - np.repeat(size.cumsum() - size, size)
        time = np.full((trials, max(int(size.max(initial=0)), 1)), np.nan)
        event = np.zeros(time.shape, dtype=np.bool_)
        time[trial, place] = records["AVAL"].to_numpy(float)
        event[trial, place] = records["CNSR"].to_numpy() == 0
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


def as_frame(scenario: str, definition: str, first: int, found: list[Estimate]) -> pd.DataFrame:
    """Rows of the chunk file, sorted by trial, estimate and method; trials count from `first`."""
    found = sorted(found, key=lambda estimate: (estimate.name, estimate.method))
    trials, kinds = len(found[0].n), len(found)

    def interleaved(attribute: str) -> npt.NDArray[Any]:
        return np.column_stack([getattr(estimate, attribute) for estimate in found]).ravel()

    columns = {
        "SCENARIO": scenario,
        "DEFN": definition,
        "TRIAL": np.repeat(np.arange(first, first + trials, dtype=np.int64), kinds),
        "ESTIMATE": np.tile(np.array([e.name for e in found], dtype=object), trials),
        "METHOD": np.tile(np.array([e.method for e in found], dtype=object), trials),
        "N": interleaved("n").astype(np.int64),
        "X": interleaved("x").astype(np.int64),
        "VALUE": interleaved("value"),
        "LOWER": interleaved("lower"),
        "UPPER": interleaved("upper"),
    }
    return pd.DataFrame(columns)
