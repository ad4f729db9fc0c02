"""A real Slurm of one node, in a folder of its own, for the tests and for a look by hand.

`python tests/slurm/cluster.py COMMAND ...` starts it, runs the command in it, and stops it. It
shares nothing with a Slurm of the machine: key, socket, ports, state and logs are its own, only the
loopback address is used, and it ends no process but those it has started.
"""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

#: What Debian's packages munge, slurm-client, slurmctld and slurmd bring.
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol")
#: Daemons lie where a user's PATH need not lead.
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
NODE = "node"
#: The variable that tells the processes of this cluster, a job's too, from all others.
MARK = "DURABLE_TEST_CLUSTER"
GUARD = "--guard"
#: Seconds; a machine may be busy.
PATIENCE = 30

CONFIGURATION = """\
ClusterName=durable
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
# Neither control groups nor a database: what any container allows.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0,bf_interval=1
SlurmdParameters=config_overrides
# A node is given up soon after it was lost, and taken back when it answers again.
SlurmdTimeout=4
ReturnToService=2
KillWait=1
# squeue must know finished jobs for longer than snakemake waits between two questions.
MinJobAge=300
NodeName={node} NodeHostname=localhost NodeAddr=127.0.0.1 Port={node_port} CPUs=8 RealMemory=16000
PartitionName=main Nodes={node} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> list[str]:
    """Programs that are not installed."""
    return [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]


class Cluster:
    """A running Slurm; `environment` is what a user of it needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": f"{folder}/bin{os.pathsep}{PATH}",
            "SLURM_CONF": str(folder / "slurm.conf"),
            MARK: str(folder),
        }
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        self._guard: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the daemons and wait for the node."""
        # Jobs outlive the daemons: where this process is killed, its guard ends them.
        guard = [sys.executable, __file__, GUARD, str(self.folder)]
        self._guard = subprocess.Popen(guard, stdin=subprocess.PIPE, start_new_session=True)
        for name in ("bin", "state", "spool"):
            (self.folder / name).mkdir()
        # Inside a job the plugin drops SLURM_CONF, as if it always lay in /etc.
        srun = self.folder / "bin" / "srun"
        command = f"SLURM_CONF={self.folder}/slurm.conf exec {shutil.which('srun', path=PATH)}"
        srun.write_text(f'#!/bin/sh\n{command} "$@"\n')
        srun.chmod(0o755)
        key = self.folder / "munge.key"
        key.touch(0o600)
        key.write_bytes(secrets.token_bytes(128))
        controller_port, node_port = _free_ports(2)
        text = CONFIGURATION.format(
            folder=self.folder,
            user=getpass.getuser(),
            node=NODE,
            controller_port=controller_port,
            node_port=node_port,
        )
        (self.folder / "slurm.conf").write_text(text)
        place = self.folder / "munge"
        files = [f"--{name}-file={place}.{name}" for name in ("key", "pid", "log", "seed")]
        # Forced, since its folder may lie below one that others may write to.
        self._run("munged", "--foreground", "--force", f"--socket={place}.socket", *files)
        self._wait("munge", lambda: (self.folder / "munge.socket").exists())
        self._run("slurmctld", "-D", "-i")
        self.start_node()

    def start_node(self) -> None:
        """Start the daemon of the node, also again after `kill_node`."""
        self._run("slurmd", "-D", "-N", NODE)
        self._wait("the node", lambda: self.node() in ("idle", "mix"))

    def kill_node(self) -> None:
        """End the node and all that it runs, as a power cut does; wait until that is noticed."""
        self._end("slurmd", signal.SIGKILL)
        for pid in self.processes():
            if _name(pid).startswith("slurmstepd") or _variable(pid, "SLURM_JOB_ID"):
                _kill(pid)
        self._wait("the end of the node", lambda: self.node().startswith("down"))

    def node(self) -> str:
        """The state of the node."""
        return self.ask("sinfo", "-h", "-o", "%t").strip()

    def ask(self, *command: str) -> str:
        """What a command of Slurm prints; empty where it fails."""
        done = subprocess.run(
            command,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
        return done.stdout

    def processes(self) -> list[int]:
        """Everything that was started in this cluster: it alone bears this mark."""
        pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
        return [p for p in pids if p != os.getpid() and _variable(p, MARK) == str(self.folder)]

    def stop(self) -> None:
        """End what was started; again does no harm."""
        for name in ("slurmd", "slurmctld", "munged"):
            self._end(name, signal.SIGTERM)
        for pid in self.processes():
            _kill(pid)
        if self._guard is not None:
            self._guard.communicate(timeout=PATIENCE)
            self._guard = None

    def _run(self, name: str, *options: str) -> None:
        # It ends with this process, however that ends.
        command = ["setpriv", "--pdeathsig", "KILL", name, *options]
        with (self.folder / f"{name}.out").open("ab") as out:
            self._daemons[name] = subprocess.Popen(
                command,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def _end(self, name: str, number: int) -> None:
        daemon = self._daemons.pop(name, None)
        if daemon is None:
            return
        daemon.send_signal(number)
        try:
            daemon.wait(5)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait(5)

    def _wait(self, what: str, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not ready():
            stopped = [name for name, daemon in self._daemons.items() if daemon.poll() is not None]
            if stopped or time.monotonic() > end:
                raise RuntimeError(f"{what} did not come ({stopped}):\n{self.logs()}")
            time.sleep(0.05)

    def logs(self) -> str:
        """The last lines of every log."""
        ends = [
            f"== {file.name}\n" + "\n".join(file.read_text().splitlines()[-15:])
            for file in sorted([*self.folder.glob("*.log"), *self.folder.glob("*.out")])
        ]
        return "\n".join(ends)


@contextmanager
def running() -> Iterator[Cluster]:
    """A cluster for the length of a block."""
    parent = tempfile.gettempdir()
    # The path of a socket has 107 characters at most.
    with ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="slurm-", dir=parent if len(parent) < 70 else "/tmp")
        )
        Path(folder).chmod(0o755)
        cluster = Cluster(Path(folder))
        stack.callback(cluster.stop)
        cluster.start()
        yield cluster


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _variable(pid: int, name: str) -> str | None:
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    found = [v for v in variables if v.startswith(f"{name}=".encode())]
    return found[0].decode().partition("=")[2] if found else None


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def main() -> int:
    """Run a command in a cluster that lasts as long as it."""
    if sys.argv[1:2] == [GUARD]:
        # Until the process that started it closes the pipe or ends.
        sys.stdin.read()
        Cluster(Path(sys.argv[2])).stop()
        shutil.rmtree(sys.argv[2], ignore_errors=True)
        return 0
    if lacking := missing():
        print(f"not installed: {', '.join(lacking)}", file=sys.stderr)
        return 1
    # Ended by a signal, the cluster is stopped as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with running() as cluster:
        return subprocess.run(
            sys.argv[1:], env=os.environ | cluster.environment, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
