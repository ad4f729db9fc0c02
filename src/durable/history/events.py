"""What the history says of an event: who, when, why, and of which results by which digests."""

from __future__ import annotations

import datetime as dt
import os
import pwd
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from durable.files import sha256
from durable.history.chain import Entry, Event, History, append_events
from durable.runs.manifest import MANIFEST, PINNED, RUN, read_manifest
from durable.runs.pins import digest

#: Events of an analysis. FINAL and REOPENED: its results were locked, or are no longer.
RECORDED, SIGNED, STAMPED = "run", "signature", "timestamp"
#: Of what lies beside an analysis the event is its place: simulation, series, compare/OTHER.
FINAL, REOPENED = "final", "reopened"
#: Files that an entry of a run is about beside the outputs, by its key.
RECORD_FILES = {"manifest": MANIFEST, "run": RUN, "pinned": PINNED}


@dataclass(frozen=True)
class User:
    """The person whose account runs this process."""

    login: str
    """Name of the account; its number where the system knows no name."""
    name: str
    """Full name; empty where the system has none."""


def current_user() -> User:
    """The account that this process runs by, and the full name that the system has of it.

    Environment variables are not asked: they can say anything.
    """
    try:
        account = pwd.getpwuid(os.getuid())
    except KeyError:
        # A container may know the number alone.
        return User(str(os.getuid()), "")
    # Bytes that are not UTF-8 could not be written.
    login, name = (
        text.encode(errors="replace").decode() for text in (account.pw_name, account.pw_gecos)
    )
    return User(login, name.split(",")[0].strip())


def utc_now() -> str:
    """The time in UTC to the second, ISO 8601: ``2026-03-01T09:30:00+00:00``."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def circumstances() -> dict[str, Any]:
    """Who and when, as every entry has it: ``time`` of `utc_now`, ``user`` with login and name."""
    return {"time": utc_now(), "user": asdict(current_user())}


def record_run(folder: Path, reason: str) -> None:
    """Append to the history that a run has recorded the results in a folder.

    An entry ``final`` or ``reopened`` follows where the run has made them final, or final results
    no longer so.

    Parameters
    ----------
    folder
        Results of the analysis, with their manifest; the history lies beside it.
    reason
        Why the analysis was run, as declared by the user; empty where nothing was.

    Raises
    ------
    UserError
        Where nothing can be appended, or the manifest cannot be read: the run is then not recorded.
        Where only the receipt cannot be written it is, as the message says.
    """
    manifest = read_manifest(folder / MANIFEST)
    event = {**_run_values(folder, manifest, reason), "event": RECORDED}
    locked = bool(manifest["plan"]["value"]["outputs"]["locked"])
    append_events(
        folder.parent,
        event["analysis"],
        lambda history: _run_events(event, history, locked=locked),
        circumstances,
    )


def append_part(folder: Path, analysis: Path, reason: str) -> None:
    """Append to the history that a part of an analysis was recorded: a simulation, for example.

    Parameters
    ----------
    folder
        Results of the part, in the folder `analysis`; its path in there is the event.
    analysis
        Results of the analysis.
    reason
        As of `record_run`.

    Raises
    ------
    UserError
        Where nothing can be appended, or the manifest of the part cannot be read.
    """
    part = folder.relative_to(analysis).as_posix()
    event = {**_run_values(folder, read_manifest(folder / MANIFEST), reason), "event": part}
    append_events(
        analysis.parent,
        analysis.name,
        lambda history: [
            {**event, "supersedes": _superseded_entry(history.entries_of(analysis.name, part))}
        ],
        circumstances,
    )


def _run_values(folder: Path, manifest: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """Values of the entry of a run by key, but for event and superseded entry."""
    values = manifest["plan"]["value"]
    outputs = {entity["id"]: entity["sha256"] for entity in manifest["outputs"]}
    inputs = {
        entity["id"].removeprefix("#input-"): entity["sha256"] for entity in manifest["inputs"]
    }
    return {
        **circumstances(),
        "reason": reason,
        "study": values["study"]["id"],
        "analysis": values["analysis"]["id"],
        "data_cutoff": values["analysis"]["data_cutoff"],
        "plan": manifest["plan"]["sha256"],
        "inputs": inputs,
        "code": manifest["code"]["sha256"],
        "commit": manifest["code"]["commit"],
        "dirty": manifest["code"]["dirty"],
        **{key: sha256(folder / file) for key, file in RECORD_FILES.items()},
        "results": digest(outputs),
        "outputs": outputs,
    }


def _superseded_entry(earlier: Sequence[Entry]) -> dict[str, Any] | None:
    """Number and manifest of the last of the earlier entries; None where there are none."""
    if not earlier:
        return None
    return {"entry": earlier[-1].number, "manifest": earlier[-1].values["manifest"]}


def _run_events(event: Event, history: History, *, locked: bool) -> Sequence[Event]:
    """The entry of a run; then one where it makes the results final, or reopens final ones."""
    analysis = event["analysis"]
    events = [{**event, "supersedes": _superseded_entry(history.entries_of(analysis, RECORDED))}]
    if locked != is_final(history, analysis):
        kept = ("time", "user", "reason", "study", "analysis", "manifest")
        status = FINAL if locked else REOPENED
        events.append({**{key: event[key] for key in kept}, "event": status})
    return events


def is_final(history: History, analysis: str) -> bool:
    """Whether the last entry of an analysis that is final or reopened is final; False without."""
    events = [
        entry.values["event"]
        for entry in history.entries
        if entry.is_of(analysis, FINAL) or entry.is_of(analysis, REOPENED)
    ]
    return bool(events) and events[-1] == FINAL


def record_event(folder: Path, event: Mapping[str, Any]) -> None:
    """Append an event that is no run, such as a signature, of the analysis in a folder.

    Parameters
    ----------
    folder
        Results of the analysis; its name is the analysis of the entry.
    event
        Values of the entry, ``event`` among them; time and user are added.

    Raises
    ------
    UserError
        Where it cannot be appended.
    """
    entry = {**circumstances(), **event, "analysis": folder.name}
    append_events(folder.parent, folder.name, lambda _: [entry], circumstances)
