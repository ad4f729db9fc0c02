"""The commands of ``python -m durable``: one per rule; a stage is imported when it is called."""

from __future__ import annotations

import argparse
import errno
import gc
import importlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from durable.by_hand import noted, notice
from durable.client import RUN
from durable.errors import UserError
from durable.files import write_text
from durable.stages import STAGES

#: Errors of the disk, not of the program: told without a traceback.
_OUTSIDE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; the exit status is 0, 1 (data), 2 (configuration) or 130 (Ctrl-C)."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser(*arguments[:1]).parse_args(arguments)
    try:
        options.do(options)
    except UserError as error:
        print(error, file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except OSError as error:
        if error.errno not in _OUTSIDE:
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(f"{where}{os.strerror(error.errno)}", file=sys.stderr)
        return 1
    return 0


def _parser(given: str = "") -> argparse.ArgumentParser:
    """The commands; where a stage is given, no other one: to describe all takes long."""
    parser = argparse.ArgumentParser(prog="python -m durable", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in [given] if given in STAGES else STAGES:
        stage = STAGES[name]
        command = commands.add_parser(name, help=stage.about)
        command.add_argument("--config", type=Path, required=True, help="the analysis plan, YAML")
        command.add_argument("--results", type=Path, default=Path("results"), help="results folder")
        command.add_argument("--plan", metavar="DIGEST", help="digest of the plan that is expected")
        if stage.chunked:
            command.add_argument("--chunk", type=int, required=True, help="number, from 0")
        if stage.cores:
            command.add_argument("--cores", type=int, default=1)
        command.set_defaults(do=_run_stage, stage=name)
    demo = commands.add_parser("demo", help="write the synthetic demo study")
    demo.add_argument("--seed", type=int, required=True)
    demo.add_argument("--out", type=Path, default=Path("data/demo"))
    demo.set_defaults(do=_write_demo)
    audit = commands.add_parser("audit", help="repeat a finished analysis and compare")
    audit.add_argument("--config", type=Path, required=True, help="a pinned configuration")
    audit.add_argument("--results", type=Path, default=Path("results"), help="results folder")
    audit.add_argument("--workflow", type=Path, default=Path(), help="folder of the Snakefile")
    audit.add_argument("--allow", default="", help="what may differ: code,environment")
    audit.add_argument("--cores", type=int, default=1)
    audit.set_defaults(do=_audit)
    further = commands.add_parser("further", help="analyse the plan at a further data cut-off")
    further.add_argument("--config", required=True, help="the plan with that cut-off, YAML")
    further.add_argument("--snakefile", required=True, help="that of the run it is a part of")
    further.add_argument("--cores", default="1")
    further.set_defaults(do=_further)
    findings = commands.add_parser("findings", help="exit with 1 where the data have errors")
    findings.add_argument("--config", type=Path, required=True, help="the analysis plan, YAML")
    findings.add_argument("--results", type=Path, default=Path("results"), help="results folder")
    findings.set_defaults(do=_findings)
    compare = commands.add_parser("compare", help="say what changed between two analyses, and why")
    compare.add_argument("--config", type=Path, required=True, help="the analysis plan, YAML")
    compare.add_argument("--against", required=True, metavar="ID", help="the other analysis")
    compare.add_argument("--results", type=Path, default=Path("results"), help="results folder")
    compare.add_argument("--workflow", type=Path, default=Path(), help="folder of the Snakefile")
    compare.add_argument("--cores", type=int, default=1)
    compare.set_defaults(do=_compare)
    reference = commands.add_parser("reference", help="write the schema and list of plan keys")
    reference.set_defaults(do=_write_reference)
    return parser


@contextmanager
def _importing() -> Iterator[None]:
    """Modules stay: a search for garbage among what they hold finds none."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


def _run_stage(options: argparse.Namespace) -> None:
    begun = time.monotonic()
    stage = STAGES[options.stage]
    with _importing():
        from durable.plan import load

        module = importlib.import_module(stage.module)
    plan = load(options.config)
    if options.plan is not None and options.plan != plan.digest(stage.plan):
        raise UserError(f"{options.config} was changed during the run: start snakemake again")
    results = options.results / plan.analysis.id
    folder = results / stage.folder
    chunk = (options.chunk,) if stage.chunked else ()
    cores = {"cores": options.cores} if stage.cores else {}
    if RUN not in os.environ:
        from durable.audit.study import refuse_other_study

        refuse_other_study(plan, options.config, results)
    with noted(results) as by_hand:
        module.run(plan.only(stage.plan), folder, *chunk, **cores)
    if by_hand:
        print(notice(by_hand, results), file=sys.stderr)
    name = "_".join([options.stage, *map(str, chunk)])
    write_text(folder / "logs" / f"{name}.seconds", f"{time.monotonic() - begun:.2f}\n")


def _further(options: argparse.Namespace) -> None:
    """A run within the run: in a fork of its server Snakemake need not be started anew."""
    with _importing():
        from snakemake.cli import main as snakemake
    # Not where and how the run was started that this one is a job of.
    arguments = ["--profile", "none", "--executor", "local", "--cores", options.cores]
    arguments += ["--snakefile", options.snakefile, "--configfile", options.config]
    # The Snakefile looks there for what it is asked for.
    sys.argv[1:] = arguments
    snakemake(arguments)


def _audit(options: argparse.Namespace) -> None:
    from durable.audit import rerun

    allow = tuple(options.allow.split(",")) if options.allow else ()
    rerun.run(options.config, options.results, options.workflow, cores=options.cores, allow=allow)


def _findings(options: argparse.Namespace) -> None:
    from durable.intake.cutoff import refuse_errors
    from durable.plan import load

    refuse_errors(options.results / load(options.config).analysis.id / "queries.csv")


def _compare(options: argparse.Namespace) -> None:
    from durable.audit import compare

    where = {"workflow": options.workflow, "cores": options.cores}
    compare.run(options.config, options.results, options.against, **where)


def _write_demo(options: argparse.Namespace) -> None:
    from durable.demo import write_demo

    write_demo(options.out, options.seed)


def _write_reference(_: argparse.Namespace) -> None:
    from durable.plan.reference import write_reference

    write_reference(Path())
