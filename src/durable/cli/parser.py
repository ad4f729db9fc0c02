"""The commands and options that are offered."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from durable.cli import jobs, pages, reading, runs
from durable.cli.pages import Page
from durable.installation import WORKFLOW
from durable.runs.configuration import DEFAULT_CONFIGURATION
from durable.stage import OF_ANALYSIS, STAGES

#: Commands that start Snakemake, which is handed every further option.
STARTS_SNAKEMAKE = {
    "run": pages.RUN,
    "check": pages.CHECK,
    "audit": pages.AUDIT,
    "compare": pages.COMPARE,
    "series": pages.SERIES,
    "simulate": pages.SIMULATE,
}
#: Those that write to the history of the study.
_RECORDED = ("run", "compare", "series", "simulate")


def parser() -> argparse.ArgumentParser:
    """The parser of the command line; the options it reads have the command's function ``do``."""
    program = argparse.ArgumentParser(
        "durable",
        description=pages.PROGRAM,
        epilog=pages.PROGRAM_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = program.add_subparsers(required=True, metavar="COMMAND", dest="command")
    _add_new(commands)
    for name, page in STARTS_SNAKEMAKE.items():
        _add_run(commands, name, page)
    _add_inspect(commands)
    _add_shells(commands)
    _add_keys(commands)
    _add_verify(commands)
    _add_sign(commands)
    _add_page(commands, "doctor", pages.DOCTOR).set_defaults(do=reading.show_installation)
    _add_qualify(commands)
    completion = _add_page(commands, "completion", pages.COMPLETION)
    completion.add_argument("shell", choices=("bash", "zsh"))
    completion.set_defaults(do=lambda options: reading.print_completion(parser(), options.shell))
    stage = commands.add_parser("stage", help="do one job of a run in this process")
    _add_stages(stage.add_subparsers(required=True, metavar="STAGE", dest="stage"))
    reference = commands.add_parser("reference", help="write the schema and list of plan keys")
    reference.set_defaults(do=reading.write_reference)
    return program


def _add_page(commands: Any, name: str, page: Page) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=page.about,
        description=page.description,
        epilog=page.epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        # --config, which Snakemake has, is not --configfile cut short.
        allow_abbrev=False,
    )
    return command


def _add_new(commands: Any) -> None:
    new = _add_page(commands, "new", pages.NEW)
    new.add_argument("folder", type=Path, metavar="FOLDER", help="a folder that is not there yet")
    new.add_argument("--study", metavar="ID", help="identifier of the study (study.id)")
    new.add_argument("--cutoff", metavar="DATE", help="data cut-off, YYYY-MM-DD")
    analysis = new.add_argument("--analysis", metavar="ID", default="interim-1")
    analysis.help = "name of the first analysis (interim-1)"
    new.set_defaults(do=reading.make_study)


def _add_run(commands: Any, name: str, page: Page) -> None:
    run = _add_page(commands, name, page)
    run.usage = f"durable {name} [options] [options of snakemake]"
    config = run.add_argument("--configfile", type=Path, default=DEFAULT_CONFIGURATION)
    config.metavar, config.help = "FILE", f"the configuration, YAML ({DEFAULT_CONFIGURATION})"
    folder = run.add_argument("--directory", "-d", type=Path, metavar="FOLDER", default=Path())
    folder.help = "the folder of the study, which all paths are relative to (the current one)"
    if name == "audit":
        analysis = run.add_argument("--analysis", metavar="ID")
        analysis.help = "the analysis in results/ID, by its pinned configuration"
    if name == "compare":
        run.add_argument("--against", metavar="ID", help="the earlier analysis, in results/ID")
    if name in _RECORDED:
        run.add_argument("--reason", metavar="TEXT", help="why, for the history of the study")
    run.set_defaults(do=runs.start_snakemake)


def _add_inspect(commands: Any) -> None:
    command = _add_page(commands, "inspect", pages.INSPECT)
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help="or a folder of files")
    draft = command.add_argument("--output", type=Path, metavar="NEW", help="a new YAML file")
    draft.help = "write the draft to a new file, never over one (standard output)"
    command.set_defaults(do=reading.inspect_files)


def _add_shells(commands: Any) -> None:
    shells = _add_page(commands, "shells", pages.SHELLS)
    config = shells.add_argument("--configfile", type=Path, metavar="FILE")
    config.help = "a configuration, whose choice, numbers and titles are shown (the defaults)"
    as_yaml = shells.add_argument("--yaml", action="store_true")
    as_yaml.help = "print the key outputs.shells instead, to be pasted into a configuration"
    shells.set_defaults(do=reading.list_shells)


def _add_keys(commands: Any) -> None:
    keys = _add_page(commands, "keys", pages.KEYS)
    keys.add_argument("words", nargs="*", metavar="WORD", help="a dotted path, or a text")
    keys.add_argument("--paths", action="store_true", help="print the names of the keys alone")
    keys.set_defaults(do=reading.list_keys)


def _add_verify(commands: Any) -> None:
    verify = _add_page(commands, "verify", pages.VERIFY)
    what = verify.add_mutually_exclusive_group()
    what.add_argument("--configfile", type=Path, help="of one analysis: its plan and inputs too")
    what.add_argument("folders", nargs="*", type=Path, default=[], metavar="results/ID")
    verify.add_argument("--allowed-signers", type=Path, metavar="FILE", help="whose keys are whose")
    verify.add_argument("--timestamp-ca", type=Path, metavar="FILE", help="of the time stamps")
    verify.set_defaults(do=reading.verify_results)


def _add_sign(commands: Any) -> None:
    sign = _add_page(commands, "sign", pages.SIGN)
    config = sign.add_argument("--configfile", type=Path, default=DEFAULT_CONFIGURATION)
    config.help = f"the configuration, YAML ({DEFAULT_CONFIGURATION})"
    sign.add_argument("--meaning", metavar="TEXT", help="of the signature, such as approved")
    sign.add_argument("--reason", metavar="TEXT", help="why it is signed")
    sign.add_argument("--key", type=Path, metavar="FILE", help="SSH key, such as ~/.ssh/id_ed25519")
    sign.add_argument("--name", metavar="TEXT", help="printed name (that of the account)")
    sign.add_argument("--timestamp", type=Path, metavar="FILE", help="RFC 3161 response")
    sign.set_defaults(do=reading.sign_results)


def _add_qualify(commands: Any) -> None:
    qualify = _add_page(commands, "qualify", pages.QUALIFY)
    folder = qualify.add_argument("--output", type=Path, metavar="FOLDER")
    folder.default = Path("qualification")
    folder.help = "of the report, which is written over (qualification)"
    requirement = qualify.add_argument("--requirement", metavar="ID", action="append", default=[])
    requirement.help = "run the tests of this requirement alone, such as DOR-06; may be given again"
    qualify.set_defaults(do=reading.qualify_installation)


def _add_stages(stages: Any) -> None:
    for name, stage in STAGES.items():
        command = _add_job(stages, name, stage.about)
        command.add_argument("--plan", metavar="DIGEST", help="digest of the plan that is expected")
        if stage.chunked:
            command.add_argument("--chunk", type=int, required=True, help="number, from 0")
        if stage.cores:
            command.add_argument("--cores", type=int, default=1)
        command.set_defaults(do=jobs.do_stage)
    findings = _add_job(stages, "findings", "exit with 1 where the data have errors")
    findings.set_defaults(do=jobs.refuse_findings)
    analysis = _add_job(stages, "analysis", "do all stages of an analysis in this process")
    analysis.add_argument("--until", choices=OF_ANALYSIS, default=OF_ANALYSIS[-1])
    analysis.add_argument("--series-of", metavar="ID", default="", help="whose series it is of")
    analysis.set_defaults(do=jobs.do_analysis)
    audit = _add_job(stages, "audit", pages.AUDIT.about)
    audit.add_argument("--allow", default="", help="what may differ: code,environment")
    audit.set_defaults(do=jobs.audit_results)
    compare = _add_job(stages, "compare", pages.COMPARE.about)
    compare.add_argument("--against", required=True, metavar="ID", help="the other analysis")
    compare.set_defaults(do=jobs.compare_results)
    for command in (analysis, audit, compare):
        command.add_argument("--cores", type=int, default=1)


def _add_job(stages: Any, name: str, summary: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = stages.add_parser(name, help=summary, description=summary)
    command.add_argument("--config", type=Path, required=True, help="the analysis plan, YAML")
    command.add_argument("--results", type=Path, default=Path("results"), help="results folder")
    command.add_argument("--workflow", type=Path, default=WORKFLOW, help="folder of the workflow")
    command.add_argument("--reason", default="", help="why, for the history of the study")
    return command
