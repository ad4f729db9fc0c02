"""Visits of a scenario: those of the plan, or another spacing after the improvement rate."""

from __future__ import annotations

from durable.plan import Scenario
from durable.schedule import Visit


def schedule_of(
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
    months = scenario.accrual_months + scenario.follow_up_months
    step = scenario.every_months * days_per_month
    window = min(kept[-1].window, (int(step) - 1) // 2)
    days: list[int] = []
    end = kept[-1].last_day
    while (day := round(kept[-1].day + (len(days) + 1) * step)) <= months * days_per_month:
        days.append(day)
    added = [
        Visit(visit=f"EVERY-{number}", day=day, window=window)
        for number, day in enumerate(days, start=1)
        if day - window > end
    ]
    return (*kept, *added)
