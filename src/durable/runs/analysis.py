"""A whole analysis in one process, without Snakemake: the same stages, the same guard."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from durable.installation import WORKFLOW
from durable.runs.configuration import input_digests, plan_of_run
from durable.runs.environment import job_environment, without_compiled_modules
from durable.runs.guard import Run, begin, end
from durable.runs.job import do_job
from durable.runs.ownership import refuse_other_study
from durable.runs.pins import code_files
from durable.stage import OF_ANALYSIS, STAGES


def run_analysis(
    config: Path,
    results: Path,
    *,
    until: str = OF_ANALYSIS[-1],
    workflow: Path = WORKFLOW,
    cores: int = 1,
    reason: str = "",
    series_of: str = "",
) -> Run:
    """Do the stages of an analysis one after another in this process, and return its run.

    Parameters
    ----------
    config
        Configuration file.
    results
        Folder of all results.
    until
        The last stage.
    workflow
        Folder of the workflow.
    cores
        How many a stage may use.
    reason
        Why it is run, for the history.
    series_of
        Analysis whose series it is part of; empty for an analysis of its own.

    Raises
    ------
    PlanError
        For a mistake in the configuration.
    UserError
        Where the data have errors, or the results are not to be written.
    """
    plan = plan_of_run(config)
    code, contents = code_files(workflow), input_digests(plan)
    run = Run(plan, config, workflow, code, contents, results, reason, series_of)
    refuse_other_study(plan, config, run.folder)
    names = [name for name in _stages_through(until) if name in run.files]
    locks = begin(run, names)
    try:
        for name in names:
            print(f"{name}: {STAGES[name].about}", file=sys.stderr, flush=True)
            do_job(run, name, cores=cores)
    finally:
        end(run, names)
        for lock in locks:
            lock.close()
    return run


def _stages_through(last: str) -> Iterable[str]:
    return OF_ANALYSIS[: OF_ANALYSIS.index(last) + 1]


def start_analysis(
    config: Path,
    results: Path,
    log: Path,
    *,
    until: str,
    workflow: Path,
    cores: int,
    compiled: bool = True,
) -> int:
    """Do an analysis in a process of its own, in the environment of jobs; its exit status.

    Parameters
    ----------
    config, results, until, workflow, cores
        As of `run_analysis`.
    log
        File for its output and messages.
    compiled
        Whether compiled modules that lie beside their source are used: nobody hashes them.
    """
    command = [sys.executable, "-m", "durable", "stage", "analysis", "--config", str(config)]
    command += ["--results", str(results), "--until", until, "--workflow", str(workflow)]
    command += ["--cores", str(cores)]
    environment = job_environment()
    if not compiled:
        environment = without_compiled_modules(environment)
    with log.open("w") as file:
        done = subprocess.run(  # noqa: S603
            command, stdout=file, stderr=subprocess.STDOUT, check=False, env=environment
        )
    return done.returncode
