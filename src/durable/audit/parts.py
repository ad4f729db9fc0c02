"""Command ``audit`` for what lies beside an analysis: a simulation, a series, a comparison."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from durable.audit import compare
from durable.audit.acts import recorded_acts
from durable.audit.plans import key_differences
from durable.audit.rerun import (
    EVERY_KEY,
    RERUN,
    conclude,
    disk_statuses,
    pin_statuses,
    repetition_statuses,
    verified_statuses,
)
from durable.audit.verdict import AS_PINNED, DIFFERS, PINNED_KINDS, Status
from durable.errors import UserError
from durable.files import sha256
from durable.history.contents import NO_FILE
from durable.history.verification import verify_part
from durable.plan import Plan, load
from durable.plan.cutoffs import analysis_ids
from durable.runs.files import SERIES, SIMULATION, series_files
from durable.runs.manifest import MANIFEST, read_manifest
from durable.runs.parts import COMPARISON
from durable.stage import STAGES


def part_of(config: Path) -> str:
    """What a pinned configuration is of, by the manifest beside it; empty for an analysis."""
    path = config.parent / MANIFEST.name
    return str(read_manifest(path).get("part", "")) if path.is_file() else ""


def run(
    config: Path, results: Path, workflow: Path, *, cores: int, allow: tuple[str, ...] = ()
) -> None:
    """Audit the part that a pinned configuration belongs to; write ``audit/verdict.*`` there.

    Parameters
    ----------
    config
        Pinned configuration, beside the manifest of the part.
    results
        Folder of all results.
    workflow
        Folder of the workflow.
    cores
        Jobs at a time.
    allow
        What may differ from the pins: ``code``, ``environment``.

    Raises
    ------
    UserError
        Where anything differs, once the verdict is written.
    """
    plan = load(config)
    folder = config.parent.parent
    manifest = read_manifest(folder / MANIFEST)
    if plan.pins is None:
        raise UserError(f"{config} pins nothing: expected the file that a run wrote there")
    analysis, place = _part_of_analysis(folder.absolute(), manifest)
    statuses = [
        *_plan(plan, manifest),
        *_read(results, manifest),
        *pin_statuses(plan, manifest, workflow, allow),
        *disk_statuses(folder, manifest),
        *verified_statuses(verify_part(analysis, place).checks),
    ]
    refused = [status for status in statuses if status.kind in PINNED_KINDS and not status.good]
    if not refused:
        rerun = folder / RERUN
        shutil.rmtree(rerun, ignore_errors=True)
        again = _repeat(plan, manifest, results, rerun, workflow, cores)
        statuses += repetition_statuses(manifest, folder, again)
    acts = recorded_acts(analysis.parent, analysis.name, place)
    conclude(plan, folder, folder, statuses, acts, refused=bool(refused))


def _part_of_analysis(folder: Path, manifest: Mapping[str, Any]) -> tuple[Path, str]:
    """Results of the analysis that a part is of, and its place in them."""
    if manifest["part"] == COMPARISON:
        return folder.parents[1], f"{folder.parent.name}/{folder.name}"
    return folder.parent, folder.name


def _plan(plan: Plan, manifest: Mapping[str, Any]) -> Iterator[Status]:
    found = list(
        key_differences(manifest["plan"]["value"], plan.model_dump(mode="json", exclude={"pins"}))
    )
    for key, before, after in found:
        yield Status("plan", key, DIFFERS, before, after)
    if not found:
        yield Status("plan", EVERY_KEY, AS_PINNED, manifest["plan"]["sha256"])


def _read(results: Path, manifest: Mapping[str, Any]) -> Iterator[Status]:
    """The results that the part was made from, as they are now."""
    for entity in manifest["inputs"]:
        path = results / entity["id"]
        found = sha256(path) if path.is_file() else NO_FILE
        status = AS_PINNED if found == entity["sha256"] else DIFFERS
        yield Status("input", str(path), status, entity["sha256"], found)


def _repeat(
    plan: Plan,
    manifest: Mapping[str, Any],
    results: Path,
    place: Path,
    workflow: Path,
    cores: int,
) -> Path:
    """Make the part again below `place`; the folder that holds it then."""
    again = place / "results"
    own = again / plan.analysis.id
    match manifest["part"]:
        case "simulation":
            chunks = plan.simulation.chunks if plan.simulation else 0
            for chunk in range(chunks):
                STAGES["simulate"].run(plan, own / SIMULATION, chunk)
            STAGES["gather"].run(plan, own / SIMULATION)
            return own / SIMULATION
        case "series":
            for name in analysis_ids(plan).values():
                for file in series_files(plan, results).inputs:
                    if Path(file).is_relative_to(results / name):
                        copied = again / Path(file).relative_to(results)
                        copied.parent.mkdir(parents=True, exist_ok=True)
                        shutil.copyfile(file, copied)
            STAGES["series"].run(plan, own / SERIES)
            return own / SERIES
        case part if part == COMPARISON:
            sides = (results / plan.analysis.id, results / manifest["against"])
            compare.write_comparison(*sides, own, workflow, cores)
            return own
        case part:
            raise UserError(f"the manifest is of {part!r}; expected simulation, series, comparison")
