"""The section ``sensitivity``: what each sensitivity analysis changes."""

from __future__ import annotations

from typing import Any, Literal

from durable.sections import Line, Section


class Variant(Section):
    """A sensitivity analysis: what it changes of the primary definitions."""

    title: Line | None = None
    """Line shown in the tables; the name when not given."""
    population: Literal["infused", "eligible"] = "infused"
    """Subjects of the analysis: all infused, or those infused and eligible (ELIGFL of ADSL is Y);
    the latter only with a table screening or eligibility."""
    response: dict[str, Any] = {}
    """Keys of response that differ."""
    statistics: dict[str, Any] = {}
    """Keys of statistics that differ."""
