"""The section ``response.reinfusion``: how a second infusion counts. Light to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.language import _
from durable.sections import Section
from durable.wording import sentences

if TYPE_CHECKING:
    from durable.jdm.response import Response


class Reinfusion(Section):
    """A second infusion of the cells: an intercurrent event, which begins a second period."""

    as_new_therapy: bool
    """Whether it counts as new systemic therapy, on its day, by the strategies of `new_therapy`.
    Otherwise it is ignored (treatment policy), and counted. There is no default."""


def counted_as_therapy(response: Response) -> str:
    """Footnote on what else counts as new systemic therapy; '' where nothing does."""
    again, increase = response.reinfusion, response.glucocorticoid_increase
    counts = again is not None and again.as_new_therapy
    return sentences(
        _("A re-infusion counts as new systemic therapy.") if counts else "",
        _(
            "A glucocorticoid increase of at least {dose:g} mg/kg counts as new systemic therapy."
        ).format(dose=increase.by_mg_kg)
        if increase is not None and increase.as_new_therapy
        else "",
    )
