"""JSON Schema of a configuration file, with the text under each key as its description."""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable.language import Text
from durable.plan.findings import nested_types
from durable.plan.plan import Plan
from durable.sections import Section

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


def schema() -> dict[str, Any]:
    """JSON Schema of a configuration file, for editors that check and complete."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    _describe()
    return dialect | Plan.model_json_schema()


def meanings(section: type[Section] = Plan, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted path of every key of the plan, with its description on one line.

    The keys of a section in a list, or under a free name, have the path of the list or the names:
    ``schedule.visit``. The description is the text under the key in the source, or a `Text` that
    lists what a registry has; '' without one.
    """
    for name, field in section.model_fields.items():
        text = _meaning(section, name) or field.description or ""
        yield f"{prefix}{name}", text if isinstance(text, Text) else " ".join(text.split())
        for held in _held_sections(field):
            yield from meanings(held, f"{prefix}{name}.")


@cache
def _describe() -> None:
    """Give each key of the plan the text under it in the source as its description."""
    for section in _sections(Plan):
        for name, field in section.model_fields.items():
            field.description = _meaning(section, name) or field.description
        section.model_rebuild(force=True)


def _sections(section: type[Section]) -> Iterator[type[Section]]:
    """A section after all that it holds: a description is complete before it is copied."""
    for field in section.model_fields.values():
        for held in _held_sections(field):
            yield from _sections(held)
    yield section


def _held_sections(field: FieldInfo) -> Iterator[type[Section]]:
    """The sections that a key of the plan can hold."""
    for held in nested_types(field.annotation):
        if isinstance(held, type) and issubclass(held, Section):
            yield held


def _meaning(section: type[Section], key: str) -> str | None:
    """The text under a key where it is declared: in the section, or in one that it extends."""
    classes = (c for c in section.__mro__ if issubclass(c, Section) and c is not Section)
    texts = (_meanings(inspect.getfile(c)).get((c.__name__, key)) for c in classes)
    return next(filter(None, texts), None)


@cache
def _meanings(file: str) -> dict[tuple[str, str], str]:
    """Text under each annotated name of each class of a source file, by both names."""
    source = Path(file).read_text(encoding="utf-8")
    return {
        (section.name, key.target.id): inspect.cleandoc(text.value.value)
        for section in ast.parse(source).body
        if isinstance(section, ast.ClassDef)
        for key, text in itertools.pairwise(section.body)
        if isinstance(key, ast.AnnAssign) and isinstance(key.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if isinstance(text.value.value, str)
    }
