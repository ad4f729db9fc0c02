"""One job of a run: a stage done, with a record of what it was made from and what it made."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from durable.errors import UserError
from durable.files import read_json, write_text
from durable.intake.sources import read_digests
from durable.plan.input_files import input_paths
from durable.runs.environment import (
    libraries_digest,
    refuse_changed_run,
    refuse_foreign_modules,
    restrict_mode,
)
from durable.runs.guard import Run, refuse_links
from durable.runs.parts import PARTS, record_part
from durable.runs.pins import code_files, digest
from durable.runs.state import (
    NO_FILE,
    StageRecord,
    digests_of,
    recorded_digests,
    remove_record,
    write_record,
)
from durable.stage import STAGES


def do_job(run: Run, name: str, *, chunk: int | None = None, cores: int = 1) -> None:
    """Do one stage of a run, or a chunk of it, and record it.

    The record is written last, once every output is on the disk.

    Parameters
    ----------
    name
        Stage.
    chunk
        Number of the chunk, from 0, of a stage that is done in chunks.
    cores
        How many it may use, of a stage that can use several.

    Raises
    ------
    UserError
        Where code, libraries or inputs are not those that the run began with or that were read, or
        a result that is read is not as its job left it.
    """
    umask = restrict_mode(run.plan.outputs.file_mode)
    try:
        _do(run, name, chunk, cores)
    finally:
        os.umask(umask)


def _do(run: Run, name: str, chunk: int | None, cores: int) -> None:
    begun = time.monotonic()
    stage = STAGES[name]
    folder = run.folder / stage.folder
    job = name if chunk is None else f"{name}_{chunk}"
    files = run.files_of(name, chunk)
    refuse_links(run.folder)
    refuse_changed_run(run.program, run.libraries)
    remove_record(folder, job)
    digests_read = digests_of(files.inputs)
    _refuse_unrecorded(digests_read, run.results)
    several = {"cores": cores} if stage.cores else {}
    numbered = () if chunk is None else (chunk,)
    with _texts_as_objects():
        stage.run(run.plan, folder, *numbered, **several)
    # What was edited meanwhile may have been read, or imported.
    refuse_changed_run(digest(code_files(run.workflow)), libraries_digest())
    refuse_foreign_modules()
    refuse_links(run.folder)
    inputs_read = (path for path in run.input_names if path in digests_read)
    _refuse_replaced(digests_read, digests_of(inputs_read))
    if name == "check":
        _refuse_replaced(digests_read, _read_otherwise(run, digests_read))
    if stage.finishes:
        importlib.import_module(stage.module).finish(folder)
    outputs = {path: value for path, value in digests_of(files.outputs).items() if value != NO_FILE}
    record = StageRecord(
        digests=run.digests(name),
        inputs=run.by_name(digests_read),
        outputs={Path(path).relative_to(folder).as_posix(): outputs[path] for path in outputs},
    )
    write_text(folder / "logs" / f"{job}.seconds", f"{time.monotonic() - begun:.2f}\n")
    write_record(folder, job, record)
    if name in PARTS:
        # The chunks of a simulation are its own; a series reads results of other folders.
        inside = [path for path in digests_read if folder in Path(path).parents]
        chunks = {Path(path).relative_to(folder).as_posix() for path in inside}
        inputs = {
            Path(path).relative_to(run.results).as_posix(): value
            for path, value in digests_read.items()
            if folder not in Path(path).parents
        }
        record_part(run, PARTS[name], folder, inputs, {*record.outputs, *chunks})


@contextmanager
def _texts_as_objects() -> Iterator[None]:
    """Have pandas hold texts as objects, as the contracts say; from 3 on it has a type of its own.

    The values that are written are then the same by either.
    """
    if int(version("pandas").partition(".")[0]) < 3:
        # Not imported: some stages do without.
        yield
        return
    import pandas as pd

    with pd.option_context("future.infer_string", False):
        yield


def _refuse_unrecorded(digests: Mapping[str, str], results: Path) -> None:
    """Refuse to read results that no finished job made, or that were changed since."""
    paths = [path for path in digests if Path(path).is_relative_to(results)]
    faults = [
        f"{path}: found {digests[path]}; expected {expected or 'no such result'}"
        for path, expected in recorded_digests(paths, results).items()
        if digests[path] != expected
    ]
    if faults:
        files = "\n  ".join(faults)
        raise UserError(f"not as the job that made it left it; start snakemake again:\n  {files}")


def _read_otherwise(run: Run, before: Mapping[str, str]) -> dict[str, str]:
    """SHA-256 of input files that ``check`` has read with other bytes than before, by path."""
    paths = input_paths(run.plan.inputs)
    sources = read_digests(read_json(run.folder / "checked" / "sources.json"))
    # Of a file that could not be read there is none: that is a finding.
    return {
        paths[name]: digest_read
        for name, digest_read in sources.items()
        if digest_read and digest_read != before[paths[name]]
    }


def _refuse_replaced(before: Mapping[str, str], current: Mapping[str, str]) -> None:
    """Refuse input files that are not those that were there when the job began."""
    replaced = [
        f"{path}: found {value}; read was {before[path]}"
        for path, value in current.items()
        if value != before[path]
    ]
    if replaced:
        files = "\n  ".join(replaced)
        raise UserError(f"changed during the run; start snakemake again:\n  {files}")
