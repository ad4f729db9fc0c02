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
    """Kind of part that a pinned configuration is of: simulation, series or comparison.

    It is read from the manifest beside the configuration; empty for an analysis, and where there is
    no manifest.
    """
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
        Where anything differs that is not allowed, once the verdict is written; and where the
        configuration has no pins.
    """
    plan = load(config)
    folder = config.parent.parent
    manifest = read_manifest(folder / MANIFEST)
    if plan.pins is None:
        raise UserError(f"{config} pins nothing: expected the file that a run wrote there")
    analysis, part = _part_of_analysis(folder.absolute(), manifest)
    statuses = [
        *_plan(plan, manifest),
        *_read(results, manifest),
        *pin_statuses(plan, manifest, workflow, allow),
        *disk_statuses(folder, manifest),
        *verified_statuses(verify_part(analysis, part).checks),
    ]
    refused = [status for status in statuses if status.kind in PINNED_KINDS and not status.good]
    if not refused:
        rerun = folder / RERUN
        shutil.rmtree(rerun, ignore_errors=True)
        repetition = _repeat(plan, manifest, results, rerun, workflow, cores)
        statuses += repetition_statuses(manifest, folder, repetition)
    acts = recorded_acts(analysis.parent, analysis.name, part)
    conclude(plan, folder, folder, statuses, acts, refused=bool(refused))


def _part_of_analysis(folder: Path, manifest: Mapping[str, Any]) -> tuple[Path, str]:
    """Results of the analysis that a part is of, and the path of the part in them."""
    if manifest["part"] == COMPARISON:
        return folder.parents[1], f"{folder.parent.name}/{folder.name}"
    return folder.parent, folder.name


def _plan(plan: Plan, manifest: Mapping[str, Any]) -> Iterator[Status]:
    changed_keys = list(
        key_differences(manifest["plan"]["value"], plan.model_dump(mode="json", exclude={"pins"}))
    )
    for key, before, after in changed_keys:
        yield Status("plan", key, DIFFERS, before, after)
    if not changed_keys:
        yield Status("plan", EVERY_KEY, AS_PINNED, manifest["plan"]["sha256"])


def _read(results: Path, manifest: Mapping[str, Any]) -> Iterator[Status]:
    """The results that the part was made from, as they are now, against their recorded digests."""
    for entity in manifest["inputs"]:
        path = results / entity["id"]
        digest = sha256(path) if path.is_file() else NO_FILE
        status = AS_PINNED if digest == entity["sha256"] else DIFFERS
        yield Status("input", str(path), status, entity["sha256"], digest)


def _repeat(
    plan: Plan,
    manifest: Mapping[str, Any],
    results: Path,
    folder: Path,
    workflow: Path,
    cores: int,
) -> Path:
    """Make the part again below `folder`; the folder that holds it then."""
    repeated = folder / "results"
    analysis = repeated / plan.analysis.id
    match manifest["part"]:
        case "simulation":
            chunks = plan.simulation.chunks if plan.simulation else 0
            for chunk in range(chunks):
                STAGES["simulate"].run(plan, analysis / SIMULATION, chunk)
            STAGES["gather"].run(plan, analysis / SIMULATION)
            return analysis / SIMULATION
        case "series":
            for name in analysis_ids(plan).values():
                for file in series_files(plan, results).inputs:
                    if Path(file).is_relative_to(results / name):
                        copied = repeated / Path(file).relative_to(results)
                        copied.parent.mkdir(parents=True, exist_ok=True)
                        shutil.copyfile(file, copied)
            STAGES["series"].run(plan, analysis / SERIES)
            return analysis / SERIES
        case part if part == COMPARISON:
            sides = (results / plan.analysis.id, results / manifest["against"])
            compare.write_comparison(*sides, analysis, workflow, cores)
            return analysis
        case part:
            raise UserError(f"the manifest is of {part!r}; expected simulation, series, comparison")
