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


def check_files(folder: Path, manifest: Mapping[str, Any], part: str = "") -> Iterator[Check]:
    """The files in a folder against its manifest: a check for each difference.

    A removed file makes the results incomplete, an altered or added one changed. Without a
    difference one check named ``files`` is verified.

    Parameters
    ----------
    part
        Path of the folder in the results of the analysis, as ``simulation``; empty: the folder is
        that of the analysis itself.
    """
    kind = "part" if part else "output"
    changes = list(file_changes(folder, manifest))
    for file in changes:
        state = State.INCOMPLETE if file.change == REMOVED else State.CHANGED
        text = N_("{change}: found {found}; expected {expected}")
        detail = Text(text, change=file.change, found=file.found, expected=file.expected)
        yield Check(kind, Path(part, file.name).as_posix(), state, detail)
    if not changes:
        text = N_("all {n} are as recorded, and no other is there")
        detail = Text(text, n=len(manifest["outputs"]))
        yield Check(kind, Path(part, "files").as_posix(), State.VERIFIED, detail)


def check_record(folder: Path, runs: Sequence[Entry], part: str = "") -> Iterator[Check]:
    """Manifest, run.json and pinned configuration against the entry of the last run, a check each.

    Parameters
    ----------
    runs
        Entries of the runs that have recorded the results in the folder, the earliest first; at
        least one.
    part
        As of `check_files`.
    """
    last = runs[-1]
    kind = "part" if part else "record"
    for key, file in RECORD_FILES.items():
        name = Path(part, file).as_posix()
        path = folder / file
        digest = sha256(path) if path.is_file() else NO_FILE
        if digest == last.values[key]:
            text = N_("as recorded by entry {n} of {time}")
            detail = Text(text, n=last.number, time=last.values["time"])
            yield Check(kind, name, State.VERIFIED, detail)
            continue
        earlier = [str(entry.number) for entry in runs if entry.values[key] == digest]
        detail = Text(
            N_("found {found}; expected that of entry {n}, {digest}"),
            found=Text(N_("that of entry {n}"), n=earlier[-1]) if earlier else digest,
            n=last.number,
            digest=last.values[key],
        )
        yield Check(kind, name, State.CHANGED, detail)
