"""The lock of results: one run works on them at a time."""

from __future__ import annotations

import errno
import fcntl
from pathlib import Path
from typing import TextIO

from durable.errors import UserError


def lock_results(folder: Path, kind: int) -> TextIO:
    """Lock a folder of results, for as long as the returned file is open.

    The system releases the lock when the process ends, however it ends; Snakemake's own stays
    behind when a run is killed.

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
    except OSError as error:
        lock.close()
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP):
            raise
        raise UserError(
            f"{folder}: the file system gives no locks ({error.strerror}), so that two runs could"
            " write at once. Mount it with locks (NFS: lockd running, no option nolock), or keep"
            " the results on a local disk."
        ) from None
    return lock
