"""A process that imports the libraries once and does each stage of a run in a fork of itself.

A job remains the command ``python -m durable STAGE ...``. Where the run has a server, the command
hands it arguments, folder, environment and open files, and ends as the stage ends there; else, or
where the server does not begin with the stage, the command does it itself.

A fork says to its client that it begins; from then on the stage is never begun a second time. It
kills itself when the client or the run ends, which shows by the end of what either holds open.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence

from durable.client import BEGUN, RUN, TERMINAL

#: Variables that a fork takes over. With another difference it would not be as if started anew.
_OWN = {"TMPDIR", "TMP", "TEMP", "TEMPDIR", "PWD", "OLDPWD", "SHLVL", "_", TERMINAL, RUN}
#: Seconds to wait for the whole of a request.
_PATIENCE = 10.0


class Request:
    """What a client asks for: a command, and the state of a process to do it in."""

    def __init__(self, message: bytes, descriptors: Sequence[int]) -> None:
        self.folder, umask, count, *rest = os.fsdecode(message).split("\0")
        self.umask = int(umask)
        self.arguments = rest[: int(count)]
        self.environment = dict(variable.split("=", 1) for variable in rest[int(count) :])
        self.descriptors = descriptors

    def like(self, environment: Mapping[str, str]) -> bool:
        """Whether a process with another environment can take over the one of the client."""
        names = (self.environment.keys() | environment.keys()) - _OWN
        return all(self.environment.get(name) == environment.get(name) for name in names)

    def take_over(self) -> None:
        """Make this process one that the client could have started."""
        for standard, descriptor in enumerate(self.descriptors[:3]):
            os.dup2(descriptor, standard)
            os.close(descriptor)
        os.environ.clear()
        os.environ.update(self.environment)
        for descriptor in self.descriptors[3:]:
            os.environ[TERMINAL] = str(descriptor)
        os.chdir(self.folder)
        os.umask(self.umask)
        sys.argv[1:] = self.arguments


class Server:
    """Answers the jobs of one run.

    Parameters
    ----------
    listener
        Socket that the jobs connect to.
    run
        Descriptor that ends with the run.
    names
        Commands of the run (`durable.stages`), in the order in which they will be asked for.
    """

    def __init__(self, listener: socket.socket, run: int, names: Sequence[str]) -> None:
        from durable.stages import imported

        self.listener = listener
        self.run = run
        self.environment = dict(os.environ)
        self.modules = {name: imported(name)[0] for name in names}
        self.waiting = [module for name in names for module in imported(name)]
        # The run decides when it ends; a fork is interrupted as any other process.
        self.interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def serve(self) -> None:
        """Import what the stages need, answer requests, until the run ends."""
        while True:
            waits = 0 if self.waiting else None
            ready, _, _ = select.select([self.run, self.listener.fileno()], [], [], waits)
            if self.run in ready:
                return
            if ready:
                self._answer()
            else:
                _import(self.waiting.pop(0))

    def _answer(self) -> None:
        """Answer one request with a fork, or with nothing, which leaves it to the client."""
        client, _ = self.listener.accept()
        descriptors: list[int] = []
        # Without a whole request, or room for a fork, the client finds the connection closed.
        with client, contextlib.suppress(OSError, ValueError):
            client.settimeout(_PATIENCE)
            size, descriptors, _, _ = socket.recv_fds(client, 8, 4)
            with client.makefile("rb") as stream:
                request = Request(stream.read(int.from_bytes(size, "big")), descriptors)
            client.settimeout(None)
            module = self.modules.get(request.arguments[0])
            if module is not None and request.like(self.environment):
                _import(module)
                if os.fork() == 0:
                    self._do(request, client)
        for descriptor in descriptors:
            os.close(descriptor)
        _collect(os.WNOHANG)

    def _do(self, request: Request, client: socket.socket) -> None:
        """In a fork: do a command, tell its exit status and end."""
        from durable import commands

        status = 1
        try:
            self.listener.close()
            signal.signal(signal.SIGINT, self.interrupt)
            ends = (client, self.run)
            threading.Thread(target=_end_with, args=ends, daemon=True).start()
            client.sendall(BEGUN)
            request.take_over()
            time.tzset()
            try:
                status = commands.main(request.arguments)
            except SystemExit as end:  # a mistake in the command line, or its help
                status = int(end.code or 0)
            sys.stdout.flush()
        except BaseException as error:  # as the interpreter would
            trace = error.__traceback__
            sys.excepthook(type(error), error, trace and trace.tb_next)
        finally:
            with contextlib.suppress(OSError):
                sys.stderr.flush()
                client.sendall(bytes([status]))
            os._exit(status)


def _import(module: str) -> None:
    """Import a module; where that fails, the stage that needs it says why."""
    with contextlib.suppress(Exception):
        importlib.import_module(module)
    # What is here stays: a fork that looked through it for garbage would copy it.
    gc.freeze()


def _end_with(client: socket.socket, run: int) -> None:
    """Kill this process when its client or its run ends; neither says anything before."""
    select.select([client.fileno(), run], [], [])
    os.kill(os.getpid(), signal.SIGKILL)


def _collect(how: int) -> None:
    """Take note of forks that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, how)[0]:
            pass


def main(listener: int, names: Sequence[str]) -> None:
    """Serve a run, which holds the standard input of this process open.

    Parameters
    ----------
    listener
        Descriptor of the socket that the jobs connect to.
    names
        Commands of the run, in the order in which they will be asked for.
    """
    gc.disable()  # as a stage does while it imports
    run = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    with socket.socket(fileno=listener) as opened:
        server = Server(opened, run, names)
        # The allocator that pyarrow brings, and does not use, would start a thread: none is forked.
        os.environ["JE_ARROW_MALLOC_CONF"] = "background_thread:false"
        # As in the command line.
        sys.modules.setdefault("hypothesis", None)  # type: ignore[arg-type]
        server.serve()
    _collect(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
