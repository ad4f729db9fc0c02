"""Whether code and libraries are those of the release and of its lock file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution

from durable.installation import PACKAGE, WORKFLOW
from durable.qualification.findings import Check
from durable.runs import libraries
from durable.runs.pins import commit, lock_file

_AS_LISTED = "as their packages list them"
#: Whether the code of a repository differs from its commit, in words.
_STATES: dict[object, str] = {
    True: "changed since the commit",
    False: "as committed",
    None: "no repository",
}


def checks() -> Iterator[Check]:
    """Versions of the libraries, their files, and the files of the package itself."""
    installed = libraries.versions()
    own_version = installed.pop(PACKAGE.name)
    locked = locked_versions()
    for name, version in installed.items():
        accepted = locked.get(name, ())
        expected = version if version in accepted else " or ".join(accepted) or "not in the lock"
        yield Check(f"version of {name}", expected, version)
    altered = libraries.altered_files(installed)
    yield Check("files of the libraries", _AS_LISTED, _files_found(altered))
    yield Check(
        f"version of {PACKAGE.name}", " or ".join(locked.get(PACKAGE.name, ())), own_version
    )
    yield from _own_code()


def locked_versions() -> Mapping[str, tuple[str, ...]]:
    """Versions of each package in the lock file, by name; several where systems differ."""
    versions: dict[str, tuple[str, ...]] = {}
    for package in tomllib.loads(lock_file(WORKFLOW).read_text(encoding="utf-8"))["package"]:
        versions[package["name"]] = (*versions.get(package["name"], ()), package["version"])
    return versions


def _own_code() -> Iterator[Check]:
    """Files of the package: by the list of its wheel, or in a repository by its commit."""
    name = f"files of {PACKAGE.name}"
    if _is_of_a_wheel():
        yield Check(name, _AS_LISTED, _files_found(libraries.altered_files([PACKAGE.name])))
    else:
        yield Check(name, _STATES[False], _STATES[commit(WORKFLOW)["dirty"]])


def _is_of_a_wheel() -> bool:
    """Whether the installed package lists its modules; an editable one lists none of them."""
    try:
        record = distribution(PACKAGE.name).read_text("RECORD") or ""
    except PackageNotFoundError:
        return False
    return f"{PACKAGE.name}/__init__.py," in record


def _files_found(altered: list[str]) -> str:
    return f"altered or gone: {', '.join(altered)}" if altered else _AS_LISTED
