"""The results of a run: locked while it works, recorded as it leaves them, refused when edited."""

from __future__ import annotations

import fcntl
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from durable.errors import UserError
from durable.files import sha256
from durable.runs.by_hand import forget_remade, made_by_hand, read_record, write_record
from durable.runs.manifest import PINNED


def begin_run(folder: Path, outputs: Iterable[str], *, partial: bool = False) -> TextIO:
    """Lock the results and remove what an earlier plan left that this one does not make.

    A `partial` run leaves all but its outputs as it is. The lock holds for as long as the returned
    file is open: the system releases it when the process ends, however it ends; Snakemake's own
    lock stays behind when a run is killed.

    Raises
    ------
    UserError
        Where another run holds the lock.
    """
    lock = lock_results(folder, fcntl.LOCK_EX)
    expected = _within(folder, outputs)
    # The pinned configuration is no output of a run that it configures.
    before = read_record(folder)
    for name in set() if partial else set(before) - {*expected, PINNED.as_posix()}:
        (folder / name).unlink(missing_ok=True)
    write_record(folder, (before if partial else {}) | dict.fromkeys(expected))
    return lock


def lock_results(folder: Path, kind: int) -> TextIO:
    """Lock a folder of results, for as long as the returned file is open.

    Parameters
    ----------
    kind
        ``fcntl.LOCK_EX`` to write to it, ``fcntl.LOCK_SH`` to read.

    Raises
    ------
    UserError
        Where another run holds the lock, or the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a")
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}; expected a folder to write to") from None
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise UserError(f"another snakemake is running this analysis ({folder})") from None
    return lock


def end_run(folder: Path, outputs: Iterable[str], *, partial: bool = False) -> None:
    """Record the outputs as the run leaves them, for `refuse_edited` and the next run.

    Of a `partial` run other outputs stay recorded. What a stage run by hand left is not recorded
    as the run's.
    """
    forget_remade(folder)
    by_hand = made_by_hand(folder)
    paths = {name: folder / name for name in _within(folder, outputs)}
    digests = {
        name: sha256(path) if path.is_file() and name not in by_hand else None
        for name, path in paths.items()
    }
    write_record(folder, (read_record(folder) if partial else {}) | digests)


def refuse_edited(folder: Path) -> None:
    """Refuse results that were changed after the run that made them.

    Snakemake would make later results from them, or call them up to date. A file that was deleted
    is made again, as is what a stage run by hand left (`durable.runs.by_hand`). After a killed run
    there is nothing to compare with.

    Raises
    ------
    UserError
        With every file that differs from the record.
    """
    by_hand = made_by_hand(folder)
    edited = [
        str(folder / name)
        for name, digest in read_record(folder).items()
        if digest is not None and name not in by_hand
        if (folder / name).is_file() and sha256(folder / name) != digest
    ]
    if edited:
        files = "\n  ".join(edited)
        raise UserError(f"changed since the run that made it; delete to make again:\n  {files}")


def refuse_made_by_hand(folder: Path) -> None:
    """Refuse to compare results that no run has made."""
    if files := made_by_hand(folder):
        names = "\n  ".join(str(folder / name) for name in sorted(files))
        raise UserError(f"made by a stage run by hand; run snakemake first:\n  {names}")


def _within(folder: Path, outputs: Iterable[str]) -> list[str]:
    """Outputs relative to the results: their record holds wherever the folder is looked at from."""
    return sorted(Path(output).relative_to(folder).as_posix() for output in outputs)
