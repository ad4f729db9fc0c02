"""Command ``verify``: which analyses, and what is printed of each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from durable.errors import UserError
from durable.history.chain import HISTORY, BrokenHistoryError, read_history
from durable.history.records import read_record
from durable.history.states import State
from durable.history.today import check_today
from durable.history.verification import Verification, verify_results
from durable.plan import Plan


def analyses(results: Path) -> list[Path]:
    """Folder of each analysis, by name: those in `results`, and those that the history names.

    One that only the history names need not exist. Of a broken or missing history no names are
    taken; hidden folders are left out.
    """
    names = {path.name for path in results.glob("[!.]*") if path.is_dir()}
    try:
        entries = read_history(results / HISTORY).entries
    except BrokenHistoryError:
        entries = ()
    names |= {str(entry.values["analysis"]) for entry in entries if "analysis" in entry.values}
    return [results / name for name in sorted(names)]


def verify(
    folders: Iterable[Path],
    plan: Plan | None = None,
    *,
    signers: Path | None = None,
    authority: Path | None = None,
) -> int:
    """Verify analyses and print each check and each state; the exit status.

    It is 0 where every analysis is complete and verified, else 1.

    Parameters
    ----------
    folders
        Results of each analysis.
    plan
        Plan of today; its sections and the input files of today are then checked against what was
        recorded (`check_today`). None: no such comparison.
    signers, authority
        As of `verify_results`.

    Raises
    ------
    UserError
        Where `folders` is empty.
    """
    states = []
    for folder in folders:
        verification = verify_results(folder, signers, authority)
        record = read_record(folder)
        if plan is not None and record is not None:
            verification = Verification(folder, (*verification.checks, *check_today(plan, record)))
        print(*verification.checks, sep="\n")
        print(f"{folder}: {verification.state.value}")
        states.append(verification.state)
    if not states:
        raise UserError("no results here; expected those of an analysis, in results/ID")
    return int(set(states) != {State.VERIFIED})
