"""The section ``statistics``: statistical conventions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from durable.sections import Days, NonEmptyUniqueList, Positive, Section, UniqueList


class BetaPrior(Section):
    """Beta prior of the improvement rate."""

    a: Positive = 1.0
    """First shape parameter."""
    b: Positive = 1.0
    """Second shape parameter."""


class Statistics(Section):
    """Statistical conventions."""

    conf_level: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Two-sided confidence level of every interval."""
    km_ci: Literal["log-log", "log", "plain", "logit", "arcsine", "bpcp"] = "log-log"
    """Pointwise Kaplan-Meier interval: by Greenwood's variance on one of these scales, or bpcp, the
    beta product confidence procedure (Fay 2013), which is meant for small samples and has limits
    before the first event and where the curve is 0."""
    quantile_rule: Literal["r", "sas"] = "sas"
    """Convention of Kaplan-Meier quantiles: LIFETEST (sas: not estimable where the curve ends at
    exactly the level) or survfit (r: there the midpoint, which moves with follow-up alone)."""
    landmarks_months: NonEmptyUniqueList[Positive] = (3, 6, 9, 12, 18, 24)
    """Months at which event-free rates are reported."""
    landmark_tolerance_days: Days = 30
    """A rate at a landmark is estimated as at the last observed time where that lies at most this
    many days before it (the window of a visit); 0: never."""
    sensitivity_landmarks_months: UniqueList[Positive] = (6, 12)
    """Months whose event-free rates the table of sensitivity analyses shows."""
    dor_estimator: Literal["kaplan_meier", "turnbull"] = "kaplan_meier"
    """Estimator of duration of response; turnbull: recurrence is known only to lie between two
    assessments (Turnbull 1976). For sensitivity analyses: t_dor is Kaplan-Meier."""
    bootstrap_replicates: Annotated[int, Field(ge=100, le=100000)] = 1000
    """Bootstrap samples behind the intervals of the Turnbull estimate and of the probability of
    being in remission."""
    bootstrap_seed: Annotated[int, Field(ge=0)] = 1976
    """Seed of those samples."""
    rmst_months: Positive = 24
    """Months up to which the restricted mean is taken."""
    days_per_month: Positive = 30.4375
    """Days of a month."""
    beta_prior: BetaPrior = BetaPrior()
    """Prior of the improvement rate."""
