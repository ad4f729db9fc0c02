"""The four states of an analysis, and the checks that decide which one it is in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from durable.language import N_


class State(Enum):
    """What can be said of an analysis; of several the last one counts."""

    VERIFIED = N_("complete and verified")
    INCOMPLETE = N_("incomplete")
    UNVERIFIABLE = N_("not verifiable")
    CHANGED = N_("changed since")

    @property
    def good(self) -> bool:
        """Whether it is the first of the four: the only one with exit status 0."""
        return self is State.VERIFIED


@dataclass(frozen=True)
class Check:
    """One thing that was checked."""

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
        """Whether it is no reason to doubt the analysis."""
        return self.state.good

    def __str__(self) -> str:
        said = "" if self.good else f"{self.state.value}: "
        return f"{self.kind} {self.name}: {said}{self.detail}"


def overall(checks: Iterable[Check]) -> State:
    """The state that several checks come to: that of the worst."""
    order = list(State)
    return max((check.state for check in checks), key=order.index)
