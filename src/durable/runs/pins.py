"""What a repetition must find again: code, lock file, Python and packages."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from durable.files import sha256
from durable.fonts import font_records
from durable.installation import ADDED_BY_WHEEL, PACKAGE
from durable.plan import Pins, Plan
from durable.runs import libraries
from durable.runs.files import other_inputs

#: The lock file, beside the folder of the workflow.
_LOCK = "uv.lock"
#: What may be allowed to differ from a pinned configuration, by ``--config allow=``.
ALLOWABLE = ("code", "environment")


@dataclass(frozen=True)
class Difference:
    """Something that is not as pinned."""

    kind: str
    """``input``, ``plan``, ``code`` or ``environment``."""
    name: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: found {self.found}; expected {self.expected}"


def code_files(workflow: Path) -> dict[str, str]:
    """SHA-256 of each file of the package, its templates among them, and of the workflow.

    The same for the same code, whether it lies in the repository or was installed from a wheel,
    which holds the workflow and the lock file within the package.

    Parameters
    ----------
    workflow
        Folder of the workflow.

    Returns
    -------
    dict
        Digests by the path of the file in the repository, sorted.
    """
    files = {f"workflow/{name}": path for name, path in _files(workflow)}
    added = {path.name for path in ADDED_BY_WHEEL}
    for name, path in _files(PACKAGE):
        if name.partition("/")[0] not in added:
            files[f"src/{PACKAGE.name}/{name}"] = path
    return {name: sha256(files[name]) for name in sorted(files)}


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder but compiled modules, with its path there.

    Each job asks for them twice; a walk takes a tenth of the time of a pattern.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        inside = Path(parent).relative_to(folder)
        for name in names:
            if (path := Path(parent, name)).is_file():
                yield (inside / name).as_posix(), path


def digest(files: Mapping[str, str]) -> str:
    """One SHA-256 over names and digests of files, whatever their order."""
    text = "".join(f"{name} {files[name]}\n" for name in sorted(files))
    return hashlib.sha256(text.encode()).hexdigest()


def lock_file(workflow: Path) -> Path:
    """Path of the lock file, beside the folder of the workflow; the file may be missing."""
    return workflow.parent / _LOCK


def lock_digest(workflow: Path) -> str | None:
    """SHA-256 of the lock file; None where there is none."""
    lock = lock_file(workflow)
    return sha256(lock) if lock.is_file() else None


def commit(workflow: Path) -> dict[str, object]:
    """Commit of the repository, and whether code, workflow or lock file differ from it.

    Parameters
    ----------
    workflow
        Folder of the workflow.

    Returns
    -------
    dict
        ``commit``, the full hash, and ``dirty``, True where they differ. Both are None where the
        folder itself is no repository or git is not installed.
    """
    paths, repository = ("src", "workflow", _LOCK), workflow.parent
    # Of the folder around the workflow only: another repository around that is not its history.
    head = _git(repository, "rev-parse", "HEAD") if (repository / ".git").exists() else None
    changed = _git(repository, "status", "--porcelain", "--", *paths) if head else None
    dirty = None if changed is None else bool(changed)
    return {"commit": head, "dirty": dirty}


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def other_digests(plan: Plan) -> dict[str, str]:
    """SHA-256 of the files that are read beside the tables, by name (`files.other_inputs`).

    Without those that are not there.
    """
    files = {name: Path(path) for name, path in other_inputs(plan).items()}
    return {name: sha256(path) for name, path in files.items() if path.is_file()}


def found_pins(workflow: Path, plan: Plan) -> Pins:
    """Pins of code, environment, fonts and earlier listing as they are now."""
    return Pins(
        code=digest(code_files(workflow)),
        lock=lock_digest(workflow),
        python=platform.python_version(),
        packages=libraries.versions(),
        libraries=libraries.digests(libraries.versions()),
        fonts=font_records(plan),
        listing=other_digests(plan).get("queries_since"),
    )


def differences(pinned: Pins, current: Pins) -> Iterator[Difference]:
    """What is not as pinned: code as a whole, environment package by package; "none" if absent."""
    if pinned.code != current.code:
        yield Difference("code", "package and workflow", pinned.code, current.code)
    if pinned.lock != current.lock:
        yield Difference("environment", "uv.lock", *_words((pinned.lock, current.lock)))
    if pinned.python != current.python:
        yield Difference("environment", "Python", pinned.python, current.python)
    yield from _entry_differences("environment", pinned.packages, current.packages)
    # A package of another version has other files.
    same_version = {
        name for name, version in current.packages.items() if pinned.packages.get(name) == version
    }
    for name in sorted({*pinned.libraries, *current.libraries} if pinned.libraries else ()):
        old, new = pinned.libraries.get(name), current.libraries.get(name)
        if old != new and (name in same_version or name not in current.packages):
            yield Difference("environment", f"files of {name}", *_words((old, new)))
    yield from _entry_differences(
        "environment", _font_entries(pinned.fonts), _font_entries(current.fonts)
    )
    if pinned.listing != current.listing:
        listings = (pinned.listing, current.listing)
        yield Difference("input", "outputs.queries_since", *_words(listings))


def changed_files(expected: Mapping[str, str], current: Mapping[str, str]) -> Iterator[Difference]:
    """Files of the code that differ from those of a manifest: SHA-256 by path; "none" if absent."""
    return _entry_differences("code", expected, current)


def _entry_differences(
    kind: str, expected: Mapping[str, str], current: Mapping[str, str]
) -> Iterator[Difference]:
    for name in sorted({*expected, *current}):
        old, new = expected.get(name), current.get(name)
        if old != new:
            yield Difference(kind, name, *_words((old, new)))


def _font_entries(fonts: Mapping[str, str]) -> dict[str, str]:
    return {f"font {name}": record for name, record in fonts.items()}


def _words(values: Iterable[str | None]) -> list[str]:
    return ["none" if value is None else value for value in values]
