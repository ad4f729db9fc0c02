"""Whether the results of an analysis are what was recorded: read from files, nothing is run.

No change goes unnoticed that leaves the history as it is, nor one of the history that leaves the
signatures as they are.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from durable.history.approvals import (
    check_approvals,
    check_earlier,
    check_signatures,
    check_stamps,
    check_unknown,
)
from durable.history.chain import (
    HISTORY,
    RECEIPT,
    BrokenHistoryError,
    History,
    read_history,
    read_receipt,
)
from durable.history.events import RECORDED, is_final
from durable.history.integrity import check_files, check_record
from durable.history.parts import check_part, part_names
from durable.history.records import read_record, trust_of
from durable.history.states import Check, State, overall
from durable.language import N_, Text
from durable.runs.manifest import MANIFEST, RUN, read_started


@dataclass(frozen=True)
class Verification:
    """The checks of the results of an analysis, or of a part of them."""

    folder: Path
    checks: tuple[Check, ...]

    @property
    def state(self) -> State:
        """The worst state of the checks (`overall`)."""
        return overall(self.checks)


def verify_results(
    folder: Path, signers: Path | None = None, authority: Path | None = None
) -> Verification:
    """Check the results of an analysis: history, record, files, signatures, approvals and parts.

    Only files are read. Damage is reported as a check, never raised; a run that has not ended
    makes a single check.

    Parameters
    ----------
    folder
        Results of the analysis; the history lies beside it.
    signers
        The allowed_signers file; None: that of the recorded plan.
    authority
        Certificates of the authority for time stamps; None: those of the recorded plan.
    """
    return _collect_checks(folder, _checks(folder, signers, authority))


def verify_part(folder: Path, part: str) -> Verification:
    """Check the history and one part of an analysis: its simulation, its series, a comparison.

    Parameters
    ----------
    folder
        Results of the analysis.
    part
        Path of the part in them, as ``simulation``, ``series`` or ``compare/OTHER``.
    """
    history, check = _read_history(folder)
    trusted_history = history if check.good else History()
    return _collect_checks(
        folder / part, itertools.chain([check], check_part(folder, part, trusted_history))
    )


def _collect_checks(folder: Path, checks: Iterator[Check]) -> Verification:
    completed_checks: list[Check] = []
    try:
        for check in checks:
            completed_checks.append(check)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        said = Text(N_("an entry of this analysis is none that a run or a signature writes"))
        completed_checks.append(Check("history", N_("entries"), State.UNVERIFIABLE, said))
    return Verification(folder, tuple(completed_checks))


def _checks(folder: Path, signers: Path | None, authority: Path | None) -> Iterator[Check]:
    history, check = _read_history(folder)
    parts = part_names(folder, history)
    runs = history.entries_of(folder.name, RECORDED)
    if not (folder / MANIFEST).is_file() and (runs or not parts):
        detail = Text(N_("not there: no run has completed and recorded these results"))
        if runs:
            text = N_("not there: removed or moved since the run of entry {n}, {time}, recorded it")
            detail = Text(text, n=runs[-1].number, time=runs[-1].values["time"])
        yield Check("record", str(MANIFEST), State.INCOMPLETE, detail)
        return
    time_started, time_recorded = read_started(folder).get("time"), _time_recorded(folder)
    if time_started is not None and time_started != time_recorded:
        text = N_("a run that began at {time} has not ended, or has failed; start snakemake again")
        detail = Text(text, time=time_started)
        yield Check("record", N_("run"), State.INCOMPLETE, detail)
        return
    yield check
    # One that does not hold says nothing of the results.
    trusted_history = history if check.good else History()
    if (folder / MANIFEST).is_file():
        yield from _check_analysis(folder, trusted_history, signers, authority)
    for part in parts:
        yield from check_part(folder, part, trusted_history)


def _check_analysis(
    folder: Path, history: History, signers: Path | None, authority: Path | None
) -> Iterator[Check]:
    """The results of an analysis; by its files alone where the history is empty."""
    record = read_record(folder)
    if record is None:
        yield Check(
            "record", str(MANIFEST), State.CHANGED, Text(N_("not the manifest that a run writes"))
        )
        return
    if record.analysis != folder.name:
        detail = Text(N_("the results are those of the analysis {id}"), id=record.analysis)
        yield Check("record", folder.name, State.UNVERIFIABLE, detail)
        return
    yield from check_files(folder, record.manifest)
    if not history.entries:
        return
    runs = history.entries_of(folder.name, RECORDED)
    if not runs:
        detail = Text(N_("the history has no run of this analysis"))
        yield Check("record", str(MANIFEST), State.UNVERIFIABLE, detail)
        return
    yield from check_record(folder, runs)
    if record.locked != is_final(history, folder.name):
        detail = Text(
            N_("the history and the recorded plan differ on whether the results are final")
        )
        yield Check("record", "outputs.locked", State.UNVERIFIABLE, detail)
    trust = trust_of(record, folder, signers, authority)
    signatures = list(check_signatures(folder, history, trust))
    yield from (signature.check for signature in signatures)
    yield from check_earlier(folder, history)
    yield from check_unknown(folder, history)
    yield from check_stamps(folder, history, trust)
    yield from check_approvals(folder, history, record.governance, signatures)


def _time_recorded(folder: Path) -> object:
    """When the run began that recorded the results; None where run.json does not say it."""
    try:
        return json.loads((folder / RUN).read_text("utf-8"))["started"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read_history(folder: Path) -> tuple[History, Check]:
    """The history of the study, and whether it holds; an empty one where it is broken."""
    try:
        history = read_history(folder.parent / HISTORY)
    except BrokenHistoryError as error:
        return History(), Check("history", HISTORY, State.UNVERIFIABLE, error.args[0])
    return history, _check_history(folder, history)


def _check_history(folder: Path, history: History) -> Check:
    if history.torn:
        text = N_(
            "line {n} is torn, as by a loss of power; the next run or signature ends it and says so"
        )
        detail = Text(text, n=history.torn[0][0])
        return Check("history", HISTORY, State.UNVERIFIABLE, detail)
    receipt = read_receipt(folder / RECEIPT)
    if receipt is None:
        detail = Text(N_("{file} does not name an entry"), file=RECEIPT)
        return Check("history", HISTORY, State.UNVERIFIABLE, detail)
    if not history.holds(*receipt):
        text = N_("it lacks entry {n} as {file} names it: cut, exchanged or edited")
        detail = Text(text, n=receipt[0], file=RECEIPT)
        return Check("history", HISTORY, State.UNVERIFIABLE, detail)
    number, digest = history.head
    detail = Text(N_("unbroken up to entry {n}, {digest}"), n=number, digest=digest)
    recovered = [str(entry.number) for entry in history.entries if "torn" in entry.values]
    if recovered:
        text = N_("{chain}; entry {numbers} tells of an interrupted append")
        detail = Text(text, chain=detail, numbers=", ".join(recovered))
    return Check("history", HISTORY, State.VERIFIED, detail)
