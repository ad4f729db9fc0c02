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
from durable.language import N_, Text


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
        text = N_("{change}: found {found}; expected {expected}")
        said = Text(text, change=file.change, found=file.found, expected=file.expected)
        yield Check(kind, Path(place, file.name).as_posix(), state, said)
    if not changes:
        text = N_("all {n} are as recorded, and no other is there")
        said = Text(text, n=len(manifest["outputs"]))
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
            text = N_("as recorded by entry {n} of {time}")
            said = Text(text, n=last.number, time=last.values["time"])
            yield Check(kind, name, State.VERIFIED, said)
            continue
        earlier = [str(entry.number) for entry in runs if entry.values[key] == found]
        said = Text(
            N_("found {found}; expected that of entry {n}, {digest}"),
            found=Text(N_("that of entry {n}"), n=earlier[-1]) if earlier else found,
            n=last.number,
            digest=last.values[key],
        )
        yield Check(kind, name, State.CHANGED, said)
