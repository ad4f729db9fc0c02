"""The files of an analysis against its manifest: altered, removed, added since the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durable.files import sha256
from durable.history.chain import RECEIPT
from durable.language import N_
from durable.runs.manifest import MANIFEST, PINNED, RUN
from durable.runs.state import RECORDS

ALTERED, REMOVED = N_("altered since the run"), N_("removed since the run")
ADDED = N_("added since the run")
NO_FILE, LINK = N_("no file"), N_("a link to another place")
#: Folder of the signatures of an analysis and of their time stamps.
SIGNATURES = Path("audit/signatures")
#: What lies in the folder of an analysis beside its results.
_BESIDE = (
    *(str(SIGNATURES), str(RECORDS), "audit/rerun"),
    *("compare", "logs", "series", "simulation"),
    # Of a series and of a comparison.
    *("plans", "steps"),
)
_OWN = {
    *map(str, (RUN, MANIFEST, PINNED, RECEIPT)),
    *("audit/verdict.html", "audit/verdict.csv"),
}


@dataclass(frozen=True)
class FileChange:
    """A file that is not as the manifest says."""

    name: str
    """Path relative to the folder of the results."""
    change: str
    """ALTERED, REMOVED or ADDED."""
    expected: str
    """SHA-256 in the manifest, or NO_FILE."""
    found: str
    """SHA-256 of the file as it is, NO_FILE or LINK."""


def file_changes(folder: Path, manifest: Mapping[str, Any]) -> Iterator[FileChange]:
    """Files of an analysis that were altered, removed or added since the run; none where all agree.

    First altered and removed ones in the order of the manifest, then added ones by path. The record
    itself (manifest, run.json, pinned configuration, verdict), folders of parts, logs, reruns and
    signatures, and hidden files do not count as added. A link in the place of a file or of a folder
    around it is an alteration, whatever it leads to: what lies elsewhere can change unseen.

    Parameters
    ----------
    folder
        Results of the analysis, or of a part of it.
    """
    expected = {entity["id"]: entity["sha256"] for entity in manifest["outputs"]}
    for name, value in expected.items():
        path = folder / name
        if not path.is_file():
            yield FileChange(name, REMOVED, value, NO_FILE)
        elif _is_linked(path, folder):
            yield FileChange(name, ALTERED, value, LINK)
        elif (digest := sha256(path)) != value:
            yield FileChange(name, ALTERED, value, digest)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        beside = name.startswith(tuple(f"{place}/" for place in _BESIDE)) or path.name[0] == "."
        if path.is_file() and not beside and name not in expected and name not in _OWN:
            yield FileChange(name, ADDED, NO_FILE, sha256(path))


def _is_linked(path: Path, folder: Path) -> bool:
    """Whether a file in a folder, or a folder between the two, is a symbolic link."""
    between = (place for place in path.parents if place.is_relative_to(folder) and place != folder)
    return path.is_symlink() or any(place.is_symlink() for place in between)
