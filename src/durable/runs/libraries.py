"""The installed libraries: which a run needs, which files they are, and whether any was altered.

An installed package lists the SHA-256 of its files in its RECORD (Python packaging, *Recording
installed projects*). The digest of that list says more than a version number, and the files are
held against it when an analysis is recorded, audited or verified.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from itertools import chain
from pathlib import Path

from durable.files import sha256
from durable.processes import can_fork, forked_pool

_PACKAGE = __name__.partition(".")[0]
#: Modules that Python imports when it starts, wherever they come from.
_AT_START = ("sitecustomize", "usercustomize")
#: What a line of a ``.pth`` file imports.
_IMPORTED = re.compile(r"import(?:__)?[ (]+['\"]?(\w+)")
#: A marker that holds for an extra alone, unless it names an alternative.
_OF_EXTRA = re.compile(r"""\bextra\s*==\s*["']\w""")
_OWN = f"{Path(__file__).parents[1]}{os.sep}"
#: Folders of the standard library; a folder of installed packages may lie within.
_PYTHON = tuple(f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib"))
_INSTALLED = re.compile(r"[\\/](?:site|dist)-packages[\\/]")


@cache
def versions() -> dict[str, str]:
    """Versions of this package and of all that it needs, directly or through others, by name.

    Names are in the form of PyPI (``pyyaml``), sorted; what is not installed is left out.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    installed: dict[str, str] = {}
    seen: set[str] = set()
    waiting = [_PACKAGE]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue
        # Each look at the notes of a package parses them anew.
        notes = package.metadata
        installed[str(name)] = notes["Version"]
        for text in notes.get_all("Requires-Dist") or package.requires or ():
            # Most are of an extra; to parse them takes longer than all else.
            if _OF_EXTRA.search(text) and " or " not in text:
                continue
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(needed.name)
    return dict(sorted(installed.items()))


def digests(packages: Iterable[str]) -> dict[str, str]:
    """SHA-256 over the list of files of each package; and what Python runs at its start.

    Parameters
    ----------
    packages
        Names of installed packages, as `versions` gives them. This one is left out: its files are
        the code of an analysis (`runs.pins.code_files`), installed from a wheel or not.

    Returns
    -------
    dict
        By the name of the package, and by that of a file such as ``sitecustomize.py``. A package
        that lists no files is left out.
    """
    of_packages = {
        name: hashlib.sha256("\n".join(map(" ".join, sorted(files))).encode()).hexdigest()
        for name in packages
        if name != _PACKAGE and (files := list(_listed_files(distribution(name))))
    }
    return of_packages | {name: sha256(path) for name, path in _files_at_start()}


def altered_files(packages: Iterable[str], *, cores: int = 1) -> list[str]:
    """Paths of installed files that are not as their package lists them, or are gone.

    Parameters
    ----------
    packages
        Names of installed packages.
    cores
        Packages looked at a time: they hold half a GB.
    """
    if not can_fork(cores):
        return list(chain.from_iterable(map(_altered_files, packages)))
    with forked_pool(cores, "compares the installed libraries") as pool:
        return list(chain.from_iterable(pool.map(_altered_files, packages)))


def _altered_files(name: str) -> list[str]:
    package = distribution(name)
    # A path is a text here: of ten thousand files it takes a fifth of the time.
    folder = f"{package.locate_file('')}{os.sep}"
    return [
        path
        for listed, expected in _listed_files(package)
        if not _is_as_listed(path := f"{folder}{listed}", expected)
    ]


def foreign_modules(packages: Iterable[str]) -> list[str]:
    """Paths of imported modules that neither Python nor these packages list among their files.

    Sorted, without those of this package and those that Python runs at its start. A library imports
    others where they are there (pandas: bottleneck), and a folder beside a module stands for it:
    then numbers are of code that no digest is of.
    """
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    unlisted = {file for file in files if file and not _is_of(file)}
    # A path is made for what was imported, not for every file of every library.
    for package in map(distribution, packages):
        folder = f"{package.locate_file('')}{os.sep}"
        unlisted -= {f"{folder}{name}" for name, _ in _listed_files(package)}
    return sorted(unlisted - {str(path) for _, path in _files_at_start()})


def _is_of(file: str) -> bool:
    """Whether a file is of this package, whose files are hashed, or of the standard library."""
    return file.startswith(_OWN) or (file.startswith(_PYTHON) and not _INSTALLED.search(file))


def _listed_files(package: Distribution) -> Iterator[tuple[str, str]]:
    """Files of a package with their SHA-256; not its scripts and notes, which name this machine."""
    record = package.read_text("RECORD")
    if record is None:
        yield from _listed_without_digests(package)
        return
    for line in record.splitlines():
        name, _, rest = line.rpartition(",")[0].rpartition(",")
        algorithm, _, value = rest.partition("=")
        # A path with a comma stands in quotes.
        path = name.strip('"')
        foreign = path.startswith("..") or path.endswith(".pth") or ".dist-info/" in path
        if algorithm == "sha256" and not foreign:
            yield path, value


def _listed_without_digests(package: Distribution) -> Iterator[tuple[str, str]]:
    """The same, hashed now, of a source archive that pip before 23.1 installed without a RECORD.

    The digest of the package is that of an installation with one; what was altered since cannot be
    told, as nothing says what the files were.
    """
    for line in (package.read_text("installed-files.txt") or "").splitlines():
        # Relative to the folder of the notes, which lies beside the package.
        name = line.removeprefix("../")
        path = Path(str(package.locate_file(name)))
        foreign = name == line or name.startswith("..") or "__pycache__" in path.parts
        if not foreign and path.is_file():
            yield name, _record_digest(str(path))


def _record_digest(path: str) -> str:
    """SHA-256 of a file as a RECORD writes it."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        digest = hashlib.sha256(file.read()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _is_as_listed(path: str, expected: str) -> bool:
    try:
        return _record_digest(path) == expected
    except OSError:
        return False


def _files_at_start() -> Iterator[tuple[str, Path]]:
    """Files outside the packages whose code Python runs before any program, by their name."""
    for folder in (Path(entry) for entry in sys.path if entry):
        names = list(_AT_START)
        for path in sorted(folder.glob("*.pth")):
            lines = path.read_text("utf-8", errors="replace").splitlines()
            code = [line for line in lines if line.startswith(("import ", "import\t"))]
            if code:
                yield path.name, path
                names += [name for line in code for name in _IMPORTED.findall(line)]
        for name in dict.fromkeys(names):
            for file in (f"{name}.py", f"{name}/__init__.py"):
                if (folder / file).is_file():
                    yield file, folder / file
