"""Reads a configuration file into the plan, or reports every mistake in it at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError, create_model

from durable.plan.cross_checks import cross_findings
from durable.plan.findings import Finding, PlanError, one_of, shown_value, validation_findings
from durable.plan.plan import Plan
from durable.plan.yaml_reading import MOST_CHARACTERS, read_yaml
from durable.sections import Section


def load(path: str | Path) -> Plan:
    """Read the analysis plan from a configuration file.

    Parameters
    ----------
    path
        YAML file, read by `read_yaml`.

    Returns
    -------
    Plan
        With the default of every key that is not given.

    Raises
    ------
    PlanError
        With every finding at once.
    """
    source = str(path)
    try:
        # Not the whole of a file that is no plan.
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(MOST_CHARACTERS + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "bytes that are not UTF-8"
        raise PlanError(source, [Finding("(file)", str(reason), "a readable YAML file")]) from None
    return parse(read_yaml(text, source), source)


def parse(raw: object, source: str = "configuration") -> Plan:
    """Make the analysis plan from a configuration read into plain values.

    Parameters
    ----------
    raw
        Sections by name, as YAML gives them.
    source
        Where they are from, for the message of the error.

    Returns
    -------
    Plan
        With the default of every key that is not given.

    Raises
    ------
    PlanError
        With every finding at once.
    """
    if not isinstance(raw, Mapping):
        finding = Finding("(file)", shown_value(raw), "sections such as analysis: and inputs:")
        raise PlanError(source, [finding])
    valid: dict[str, Any] = {}
    findings: list[Finding] = []
    for name, part in _PARTS.items():
        try:
            section = {name: raw[name]} if name in raw else _absent_section(name)
            valid[name] = getattr(part.model_validate(section), name)
        except ValidationError as error:
            findings += validation_findings(error, part)
    for key in [key for key in raw if key not in Plan.model_fields]:
        findings.append(Finding(str(key), "an unknown key", one_of(str(key), Plan.model_fields)))
    findings += cross_findings(valid, raw)
    if findings:
        raise PlanError(source, findings)
    sections = {name: valid[name] for name in valid if name in raw}
    return Plan.model_construct(_fields_set=set(sections), **valid)


def _absent_section(name: str) -> dict[str, Any]:
    """The value of a section that is not given: empty where it has required keys, else none."""
    section = Plan.model_fields[name].annotation
    if not (isinstance(section, type) and issubclass(section, Section)):
        return {}
    required = any(field.is_required() for field in section.model_fields.values())
    return {name: {}} if required and Plan.model_fields[name].is_required() else {}


def _section_alone(name: str) -> type[Section]:
    """One section of the plan as a model, so that each is checked whatever is wrong with others."""
    field = Plan.model_fields[name]
    definition: dict[str, Any] = {name: (field.annotation, field)}
    return create_model(f"_{name}", __base__=Section, **definition)


_PARTS = {name: _section_alone(name) for name in Plan.model_fields}
