"""Commands that run no analysis: they look, list, sign, or make the folder of a study."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from durable.errors import UserError
from durable.runs.declaration import declared_text, refuse_undeclared


def make_study(options: argparse.Namespace) -> None:
    """Make the folder of a new study."""
    from durable.new_study.folder import make_folder

    try:
        files = make_folder(
            options.folder, study=options.study, analysis=options.analysis, cutoff=options.cutoff
        )
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(f"{options.folder}: {error.strerror}; no folder is made") from error
    print(*files, sep="\n")


def show_installation(_: argparse.Namespace) -> None:
    """List what is installed, and what it is for."""
    from durable.doctor import report

    print(report())


def qualify_installation(options: argparse.Namespace) -> int:
    """Qualify this installation; the status is 1 where it is not as it should be."""
    from durable.qualification.qualify import qualify
    from durable.qualification.report import write_report

    qualification = qualify(options.requirement)
    pages = write_report(qualification, options.output)
    deviations = qualification.deviations
    print(*(f"  {line}" for line in deviations), sep="\n", end="\n" * bool(deviations))
    print(f"{qualification.verdict}: {' '.join(str(page) for page in pages)}")
    return 0 if qualification.verdict == "PASS" else 1


def list_keys(options: argparse.Namespace) -> int:
    """Print the keys that fit the words; the status is 1 where none does."""
    from durable.plan.reference import keys, matching_keys

    fitting = matching_keys(keys(), options.words)
    if not fitting:
        print(f"no key of the configuration fits {' '.join(options.words)!r}", file=sys.stderr)
        return 1
    print("\n".join(key.path if options.paths else key.text() for key in fitting))
    return 0


def print_completion(parser: argparse.ArgumentParser, shell: str) -> None:
    """Print the script by which a shell completes the command line."""
    import shtab

    for command in _commands(parser):
        for action in command._actions:
            if action.type is Path:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(parser, shell))


def _commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parser and that of each command below it."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _commands(command)


def list_shells(options: argparse.Namespace) -> None:
    """List the outputs with number, title and population."""
    from durable.display.shells import as_text, as_yaml, shell_entries
    from durable.language import ENGLISH, language
    from durable.plan import load

    plan = load(options.configfile) if options.configfile else None
    with language(plan.outputs.language if plan else ENGLISH):
        entries = shell_entries(plan)
        print("\n".join(as_yaml(entries) if options.yaml else as_text(entries)))


def inspect_files(options: argparse.Namespace) -> None:
    """Print the draft of a configuration for unknown files, or write it to a new file."""
    from durable.inspection.command import inspect

    inspect(options.files, options.output)


def verify_results(options: argparse.Namespace) -> int:
    """Check files, history and signatures of finished analyses; the exit status of `verify`."""
    from durable.history.commands import analyses, verify
    from durable.plan import load

    trust = {"signers": options.allowed_signers, "authority": options.timestamp_ca}
    if options.configfile is not None:
        plan = load(options.configfile)
        return verify([Path("results", plan.analysis.id)], plan, **trust)
    folders = [path if path.name not in ("", "..") else path.resolve() for path in options.folders]
    return verify(folders or analyses(Path("results")), **trust)


def sign_results(options: argparse.Namespace) -> None:
    """Sign a finished analysis, or keep a time stamp of it."""
    from durable.history.events import current_user
    from durable.history.signing import Declaration, stamp_results
    from durable.history.signing import sign_results as sign
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
        print(f"signed: {sign(folder, Declaration(name, meaning, reason), key)}")


def write_reference(_: argparse.Namespace) -> None:
    """Write what is generated of the documentation, in the repository."""
    from durable.plan import reference

    reference.write_reference(Path())
