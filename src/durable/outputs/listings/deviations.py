"""``l_deviations``: every deviation from the protocol, and what cannot be judged."""

from __future__ import annotations

from collections.abc import Iterator

from durable.derive.deviation_texts import shown_deviation
from durable.language import N_, _
from durable.outputs.deviation_definitions import important_categories
from durable.outputs.listings.listing import (
    GROUPS,
    STUDY_DAY,
    SUBJECT,
    SUBJECT_AND_GROUPS,
    Column,
    Listing,
    coded_text,
    date,
)
from durable.plan import Plan
from durable.sections import require_section


def _notes(plan: Plan) -> Iterator[str]:
    yield _(
        "Study day 1 is the day of infusion; days after infusion count from 0. Not assessable: the"
        " data do not tell whether there is a deviation."
    )
    yield important_categories(require_section(plan.deviations, "deviations"))


LISTING = Listing(
    name="deviations",
    title=N_("Protocol deviations"),
    source="ADDV",
    variables=lambda _plan: (
        SUBJECT,
        *GROUPS,
        coded_text("DVDECOD", N_("Category")),
        coded_text("AVISIT", N_("Visit")),
        date("ADT", N_("Date")),
        STUDY_DAY,
        Column("DVPLAN", N_("Planned"), shown=shown_deviation),
        Column("DVTERM", N_("Found"), shown=shown_deviation),
        coded_text("DVSTAT", N_("Judged as")),
        coded_text("DVIMPFL", N_("Important")),
    ),
    notes=_notes,
    by=SUBJECT_AND_GROUPS,
    keys=("DVDECOD",),
)
