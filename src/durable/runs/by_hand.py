"""Stages run by hand: what they wrote that the last run had not, so that the next makes it again.

A run records the digests of its outputs and refuses results that were edited later. A stage run by
hand (``python -m durable derive ...``) that writes the same bytes changes nothing. One that writes
others, by another plan or code, notes its files beside the record: the next run does not refuse
them, nor take them for its own, but makes them again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from durable.files import read_json, sha256, write_text
from durable.runs.environment import is_within_run

RECORD = ".record.json"
NOTES = ".by_hand.json"
#: Folders of an analysis that its record does not hold.
_BESIDE = frozenset({"compare", "logs", "rerun", "series", "simulation"})


def read_record(folder: Path) -> dict[str, str | None]:
    """Outputs of the last run, with their SHA-256 (None: not known) when it ended."""
    return read_json(folder / RECORD)


def write_record(folder: Path, outputs: Mapping[str, str | None]) -> None:
    """Write what `read_record` reads."""
    _write(folder / RECORD, outputs)


@contextmanager
def noted(folder: Path) -> Iterator[list[str]]:
    """Note what a stage writes in the results in `folder`, also where it fails; not within a run.

    The list that it gives holds, at its end, the files that are not as the last run left them.
    """
    other: list[str] = []
    if is_within_run():
        yield other
        return
    before = _states(folder)
    try:
        yield other
    finally:
        after = _states(folder)
        record, notes = read_record(folder), _notes(folder)
        for name in sorted(name for name, state in after.items() if before.get(name) != state):
            notes.pop(name, None)
            if record.get(name) != sha256(folder / name):
                other.append(name)
                notes[name] = after[name][1]
        _settle(folder, notes)


def made_by_hand(folder: Path) -> set[str]:
    """Files, relative to the results, that are still as a stage run by hand left them."""
    states = {name: _state(folder / name) for name in _notes(folder)}
    return {name for name, time in _notes(folder).items() if states[name][1] == time}


def forget_remade(folder: Path) -> None:
    """Drop the notes of files that a run has made again."""
    kept = made_by_hand(folder)
    _settle(folder, {name: time for name, time in _notes(folder).items() if name in kept})


def notice(files: Collection[str], folder: Path) -> str:
    """What a user is told of files that a stage run by hand left; empty without any."""
    if not files:
        return ""
    names = "\n  ".join(str(folder / name) for name in sorted(files))
    return f"made by a stage run by hand; a run of snakemake makes them again:\n  {names}"


def _notes(folder: Path) -> dict[str, int]:
    """Files that stages run by hand wrote, with the time of their last change (ns)."""
    return read_json(folder / NOTES)


def _settle(folder: Path, notes: Mapping[str, int]) -> None:
    if notes:
        _write(folder / NOTES, notes)
    else:
        (folder / NOTES).unlink(missing_ok=True)


def _write(path: Path, values: Mapping[str, object]) -> None:
    write_text(path, json.dumps(values, indent=0, sort_keys=True) + "\n")


def _states(folder: Path) -> dict[str, tuple[int, int]]:
    """Every result with the state of its file."""
    states = {}
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _BESIDE]
        for path in (Path(place, name) for name in files if not name.startswith(".")):
            states[path.relative_to(folder).as_posix()] = _state(path)
    return states


def _state(path: Path) -> tuple[int, int]:
    """Number of a file and the time of its last change; a file written anew has another number."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns
