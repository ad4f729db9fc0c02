"""The section ``safety``: how adverse events are analysed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from durable.sections import Days, FromOne, Line, NonEmptyUniqueList, NotNegative, Section


class Safety(Section):
    """Adverse events. Day 0 is the infusion; an event on that day without a time counts."""

    windows_days: NonEmptyUniqueList[FromOne] = (28, 90)
    """Windows after infusion, in days, in which events are counted beside the entire follow-up; the
    first is the registered one."""
    ctcae_version: Line = "5.0"
    """Version of CTCAE that the grades are recorded by, for the footnotes."""
    missing_grade: Annotated[int, Field(ge=1, le=5)] = 3
    """Grade that a missing CTCAE grade counts as in the sensitivity row."""
    missing_related: Literal["related", "not_related"] = "related"
    """What an event counts as when its relation to the treatment is not recorded."""
    crs: Line = "CRS"
    """Value of aesi that marks cytokine release syndrome (graded by ASTCT, Lee 2019)."""
    icans: Line = "ICANS"
    """Value of aesi that marks ICANS (graded by ASTCT, Lee 2019)."""
    cytopenia: Line = "CYTOPENIA"
    """Value of aesi that marks cytopenias."""
    prolonged_cytopenia_grade: Annotated[int, Field(ge=1, le=5)] = 3
    """Cytopenia is prolonged at this grade or above ..."""
    prolonged_cytopenia_day: Days = 28
    """... when it lasts beyond this day after infusion."""
    capd_below_years: NotNegative = 12.0
    """Below this age ICANS is graded with CAPD instead of ICE; sources disagree at exactly 12."""
    dlt_window_days: FromOne = 28
    """Days after infusion in which a dose-limiting toxicity counts; evaluable for it are subjects
    followed this long or with one earlier. A death in them counts as one unless its event is
    recorded as not dose-limiting."""
    escalation: Literal["3+3", "none"] = "3+3"
    """Rule that the table of dose-limiting toxicities applies to each dose level."""
    escalation_part: Literal["A", "B"] = "A"
    """Part of the study that the escalation rule is applied to."""

    @model_validator(mode="after")
    def _labels_differ(self) -> Safety:
        labels = (self.crs, self.icans, self.cytopenia)
        if len(set(labels)) != len(labels):
            raise ValueError("crs, icans and cytopenia with a label each")
        return self
