"""Runs of Snakemake that fork from a process which has imported it: two thirds of a start is that.

All but the imports is done as in a process of its own: the environment, the Snakefile, the jobs,
the exit. As a program: serves requests, one a line, until there are no more.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import IO, Any


def run_snakemake(
    arguments: list[str], environment: dict[str, str], folder: Path, *, timeout: int
) -> subprocess.CompletedProcess[str]:
    """A run of Snakemake with its exit status and output.

    Parameters
    ----------
    arguments
        Of the command line, after ``python -m snakemake``.
    environment
        All environment variables of the run.
    folder
        Where it is started.
    timeout
        Seconds after which it is killed.
    """
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.NamedTemporaryFile() as output:
        request = [arguments, environment, str(folder), output.name, timeout]
        server.stdin.write(f"{json.dumps(request)}\n")
        server.stdin.flush()
        status = json.loads(server.stdout.readline())
        said = Path(output.name).read_text()
    return subprocess.CompletedProcess(arguments, status, said)


@cache
def _server() -> subprocess.Popen[str]:
    """The process of the requests; ends with the one that asks."""
    # As any program it is found in its own folder; Snakemake looks for modules in none of ours.
    command = [sys.executable, "-P", __file__]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _serve(requests: IO[str], answers: IO[str]) -> None:
    """Fork for each request; returns in the process of one, once that is as if just started."""
    for line in iter(requests.readline, ""):
        pid = os.fork()
        if pid == 0:
            _begin(*json.loads(line))
            return
        _, status = os.waitpid(pid, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()
    sys.exit()


def _begin(arguments: list[str], environment: dict[str, str], folder: str, *given: Any) -> None:
    """Give this process the command line, environment, folder and output of a run."""
    output, timeout = given
    signal.alarm(timeout)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    # As of ``python -m``.
    sys.path.insert(0, folder)
    sys.argv[1:] = arguments
    for name, descriptors in ((os.devnull, [0]), (output, [1, 2])):
        opened = os.open(name, os.O_RDWR | os.O_APPEND)
        for descriptor in descriptors:
            os.dup2(opened, descriptor)
        os.close(opened)


def _main() -> None:
    import snakemake.cli

    import durable.runs.freshness
    import durable.runs.guard
    import durable.runs.notices  # noqa: F401

    # Imports the plugins that its options come from.
    snakemake.cli.get_argument_parser()
    _serve(os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w"))
    snakemake.cli.main()


if __name__ == "__main__":
    _main()
