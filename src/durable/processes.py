"""Parts of a stage's work in forks of its process, which have its imports already."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
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


@contextmanager
def done_beside(
    cores: int, work: str, task: Callable[..., object], *given: object
) -> Iterator[None]:
    """Do a task in a fork while the body is done; after it where there is one core alone.

    Parameters
    ----------
    work
        What the fork does, for the message, as in `forked_pool`.
    task, given
        The task and its arguments, which can be pickled.
    """
    if not can_fork(cores):
        yield
        task(*given)
        return
    with forked_pool(1, work) as pool:
        waiting = pool.submit(task, *given)
        yield
        waiting.result()
