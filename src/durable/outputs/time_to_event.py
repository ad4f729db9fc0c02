"""``t_dor``: duration of response and event-free survival by Kaplan-Meier."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from durable.contracts.results import Result, Statistic
from durable.derive.endpoint import Endpoint
from durable.derive.endpoints import CENSORING_LABELS, ENDPOINTS, EVENT_LABELS
from durable.jdm import wording
from durable.outputs import definitions, formats
from durable.outputs.ard import Ard
from durable.outputs.cells import count, estimate_with_ci, joined, n_percent
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, Group, groups
from durable.outputs.kaplan_meier import (
    QUARTILES,
    fit,
    follow_up_median,
    landmark_rates,
    quantile,
    restricted_mean,
)
from durable.outputs.output import ALL_INFUSED, SAFETY_SET, Output
from durable.outputs.quantities import count_with_percent
from durable.outputs.table import Line, Lookup, Row, Rows
from durable.plan import Plan
from durable.wording import capitalised, listed, lower_initial, percent

NAME = "t_dor"
TITLE = capitalised(listed([lower_initial(endpoint.title) for endpoint in ENDPOINTS]))


def _results(datasets: AnalysisDatasets, plan: Plan) -> Iterator[Result]:
    adtte, adsl = datasets.adtte, datasets.adsl
    records = {e.code: adtte.loc[adtte["PARAMCD"] == e.code] for e in ENDPOINTS}
    in_remission = adsl.loc[adsl["BLREMFL"] == "Y", "USUBJID"]
    for group in groups(adsl, plan.groups):
        yield from group.results(NAME, _of_group(group, records, in_remission, plan))


def _of_group(
    group: Group, records: dict[str, pd.DataFrame], in_remission: pd.Series[str], plan: Plan
) -> Estimates:
    for endpoint in ENDPOINTS:
        members = group.select(records[endpoint.code])
        for statistic in duration_statistics(members, endpoint, plan):
            yield (endpoint.code,), statistic
        if endpoint.counts_baseline_remission:
            already = int(members["USUBJID"].isin(in_remission).sum())
            for statistic in count_with_percent(already, len(members), "baseline_remission"):
                yield (endpoint.code,), statistic


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


def _table(ard: Ard, plan: Plan) -> Rows:
    for endpoint in ENDPOINTS:
        yield Row(f"{endpoint.title}, from {endpoint.since}")
        yield from ard.lines(NAME, (endpoint.code,), _lines(plan, endpoint))


def _lines(plan: Plan, endpoint: Endpoint) -> Iterator[Line]:
    decimals, month_decimals = plan.outputs.percent_decimals, plan.outputs.month_decimals
    ci = f"{percent(plan.statistics.conf_level)} CI"
    yield Line(endpoint.subjects, count("n_subjects"))
    already = n_percent("baseline_remission", decimals)
    yield Line("in remission at baseline, n (%)", already, 2, optional=True)
    yield from _event_lines(decimals, plan.response.deadline(plan.schedule).visit)
    yield Line(f"Duration (months), {ci}")
    yield Line("25th percentile", estimate_with_ci("q25", month_decimals), 2)
    yield Line("Median", estimate_with_ci("median", month_decimals), 2)
    yield Line("75th percentile", estimate_with_ci("q75", month_decimals), 2)
    yield Line("Min, max", joined("min", "max", month_decimals), 2)
    yield Line(f"{endpoint.event_free} rate, % ({ci}); number at risk")
    for month in plan.statistics.landmarks_months:
        yield Line(f"Month {month:g}", partial(_landmark, month=month, decimals=decimals), 2)
    follow_up = estimate_with_ci("follow_up", month_decimals)
    yield Line(f"Median follow-up (months), {ci}", follow_up)
    rmst = plan.statistics.rmst_months
    mean = estimate_with_ci(f"rmst_M{rmst:g}", month_decimals)
    yield Line(f"Restricted mean to month {rmst:g} (months), {ci}", mean)


def _event_lines(decimals: int, deadline: str) -> Iterator[Line]:
    yield Line("Subjects with event, n (%)", n_percent("event", decimals))
    for name, label in EVENT_LABELS.items():
        yield Line(label.format(deadline=deadline), n_percent(name, decimals), 2, optional=True)
    yield Line("Subjects censored, n (%)", n_percent("censored", decimals))
    for name, label in CENSORING_LABELS.items():
        cell = n_percent(f"censored_{name}", decimals)
        yield Line(label.format(deadline=deadline), cell, 2, optional=True)


def _landmark(find: Lookup, month: float, decimals: int) -> str:
    rate, at_risk = find(f"landmark_M{month:g}"), find(f"at_risk_M{month:g}")
    if rate is None:
        return ""
    return f"{formats.estimate(rate, decimals, formats.PERCENT)}; {formats.count(at_risk)}"


def _footnotes(plan: Plan) -> Iterator[str]:
    yield from wording.remission(plan.response)
    yield from wording.recurrence(plan.response)
    yield from definitions.duration(plan)
    yield from definitions.survival(plan.statistics)
    yield wording.ABBREVIATIONS


OUTPUT = Output(
    name=NAME,
    title=TITLE,
    population=f"{SAFETY_SET}; Remission Set for duration of response",
    datasets="ADTTE",
    results=(_results,),
    table=_table,
    footnotes=_footnotes,
    size=ALL_INFUSED,
)
