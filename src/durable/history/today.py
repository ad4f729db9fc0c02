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
    """Whether the plan and the input files of today are those of a recorded analysis.

    One check of the kind ``plan`` for each changed section, or a single good one; one of the kind
    ``input`` for each file that the plan names now or that was read. Verified or changed.
    """
    changed_names = changed_sections(plan, record.manifest)
    for section in changed_names:
        detail = "not as it was when the analysis was recorded"
        yield Check("plan", section, State.CHANGED, detail)
    if not changed_names:
        yield Check("plan", "sections", State.VERIFIED, "as they were recorded")
    expected = {
        entity["id"].removeprefix("#input-"): entity["sha256"]
        for entity in record.manifest["inputs"]
    }
    files = input_paths(plan.inputs) | other_inputs(plan)
    for name in dict.fromkeys((*files, *expected)):
        file = files.get(name)
        path = Path(file) if file else None
        digest = sha256(path) if path and path.is_file() else "no file"
        if name in OTHER_INPUTS and name not in expected and digest == "no file":
            # An earlier listing may lie alone, without its numbers of records: it did then, too.
            continue
        if digest == expected.get(name):
            yield Check("input", name, State.VERIFIED, f"{file} is the file that was read")
        else:
            detail = f"found {digest}; read was {expected.get(name, 'no file')}"
            yield Check("input", name, State.CHANGED, detail)


def changed_sections(plan: Plan, manifest: Mapping[str, Any]) -> list[str]:
    """Names of the sections of a plan that differ from those recorded in a manifest.

    The order of entries counts; names and digests of files do not, for `check_today` compares the
    contents. Sections that are no part of an analysis (`NO_ANALYSIS`) are left out.
    """
    sections = _without_files(plan.model_dump(mode="json", exclude=NO_ANALYSIS))
    recorded = _without_files(manifest["plan"]["value"])
    # In the order that entries are shown, too.
    return [s for s in sections if json.dumps(sections[s]) != json.dumps(recorded.get(s))]


def _without_files(values: Any) -> Any:
    if isinstance(values, Mapping):
        return {k: _without_files(v) for k, v in values.items() if k not in _OF_FILES}
    return [_without_files(value) for value in values] if isinstance(values, list) else values
