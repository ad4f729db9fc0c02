"""The section ``sensitivity``: what each sensitivity analysis changes."""

from __future__ import annotations

from typing import Any, Literal

from durable.sections import Line, Section

#: Keys that nothing of a sensitivity analysis is made from. Restricted means, posterior means and
#: drug-free endpoints are of the primary analysis, the months are `sensitivity_landmarks_months`.
NOT_VARIED_RESPONSE = ("drug_free",)
NOT_VARIED_STATISTICS = ("landmarks_months", "rmst_months", "beta_prior")


class Variant(Section):
    """A sensitivity analysis: what it changes of the primary definitions."""

    title: Line | None = None
    """Line shown in the tables; the name when not given."""
    population: Literal["infused", "eligible"] = "infused"
    """Subjects of the analysis: all infused, or those infused and eligible (ELIGFL of ADSL is Y);
    the latter only with a table screening or eligibility."""
    response: dict[str, Any] = {}
    """Keys of response that differ; drug_free is read by the primary analysis alone."""
    statistics: dict[str, Any] = {}
    """Keys of statistics that differ; landmarks_months, rmst_months and beta_prior are read by the
    primary analysis alone."""
