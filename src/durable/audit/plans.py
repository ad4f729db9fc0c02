"""Two plans, key by key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from durable.language import N_

#: Value of a key that a plan lacks.
NO_KEY = N_("none")


def flat(values: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys of a plan and their values as JSON: `groups[0].name` and `"Sex"`.

    Entries of a list are numbered from 0 where one of them is a mapping; else the list is a value.
    An empty mapping is a value, too.
    """
    if isinstance(values, Mapping) and values:
        for key, value in values.items():
            yield from flat(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(values, list) and any(isinstance(value, Mapping) for value in values):
        for number, value in enumerate(values):
            yield from flat(value, f"{prefix}[{number}]")
    else:
        yield prefix, json.dumps(values, ensure_ascii=False)


def key_differences(before: Any, after: Any) -> Iterator[tuple[str, str, str]]:
    """Dotted key, value before and value after, as JSON, of each key whose values differ.

    Keys are those of `flat`; where one plan lacks the key its value is NO_KEY.
    """
    old, new = dict(flat(before)), dict(flat(after))
    for key in dict.fromkeys((*old, *new)):
        old_value, new_value = old.get(key, NO_KEY), new.get(key, NO_KEY)
        if old_value != new_value:
            yield key, old_value, new_value
