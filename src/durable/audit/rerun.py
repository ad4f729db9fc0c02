"""Command ``audit``: repeats a finished analysis from its pinned configuration and says what holds.

Everything is checked and listed before anything is judged: the pins, the files on disk against the
manifest, and the files of a repetition in a folder of its own against the recorded ones.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from durable.audit.acts import Act, recorded_acts
from durable.audit.cells import changes
from durable.audit.plans import NO_KEY, key_differences
from durable.audit.verdict import (
    ALLOWED,
    AS_PINNED,
    DIFFERS,
    DIFFERS_REPEATED,
    GOOD,
    IDENTICAL,
    PINNED_KINDS,
    VERDICT,
    VERIFIED,
    Status,
    joined_texts,
    verdict_sentence,
    write_verdict,
)
from durable.errors import UserError
from durable.files import sha256, write_text
from durable.history.contents import NO_FILE, file_changes
from durable.history.states import Check
from durable.history.verification import verify_results
from durable.language import N_, Text
from durable.plan import NO_ANALYSIS, Plan, load
from durable.plan.input_files import place_of, study_files
from durable.runs.analysis import start_analysis
from durable.runs.files import other_inputs
from durable.runs.manifest import MANIFEST, PINNED, pinned, read_manifest
from durable.runs.pins import (
    Difference,
    changed_files,
    code_files,
    differences,
    digest,
    found_pins,
)

RERUN = Path("audit/rerun")
EVERY_KEY = N_("every key")
#: Differences of a file that are listed; the rest is counted.
_LISTED = 20


def run(
    config: Path, results: Path, workflow: Path, *, cores: int, allow: tuple[str, ...] = ()
) -> None:
    """Audit the analysis that a pinned configuration belongs to; write ``audit/verdict.*``.

    Parameters
    ----------
    config
        Pinned configuration. Where a manifest lies beside it, the results around it are the ones
        that are audited: those of another clone, for example.
    results
        Folder of all results; the verdict and the repetition go to the analysis's folder there.
    workflow
        Folder of the workflow.
    cores
        Jobs at a time.
    allow
        What may differ from the pins: ``code``, ``environment``.

    Raises
    ------
    UserError
        Where anything differs, once the verdict is written; and where there is nothing to audit.
    """
    plan = load(config)
    folder = results / plan.analysis.id
    if plan.pins is None:
        raise UserError(
            f"{config} pins nothing: a finished analysis is audited by"
            f" --configfile {folder / PINNED}"
        )
    beside = (config.parent / MANIFEST.name).is_file()
    recorded = config.parent.parent if beside else folder
    manifest = read_manifest(recorded / MANIFEST)
    statuses = [
        *_plan(plan, manifest),
        *_inputs(plan, manifest),
        *pin_statuses(plan, manifest, workflow, allow),
        *disk_statuses(recorded, manifest),
        *verified_statuses(verify_results(recorded.absolute()).checks),
    ]
    refused = [status for status in statuses if status.kind in PINNED_KINDS and not status.good]
    if not refused:
        statuses += _repeated(plan, folder, recorded, manifest, workflow, cores)
    acts = recorded_acts(recorded.absolute().parent, plan.analysis.id)
    conclude(plan, folder, recorded, statuses, acts, refused=bool(refused))


def conclude(
    plan: Plan,
    folder: Path,
    recorded: Path,
    statuses: list[Status],
    acts: list[Act],
    *,
    refused: bool,
) -> None:
    """Write the verdict and say it.

    Parameters
    ----------
    folder
        Where ``audit/verdict.*`` goes.
    recorded
        The results that are audited.
    acts
        Who ran and signed them.
    refused
        Whether nothing was repeated.

    Raises
    ------
    UserError
        Where anything differs.
    """
    verdict = verdict_sentence(statuses, refused)
    write_verdict(plan, folder, recorded, verdict, statuses, acts)
    shown = "\n".join(f"  {_line(status)}" for status in statuses if status.status not in GOOD)
    message = "\n".join(filter(None, [f"{verdict}: {folder / VERDICT}.html", shown]))
    if not all(status.good for status in statuses):
        raise UserError(message)
    print(message)


def _line(status: Status) -> str:
    found = f": found {status.found}; expected {status.expected}" if status.found else ""
    detail = f": {status.detail}" if status.detail else ""
    return f"{status.kind} {status.name} {status.status}{found}{detail}"


def _status(difference: Difference, allow: tuple[str, ...]) -> Status:
    status = ALLOWED if difference.kind in allow else DIFFERS
    return Status(difference.kind, difference.name, status, difference.expected, difference.found)


def _plan(plan: Plan, manifest: Mapping[str, Any]) -> Iterator[Status]:
    """The pinned plan against the one in the manifest, key by key."""
    now = plan.model_dump(mode="json", exclude=NO_ANALYSIS)
    found = list(key_differences(manifest["plan"]["value"], now))
    for key, before, after in found:
        yield Status("plan", key, DIFFERS, before, after)
    if not found:
        yield Status("plan", EVERY_KEY, AS_PINNED, manifest["plan"]["sha256"])


def _inputs(plan: Plan, manifest: Mapping[str, Any]) -> Iterator[Status]:
    expected = {entity["id"]: entity["sha256"] for entity in manifest["inputs"]}
    for given in study_files(plan.inputs):
        yield _input(given.path, expected.get(f"#input-{given.name}"), given.sha256)
    for name, file in other_inputs(plan).items():
        pin = expected.get(f"#input-{name}")
        # Of the earlier listing the pins say the same; its numbers of records may not be there.
        if name != "queries_since" and (pin or Path(file).is_file()):
            yield _input(file, pin, pin)


def _input(file: str, pin: str | None, given: str | None) -> Status:
    """An input against its digest in the manifest and in the pinned configuration."""
    found = sha256(Path(file)) if Path(file).is_file() else NO_FILE
    if found == pin == given:
        return Status("input", file, AS_PINNED, found)
    return Status("input", file, DIFFERS, pin or NO_KEY, found)


def pin_statuses(
    plan: Plan, manifest: Mapping[str, Any], workflow: Path, allow: tuple[str, ...]
) -> Iterator[Status]:
    """Code file by file where the manifest tells them, environment package by package."""
    assert plan.pins is not None  # noqa: S101  (refused before)
    now = found_pins(workflow, plan)
    found = list(differences(plan.pins, now))
    files = manifest["code"]["files"]
    if digest(files) == plan.pins.code:
        found = [d for d in found if d.kind != "code"]
        found += changed_files(files, code_files(workflow))
    yield from (_status(difference, allow) for difference in found)
    for kind, name, value in (
        ("code", N_("package and workflow"), now.code),
        ("environment", N_("Python, packages, lock file"), now.lock or ""),
        ("input", "outputs.queries_since", now.listing),
    ):
        if value is not None and not any(difference.kind == kind for difference in found):
            yield Status(kind, name, AS_PINNED, value)


def disk_statuses(recorded: Path, manifest: Mapping[str, Any]) -> Iterator[Status]:
    """Files that were altered, removed or added since the run."""
    for file in file_changes(recorded, manifest):
        yield Status("output", file.name, file.change, file.expected, file.found)


def verified_statuses(checks: Iterable[Check]) -> Iterator[Status]:
    """History, record and signatures, as ``durable verify`` checks them."""
    for check in checks:
        if check.kind != "output":
            status = VERIFIED if check.good else check.state.value
            yield Status(check.kind, check.name, status, detail=check.detail)


def _repeated(
    plan: Plan,
    folder: Path,
    recorded: Path,
    manifest: Mapping[str, Any],
    workflow: Path,
    cores: int,
) -> Iterator[Status]:
    """Every file of a repetition against the recorded one."""
    place = folder / RERUN
    failure = _repeat(plan, place, workflow, cores)
    if failure:
        yield Status("output", N_("all"), N_("repetition failed"), detail=failure)
        return
    yield from repetition_statuses(manifest, recorded, place / "results" / plan.analysis.id)


def repetition_statuses(
    manifest: Mapping[str, Any], recorded: Path, again: Path
) -> Iterator[Status]:
    """Every file of a repetition, in the folder `again`, against the recorded one."""
    for entity in manifest["outputs"]:
        name, expected = entity["id"], entity["sha256"]
        found = sha256(again / name) if (again / name).is_file() else NO_FILE
        on_disk = recorded / name
        detail = _detail(on_disk, again / name)
        if found != expected:
            yield Status("output", name, DIFFERS_REPEATED, expected, found, detail)
        elif detail:
            # The record holds: the cells say what was altered on disk.
            on_disk_now = Text(N_("on disk {changes}"), changes=detail)
            yield Status("output", name, IDENTICAL, expected, detail=on_disk_now)
        else:
            yield Status("output", name, IDENTICAL, expected)


def _detail(before: Path, after: Path) -> str:
    """Cells that differ between two files, the first of them in words."""
    if not (before.is_file() and after.is_file()) or before.read_bytes() == after.read_bytes():
        return ""
    found = list(itertools.islice(changes(before, after), 10_000))
    if not found:
        return Text(N_("bytes differ, no cell does"))
    listed = joined_texts(N_("{first}; {second}"), [change.text for change in found[:_LISTED]])
    if len(found) > _LISTED:
        listed = Text(N_("{listed}; {n} more"), listed=listed, n=len(found) - _LISTED)
    return Text(N_("{n} cell(s): {listed}"), n=len(found), listed=listed)


def _repeat(plan: Plan, place: Path, workflow: Path, cores: int) -> str:
    """Run the whole analysis again in `place`; what went wrong, empty where nothing did."""
    if place.exists():
        shutil.rmtree(place)
    values = plan.model_dump(mode="json", exclude=NO_ANALYSIS)
    files = [
        (place_of(values["inputs"], file), "folder" if file.is_domain else "path")
        for file in study_files(plan.inputs)
    ]
    others = [(values["inputs"], "checksums"), (values["outputs"], "queries_since")]
    for given, key in (*files, *others):
        if given.get(key) is not None:
            given[key] = str(Path(given[key]).absolute())
    # The repetition is thrown away by the next one.
    values["outputs"]["locked"] = False
    config = place / "analysis.yaml"
    write_text(config, pinned(values, None))
    log = place / "analysis.log"
    status = start_analysis(
        config,
        place / "results",
        log,
        until="export",
        workflow=workflow,
        cores=cores,
        compiled=False,
    )
    if status == 0:
        return ""
    tail = log.read_text("utf-8", errors="replace").strip().splitlines()[-5:]
    text = N_("exit status {status}, see {log}: {tail}")
    return Text(text, status=status, log=log, tail=" / ".join(tail))
