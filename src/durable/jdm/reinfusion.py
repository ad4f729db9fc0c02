"""The section ``response.reinfusion``: how a second infusion counts. Light to import."""

from __future__ import annotations

from durable.language import _
from durable.sections import Section


class Reinfusion(Section):
    """A second infusion of the cells: an intercurrent event, which begins a second period."""

    as_new_therapy: bool
    """Whether it counts as new systemic therapy, on its day, by the strategies of `new_therapy`.
    Otherwise it is ignored (treatment policy), and counted. There is no default."""


def counted_as_therapy(rule: Reinfusion | None) -> str:
    """Footnote that a re-infusion counts as new systemic therapy; '' where it does not."""
    counts = rule is not None and rule.as_new_therapy
    return _("A re-infusion counts as new systemic therapy.") if counts else ""
