"""The process that does the stages of a run: as each would be done alone, and no process stays."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from durable import workflow
from durable.client import TERMINAL, ask
from durable.intake import progress
from durable.stages import COMMANDS as COMMANDS_OF_RUNS
from durable.stages import imported
from tests.audit.conftest import edited_package, shorten
from tests.workflow.conftest import RESULTS, ROOT, Study

__all__ = ["edited_package"]

COMMANDS = tuple(f"python -m durable {name} --config c" for name in ("check", "cut", "further"))
FURTHER = ["further", "--snakefile", str(ROOT / "Snakefile"), "--config"]
#: What differs between two runs of different code.
PINS = {"audit/manifest.json", "audit/pinned.yaml"}


def wait_until(found: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not found():
        assert time.monotonic() < end
        time.sleep(0.02)


def alive(column: int, value: int) -> list[int]:
    """Processes by a column of /proc/*/stat (1 parent, 3 session), but those that only wait."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[column]) == value and fields[0] not in "ZX":
            found.append(int(path.parent.name))
    return found


class Served:
    """A study with a server for `check`, `cut` and `further`, without Snakemake."""

    def __init__(self, study: Study) -> None:
        self.folder = study.folder
        self.environment = study.environment()
        workflow.set_environment(self.environment, Path(sys.executable))
        (study.folder / RESULTS).mkdir(parents=True)
        workflow.start_server(self.environment, RESULTS, COMMANDS)

    @property
    def pid(self) -> int:
        ((process, _),) = workflow._SERVERS
        return process.pid

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "durable", *arguments],
            env={**self.environment, **environment},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """Exit status, standard output and standard error of a command."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def begun(self) -> tuple[subprocess.Popen[str], int]:
        """A command whose stage waits for an input, and the process of the stage."""
        os.mkfifo(self.folder / "slow.csv")
        plan = self.folder / "config/config.yaml"
        plan.write_text(plan.read_text().replace("data/demo/visits.csv", "slow.csv"))
        client = self.start("check", "--config", "config/config.yaml")
        wait_until(lambda: alive(1, self.pid))
        (stage,) = alive(1, self.pid)
        # Once it writes where the command does, it has begun.
        wait_until(lambda: Path(f"/proc/{stage}/fd/1").readlink() != Path(os.devnull))
        return client, stage


@pytest.fixture
def served(fresh: Study, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.chdir(fresh.folder)
    shorten(fresh)
    yield Served(fresh)
    workflow.stop_server()


@pytest.mark.slow
def test_a_run_is_served_and_its_bytes_are_those_of_one_that_is_not(
    fresh: Study, tmp_path: Path, edited_package: Callable[[str, str, str], dict[str, str]]
) -> None:
    shorten(fresh)
    alone = fresh.run(DURABLE_SERVER="off")
    assert alone.returncode == 0, alone.stdout
    expected = fresh.digests()
    (fresh.folder / "results").rename(tmp_path / "alone")
    # A command that cannot do a stage itself.
    unable = edited_package("__main__.py", "from durable import commands", "sys.exit('not served')")
    done = fresh.run(**unable)
    assert done.returncode == 0, done.stdout
    found = fresh.digests()
    assert found.keys() == expected.keys()
    assert {name for name in found if found[name] != expected[name]} == PINS
    assert not (fresh.folder / RESULTS / ".server").exists()
    refused = fresh.run("--forceall", DURABLE_SERVER="off", **unable)
    assert refused.returncode == 1
    assert "not served" in refused.stdout


def test_one_job_needs_no_server(tmp_path: Path) -> None:
    environment: dict[str, str] = {}
    workflow.start_server(environment, tmp_path, [COMMANDS[0], "Rscript x", None])
    assert environment == {}


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["check", "--config", "config/config.yaml"], 0),
        (["check", "--config", "config/absent.yaml"], 2),
        (["check", "--config", "config/config.yaml", "--plan", "other"], 1),
        (["check", "--chunk"], 2),
        (["check", "--help"], 0),
        (["cut", "--config", "config/config.yaml"], 1),  # nothing was checked: a traceback
        ([*FURTHER, "config/wrong.yaml"], 1),
        (["further", "--help"], 0),
    ],
)
def test_a_served_command_ends_and_says_what_it_would_alone(
    served: Served, arguments: list[str], status: int
) -> None:
    (served.folder / "config/wrong.yaml").write_text("analysis: {id: x, data_cutoff: 2024-06-31}\n")
    found = served.run(*arguments)
    alone = served.run(*arguments, DURABLE_SOCKET="")
    assert found[0] == alone[0] == status
    assert found[1] == alone[1]
    # Of a traceback the first frames are those of the process.
    assert found[2].splitlines()[-8:] == alone[2].splitlines()[-8:]


def test_only_a_stage_of_the_run_in_the_environment_of_the_run_is_served(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in {*os.environ, *served.environment}:
        monkeypatch.delenv(name, raising=False)
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    check = ["check", "--config", "config/config.yaml"]
    assert ask(check) == 0
    monkeypatch.setenv("TMPDIR", str(served.folder))
    assert ask(check) == 0
    assert ask(["derive", *check[1:]]) is None
    assert ask(["compare", *check[1:]]) is None
    assert ask([]) is None
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    assert ask(check) is None


def test_a_command_that_is_killed_takes_its_stage_with_it(served: Served) -> None:
    client, stage = served.begun()
    client.send_signal(signal.SIGTERM)
    assert client.wait(60) == -signal.SIGTERM
    wait_until(lambda: stage not in alive(1, served.pid))
    assert not (served.folder / RESULTS / "queries.csv").exists()


def test_a_stage_that_is_killed_fails_its_command(served: Served) -> None:
    client, stage = served.begun()
    os.kill(stage, signal.SIGKILL)
    _, said = client.communicate(timeout=60)
    assert client.returncode == 1
    assert said == "the process of this stage was killed; start snakemake again\n"


def test_a_stage_that_is_interrupted_says_so_without_a_traceback(served: Served) -> None:
    client, stage = served.begun()

    def reads() -> int | None:
        try:
            return os.open(served.folder / "slow.csv", os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody waits for the input yet
            return None

    writer: list[int | None] = []
    wait_until(lambda: writer.append(reads()) or writer[-1] is not None)
    os.kill(stage, signal.SIGINT)
    _, said = client.communicate(timeout=60)
    os.close(writer[-1])
    assert client.returncode == 130
    assert said == "interrupted\n"


def test_a_stage_goes_on_without_the_server_and_the_next_command_helps_itself(
    served: Served,
) -> None:
    client, _ = served.begun()
    os.kill(served.pid, signal.SIGKILL)
    text = (served.folder / "data/demo/visits.csv").read_text()
    (served.folder / "slow.csv").write_text(text)
    _, said = client.communicate(timeout=60)
    assert client.returncode == 0, said
    assert (served.folder / RESULTS / "queries.csv").exists()
    (served.folder / "slow.csv").unlink()
    (served.folder / "slow.csv").write_text(text)
    assert served.run("check", "--config", "config/config.yaml")[0] == 0


def test_stages_end_with_the_run(served: Served) -> None:
    client, _ = served.begun()
    pid = served.pid
    workflow.stop_server()
    assert client.wait(60) == 1
    assert alive(1, pid) == []
    assert not (served.folder / RESULTS / ".server").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "begun"),
    [("all", RESULTS / "logs/derive.log"), ("series", f"{RESULTS}-2024-03-31/logs/derive.log")],
)
def test_a_killed_run_leaves_no_process_and_its_socket_is_no_obstacle(
    fresh: Study,
    target: str,
    begun: Path,
    edited_package: Callable[[str, str, str], dict[str, str]],
) -> None:
    shorten(fresh)
    with (fresh.folder / "config/config.yaml").open("a") as plan:
        plan.write("series: {cutoffs: [2024-03-31]}\n")
    unable = edited_package("__main__.py", "from durable import commands", "sys.exit('not served')")
    with subprocess.Popen(
        fresh.command(target),
        env=fresh.environment(**unable),
        cwd=fresh.folder.parent,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as run:
        wait_until((fresh.folder / begun).exists)
        run.kill()
        run.wait()
        wait_until(lambda: not alive(3, run.pid))
    assert (fresh.folder / RESULTS / ".server").is_socket()
    assert not (fresh.folder / RESULTS / "report.html").exists()
    done = fresh.run(target, **unable)
    assert done.returncode == 0, done.stdout
    assert fresh.planned(**unable) == set()
    assert (fresh.folder / f"{RESULTS}-2024-03-31/report.html").exists() == (target == "series")


def test_the_name_of_a_socket_may_be_too_long_but_not_the_folder_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / ("deep" * 40)
    for name in ("a", "a" * 200):
        (run / "results" / name).mkdir(parents=True)
    monkeypatch.chdir(run)
    environment = dict(os.environ)
    workflow.start_server(environment, Path("results") / ("a" * 200), COMMANDS)
    assert "DURABLE_SOCKET" not in environment
    workflow.start_server(environment, Path("results/a"), COMMANDS)
    try:
        assert environment["DURABLE_SOCKET"] == "results/a/.server"
        assert Path("results/a/.server").stat().st_mode & 0o777 == 0o600
    finally:
        workflow.stop_server()


def test_what_stages_import_late_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is none would only cost time, and nobody would notice."""
    for command in COMMANDS_OF_RUNS:
        for name in imported(command):
            importlib.import_module(name)
    assert TERMINAL == progress.TERMINAL
