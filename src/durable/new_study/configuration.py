"""The configuration of a new study: the keys that a study sets, each with what it means.

The text of a key is that of the plan itself, and so is its default, which is written out: what a
study has not settled stands there to be seen. Keys that are not listed here have their defaults;
``durable keys`` prints them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

import yaml

from durable.contracts.tables import INPUT_TABLES
from durable.plan import parse
from durable.plan.reference import Key, keys

#: What stands for a cut-off that is not given: no date, so that nothing is analysed by it.
_NO_CUTOFF = "YYYY-MM-DD"
_WIDTH = 100
#: Keys in their order; a section stands for all of it.
_SHOWN = (
    *("analysis.id", "analysis.title", "analysis.status", "analysis.data_cutoff"),
    *("study.id", "study.title", "study.treatment", "study.sponsor", "study.protocol_version"),
    *(f"inputs.{table}" for table in INPUT_TABLES),
    "schedule",
    "response.core_set",
    *(f"response.improvement.{key}" for key in ("visits", "level", "missing")),
    *(f"response.remission.{key}" for key in ("rule", "confirmation")),
    *(f"response.recurrence.{key}" for key in ("confirmed_loss", "consecutive", "investigator")),
    "response.remission_deadline",
    *(f"response.new_therapy.{key}" for key in ("improvement", "remission", "duration")),
    "response.missed_assessments.consecutive",
    "response.reinfusion",
    *(f"statistics.{key}" for key in ("conf_level", "km_ci", "quantile_rule", "landmarks_months")),
    "groups",
    "sensitivity",
    *("safety.windows_days", "safety.ctcae_version", "safety.dlt_window_days", "safety.escalation"),
    "kinetics.method",
    *("outputs.language", "outputs.documents", "outputs.datasets", "outputs.locked"),
    "governance.reason_required",
)
_HEADING = """\
# The analysis plan of the study. Every definition stands in this file, and is printed under the
# tables that depend on it. Values are the defaults until you change them.
#
#   durable keys WORD      looks up any key, those that are not written here too
#   durable check          tells every mistake in this file, and what the data lack
"""
_INPUTS = (
    "A table that the study does not have: delete its line. Files of another form, with other"
    " column names, values or units: `durable inspect FOLDER` drafts what to write here."
)
_SENSITIVITY = """\
# sensitivity:
#   first_loss:
#     title: Recurrence at the first loss of remission, unconfirmed
#     response: {recurrence: {consecutive: 1}}
sensitivity: {}"""


def configuration_text(study: str | None, analysis: str, cutoff: str | None) -> str:
    """The configuration of a new study, as the text of a YAML file.

    Parameters
    ----------
    study, analysis, cutoff
        ``study.id``, ``analysis.id`` and ``analysis.data_cutoff`` (YYYY-MM-DD). Where the first or
        the last is None, the file has a null or the text YYYY-MM-DD, which the plan refuses until
        it is completed.

    Raises
    ------
    PlanError
        Where one of them is not as the plan expects it.
    """
    paths = {name: {"path": f"data/{name}.csv"} for name in INPUT_TABLES}
    plan_values: dict[str, Any] = {
        "analysis": {"id": analysis, "data_cutoff": cutoff or "2000-01-01"},
        "study": {"id": study or "STUDY"},
        "inputs": paths,
    }
    values = parse(plan_values, "durable new").model_dump(mode="json")
    values["analysis"]["data_cutoff"] = cutoff or _NO_CUTOFF
    values["study"]["id"] = study
    values["inputs"] = paths
    described = {key.path: key for key in keys()}
    return "\n".join([_HEADING, *_lines(values, described)]) + "\n"


def _lines(values: Mapping[str, Any], described: Mapping[str, Key]) -> Iterator[str]:
    open_sections: tuple[str, ...] = ()
    for path in _SHOWN:
        *sections, name = path.split(".")
        yield from _headings(tuple(sections), open_sections, described)
        open_sections = tuple(sections)
        indent = "  " * len(sections)
        if not sections:
            yield ""
        if path == "sensitivity":
            yield from _comment(described[path].meaning, "")
            yield _SENSITIVITY
            continue
        key, value = described.get(path), _value_at(values, path)
        if key is not None:
            yield from _comment(_key_comment(key), indent)
        yield from _key(name, value, indent)


def _headings(
    sections: tuple[str, ...], open_sections: tuple[str, ...], described: Mapping[str, Key]
) -> Iterator[str]:
    """The lines that open sections, where the key before was in others."""
    for depth, section in enumerate(sections):
        if sections[: depth + 1] == open_sections[: depth + 1]:
            continue
        if depth == 0:
            yield ""
        indent = "  " * depth
        key = described.get(".".join(sections[: depth + 1]))
        if section == "inputs":
            yield from _comment(_INPUTS, indent)
        elif key is not None and depth > 0:
            yield from _comment(key.meaning, indent)
        yield f"{indent}{section}:"


def _key_comment(key: Key) -> str:
    """What a key means and takes, in a comment."""
    needed = " Required." if key.default == "required" else ""
    values = key.values.replace("`", "")
    plain = "text" in values or "section" in values
    return f"{key.meaning}{needed}" + ("" if plain else f" ({values})")


def _comment(text: str, indent: str) -> list[str]:
    before = f"{indent}# "
    return wrap(text, _WIDTH, initial_indent=before, subsequent_indent=before)


def _key(name: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        yield f"{indent}{name}:"
        yield from (f"{indent}  - {_flow(item)}" for item in value)
    else:
        yield f"{indent}{name}: {_flow(value)}"


def _flow(value: Any) -> str:
    text = yaml.safe_dump(
        _plain(value), default_flow_style=True, width=10_000, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("...\n").strip()


def _plain(value: Any) -> Any:
    """The value, whole numbers without a decimal point."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _value_at(values: Any, path: str) -> Any:
    for name in path.split("."):
        values = values[name]
    return values
