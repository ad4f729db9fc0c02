"""Parts of the work in several processes: the same as in one, and no failure that is not told."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from durable.cores import behind, each
from durable.errors import UserError

forking = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")


@pytest.mark.parametrize("cores", [1, 2, 7])
def test_what_is_made_is_in_the_order_of_the_parts(cores: int) -> None:
    def squares(length: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        time.sleep(0.02 * (length == 3))  # the first is the last to be done
        return np.arange(length) ** 2

    found = each(squares, [3, 2, 1, 0], cores)
    assert [made.tolist() for made in found] == [[0, 1, 4], [0, 1], [0], []]


@forking
def test_one_part_or_one_core_is_done_in_this_process_and_several_in_others() -> None:
    here = os.getpid()
    assert each(lambda _: os.getpid(), ["one"], 4) == [here]
    assert each(lambda _: os.getpid(), ["one", "two"], 1) == [here, here]
    assert here not in each(lambda _: os.getpid(), ["one", "two"], 2)


@pytest.mark.parametrize("cores", [1, 2])
def test_what_a_part_raises_is_raised_the_first_one_first(cores: int) -> None:
    def fail(text: str) -> float:
        return float(text)

    with pytest.raises(ValueError, match="'first'") as raised:
        each(fail, ["1", "first", "second"], cores)
    if cores > 1 and sys.platform == "linux":
        # The log shows where.
        assert any("in fail" in note for note in raised.value.__notes__)


@pytest.mark.parametrize("cores", [1, 2])
def test_a_mistake_of_the_user_remains_one(cores: int) -> None:
    def refuse(_: int) -> None:
        raise UserError("no such group")

    with pytest.raises(UserError, match="no such group") as raised:
        each(refuse, [1, 2], cores)
    assert str(raised.value) == "no such group"
    assert raised.value.status == 1


@forking
def test_a_killed_process_is_told_and_the_others_end(tmp_path: Path) -> None:
    def die(part: int) -> None:
        (tmp_path / str(part)).write_text(str(os.getpid()))
        if part == 0:
            while not (tmp_path / "1").exists():
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)

    begun = time.monotonic()
    with pytest.raises(UserError, match="killed by signal 9"):
        each(die, [0, 1, 2], 2)
    assert time.monotonic() - begun < 30
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "1").read_text()), 0)


@forking
def test_a_process_that_ends_without_a_word_is_told() -> None:
    with pytest.raises(UserError, match="ended before its time"):
        each(lambda _: os._exit(3), [1, 2], 2)


def test_what_is_behind_is_done_in_the_order_of_the_parts_few_of_which_wait() -> None:
    done: list[int] = []
    most = 0

    def slow(part: int) -> None:
        time.sleep(0.01)
        done.append(part)

    def parts() -> Iterator[int]:
        nonlocal most
        for part in range(8):
            most = max(most, part - len(done))
            yield part

    behind(slow, parts(), waiting=2)
    assert done == [*range(8)]
    assert most <= 4  # one is being made, one being done with, two wait


def test_what_fails_behind_is_raised_and_no_more_is_made() -> None:
    made: list[int] = []

    def parts() -> Iterator[int]:
        for part in range(100):
            made.append(part)
            yield part

    def fail(part: int) -> None:
        if part == 2:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        behind(fail, parts())
    assert len(made) < 8
