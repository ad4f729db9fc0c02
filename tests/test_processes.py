"""Work in forks: where it is done, and what is said when one is killed."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from durable.errors import UserError
from durable.processes import can_fork, done_beside, forked_pool


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
def test_a_killed_fork_is_told_in_a_sentence() -> None:
    with (
        pytest.raises(UserError, match="a process that derives was killed, for want of memory"),
        forked_pool(1, "derives") as pool,
    ):
        pool.submit(killed).result()


def test_nothing_forks_with_one_worker_or_where_a_fork_is_not_safe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert [can_fork(workers) for workers in (0, 1, 2)] == [False, False, True]
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not can_fork(2)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("cores", [1, 2])
def test_a_task_has_what_it_is_given_and_its_result_is_there_after_the_body(cores: int) -> None:
    given = [1, 2]
    # A function that cannot be pickled: it is not sent to the fork.
    with done_beside(cores, "counts", lambda numbers: (os.getpid(), sum(numbers)), given) as task:
        given[0] = 40
    process, total = task.result()
    # A fork has what there was when it began.
    assert total == (3 if cores == 2 and sys.platform == "linux" else 42)
    assert (process == os.getpid()) == (total == 42)


@pytest.mark.parametrize("cores", [1, 2])
def test_a_task_is_done_beside_the_body_or_after_it(cores: int, tmp_path: Path) -> None:
    path = tmp_path / "done.txt"
    with done_beside(cores, "writes", path.write_text, "by the task"):
        pass
    assert path.read_text() == "by the task"
    with (
        pytest.raises(FileNotFoundError),
        done_beside(cores, "writes", (tmp_path / "none" / "x").write_text, ""),
    ):
        pass
