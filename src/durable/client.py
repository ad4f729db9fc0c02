"""What a command hands to the server of its run, and where it finds it.

Of a command that is served, this is all that is done in its own process: few modules are imported.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence

#: Variable that names the socket to the jobs, relative to the folder of the run.
SOCKET = "DURABLE_SOCKET"
#: Variable that names one more descriptor of a command (`durable.intake.progress`).
TERMINAL = "DURABLE_TERMINAL"
#: Variable by which a job on another machine knows what its run began with.
RUN = "DURABLE_RUN"
#: Variables that Snakemake sets to the threads of a rule. No library is to start any: what it
#: computes is then the same on any machine, and with ten subjects a pool of threads only costs.
THREADS = (
    *("OMP_NUM_THREADS", "GOTO_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS"),
)
#: What the server answers when it begins with a command.
BEGUN = b"b"


def ask(arguments: Sequence[str]) -> int | None:
    """Have the server of the run do a command (`durable.server`).

    Parameters
    ----------
    arguments
        Command line after ``python -m durable``.

    Returns
    -------
    int or None
        Exit status of the command; None where it was not begun.
    """
    path = os.environ.get(SOCKET)
    if not path:
        return None
    terminal = os.environ.get(TERMINAL, "")
    descriptors = [0, 1, 2, *([int(terminal)] if terminal.isdecimal() else [])]
    umask = os.umask(0)
    os.umask(umask)
    variables = [f"{name}={value}" for name, value in os.environ.items()]
    fields = [os.getcwd(), str(umask), str(len(arguments)), *arguments, *variables]  # noqa: PTH109
    request = os.fsencode("\0".join(fields))
    with socket.socket(socket.AF_UNIX) as server:
        try:
            server.connect(path)
            socket.send_fds(server, [len(request).to_bytes(8, "big")], descriptors)
            server.sendall(request)
            if server.recv(1) != BEGUN:
                return None
        except OSError:
            return None
        # The command itself says that it was interrupted.
        import signal

        signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            status = server.recv(1)
        except OSError:
            status = b""
    if not status:
        print("the process of this stage was killed; start snakemake again", file=sys.stderr)
        return 1
    return status[0]
