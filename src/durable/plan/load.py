"""Reads a configuration file into the plan, or says everything that is wrong with it at once."""

from __future__ import annotations

import ast
import difflib
import inspect
import itertools
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError, create_model

from durable.contracts.columns import NATIVE_COLUMNS
from durable.contracts.sdtm import VARIABLES, unusable, variables
from durable.contracts.units import UNITS
from durable.errors import UserError
from durable.lookalikes import look_alike
from durable.plan.model import (
    ENZYMES,
    LONGEST_ID,
    TABLES,
    Analysis,
    Inputs,
    Plan,
    Response,
    Sdtm,
    Section,
    Series,
    Statistics,
    Visit,
    merged,
)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a configuration."""

    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.key}: found {self.found}; expected {self.expected}"


class PlanError(UserError):
    """A configuration that cannot be an analysis plan; carries every finding."""

    status = 2

    def __init__(self, source: str, findings: Iterable[Finding]) -> None:
        self.source = source
        self.findings = tuple(findings)
        lines = "\n".join(f"  {finding}" for finding in self.findings)
        super().__init__(f"{source}: {len(self.findings)} problem(s) in the configuration\n{lines}")


def load(path: str | Path) -> Plan:
    """Read and check a configuration file.

    Parameters
    ----------
    path
        YAML file (read safely: no tags, no duplicate keys).

    Raises
    ------
    PlanError
        With every finding at once.
    """
    source = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "bytes that are not UTF-8"
        raise PlanError(source, [Finding("(file)", str(reason), "a readable YAML file")]) from None
    return parse(_yaml(text, source), source)


def parse(raw: object, source: str = "configuration") -> Plan:
    """Check a configuration already read into plain values.

    Raises
    ------
    PlanError
        With every finding at once.
    """
    if not isinstance(raw, Mapping):
        finding = Finding("(file)", _shown(raw), "sections such as analysis: and inputs:")
        raise PlanError(source, [finding])
    valid: dict[str, Any] = {}
    findings: list[Finding] = []
    for name, part in _PARTS.items():
        try:
            given = {name: raw[name]} if name in raw else _absent(name)
            valid[name] = getattr(part.model_validate(given), name)
        except ValidationError as error:
            findings += _findings(error, part)
    for key in [key for key in raw if key not in Plan.model_fields]:
        findings.append(Finding(str(key), "an unknown key", _one_of(str(key), Plan.model_fields)))
    findings += _cross_findings(valid, raw)
    if findings:
        raise PlanError(source, findings)
    given_sections = {name: valid[name] for name in valid if name in raw}
    return Plan.model_construct(_fields_set=set(given_sections), **valid)


def _absent(name: str) -> dict[str, Any]:
    """What stands for a section that is not given: where it has required keys, they are missing."""
    section = Plan.model_fields[name].annotation
    if not (isinstance(section, type) and issubclass(section, Section)):
        return {}
    required = any(field.is_required() for field in section.model_fields.values())
    return {name: {}} if required and Plan.model_fields[name].is_required() else {}


def _part(name: str) -> type[Section]:
    """One section of the plan as a model, so that each is checked whatever is wrong with others."""
    field = Plan.model_fields[name]
    definition: dict[str, Any] = {name: (field.annotation, field)}
    return create_model(f"_{name}", __base__=Section, **definition)


_PARTS = {name: _part(name) for name in Plan.model_fields}


class _Strict(yaml.constructor.SafeConstructor, yaml.resolver.Resolver):
    """Safe YAML that refuses a key given twice instead of keeping the last.

    Dates stay text: the plan checks them, and can then name the key.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012  (the base class declares it so)
        first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, list | dict) or key in seen:
                quotes = "" if isinstance(key, str) else f" ({_in_quotes(key)})"
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} a second time{quotes}", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


class _Loader(_Strict, yaml.SafeLoader):
    """Says what is wrong in words, and where."""


_Base: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class _QuickLoader(_Strict, _Base):  # type: ignore[misc]  # one of two classes
    """Ten times as fast, where the library has libyaml; what a person writes it reads alike."""


def _yaml(text: str, source: str) -> object:
    # Tabs between values are refused by one of them and read by the other.
    if "\t" not in text:
        with suppress(yaml.YAMLError, ValueError, RecursionError):
            return yaml.load(text, Loader=_QuickLoader)  # noqa: S506  (a SafeLoader)
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506  (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "(file)"
        raise PlanError(source, [Finding(where, str(error.problem), "valid YAML")]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        finding = Finding("(file)", str(error).splitlines()[0], "valid YAML")
        raise PlanError(source, [finding]) from None


def _path(loc: Iterable[int | str]) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _one_of(key: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(key, names, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    alike = next((differs for name in names if (differs := look_alike(key, name))), "")
    hint = f" ({alike})" if alike else hint
    return f"one of {', '.join(names)}{hint}"


def _model_at(model: type[BaseModel], loc: Iterable[int | str]) -> type[BaseModel]:
    """The section that a key path below `model` lies in."""
    for part in loc:
        field = model.model_fields.get(str(part))
        nested = () if field is None else (field.annotation, *_inner(field.annotation))
        model = next((t for t in nested if isinstance(t, type) and issubclass(t, BaseModel)), model)
    return model


def _inner(annotation: Any) -> tuple[Any, ...]:
    args = get_args(annotation)
    return args + tuple(arg for nested in args for arg in _inner(nested))


def _findings(
    error: ValidationError, model: type[BaseModel], prefix: tuple[str, ...] = ()
) -> list[Finding]:
    # A list is also called too short when all its entries are wrong.
    items = [item for item in error.errors() if item["type"] != "too_short" or not item["input"]]
    return [_finding(item, model, prefix) for item in items]


#: What pydantic expects, by the type of its error, in words for a person who writes YAML.
_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "names and values",
    "float_type": "a number",
    "int_type": "a whole number",
    "model_type": "a section of keys and values",
    "model_attributes_type": "a section of keys and values",
    "string_type": "text",
    "too_short": "at least one entry",
    "tuple_type": "a list",
}


def _finding(error: Any, model: type[BaseModel], prefix: tuple[str, ...]) -> Finding:
    """A pydantic error in the words of this module."""
    loc = error["loc"]
    key = _path((*prefix, *loc))
    if error["type"] == "string_type" and isinstance(error["input"], bool | int | float | None):
        return _unquoted(error["input"], (*prefix, *loc))
    if error["type"] == "float_type" and _BARE_EXPONENT.fullmatch(str(error["input"])):
        expected = "a number, its exponent with a point and a sign for YAML, such as 1.0e+7"
        return Finding(key, _shown(error["input"]), expected)
    if error["type"] in _EXPECTED:
        return Finding(key, _shown(error["input"]), _EXPECTED[error["type"]])
    if error["type"] == "string_pattern_mismatch":
        return Finding(key, _shown(error["input"]), f"text like {error['ctx']['pattern']}")
    if error["type"] == "extra_forbidden":
        known = _model_at(model, loc[:-1]).model_fields
        return Finding(key, "an unknown key", _one_of(str(loc[-1]), known))
    if error["type"] == "missing":
        return Finding(key, "nothing", "a value: the key is required")
    if error["type"] == "value_error":
        return Finding(key, _shown(_plain(error["input"])), str(error["ctx"]["error"]))
    expected = error["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    return Finding(key, _shown(error["input"]), expected)


#: A number that YAML 1.1 reads as text.
_BARE_EXPONENT = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?[eE][+-]?[0-9]+")
#: What YAML 1.1 reads as a truth value.
_TRUE, _FALSE = ("YES", "Yes", "yes", "ON", "on", "TRUE", "true"), ("NO", "No", "no", "OFF", "off")


def _unquoted(value: object, loc: tuple[int | str, ...]) -> Finding:
    """Text that YAML reads as something else, because it stands without quotes."""
    if loc[-1] == "[key]":
        return Finding(_path(loc[:-2]), f"the key {_yaml_word(value)}", _in_quotes(value))
    return Finding(_path(loc), _yaml_word(value), _in_quotes(value))


def _yaml_word(value: object) -> str:
    """A value as YAML has it."""
    return "nothing" if value is None else str(value).lower()


def _in_quotes(value: object) -> str:
    """What to write instead of text that YAML does not read as text."""
    if value is None:
        return 'text in quotes, such as "" for missing, "null" or "~": YAML reads those as nothing'
    if isinstance(value, bool):
        words = " or ".join(
            f'"{word}"' for word in (_TRUE if value else (*_FALSE, "FALSE", "false"))
        )
        return f"text in quotes, as the file has it: {words}: YAML reads it as a truth value"
    return f'text in quotes, with all its digits, such as "{value}": YAML reads it as a number'


def _plain(value: object) -> object:
    return value.model_dump() if isinstance(value, BaseModel) else value


def _cross_findings(valid: Mapping[str, Any], raw: Mapping[str, Any]) -> list[Finding]:
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
        Finding(f"{prefix}.improvement.visits[{i}]", repr(visit), _one_of(visit, labels))
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
    return [Finding(f"{prefix}.remission_deadline", repr(deadline), _one_of(deadline, labels))]


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
        Finding(f"{key}.{name}", "an unknown column", _one_of(name, NATIVE_COLUMNS[table]))
        for name in names
        if name not in NATIVE_COLUMNS[table]
    ]


def _sdtm_findings(sdtm: Sdtm) -> list[Finding]:
    findings = []
    for key in ("variables", "values", "units"):
        for table, names in getattr(sdtm, key).items():
            path = f"inputs.sdtm.{key}.{table}"
            if table not in TABLES:
                findings.append(Finding(path, "an unknown table", _one_of(table, TABLES)))
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
        Finding(f"inputs.sdtm.evaluators.{name}", "no measure of visits", _one_of(name, measures))
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
            expected = _one_of(name, known) if known else "no units: none are known of this table"
            findings.append(Finding(key, "a column without units", expected))
        elif unit not in known[name]:
            findings.append(Finding(key, repr(unit), _one_of(unit, known[name])))
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
                findings += _findings(error, model, ("sensitivity", name, section))
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
            findings.append(Finding(key, repr(name), _one_of(name, plan.sensitivity)))
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
            Finding(f"{key}.{visit}", "a visit that is not analysed", _one_of(visit, visits))
            for visit in given
            if visit not in visits
        ]
    findings += [
        Finding(f"simulation.decisions.{name}.visit", repr(rule.visit), _one_of(rule.visit, visits))
        for name, rule in simulation.decisions.items()
        if rule.visit not in plan.response.improvement.visits
    ]
    return findings


def schema() -> dict[str, Any]:
    """JSON Schema of a configuration file, for editors that check and complete."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    _describe()
    return dialect | Plan.model_json_schema()


@cache
def _describe() -> None:
    """Give each key of the plan the text under it in the source as its description."""
    meanings = _meanings(Path(inspect.getfile(Plan)).read_text(encoding="utf-8"))
    # In the order of the source: a section stands after those that it holds.
    for section in [s for s in Section.__subclasses__() if s.__module__ == Plan.__module__]:
        for name, field in section.model_fields.items():
            field.description = meanings.get((section.__name__, name))
        section.model_rebuild(force=True)


def _meanings(source: str) -> dict[tuple[str, str], str]:
    """Text under each annotated name of each class, by both names."""
    return {
        (section.name, key.target.id): inspect.cleandoc(text.value.value)
        for section in ast.parse(source).body
        if isinstance(section, ast.ClassDef)
        for key, text in itertools.pairwise(section.body)
        if isinstance(key, ast.AnnAssign) and isinstance(key.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if isinstance(text.value.value, str)
    }
