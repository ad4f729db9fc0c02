"""Final analyses: their results are write-protected, and a run that would change them stops."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from durable.errors import UserError
from durable.plan import Plan
from durable.runs.files import SERIES
from durable.runs.manifest import MANIFEST, read_manifest

#: Folders of a final analysis that stay writable: what is said about it later goes there.
_OPEN_FOLDERS = ("audit", "compare", "logs", SERIES)


def was_final(folder: Path) -> bool:
    """Whether the results in a folder are a finished analysis that is final."""
    if not (folder / MANIFEST).is_file():
        return False
    return bool(read_manifest(folder / MANIFEST)["plan"]["value"]["outputs"]["locked"])


def final_notice(plan: Plan, folder: Path) -> str:
    """What a user is told before a run where the results are those of a final analysis.

    Parameters
    ----------
    plan
        The plan of the run. With an explicit ``outputs.locked: false`` results that were final are
        made writable again here.
    folder
        Results of the analysis.

    Returns
    -------
    str
        That the results are final, or that they no longer are; empty where no final results are
        there.
    """
    if not was_final(folder):
        return ""
    if not is_final(plan, folder):
        for path in (folder, *paths_below(folder)):
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
    if was_final(folder) and is_final(plan, folder):
        again = ", ".join(sorted(set(jobs) - {"all"}))
        raise UserError(
            f"{folder} is final and was not changed. The run would have made again: {again}"
        )


def is_final(plan: Plan, folder: Path) -> bool:
    """Whether results are final: by ``outputs.locked`` of the plan.

    A plan that leaves the key out keeps final what was final.
    """
    return plan.outputs.locked or (
        "locked" not in plan.outputs.model_fields_set and was_final(folder)
    )


def protect(folder: Path, outputs: Iterable[str]) -> None:
    """Take the permission to write from the outputs of an analysis and from their folders.

    Folders for what is said of it later stay writable: audit, compare, logs and series.
    """
    for name in ("compare", SERIES):
        (folder / name).mkdir(exist_ok=True)
    files = [Path(output) for output in outputs]
    folders = {folder, *(path.parent for path in files)} - {folder / name for name in _OPEN_FOLDERS}
    folders |= {
        parent for path in list(folders) for parent in path.parents if folder in parent.parents
    }
    for path in (*files, *folders):
        path.chmod(path.stat().st_mode & ~0o222)


def paths_below(folder: Path) -> Iterator[Path]:
    """Every file and folder in a folder, at any depth; none where it is not there."""
    for parent, folders, files in os.walk(folder):
        yield from (Path(parent, name) for name in (*folders, *files))
