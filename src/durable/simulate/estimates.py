"""Estimates and intervals of many virtual trials at once, by each definition.

The datasets come from `durable.derive`, all trials stacked; the estimators are those of the
analysis, over arrays of trials in place of one trial.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.results import PRIMARY
from durable.derive.datasets import REMISSION_KEYS, Derivation
from durable.jdm.response import Response
from durable.outputs.improvement import improved_and_denominator
from durable.plan import Plan, Statistics
from durable.simulate.keys import MEDIAN, landmark_name, rate_name
from durable.stats.batch import kaplan_meier_batch
from durable.stats.proportions import proportion_cis
from durable.vocabulary import DIED

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
#: Columns of a chunk file.
_COLUMNS = {
    **dict.fromkeys(("SCENARIO", "DEFN"), object),
    "TRIAL": np.int64,
    **dict.fromkeys(("ESTIMATE", "METHOD"), object),
    **dict.fromkeys(("N", "X"), np.int64),
    **dict.fromkeys(("VALUE", "LOWER", "UPPER"), np.float64),
}


@dataclass(frozen=True)
class Definition:
    """The definitions and conventions of one analysis."""

    name: str
    response: Response
    statistics: Statistics


def definitions(plan: Plan) -> list[Definition]:
    """The definitions of the primary analysis, then of the simulated sensitivity analyses."""
    primary = Definition(PRIMARY, plan.response, plan.statistics)
    varied = [
        Definition(n, plan.response_of(n), plan.statistics_of(n)) for n in plan.simulated_variants
    ]
    return [primary, *varied]


def group_by_remission(analyses: Iterable[Definition]) -> list[list[Definition]]:
    """The definitions in groups; those of a group see the same assessments up to remission."""
    groups: dict[str, list[Definition]] = {}
    for definition in analyses:
        rules = definition.response.restrict_to(REMISSION_KEYS)
        groups.setdefault(rules.model_dump_json(), []).append(definition)
    return list(groups.values())


@dataclass(frozen=True)
class Estimate:
    """One estimate of every trial, arrays of shape (trials,).

    Of a rate `n` is the denominator, `x` the number improved and `value` a proportion; of a
    duration `n` is the number of subjects in remission, `x` that of events, and `value` days, of a
    landmark a proportion. `value`, `lower` and `upper` are NaN where they cannot be estimated.
    """

    name: str
    method: str
    n: Ints
    x: Ints
    value: Floats
    lower: Floats
    upper: Floats


def estimates(
    derivation: Derivation, definition: Definition, trials: int, subjects: int
) -> Iterator[Estimate]:
    """Each estimate by one definition: rates by visit, median duration, landmarks in their order.

    Parameters
    ----------
    derivation
        Of the virtual trials, one after another.
    definition
        Definitions of response and conventions of the statistics.
    trials, subjects
        Their number, and the number of subjects of each.
    """
    records = derivation.improvement(definition.response)
    for visit in definition.response.improvement.visits:
        yield _rate(visit, records.loc[records["AVISIT"] == visit], definition, trials)
    durations = derivation.durations(definition.response).adtte
    yield from _duration_estimates(
        *_durations_by_trial(durations, trials, subjects), definition.statistics
    )


def _rate(visit: str, records: pd.DataFrame, definition: Definition, trials: int) -> Estimate:
    """Improvement rate, from the status of every subject at the visit."""
    improved = records["AVAL"].to_numpy(float).reshape(trials, -1)
    died = (records["REASON"] == DIED).to_numpy().reshape(trials, -1)
    x, n = improved_and_denominator(
        (improved == 1).sum(axis=1),
        (~np.isnan(improved)).sum(axis=1),
        died.sum(axis=1),
        np.full(trials, improved.shape[1]),
        definition.response.improvement.missing,
    )
    pairs, which = np.unique(np.column_stack([x, n]), axis=0, return_inverse=True)
    limits = proportion_cis(pairs[:, 0], pairs[:, 1], definition.statistics.conf_level)
    value, lower, upper = (column[which] for column in limits)
    return Estimate(rate_name(visit), "clopper-pearson", n, x, value, lower, upper)


def _durations_by_trial(
    records: pd.DataFrame, trials: int, subjects: int
) -> tuple[Floats, Bools, Ints]:
    """Durations and events, shape (trials, subjects), and how many of each row are used."""
    trial = records["USUBJID"].to_numpy().astype(np.int64) // subjects
    size = np.bincount(trial, minlength=trials).astype(np.int64)
    # Records are sorted by subject, so those of a trial follow one another.
    position = np.arange(len(trial)) - np.repeat(size.cumsum() - size, size)
    time = np.full((trials, max(int(size.max(initial=0)), 1)), np.nan)
    event = np.zeros(time.shape, dtype=np.bool_)
    time[trial, position] = records["AVAL"].to_numpy(float)
    event[trial, position] = records["CNSR"].to_numpy() == 0
    return time, event, size


def _duration_estimates(
    time: Floats, event: Bools, size: Ints, statistics: Statistics
) -> Iterator[Estimate]:
    """Median and event-free rates."""
    curves = kaplan_meier_batch(time, event, size)
    interval = (statistics.conf_level, statistics.km_ci)
    counts = (statistics.km_ci, size, event.sum(axis=1))
    yield Estimate(MEDIAN, *counts, *curves.quantile(0.5, *interval, statistics.quantile_rule))
    days = np.array(statistics.landmarks_months) * statistics.days_per_month
    tolerance = statistics.landmark_tolerance_days
    survival, lower, upper, _ = curves.survival_at(days, *interval, tolerance)
    # As in the table: before any event the variance is 0, and there is no interval.
    if statistics.km_ci != "bpcp":
        lower, upper = (np.where(survival == 1, np.nan, limit) for limit in (lower, upper))
    for j, months in enumerate(statistics.landmarks_months):
        columns = (values[:, j] for values in (survival, lower, upper))
        yield Estimate(landmark_name(months), *counts, *columns)


def estimates_frame(
    scenario: str, definition: str, trials: Ints, trial_estimates: Iterable[Estimate]
) -> pd.DataFrame:
    """Rows of the chunk file, sorted by trial, estimate and method.

    The columns are SCENARIO, DEFN, TRIAL, ESTIMATE, METHOD, and N, X, VALUE, LOWER and UPPER as in
    `Estimate`.

    Parameters
    ----------
    scenario, definition
        Their names.
    trials
        Numbers of the trials, ascending.
    trial_estimates
        Each estimate of these trials, at least one.
    """
    ordered = sorted(trial_estimates, key=lambda estimate: (estimate.name, estimate.method))
    columns: dict[str, object] = {
        "SCENARIO": scenario,
        "DEFN": definition,
        "TRIAL": np.repeat(trials, len(ordered)),
        "ESTIMATE": np.tile(np.array([e.name for e in ordered], dtype=object), len(trials)),
        "METHOD": np.tile(np.array([e.method for e in ordered], dtype=object), len(trials)),
    }
    for name in ("N", "X", "VALUE", "LOWER", "UPPER"):
        by_trial = np.column_stack([getattr(estimate, name.lower()) for estimate in ordered])
        columns[name] = by_trial.ravel()
    return pd.DataFrame(columns).astype(_COLUMNS)


def no_estimates() -> pd.DataFrame:
    """The rows of a chunk file without trials: none, with the columns of `estimates_frame`."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _COLUMNS.items()})
