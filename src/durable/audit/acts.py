"""Who ran and who signed what is audited, when and why, as the history of the study says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from durable.history.chain import HISTORY, BrokenHistoryError, Entry, read_history
from durable.history.events import RECORDED, SIGNED
from durable.language import N_


@dataclass(frozen=True)
class Act:
    """A run that recorded the results, or a signature of them."""

    what: str
    """``run``, or the meaning of a signature."""
    who: str
    when: str
    reason: str
    file: str = ""
    """Of a signature: its statement among the signatures."""


def recorded_acts(results: Path, analysis: str, event: str = RECORDED) -> list[Act]:
    """The last recording of some results, and the signatures since.

    Parameters
    ----------
    results
        Folder of all results, where the history lies.
    event
        What recorded them: the run of the analysis, or the place of a part of it.

    Returns
    -------
    list of Act
        None where the history holds no such event or cannot be read: the checks of the audit then
        say so.
    """
    try:
        history = read_history(results / HISTORY)
        recorded = history.of(analysis, event)[-1:]
        signed = history.of(analysis, SIGNED) if event == RECORDED else []
        return [*map(_run, recorded), *_signatures(recorded, signed)]
    except (BrokenHistoryError, AttributeError, KeyError, TypeError):
        return []


def _run(entry: Entry) -> Act:
    user = entry.values["user"]
    who = f"{user['name']} ({user['login']})" if user["name"] else user["login"]
    return Act(N_("run"), who, entry.values["time"], entry.values["reason"])


def _signatures(recorded: list[Entry], signed: list[Entry]) -> Iterator[Act]:
    """The signatures of what was recorded last; earlier ones count no longer."""
    for entry in signed:
        if recorded and entry.number > recorded[-1].number:
            values = entry.values
            who = f"{values['signer']['name']} ({values['signer']['login']}; {values['identity']})"
            yield Act(values["meaning"], who, values["time"], values["reason"], str(values["file"]))
