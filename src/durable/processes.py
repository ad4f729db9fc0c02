"""Parts of a stage's work in forks of its process, which have its imports already."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

from durable.errors import UserError


def can_fork(workers: int) -> bool:
    """Whether there are several workers, on a system where a fork is safe."""
    return workers > 1 and sys.platform == "linux"


@contextmanager
def forked_pool(workers: int, work: str) -> Iterator[ProcessPoolExecutor]:
    """Pool of forks of this process.

    Parameters
    ----------
    work
        What a fork does, for the message: ``draws figures``.

    Raises
    ------
    UserError
        Where a fork was killed.
    """
    try:
        with ProcessPoolExecutor(workers, get_context("fork")) as pool:
            yield pool
    except BrokenProcessPool:
        raise UserError(
            f"a process that {work} was killed, for want of memory perhaps; try again"
        ) from None
