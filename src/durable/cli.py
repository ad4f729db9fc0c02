"""durable: efficacy and duration of response of a single-arm cell-therapy trial.

`run`, `check`, `audit`, `compare`, `series` and `simulate` check the configuration first, so that a
mistake in it is told plainly, and then start Snakemake, which passes every further option on.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from durable.errors import UserError
from durable.installation import WORKFLOW
from durable.runs.configuration import DEFAULT_CONFIGURATION, configuration_file, plan_of_run
from durable.runs.declaration import declared_text, refuse_undeclared
from durable.runs.environment import run_environment
from durable.stage import OF_ANALYSIS, STAGES

#: Errors of the disk, not of the program: told without a traceback.
_DISK_ERRORS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
}
#: Where Snakemake looks for its workflow.
_SNAKEFILES = tuple(
    f"{folder}{name}" for folder in ("", "workflow/") for name in ("Snakefile", "snakefile")
)
#: Commands that start Snakemake: its target, and what they do.
_RUNS = {
    "run": ("", "analyse the study: every output of the configuration"),
    "check": ("check", "read and check the data only"),
    "audit": ("audit", "repeat a finished analysis from its pinned configuration and compare"),
    "compare": ("compare", "say what changed between two analyses, and why"),
    "series": ("series", "analyse at the further data cut-offs of the configuration"),
    "simulate": ("simulate", "simulate virtual trials by the definitions of the configuration"),
}


_INSPECT = """\
Look at the files of a study and print the draft of a configuration.

Files may be CSV (any separator), TSV, Excel workbooks (every sheet), SAS (XPT, SAS7BDAT), Parquet
and Dataset-JSON; a folder stands for its files. They are only read.

The draft proposes which file is which table, the columns by name, label and content, the forms of
dates and numbers, words for missing, value maps, units, and the schedule. A remark behind each line
says how sure it is and by what. What a person must decide is listed at the end as questions, with
what `durable check` would find. No identifiers and no free text are printed: only names of columns,
and values of coded columns.
"""
_AFTER_INSPECT = """\
from files to tables:
  durable inspect data/ --output config/study.yaml     # a draft with questions
  (answer the questions in config/study.yaml; docs/inputs.md has every key)
  durable check --configfile config/study.yaml         # what the data lack
  durable run --configfile config/study.yaml           # tables, figures, report

exit status: 0 a draft was made, 1 no file could be read, 2 wrong use (such as an --output that
is there already)
"""


_SHELLS = """\
List the outputs in the order in which they are shown, as a table of contents in Markdown for an
analysis plan. A study lacks those whose input tables it does not have.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one command; the exit status is 0, 1 (data), 2 (configuration) or 130 (Ctrl-C)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options, further = _parser().parse_known_args(given)
    if further and options.command not in _RUNS:
        _parser().error(f"unrecognized arguments: {' '.join(further)}")
    options.further, options.given = further, given
    try:
        return int(options.do(options) or 0)
    except UserError as error:
        print(error, file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # Who reads the output (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        if error.errno not in _DISK_ERRORS:
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(f"{where}{os.strerror(error.errno)}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("durable", description=__doc__, formatter_class=raw)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, (_, about) in _RUNS.items():
        run = commands.add_parser(name, help=about, description=about)
        given = run.add_argument("--configfile", type=Path, default=DEFAULT_CONFIGURATION)
        given.help = f"the configuration, YAML ({DEFAULT_CONFIGURATION})"
        if name in ("run", "compare", "series", "simulate"):
            run.add_argument("--reason", metavar="TEXT", help="why, for the history of the study")
        run.set_defaults(do=_start_snakemake)
    _add_inspect(commands)
    _add_shells(commands)
    _add_verify(commands)
    _add_sign(commands)
    stage = commands.add_parser("stage", help="do one job of a run in this process")
    _add_stages(stage.add_subparsers(required=True, metavar="STAGE", dest="stage"))
    reference = commands.add_parser("reference", help="write the schema and list of plan keys")
    reference.set_defaults(do=_write_reference)
    return parser


def _add_inspect(commands: Any) -> None:
    about = "look at files that nobody has described, and print a draft of a configuration"
    raw = argparse.RawDescriptionHelpFormatter
    command = commands.add_parser(
        "inspect", help=about, description=_INSPECT, epilog=_AFTER_INSPECT, formatter_class=raw
    )
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help="or a folder of files")
    given = command.add_argument("--output", type=Path, metavar="NEW", help="a new YAML file")
    given.help = "write the draft to a new file, never over one (standard output)"
    command.set_defaults(do=_inspect)


def _add_shells(commands: Any) -> None:
    about = "list every table, figure and listing with its number, title and population"
    shells = commands.add_parser("shells", help=about, description=_SHELLS)
    given = shells.add_argument("--configfile", type=Path, metavar="FILE")
    given.help = "a configuration, whose choice, numbers and titles are shown (the defaults)"
    given = shells.add_argument("--yaml", action="store_true")
    given.help = "print the key outputs.shells instead, to be pasted into a configuration"
    shells.set_defaults(do=_list_shells)


def _add_verify(commands: Any) -> None:
    about = "check files, history and signatures of finished analyses; nothing is run"
    verify = commands.add_parser("verify", help=about, description=about)
    what = verify.add_mutually_exclusive_group()
    what.add_argument("--configfile", type=Path, help="of one analysis: its plan and inputs too")
    what.add_argument("folders", nargs="*", type=Path, default=[], metavar="results/ID")
    verify.add_argument("--allowed-signers", type=Path, metavar="FILE", help="whose keys are whose")
    verify.add_argument("--timestamp-ca", type=Path, metavar="FILE", help="of the time stamps")
    verify.set_defaults(do=_verify)


def _add_sign(commands: Any) -> None:
    about = "sign an analysis that is complete and verified, or keep a time stamp of it"
    sign = commands.add_parser("sign", help=about, description=about)
    given = sign.add_argument("--configfile", type=Path, default=DEFAULT_CONFIGURATION)
    given.help = f"the configuration, YAML ({DEFAULT_CONFIGURATION})"
    sign.add_argument("--meaning", metavar="TEXT", help="of the signature, such as approved")
    sign.add_argument("--reason", metavar="TEXT", help="why it is signed")
    sign.add_argument("--key", type=Path, metavar="FILE", help="SSH key, such as ~/.ssh/id_ed25519")
    sign.add_argument("--name", metavar="TEXT", help="printed name (that of the account)")
    sign.add_argument("--timestamp", type=Path, metavar="FILE", help="RFC 3161 response")
    sign.set_defaults(do=_sign)


def _add_stages(stages: Any) -> None:
    for name, stage in STAGES.items():
        command = _add_job(stages, name, stage.about)
        command.add_argument("--plan", metavar="DIGEST", help="digest of the plan that is expected")
        if stage.chunked:
            command.add_argument("--chunk", type=int, required=True, help="number, from 0")
        if stage.cores:
            command.add_argument("--cores", type=int, default=1)
        command.set_defaults(do=_do_stage)
    findings = _add_job(stages, "findings", "exit with 1 where the data have errors")
    findings.set_defaults(do=_refuse_findings)
    analysis = _add_job(stages, "analysis", "do all stages of an analysis in this process")
    analysis.add_argument("--until", choices=OF_ANALYSIS, default=OF_ANALYSIS[-1])
    analysis.add_argument("--series-of", metavar="ID", default="", help="whose series it is of")
    analysis.set_defaults(do=_do_analysis)
    audit = _add_job(stages, "audit", _RUNS["audit"][1])
    audit.add_argument("--allow", default="", help="what may differ: code,environment")
    audit.set_defaults(do=_audit)
    compare = _add_job(stages, "compare", _RUNS["compare"][1])
    compare.add_argument("--against", required=True, metavar="ID", help="the other analysis")
    compare.set_defaults(do=_compare)
    for command in (analysis, audit, compare):
        command.add_argument("--cores", type=int, default=1)


def _add_job(stages: Any, name: str, about: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = stages.add_parser(name, help=about, description=about)
    command.add_argument("--config", type=Path, required=True, help="the analysis plan, YAML")
    command.add_argument("--results", type=Path, default=Path("results"), help="results folder")
    command.add_argument("--workflow", type=Path, default=WORKFLOW, help="folder of the workflow")
    command.add_argument("--reason", default="", help="why, for the history of the study")
    return command


def _list_shells(options: argparse.Namespace) -> None:
    from durable.display.shells import as_text, as_yaml, shell_entries
    from durable.plan import load

    plan = load(options.configfile) if options.configfile else None
    entries = shell_entries(plan)
    print("\n".join(as_yaml(entries) if options.yaml else as_text(entries)))


def _start_snakemake(options: argparse.Namespace) -> int:
    import subprocess

    target, _ = _RUNS[options.command]
    config = configuration_file([options.configfile], ())
    plan_of_run(
        config,
        inputs=options.command not in ("simulate", "audit"),
        simulation=options.command == "simulate",
        cutoffs=options.command == "series",
    )
    command = [sys.executable, "-m", "snakemake", *([target] if target else [])]
    command += [*_with_reason(options), "--configfile", str(config), *_workflow(options.further)]
    environment = run_environment()
    return subprocess.run(command, check=False, env=environment).returncode  # noqa: S603


def _workflow(further: Sequence[str]) -> list[str]:
    """The option that names this workflow, for a study in a folder of its own."""
    named = any(option.split("=")[0] in ("--snakefile", "-s") for option in further)
    own = any(Path(name).exists() for name in _SNAKEFILES)
    return [] if named or own else ["--snakefile", str(WORKFLOW / "Snakefile")]


def _with_reason(options: argparse.Namespace) -> list[str]:
    """The further options of Snakemake, with the declared reason among its ``--config``."""
    given = getattr(options, "reason", None)
    if given is None:
        return list(options.further)
    declared = f"reason={declared_text('--reason', given)}"
    if declared.startswith("reason=#"):
        raise UserError("--reason: Snakemake takes text that begins with # for a comment")
    further: list[str] = []
    for option in options.further:
        name, _, value = option.partition("=")
        # The last --config would count alone.
        if name in ("--config", "-C"):
            further += ["--config", declared, *([value] if value else [])]
            declared = ""
        else:
            further.append(option)
    return [*further, *(["--config", declared] if declared else [])]


def _do_stage(options: argparse.Namespace) -> int:
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
    command = [sys.executable, "-m", "durable", *options.given]
    return subprocess.run(command, check=False, env=environment).returncode  # noqa: S603


def _reason(options: argparse.Namespace) -> str:
    return declared_text("--reason", options.reason or None)


def _do_analysis(options: argparse.Namespace) -> int:
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


def _refuse_findings(options: argparse.Namespace) -> None:
    from durable.intake.refusal import refuse_errors
    from durable.plan import load

    refuse_errors(options.results / load(options.config).analysis.id / "queries.csv")


def _audit(options: argparse.Namespace) -> None:
    from durable.audit import parts, rerun

    audit = parts if parts.part_of(options.config) else rerun
    allow = tuple(options.allow.split(",")) if options.allow else ()
    audit.run(options.config, options.results, options.workflow, cores=options.cores, allow=allow)


def _compare(options: argparse.Namespace) -> None:
    from durable.audit import compare

    where = {"workflow": options.workflow, "cores": options.cores}
    compare.run(options.config, options.results, options.against, **where, reason=_reason(options))


def _inspect(options: argparse.Namespace) -> None:
    from durable.inspection.command import inspect

    inspect(options.files, options.output)


def _verify(options: argparse.Namespace) -> int:
    from durable.history.commands import analyses, verify
    from durable.plan import load

    trust = {"signers": options.allowed_signers, "authority": options.timestamp_ca}
    if options.configfile is not None:
        plan = load(options.configfile)
        return verify([Path("results", plan.analysis.id)], plan, **trust)
    given = [path if path.name not in ("", "..") else path.resolve() for path in options.folders]
    return verify(given or analyses(Path("results")), **trust)


def _sign(options: argparse.Namespace) -> None:
    from durable.history.events import current_user
    from durable.history.signing import Declaration, sign_results, stamp_results
    from durable.plan import load
    from durable.runs.environment import restrict_mode

    plan = load(options.configfile)
    restrict_mode(plan.outputs.file_mode)
    folder = Path("results", plan.analysis.id)
    if options.meaning is None and options.timestamp is None:
        raise UserError("nothing to sign; expected --meaning TEXT, or --timestamp FILE")
    if options.timestamp is not None:
        stamped = stamp_results(folder, options.timestamp)
        print(f"time stamp of {stamped} kept")
    if options.meaning is not None:
        name = declared_text("--name", options.name or current_user().name or None)
        meaning = declared_text("--meaning", options.meaning)
        reason = declared_text("--reason", options.reason)
        refuse_undeclared(plan, reason)
        if not name or options.key is None:
            raise UserError("a signature needs a printed name and a key: --name TEXT --key FILE")
        key = options.key.expanduser()
        print(f"signed: {sign_results(folder, Declaration(name, meaning, reason), key)}")


def _write_reference(_: argparse.Namespace) -> None:
    from durable.plan.reference import write_reference

    write_reference(Path())
