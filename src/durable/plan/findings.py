"""What is wrong with a configuration, in words for the person who wrote it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from durable.errors import UserError
from durable.lookalikes import look_alike


@dataclass(frozen=True)
class Finding:
    """One mistake in a configuration."""

    key: str
    """Dotted path of the key, or the place in the file."""
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.key}: found {self.found}; expected {self.expected}"


class PlanError(UserError):
    """A configuration that cannot be an analysis plan, with every mistake in it.

    Attributes
    ----------
    source : str
        Where the configuration is from, such as the path of its file.
    findings : tuple of Finding
        The mistakes, in the order of the plan.
    """

    status = 2

    def __init__(self, source: str, findings: Iterable[Finding]) -> None:
        self.source = source
        self.findings = tuple(findings)
        lines = "\n".join(f"  {finding}" for finding in self.findings)
        super().__init__(f"{source}: {len(self.findings)} problem(s) in the configuration\n{lines}")


def _dotted_key(loc: Iterable[int | str]) -> str:
    """A key as the configuration's reference writes it: ``schedule[0].visit``."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def shown_value(value: object) -> str:
    """A value as a finding shows it: its repr, cut at 80 characters; ``nothing`` of None."""
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def one_of(key: str, known: Iterable[str]) -> str:
    """The names that are known, and a hint: ``one of M2, M3 (did you mean M3?)``.

    The hint is the closest name, or the characters in which `key` differs from a name that it looks
    like; there is none where no name is close.
    """
    names = list(known)
    close = difflib.get_close_matches(key, names, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    alike = next((differs for name in names if (differs := look_alike(key, name))), "")
    hint = f" ({alike})" if alike else hint
    return f"one of {', '.join(names)}{hint}"


def unknown_names(
    names: Iterable[str], known: Collection[str], key: str, description: str
) -> list[Finding]:
    """A finding for each of the names below a key that is not among the known ones.

    `description` says what such a name is: ``an unknown column``.
    """
    return [
        Finding(f"{key}.{name}", description, one_of(name, known))
        for name in names
        if name not in known
    ]


def _section_at(model: type[BaseModel], loc: Iterable[int | str]) -> type[BaseModel]:
    """The section that a key path below `model` lies in."""
    for part in loc:
        field = model.model_fields.get(str(part))
        nested = () if field is None else nested_types(field.annotation)
        model = next((t for t in nested if isinstance(t, type) and issubclass(t, BaseModel)), model)
    return model


def nested_types(annotation: Any) -> tuple[Any, ...]:
    """An annotation, then all that it is made of, such as the section within ``Section | None``."""
    within = (nested for part in get_args(annotation) for nested in nested_types(part))
    return (annotation, *within)


def validation_findings(
    error: ValidationError, model: type[BaseModel], prefix: tuple[str, ...] = ()
) -> list[Finding]:
    """Findings for the errors of pydantic in a section, in their order; at least one.

    Parameters
    ----------
    error
        What the validation of the section raised.
    model
        Class of the section.
    prefix
        Keys below which the section stands in the plan.
    """
    items = error.errors()
    # A list is also called too short when all its entries are wrong.
    wrong_within = {item["loc"][:length] for item in items for length in range(len(item["loc"]))}
    return [
        _finding_of(item, model, prefix)
        for item in items
        if item["type"] != "too_short" or item["loc"] not in wrong_within
    ]


#: What pydantic expects, by the type of its error.
_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "names and values",
    "float_type": "a number",
    "int_type": "a whole number",
    "model_type": "a section of keys and values",
    "model_attributes_type": "a section of keys and values",
    "string_type": "text",
    "tuple_type": "a list",
}


def _finding_of(error: Any, model: type[BaseModel], prefix: tuple[str, ...]) -> Finding:
    """A pydantic error in words for a person who writes YAML."""
    loc = error["loc"]
    key = _dotted_key((*prefix, *loc))
    if error["type"] == "string_type" and isinstance(error["input"], bool | int | float | None):
        return _missing_quotes(error["input"], (*prefix, *loc))
    if error["type"] == "float_type" and _BARE_EXPONENT.fullmatch(str(error["input"])):
        expected = "a number, its exponent with a point and a sign for YAML, such as 1.0e+7"
        return Finding(key, shown_value(error["input"]), expected)
    if error["type"] in _EXPECTED:
        return Finding(key, shown_value(error["input"]), _EXPECTED[error["type"]])
    if error["type"] in ("too_short", "too_long"):
        return Finding(key, shown_value(error["input"]), _length_expected(error))
    if error["type"] == "string_pattern_mismatch":
        return Finding(key, shown_value(error["input"]), f"text like {error['ctx']['pattern']}")
    if error["type"] == "extra_forbidden":
        known = _section_at(model, loc[:-1]).model_fields
        return Finding(key, "an unknown key", one_of(str(loc[-1]), known))
    if error["type"] == "missing":
        return Finding(key, "nothing", "a value: the key is required")
    if error["type"] == "value_error":
        value = _without_models(error["input"])
        return Finding(key, shown_value(value), str(error["ctx"]["error"]))
    expected = error["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    return Finding(key, shown_value(error["input"]), expected)


def _length_expected(error: Any) -> str:
    """How many entries, or characters of a text, pydantic expects: ``at least one entry``."""
    too_short = error["type"] == "too_short"
    limit = error["ctx"]["min_length" if too_short else "max_length"]
    one, several = ("character", "characters")
    if not isinstance(error["input"], str):
        one, several = ("entry", "entries")
    number = f"one {one}" if limit == 1 else f"{limit} {several}"
    return f"at least {number}" if too_short else f"at most {number}"


#: A number that YAML 1.1 reads as text.
_BARE_EXPONENT = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?[eE][+-]?[0-9]+")


def _missing_quotes(value: object, loc: tuple[int | str, ...]) -> Finding:
    """Text that YAML reads as something else, because it stands without quotes."""
    if loc[-1] == "[key]":
        return Finding(_dotted_key(loc[:-2]), f"the key {_as_in_yaml(value)}", in_quotes(value))
    return Finding(_dotted_key(loc), _as_in_yaml(value), in_quotes(value))


def _as_in_yaml(value: object) -> str:
    """A value as YAML has it."""
    return "nothing" if value is None else str(value).lower()


def in_quotes(value: object) -> str:
    """What a finding expects where YAML reads text as a number, a truth value or nothing.

    Of 12: ``text in quotes, with all its digits, such as "12": YAML reads it as a number``.
    """
    if value is None:
        return 'text in quotes, such as "" for missing, "null" or "~": YAML reads those as nothing'
    if isinstance(value, bool):
        word = str(value)
        words = " or ".join(f'"{form}"' for form in (word.upper(), word, word.lower()))
        # Here those are text, but a program of YAML 1.1 writes them as true and false.
        rewritten = '"YES" or "ON"' if value else '"NO" or "OFF"'
        return (
            f"text in quotes, as the file has it: {words}, or {rewritten} where another program has"
            " made a truth value of it: YAML reads it as a truth value"
        )
    return f'text in quotes, with all its digits, such as "{value}": YAML reads it as a number'


def _without_models(value: object) -> object:
    """Keys and values of a section; any other value as it is."""
    return value.model_dump() if isinstance(value, BaseModel) else value
