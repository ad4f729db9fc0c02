"""Findings that take two keys of the plan to see."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from durable.jdm.response import Response
from durable.plan.analysis import LONGEST_ID, Analysis
from durable.plan.findings import Finding, one_of, validation_findings
from durable.plan.input_checks import input_findings
from durable.plan.plan import Plan
from durable.plan.series import Series
from durable.plan.statistics import Statistics
from durable.schedule import Visit
from durable.sections import merged


def cross_findings(valid: Mapping[str, Any], raw: Mapping[str, Any]) -> list[Finding]:
    """Findings that take two keys to see; sections that are wrong themselves are left out."""
    findings: list[Finding] = []
    schedule = valid.get("schedule")
    if schedule is not None:
        findings += _schedule_findings(schedule)
        findings += _unscheduled(_improvement_visits(valid, raw), schedule, "response")
        if "response" in valid:
            findings += _deadline_findings(valid["response"], schedule, "response")
    if "inputs" in valid:
        findings += input_findings(valid["inputs"])
    if "analysis" in valid and valid.get("series") is not None:
        findings += _series_findings(valid["analysis"], valid["series"])
    if {"sensitivity", "response", "statistics"} <= set(valid):
        wrong = _variant_findings(valid)
        findings += wrong
        if not wrong and valid.get("simulation") is not None:
            findings += _simulation_findings(Plan.model_construct(**valid))
    return findings


def _schedule_findings(schedule: tuple[Visit, ...]) -> list[Finding]:
    labels = [visit.visit for visit in schedule]
    findings = [
        Finding(f"schedule[{i}].visit", repr(label), "each visit once")
        for i, label in enumerate(labels)
        if label in labels[:i]
    ]
    order = sorted(range(len(schedule)), key=lambda i: schedule[i].day)
    for before, after in itertools.pairwise(order):
        first, second = schedule[before], schedule[after]
        if second.first_day <= first.last_day:
            found = f"days {second.first_day} to {second.last_day}"
            expected = f"no overlap with {first.visit}, days {first.first_day} to {first.last_day}"
            findings.append(Finding(f"schedule[{after}].window", found, expected))
    return findings


def _improvement_visits(valid: Mapping[str, Any], raw: Mapping[str, Any]) -> list[str]:
    """The visits of the improvement rate, even where another key of response is wrong."""
    if "response" in valid:
        return list(valid["response"].improvement.visits)
    visits: Any = raw["response"]
    for key in ("improvement", "visits"):
        visits = visits.get(key) if isinstance(visits, Mapping) else None
    return [visit for visit in visits if isinstance(visit, str)] if isinstance(visits, list) else []


def _unscheduled(visits: Iterable[str], schedule: tuple[Visit, ...], prefix: str) -> list[Finding]:
    labels = [visit.visit for visit in schedule]
    return [
        Finding(f"{prefix}.improvement.visits[{i}]", repr(visit), one_of(visit, labels))
        for i, visit in enumerate(visits)
        if visit not in labels
    ]


def _deadline_findings(
    response: Response, schedule: tuple[Visit, ...], prefix: str
) -> list[Finding]:
    labels = [visit.visit for visit in schedule]
    deadline = response.remission_deadline
    # The default stands for the last visit where the schedule has none of that name.
    if deadline in [*labels, Response.model_fields["remission_deadline"].default]:
        return []
    return [Finding(f"{prefix}.remission_deadline", repr(deadline), one_of(deadline, labels))]


def _variant_findings(valid: Mapping[str, Any]) -> list[Finding]:
    findings: list[Finding] = []
    for name, change in valid["sensitivity"].items():
        key = f"sensitivity.{name}"
        if name == "primary":
            findings.append(Finding(key, "the reserved name primary", "another name"))
        if not change.response and not change.statistics:
            findings.append(Finding(key, "nothing that differs", "keys of response or statistics"))
        for section, model in (("response", Response), ("statistics", Statistics)):
            base = valid[section].model_dump(exclude_unset=True)
            combined = merged(base, getattr(change, section))
            try:
                checked = model.model_validate(combined)
            except ValidationError as error:
                findings += validation_findings(error, model, ("sensitivity", name, section))
                continue
            if isinstance(checked, Response) and "schedule" in valid:
                schedule, prefix = valid["schedule"], f"{key}.response"
                findings += _unscheduled(checked.improvement.visits, schedule, prefix)
                if "remission_deadline" in change.response:
                    findings += _deadline_findings(checked, schedule, prefix)
    return findings


def _series_findings(analysis: Analysis, series: Series) -> list[Finding]:
    findings = [
        Finding(f"series.cutoffs[{i}]", str(cutoff), "another day than analysis.data_cutoff")
        for i, cutoff in enumerate(series.cutoffs)
        if cutoff == analysis.data_cutoff
    ]
    most = LONGEST_ID - len("-YYYY-MM-DD")
    if len(analysis.id) > most:
        expected = f"at most {most} characters: series appends each cut-off"
        findings.append(Finding("analysis.id", repr(analysis.id), expected))
    return findings


def _simulation_findings(plan: Plan) -> list[Finding]:
    simulation = plan.simulation
    assert simulation is not None  # noqa: S101  (asked by the caller)
    findings = []
    for i, name in enumerate(simulation.definitions or ()):
        key = f"simulation.definitions[{i}]"
        if name not in plan.sensitivity:
            findings.append(Finding(key, repr(name), one_of(name, plan.sensitivity)))
        elif plan.statistics_of(name).dor_estimator == "turnbull":
            expected = "a definition without the Turnbull estimator: its interval is a bootstrap"
            findings.append(Finding(key, repr(name), expected))
    if findings:
        return findings
    rules = [plan.response, *(plan.response_of(name) for name in plan.simulated)]
    visits = list(dict.fromkeys(visit for rule in rules for visit in rule.improvement.visits))
    for name, scenario in simulation.scenarios.items():
        key = f"simulation.scenarios.{name}.improvement"
        given = scenario.improvement
        findings += [
            Finding(f"{key}.{visit}", "nothing", "a probability: the visit is analysed")
            for visit in visits
            if visit not in given
        ]
        findings += [
            Finding(f"{key}.{visit}", "a visit that is not analysed", one_of(visit, visits))
            for visit in given
            if visit not in visits
        ]
    findings += [
        Finding(f"simulation.decisions.{name}.visit", repr(rule.visit), one_of(rule.visit, visits))
        for name, rule in simulation.decisions.items()
        if rule.visit not in plan.response.improvement.visits
    ]
    return findings
