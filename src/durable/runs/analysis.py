"""A whole analysis in one process, without Snakemake: the same stages, the same guard."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from durable.files import write_text
from durable.plan import Plan
from durable.runs.configuration import input_digests, plan_of_run
from durable.runs.environment import job_environment
from durable.runs.guard import Run, begin, end
from durable.runs.ownership import refuse_other_study
from durable.runs.pins import code_files
from durable.stage import OF_ANALYSIS, STAGES

#: Folder of the repository, which holds the Snakefile.
_REPOSITORY = Path(__file__).parents[3]


def run_stage(
    plan: Plan, results: Path, name: str, *, chunk: int | None = None, cores: int = 1
) -> None:
    """Do one stage of an analysis, and write down how long it took.

    Parameters
    ----------
    results
        Folder of the results of the analysis.
    chunk
        Number of the job, of a stage that is one of many.
    cores
        How many it may use, of a stage that can use several.
    """
    begun = time.monotonic()
    stage = STAGES[name]
    folder = results / stage.folder
    several = {"cores": cores} if stage.cores else {}
    numbered = () if chunk is None else (chunk,)
    importlib.import_module(stage.module).run(
        plan.only(stage.sections), folder, *numbered, **several
    )
    file = "_".join([name, *map(str, numbered)])
    write_text(folder / "logs" / f"{file}.seconds", f"{time.monotonic() - begun:.2f}\n")


def run_analysis(
    config: Path,
    results: Path,
    *,
    until: str = OF_ANALYSIS[-1],
    workflow: Path = _REPOSITORY,
    cores: int = 1,
    reason: str = "",
) -> Run:
    """Do the stages of an analysis one after another in this process; its run.

    Parameters
    ----------
    config
        Configuration file.
    results
        Folder of all results.
    until
        The last stage.
    workflow
        Folder of the Snakefile.
    reason
        Why it is run, for the history.

    Raises
    ------
    PlanError
        For a mistake in the configuration.
    UserError
        Where the data have errors, or the results are not to be written.
    """
    plan = plan_of_run(config)
    code, contents = code_files(workflow), input_digests(plan)
    run = Run(plan, config, workflow, code, contents, results, reason)
    refuse_other_study(plan, config, run.folder)
    names = [name for name in _until(until) if name in run.files]
    locks = begin(run, names)
    try:
        for name in names:
            print(f"{name}: {STAGES[name].about}", file=sys.stderr, flush=True)
            run_stage(plan, run.folder, name, cores=cores)
    finally:
        end(run, names)
        for lock in locks:
            lock.close()
    return run


def _until(last: str) -> Iterable[str]:
    return OF_ANALYSIS[: OF_ANALYSIS.index(last) + 1]


def start_analysis(
    config: Path, results: Path, log: Path, *, until: str, workflow: Path, cores: int
) -> int:
    """Do an analysis in a process of its own, in the environment of jobs; its exit status.

    Parameters
    ----------
    log
        File that what it says goes to.
    """
    command = [sys.executable, "-m", "durable", "stage", "analysis", "--config", str(config)]
    command += ["--results", str(results), "--until", until, "--workflow", str(workflow)]
    command += ["--cores", str(cores)]
    with log.open("w") as file:
        done = subprocess.run(  # noqa: S603
            command, stdout=file, stderr=subprocess.STDOUT, check=False, env=job_environment()
        )
    return done.returncode
