"""The guard of the results: what a run does before its first job and after its last."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TextIO

from durable.errors import UserError
from durable.files import remove_file, remove_unfinished, write_text
from durable.fonts import font_records
from durable.plan import Plan
from durable.plan.cutoffs import analysis_ids, plan_at
from durable.plan.input_files import input_paths
from durable.runs.declaration import refuse_undeclared
from durable.runs.environment import is_within_run, libraries_digest
from durable.runs.files import (
    SERIES,
    SIMULATION,
    StageFiles,
    other_inputs,
    series_files,
    simulation_files,
    stage_files,
)
from durable.runs.final import is_final, paths_below, protect, refuse_final
from durable.runs.locks import lock_results
from durable.runs.manifest import PINNED, STARTED, pinned_yaml, read_started
from durable.runs.ownership import record_study, refuse_other_plan
from durable.runs.pins import (
    commit,
    differences,
    digest,
    found_pins,
    lock_digest,
    other_digests,
)
from durable.runs.state import RECORDS, recorded_outputs, refuse_edited
from durable.stage import OF_ANALYSIS, STAGES

#: Rules that look at results and make none.
READERS = frozenset({"audit", "check", "compare"})
#: Rules of `snakemake check`, which leaves all results but the listing of findings as they are.
CHECKING = frozenset({"check", "queries"})


@dataclass(frozen=True)
class Run:
    """A run of an analysis: its plan, where its results lie, and the code that makes them."""

    plan: Plan
    config: Path
    """Configuration file of the plan."""
    workflow: Path
    """Folder of the workflow."""
    code: Mapping[str, str]
    """SHA-256 of each file of the package and of the workflow (`runs.pins.code_files`)."""
    contents: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each input file, by its path."""
    results: Path = Path("results")
    """Folder of all results."""
    reason: str = ""
    """Why the analysis is run, as declared by the user."""

    series_of: str = ""
    """Analysis whose series it is part of; empty of an analysis of its own."""

    @cached_property
    def program(self) -> str:
        """SHA-256 of the package and the workflow."""
        return digest(self.code)

    @property
    def folder(self) -> Path:
        """Folder of the results of the analysis."""
        return self.results / self.plan.analysis.id

    @cached_property
    def files(self) -> dict[str, StageFiles]:
        """Files of the stages of the analysis that make any, by the name of the stage."""
        return stage_files(self.plan, self.results, pinned=self.config == self.folder / PINNED)

    def outputs(self) -> list[str]:
        """Every file of the analysis, in the order of the stages."""
        return [file for files in self.files.values() for file in files.outputs]

    def with_plan(self, plan: Plan, config: Path) -> Run:
        """The same run of the plan at another data cut-off, as one of the series of this plan."""
        return replace(self, plan=plan, config=config, series_of=self.plan.analysis.id)

    def simulation_files(self) -> StageFiles:
        """Files of the virtual trials."""
        return simulation_files(self.plan, self.results)

    def series_files(self) -> StageFiles:
        """Files of the results at several data cut-offs."""
        return series_files(self.plan, self.results)

    def files_of(self, stage: str, chunk: int | None = None) -> StageFiles:
        """Files of a stage that makes any; or the file of a `chunk` of the virtual trials."""
        if chunk is not None:
            return StageFiles((), (self.simulation_files().inputs[chunk],))
        match stage:
            case "gather":
                return self.simulation_files()
            case "series":
                return self.series_files()
            case _:
                return self.files[stage]

    @cached_property
    def input_names(self) -> dict[str, str]:
        """By path the name of each input file: ``visits``, ``QSPH``, ``checksums``; two as "a, b".

        The names are those of `input_paths` and `other_inputs`.
        """
        names: dict[str, str] = {}
        for name, path in (input_paths(self.plan.inputs) | other_inputs(self.plan)).items():
            names[path] = f"{names[path]}, {name}" if path in names else name
        return names

    def by_name(self, digests: Mapping[str, str]) -> dict[str, str]:
        """Digests of files by names that hold wherever the files lie.

        An input is ``#input-visits``, a result its path in its folder or in that of all results:
        ``adam/adsl.parquet``. Another file keeps its path.

        Parameters
        ----------
        digests
            By the path of an input, or of a result of this analysis or another.
        """
        return {self._name(path): value for path, value in digests.items()}

    def _name(self, path: str) -> str:
        if path in self.input_names:
            return f"#input-{self.input_names[path]}"
        for folder in (self.folder, self.results):
            if Path(path).is_relative_to(folder):
                return Path(path).relative_to(folder).as_posix()
        return path

    @cached_property
    def libraries(self) -> str:
        """SHA-256 over Python and the files of the libraries (`libraries_digest`)."""
        return libraries_digest()

    @cached_property
    def fonts(self) -> dict[str, str]:
        """Version and SHA-256 of the fonts of the machine that it draws with, by font; or empty."""
        return font_records(self.plan)

    def digests(self, stage: str) -> dict[str, str]:
        """What the result of a stage depends on beside its input files.

        By ``plan``, ``code`` and ``libraries`` a SHA-256 each, by ``process`` ``job`` or
        ``program``; ``fonts`` of a stage that draws with one, ``lock`` of ``record``.
        """
        dependencies = {
            "plan": self.plan.digest(STAGES[stage].sections, ordered=True),
            "code": self.program,
            "libraries": self.libraries,
            # What else a program had loaded or set that has done it, nobody knows.
            "process": "job" if is_within_run() else "program",
        }
        if STAGES[stage].draws and self.fonts:
            dependencies["fonts"] = digest(self.fonts)
        if stage == "record":
            dependencies["lock"] = lock_digest(self.workflow) or "none"
        return dependencies


def begin(run: Run, jobs: Collection[str], allow: Iterable[str] = ()) -> list[TextIO]:
    """Check and lock the results before the first job, and write down what the run begins with.

    Parameters
    ----------
    jobs
        Rules that will be run.
    allow
        What may differ from the pins of the configuration: ``code``, ``environment``.

    Returns
    -------
    list of files
        Locks of the results: they hold for as long as the files are open.

    Raises
    ------
    UserError
        Where the results are not to be written: by another run, another plan, other code, or
        outside their folder.
    """
    folder = run.folder
    refuse_links(folder)
    if not READERS.issuperset(jobs):
        refuse_other_plan(run.plan, folder, run.series_of)
        if run.plan.series is not None and "further" in jobs:
            for cutoff, name in analysis_ids(run.plan).items():
                if cutoff != run.plan.analysis.data_cutoff:
                    refuse_other_plan(run.plan, run.results / name, run.plan.analysis.id)
    if READERS.issuperset(jobs):
        return [lock_results(folder, fcntl.LOCK_SH)]
    only_parts = set(OF_ANALYSIS).isdisjoint(jobs) and "queries" not in jobs
    if not (only_parts and "further" in jobs):
        refuse_final(run.plan, folder, jobs)
    refuse_other(run, allow)
    refuse_undeclared(run.plan, run.reason, jobs)
    locks = _begin_beside(run, jobs, simulation=only_parts or "simulate_chunk" in jobs)
    if only_parts:
        record_study(run.plan, {}, folder, inputs=False)
        return locks
    refuse_edited(folder)
    locks.append(lock_results(folder, fcntl.LOCK_EX))
    remove_unfinished(folder)
    checking = CHECKING.issuperset(jobs)
    contents = {} if checking else run.contents
    record_study(run.plan, contents, folder, inputs=not checking, series_of=run.series_of)
    if not checking:
        _remove_obsolete(run)
        _write_started(run)
    return locks


def _remove_obsolete(run: Run) -> None:
    """Remove what an earlier plan made that this one does not make."""
    folder = run.folder
    # The pinned configuration is no output of a run that it configures.
    expected = {*run.outputs(), str(folder / PINNED)}
    begun = read_started(folder).get("rules", {}).values()
    made = {file for rule in begun for file in rule["output"]}
    made |= {str(folder / name) for name in recorded_outputs(folder)}
    for file in made - expected:
        if Path(file).is_relative_to(folder):
            Path(file).unlink(missing_ok=True)
    for path in (folder / RECORDS).glob("*.json"):
        if path.stem not in run.files:
            remove_file(path)


def _begin_beside(run: Run, jobs: Collection[str], *, simulation: bool) -> list[TextIO]:
    """Lock what lies beside the analysis; remove its parts that an earlier plan had and this not.

    These are the chunks of a `simulation`, and the plans of the further cut-offs of a series.
    """
    plan, locks = run.plan, []
    if plan.simulation is not None and simulation:
        part_folder = run.folder / SIMULATION
        locks.append(lock_results(part_folder, fcntl.LOCK_EX))
        _remove_others(part_folder, ("chunks/*.parquet",), map(str, range(plan.simulation.chunks)))
    if plan.series is not None and "further" in jobs:
        part_folder = run.folder / SERIES
        locks.append(lock_results(part_folder, fcntl.LOCK_EX))
        _remove_others(part_folder, ("plans/*.yaml",), map(str, plan.series.cutoffs))
        for cutoff in plan.series.cutoffs:
            write_text(plan_file(run.folder, cutoff), pinned_yaml(plan_at(plan, cutoff), None))
    return locks


def _remove_others(folder: Path, patterns: Iterable[str], parts: Iterable[str]) -> None:
    """Remove files of some patterns whose names, without the ending, are none of the parts."""
    expected = set(parts)
    for path in (path for pattern in patterns for path in folder.glob(pattern)):
        if path.stem not in expected:
            path.unlink()


def results_folders(plan: Plan, *, cutoffs: bool) -> list[Path]:
    """Folder of the results, in ``results``; with `cutoffs` those at further data cut-offs too."""
    names = analysis_ids(plan).values() if cutoffs else [plan.analysis.id]
    return [Path("results", name) for name in names]


def written_folders(plan: Plan, *, simulation: bool, cutoffs: bool) -> list[Path]:
    """Folders with records of their own that a run may write to: `results_folders`, and parts.

    Parameters
    ----------
    simulation, cutoffs
        Whether the run makes virtual trials, or a series, whose folders are parts of the results.
    """
    folders = results_folders(plan, cutoffs=cutoffs)
    parts = (*((SIMULATION,) if simulation else ()), *((SERIES,) if cutoffs else ()))
    return [*folders, *(Path("results", plan.analysis.id, part) for part in parts)]


def plan_file(folder: Path, cutoff: object) -> Path:
    """Path of the configuration at a further data cut-off, in the results of its series.

    Parameters
    ----------
    folder
        Results of the analysis that has the series.
    cutoff
        The date, as its text is the name of the file.
    """
    return folder / SERIES / "plans" / f"{cutoff}.yaml"


def _write_started(run: Run) -> None:
    """Write down what the run begins with, for its manifest."""
    rules = {
        name: {
            "input": [*files.inputs, str(run.config)],
            "output": list(files.outputs),
            "digests": run.digests(name),
        }
        for name, files in run.files.items()
        if name != "record"
    }
    circumstances = {
        "time": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "reason": run.reason,
        "rules": rules,
        "other_inputs": other_digests(run.plan),
        "code": dict(run.code),
        "libraries": run.libraries,
        "lock": lock_digest(run.workflow),
        **commit(run.workflow),
        # The configuration in force is not written over by a run that it describes.
        "keep_pinned": str(run.folder / PINNED) not in run.outputs(),
    }
    write_text(run.folder / STARTED, json.dumps(circumstances, indent=1) + "\n")


def end(run: Run, jobs: Collection[str]) -> None:
    """Write-protect the results of a final analysis that a run has completed.

    Done after the last job, also after one that failed.

    Parameters
    ----------
    run
        The run that ends.
    jobs
        Rules that were to be run; nothing is done where none is a stage of the analysis, nor after
        a mere check.
    """
    if set(OF_ANALYSIS).isdisjoint(jobs):
        return
    outputs = run.outputs()
    if all(Path(output).is_file() for output in outputs) and is_final(run.plan, run.folder):
        protect(run.folder, outputs)


def refuse_links(folder: Path) -> None:
    """Refuse results whose folder, or a folder in them, is a link to another place.

    Raises
    ------
    UserError
        With every such link: through it a run would write outside its results.
    """
    links = [path for path in (folder, *paths_below(folder)) if path.is_symlink()]
    if links:
        named = "\n  ".join(f"{path} -> {path.readlink()}" for path in links)
        raise UserError(f"links in the results; expected folders and files:\n  {named}")


def refuse_other(run: Run, allow: Iterable[str]) -> None:
    """Refuse code or an environment that are not those of a pinned configuration.

    Raises
    ------
    UserError
        With everything that differs and was not allowed to.
    """
    if run.plan.pins is None:
        return
    pins, current = run.plan.pins, found_pins(run.workflow, run.plan)
    changed = [d for d in differences(pins, current) if d.kind not in allow]
    if changed:
        lines = "\n  ".join(map(str, changed))
        raise UserError(f"not as pinned (--config allow=code,environment lets it):\n  {lines}")
