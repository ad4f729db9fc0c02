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


def part_places(folder: Path, history: History) -> list[str]:
    """Where the parts of an analysis lie in its results, unfinished ones and known ones too."""
    found = {
        path.relative_to(folder).as_posix()
        for pattern in ("simulation", "series", "compare/*")
        for path in folder.glob(pattern)
        if any(file.name[0] != "." for file in path.glob("*"))
    }
    for entry in history.entries:
        event = str(entry.values.get("event"))
        known = event in ("simulation", "series") or event.startswith("compare/")
        if known and entry.values.get("analysis") == folder.name:
            found.add(event)
    return sorted(found)


def check_part(folder: Path, place: str, history: History) -> Iterator[Check]:
    """Whether a part is as it was recorded, and made from the results as they are.

    Parameters
    ----------
    folder
        Results of the analysis.
    place
        Where the part lies in them.
    history
        Empty where it does not hold: files alone are checked then.
    """
    path = folder / place
    if not path.exists():
        yield Check("part", place, State.VERIFIED, Text(N_("removed since it was recorded")))
        return
    try:
        manifest = json.loads((path / MANIFEST).read_text("utf-8"))
        checks = [*check_files(path, manifest, place), *_check_read(folder, place, manifest)]
    except FileNotFoundError:
        said = Text(N_("its manifest is not there: it was removed, or not recorded"))
        yield Check("part", place, State.INCOMPLETE, said)
        return
    except (ValueError, KeyError, TypeError, AttributeError):
        yield Check("part", place, State.CHANGED, Text(N_("not the manifest that a run writes")))
        return
    yield from checks
    if not history.entries:
        return
    if runs := history.of(folder.name, place):
        yield from check_record(path, runs, place)
    else:
        said = Text(N_("the history has no entry of it"))
        yield Check("part", place, State.UNVERIFIABLE, said)


def _check_read(folder: Path, place: str, manifest: Mapping[str, Any]) -> Iterator[Check]:
    """The results that a part was made from, as they are now."""
    for entity in manifest["inputs"]:
        path = folder.parent / entity["id"]
        if not path.is_file() or sha256(path) != entity["sha256"]:
            text = N_("{file} is no longer what it was made from; make it again, or remove it")
            said = Text(text, file=path)
            yield Check("part", f"{place}, {entity['id']}", State.CHANGED, said)
