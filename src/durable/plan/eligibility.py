"""The section ``eligibility``: how the criteria of eligibility are evaluated.

Each key settles what the registered text leaves open (docs/eligibility.md).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from durable.jdm.eligibility_keys import DiseaseEligibility
from durable.sections import Days, FromOne, Line, Name, Section, UniqueList
from durable.windows import Boundary, MonthRule


class Eligibility(Section):
    """Criteria of eligibility, evaluated from the tables screening, visits and therapies."""

    anchor: Literal["screening", "consent"] = "screening"
    """Day from which the windows count back: the date of screening, or of informed consent."""
    age_at: Literal["screening", "consent", "infusion"] = "screening"
    """I01: day of the age. Without a date of birth the age of the subjects table is taken for it,
    on whichever day."""
    age_from: Annotated[int, Field(ge=0, le=120)] = 5
    """I01: completed years at least."""
    age_below: Annotated[int, Field(ge=1, le=120)] = 17
    """I01: completed years below this."""
    month: MonthRule = "calendar"
    """A month of a window: to the same day of another month, or 30 days."""
    boundary: Boundary = "closed"
    """Whether the first day of a window belongs to it (closed) or not (open)."""
    empty_date: Literal["none", "unknown"] = "none"
    """What an empty date of an event says (infarction, infection, transplantation, live vaccine,
    another trial): that there was none, or nothing. A column that the file lacks says nothing."""
    visit: Name = "SCREENING"
    """Label of the assessments whose laboratory values are those of screening."""
    visit_days: Days = 28
    """Such an assessment lies at most so many days before or after the date of screening; the
    closest counts, of two alike the earlier."""
    laboratory: Literal["visits", "screening"] = "visits"
    """Which table is read first for enzymes; the other one where it has no value."""
    attempt: Literal["last", "first"] = "last"
    """Which screening attempt of a subject counts, of those that began by the day of infusion."""
    undetermined: Literal["recorded", "unknown"] = "recorded"
    """Where the data do not decide a criterion: the answer of the site stands, or the criterion is
    unknown. For the eligibility of subjects; the listing shows both."""
    waived: Literal["violation", "accepted"] = "violation"
    """Whether a criterion that is violated but waived by the site counts as a violation."""
    pregnancy_test: Literal["dated", "any"] = "dated"
    """I08: the urine test counts if it is dated from the anchor to the start of lymphodepletion (or
    the infusion), or whatever its date."""
    childbearing_from: FromOne | None = None
    """I08: where childbearing potential is not recorded, girls from this age in years have it and
    others have not. Empty: it is unknown."""
    assent_from: FromOne = 8
    """I09: age in years from which the child's own assent is needed."""
    infarction_months: FromOne = 6
    """E06: months before the anchor in which an infarction excludes; the other conditions of the
    heart are recorded without a date."""
    infection_days: Days = 7
    """E08: days before the anchor in which an infection with systemic treatment excludes."""
    infection: Literal["recent_and_uncontrolled", "recent", "uncontrolled"] = (
        "recent_and_uncontrolled"
    )
    """E08: excluded is a recent infection that is not controlled, any recent one, or any that is
    not controlled."""
    transplant_months: FromOne = 3
    """E09: months before the anchor in which a transplantation excludes."""
    gvhd_days: Days = 14
    """E09: days before the anchor in which acute graft-versus-host disease excludes."""
    gvhd_grade: Annotated[int, Field(ge=1, le=4)] = 2
    """E09: its grade at least."""
    gvhd_scale: Line = "Glucksberg"
    """E09: the scale of its grade, as printed."""
    hepatitis_b: Literal["antibody_and_dna", "antibody"] = "antibody_and_dna"
    """E10: HBsAg or HBcAb excludes with DNA above its limit, or by itself."""
    hepatitis_c: Literal["antibody_and_rna", "antibody"] = "antibody_and_rna"
    """E10: HCV antibody excludes with RNA above its limit, or by itself."""
    vaccine_days: Days = 28
    """E11: days before the anchor in which a live vaccine excludes."""
    cured_carcinoma: UniqueList[Literal["E05", "E13"]] = ("E05",)
    """Criteria from which a cured basal cell carcinoma is exempt."""
    enrolment: Literal["enrolment_date", "consent", "lymphodepletion", "infusion"] = (
        "enrolment_date"
    )
    """E14: day of enrolment, from which another trial is counted back."""
    trial_months: FromOne = 3
    """E14: months before enrolment in which another trial excludes."""
    disease: DiseaseEligibility = DiseaseEligibility()
    """Criteria about the disease."""

    @model_validator(mode="after")
    def _ages_in_order(self) -> Eligibility:
        if self.age_from >= self.age_below:
            raise ValueError("age_from below age_below")
        return self
