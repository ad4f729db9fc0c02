"""What lies beside an analysis and has a record of its own: simulation, series, comparisons."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from durable.files import sha256
from durable.history.chain import History
from durable.history.integrity import check_files, check_record
from durable.history.states import Check, State
from durable.language import N_, Text
from durable.runs.manifest import MANIFEST


def part_names(folder: Path, history: History) -> list[str]:
    """Paths of the parts of an analysis in its results, by name: ``compare/OTHER``, ``series``.

    Those whose folder has a file, finished or not, and those that the history has, removed or not.
    """
    parts = {
        path.relative_to(folder).as_posix()
        for pattern in ("simulation", "series", "compare/*")
        for path in folder.glob(pattern)
        if any(file.name[0] != "." for file in path.glob("*"))
    }
    for entry in history.entries:
        event = str(entry.values.get("event"))
        known = event in ("simulation", "series") or event.startswith("compare/")
        if known and entry.values.get("analysis") == folder.name:
            parts.add(event)
    return sorted(parts)


def check_part(folder: Path, part: str, history: History) -> Iterator[Check]:
    """Whether a part is as it was recorded, and made from the results as they are.

    A check for each file or record that differs or holds; one alone, verified, where the folder is
    not there, as a part may be removed.

    Parameters
    ----------
    folder
        Results of the analysis.
    part
        Path of the part in them, as ``simulation``, ``series`` or ``compare/OTHER``.
    history
        History of the study; without entries where it does not hold: then files alone are checked.
    """
    path = folder / part
    if not path.exists():
        yield Check("part", part, State.VERIFIED, Text(N_("removed since it was recorded")))
        return
    try:
        manifest = json.loads((path / MANIFEST).read_text("utf-8"))
        checks = [*check_files(path, manifest, part), *_check_read(folder, part, manifest)]
    except FileNotFoundError:
        detail = Text(N_("its manifest is not there: it was removed, or not recorded"))
        yield Check("part", part, State.INCOMPLETE, detail)
        return
    except (ValueError, KeyError, TypeError, AttributeError):
        yield Check("part", part, State.CHANGED, Text(N_("not the manifest that a run writes")))
        return
    yield from checks
    if not history.entries:
        return
    if runs := history.entries_of(folder.name, part):
        yield from check_record(path, runs, part)
    else:
        detail = Text(N_("the history has no entry of it"))
        yield Check("part", part, State.UNVERIFIABLE, detail)


def _check_read(folder: Path, part: str, manifest: Mapping[str, Any]) -> Iterator[Check]:
    """The results that a part was made from: a check for each file that has changed since."""
    for entity in manifest["inputs"]:
        path = folder.parent / entity["id"]
        if not path.is_file() or sha256(path) != entity["sha256"]:
            text = N_("{file} is no longer what it was made from; make it again, or remove it")
            detail = Text(text, file=path)
            yield Check("part", f"{part}, {entity['id']}", State.CHANGED, detail)
