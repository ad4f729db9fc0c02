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
from durable.plan.input_files import file_section, study_files
from durable.runs.analysis import start_analysis
from durable.runs.files import other_inputs
from durable.runs.manifest import MANIFEST, PINNED, pinned_yaml, read_manifest
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
        Pinned configuration. Where a manifest lies beside it, the results that both lie in are the
        ones that are audited: those of another clone, for example; else those in `results`.
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
        Where anything differs that is not allowed, once the verdict is written; and where the
        configuration has no pins, or the analysis no manifest.
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
        statuses += _repeat_and_compare(plan, folder, recorded, manifest, workflow, cores)
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
    """Write the verdict; print its sentence and every status that is not in `GOOD`.

    Parameters
    ----------
    folder
        Folder of results that ``audit/verdict.*`` is written below.
    recorded
        Folder of the results that are audited.
    acts
        Who ran and who signed them.
    refused
        Whether nothing was repeated, as something pinned differs.

    Raises
    ------
    UserError
        With the same text instead of printing, where a status is not good (`Status.good`).
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
    values = plan.model_dump(mode="json", exclude=NO_ANALYSIS)
    changed_keys = list(key_differences(manifest["plan"]["value"], values))
    for key, before, after in changed_keys:
        yield Status("plan", key, DIFFERS, before, after)
    if not changed_keys:
        yield Status("plan", EVERY_KEY, AS_PINNED, manifest["plan"]["sha256"])


def _inputs(plan: Plan, manifest: Mapping[str, Any]) -> Iterator[Status]:
    expected = {entity["id"]: entity["sha256"] for entity in manifest["inputs"]}
    for study_file in study_files(plan.inputs):
        yield _input(study_file.path, expected.get(f"#input-{study_file.name}"), study_file.sha256)
    for name, file in other_inputs(plan).items():
        pin = expected.get(f"#input-{name}")
        # Of the earlier listing the pins say the same; its numbers of records may not be there.
        if name != "queries_since" and (pin or Path(file).is_file()):
            yield _input(file, pin, pin)


def _input(file: str, pin: str | None, configured: str | None) -> Status:
    """An input against its digest in the manifest and in the pinned configuration."""
    actual = sha256(Path(file)) if Path(file).is_file() else NO_FILE
    if actual == pin == configured:
        return Status("input", file, AS_PINNED, actual)
    return Status("input", file, DIFFERS, pin or NO_KEY, actual)


def pin_statuses(
    plan: Plan, manifest: Mapping[str, Any], workflow: Path, allow: tuple[str, ...]
) -> Iterator[Status]:
    """Code, environment and earlier listing of today against the pins of a plan, which it has.

    One status for each that differs: code file by file where the manifest has the pinned files, the
    environment package by package. One ``as pinned`` for each of the three kinds that agrees;
    none for the listing where the plan names none.

    Parameters
    ----------
    workflow
        Folder of the workflow.
    allow
        Kinds that may differ, ``code`` or ``environment``: their status is then ALLOWED.
    """
    assert plan.pins is not None  # noqa: S101  (refused before)
    pins = found_pins(workflow, plan)
    pin_differences = list(differences(plan.pins, pins))
    files = manifest["code"]["files"]
    if digest(files) == plan.pins.code:
        pin_differences = [d for d in pin_differences if d.kind != "code"]
        pin_differences += changed_files(files, code_files(workflow))
    yield from (_status(difference, allow) for difference in pin_differences)
    for kind, name, value in (
        ("code", N_("package and workflow"), pins.code),
        ("environment", N_("Python, packages, lock file"), pins.lock or ""),
        ("input", "outputs.queries_since", pins.listing),
    ):
        if value is not None and not any(difference.kind == kind for difference in pin_differences):
            yield Status(kind, name, AS_PINNED, value)


def disk_statuses(recorded: Path, manifest: Mapping[str, Any]) -> Iterator[Status]:
    """A status for each file that was altered, removed or added since the run; none without.

    Parameters
    ----------
    recorded
        Folder of the results that are audited.
    """
    for file in file_changes(recorded, manifest):
        yield Status("output", file.name, file.change, file.expected, file.found)


def verified_statuses(checks: Iterable[Check]) -> Iterator[Status]:
    """A status for each check of ``durable verify``, but for those of output files.

    It is VERIFIED for a good check, else the state of the check; `disk_statuses` has the files.
    """
    for check in checks:
        if check.kind != "output":
            status = VERIFIED if check.good else check.state.value
            yield Status(check.kind, check.name, status, detail=check.detail)


def _repeat_and_compare(
    plan: Plan,
    folder: Path,
    recorded: Path,
    manifest: Mapping[str, Any],
    workflow: Path,
    cores: int,
) -> Iterator[Status]:
    """Repeat an analysis; then as `repetition_statuses`, or one status that it has failed."""
    rerun = folder / RERUN
    failure = _repeat(plan, rerun, workflow, cores)
    if failure:
        yield Status("output", N_("all"), N_("repetition failed"), detail=failure)
        return
    yield from repetition_statuses(manifest, recorded, rerun / "results" / plan.analysis.id)


def repetition_statuses(
    manifest: Mapping[str, Any], recorded: Path, repeated: Path
) -> Iterator[Status]:
    """A status for each output of a manifest: whether its repetition has the recorded SHA-256.

    The detail says which cells differ between the file on disk and the repeated one, or that only
    bytes do; also where the repetition agrees and the file on disk was altered.

    Parameters
    ----------
    recorded
        Folder of the results that are audited.
    repeated
        Folder of the results of the repetition.
    """
    for entity in manifest["outputs"]:
        name, expected = entity["id"], entity["sha256"]
        found_digest = sha256(repeated / name) if (repeated / name).is_file() else NO_FILE
        on_disk = recorded / name
        detail = _detail(on_disk, repeated / name)
        if found_digest != expected:
            yield Status("output", name, DIFFERS_REPEATED, expected, found_digest, detail)
        elif detail:
            # The record holds: the cells say what was altered on disk.
            on_disk_now = Text(N_("on disk {changes}"), changes=detail)
            yield Status("output", name, IDENTICAL, expected, detail=on_disk_now)
        else:
            yield Status("output", name, IDENTICAL, expected)


def _detail(before: Path, after: Path) -> str:
    """Cells that differ between two files, the first `_LISTED` in words.

    Empty where the bytes are the same or one file is not there.
    """
    if not (before.is_file() and after.is_file()) or before.read_bytes() == after.read_bytes():
        return ""
    cell_changes = list(itertools.islice(changes(before, after), 10_000))
    if not cell_changes:
        return Text(N_("bytes differ, no cell does"))
    listed = joined_texts(
        N_("{first}; {second}"), [change.text for change in cell_changes[:_LISTED]]
    )
    if len(cell_changes) > _LISTED:
        listed = Text(N_("{listed}; {n} more"), listed=listed, n=len(cell_changes) - _LISTED)
    return Text(N_("{n} cell(s): {listed}"), n=len(cell_changes), listed=listed)


def _repeat(plan: Plan, folder: Path, workflow: Path, cores: int) -> str:
    """Run the whole analysis again in a new `folder`; what went wrong, empty where nothing did."""
    if folder.exists():
        shutil.rmtree(folder)
    values = plan.model_dump(mode="json", exclude=NO_ANALYSIS)
    files = [
        (file_section(values["inputs"], file), "folder" if file.is_domain else "path")
        for file in study_files(plan.inputs)
    ]
    others = [(values["inputs"], "checksums"), (values["outputs"], "queries_since")]
    for section, key in (*files, *others):
        if section.get(key) is not None:
            section[key] = str(Path(section[key]).absolute())
    # The repetition is thrown away by the next one.
    values["outputs"]["locked"] = False
    config = folder / "analysis.yaml"
    write_text(config, pinned_yaml(values, None))
    log = folder / "analysis.log"
    status = start_analysis(
        config,
        folder / "results",
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
