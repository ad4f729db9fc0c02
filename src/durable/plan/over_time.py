"""The section ``over_time``: how response is followed over time."""

from __future__ import annotations

from typing import Literal

from durable.sections import Section


class OverTime(Section):
    """Response over time: summaries by visit, and incidence of the end of response."""

    after_new_therapy: Literal["included", "excluded"] = "included"
    """Assessments after the start of new systemic therapy in the summaries by visit: included
    (treatment policy strategy of ICH E9(R1)) or excluded (while on treatment); their number is
    shown in either case."""
    incidence_ci: Literal["log-log", "log", "plain", "logit", "arcsine"] = "log-log"
    """Scale of the pointwise interval of a cumulative incidence."""
    incidence_variance: Literal["infinitesimal-jackknife", "aalen"] = "infinitesimal-jackknife"
    """Variance of a cumulative incidence: as R survfit of competing events, or Aalen's, as R
    cmprsk."""
