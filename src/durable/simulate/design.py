"""A scenario with its visits: those of the plan, or another spacing after the improvement rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from durable.plan import Plan, Scenario
from durable.schedule import Visit


@dataclass(frozen=True)
class Design:
    """What trials of a scenario are drawn from."""

    name: str
    """Name of the scenario."""
    scenario: Scenario
    schedule: tuple[Visit, ...]
    """Its visits, by day."""
    days_per_month: float

    @classmethod
    def of_plan(cls, plan: Plan, name: str) -> Design:
        """The design of a scenario of the plan."""
        scenario, days = plan.require_simulation().scenarios[name], plan.statistics.days_per_month
        return cls(name, scenario, scheduled_visits(scenario, plan.schedule, days), days)

    @property
    def is_rate_visit(self) -> npt.NDArray[np.bool_]:
        """Whether a visit is one of the improvement rate, for each of `schedule`."""
        return np.array([visit.visit in self.scenario.improvement for visit in self.schedule])


def scheduled_visits(
    scenario: Scenario, schedule: tuple[Visit, ...], days_per_month: float
) -> tuple[Visit, ...]:
    """Scheduled visits, by day.

    With ``every_months``, the visits after the last one of the improvement rate give way to visits
    at that spacing until the longest follow-up. Their window is that of the visit before them, or
    as much of it as keeps windows apart; one that would still meet another is left out.
    """
    planned = sorted(schedule, key=lambda visit: visit.day)
    if scenario.every_months is None:
        return tuple(planned)
    last = max(i for i, visit in enumerate(planned) if visit.visit in scenario.improvement)
    kept = planned[: last + 1]
    step = scenario.every_months * days_per_month
    longest = (scenario.accrual_months + scenario.follow_up_months) * days_per_month
    window = min(kept[-1].window, (int(step) - 1) // 2)
    days: list[int] = []
    while (day := round(kept[-1].day + (len(days) + 1) * step)) <= longest:
        days.append(day)
    added = [
        Visit(visit=f"EVERY-{number}", day=day, window=window)
        for number, day in enumerate(days, start=1)
        if day - window > kept[-1].last_day
    ]
    return (*kept, *added)
