"""Two plans, key by key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from durable.language import N_

#: Value of a key that a plan lacks.
NO_KEY = N_("none")


def flat(values: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys of a plan and their values as JSON, entries of lists by their number."""
    if isinstance(values, Mapping) and values:
        for key, value in values.items():
            yield from flat(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(values, list) and any(isinstance(value, Mapping) for value in values):
        for number, value in enumerate(values):
            yield from flat(value, f"{prefix}[{number}]")
    else:
        yield prefix, json.dumps(values, ensure_ascii=False)


def key_differences(before: Any, after: Any) -> Iterator[tuple[str, str, str]]:
    """Keys whose values differ, with both values; ``none`` where one plan lacks the key."""
    old, new = dict(flat(before)), dict(flat(after))
    for key in dict.fromkeys((*old, *new)):
        was, now = old.get(key, NO_KEY), new.get(key, NO_KEY)
        if was != now:
            yield key, was, now
