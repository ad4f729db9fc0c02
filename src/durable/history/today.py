"""A recorded analysis against the plan and the input files of today."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from durable.files import sha256
from durable.history.records import Record
from durable.history.states import Check, State
from durable.plan import NO_ANALYSIS, Plan
from durable.plan.input_files import input_paths
from durable.runs.files import OTHER_INPUTS, other_inputs

#: Keys of the plan that name files, or their digests: contents are compared instead.
_OF_FILES = frozenset({"path", "folder", "sha256", *OTHER_INPUTS})


def check_today(plan: Plan, record: Record) -> Iterator[Check]:
    """Whether an analysis is the one that this plan and these input files make."""
    other = changed_sections(plan, record.manifest)
    for section in other:
        said = "not as it was when the analysis was recorded"
        yield Check("plan", section, State.CHANGED, said)
    if not other:
        yield Check("plan", "sections", State.VERIFIED, "as they were recorded")
    expected = {
        entity["id"].removeprefix("#input-"): entity["sha256"]
        for entity in record.manifest["inputs"]
    }
    given = input_paths(plan.inputs) | other_inputs(plan)
    for name in dict.fromkeys((*given, *expected)):
        file = given.get(name)
        path = Path(file) if file else None
        found = sha256(path) if path and path.is_file() else "no file"
        if found == expected.get(name):
            yield Check("input", name, State.VERIFIED, f"{file} is the file that was read")
        else:
            said = f"found {found}; read was {expected.get(name, 'no file')}"
            yield Check("input", name, State.CHANGED, said)


def changed_sections(plan: Plan, manifest: Mapping[str, Any]) -> list[str]:
    """Sections of the plan that are not as they were when the analysis was recorded.

    Which files are named is no matter: their contents are compared instead.
    """
    now = _without_files(plan.model_dump(mode="json", exclude=NO_ANALYSIS))
    then = _without_files(manifest["plan"]["value"])
    # In the order that entries are shown, too.
    return [s for s in now if json.dumps(now[s]) != json.dumps(then.get(s))]


def _without_files(values: Any) -> Any:
    if isinstance(values, Mapping):
        return {k: _without_files(v) for k, v in values.items() if k not in _OF_FILES}
    return [_without_files(value) for value in values] if isinstance(values, list) else values
