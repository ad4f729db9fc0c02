"""The section ``simulation``: virtual trials of the design."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from durable.sections import (
    Days,
    FromOne,
    Line,
    Name,
    NotNegative,
    Number,
    Positive,
    Section,
    UniqueList,
)

Probability = Annotated[float, Field(ge=0, le=1)]


class Scenario(Section):
    """A truth to simulate: what the patients are, how they are seen, how long."""

    subjects: Annotated[int, Field(ge=1, le=1000)] = 10
    """Subjects of a trial; all are infused."""
    dose_levels: dict[Line, FromOne] = {}
    """Subjects by dose level, adding up to all; empty: one level."""
    improvement: dict[Name, Probability]
    """True probability of improvement at each visit of the improvement rate. One uniform number per
    subject decides at all visits, so that the same subjects improve."""
    improvement_by_dose: dict[Line, Number] = {}
    """What a dose level adds to that probability."""
    remission_probability: Probability = 0.7
    """Probability of ever reaching remission; the subjects readiest to improve reach it."""
    remission_median_months: Positive = 3.0
    """Median time from infusion to remission among them, exponential. A remission that would begin
    before a visit at which the subject is not improved begins on the day after it."""
    dor_median_months: Positive | None = 12.0
    """Median duration of remission until recurrence; empty: no recurrence."""
    dor_shape: Positive = 1.0
    """Shape of its Weibull distribution; 1: exponential."""
    false_loss: Probability = 0.0
    """Probability that an assessment of a subject in remission wrongly shows none."""
    recurrence_recorded: Probability = 1.0
    """Probability that the investigator records a subject's recurrence (at the assessments that
    show it)."""
    deaths_per_month: NotNegative = 0.0
    """Hazard of death from the infusion on. A death in remission ends the duration."""
    dropout_per_month: NotNegative = 0.0
    """Hazard of withdrawal from the infusion on."""
    missed_visit: Probability = 0.0
    """Probability that a scheduled visit does not take place."""
    jitter_days: Days = 0
    """Visits lie up to this many days before or after their day, uniformly, within their window."""
    every_months: Positive | None = None
    """Spacing of the visits after the last one of the improvement rate, in place of the
    schedule's; empty: the schedule."""
    follow_up_months: Positive = 24.0
    """From the last infusion to the data cut-off."""
    accrual_months: NotNegative = 12.0
    """Infusions lie in a period of this length, uniformly."""

    @model_validator(mode="after")
    def _dose_levels_add_up(self) -> Scenario:
        if self.dose_levels and sum(self.dose_levels.values()) != self.subjects:
            raise ValueError(f"dose_levels that add up to {self.subjects} subjects")
        if not set(self.improvement_by_dose) <= set(self.dose_levels):
            raise ValueError("improvement_by_dose only of dose_levels")
        shifted = [p + by for p in self.improvement.values() for by in self.shifts]
        if not all(0 <= p <= 1 for p in shifted):
            raise ValueError("improvement with improvement_by_dose from 0 to 1 at every dose level")
        return self

    @property
    def shifts(self) -> list[float]:
        """What the dose level of each subject adds to its probability of improvement.

        A number a subject, in the order of the dose levels; 0 where nothing is added.
        """
        levels = self.dose_levels or {"": self.subjects}
        by_level = [[self.improvement_by_dose.get(level, 0.0)] * n for level, n in levels.items()]
        return [shift for shifts in by_level for shift in shifts]


class Decision(Section):
    """An interim rule on the subjects improved at one visit; of one kind or the other."""

    visit: Name
    """Visit of the improvement rate."""
    stop_if_fewer_than: Annotated[int, Field(ge=0)] | None = None
    """Stop where fewer subjects are improved."""
    stop_if_probability_below: Probability | None = None
    """Stop where the posterior probability (prior: statistics.beta_prior) of a rate above
    rate_above is lower."""
    rate_above: Probability | None = None
    """Rate of that probability."""

    @model_validator(mode="after")
    def _of_one_kind(self) -> Decision:
        bayes = (self.stop_if_probability_below is None, self.rate_above is None)
        if bayes not in ((True, True), (False, False)) or bayes[0] == (
            self.stop_if_fewer_than is None
        ):
            raise ValueError("stop_if_fewer_than, or stop_if_probability_below with rate_above")
        return self


class Simulation(Section):
    """Virtual trials: what this design and these definitions can show (snakemake simulate)."""

    trials: Annotated[int, Field(ge=1, le=10_000_000)] = 10000
    """Virtual trials of each scenario."""
    seed: Annotated[int, Field(ge=0)] = 6569472
    """Seed of the random numbers."""
    chunks: Annotated[int, Field(ge=1, le=10000)] = 4
    """Jobs that the trials are spread over; the results do not depend on it."""
    definitions: UniqueList[Name] | None = None
    """Names of sensitivity analyses that are simulated beside the primary one; empty: all that can
    be (not the Turnbull estimator)."""
    scenarios: Annotated[dict[Name, Scenario], Field(min_length=1)]
    """Scenarios by name."""
    decisions: dict[Name, Decision] = {}
    """Interim decision rules by name."""
