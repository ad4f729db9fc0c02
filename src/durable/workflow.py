"""What the Snakefile asks: the plan, the environment of jobs, the guard of the results."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import TextIO

from durable.config import Finding, Plan, PlanError, load
from durable.config.model import TABLES
from durable.errors import UserError
from durable.files import write_text
from durable.stages import STAGES, code_digest, packages

DEFAULT_CONFIGURATION = Path("config/config.yaml")
#: Keys of ``--config`` that are no part of the plan.
OPTIONS = ("against",)
_BRACES = frozenset("{}")


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


def plan_of(path: Path) -> Plan:
    """The plan of a configuration, once every input file that it names is there.

    Raises
    ------
    PlanError
        With every finding at once.
    """
    plan = load(path)
    expected = f"a file, absolute or relative to {Path.cwd()}, without {{ and }} in its name"
    findings = [
        Finding(f"inputs.{table}.path", f"{file!r}, which is no such file", expected)
        for table, file in input_files(plan).items()
        if _BRACES & set(file) or not Path(file).is_file()
    ]
    if findings:
        raise PlanError(str(path), findings)
    return plan


def input_files(plan: Plan) -> dict[str, str]:
    """The configured tables and their files."""
    tables = {name: getattr(plan.inputs, name) for name in TABLES}
    return {name: table.path for name, table in tables.items() if table is not None}


def dependencies(plan: Plan, stage: str) -> dict[str, str]:
    """What the result of a stage depends on beside its input files, as parameters of its rule."""
    return {
        "plan": plan.digest(STAGES[stage].plan),
        "code": code_digest(STAGES[stage].module),
        "packages": packages(),
    }


def set_environment(environment: MutableMapping[str, str], python: Path) -> None:
    """Give the jobs, which inherit it, an environment that does not depend on the user's.

    Parameters
    ----------
    environment
        ``os.environ`` of the Snakemake process.
    python
        The interpreter of Snakemake: jobs find it also where its environment is not activated.
    """
    environment["PATH"] = f"{python.parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
    environment["MPLCONFIGDIR"] = str(Path(".snakemake/matplotlib").absolute())
    # A file in the study's folder must not stand for a library of its name.
    environment["PYTHONSAFEPATH"] = "1"
    environment.update(PYTHONHASHSEED="0", LC_ALL="C.UTF-8", TZ="UTC")
    # With ten subjects a pool of threads costs more than it computes.
    environment.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    # Each job would otherwise compile the package again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)


def begin_run(folder: Path, outputs: Iterable[str]) -> TextIO:
    """Lock the results and remove what an earlier plan left that this one does not make.

    The lock holds for as long as the returned file is open: the system releases it when the
    process ends, however it ends; Snakemake's own lock stays behind when a run is killed.

    Raises
    ------
    UserError
        Where another run holds the lock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise UserError(f"another snakemake is running this analysis ({folder})") from None
    expected = _within(folder, outputs)
    for name in set(_record(folder)) - set(expected):
        (folder / name).unlink(missing_ok=True)
    _write_record(folder, dict.fromkeys(expected))
    return lock


def end_run(folder: Path, outputs: Iterable[str]) -> None:
    """Record the outputs as the run leaves them, for `refuse_edited` and the next run."""
    paths = {name: folder / name for name in _within(folder, outputs)}
    digests = {name: _sha256(path) if path.is_file() else None for name, path in paths.items()}
    _write_record(folder, digests)


def refuse_edited(folder: Path) -> None:
    """Refuse results that were changed after the run that made them.

    Snakemake would make later results from them, or call them up to date. A file that was deleted
    is no matter: it is made again. After a killed run there is nothing to compare with.

    Raises
    ------
    UserError
        With every file that differs from the record.
    """
    edited = [
        str(folder / name)
        for name, digest in _record(folder).items()
        if digest is not None and (folder / name).is_file() and _sha256(folder / name) != digest
    ]
    if edited:
        files = "\n  ".join(edited)
        raise UserError(f"changed since the run that made it; delete to make again:\n  {files}")


def _within(folder: Path, outputs: Iterable[str]) -> list[str]:
    """Outputs relative to the results: their record holds wherever the folder is looked at from."""
    return sorted(Path(output).relative_to(folder).as_posix() for output in outputs)


def _record(folder: Path) -> dict[str, str | None]:
    """Outputs of the last run, with their SHA-256 (None: not known) when it ended."""
    path = folder / ".record.json"
    outputs: dict[str, str | None] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return outputs


def _write_record(folder: Path, outputs: Mapping[str, str | None]) -> None:
    text = json.dumps(outputs, indent=0, sort_keys=True)
    write_text(folder / ".record.json", f"{text}\n")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
