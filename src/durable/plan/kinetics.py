"""The section ``kinetics``: how concentrations of the cells are analysed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from durable.sections import Days, FromOne, ListOf, Name, NonEmptyList, Section, unique_by


class Persistence(Section):
    """A time point at which persistence of the cells is reported."""

    label: Name
    """Name of the time point."""
    day: FromOne
    """Target day after infusion."""
    window: Days
    """Days before and after it."""


class Exposure(Section):
    """An area under the curve."""

    day: FromOne
    """Last day of the area."""
    extrapolation_days: Days
    """A profile still quantifiable at its last sample is extrapolated on its terminal slope, and
    flagged, when that sample lies at most this many days before the end; else not calculable."""


class Kinetics(Section):
    """Cellular kinetics: non-compartmental analysis per subject, assay and unit."""

    method: Literal["lin-up log-down", "linear"] = "lin-up log-down"
    """Rule of the area under the curve (PKNCA's default, or linear throughout)."""
    auc: Annotated[NonEmptyList[Exposure], unique_by("day")] = (
        Exposure(day=28, extrapolation_days=3),
        Exposure(day=90, extrapolation_days=14),
    )
    """Areas under the curve from the infusion on; the one to day 90 is registered."""
    persistence: Annotated[ListOf[Persistence], unique_by("label")] = (
        Persistence(label="D28", day=28, window=3),
        Persistence(label="M2", day=60, window=14),
        Persistence(label="M3", day=90, window=14),
    )
    """Time points of persistence."""
    last_day: FromOne = 104
    """Last day of the samples that Cmax, Tmax, Tlast and the areas are of: the end of the window of
    month 3, as they are registered for three months. Later samples show persistence only."""

    @model_validator(mode="after")
    def _areas_within_the_samples(self) -> Kinetics:
        last = max(area.day for area in self.auc)
        if last > self.last_day:
            raise ValueError(f"last_day of at least {last}, the last day of an area in auc")
        return self
