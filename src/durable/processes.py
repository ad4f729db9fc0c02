"""Parts of a stage's work in forks of its process, which have its imports already."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any, TypeVar

from durable.errors import UserError

T = TypeVar("T")
#: In a fork: the task that it was made for, with what is too large to be sent to it.
_inherited: list[Callable[[], Any]] = []


def can_fork(workers: int) -> bool:
    """Whether there are several workers, on a system where a fork is safe."""
    return workers > 1 and sys.platform == "linux"


@contextmanager
def forked_pool(
    workers: int, work: str, *inherited: Callable[[], Any]
) -> Iterator[ProcessPoolExecutor]:
    """Pool of forks of this process.

    Parameters
    ----------
    workers
        Number of forks.
    work
        What a fork does, for the message: ``draws figures``.
    inherited
        The task of each fork, which it has as it is (`done_beside`); none where tasks are sent.

    Raises
    ------
    UserError
        Where a fork was killed.
    """
    context = get_context("fork")
    try:
        with ProcessPoolExecutor(workers, context, _inherited.extend, (inherited,)) as pool:
            yield pool
    except BrokenProcessPool:
        raise UserError(
            f"a process that {work} was killed, for want of memory perhaps; try again"
        ) from None


@contextmanager
def done_beside(
    cores: int, work: str, task: Callable[..., T], *arguments: object
) -> Iterator[Future[T]]:
    """Do a task in a fork while the body is done; after it in this process unless `can_fork`.

    Parameters
    ----------
    cores
        How many may be used.
    work
        What the fork does, for the message, as in `forked_pool`.
    task, arguments
        The task and its arguments. A fork has them as they are: a large dataset is not sent to it.

    Yields
    ------
    Future
        Of the task's result, which is there after the body. An error of the task is raised there.
    """
    if not can_fork(cores):
        done: Future[T] = Future()
        yield done
        done.set_result(task(*arguments))
        return
    with forked_pool(1, work, partial(task, *arguments)) as pool:
        waiting: Future[T] = pool.submit(_do_inherited)
        yield waiting
        waiting.result()


def _do_inherited() -> Any:
    return _inherited[-1]()
