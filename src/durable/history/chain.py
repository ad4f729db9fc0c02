"""The history of a study: a file that only grows, each line bound to the one before.

One event a line, as JSON with sorted keys. Each holds its number, which is that of its line, and as
``previous`` the SHA-256 of the line before, its line end included: a line that was edited, removed,
added or moved is found by the line after it. The last line is held by the receipt that lies in the
results that it is about.

Lines are appended under a lock and are on the disk before the append returns. An append that was
interrupted, as by a loss of power, leaves a torn line. Nothing is taken away then: the next append
ends the torn line and says by a *recovery* entry which lines are torn, so that the file is never
rewritten and may be made append-only (``chattr +a``).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durable.errors import UserError
from durable.files import write_text
from durable.language import N_, Text

#: Name of the file, in the folder of all results.
HISTORY = "history.jsonl"
#: In the results of an analysis: number and SHA-256 of the last entry that is about it.
RECEIPT = Path("audit/history.json")
#: What stands for the line before the first one.
BEFORE_FIRST = "0" * 64
#: Event that tells torn lines.
RECOVERY = "recovery"

Event = Mapping[str, Any]


class BrokenHistoryError(UserError):
    """A history that is not as it was written, or that is not there."""


@dataclass(frozen=True)
class Entry:
    """One line of the history."""

    number: int
    """Number of the line, from 1."""
    sha256: str
    """SHA-256 of the line, its line end included."""
    values: Event
    """The JSON object of the line."""

    def is_of(self, analysis: str, event: str) -> bool:
        """Whether the values have this ``analysis`` and this ``event``."""
        return (self.values.get("analysis"), self.values.get("event")) == (analysis, event)


@dataclass(frozen=True)
class History:
    """The entries of a history in the order of the file, and the torn lines at its end."""

    entries: tuple[Entry, ...] = ()
    torn: tuple[tuple[int, bytes], ...] = ()
    """Number and content of the lines at the end that an interrupted append left."""
    ended: bool = True
    """Whether the last line has its line end."""

    @property
    def head(self) -> tuple[int, str]:
        """Number and SHA-256 of the last entry; 0 and empty text where there is none."""
        return (self.entries[-1].number, self.entries[-1].sha256) if self.entries else (0, "")

    @property
    def lines(self) -> int:
        """Number of lines of the file, the torn ones at its end included."""
        return self.torn[-1][0] if self.torn else self.head[0]

    def holds(self, number: object, digest: object) -> bool:
        """Whether one entry has both this number and this SHA-256."""
        return any((entry.number, entry.sha256) == (number, digest) for entry in self.entries)

    def entries_of(self, analysis: str, event: str) -> list[Entry]:
        """Entries of an event of an analysis, the earliest first; empty where there are none."""
        return [entry for entry in self.entries if entry.is_of(analysis, event)]


def canonical(values: Mapping[str, Any]) -> bytes:
    """JSON of values as one line with its line end: the same bytes for the same values."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode() + b"\n"


def read_history(path: Path) -> History:
    """The history in a file; without entries where the file is empty.

    Raises
    ------
    BrokenHistoryError
        With the first line that is not as it was written; also where there is no such file. Torn
        lines at the end are no error.
    OSError
        Where the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            # A file system without locks: an append that goes on meanwhile shows as a torn line.
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_SH)
            content = file.read()
    except FileNotFoundError:
        raise BrokenHistoryError(Text(N_("{file} is not there"), file=path)) from None
    return parse_history(content, path)


def parse_history(content: bytes, path: Path) -> History:
    """The history of a file that holds `content`.

    Raises
    ------
    BrokenHistoryError
        As `read_history`; `path` is the file that its message names.
    """
    *lines, unfinished = content.split(b"\n")
    entries: list[Entry] = []
    torn: list[tuple[int, bytes]] = []
    before = BEFORE_FIRST
    for number, line in enumerate([*lines, unfinished] if unfinished else lines, 1):
        values = _values(line)
        if values is None:
            torn.append((number, line))
            before = _line_digest(line)
            continue
        if not _is_canonical(values, line):
            text = N_("{file}: line {n} is not as it was written")
            raise BrokenHistoryError(Text(text, file=path, n=number))
        expected = {"number": number, "previous": before, **_recovery(torn, entries)}
        if other := [key for key in expected if values.get(key) != expected[key]]:
            raise BrokenHistoryError(_broken(path, number, other[0], torn))
        before = _line_digest(line)
        entries.append(Entry(number, before, values))
        torn = []
    return History(tuple(entries), tuple(torn), ended=not unfinished)


def _values(line: bytes) -> dict[str, Any] | None:
    """The values of a line; None for one that no append has finished: its brace is not closed."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else {}


def _is_canonical(values: Event, line: bytes) -> bool:
    try:
        return canonical(values) == line + b"\n"
    except UnicodeEncodeError:
        return False


def _recovery(torn: Sequence[tuple[int, bytes]], entries: Sequence[Entry]) -> dict[str, Any]:
    """Values, by key, that the entry after torn lines has to hold; empty where there are none."""
    if not torn:
        return {}
    lines = [
        {"line": number, "bytes": len(line), "sha256": _line_digest(line)} for number, line in torn
    ]
    last = entries[-1].sha256 if entries else BEFORE_FIRST
    return {"event": RECOVERY, "torn": lines, "last_entry": last}


def _line_digest(line: bytes) -> str:
    return hashlib.sha256(line + b"\n").hexdigest()


def _broken(path: Path, number: int, key: str, torn: Sequence[tuple[int, bytes]]) -> Text:
    if torn:
        text = N_("{file}: line {torn} is no entry, and line {n} does not say so")
        return Text(text, file=path, torn=torn[0][0], n=number)
    if key == "number":
        text = N_("{file}: line {n} bears another number; lines were removed, added or moved")
    else:
        text = N_("{file}: line {n} does not follow from the line before, which is not as it was")
    return Text(text, file=path, n=number)


def append_events(
    results: Path,
    analysis: str,
    events: Callable[[History], Sequence[Event]],
    recovery: Callable[[], Event],
) -> None:
    """Append events of an analysis to the history of a study, and write the receipt.

    A history that is not there is begun, unless the analysis has a receipt.

    Parameters
    ----------
    results
        Folder of all results.
    analysis
        Analysis that the events are about; its receipt is checked first.
    events
        Gives the events to append, at least one, from the history as it is. Nobody else appends
        meanwhile. `number` and `previous` are added here.
    recovery
        Gives the values of a recovery entry beside the torn lines: who and when. Called only where
        the history ends in torn lines.

    Raises
    ------
    UserError
        Where the history is broken, was cut or exchanged, or cannot be written to. Where only the
        receipt cannot be written, the events stand in the history nevertheless.
    """
    path, receipt = results / HISTORY, results / analysis / RECEIPT
    if not path.exists():
        _refuse_cut(History(), receipt, path)
    try:
        with _open_locked(path) as file:
            with open(file, "rb", closefd=False) as reader:
                history = parse_history(reader.read(), path)
            _refuse_cut(history, receipt, path)
            lines = _chain_lines(history, events(history), recovery)
            _write(file, b"".join([b"" if history.ended else b"\n", *lines]), results)
            _write_receipt(receipt, history.lines + len(lines), lines[-1], path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"{path}: {reason}; nothing was recorded in the history") from None


def _write_receipt(receipt: Path, number: int, line: bytes, path: Path) -> None:
    """Write the number and the digest of the last line of a history, which has it already."""
    head = {"number": number, "sha256": hashlib.sha256(line).hexdigest()}
    try:
        write_text(receipt, canonical(head).decode())
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"{receipt}: {reason}; {path} has entry {number}, but no receipt says so"
        raise UserError(message) from None


def _chain_lines(
    history: History, events: Sequence[Event], recovery: Callable[[], Event]
) -> list[bytes]:
    """Lines of events, each bound to the one before; first that of torn lines, if there are any."""
    if history.torn:
        events = [{**recovery(), **_recovery(history.torn, history.entries)}, *events]
        previous = _line_digest(history.torn[-1][1])
    else:
        previous = history.head[1] or BEFORE_FIRST
    lines: list[bytes] = []
    for number, event in enumerate(events, history.lines + 1):
        lines.append(canonical({**event, "number": number, "previous": previous}))
        previous = hashlib.sha256(lines[-1]).hexdigest()
    return lines


def read_receipt(path: Path) -> tuple[object, object] | None:
    """Number and SHA-256 in a receipt, as read; None where it is missing, damaged or lacks one."""
    try:
        values = json.loads(path.read_text("utf-8"))
        return values["number"], values["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def refuse_other_history(results: Path, analysis: str) -> None:
    """Refuse results of an analysis that the history beside them does not know.

    Raises
    ------
    UserError
        Where the history is gone, broken, cut or exchanged. A torn line is none of these.
    """
    path, receipt = results / HISTORY, results / analysis / RECEIPT
    if receipt.exists():
        _refuse_cut(read_history(path) if path.exists() else History(), receipt, path)


def _refuse_cut(history: History, receipt: Path, path: Path) -> None:
    if not receipt.exists():
        return
    named = read_receipt(receipt)
    if named is None or not history.holds(*named):
        folder = receipt.parents[1]
        raise UserError(
            f"{path} lacks the entry that {receipt} names: it was cut, exchanged, or is not the"
            f" history of these results. Put it back from a copy, or move {folder} away and run"
            " again."
        )


@contextmanager
def _open_locked(path: Path) -> Iterator[int]:
    """The file, open to append to and locked against other processes; made where it is not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        file = os.open(path, flags, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            # It may have been put back from a copy while this process waited.
            if path.exists() and os.path.samestat(os.fstat(file), path.stat()):
                yield file
                return
        finally:
            os.close(file)


def _write(file: int, content: bytes, folder: Path) -> None:
    """Append to a file of a folder; content and name are on the disk once this returns."""
    while content:
        content = content[os.write(file, content) :]
    os.fsync(file)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
