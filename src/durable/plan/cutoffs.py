"""The analyses of a series: the plan at its own data cut-off and at further ones."""

from __future__ import annotations

import datetime as dt
from typing import Any

from durable.errors import UserError
from durable.plan.plan import NO_ANALYSIS, Plan


def analysis_ids(plan: Plan) -> dict[dt.date, str]:
    """Identifier of the analysis by data cut-off, the plan's own among them, ascending.

    Raises
    ------
    UserError
        Where the plan has no series.
    """
    if plan.series is None:
        raise UserError("series: not in the configuration; no further cut-offs to analyse")
    ids = {cutoff: analysis_id(plan, cutoff) for cutoff in plan.series.cutoffs}
    ids[plan.analysis.data_cutoff] = plan.analysis.id
    return dict(sorted(ids.items()))


def analysis_id(plan: Plan, cutoff: dt.date) -> str:
    """Identifier of the analysis at a further data cut-off: ``ID-2025-06-30``."""
    return f"{plan.analysis.id}-{cutoff}"


def plan_at(plan: Plan, cutoff: dt.date) -> dict[str, Any]:
    """The configuration of the analysis at a further data cut-off, as plain values.

    It holds the keys that the plan states, but for the sections in `NO_ANALYSIS`.
    """
    values = plan.model_dump(mode="json", exclude_unset=True, exclude=NO_ANALYSIS)
    values["analysis"] |= {"id": analysis_id(plan, cutoff), "data_cutoff": str(cutoff)}
    return values
