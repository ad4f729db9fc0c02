"""The plan as the report prints it: every key with its default, and what differs from it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from durable.language import Text, _, translate_marked
from durable.plan import Analysis, Inputs, Plan, Study, Variant
from durable.plan.json_schema import meanings
from durable.sections import Section

#: Sections in which a difference is one of definition, not of names or of presentation.
DEFINING = (
    *("schedule", "response", "statistics", "groups", "subgroups"),
    *("safety", "laboratory", "kinetics", "over_time"),
    *("exposure", "cells_outcome", "monitoring", "eligibility", "deviations"),
)
_SHOWN = ("analysis", "study", *DEFINING, "outputs")
_SCALE = {"range", "min", "max"}


@dataclass(frozen=True)
class Key:
    """A key of the plan with the value in force."""

    path: str
    """Dotted path: ``statistics.conf_level``."""
    value: str
    """The value in force, as the configuration would have it (`value_text`)."""
    default: str
    """Likewise the default; empty for a key without one."""
    meaning: str
    """Description in the language in force; empty where there is none."""
    differs: bool
    """Whether value and default differ; False for a key without a default."""


def key_meanings() -> list[str]:
    """Descriptions of the keys that the report prints, in English, each text once.

    Without those that list what a registry has, whose parts are marked where they are declared.
    """
    shown_keys = (text for key, text in meanings() if key.partition(".")[0] in _SHOWN)
    return list(dict.fromkeys(text for text in shown_keys if text and not isinstance(text, Text)))


def plan_keys(plan: Plan) -> list[Key]:
    """Every key of the sections that the report prints, in their order.

    Left out are inputs, sensitivity analyses and the other sections that `_SHOWN` does not have. A
    mapping or list is one key.
    """
    meaning, defaults = dict(meanings()), _defaults()
    keys = []
    for section in _SHOWN:
        for path, value in _keys(getattr(plan, section), section):
            default = value if path in _GIVEN else _value_at(defaults, path)
            text = "" if path in _GIVEN else value_text(default)
            meant = translate_marked(meaning.get(path, ""))
            keys.append(Key(path, value_text(value), text, meant, differs=default != value))
    return keys


def differing_definitions(plan: Plan) -> list[Key]:
    """Keys of the sections `DEFINING` that differ from their defaults, in the order of the plan.

    A section that is empty by default is one entry: its keys that have a value, in braces.
    """
    meaning, defaults = dict(meanings()), _defaults()
    return [
        Key(
            path,
            value_text(value),
            value_text(default),
            translate_marked(meaning.get(path, "")),
            differs=True,
        )
        for section in DEFINING
        for path, value, default in _differences(
            getattr(plan, section), getattr(defaults, section), section
        )
    ]


def _differences(value: Any, default: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Path, value and default of what differs."""
    if _is_divided(value) and isinstance(default, Section):
        for name in type(value).model_fields:
            inner = getattr(value, name), getattr(default, name)
            yield from _differences(*inner, f"{path}.{name}")
    elif _is_divided(value) and default is None:
        yield path, value.model_dump(mode="json", exclude_none=True), None
    elif _plain(value) != _plain(default):
        yield path, _plain(value), _plain(default)


def _is_divided(value: Any) -> bool:
    """Whether the keys of a value are shown one by one."""
    return isinstance(value, Section) and set(type(value).model_fields) != _SCALE


#: Keys without a default.
_GIVEN = ("analysis.id", "analysis.data_cutoff", "study.id")


def _defaults() -> Plan:
    return Plan(
        analysis=Analysis(id="none", data_cutoff=dt.date(2000, 1, 1)),
        inputs=Inputs(),
        study=Study(id="none"),
    )


def _keys(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Path and value of each key; mappings, whose keys are the study's own names, as one value."""
    if not _is_divided(value):
        yield path, _plain(value)
        return
    for name in type(value).model_fields:
        if name in vars(value):  # a stage is handed parts of some sections
            yield from _keys(getattr(value, name), f"{path}.{name}")


def _value_at(plan: Plan, path: str) -> Any:
    """The value of a key; of a section that is empty, that of the section."""
    value: Any = plan
    for name in path.split("."):
        if not isinstance(value, Section):
            break
        value = getattr(value, name)
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Section):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def value_text(value: Any, separator: str = ",\n") -> str:
    """A value as the configuration would have it: `true`, `0.95`, `[M2, M3]`, `{a: 1, b: 2}`.

    None is the word *empty* in the language in force. Entries of a list or mapping are separated by
    `separator` where one of them is a mapping, else by a comma and a space.
    """
    if value is None:
        return _("empty")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}" if value.is_integer() else repr(value)
    if isinstance(value, list):
        items = [value_text(item, ", ") for item in value]
        return "[" + _separator(value, separator).join(items) + "]"
    if isinstance(value, dict):
        items = [f"{key}: {value_text(item, ', ')}" for key, item in value.items()]
        return "{" + _separator(value.values(), separator).join(items) + "}"
    return str(value)


def _separator(items: Iterable[Any], separator: str) -> str:
    return separator if any(isinstance(item, dict) for item in items) else ", "


def variants(plan: Plan) -> list[tuple[str, str, str]]:
    """Name, title (else the name) and changes of each sensitivity analysis, in order.

    Changes are one text: ``response.remission.rule: ilar, ...``; empty where it states none.
    """
    return [
        (
            name,
            variant.title or name,
            ", ".join(f"{path}: {value_text(value)}" for path, value in _variant_changes(variant)),
        )
        for name, variant in plan.sensitivity.items()
    ]


def _variant_changes(variant: Variant) -> Iterator[tuple[str, Any]]:
    """Path and value of what differs from the primary analysis: the population, then the keys."""
    if variant.population != "infused":
        yield "population", variant.population
    yield from _changes(json.loads(variant.model_dump_json(include={"response", "statistics"})))


def _changes(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and value of each key that a sensitivity analysis states."""
    if not isinstance(value, dict) or set(value) == _SCALE:
        yield path, value
        return
    for name, inner in value.items():
        yield from _changes(inner, f"{path}.{name}" if path else name)
