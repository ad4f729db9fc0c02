"""The state of results: what each stage was made from and what it made, recorded beside them.

Whether results are what today's plan, inputs, code and libraries make is read off these records
and the files themselves. Neither times of change nor the notes of the workflow engine are asked:
results may have been copied, restored or cloned. (Mokhov, Mitchell and Peyton Jones, Build systems
a la carte, ICFP 2018: a verifying trace.)

A record is the last thing that a job writes, so that results without one, with a damaged one, or
with files that are gone are unfinished: they are made again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from durable.errors import UserError
from durable.files import remove_file, sha256, write_text

#: Folder of the records, in the folder of the results that they are about.
RECORDS = Path("audit/stages")
NO_FILE = "no file"


@dataclass(frozen=True)
class StageRecord:
    """What a stage was made from, and what it made."""

    digests: dict[str, str]
    """SHA-256 of the sections of the plan that it reads, of the code, of the libraries; and whether
    a job of a run did it, or another program."""
    inputs: dict[str, str]
    """SHA-256 of each file that it read, by its path; of a result by its path in the results."""
    outputs: dict[str, str]
    """SHA-256 of each file that it made, by its path in the results."""


def record_file(folder: Path, job: str) -> Path:
    """Path of the record of a job: a stage, or a chunk of one (``simulate_3``)."""
    return folder / RECORDS / f"{job}.json"


def read_record(folder: Path, job: str) -> StageRecord | None:
    """The record of a job; None where it did not finish, or the record is damaged."""
    try:
        values = json.loads(record_file(folder, job).read_text("utf-8"))
        record = StageRecord(**values)
        parts = (record.digests, record.inputs, record.outputs)
        texts = [text for part in parts for item in part.items() for text in item]
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return record if all(isinstance(text, str) for text in texts) else None


def write_record(folder: Path, job: str, record: StageRecord) -> None:
    """Write what `read_record` reads."""
    text = json.dumps(asdict(record), indent=1, sort_keys=True, ensure_ascii=False)
    write_text(record_file(folder, job), text + "\n")


def remove_record(folder: Path, job: str) -> None:
    """Remove the record of a job that is about to be done: until it ends, nothing is claimed."""
    remove_file(record_file(folder, job))


def recorded_digests(paths: Iterable[str], results: Path) -> dict[str, str | None]:
    """By path the SHA-256 of results as their jobs left them; None where no finished job did.

    Parameters
    ----------
    paths
        Files: the records of each are in the nearest folder around it that has any.
    results
        Folder of all results, in which that folder is looked for; of a file that lies elsewhere, in
        every folder around it.
    """
    # The records of a folder are read once for all its files.
    recorded = cache(
        lambda folder: recorded_outputs(folder) if (folder / RECORDS).is_dir() else None
    )
    digests: dict[str, str | None] = dict.fromkeys(paths)
    for name in digests:
        path = Path(name)
        for folder in path.parents:
            if folder == results:
                break
            if (outputs := recorded(folder)) is not None:
                digests[name] = outputs.get(path.relative_to(folder).as_posix())
                break
    return digests


def recorded_outputs(folder: Path) -> dict[str, str]:
    """SHA-256 of every result that a finished job made, by its path in the folder of the results.

    Empty where there are no records.
    """
    digests: dict[str, str] = {}
    for path in sorted((folder / RECORDS).glob("*.json")):
        record = read_record(folder, path.stem)
        if record is not None:
            digests |= record.outputs
    return digests


def digests_of(paths: Iterable[str | Path]) -> dict[str, str]:
    """SHA-256 of files by their path; `NO_FILE` for one that is not there."""
    return {
        str(path): sha256(Path(path)) if Path(path).is_file() else NO_FILE
        for path in dict.fromkeys(paths)
    }


def refuse_edited(folder: Path) -> None:
    """Refuse results that were changed after the job that made them.

    Later results would be made from them, or they would be called up to date. A file that was
    deleted is made again; of a job that did not finish there is nothing to compare with.

    Raises
    ------
    UserError
        With every file that differs from its record.
    """
    edited = [
        str(folder / name)
        for name, digest in sorted(recorded_outputs(folder).items())
        if (folder / name).is_file() and sha256(folder / name) != digest
    ]
    if edited:
        files = "\n  ".join(edited)
        raise UserError(f"changed since the run that made it; delete to make again:\n  {files}")


def differing_inputs(
    record: StageRecord, inputs: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Files that a stage did not read as they are now: path, digest then, digest now.

    Sorted by path; `NO_FILE` for one that it did not read, or that is no input any more.

    Parameters
    ----------
    inputs
        Digests of its inputs as they are now, by the paths that the record has.
    """
    for path in sorted({*record.inputs, *inputs}):
        old, new = record.inputs.get(path, NO_FILE), inputs.get(path, NO_FILE)
        if old != new:
            yield path, old, new
