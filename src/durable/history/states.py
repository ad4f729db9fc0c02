"""The four states of an analysis, and the checks that decide which one it is in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from durable.language import N_


class State(Enum):
    """State of a check or of an analysis, the best first; of several the last one counts."""

    VERIFIED = N_("complete and verified")
    INCOMPLETE = N_("incomplete")
    UNVERIFIABLE = N_("not verifiable")
    CHANGED = N_("changed since")

    @property
    def good(self) -> bool:
        """Whether it is VERIFIED, the only state with exit status 0."""
        return self is State.VERIFIED


@dataclass(frozen=True)
class Check:
    """Outcome of one check of an analysis; as text ``kind name: state: detail``.

    The text of a good one leaves the state out.
    """

    kind: str
    """``history``, ``record``, ``output``, ``signature``, ``approval``, ``timestamp``, ``part``;
    of `history.today` also ``plan`` and ``input``."""
    name: str
    """The file or the meaning that it is about."""
    state: State
    detail: str
    """What was found, in words."""

    @property
    def good(self) -> bool:
        """Whether the state is VERIFIED."""
        return self.state.good

    def __str__(self) -> str:
        state = "" if self.good else f"{self.state.value}: "
        return f"{self.kind} {self.name}: {state}{self.detail}"


def overall(checks: Iterable[Check]) -> State:
    """The worst state of some checks, in the order VERIFIED, INCOMPLETE, UNVERIFIABLE, CHANGED.

    Raises
    ------
    ValueError
        Where there are no checks.
    """
    order = list(State)
    return max((check.state for check in checks), key=order.index)
