"""What the Snakefile asks: the plan, the environment of jobs, the guard of the results."""

from __future__ import annotations

import atexit
import datetime as dt
import fcntl
import hashlib
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, TextIO

from durable.audit.manifest import MANIFEST, PINNED, STARTED, pinned, read_manifest
from durable.audit.pins import (
    ALLOWABLE,
    code_files,
    commit,
    differences,
    found_pins,
    listing_digest,
    lock_digest,
)
from durable.audit.study import record_study
from durable.by_hand import forget_remade, made_by_hand, read_record, write_record
from durable.client import RUN, SOCKET, THREADS
from durable.contracts.tables import TABLES
from durable.errors import UserError
from durable.files import sha256, write_text
from durable.intake.cutoff import severities
from durable.plan import Finding, Plan, PlanError, load
from durable.plan.cutoffs import analysis_ids, plan_at
from durable.plan.sdtm import domain_path, domains
from durable.stages import COMMANDS, STAGES, code_digest, packages

DEFAULT_CONFIGURATION = Path("config/config.yaml")
#: Keys of ``--config`` that are no part of the plan.
OPTIONS = ("against", "allow")
#: Rules that look at results and make none.
READERS = frozenset({"audit", "check", "compare"})
#: Rules of `snakemake check`, which leaves all results but the listing of findings as they are.
CHECKING = frozenset({"check", "queries"})
#: Folder of the results that the simulation has to itself: nothing of the analysis is made from it.
SIMULATION = "simulation"
#: Folder of the results at several data cut-offs, to itself likewise.
SERIES = "series"
#: What a series has of each further cut-off.
_SCATTERED = ("ard/*.csv", "plans/*.yaml", "sources/*.json")
#: Folders of a final analysis that stay writable: what is said about it later goes there.
_OPEN = ("audit", "compare", "logs", SERIES)
#: Free bytes of a disk that is as good as full.
_LITTLE = 1_000_000
#: Locks of this process, held until it ends.
_HELD: list[TextIO] = []
#: Variable that names the code of a run to the runs within it.
_CODE = "DURABLE_CODE"
_BRACES = frozenset("{}")
#: Variable by which a user has a run do without a server: ``off``.
_SWITCH = "DURABLE_SERVER"
#: Servers of this process, while they run.
_SERVERS: list[tuple[subprocess.Popen[bytes], Path]] = []


def configuration(given: Iterable[str], options: Iterable[str]) -> Path:
    """The one configuration of a run, relative to the folder of the run where it lies below it.

    Snakemake's own reading is not used: it lays one file over another, so that a number could come
    from a file that the user did not mean.

    Parameters
    ----------
    given
        Files given by ``--configfile``; config/config.yaml where there is none.
    options
        Keys given by ``--config``.

    Raises
    ------
    UserError
        For more than one file, for a key of the plan given by ``--config``, and for braces in the
        name of the file, which Snakemake takes for wildcards.
    """
    files = [Path(path) for path in given]
    if len(files) > 1:
        raise UserError("one --configfile at a time: configurations are not merged")
    for key in options:
        if key not in OPTIONS:
            raise UserError(f"--config {key}: the plan is changed in its file, not by --config")
    path = files[0] if files else DEFAULT_CONFIGURATION
    path = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    if _BRACES & set(str(path)):
        raise UserError(f"{path}: a configuration file without {{ and }} in its name is expected")
    return path


def asks(arguments: Iterable[str], target: str, folder: str) -> bool:
    """Whether a run is asked for a target, or for a file of its folder in the results.

    By the arguments of the command line, but the configuration, which may lie in such a folder:
    Snakemake tells its targets after the Snakefile is read.
    """
    return any(argument == target or _folder(argument) == folder for argument in arguments)


def _folder(file: object) -> str:
    """The folder of results/ID that a file lies in; empty for another file."""
    return "".join(Path(str(file)).parts[2:3])


def plan_of(
    path: Path, *, inputs: bool = True, simulation: bool = False, cutoffs: bool = False
) -> Plan:
    """The plan of a configuration, once everything that it has to name is there.

    Parameters
    ----------
    path
        Configuration file.
    inputs
        Whether every input file that it names has to be there.
    simulation
        Whether it has to have scenarios to simulate.
    cutoffs
        Whether it has to have further data cut-offs.

    Raises
    ------
    PlanError
        With every finding at once.
    """
    plan = load(path)
    findings = [] if not inputs else _missing_inputs(plan)
    if simulation and plan.simulation is None:
        expected = "a section with scenarios: what is to be simulated"
        findings.append(Finding("simulation", "nothing", expected))
    if cutoffs and plan.series is None:
        expected = "a section with cutoffs: the further data cut-offs"
        findings.append(Finding("series", "nothing", expected))
    if findings:
        raise PlanError(str(path), findings)
    return plan


def _missing_inputs(plan: Plan) -> list[Finding]:
    expected = f"a file, absolute or relative to {Path.cwd()}, without {{ and }} in its name"
    findings = [
        Finding(_key(plan, table), f"{file!r}, which is no such file", expected)
        for table, files in input_files(plan).items()
        for file in files
        if _BRACES & set(file) or not Path(file).is_file()
    ]
    since = plan.outputs.queries_since
    if since is not None and (_BRACES & set(since) or not Path(since).is_file()):
        findings.append(
            Finding("outputs.queries_since", f"{since!r}, which is no such file", expected)
        )
    elif since is not None and Path(since) == Path("results", plan.analysis.id, "queries.csv"):
        found = "the listing that this analysis writes"
        findings.append(Finding("outputs.queries_since", found, "that of an earlier analysis"))
    return findings


def input_files(plan: Plan) -> dict[str, list[str]]:
    """The configured tables and the files of each: one, or the domains of an SDTM package."""
    sdtm = plan.inputs.sdtm
    if sdtm is not None:
        return {
            table: [domain_path(domain, sdtm) for domain in domains(table, sdtm)]
            for table in TABLES
            if table in sdtm.tables
        }
    tables = {name: getattr(plan.inputs, name) for name in TABLES}
    return {name: [table.path] for name, table in tables.items() if table is not None}


def _key(plan: Plan, table: str) -> str:
    return f"inputs.{table}.path" if plan.inputs.sdtm is None else "inputs.sdtm.folder"


def input_digests(plan: Plan) -> dict[str, str]:
    """SHA-256 of each input: a file put in the place of an older one may bear an older time."""
    files = {file for files in input_files(plan).values() for file in files}
    # Not only tables are read: an earlier listing of findings is.
    if plan.outputs.queries_since is not None:
        files.add(plan.outputs.queries_since)
    return {file: sha256(Path(file)) for file in sorted(files) if Path(file).is_file()}


def dependencies(plan: Plan, stage: str) -> dict[str, str]:
    """What the result of a stage depends on beside its input files, as parameters of its rule."""
    return {
        "plan": plan.digest(STAGES[stage].plan),
        "code": code_digest(STAGES[stage].module),
        "packages": packages(),
    }


def allowed(given: object) -> tuple[str, ...]:
    """What ``--config allow=`` lets differ from a pinned configuration.

    Raises
    ------
    UserError
        For anything but ``code`` and ``environment``, separated by commas.
    """
    names = tuple(name.strip() for name in str(given or "").split(",") if name.strip())
    for name in names:
        if name not in ALLOWABLE:
            raise UserError(f"--config allow={given}: expected {' or '.join(ALLOWABLE)}, or both")
    return names


def set_environment(environment: MutableMapping[str, str], python: Path, code: str = "") -> None:
    """Give the jobs, which inherit it, an environment that does not depend on the user's.

    Parameters
    ----------
    environment
        ``os.environ`` of the Snakemake process.
    python
        The interpreter of Snakemake: jobs find it also where its environment is not activated.
    code
        Digest of the code.
    """
    path = environment.get("PATH", os.defpath)
    if path.split(os.pathsep)[0] != str(python.parent):
        environment["PATH"] = f"{python.parent}{os.pathsep}{path}"
    environment["MPLCONFIGDIR"] = str(Path(".snakemake/matplotlib").absolute())
    # A file in the study's folder must not stand for a library of its name.
    environment["PYTHONSAFEPATH"] = "1"
    environment.update(PYTHONHASHSEED="0", LC_ALL="C.UTF-8", TZ="UTC")
    # With ten subjects a pool of threads costs more than it computes.
    environment.update(dict.fromkeys(THREADS, "1"))
    # Each job would otherwise compile the package again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # The server of a run within which this one is serves this one too, unless it has other code.
    if (
        not code
        or environment.get(_CODE) != code
        or not Path(environment.get(SOCKET, "")).is_socket()
    ):
        environment.pop(SOCKET, None)
    environment[_CODE] = code


def keep_to_run(
    environment: MutableMapping[str, str], plan: Plan, program: str, sent: bool
) -> None:
    """Keep a job on another machine to the plan, code and packages that its run began with.

    Such a job reads the configuration and the Snakefile again, perhaps hours after the run began,
    and would make its part of the results from what it finds then.

    Parameters
    ----------
    environment
        ``os.environ``, which jobs inherit. Where a cluster does not pass it on, nothing is checked.
    program
        Digest of the code.
    sent
        Whether this process is such a job, not the run itself.

    Raises
    ------
    UserError
        In a job, where anything is not as the run began with it.
    """
    begun = "\n".join([plan.model_dump_json(), program, packages()])
    found = hashlib.sha256(begun.encode()).hexdigest()
    if not sent:
        environment[RUN] = found
    elif environment.get(RUN, found) != found:
        raise UserError(
            "configuration, code or packages are not those that the run began with;"
            " start snakemake again"
        )


def graph(rules: Iterable[Any]) -> dict[str, Any]:
    """Files of the rules that make an analysis, and the digests that they depend on."""
    return {
        rule.name: {
            "input": [str(file) for file in rule.input if not callable(file)],
            "output": [str(file) for file in rule.output],
            "digests": {key: str(rule.params.get(key)) for key in ("plan", "code", "packages")},
        }
        for rule in rules
        if any(_folder(file) not in (SIMULATION, SERIES) for file in rule.output)
    }


def begin(
    plan: Plan,
    folder: Path,
    rules: Mapping[str, Any],
    jobs: Collection[str],
    workflow: Path,
    allow: Iterable[str] = (),
    digests: Mapping[str, str] | None = None,
) -> None:
    """What a run does before its first job.

    Parameters
    ----------
    rules
        Rules that make the analysis (`graph`).
    jobs
        Rules that will be run.
    workflow
        Folder of the Snakefile.
    allow
        What may differ from the pins of the configuration.
    digests
        SHA-256 of each input file, by its path.

    Raises
    ------
    UserError
        Where the results are not to be written: by another run, another plan, other code, or
        outside their folder.
    """
    refuse_links(folder)
    if READERS.issuperset(jobs):
        _HELD.append(_lock(folder, fcntl.LOCK_SH))
        if "compare" in jobs:
            _refuse_made_by_hand(folder)
        return
    alone = rules.keys().isdisjoint(jobs)
    if not (alone and "further" in jobs):
        refuse_final(plan, folder, jobs)
    refuse_other(plan, workflow, allow)
    if plan.simulation is not None and (alone or "simulate" in jobs):
        chunks = map(str, range(plan.simulation.chunks))
        _HELD.append(_begin_beside(folder / SIMULATION, ("chunks/*.parquet",), chunks))
    if plan.series is not None and "further" in jobs:
        cutoffs = map(str, plan.series.cutoffs)
        _HELD.append(_begin_beside(folder / SERIES, _SCATTERED, cutoffs))
        for cutoff in plan.series.cutoffs:
            write_text(plan_file(folder, cutoff), pinned(plan_at(plan, cutoff), None))
    if alone:
        record_study(plan, {}, folder, inputs=False)
        return
    refuse_edited(folder)
    if CHECKING.issuperset(jobs):
        _HELD.append(begin_run(folder, rules["queries"]["output"], partial=True))
        record_study(plan, {}, folder, inputs=False)
        return
    _HELD.append(begin_run(folder, _outputs(rules)))
    record_study(plan, digests or {}, folder)
    _start(plan, folder, rules, workflow)


def folders(plan: Plan, cutoffs: bool) -> list[Path]:
    """Folder of the results; those at further data cut-offs too where `cutoffs` are asked for."""
    names = analysis_ids(plan).values() if cutoffs else [plan.analysis.id]
    return [Path("results", name) for name in names]


def plan_file(folder: Path, cutoff: object) -> Path:
    """Configuration of the analysis at a further data cut-off, in the results of its series."""
    return folder / SERIES / "plans" / f"{cutoff}.yaml"


def _begin_beside(folder: Path, scattered: Iterable[str], parts: Iterable[str]) -> TextIO:
    """Lock a folder beside the analysis; remove parts that an earlier plan had and this one not.

    Parts are the files of some patterns in it, by their names without the ending.
    """
    lock = _lock(folder, fcntl.LOCK_EX)
    expected = set(parts)
    for path in (path for pattern in scattered for path in folder.glob(pattern)):
        if path.stem not in expected:
            path.unlink()
    return lock


def _start(plan: Plan, folder: Path, rules: Mapping[str, Any], workflow: Path) -> None:
    """Write down what the run begins with, for its manifest."""
    recorded = {name: rule for name, rule in rules.items() if name != "record"}
    circumstances = {
        "time": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "rules": recorded,
        "listing": listing_digest(plan),
        "code": code_files(workflow),
        "lock": lock_digest(workflow),
        **commit(workflow),
        # The configuration in force is not written over by a run that it describes.
        "keep_pinned": str(folder / PINNED) not in _outputs(rules),
    }
    write_text(folder / STARTED, json.dumps(circumstances, indent=1) + "\n")


def start_server(
    environment: MutableMapping[str, str], folder: Path, commands: Iterable[str | None]
) -> None:
    """Start the process that does the stages of a run on this machine (`durable.server`).

    Parameters
    ----------
    environment
        ``os.environ``, which jobs inherit.
    folder
        Results; they are locked, so a socket that lies there is of a run that was killed.
    commands
        Command line of each job of the run.
    """
    jobs = [name for name in map(_name_of, commands) if name is not None]
    if len(jobs) < 2 or sys.platform != "linux" or environment.get(_SWITCH) == "off":
        return
    if SOCKET in environment:
        # That of the run within which this one is (`set_environment`).
        return
    path = folder / ".server"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        umask = os.umask(0o177)
        try:
            listener.bind(str(path))
            listener.listen(len(STAGES))
        except OSError:
            # The name is too long, or the file system has no sockets: each job starts anew.
            return
        finally:
            os.umask(umask)
        environment[SOCKET] = str(path)
        names = sorted(set(jobs), key=COMMANDS.index)
        command = [sys.executable, "-m", "durable.server", str(listener.fileno()), *names]
        server = subprocess.Popen(  # noqa: S603
            command,
            env=environment,
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    _SERVERS.append((server, path.absolute()))


# Also where a run ends with an error of Snakemake.
@atexit.register
def stop_server() -> None:
    """End the server of this process, if there is one, and remove its socket."""
    while _SERVERS:
        server, path = _SERVERS.pop()
        server.communicate()
        path.unlink(missing_ok=True)


def end(plan: Plan, folder: Path, rules: Mapping[str, Any], jobs: Collection[str]) -> None:
    """What a run does after its last job, also after one that failed."""
    if rules.keys().isdisjoint(jobs):
        return
    outputs = _outputs(rules)
    listing = rules["queries"]["output"] if CHECKING.issuperset(jobs) else None
    try:
        end_run(folder, outputs if listing is None else listing, partial=listing is not None)
    except OSError:
        # A full disk: the record that the run began with stays, and claims nothing.
        return
    if (
        listing is None
        and _final(plan, folder)
        and all(Path(output).is_file() for output in outputs)
    ):
        protect(folder, outputs)


def results_notice(folder: Path, jobs: Collection[str]) -> str:
    """What a user is told after a run: where to read, and what was found in the data."""
    told = []
    if "simulation_report" in jobs:
        told.append(f"Simulation: {folder / SIMULATION / 'simulation.html'}")
    if "series_report" in jobs:
        told.append(f"Series: {folder / SERIES / 'series.html'}")
    if "report" in jobs:
        told.append(f"Report: {folder / 'report.html'}")
    if not {"check", "queries", "report"}.isdisjoint(jobs):
        told.append(findings_notice(folder))
    return "\n".join(told)


def findings_notice(folder: Path) -> str:
    """How many findings there are in the data, and where they are listed; empty without listing."""
    queries = folder / "queries.csv"
    if not queries.is_file():
        return ""
    count = severities(queries)
    found = f"{count['error']} error(s), {count['warning']} warning(s)"
    return f"Findings in the data: {found}, {queries.with_suffix('.html')}"


def about(rule: str, command: str | None) -> str:
    """What a rule does, in a line: Snakemake otherwise lists every file that a job reads and makes.

    A stage's own words where its command (None: it has none) does a stage.
    """
    stage = STAGES.get(_name_of(command) or "")
    return rule if stage is None else f"{rule}: {stage.about}"


def _name_of(command: str | None) -> str | None:
    """The stage or run that the command line of a rule does; None where it does neither."""
    found = re.search(r"python -m durable (\w+)", command or "")
    return found[1] if found and found[1] in COMMANDS else None


def disk_notice(folder: Path) -> str:
    """What a user is told after a failure on a disk that is all but full; else empty.

    The error itself would stand in the log of the job, which lies on the same disk.
    """
    free = shutil.disk_usage(folder).free if folder.is_dir() else _LITTLE
    if free >= _LITTLE:
        return ""
    return (
        f"No space left on device: {free // 1000} kB are free for {folder}."
        " Make room and start snakemake again; it goes on where it stopped."
    )


def _outputs(rules: Mapping[str, Any]) -> list[str]:
    return [file for rule in rules.values() for file in rule["output"]]


def begin_run(folder: Path, outputs: Iterable[str], *, partial: bool = False) -> TextIO:
    """Lock the results and remove what an earlier plan left that this one does not make.

    A `partial` run leaves all but its outputs as it is. The lock holds for as long as the returned
    file is open: the system releases it when the process ends, however it ends; Snakemake's own
    lock stays behind when a run is killed.

    Raises
    ------
    UserError
        Where another run holds the lock.
    """
    lock = _lock(folder, fcntl.LOCK_EX)
    expected = _within(folder, outputs)
    # The pinned configuration is no output of a run that it configures.
    before = read_record(folder)
    for name in set() if partial else set(before) - {*expected, PINNED.as_posix()}:
        (folder / name).unlink(missing_ok=True)
    write_record(folder, (before if partial else {}) | dict.fromkeys(expected))
    return lock


def _lock(folder: Path, kind: int) -> TextIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a")
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}; expected a folder to write to") from None
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise UserError(f"another snakemake is running this analysis ({folder})") from None
    return lock


def end_run(folder: Path, outputs: Iterable[str], *, partial: bool = False) -> None:
    """Record the outputs as the run leaves them, for `refuse_edited` and the next run.

    Of a `partial` run other outputs stay recorded. What a stage run by hand left is not recorded
    as the run's.
    """
    forget_remade(folder)
    by_hand = made_by_hand(folder)
    paths = {name: folder / name for name in _within(folder, outputs)}
    digests = {
        name: sha256(path) if path.is_file() and name not in by_hand else None
        for name, path in paths.items()
    }
    write_record(folder, (read_record(folder) if partial else {}) | digests)


def refuse_edited(folder: Path) -> None:
    """Refuse results that were changed after the run that made them.

    Snakemake would make later results from them, or call them up to date. A file that was deleted
    is no matter: it is made again, as is what a stage run by hand left (`durable.by_hand`). After
    a killed run there is nothing to compare with.

    Raises
    ------
    UserError
        With every file that differs from the record.
    """
    by_hand = made_by_hand(folder)
    edited = [
        str(folder / name)
        for name, digest in read_record(folder).items()
        if digest is not None and name not in by_hand
        if (folder / name).is_file() and sha256(folder / name) != digest
    ]
    if edited:
        files = "\n  ".join(edited)
        raise UserError(f"changed since the run that made it; delete to make again:\n  {files}")


def _refuse_made_by_hand(folder: Path) -> None:
    """Refuse to compare results that no run has made."""
    if files := made_by_hand(folder):
        names = "\n  ".join(str(folder / name) for name in sorted(files))
        raise UserError(f"made by a stage run by hand; run snakemake first:\n  {names}")


def refuse_links(folder: Path) -> None:
    """Refuse results whose folder, or a folder in them, is a link to another place.

    Raises
    ------
    UserError
        With every such link: through it a run would write outside its results.
    """
    links = [path for path in (folder, *_below(folder)) if path.is_symlink()]
    if links:
        named = "\n  ".join(f"{path} -> {path.readlink()}" for path in links)
        raise UserError(f"links in the results; expected folders and files:\n  {named}")


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in (*folders, *files))


def refuse_other(plan: Plan, workflow: Path, allow: Iterable[str]) -> None:
    """Refuse code or an environment that are not those of a pinned configuration.

    Raises
    ------
    UserError
        With everything that differs and was not allowed to.
    """
    if plan.pins is None:
        return
    found = [d for d in differences(plan.pins, found_pins(workflow, plan)) if d.kind not in allow]
    if found:
        lines = "\n  ".join(map(str, found))
        raise UserError(f"not as pinned (--config allow=code,environment lets it):\n  {lines}")


def _was_final(folder: Path) -> bool:
    """Whether the results in a folder are a finished analysis that is final."""
    if not (folder / MANIFEST).is_file():
        return False
    return bool(read_manifest(folder / MANIFEST)["plan"]["value"]["outputs"]["locked"])


def final_notice(plan: Plan, folder: Path) -> str:
    """What a user is told before a run of a final analysis; empty for another one.

    An explicit ``outputs.locked: false`` makes the results writable again.
    """
    if not _was_final(folder):
        return ""
    if not _final(plan, folder):
        for path in (folder, *_below(folder)):
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
        return f"{folder} was final and no longer is (outputs.locked: false)"
    return (
        f"{folder} is final (outputs.locked): a run that would change it stops. Give a changed"
        " analysis another analysis.id; outputs.locked: false gives the final results up."
    )


def refuse_final(plan: Plan, folder: Path, jobs: Collection[str]) -> None:
    """Refuse to change a finished analysis that is final.

    Snakemake itself refuses to write to protected files, except for root.

    Raises
    ------
    UserError
        With the rules that the run would have run again.
    """
    if _was_final(folder) and _final(plan, folder):
        again = ", ".join(sorted(set(jobs) - {"all"}))
        raise UserError(
            f"{folder} is final and was not changed. The run would have made again: {again}"
        )


def _final(plan: Plan, folder: Path) -> bool:
    """Whether results are final: by the plan, or by the one they were made by and no other word."""
    return plan.outputs.locked or (
        "locked" not in plan.outputs.model_fields_set and _was_final(folder)
    )


def protect(folder: Path, outputs: Iterable[str]) -> None:
    """Take the permission to write from results and their folders."""
    for name in ("compare", SERIES):
        (folder / name).mkdir(exist_ok=True)
    files = [Path(output) for output in outputs]
    folders = {folder, *(path.parent for path in files)} - {folder / name for name in _OPEN}
    folders |= {
        parent for path in list(folders) for parent in path.parents if folder in parent.parents
    }
    for path in (*files, *folders):
        path.chmod(path.stat().st_mode & ~0o222)


def _within(folder: Path, outputs: Iterable[str]) -> list[str]:
    """Outputs relative to the results: their record holds wherever the folder is looked at from."""
    return sorted(Path(output).relative_to(folder).as_posix() for output in outputs)
