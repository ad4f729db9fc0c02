"""Findings that take two keys of the plan to see."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from durable.contracts.columns import NATIVE_COLUMNS, TABLES
from durable.contracts.sdtm import VARIABLES, unusable, variables
from durable.contracts.units import UNITS
from durable.jdm.measures import ENZYMES
from durable.jdm.response import Response
from durable.plan.analysis import LONGEST_ID, Analysis
from durable.plan.findings import Finding, one_of, validation_findings
from durable.plan.inputs import Inputs, Sdtm
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
        findings += _column_findings(valid["inputs"])
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


def _column_findings(inputs: Inputs) -> list[Finding]:
    findings = []
    for table in TABLES:
        given = getattr(inputs, table)
        if given is None:
            if table in ("subjects", "visits") and inputs.sdtm is None:
                expected = "a value: the key is required"
                findings.append(Finding(f"inputs.{table}", "nothing", expected))
            continue
        if inputs.sdtm is not None:
            found = "a table beside an SDTM package"
            findings.append(Finding(f"inputs.{table}", found, "one or the other"))
        for key in ("columns", "values"):
            findings += _unknown_columns(f"inputs.{table}.{key}", table, getattr(given, key))
        findings += _unit_findings(f"inputs.{table}.units", table, given.units)
    return findings + ([] if inputs.sdtm is None else _sdtm_findings(inputs.sdtm))


def _unknown_columns(key: str, table: str, names: Iterable[str]) -> list[Finding]:
    return [
        Finding(f"{key}.{name}", "an unknown column", one_of(name, NATIVE_COLUMNS[table]))
        for name in names
        if name not in NATIVE_COLUMNS[table]
    ]


def _sdtm_findings(sdtm: Sdtm) -> list[Finding]:
    findings = []
    for key in ("variables", "values", "units"):
        for table, names in getattr(sdtm, key).items():
            path = f"inputs.sdtm.{key}.{table}"
            if table not in TABLES:
                findings.append(Finding(path, "an unknown table", one_of(table, TABLES)))
            elif table not in sdtm.tables:
                found = "a table that is not made"
                findings.append(Finding(path, found, f"{table} among inputs.sdtm.tables"))
            elif key == "units":
                # The limit of an enzyme is of the same record.
                limits = {f"{name}_uln": unit for name, unit in names.items() if name in ENZYMES}
                findings += _unit_findings(path, table, names | limits)
            else:
                findings += _unknown_columns(path, table, names)
    measures = VARIABLES["visits"]
    findings += [
        Finding(f"inputs.sdtm.evaluators.{name}", "no measure of visits", one_of(name, measures))
        for name in sdtm.evaluators
        if name not in measures
    ]
    return findings + _place_findings(sdtm)


def _place_findings(sdtm: Sdtm) -> list[Finding]:
    """Mappings of SDTM variables that nothing would read."""
    findings = []
    for table, places in sdtm.variables.items():
        if table not in sdtm.tables:
            continue
        for column, place in places.items():
            expected = unusable(table, column, place)
            if column in NATIVE_COLUMNS[table] and expected:
                key = f"inputs.sdtm.variables.{table}.{column}"
                findings.append(Finding(key, repr(place), expected))
    measures = variables("visits", sdtm)
    if not measures:
        key = "inputs.sdtm.variables.visits"
        findings.append(Finding(key, "no measure", "a place for at least one"))
    for column in sdtm.variables.get("visits", {}):
        shared = [n for n, place in measures.items() if place == measures.get(column)]
        if len(shared) > 1:
            key = f"inputs.sdtm.variables.visits.{column}"
            found = f"{measures[column]} for {' and '.join(shared)}"
            findings.append(Finding(key, found, "a test for each"))
    return findings


def _unit_findings(prefix: str, table: str, units: Mapping[str, str]) -> list[Finding]:
    findings = []
    known = UNITS.get(table, {})
    for name, unit in units.items():
        key = f"{prefix}.{name}"
        if name not in known:
            expected = one_of(name, known) if known else "no units: none are known of this table"
            findings.append(Finding(key, "a column without units", expected))
        elif unit not in known[name]:
            findings.append(Finding(key, repr(unit), one_of(unit, known[name])))
    for enzyme in ENZYMES:
        pair = (enzyme, f"{enzyme}_uln")
        if table == "visits" and units.get(pair[0]) != units.get(pair[1]):
            found = f"{enzyme} and {enzyme}_uln in different units"
            findings.append(Finding(prefix, found, "one unit for both"))
    return findings


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
    if len(analysis.id) > LONGEST_ID - len("-YYYY-MM-DD"):
        expected = f"at most {LONGEST_ID - len('-YYYY-MM-DD')} signs: series appends each cut-off"
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
