"""Whose the results in a folder are: the study they belong to, and the input files of their run.

Both are written down when a run begins (``.study.json``), so that one that was interrupted counts
too; of results without that file, the manifest says it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from durable.errors import UserError
from durable.files import read_json, write_text
from durable.plan import Plan
from durable.plan.input_files import input_paths
from durable.runs.files import OTHER_INPUTS
from durable.runs.manifest import MANIFEST, read_manifest

RECORD = ".study.json"
#: Signs of a SHA-256 that a message shows.
_SHORT = 8


@dataclass(frozen=True)
class Ownership:
    """What results were made for and from."""

    study: str
    """``study.id`` of the plan."""
    inputs: dict[str, dict[str, str]] = field(default_factory=dict)
    """``path`` and ``sha256`` of the file of each table, or of each domain of an SDTM package."""
    series_of: str = ""
    """Analysis whose series made them, at a further data cut-off; empty else."""


def recorded_owner(folder: Path) -> Ownership | None:
    """Whose the results in a folder are; None where neither its record nor a manifest says so.

    A manifest does not say of which series they are: that is empty then.
    """
    written = read_json(folder / RECORD)
    if "study" in written:
        series_of = written.get("series_of", "")
        return Ownership(written["study"], written.get("inputs", {}), series_of)
    if not (folder / MANIFEST).is_file():
        return None
    manifest = read_manifest(folder / MANIFEST)
    inputs = {
        entity["id"].removeprefix("#input-"): {key: entity[key] for key in ("path", "sha256")}
        for entity in manifest["inputs"]
    }
    data = {name: inputs[name] for name in inputs if name not in OTHER_INPUTS}
    return Ownership(manifest["plan"]["value"]["study"]["id"], data)


def refuse_other_study(plan: Plan, config: Path, folder: Path) -> None:
    """Refuse a folder that holds the results of another study.

    Raises
    ------
    UserError
        With both studies and what to do.
    """
    owner = recorded_owner(folder)
    if owner is not None and owner.study != plan.study.id:
        raise UserError(
            f"{folder} holds results of the study {owner.study}; {config} is a plan of the study"
            f" {plan.study.id}. Nothing was changed. Give this plan another analysis.id. If it is"
            f" the same study and study.id was corrected, move {folder} away and start again."
        )


def refuse_other_plan(plan: Plan, folder: Path, series_of: str = "") -> None:
    """Refuse results of another kind: a series keeps off analyses of their own, and these off it.

    Parameters
    ----------
    series_of
        Analysis whose series makes the results; empty for an analysis of its own.

    Raises
    ------
    UserError
        With whose results they are and what to do.
    """
    owner = recorded_owner(folder)
    if owner is None or owner.series_of == series_of:
        return
    whose = f"of the series of {owner.series_of}" if owner.series_of else "of a plan of its own"
    other = f"the series of {series_of}" if series_of else f"the analysis {plan.analysis.id}"
    raise UserError(
        f"{folder} holds an analysis {whose}, which {other} would write over. Nothing was changed."
        f" Give one of them another analysis.id, or move {folder} away."
    )


def inputs_notice(plan: Plan, digests: Mapping[str, str], folder: Path) -> str:
    """What a user is told where inputs are not those that the recorded run read; else empty.

    Empty too where no run is recorded, or one without inputs.

    Parameters
    ----------
    digests
        SHA-256 of each input file, by its path.
    folder
        Results of the analysis.
    """
    before = recorded_owner(folder)
    if before is None or not before.inputs:
        return ""
    differing = "; ".join(_differing(before.inputs, _inputs(plan, digests)))
    return differing and f"inputs differ from those of the recorded run: {differing}"


def record_study(
    plan: Plan,
    digests: Mapping[str, str],
    folder: Path,
    *,
    inputs: bool = True,
    series_of: str = "",
) -> None:
    """Write down whose results a run makes.

    Parameters
    ----------
    digests
        SHA-256 of each input file, by its path.
    folder
        Results of the analysis.
    inputs
        Whether results are made from inputs; else those that were recorded before stay.
    series_of
        Analysis whose series makes the results; empty for an analysis of its own.
    """
    before = recorded_owner(folder)
    kept = {} if before is None else before.inputs
    owner = Ownership(plan.study.id, _inputs(plan, digests) if inputs else kept, series_of)
    write_text(folder / RECORD, json.dumps(asdict(owner), indent=1, ensure_ascii=False) + "\n")


def _inputs(plan: Plan, digests: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {
        name: {"path": path, "sha256": digests[path]}
        for name, path in input_paths(plan.inputs).items()
        if path in digests
    }


def _differing(
    before: Mapping[str, Mapping[str, str]], current: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    """Inputs of another content, with their files and the first signs of their SHA-256."""
    for name in dict.fromkeys((*before, *current)):
        old, new = before.get(name), current.get(name)
        if old is None and new is not None:
            yield f"{name} (was not read, is {_file(new)})"
        elif old is not None and new is None:
            yield f"{name} (was {_file(old)}, is not read)"
        elif old is not None and new is not None and old["sha256"] != new["sha256"]:
            yield f"{name} (was {_file(old)}, is {_file(new)})"


def _file(entity: Mapping[str, str]) -> str:
    return f"{entity['path']} {entity['sha256'][:_SHORT]}"
