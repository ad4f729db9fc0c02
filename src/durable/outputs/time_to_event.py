"""``t_dor``: the time-to-event endpoints of any study by Kaplan-Meier, a table each.

The output bears the name of its first table, and ``ard.csv`` names it for all of them: the
endpoint is the parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from durable.contracts.results import NO_VISITS_TABLE, Statistic
from durable.derive.endpoint import Endpoint
from durable.derive.endpoints import STANDARD_ENDPOINTS
from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.cells import ci, count, estimate, estimates, n_percent, pair, rate, rate_ci
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
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable, Size
from durable.outputs.quantities import count_with_percent
from durable.outputs.table import Line
from durable.plan import Plan
from durable.vocabulary import CENSORING_LABELS, EVENT_LABELS, POPULATIONS
from durable.wording import percent, sentences


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adtte, adsl = datasets.adtte, datasets.adsl
    if adtte is None:
        yield from not_made(groups(datasets.adsl, plan.group_variables), NO_VISITS_TABLE)
        return
    records = {e.code: adtte.loc[adtte["PARAMCD"] == e.code] for e in STANDARD_ENDPOINTS}
    in_remission = adsl.loc[adsl["BLREMFL"] == "Y", "USUBJID"]
    for group in groups(adsl, plan.group_variables):
        yield group, _group_estimates(group, records, in_remission, plan)


def _group_estimates(
    group: Group, records: dict[str, pd.DataFrame], in_remission: pd.Series[str], plan: Plan
) -> Estimates:
    for endpoint in STANDARD_ENDPOINTS:
        members = group.select(records[endpoint.code])
        yield from of_parameter((endpoint.code,), duration_statistics(members, endpoint, plan))
        if endpoint.counts_baseline_remission:
            already = int(members["USUBJID"].isin(in_remission).sum())
            counts = count_with_percent(already, len(members), "baseline_remission")
            yield from of_parameter((endpoint.code,), counts)


def duration_statistics(
    records: pd.DataFrame, endpoint: Endpoint, plan: Plan
) -> Iterator[Statistic]:
    """All statistics of the records of one endpoint; durations in months, NaN if not estimable.

    n_subjects; n and percent of events by kind and of censorings by reason; q25, median and q75;
    min and max, noted where censored; rate and number at risk at each landmark; median follow-up;
    and restricted mean.
    """
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


def _main_lines(plan: Plan, endpoint: Endpoint) -> Iterator[Line]:
    """The median first, then what it rests on."""
    ci_name, deadline = _ci_name(plan), plan.response.deadline(plan.schedule).visit
    yield Line(_(endpoint.subjects), count("n_subjects"), 0)
    yield Line(_("Subjects with event, n (%)"), n_percent("event"), 0)
    yield Line(_("Duration (months)"), indent=0)
    yield Line(_("Median"), estimate("median", "month"), strong=True)
    yield Line(ci_name, ci("median", "month"), 2)
    yield Line(_("25th, 75th percentile"), estimates("q25", "q75", "month"))
    yield Line(_("Min, max"), pair("min", "max", "{}, {}", "month"))
    yield Line(_event_free_rate(endpoint), indent=0)
    for month in plan.main_landmarks:
        yield from _landmark_lines(month, ci_name)
    yield Line(_("Type of event, n (%)"), indent=0)
    for name, label in EVENT_LABELS.items():
        yield Line(_(label).format(deadline=deadline), n_percent(name), unless_zero=True)
    yield Line(_("Subjects censored, n (%), by reason"), n_percent("censored"), 0)
    for name, label in CENSORING_LABELS.items():
        cell = n_percent(f"censored_{name}")
        yield Line(_(label).format(deadline=deadline), cell, unless_zero=True)


def _further_lines(plan: Plan, endpoint: Endpoint) -> Iterator[Line]:
    """Every landmark, the limits of the quartiles, follow-up and the restricted mean."""
    statistics, ci_name = plan.statistics, _ci_name(plan)
    already = n_percent("baseline_remission")
    yield Line(_("In remission at baseline, n (%)"), already, 0, optional=True)
    yield Line(_("Duration (months)"), indent=0)
    for name, label in (("q25", _("25th percentile")), ("q75", _("75th percentile"))):
        yield Line(label, estimate(name, "month"))
        yield Line(ci_name, ci(name, "month"), 2)
    yield Line(_event_free_rate(endpoint), indent=0)
    for month in statistics.landmarks_months:
        yield from _landmark_lines(month, ci_name)
    yield Line(_("Median follow-up (months)"), estimate("follow_up", "month"), 0)
    yield Line(ci_name, ci("follow_up", "month"))
    name = f"rmst_M{statistics.rmst_months:g}"
    label = _("Restricted mean to month {month:g} (months)")
    yield Line(label.format(month=statistics.rmst_months), estimate(name, "month"), 0)
    yield Line(ci_name, ci(name, "month"))


def _ci_name(plan: Plan) -> str:
    return _("{level} CI").format(level=percent(plan.statistics.conf_level))


def _event_free_rate(endpoint: Endpoint) -> str:
    return _("{event_free} rate, %").format(event_free=_(endpoint.event_free))


def _landmark_lines(month: float, ci_name: str) -> Iterator[Line]:
    """The rate at a month, its interval, and the number at risk."""
    name = f"landmark_M{month:g}"
    yield Line(_("Month {month:g}").format(month=month), rate(name))
    yield Line(ci_name, rate_ci(name), 2)
    yield Line(_("at risk, n"), count(f"at_risk_M{month:g}"), 2)


def _footnotes(plan: Plan, endpoint: Endpoint) -> Iterator[str]:
    """The endpoint, how it is estimated, and the marks."""
    statistics = plan.statistics
    yield endpoint.describe(plan.response, plan.response.deadline(plan.schedule))
    yield sentences(
        _(
            "Kaplan-Meier estimates; pointwise {level} CIs ({interval}). One month is"
            " {days:g} days. +: censored; NE: not estimable. Rows in which no subject is counted"
            " are not shown."
        ).format(
            level=percent(statistics.conf_level),
            interval=definitions.interval_name(statistics),
            days=statistics.days_per_month,
        ),
        definitions.marks(statistics),
    )


def endpoint_tables(endpoint: Endpoint) -> Iterator[OutputTable]:
    """The main and the supplementary table of an endpoint, in this order.

    Its title is the heading, its number of subjects is N.
    """
    size = Size((endpoint.code,), "n_subjects")
    words = {"endpoint": endpoint.title, "origin": endpoint.since}

    def table(name: str, heading: str, lines: Lines) -> OutputTable:
        return OutputTable(
            name=name,
            heading=heading,
            heading_words=words,
            analysis_set=POPULATIONS[endpoint.population],
            size=size,
            rows=lambda results, plan: results.rows((endpoint.code,), *lines(plan, endpoint)),
            footnotes=lambda plan: _footnotes(plan, endpoint),
            defined=(*endpoint.defined, "Kaplan-Meier estimates"),
        )

    yield table(endpoint.table, N_("{endpoint}, from {origin}"), _main_lines)
    further = N_("{endpoint}, from {origin}: further estimates")
    yield table(f"{endpoint.table}_s", further, _further_lines)


Lines = Callable[[Plan, Endpoint], Iterator[Line]]
OUTPUT = Output(
    name="t_dor",
    analysis_set=SAFETY_SET,
    datasets="ADTTE",
    variables={
        "ADSL": ("SAFFL", "BLREMFL"),
        "ADTTE": ("AVAL", "CNSR", "EVNTDESC"),
    },
    results=_results,
    dates=("DTHDT", "NSTDT"),
    tables=tuple(table for endpoint in STANDARD_ENDPOINTS for table in endpoint_tables(endpoint)),
)
