"""Mistakes that show only when two keys of the plan are read together."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from durable.contents import kind_of
from durable.contracts.input_table import ColumnSpec
from durable.jdm.response import Response
from durable.plan.analysis import LONGEST_ID, Analysis
from durable.plan.deviations import deviation_findings
from durable.plan.exposure import cells_outcome_findings
from durable.plan.findings import Finding, one_of, unknown_names, validation_findings
from durable.plan.input_checks import input_findings
from durable.plan.laboratory import laboratory_findings
from durable.plan.monitoring import monitoring_findings
from durable.plan.outputs import Outputs
from durable.plan.plan import Plan
from durable.plan.series import Series
from durable.plan.simulation import Simulation
from durable.plan.statistics import Statistics
from durable.plan.subgroups import declared_subgroups, extra_columns, group_findings
from durable.schedule import Visit
from durable.sections import merge_values


def cross_findings(valid: Mapping[str, Any], raw: Mapping[str, Any]) -> list[Finding]:
    """Findings on keys that do not fit each other; empty where all do.

    Parameters
    ----------
    valid
        By name the sections that are right in themselves; the others are left out.
    raw
        The configuration as read.
    """
    findings: list[Finding] = []
    schedule = valid.get("schedule")
    if schedule is not None:
        findings += _schedule_findings(schedule)
        findings += _unscheduled_findings(_improvement_visits(valid, raw), schedule, "response")
        if "response" in valid:
            findings += _deadline_findings(valid["response"], schedule, "response")
            findings += _held_findings(valid["response"], schedule, "response")
    if "inputs" in valid:
        findings += input_findings(valid["inputs"], _declared_columns(valid))
    if "analysis" in valid and valid.get("series") is not None:
        findings += _series_findings(valid["analysis"], valid["series"])
    if "laboratory" in valid:
        findings += laboratory_findings(valid["laboratory"])
    if {"groups", "subgroups"} <= set(valid):
        findings += group_findings(valid["groups"], valid["subgroups"])
    if "response" in valid and valid.get("monitoring") is not None:
        visits = valid["response"].improvement.visits
        findings += monitoring_findings(valid["monitoring"], visits)
    needed = {"response", "kinetics", "schedule"}
    if needed <= set(valid) and valid.get("cells_outcome") is not None:
        areas = [area.day for area in valid["kinetics"].auc]
        visits = valid["response"].improvement.visits
        scheduled = [visit.visit for visit in valid["schedule"]]
        findings += cells_outcome_findings(valid["cells_outcome"], visits, scheduled, areas)
    if schedule is not None and valid.get("deviations") is not None:
        labels = [visit.visit for visit in schedule]
        findings += deviation_findings(valid["deviations"], labels)
    if "outputs" in valid:
        findings += _number_findings(valid["outputs"])
    if {"outputs", "statistics"} <= set(valid):
        findings += _landmark_findings(valid["outputs"], valid["statistics"])
    if {"sensitivity", "response", "statistics"} <= set(valid):
        mistakes = _sensitivity_findings(valid)
        findings += mistakes
        if not mistakes and valid.get("simulation") is not None:
            findings += _simulation_findings(Plan.model_construct(**valid))
    return findings


def _declared_columns(valid: Mapping[str, Any]) -> tuple[ColumnSpec, ...]:
    """The columns of subjects that the plan declares for its subgroups."""
    return extra_columns(declared_subgroups(valid.get("subgroups", {})))


def _number_findings(outputs: Outputs) -> list[Finding]:
    """Numbers that two tables, two figures or two listings would have."""
    shown = [(kind_of(shell.output).lower(), shell.shown_number) for shell in outputs.shells]
    return [
        Finding(f"outputs.shells[{i}].number", repr(number), f"a number that no {kind} above has")
        for i, (kind, number) in enumerate(shown)
        if (kind, number) in shown[:i]
    ]


def _landmark_findings(outputs: Outputs, statistics: Statistics) -> list[Finding]:
    known = [f"{month:g}" for month in statistics.landmarks_months]
    return [
        Finding(f"outputs.landmarks_months[{i}]", f"{month:g}", one_of(f"{month:g}", known))
        for i, month in enumerate(outputs.landmarks_months or ())
        if month not in statistics.landmarks_months
    ]


def _schedule_findings(schedule: tuple[Visit, ...]) -> list[Finding]:
    labels = [visit.visit for visit in schedule]
    findings = [
        Finding(f"schedule[{i}].visit", repr(label), "each visit once")
        for i, label in enumerate(labels)
        if label in labels[:i]
    ]
    order = sorted(range(len(schedule)), key=lambda i: schedule[i].day)
    for first_index, second_index in itertools.pairwise(order):
        first, second = schedule[first_index], schedule[second_index]
        if second.first_day <= first.last_day:
            found = f"days {second.first_day} to {second.last_day}"
            expected = f"no overlap with {first.visit}, days {first.first_day} to {first.last_day}"
            findings.append(Finding(f"schedule[{second_index}].window", found, expected))
    return findings


def _improvement_visits(valid: Mapping[str, Any], raw: Mapping[str, Any]) -> list[str]:
    """The visits of the improvement rate, even where another key of response is wrong."""
    if "response" in valid:
        return list(valid["response"].improvement.visits)
    visits: Any = raw["response"]
    for key in ("improvement", "visits"):
        visits = visits.get(key) if isinstance(visits, Mapping) else None
    return [visit for visit in visits if isinstance(visit, str)] if isinstance(visits, list) else []


def _unscheduled_findings(
    visits: Iterable[str], schedule: tuple[Visit, ...], prefix: str
) -> list[Finding]:
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
    # The default stands for the last visit where the schedule has none of that name; a pinned plan
    # states it.
    if deadline in [*labels, Response.model_fields["remission_deadline"].default]:
        return []
    return [Finding(f"{prefix}.remission_deadline", repr(deadline), one_of(deadline, labels))]


def _held_findings(response: Response, schedule: tuple[Visit, ...], prefix: str) -> list[Finding]:
    """Remission that cannot have held so long by its deadline: all would fail on day 1."""
    due, held = response.deadline(schedule), response.remission.held_days
    if held < due.last_day:
        return []
    expected = f"fewer days than until {due.visit} (remission_deadline), day {due.last_day}"
    return [Finding(f"{prefix}.remission.held_days", str(held), expected)]


def _sensitivity_findings(valid: Mapping[str, Any]) -> list[Finding]:
    findings: list[Finding] = []
    for name, change in valid["sensitivity"].items():
        key = f"sensitivity.{name}"
        if name == "primary":
            findings.append(Finding(key, "the reserved name primary", "another name"))
        infused = change.population == "infused"
        if not change.response and not change.statistics and infused:
            findings.append(Finding(key, "nothing that differs", "keys of response or statistics"))
        if not infused and not _has_criteria(valid):
            expected = "infused: without inputs.screening or inputs.eligibility nobody is eligible"
            findings.append(Finding(f"{key}.population", "eligible", expected))
        for section, model in (("response", Response), ("statistics", Statistics)):
            base = valid[section].model_dump(exclude_unset=True)
            combined = merge_values(base, getattr(change, section))
            try:
                checked = model.model_validate(combined)
            except ValidationError as error:
                findings += validation_findings(error, model, ("sensitivity", name, section))
                continue
            if isinstance(checked, Response) and "schedule" in valid:
                schedule, prefix = valid["schedule"], f"{key}.response"
                findings += _unscheduled_findings(checked.improvement.visits, schedule, prefix)
                if "remission_deadline" in change.response:
                    findings += _deadline_findings(checked, schedule, prefix)
                if {"remission", "remission_deadline"} & set(change.response):
                    findings += _held_findings(checked, schedule, prefix)
    return findings


def _has_criteria(valid: Mapping[str, Any]) -> bool:
    """Whether the study has a table of eligibility, or its inputs are wrong in themselves."""
    inputs = valid.get("inputs")
    return inputs is None or any((inputs.screening, inputs.eligibility))


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
    """Definitions that cannot be simulated; else scenarios and decisions at visits not analysed."""
    simulation = plan.require_simulation()
    return _definition_findings(plan, simulation) or [
        *_scenario_findings(plan, simulation),
        *_decision_findings(plan, simulation),
    ]


def _definition_findings(plan: Plan, simulation: Simulation) -> list[Finding]:
    findings = []
    for i, name in enumerate(simulation.definitions or ()):
        key = f"simulation.definitions[{i}]"
        if name not in plan.sensitivity:
            findings.append(Finding(key, repr(name), one_of(name, plan.sensitivity)))
        elif plan.sensitivity[name].population != "infused":
            expected = "a definition of all infused: eligibility is not simulated"
            findings.append(Finding(key, repr(name), expected))
        elif plan.statistics_of(name).dor_estimator == "turnbull":
            expected = "a definition without the Turnbull estimator: its interval is a bootstrap"
            findings.append(Finding(key, repr(name), expected))
    return findings


def _analysed_visits(plan: Plan) -> list[str]:
    """Visits of the improvement rate, in the primary analysis or in one that is simulated."""
    responses = [plan.response, *(plan.response_of(name) for name in plan.simulated_variants)]
    return list(dict.fromkeys(visit for one in responses for visit in one.improvement.visits))


def _scenario_findings(plan: Plan, simulation: Simulation) -> Iterator[Finding]:
    visits = _analysed_visits(plan)
    for name, scenario in simulation.scenarios.items():
        key = f"simulation.scenarios.{name}.improvement"
        for visit in visits:
            if visit not in scenario.improvement:
                expected = "a probability: the visit is analysed"
                yield Finding(f"{key}.{visit}", "nothing", expected)
        found = "a visit that is not analysed"
        yield from unknown_names(scenario.improvement, visits, key, found)


def _decision_findings(plan: Plan, simulation: Simulation) -> Iterator[Finding]:
    visits = _analysed_visits(plan)
    for name, decision in simulation.decisions.items():
        if decision.visit not in plan.response.improvement.visits:
            key = f"simulation.decisions.{name}.visit"
            yield Finding(key, repr(decision.visit), one_of(decision.visit, visits))
