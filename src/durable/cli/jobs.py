"""Jobs of a run, as a rule calls them: ``durable stage STAGE --config FILE``."""

from __future__ import annotations

import argparse
import sys

from durable.errors import UserError
from durable.runs.declaration import declared_text
from durable.stage import STAGES


def do_stage(options: argparse.Namespace) -> int:
    """Do one stage, by hand or as a job of a run; its exit status."""
    from durable.history.events import append_part
    from durable.plan import load
    from durable.runs.environment import is_within_run, restrict_mode
    from durable.runs.guard import Run
    from durable.runs.job import do_job
    from durable.runs.ownership import refuse_other_study
    from durable.runs.parts import PARTS
    from durable.runs.pins import code_files

    stage, plan = STAGES[options.stage], load(options.config)
    if options.plan is not None and options.plan != plan.digest(stage.sections):
        raise UserError(f"{options.config} was changed during the run: start snakemake again")
    code = code_files(options.workflow)
    run = Run(plan, options.config, options.workflow, code, results=options.results)
    if not is_within_run():
        refuse_other_study(plan, options.config, run.folder)
        return _start_as_job(options)
    chunk, cores = getattr(options, "chunk", None), getattr(options, "cores", 1)
    do_job(run, options.stage, chunk=chunk, cores=cores)
    if options.stage in PARTS:
        restrict_mode(plan.outputs.file_mode)
        append_part(run.folder / stage.folder, run.folder, _reason(options))
    return 0


def _start_as_job(options: argparse.Namespace) -> int:
    """Do a command that was typed by hand as a run does it: what the user has set has no say."""
    import subprocess

    from durable.plan import load
    from durable.runs.compiled import keep_compiled_to_source
    from durable.runs.environment import environment_of_job
    from durable.runs.pins import code_files, digest

    keep_compiled_to_source()
    program = digest(code_files(options.workflow))
    environment = environment_of_job(load(options.config), program)
    command = [sys.executable, "-m", "durable", *options.arguments]
    return subprocess.run(command, check=False, env=environment).returncode  # noqa: S603


def _reason(options: argparse.Namespace) -> str:
    return declared_text("--reason", options.reason or None)


def do_analysis(options: argparse.Namespace) -> int:
    """Do the stages of an analysis in one process, in the environment of jobs; its exit status."""
    from durable.runs.analysis import run_analysis
    from durable.runs.environment import is_within_run

    if not is_within_run():
        return _start_as_job(options)
    run_analysis(
        options.config,
        options.results,
        until=options.until,
        workflow=options.workflow,
        cores=options.cores,
        reason=_reason(options),
        series_of=options.series_of,
    )
    return 0


def refuse_findings(options: argparse.Namespace) -> None:
    """Fail (DataError) where the listing of findings holds errors, or (UserError) is not there."""
    from durable.intake.refusal import refuse_errors
    from durable.plan import load

    queries = options.results / load(options.config).analysis.id / "queries.csv"
    if not queries.is_file():
        check = f"durable check --configfile {options.config}"
        raise UserError(f"{queries}: no listing of findings; run {check} first")
    refuse_errors(queries)


def audit_results(options: argparse.Namespace) -> None:
    """Repeat an analysis, or a simulation, series or comparison, by its pinned file; compare."""
    from durable.audit import parts, rerun

    audit = parts if parts.part_of(options.config) else rerun
    allow = tuple(options.allow.split(",")) if options.allow else ()
    audit.run(options.config, options.results, options.workflow, cores=options.cores, allow=allow)


def compare_results(options: argparse.Namespace) -> None:
    """Compare the analysis of the configuration with the one that ``--against`` names."""
    from durable.audit import compare

    means = {"workflow": options.workflow, "cores": options.cores}
    compare.run(options.config, options.results, options.against, **means, reason=_reason(options))
