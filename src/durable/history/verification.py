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
from durable.history.parts import check_part, part_places
from durable.history.records import read_record, trust_of
from durable.history.states import Check, State, overall
from durable.language import N_, Text
from durable.runs.manifest import MANIFEST, RUN, read_started


@dataclass(frozen=True)
class Verification:
    """What was found of the results of an analysis."""

    folder: Path
    checks: tuple[Check, ...]

    @property
    def state(self) -> State:
        """The one of the four states that the results are in."""
        return overall(self.checks)


def verify_results(
    folder: Path, signers: Path | None = None, authority: Path | None = None
) -> Verification:
    """What was found of the results of an analysis.

    Parameters
    ----------
    folder
        Results of the analysis; the history lies beside it.
    signers
        The allowed_signers file; None: that of the recorded plan.
    authority
        Certificates of the authority for time stamps; None: those of the recorded plan.
    """
    return _verified(folder, _checks(folder, signers, authority))


def verify_part(folder: Path, place: str) -> Verification:
    """What was found of a part of an analysis: its simulation, its series, a comparison.

    Parameters
    ----------
    folder
        Results of the analysis.
    place
        Where the part lies in them.
    """
    history, check = _read_history(folder)
    believed = history if check.good else History()
    return _verified(folder / place, itertools.chain([check], check_part(folder, place, believed)))


def _verified(folder: Path, found: Iterator[Check]) -> Verification:
    checks: list[Check] = []
    try:
        for check in found:
            checks.append(check)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        said = Text(N_("an entry of this analysis is none that a run or a signature writes"))
        checks.append(Check("history", N_("entries"), State.UNVERIFIABLE, said))
    return Verification(folder, tuple(checks))


def _checks(folder: Path, signers: Path | None, authority: Path | None) -> Iterator[Check]:
    history, check = _read_history(folder)
    places = part_places(folder, history)
    runs = history.of(folder.name, RECORDED)
    if not (folder / MANIFEST).is_file() and (runs or not places):
        said = Text(N_("not there: no run has completed and recorded these results"))
        yield Check("record", str(MANIFEST), State.INCOMPLETE, said)
        return
    begun, recorded = read_started(folder).get("time"), _time_recorded(folder)
    if begun is not None and begun != recorded:
        text = N_("a run that began at {time} has not ended, or has failed; start snakemake again")
        said = Text(text, time=begun)
        yield Check("record", N_("run"), State.INCOMPLETE, said)
        return
    yield check
    # One that does not hold says nothing of the results.
    believed = history if check.good else History()
    if (folder / MANIFEST).is_file():
        yield from _check_analysis(folder, believed, signers, authority)
    for place in places:
        yield from check_part(folder, place, believed)


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
        said = Text(N_("the results are those of the analysis {id}"), id=record.analysis)
        yield Check("record", folder.name, State.UNVERIFIABLE, said)
        return
    yield from check_files(folder, record.manifest)
    if not history.entries:
        return
    runs = history.of(folder.name, RECORDED)
    if not runs:
        said = Text(N_("the history has no run of this analysis"))
        yield Check("record", str(MANIFEST), State.UNVERIFIABLE, said)
        return
    yield from check_record(folder, runs)
    if record.locked != is_final(history, folder.name):
        said = Text(N_("the history and the recorded plan differ on whether the results are final"))
        yield Check("record", "outputs.locked", State.UNVERIFIABLE, said)
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
        said = Text(text, n=history.torn[0][0])
        return Check("history", HISTORY, State.UNVERIFIABLE, said)
    named = read_receipt(folder / RECEIPT)
    if named is None:
        said = Text(N_("{file} does not name an entry"), file=RECEIPT)
        return Check("history", HISTORY, State.UNVERIFIABLE, said)
    if not history.holds(*named):
        text = N_("it lacks entry {n} as {file} names it: cut, exchanged or edited")
        said = Text(text, n=named[0], file=RECEIPT)
        return Check("history", HISTORY, State.UNVERIFIABLE, said)
    number, digest = history.head
    said = Text(N_("unbroken up to entry {n}, {digest}"), n=number, digest=digest)
    recovered = [str(entry.number) for entry in history.entries if "torn" in entry.values]
    if recovered:
        text = N_("{chain}; entry {numbers} tells of an interrupted append")
        said = Text(text, chain=said, numbers=", ".join(recovered))
    return Check("history", HISTORY, State.VERIFIED, said)
