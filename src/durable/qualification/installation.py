"""Whether code and libraries are those of the release and of its lock file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution

from durable.installation import PACKAGE, WORKFLOW
from durable.qualification.findings import Check
from durable.runs import libraries
from durable.runs.pins import commit

_LOCK = WORKFLOW.parent / "uv.lock"


def checks() -> Iterator[Check]:
    """Versions of the libraries, their files, and the files of the package itself."""
    installed = libraries.versions()
    own = installed.pop(PACKAGE.name)
    locked = locked_versions()
    for name, version in installed.items():
        accepted = locked.get(name, ())
        expected = version if version in accepted else " or ".join(accepted) or "not in the lock"
        yield Check(f"version of {name}", expected, version)
    altered = libraries.altered_files(installed)
    yield Check("files of the libraries", "as their packages list them", _listed(altered))
    yield Check(f"version of {PACKAGE.name}", " or ".join(locked.get(PACKAGE.name, ())), own)
    yield from _own_code()


def locked_versions() -> Mapping[str, tuple[str, ...]]:
    """Versions of each package in the lock file; several where systems differ."""
    found: dict[str, tuple[str, ...]] = {}
    for package in tomllib.loads(_LOCK.read_text(encoding="utf-8"))["package"]:
        found[package["name"]] = (*found.get(package["name"], ()), package["version"])
    return found


def _own_code() -> Iterator[Check]:
    """Files of the package: by the list of its wheel, or in a repository by its commit."""
    as_listed = "as the wheel lists them"
    if _is_of_a_wheel():
        altered = libraries.altered_files([PACKAGE.name])
        yield Check(f"files of {PACKAGE.name}", as_listed, _listed(altered, as_listed))
        return
    state = commit(WORKFLOW)
    found = {True: "changed since the commit", False: "as committed", None: "no repository"}
    yield Check(f"files of {PACKAGE.name}", "as committed", found[state["dirty"]])  # type: ignore[index]


def _is_of_a_wheel() -> bool:
    """Whether the installed package lists its modules; an editable one lists none of them."""
    try:
        record = distribution(PACKAGE.name).read_text("RECORD") or ""
    except PackageNotFoundError:
        return False
    return f"{PACKAGE.name}/__init__.py," in record


def _listed(altered: list[str], otherwise: str = "as their packages list them") -> str:
    return f"altered or gone: {', '.join(altered)}" if altered else otherwise
