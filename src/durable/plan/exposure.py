"""The sections ``exposure`` and ``cells_outcome``: the doses given, and what the cells go with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import nan
from typing import Annotated

from pydantic import Field, field_validator

from durable.contracts.spelling import fold
from durable.doses import parse_dose
from durable.plan.findings import Finding, one_of
from durable.sections import FromOne, Line, Name, NonEmptyUniqueList, Positive, Section


class DoseExposure(Section):
    """From consent to infusion, and the dose received against the dose planned."""

    planned_cells_per_kg: dict[Line, Positive] = {}
    """Planned cells per kg of body weight, by dose level; a level that is not listed but named with
    its dose (1e7, 1x10^7) has that one."""
    planned_lymphodepletion: dict[Line, Positive] = {}
    """Planned total dose of each medicine of lymphodepletion, in the unit in which its doses are
    recorded; names as in lymphodepletion.medicine, whatever their case."""
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """A dose counts as given as planned where it differs by at most this share of the planned one;
    of the medicines of lymphodepletion the total dose."""

    @field_validator("planned_lymphodepletion")
    @classmethod
    def _each_medicine_once(cls, planned: dict[str, float]) -> dict[str, float]:
        if len({fold(name) for name in planned}) < len(planned):
            raise ValueError("each medicine once, whatever its case")
        return planned

    def planned_cells(self, level: str | None) -> float:
        """Planned cells per kg of a dose level, or those in its name (`parse_dose`); else NaN."""
        if level is None:
            return nan
        return self.planned_cells_per_kg.get(level, parse_dose(level))

    def planned_total(self, medicine: str) -> float:
        """Planned total dose of a medicine, whatever its case; NaN where the plan has none."""
        planned = {fold(name): dose for name, dose in self.planned_lymphodepletion.items()}
        return planned.get(fold(medicine), nan)


class CellsOutcome(Section):
    """Cellular kinetics against response, B cells and cytokine release, descriptive."""

    @property
    def visit_of_b_cells(self) -> str:
        """Visit whose B cells are taken: `depletion_visit`, else `visit`."""
        return self.depletion_visit or self.visit

    visit: Name
    """Visit of the improvement rate whose response is taken."""
    depletion_visit: Name | None = None
    """Scheduled visit whose B cells are taken, where there is a table laboratory; `visit` when
    empty."""
    parameters: NonEmptyUniqueList[Name] = ("CMAX", "AUC0_28")
    """Parameters of kinetics, by their code: CMAX, AUCLAST, and AUC0_ with the last day of an area
    in kinetics.auc."""
    crs_window_days: FromOne | None = None
    """Days after infusion in which cytokine release counts; the entire follow-up when empty."""


def cells_outcome_findings(
    section: CellsOutcome, visits: Sequence[str], scheduled: Sequence[str], areas: Sequence[int]
) -> Iterator[Finding]:
    """Findings on visits that are not analysed or scheduled, and on unknown parameters.

    Parameters
    ----------
    visits
        Visits of the improvement rate.
    scheduled
        Visits of the schedule.
    areas
        Last days of the areas under the curve.
    """
    if section.visit not in visits:
        expected = one_of(section.visit, visits)
        yield Finding("cells_outcome.visit", repr(section.visit), expected)
    if section.depletion_visit is not None and section.depletion_visit not in scheduled:
        expected = one_of(section.depletion_visit, scheduled)
        yield Finding("cells_outcome.depletion_visit", repr(section.depletion_visit), expected)
    known = ("CMAX", "AUCLAST", *(f"AUC0_{day}" for day in areas))
    for index, code in enumerate(section.parameters):
        if code not in known:
            expected = one_of(code, known)
            yield Finding(f"cells_outcome.parameters[{index}]", repr(code), expected)
