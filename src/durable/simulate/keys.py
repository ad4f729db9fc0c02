"""What identifies an estimate: the scenario, the definitions, its name and its method."""

from __future__ import annotations

from typing import NamedTuple

MEDIAN = "median DOR"
_RATE, _EVENT_FREE, _MONTHS = "rate ", "DOR at ", " months"


class Key(NamedTuple):
    """Identifies an estimate over the trials: the columns SCENARIO, DEFN, ESTIMATE and METHOD."""

    scenario: str
    definition: str
    estimate: str
    method: str


def rate_name(visit: str) -> str:
    """Name of the improvement rate at a visit: ``rate M3``."""
    return _RATE + visit


def visit_of_rate(estimate: str) -> str | None:
    """Visit of an improvement rate; None for another estimate."""
    return estimate.removeprefix(_RATE) if estimate.startswith(_RATE) else None


def landmark_name(months: float) -> str:
    """Name of the event-free rate at a landmark: ``DOR at 6 months``."""
    return f"{_EVENT_FREE}{months:g}{_MONTHS}"


def months_of_landmark(estimate: str) -> float | None:
    """Months of the landmark of an event-free rate; None for another estimate."""
    if not estimate.startswith(_EVENT_FREE):
        return None
    return float(estimate.removeprefix(_EVENT_FREE).removesuffix(_MONTHS))
