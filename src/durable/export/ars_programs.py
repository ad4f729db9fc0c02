"""What the analysis results say of the programs that compute the main tables again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from durable.deliveries import programs_of
from durable.export.programs import LANGUAGES, METHODS, Language, Setting, settings_of
from durable.plan import Plan

Json = dict[str, Any]


def reference_documents(plan: Plan, datasets: Collection[str]) -> Iterator[Json]:
    """The delivered programs as reference documents of a ReportingEvent, each as values of JSON.

    For each language the program that the others share and one for each table with a program; none
    where no programs are delivered.

    Parameters
    ----------
    plan
        The plan, which says whether they are delivered.
    datasets
        Names of the datasets of the study, in lower case.
    """
    for language in _delivered_languages(plan):
        for name in ("compare", *programs_of(datasets)):
            file = language.file(name)
            yield {
                "id": _document(language, name),
                "name": file,
                "description": METHODS.get(name, "What the programs share"),
                "location": f"{language.folder}/{file}",
            }


def method_code(table: str, plan: Plan, datasets: Collection[str]) -> Json:
    """Keys of a method of the ReportingEvent: ``description``, ``codeTemplate``, ``documentRefs``.

    The template is the text of the program in the first language delivered, without its parameters,
    which follow it with their values. Empty for a table without a program, and where no programs
    are delivered.
    """
    languages = _delivered_languages(plan)
    if not languages or table not in programs_of(datasets):
        return {}
    first = languages[0]
    return {
        "description": METHODS[table],
        "codeTemplate": {
            "context": first.context,
            "code": first.template(table),
            "documentRef": {"referenceDocumentId": _document(first, table)},
            "parameters": [_parameter(setting) for setting in settings_of(table, plan)],
        },
        "documentRefs": [
            {"referenceDocumentId": _document(language, name)}
            for language in languages
            for name in (table, "compare")
        ],
    }


def _delivered_languages(plan: Plan) -> list[Language]:
    return [language for language in LANGUAGES if language.delivery in plan.outputs.datasets]


def _document(language: Language, name: str) -> str:
    return f"program/{language.folder}/{name}"


def _parameter(setting: Setting) -> Json:
    return {
        "name": setting.name,
        "description": setting.about,
        "value": list(_texts(setting.value)),
    }


def _texts(value: object) -> Iterator[str]:
    """A value as texts; what has a name as NAME=VALUE or ENDPOINT.NAME=VALUE."""
    if isinstance(value, Mapping):
        for name, entry in value.items():
            between = "." if isinstance(entry, Mapping) else "="
            yield from (f"{name}{between}{text}" for text in _texts(entry))
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    else:
        yield value if isinstance(value, str) else f"{value:.15g}"
