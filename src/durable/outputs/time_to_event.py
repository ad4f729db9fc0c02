"""``t_dor``: duration of response and event-free survival by Kaplan-Meier."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from durable.contracts.results import NO_VISITS_TABLE, Statistic
from durable.derive.endpoint import Endpoint
from durable.derive.endpoints import CENSORING_LABELS, ENDPOINTS, EVENT_LABELS
from durable.jdm import wording
from durable.outputs import definitions
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, estimate_with_ci, n_percent, pair, percent_with_ci
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, Group, groups, not_made, of_parameter
from durable.outputs.kaplan_meier import (
    QUARTILES,
    fit,
    follow_up_median,
    landmark_rates,
    quantile,
    restricted_mean,
)
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output
from durable.outputs.quantities import count_with_percent
from durable.outputs.table import Cell, Line, Lookup, Row, Rows
from durable.plan import Outputs, Plan
from durable.wording import capitalised, listed, lower_initial, percent

TITLE = capitalised(listed([lower_initial(endpoint.title) for endpoint in ENDPOINTS]))


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adtte, adsl = datasets.adtte, datasets.adsl
    if adtte is None:
        yield from not_made(groups(datasets.adsl, plan.groups), NO_VISITS_TABLE)
        return
    records = {e.code: adtte.loc[adtte["PARAMCD"] == e.code] for e in ENDPOINTS}
    in_remission = adsl.loc[adsl["BLREMFL"] == "Y", "USUBJID"]
    for group in groups(adsl, plan.groups):
        yield group, _of_group(group, records, in_remission, plan)


def _of_group(
    group: Group, records: dict[str, pd.DataFrame], in_remission: pd.Series[str], plan: Plan
) -> Estimates:
    for endpoint in ENDPOINTS:
        members = group.select(records[endpoint.code])
        yield from of_parameter((endpoint.code,), duration_statistics(members, endpoint, plan))
        if endpoint.counts_baseline_remission:
            already = int(members["USUBJID"].isin(in_remission).sum())
            counts = count_with_percent(already, len(members), "baseline_remission")
            yield from of_parameter((endpoint.code,), counts)


def duration_statistics(
    records: pd.DataFrame, endpoint: Endpoint, plan: Plan
) -> Iterator[Statistic]:
    """All statistics of the records of one endpoint; durations in months."""
    statistics = plan.statistics
    yield from _counts(records, endpoint, plan.response.deadline(plan.schedule).visit)
    km = fit(records)
    for name, p in QUARTILES.items():
        yield quantile(name, km, p, statistics)
    yield from _extremes(records, statistics.days_per_month)
    yield from landmark_rates(km, statistics.landmarks_months, statistics)
    yield follow_up_median(records, statistics)
    yield restricted_mean(km, statistics)


def _counts(records: pd.DataFrame, endpoint: Endpoint, deadline: str) -> Iterator[Statistic]:
    """Subjects, events by kind, censorings by reason, each with its percentage of the subjects."""
    event, description = records["CNSR"] == 0, records["EVNTDESC"]
    tally = {"event": int(event.sum())}
    for name, kind in endpoint.event_descriptions(deadline).items():
        tally[name] = int((event & (description == kind)).sum())
    tally["censored"] = int((~event).sum())
    for name, reason in endpoint.reasons.items():
        tally[f"censored_{name}"] = int((~event & (description == reason)).sum())
    if "censored_remission_not_yet_due" in tally:
        tally["pending"] = tally["censored_remission_not_yet_due"]
    yield Statistic("n_subjects", len(records))
    for name, subjects in tally.items():
        yield from count_with_percent(subjects, len(records), name)


def _extremes(records: pd.DataFrame, days_per_month: float) -> Iterator[Statistic]:
    """Shortest and longest duration; noted as censored when no event happened at it."""
    for name, extreme in (("min", records["AVAL"].min()), ("max", records["AVAL"].max())):
        at_extreme = records.loc[records["AVAL"] == extreme, "CNSR"]
        note = "censored" if len(at_extreme) and (at_extreme > 0).all() else ""
        yield Statistic(name, extreme / days_per_month, note=note)


def _table(results: TableResults, plan: Plan) -> Rows:
    for endpoint in ENDPOINTS:
        yield Row(f"{endpoint.title}, from {endpoint.since}")
        yield from results.rows((endpoint.code,), *_lines(plan, endpoint))


def _lines(plan: Plan, endpoint: Endpoint) -> Iterator[Line]:
    statistics, deadline = plan.statistics, plan.response.deadline(plan.schedule).visit
    ci = f"{percent(statistics.conf_level)} CI"
    yield Line(endpoint.subjects, count("n_subjects"))
    already = n_percent("baseline_remission")
    yield Line("in remission at baseline, n (%)", already, 2, optional=True)
    yield Line("Subjects with event, n (%)", n_percent("event"))
    for name, label in EVENT_LABELS.items():
        yield Line(label.format(deadline=deadline), n_percent(name), 2, optional=True)
    yield Line("Subjects censored, n (%)", n_percent("censored"))
    for name, label in CENSORING_LABELS.items():
        cell = n_percent(f"censored_{name}")
        yield Line(label.format(deadline=deadline), cell, 2, optional=True)
    yield Line(f"Duration (months), {ci}")
    yield Line("25th percentile", estimate_with_ci("q25", "month"), 2)
    yield Line("Median", estimate_with_ci("median", "month"), 2)
    yield Line("75th percentile", estimate_with_ci("q75", "month"), 2)
    yield Line("Min, max", pair("min", "max", "{}, {}", "month"), 2)
    yield Line(f"{endpoint.event_free} rate, % ({ci}); number at risk")
    for month in statistics.landmarks_months:
        yield Line(f"Month {month:g}", _landmark(month), 2)
    yield Line(f"Median follow-up (months), {ci}", estimate_with_ci("follow_up", "month"))
    mean = estimate_with_ci(f"rmst_M{statistics.rmst_months:g}", "month")
    yield Line(f"Restricted mean to month {statistics.rmst_months:g} (months), {ci}", mean)


def _landmark(month: float) -> Cell:
    """The rate at a month with its interval, and the number at risk."""
    rate, at_risk = f"landmark_M{month:g}", f"at_risk_M{month:g}"

    def cell(find: Lookup, outputs: Outputs) -> str:
        if find(rate) is None:
            return ""
        return f"{percent_with_ci(rate)(find, outputs)}; {count(at_risk)(find, outputs)}"

    return cell


OUTPUT = Output(
    name="t_dor",
    title=TITLE,
    population=f"{SAFETY_SET}; Remission Set for duration of response",
    datasets="ADTTE",
    results=_results,
    dates=("DTHDT", "NSTDT"),
    table=_table,
    footnotes=lambda plan: (
        *wording.remission(plan.response),
        *wording.recurrence(plan.response),
        *definitions.duration(plan),
        *definitions.survival(plan.statistics),
        wording.ABBREVIATIONS,
    ),
)
