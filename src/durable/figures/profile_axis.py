"""The time axis of a patient profile: days on a wide scale at first, months on a narrow one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Day at which the scale changes, and the part of the width before it.
BREAK_DAY, _EARLY = 35.0, 0.42
#: The scale does not change where follow-up is shorter than this.
_SHORT = 3 * BREAK_DAY
_EARLY_TICKS = (-56, -28, 0, 7, 14, 28)
_MONTHS = (1, 3, 6, 12, 24, 60)


@dataclass(frozen=True)
class TimeAxis:
    """The time axis of a profile, on which days since infusion have a position in millimetres."""

    first: float
    last: float
    """First and last day of the axis."""
    left: float
    width: float
    """Left end and length of the axis, millimetres."""
    days_per_month: float

    @property
    def broken(self) -> bool:
        """Whether the scale changes at `BREAK_DAY`: where the last day is beyond 105."""
        return self.last > _SHORT

    def positions(self, days: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions of days, millimetres; of those outside the axis its ends."""
        ends, parts = [self.first, self.last], [0.0, 1.0]
        if self.broken:
            ends.insert(1, BREAK_DAY)
            parts.insert(1, _EARLY)
        return self.left + self.width * np.interp(days, ends, parts)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Day and label of each tick: days at first (``28``), months (``M6``) after the break."""
        end = BREAK_DAY if self.broken else self.last
        step = 1 if end <= 42 else 2
        early = [(float(day), f"{day}") for day in _EARLY_TICKS[::step] if self.first <= day <= end]
        if not self.broken:
            return [*early, *self._regular_ticks(28, 28, "")] if self.last > 28 * step else early
        last_month = self.last / self.days_per_month
        every = next((months for months in _MONTHS if last_month / months <= 8), _MONTHS[-1])
        months = range(max(every, 3), int(last_month + 0.2) + 1, every)
        return [*early, *((month * self.days_per_month, f"M{month}") for month in months)]

    def _regular_ticks(self, step: int, start: int, prefix: str) -> list[tuple[float, str]]:
        days: Sequence[int] = range(start + step, int(self.last) + 1, step)
        return [(float(day), f"{prefix}{day}") for day in days]
