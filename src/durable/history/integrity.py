"""Whether recorded files are as they were recorded, and the record as the history says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from durable.files import sha256
from durable.history.chain import Entry
from durable.history.contents import NO_FILE, REMOVED, file_changes
from durable.history.events import RECORD_FILES
from durable.history.states import Check, State


def check_files(folder: Path, manifest: Mapping[str, Any], place: str = "") -> Iterator[Check]:
    """The files in a folder against its manifest.

    Parameters
    ----------
    place
        Where the folder lies in the results of an analysis; empty for that of the analysis itself.
    """
    kind = "part" if place else "output"
    changes = list(file_changes(folder, manifest))
    for file in changes:
        state = State.INCOMPLETE if file.change == REMOVED else State.CHANGED
        said = f"{file.change}: found {file.found}; expected {file.expected}"
        yield Check(kind, Path(place, file.name).as_posix(), state, said)
    if not changes:
        said = f"all {len(manifest['outputs'])} are as recorded, and no other is there"
        yield Check(kind, Path(place, "files").as_posix(), State.VERIFIED, said)


def check_record(folder: Path, runs: Sequence[Entry], place: str = "") -> Iterator[Check]:
    """Manifest, run.json and pinned configuration against the last of some entries.

    Parameters
    ----------
    runs
        Entries of the runs that have recorded the results in the folder; at least one.
    place
        As of `check_files`.
    """
    last = runs[-1]
    kind = "part" if place else "record"
    for key, file in RECORD_FILES.items():
        name = Path(place, file).as_posix()
        path = folder / file
        found = sha256(path) if path.is_file() else NO_FILE
        if found == last.values[key]:
            said = f"as recorded by entry {last.number} of {last.values['time']}"
            yield Check(kind, name, State.VERIFIED, said)
            continue
        earlier = [str(entry.number) for entry in runs if entry.values[key] == found]
        of = f"that of entry {earlier[-1]}" if earlier else found
        said = f"found {of}; expected that of entry {last.number}, {last.values[key]}"
        yield Check(kind, name, State.CHANGED, said)
