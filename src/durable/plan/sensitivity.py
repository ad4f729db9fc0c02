"""The section ``sensitivity``: what each sensitivity analysis changes."""

from __future__ import annotations

from typing import Any, Literal

from durable.sections import Line, Section

#: By section the keys that nothing of a sensitivity analysis is made from, and what is expected of
#: them: under such a change its row would repeat the primary one, as if the results were robust.
NOT_VARIED = {
    "response": {
        "drug_free": "it in response: its endpoints are of the primary analysis",
    },
    "statistics": {
        "landmarks_months": "sensitivity_landmarks_months, the months of these analyses",
        "rmst_months": "it in statistics: restricted means are of the primary analysis",
        "beta_prior": "it in statistics: posterior means are of the primary analysis",
    },
}


class Variant(Section):
    """A sensitivity analysis: what it changes of the primary definitions."""

    title: Line | None = None
    """Line shown in the tables; the name when not given."""
    population: Literal["infused", "eligible"] = "infused"
    """Subjects of the analysis: all infused, or those infused and eligible (ELIGFL of ADSL is Y);
    the latter only with a table screening or eligibility."""
    response: dict[str, Any] = {}
    """Keys of response that differ; not drug_free, which the primary analysis alone reads."""
    statistics: dict[str, Any] = {}
    """Keys of statistics that differ; not landmarks_months, rmst_months and beta_prior, which the
    primary analysis alone reads."""
