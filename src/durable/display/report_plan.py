"""The plan as the report prints it: every key with its default, and what differs from it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from durable.language import _
from durable.plan import Analysis, Inputs, Plan, Study
from durable.plan.json_schema import meanings

#: Sections in which a difference is one of definition, not of names or of presentation.
DEFINING = (
    *("schedule", "response", "statistics", "groups", "subgroups"),
    *("safety", "laboratory", "kinetics", "over_time"),
)
_SHOWN = ("analysis", "study", *DEFINING, "outputs")
_SCALE = {"range", "min", "max"}
#: Sections that are shown as one value: their keys are names of the study's own.
_WHOLE = ("subgroups",)


@dataclass(frozen=True)
class Key:
    """A key of the plan with the value in force."""

    path: str
    value: str
    default: str
    meaning: str
    differs: bool

    @property
    def defining(self) -> bool:
        """Whether it is part of a definition."""
        return self.path.partition(".")[0] in DEFINING


def key_meanings() -> list[str]:
    """What the keys mean that the report prints, in English, each text once."""
    shown_keys = (text for key, text in meanings() if key.partition(".")[0] in _SHOWN)
    return list(dict.fromkeys(filter(None, shown_keys)))


def plan_keys(plan: Plan) -> list[Key]:
    """Every key in the order of the plan; inputs and sensitivity analyses are shown elsewhere."""
    meaning = dict(meanings())
    default = dict(_leaves(_dumped(_defaults())))
    return [
        Key(
            path,
            shown(value),
            shown(default[path]) if path in default and path not in _GIVEN else "",
            _(meaning.get(path, "")),
            path not in _GIVEN and (path not in default or default[path] != value),
        )
        for path, value in _leaves(_dumped(plan))
    ]


#: Keys without a default.
_GIVEN = ("analysis.id", "analysis.data_cutoff", "study.id")


def _dumped(plan: Plan) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in _SHOWN}


def _defaults() -> Plan:
    return Plan(
        analysis=Analysis(id="none", data_cutoff=dt.date(2000, 1, 1)),
        inputs=Inputs(),
        study=Study(id="none"),
    )


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    value = _plain(value)
    if path in _WHOLE:
        yield path, {name: _plain(inner) for name, inner in value.items()}
        return
    if not isinstance(value, dict) or set(value) == _SCALE:
        yield path, value
        return
    for name, inner in value.items():
        yield from _leaves(inner, f"{path}.{name}" if path else name)


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def shown(value: Any) -> str:
    """A value as it would stand in the configuration."""
    if value is None:
        return _("empty")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}" if value.is_integer() else repr(value)
    if isinstance(value, list):
        # Sections stand in lines of their own.
        between = ",\n" if any(isinstance(item, dict) for item in value) else ", "
        return "[" + between.join(map(shown, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) + "}"
    return str(value)


def variants(plan: Plan) -> list[tuple[str, str, str]]:
    """Name, title and changes of each sensitivity analysis."""
    return [
        (
            name,
            variant.title or name,
            ", ".join(
                f"{path}: {shown(value)}"
                for path, value in _leaves(
                    json.loads(variant.model_dump_json(include={"response", "statistics"}))
                )
                if value != {}
            ),
        )
        for name, variant in plan.sensitivity.items()
    ]
