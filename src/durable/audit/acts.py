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
    """Full name and login of who ran it; of a signature also the identity of the key."""
    when: str
    """Time of the entry in the history, ISO 8601."""
    reason: str
    """As declared; empty where none was."""
    file: str = ""
    """Of a signature: name of its statement in the folder of the signatures; else empty."""


def recorded_acts(results: Path, analysis: str, event: str = RECORDED) -> list[Act]:
    """The run that last recorded some results, then the signatures since, in their order.

    Parameters
    ----------
    results
        Folder of all results, where the history lies.
    analysis
        Identifier of the analysis.
    event
        Event of the history that recorded them: ``run`` for the analysis, or the path of a part of
        it, as ``simulation``. Of a part no signatures are listed.

    Returns
    -------
    list of Act
        Empty where the history holds no such event or cannot be read: the checks of the audit then
        say so.
    """
    try:
        history = read_history(results / HISTORY)
        recorded = history.entries_of(analysis, event)[-1:]
        signed = history.entries_of(analysis, SIGNED) if event == RECORDED else []
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
