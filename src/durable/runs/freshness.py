"""Which stages of an analysis have to be done again, by what is recorded with their results."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from durable.plan import parse
from durable.plan.cutoffs import plan_at
from durable.runs.files import StageFiles
from durable.runs.guard import Run, plan_file
from durable.runs.state import NO_FILE, StageRecord, differing_inputs, read_record, recorded_digests

#: Why a stage has to be done again.
_UNFINISHED = "unfinished"
_FILES = "other files"
_INPUTS = "other inputs"
_EARLIER = "an earlier stage is done again"
_ASKED = "asked for"


def stale_stages(run: Run, asked: Collection[str] = ()) -> dict[str, str]:
    """The stages of an analysis whose results are not those of today, with the reason.

    Today's are those by the plan, the inputs, the code and the libraries as they are now. Files
    that differ from their record are not looked for: such results are refused
    (`durable.runs.state.refuse_edited`).

    Parameters
    ----------
    asked
        Stages that are to be done again whatever their record says.

    Returns
    -------
    dict
        By the name of the stage, in their order; empty where nothing is to be done.
    """
    stale: dict[str, str] = {}
    remade: set[str] = set()
    for name, files in run.files.items():
        record = read_record(run.folder, name)
        reason = _ASKED if name in asked else _reason(run, name, files, record, run.folder)
        if not reason and not remade.isdisjoint(files.inputs):
            reason = _EARLIER
        if reason:
            stale[name] = reason
            remade.update(files.outputs)
    return stale


def stale_files(run: Run, asked: Collection[str] = ()) -> list[str]:
    """Outputs of the analysis that have to be made again, as `stale_stages` says."""
    return [file for name in stale_stages(run, asked) for file in run.files[name].outputs]


def stale_at_cutoffs(run: Run) -> list[str]:
    """Outputs of the analyses at further cut-offs, and of the series, to be made again.

    All outputs of a cut-off where any of its stages is stale; those of the series itself where one
    of its cut-offs is, or what it was made from.
    """
    cutoffs = run.plan.series.cutoffs if run.plan.series else ()
    stale: list[str] = []
    for cutoff in cutoffs:
        # As the run itself, but for the plan.
        further = run.with_plan(parse(plan_at(run.plan, cutoff)), plan_file(run.folder, cutoff))
        if stale_stages(further):
            stale += further.outputs()
    files = run.series_files()
    folder = run.folder / "series"
    reason = _reason(run, "series", files, read_record(folder, "series"), folder)
    return stale + list(files.outputs if reason or stale else ())


def stale_simulation(run: Run) -> list[str]:
    """Chunks of the virtual trials that have to be made again, and outputs made from the chunks."""
    folder, files = run.folder / "simulation", run.simulation_files()
    stale: list[str] = []
    for chunk in range(len(files.inputs)):
        record = read_record(folder, f"simulate_{chunk}")
        part = run.files_of("simulate", chunk)
        if _reason(run, "simulate", part, record, folder):
            stale += part.outputs
    reason = _reason(run, "gather", files, read_record(folder, "gather"), folder)
    return stale + list(files.outputs if reason or stale else ())


def _reason(
    run: Run, name: str, files: StageFiles, record: StageRecord | None, folder: Path
) -> str:
    """Why a stage is to be done again, by itself; empty where it is not."""
    if record is None:
        return _UNFINISHED
    digests = run.digests(name)
    if other := [key for key in digests if record.digests.get(key) != digests[key]]:
        return "other " + ", ".join(other)
    if set(record.outputs) != set(_names(files.outputs, folder)):
        return _FILES
    if not all(Path(file).is_file() for file in files.outputs):
        return _FILES
    if any(differing_inputs(record, run.by_name(_current_digests(run, files.inputs)))):
        return _INPUTS
    return ""


def _names(files: Iterable[str], folder: Path) -> Iterator[str]:
    return (Path(file).relative_to(folder).as_posix() for file in files)


def _current_digests(run: Run, inputs: Collection[str]) -> Mapping[str, str]:
    """Digests of what a stage reads: of inputs as they are, of results as they are recorded."""
    recorded = recorded_digests(inputs, run.results)
    return {path: run.contents.get(path) or recorded[path] or NO_FILE for path in inputs}
