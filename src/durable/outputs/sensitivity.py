"""``t_sensitivity``: the primary and every configured sensitivity analysis, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from durable.contracts.results import PRIMARY, TOTAL, Statistic
from durable.derive.endpoints import DOR, ENDPOINTS
from durable.jdm import wording
from durable.jdm.response import Response
from durable.outputs import definitions
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, estimate_with_ci, percent_with_ci, ratio_with_ci
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, Group, of_parameter
from durable.outputs.improvement import improvement_rate
from durable.outputs.kaplan_meier import QUARTILES, fit, landmark_rates, quantile
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output
from durable.outputs.table import Cell, Row, Rows
from durable.plan import Plan, Statistics
from durable.wording import percent


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adrs, adtte = datasets.variant_adrs, datasets.variant_adtte
    if adrs is None or adtte is None:
        return
    own = datasets.required("adrs"), datasets.required("adtte")
    primary = _estimates(*own, plan.response, plan.statistics)
    yield Group(*TOTAL, frozenset()), primary
    for name in plan.sensitivity:
        estimates = _estimates(
            adrs.loc[adrs["ANALYSIS"] == name],
            adtte.loc[adtte["ANALYSIS"] == name],
            plan.response_of(name),
            plan.statistics_of(name),
        )
        yield Group(*TOTAL, frozenset(), analysis=name), estimates


def _estimates(
    adrs: pd.DataFrame, adtte: pd.DataFrame, response: Response, statistics: Statistics
) -> Estimates:
    """Statistics of one analysis over all subjects."""
    for endpoint in ENDPOINTS:
        records = adtte.loc[adtte["PARAMCD"] == endpoint.code]
        yield from of_parameter((endpoint.code,), _duration(records, statistics))
    status = adrs.loc[adrs["PARAMCD"] == "IMPR"]
    for visit in response.improvement.visits:
        at_visit = status.loc[status["AVISIT"] == visit]
        yield (visit,), Statistic("n_infused", len(at_visit))
        rate = improvement_rate(at_visit, response, statistics.conf_level)
        yield from of_parameter((visit,), rate)


def _duration(records: pd.DataFrame, statistics: Statistics) -> Iterator[Statistic]:
    yield Statistic("n_subjects", len(records))
    yield Statistic("n_event", int((records["CNSR"] == 0).sum()))
    if statistics.dor_estimator == "turnbull":
        yield from _interval_censored(records, statistics)
        return
    km = fit(records)
    yield quantile("median", km, QUARTILES["median"], statistics)
    months = statistics.sensitivity_landmarks_months
    for statistic in landmark_rates(km, months, statistics):
        if statistic.name.startswith("landmark"):
            yield statistic


def _interval_censored(records: pd.DataFrame, statistics: Statistics) -> Iterator[Statistic]:
    """Median and rates where an event lies somewhere between two assessments (Turnbull 1976).

    Where the data leave a range open, the value shown is the one that dates the event late, as
    Kaplan-Meier does; the note holds the range. Intervals: percentile bootstrap over subjects.
    """
    from durable.stats.interval_censored import turnbull

    lower = (records["LOWDT"] - records["STARTDT"]).dt.days.to_numpy(float) + 1
    upper = np.where(records["CNSR"] == 0, records["AVAL"], np.inf)
    estimate = turnbull(np.minimum(lower, records["AVAL"]), upper)
    level, month = statistics.conf_level, statistics.days_per_month
    drawn = {"replicates": statistics.bootstrap_replicates, "seed": statistics.bootstrap_seed}
    median = estimate.quantile(0.5, level, statistics.quantile_rule, **drawn)
    span = _open_range(median.earliest / month, median.latest / month, "months")
    limits = median.lower / month, median.upper / month
    yield Statistic("median", median.latest / month, *limits, note=span)
    landmarks = statistics.sensitivity_landmarks_months
    table = estimate.at(np.array(landmarks) * month, level, **drawn)
    columns = (table[name].tolist() for name in ("lowest", "highest", "lower", "upper"))
    for landmark, lowest, highest, low, high in zip(landmarks, *columns, strict=True):
        note = _open_range(lowest, highest, "")
        yield Statistic(f"landmark_M{landmark:g}", highest, low, high, note)


def _open_range(low: float, high: float, unit: str) -> str:
    return f"between {low:.3f} and {high:.3f} {unit}".strip() if low < high else ""


def _table(results: TableResults, plan: Plan) -> Rows:
    (column,) = results.columns
    for analysis in (PRIMARY, *plan.sensitivity):
        label = analysis_title(analysis, plan)
        if analysis in plan.redundant:
            label = f"{label} (identical to the primary analysis by definition)"
        yield Row(
            label,
            tuple(
                cell(results.lookup((parameter,), column, analysis), plan.outputs)
                for parameter, _, cell in _columns(plan)
            ),
        )


def analysis_title(analysis: str, plan: Plan) -> str:
    """Title of the primary or a sensitivity analysis."""
    if analysis == PRIMARY:
        return "Primary analysis"
    return plan.sensitivity[analysis].title or analysis


def _columns(plan: Plan) -> Iterator[tuple[str, str, Cell]]:
    """Parameter, heading and cell of each column."""
    ci = f"{percent(plan.statistics.conf_level)} CI"
    yield DOR.code, "DOR, N", count("n_subjects")
    yield DOR.code, "Events, n", count("n_event")
    yield DOR.code, f"Median, months ({ci})", estimate_with_ci("median", "month")
    for month in plan.statistics.sensitivity_landmarks_months:
        rate = percent_with_ci(f"landmark_M{month:g}")
        yield DOR.code, f"Event-free at month {month:g}, % ({ci})", rate
    for visit in plan.response.improvement.visits:
        rate = ratio_with_ci("n_improved", "n_denominator", "rate")
        yield visit, f"Improved at {visit}, n/N, % (exact {ci})", rate


def _footnotes(plan: Plan) -> Iterator[str]:
    for name, variant in plan.sensitivity.items():
        changes = _changes(variant.model_dump(include={"response", "statistics"}))
        yield f"{variant.title or name}: {'; '.join(changes)}"
    yield from wording.remission(plan.response)
    yield from wording.recurrence(plan.response)
    yield from definitions.duration(plan)
    yield from wording.improvement(plan.response)
    yield definitions.new_therapy(plan.response)
    yield from wording.core_set(plan.response)
    yield from definitions.survival(plan.statistics)
    statistics = plan.statistics
    yield (
        "Interval-censored analysis: Turnbull NPMLE; where the data leave a range open, its late"
        f" end is shown; CIs by bootstrap over subjects ({statistics.bootstrap_replicates} samples,"
        f" seed {statistics.bootstrap_seed})."
    )


def _changes(overrides: dict[str, Any], above: str = "") -> Iterator[str]:
    """Keys of the plan that a sensitivity analysis changes, with their values."""
    for key, value in overrides.items():
        if isinstance(value, dict):
            yield from _changes(value, f"{above}{key}.")
        else:
            yield f"{above}{key} = {json.dumps(value)}"


OUTPUT = Output(
    name="t_sensitivity",
    title="Sensitivity analyses",
    population=f"{SAFETY_SET}; Remission Set for duration of response",
    datasets="ADRS, ADTTE",
    results=_results,
    records=lambda plan: ({"PARAMCD": ["IMPR"]},) if plan.sensitivity else (),
    headings=lambda plan: tuple(heading for _, heading, _ in _columns(plan)),
    stub="Analysis",
    dates=("DTHDT", "NSTDT"),
    table=_table,
    footnotes=_footnotes,
)
