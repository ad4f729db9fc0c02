"""Commands that start Snakemake, with the study's own Snakefile or the workflow of the package."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from durable.errors import UseError
from durable.installation import SNAKEFILE, WORKFLOW
from durable.runs.configuration import configuration_file, plan_of_run
from durable.runs.declaration import declared_text
from durable.runs.environment import run_environment
from durable.runs.manifest import PINNED

#: Where Snakemake looks for its workflow.
_SNAKEFILES = tuple(
    f"{folder}{name}" for folder in ("", "workflow/") for name in ("Snakefile", "snakefile")
)
_PROFILES = WORKFLOW / "profiles"


def start_snakemake(options: argparse.Namespace) -> int:
    """Check the configuration, so that a mistake in it is told plainly, and start Snakemake.

    Returns
    -------
    int
        The exit status of Snakemake.

    Raises
    ------
    PlanError
        With every mistake in the configuration.
    UserError
        For options that are not taken.
    """
    if not options.directory.is_dir():
        raise UseError(f"--directory {options.directory}: no such folder")
    os.chdir(options.directory)
    config = configuration_file([str(_configuration(options))], _declared_keys(options.further))
    plan_of_run(
        config,
        inputs=options.command not in ("simulate", "audit"),
        simulation=options.command == "simulate",
        cutoffs=options.command == "series",
    )
    target = [] if options.command == "run" else [options.command]
    further = _with_declared(options.further, list(_config_options(options)))
    command = [sys.executable, "-m", "snakemake", *target, *further]
    command += ["--configfile", str(config), *_workflow(further)]
    environment = run_environment()
    return subprocess.run(command, check=False, env=environment).returncode  # noqa: S603


def _declared_keys(further: Sequence[str]) -> Iterator[str]:
    """Keys of Snakemake's ``--config``; who names a configuration file by it is told the option."""
    takes_values = False
    for option in further:
        name, _, value = option.partition("=")
        if option.startswith("-"):
            takes_values = name in ("--config", "-C")
            option = value
        if takes_values and option:
            key, sign, _ = option.partition("=")
            if not sign:
                raise UseError(
                    f"--config {key}: not KEY=VALUE; a configuration file is given by --configfile"
                )
            yield key


def _configuration(options: argparse.Namespace) -> Path:
    """The configuration file; of an audit by the name of the analysis, the pinned one."""
    analysis = getattr(options, "analysis", None)
    return Path("results", analysis, PINNED) if analysis else Path(options.configfile)


def _workflow(further: Sequence[str]) -> Iterator[str]:
    """Options that name the workflow and its profile, where the study has none of its own.

    Snakemake looks for profiles beside the Snakefile that it is given, and in the folder.
    """
    names = [option.split("=")[0] for option in further]
    if not {"--snakefile", "-s"}.isdisjoint(names):
        return
    if not any(Path(name).exists() for name in _SNAKEFILES):
        yield from ("--snakefile", str(SNAKEFILE))
    elif "--workflow-profile" not in names and not Path("profiles/default").exists():
        yield from ("--workflow-profile", str(_PROFILES / "default"))


def _config_options(options: argparse.Namespace) -> Iterator[str]:
    """What the options declare for the run, as ``--config`` of Snakemake takes it."""
    if against := getattr(options, "against", None):
        yield f"against={against}"
    if (reason := getattr(options, "reason", None)) is not None:
        declared = f"reason={declared_text('--reason', reason)}"
        if declared.startswith("reason=#"):
            raise UseError("--reason: Snakemake takes text that begins with # for a comment")
        yield declared


def _with_declared(further: Sequence[str], declared: list[str]) -> list[str]:
    """The further options of Snakemake, with what is declared among its ``--config``."""
    merged: list[str] = []
    for option in further:
        name, _, value = option.partition("=")
        # The last --config would count alone.
        if name in ("--config", "-C"):
            merged += ["--config", *declared, *([value] if value else [])]
            declared = []
        else:
            merged.append(option)
    return [*merged, *(["--config", *declared] if declared else [])]
