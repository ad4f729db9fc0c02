"""The section ``monitoring``: interim rules on the improvement rate, on safety and on the dose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from durable.plan.findings import Finding, one_of
from durable.plan.simulation import Decision, Probability
from durable.plan.statistics import BetaPrior
from durable.sections import FromOne, Name, Section, UniqueList

Rate = Annotated[float, Field(gt=0, lt=1)]


class ImprovementMonitoring(Section):
    """Posterior and predictive probability of the improvement rate at one visit."""

    visit: Name
    """Visit of the improvement rate."""
    null_rate: Rate
    """Rate that the treatment has to exceed."""
    maximum_subjects: Annotated[int, Field(ge=1, le=1000)]
    """Evaluable subjects of the whole trial."""
    success_probability: Rate = 0.9
    """The trial succeeds where, with all its subjects, the posterior probability of a rate above
    null_rate is higher than this."""
    stop_if_predictive_below: Probability = 0.05
    """Stop for futility where the predictive probability of success is lower."""
    stop_if_predictive_above: Probability | None = None
    """Stop for efficacy where it is higher; empty: no stop for efficacy."""
    prior: BetaPrior | None = None
    """Beta prior of the rate; statistics.beta_prior when empty."""
    looks: UniqueList[FromOne] = ()
    """Numbers of evaluable subjects at which the rule was planned to be applied, ascending; empty:
    after each subject."""

    @model_validator(mode="after")
    def _in_order(self) -> ImprovementMonitoring:
        if any(later <= earlier for earlier, later in pairwise(self.looks)):
            raise ValueError("looks in ascending order")
        if self.looks and self.looks[-1] > self.maximum_subjects:
            raise ValueError(f"looks up to maximum_subjects, {self.maximum_subjects}")
        above = self.stop_if_predictive_above
        if above is not None and above <= self.stop_if_predictive_below:
            raise ValueError("stop_if_predictive_above higher than stop_if_predictive_below")
        return self


class SafetyBoundary(Section):
    """Boundaries of one kind of event, each evaluable subject counted once."""

    event: Literal["dlt", "crs", "icans"]
    """What is counted: dose-limiting toxicity, cytokine release syndrome or ICANS."""
    least_grade: Annotated[int, Field(ge=1, le=5)] | None = None
    """Lowest ASTCT grade of crs and icans that counts; 3 when empty."""
    window_days: FromOne | None = None
    """Days after infusion in which crs and icans count; safety.dlt_window_days when empty, which is
    that of dlt."""
    acceptable_rate: Rate
    """Highest rate of subjects with the event that is acceptable."""
    unacceptable_rate: Rate
    """Rate at which the probability of stopping is shown too."""
    maximum_subjects: Annotated[int, Field(ge=1, le=40)] = 40
    """Evaluable subjects up to which the boundaries reach."""
    from_subjects: FromOne = 1
    """Evaluable subjects from which on the boundaries apply."""
    prior: BetaPrior = BetaPrior()
    """Beta prior of the rate, of the Beta-binomial boundary."""
    stop_if_probability_above: Rate = 0.9
    """Beta-binomial boundary: stop where the posterior probability of a rate above acceptable_rate
    is higher."""
    error: Rate = 0.05
    """Pocock-type boundary: probability of ever stopping at acceptable_rate, at most."""

    @model_validator(mode="after")
    def _rates_in_order(self) -> SafetyBoundary:
        if self.unacceptable_rate <= self.acceptable_rate:
            raise ValueError("unacceptable_rate higher than acceptable_rate")
        if self.from_subjects > self.maximum_subjects:
            raise ValueError(f"from_subjects up to maximum_subjects, {self.maximum_subjects}")
        if self.event == "dlt" and (self.window_days, self.least_grade) != (None, None):
            raise ValueError("window_days and least_grade only of crs and icans")
        return self

    @property
    def grade(self) -> int:
        """Lowest ASTCT grade of CRS and ICANS that counts: `least_grade`, else 3."""
        return 3 if self.least_grade is None else self.least_grade


class EscalationRules(Section):
    """BOIN and mTPI-2 beside the 3+3 rule, and the estimate of the maximum tolerated dose."""

    target: Rate = 0.3
    """Target rate of dose-limiting toxicity."""
    boin_subtherapeutic: Rate | None = None
    """BOIN: highest rate that is deemed subtherapeutic (phi1); 0.6 of the target when empty."""
    boin_toxic: Rate | None = None
    """BOIN: lowest rate that is deemed overly toxic (phi2); 1.4 of the target when empty."""
    mtpi2_below: Rate = 0.05
    """mTPI-2: the equivalence interval begins this much below the target (epsilon 1) ..."""
    mtpi2_above: Rate = 0.05
    """... and ends this much above it (epsilon 2)."""
    prior: BetaPrior = BetaPrior()
    """Beta prior of the rate at each dose level."""
    eliminate_if_probability_above: Rate = 0.95
    """A dose level, and those above it, are eliminated where the posterior probability of a rate
    above the target is higher ..."""
    eliminate_from_subjects: FromOne = 3
    """... with at least this many evaluable subjects."""
    table_subjects: Annotated[int, Field(ge=1, le=30)] = 12
    """Evaluable subjects of a dose level up to which the decision table reaches."""

    @model_validator(mode="after")
    def _around_the_target(self) -> EscalationRules:
        if not self.phi1 < self.target < self.phi2 < 1:
            raise ValueError("boin_subtherapeutic below target, and boin_toxic above it, below 1")
        if self.target - self.mtpi2_below <= 0 or self.target + self.mtpi2_above >= 1:
            raise ValueError("an interval of mTPI-2 around the target between 0 and 1")
        return self

    @property
    def phi1(self) -> float:
        """BOIN: highest subtherapeutic rate, `boin_subtherapeutic`, else 0.6 of the target."""
        stated = self.boin_subtherapeutic
        return 0.6 * self.target if stated is None else stated

    @property
    def phi2(self) -> float:
        """BOIN: lowest overly toxic rate, `boin_toxic`, else 1.4 of the target."""
        return 1.4 * self.target if self.boin_toxic is None else self.boin_toxic


class Monitoring(Section):
    """Interim rules applied to the data at hand."""

    improvement: ImprovementMonitoring | None = None
    """Improvement rate; empty: not monitored."""
    decisions: dict[Name, Decision] = {}
    """Further rules on the subjects improved at a visit, as `simulation` has them; only beside
    improvement."""
    safety: dict[Name, SafetyBoundary] = {}
    """Boundaries of safety, by name."""
    escalation: EscalationRules | None = None
    """Dose escalation; empty: the 3+3 rule alone (safety.escalation)."""

    @model_validator(mode="after")
    def _rules_beside_the_rate(self) -> Monitoring:
        if self.decisions and self.improvement is None:
            raise ValueError("decisions only with improvement")
        return self


def monitoring_findings(monitoring: Monitoring, visits: Sequence[str]) -> Iterator[Finding]:
    """Findings on visits that are monitored but not among the `visits` of the improvement rate."""
    monitored = {} if monitoring.improvement is None else {"improvement": monitoring.improvement}
    rules = {f"decisions.{name}": rule for name, rule in monitoring.decisions.items()}
    for key, section in (monitored | rules).items():
        if section.visit not in visits:
            expected = one_of(section.visit, visits)
            yield Finding(f"monitoring.{key}.visit", repr(section.visit), expected)
