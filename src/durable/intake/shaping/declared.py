"""What the plan declares of the reading of a table, in words for the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from durable.plan import Input
from durable.plan.source_files import EVERY

_BELOW = {
    "limit": "the limit",
    "half": "half of the limit",
    "missing": "missing",
    "below_lloq": "below the limit of quantification",
}


def declared_readings(source: Input) -> Iterator[str]:
    """Yield each choice by which records or values are left out or read as something else."""
    for words, conditions in (("with", source.where), ("without", source.where_not)):
        for name, texts in conditions.items():
            yield f"records {words} {name} {_listed(texts)}"
    for name, text in source.constant.items():
        yield f"{name} is {text!r} throughout"
    for name, texts in source.missing.items():
        where = "missing" if name == EVERY else f"missing in {name}"
        yield f"{_listed(texts)} is {where}"
    yield from _limits("below", source.numbers.below)
    yield from _limits("above", source.numbers.above)


def _limits(side: str, rules: Mapping[str, str]) -> Iterator[str]:
    for name, rule in rules.items():
        yield f"{name} {side} a limit is read as {_BELOW[rule]}"


def _listed(texts: Iterable[str]) -> str:
    return " or ".join(text or "empty" for text in texts)
