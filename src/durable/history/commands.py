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
    """Folder of each analysis that has results, or has had some by the history."""
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
    """Verify analyses and print what was found; 0 where each is complete and verified, else 1.

    Parameters
    ----------
    folders
        Results of each analysis.
    plan
        Plan of today that the analysis is compared with; None: with none.
    signers, authority
        As of `verify_results`.

    Raises
    ------
    UserError
        Where there is nothing to verify.
    """
    states = []
    for folder in folders:
        found = verify_results(folder, signers, authority)
        record = read_record(folder)
        if plan is not None and record is not None:
            found = Verification(folder, (*found.checks, *check_today(plan, record)))
        print(*found.checks, sep="\n")
        print(f"{folder}: {found.state.value}")
        states.append(found.state)
    if not states:
        raise UserError("no results here; expected those of an analysis, in results/ID")
    return int(set(states) != {State.VERIFIED})
