"""The section ``deviations``: what counts as a deviation from the protocol (docs/deviations.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from durable.jdm.eligibility_keys import TherapyClass
from durable.plan.findings import Finding, one_of
from durable.sections import FromOne, Line, Name, NonEmptyUniqueList, Section, UniqueList

#: Categories, each by its key; `durable.vocabulary` has their words in the same order.
Category = Literal[
    "eligibility",
    "dose",
    "lymphodepletion",
    "number_infused",
    "visit_window",
    "core_set",
    "prohibited",
]


class DoseDeviation(Section):
    """Cells received against the planned dose of the dose level (exposure)."""

    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """A dose deviates where it differs by more than this share from the planned one."""


class LymphodepletionDeviation(Section):
    """Infused without the lymphodepletion that the protocol requires."""

    recorded_as: Literal["date", "medicines", "doses"] = "date"
    """Where lymphodepletion is recorded: the date in the subjects table, the names of its medicines
    in the therapies table, or their doses in the table lymphodepletion."""
    medicines: UniqueList[Line] = ()
    """Names of its medicines as in therapies.therapy or lymphodepletion.medicine, whatever their
    case; all of them are required. Given exactly where recorded_as is medicines or doses."""
    days: FromOne = 14
    """Lymphodepletion, or each of its medicines, begins 1 to this many days before the infusion; of
    doses each medicine has one on these days."""

    @model_validator(mode="after")
    def _medicines_where_read(self) -> LymphodepletionDeviation:
        if bool(self.medicines) != (self.recorded_as != "date"):
            raise ValueError("medicines: given exactly where recorded_as is medicines or doses")
        return self


class NumberInfused(Section):
    """More subjects infused than planned."""

    planned: FromOne
    """Number of subjects that the protocol plans to infuse; whoever is infused beyond it, by date
    of infusion, deviates."""


class VisitWindowDeviation(Section):
    """Visits outside their window (schedule)."""

    visits: NonEmptyUniqueList[Name] | None = None
    """Visits that are judged; all of the schedule when empty."""


class CoreSetDeviation(Section):
    """Visits without a complete core set (response.core_set)."""

    visits: NonEmptyUniqueList[Name] = ("M2", "M3")
    """Visits at which the core set has to be complete."""


class ProhibitedDeviation(Section):
    """Medicines that are prohibited after the infusion (therapies)."""

    new_systemic: bool = True
    """Whether a new systemic therapy (therapies.new_systemic) that begins on or after the day of
    infusion is one."""
    classes: UniqueList[TherapyClass] = ()
    """Classes (therapies.class) of which none may be in use on or after the day of infusion."""
    medicines: UniqueList[Line] = ()
    """Names as in therapies.therapy, whatever their case, of which none may be in use on or after
    the day of infusion."""
    days: FromOne | None = None
    """Days after infusion in which they are prohibited; the entire follow-up when empty."""
    permitted_reasons: UniqueList[Line] = ()
    """Texts of therapies.reason, whatever their case, for which they are permitted."""

    @model_validator(mode="after")
    def _something_prohibited(self) -> ProhibitedDeviation:
        if not (self.new_systemic or self.classes or self.medicines):
            raise ValueError("new_systemic, classes or medicines")
        return self


class Deviations(Section):
    """Deviations from the protocol of the infused; a category without its key is not judged."""

    eligibility: bool = True
    """Whether a criterion of eligibility that is violated is a deviation (section eligibility)."""
    dose: DoseDeviation | None = None
    """Dose outside the tolerance; empty: not judged."""
    lymphodepletion: LymphodepletionDeviation | None = None
    """Infusion without lymphodepletion; empty: not judged."""
    number_infused: NumberInfused | None = None
    """More infused than planned; empty: not judged."""
    visit_window: VisitWindowDeviation | None = None
    """Visit outside its window; empty: not judged."""
    core_set: CoreSetDeviation | None = None
    """Core set incomplete at a visit; empty: not judged."""
    prohibited: ProhibitedDeviation | None = None
    """Prohibited medicine after infusion; empty: not judged."""
    important: UniqueList[Category] = (
        *("eligibility", "dose", "lymphodepletion", "number_infused"),
        *("core_set", "prohibited"),
    )
    """Categories whose deviations are important (ICH E3 Q&A R1), where they are judged."""

    @model_validator(mode="after")
    def _something_judged(self) -> Deviations:
        if not self.categories:
            raise ValueError("at least one category")
        return self

    @property
    def categories(self) -> tuple[Category, ...]:
        """The categories that are judged, in their order."""
        sections: dict[Category, object] = {
            "eligibility": self.eligibility or None,
            "dose": self.dose,
            "lymphodepletion": self.lymphodepletion,
            "number_infused": self.number_infused,
            "visit_window": self.visit_window,
            "core_set": self.core_set,
            "prohibited": self.prohibited,
        }
        return tuple(name for name, section in sections.items() if section is not None)

    @property
    def important_categories(self) -> tuple[Category, ...]:
        """Those of the `categories` whose deviations are important, in the same order."""
        return tuple(name for name in self.categories if name in self.important)


def deviation_findings(section: Deviations, visits: Sequence[str]) -> Iterator[Finding]:
    """Findings on visits that are not scheduled.

    Parameters
    ----------
    visits
        Labels of the schedule.
    """
    named = {
        "visit_window": (section.visit_window and section.visit_window.visits) or (),
        "core_set": (section.core_set and section.core_set.visits) or (),
    }
    for key, labels in named.items():
        for index, label in enumerate(labels):
            if label not in visits:
                path = f"deviations.{key}.visits[{index}]"
                yield Finding(path, repr(label), one_of(label, visits))
