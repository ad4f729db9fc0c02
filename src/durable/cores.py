"""Parts of a stage's work done at the same time: in forks of its process, or in a thread behind it.

What is found does not depend on the number of processes: parts share nothing, and what they give is
put together in the order of the parts.
"""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BufferedRandom
from typing import Any, NoReturn, TypeVar

from durable.errors import UserError

Part = TypeVar("Part")
Made = TypeVar("Made")

#: Bytes of the number of a part in the pipe that the forks take them from; it holds 16,000.
_NUMBER = 4


def each(do: Callable[[Part], Made], parts: Sequence[Part], cores: int) -> list[Made]:
    """What `do` makes of each part, in their order.

    Parameters
    ----------
    do
        Writes files of its own or returns what can be pickled; what else it changes is lost.
    parts
        Parts of the work. A single one is done in this process.
    cores
        Processes at a time, each of which takes the next part when it is done with one. With 1, and
        not on Linux, all is done in this process.

    Raises
    ------
    UserError
        Where a process was killed.
    Exception
        The first, by the order of the parts, that `do` raised.
    """
    if min(cores, len(parts)) < 2 or sys.platform != "linux":
        return [do(part) for part in parts]
    taking, giving = os.pipe()
    os.write(giving, b"".join(number.to_bytes(_NUMBER) for number in range(len(parts))))
    os.close(giving)
    found: dict[int, tuple[Made | None, BaseException | None]] = {}
    forks: dict[int, tuple[int, BufferedRandom]] = {}
    # What is to be printed is printed once.
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        for _ in range(min(cores, len(parts))):
            told = os.fdopen(os.memfd_create("made"), "w+b")
            parent = os.getpid()
            fork = os.fork()
            if fork == 0:
                _work(do, parts, taking, parent, told)
            forks[os.pidfd_open(fork)] = fork, told
        while forks:
            for ended in select.select([*forks], [], [])[0]:
                fork, told = forks.pop(ended)
                os.close(ended)
                found |= _told(told, os.waitpid(fork, 0)[1])
    finally:
        os.close(taking)
        for handle, (fork, told) in forks.items():
            os.kill(fork, signal.SIGKILL)
            os.waitpid(fork, 0)
            os.close(handle)
            told.close()
    for number in range(len(parts)):
        error = found[number][1]
        if error is not None:
            raise error
    return [found[number][0] for number in range(len(parts))]  # type: ignore[misc]


def behind(do: Callable[[Part], object], parts: Iterable[Part], waiting: int = 1) -> None:
    """Do something with each part in a thread, in their order, while the next ones are made.

    Parameters
    ----------
    do
        Mostly runs outside the interpreter, as the writers of files do.
    parts
        Made one after another in this thread.
    waiting
        Parts at most that are held beside the one with which something is done.

    Raises
    ------
    Exception
        What `do` raised; no further part is made then.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        begun: deque[Future[object]] = deque()
        for part in parts:
            begun.append(pool.submit(do, part))
            del part
            while len(begun) > waiting + 1 or (begun and begun[0].done()):
                begun.popleft().result()
        for one in begun:
            one.result()


def ahead(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts in their order; a thread makes the next one while something is done with one."""
    from concurrent.futures import ThreadPoolExecutor

    every, end = iter(parts), object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, every, end)
        while (part := coming.result()) is not end:
            coming = pool.submit(next, every, end)
            yield part  # type: ignore[misc]
            del part


def _work(
    do: Callable[[Any], Any], parts: Sequence[Any], taking: int, parent: int, told: BufferedRandom
) -> NoReturn:
    """In a fork: do the next part that none has taken, for as long as the stage is there."""
    status = 1
    try:
        # What is here stays: a fork that looked through it for garbage would copy it.
        gc.disable()
        while os.getppid() == parent and (taken := os.read(taking, _NUMBER)):
            number = int.from_bytes(taken)
            made, error = None, None
            try:
                made = do(parts[number])
            except Exception as raised:  # told in the process of the stage
                raised.add_note(traceback.format_exc())
                error = raised
            pickle.dump((number, made, error), told, pickle.HIGHEST_PROTOCOL)
        told.flush()
        status = 0
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _told(told: BufferedRandom, status: int) -> dict[int, tuple[Any, BaseException | None]]:
    """What a fork has made that ended with a status."""
    with told:
        if status:
            code = os.waitstatus_to_exitcode(status)
            how = f"was killed by signal {-code}" if code < 0 else "ended before its time"
            raise UserError(f"a process of this stage {how}, for want of memory perhaps; try again")
        told.seek(0)
        found: dict[int, tuple[Any, BaseException | None]] = {}
        while told.peek(1):
            number, made, error = pickle.load(told)  # noqa: S301  (of a fork)
            found[number] = made, error
        return found
