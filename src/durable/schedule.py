"""The section ``schedule`` of the plan: the scheduled assessments after infusion."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from durable.sections import Days, Name, Section


class Visit(Section):
    """One scheduled visit, counted in days from the infusion (day 0)."""

    visit: Name
    """Label of the visit, as in the visits table."""
    day: Annotated[int, Field(ge=1, le=36500)]
    """Target day: days after the infusion date."""
    window: Days
    """Days before and after the target that still belong to the visit."""

    @property
    def first_day(self) -> int:
        """First day of the window, never before the day after infusion."""
        return max(1, self.day - self.window)

    @property
    def last_day(self) -> int:
        """Last day of the window."""
        return self.day + self.window


def _visit(visit: str, day: int, window: int) -> Visit:
    return Visit(visit=visit, day=day, window=window)


DEFAULT_SCHEDULE = (
    _visit("D28", 28, 3),
    _visit("M2", 60, 14),
    _visit("M3", 90, 14),
    _visit("M6", 180, 14),
    _visit("M9", 270, 14),
    _visit("M12", 365, 30),
    _visit("M18", 548, 30),
    _visit("M24", 730, 30),
)
