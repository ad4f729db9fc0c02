"""``l_adverse_events``: every adverse event as it is counted."""

from __future__ import annotations

from durable.contracts.words import shown_outcome
from durable.language import N_, _
from durable.outputs.listings.listing import (
    GROUPS,
    SUBJECT,
    SUBJECT_AND_GROUPS,
    Column,
    Listing,
    coded_text,
    date,
    number,
    period,
    text,
)
from durable.plan import Plan
from durable.vocabulary import window_flag

_EMERGENT = N_("Treatment-emergent")


def _grading(plan: Plan) -> str:
    safety = plan.safety
    return _(
        "A missing CTCAE grade is imputed as {missing} in the sensitivity row only. ASTCT grades"
        " (Lee 2019): {crs}, {icans}. Prolonged cytopenia: grade >={grade} present after day {day}."
        " Worst grade of the term: first event of the subject's worst grade in the term."
    ).format(
        missing=safety.missing_grade,
        crs=safety.crs,
        icans=safety.icans,
        grade=safety.prolonged_cytopenia_grade,
        day=safety.prolonged_cytopenia_day,
    )


LISTING = Listing(
    name="adverse_events",
    title=N_("Adverse events"),
    source="ADAE",
    variables=lambda plan: (
        SUBJECT,
        *GROUPS,
        text("AEID", N_("Event")),
        text("AETERM", N_("Term as reported")),
        text("AEDECOD", N_("Preferred term")),
        text("AEBODSYS", N_("System organ class")),
        date("ASTDT", N_("Start")),
        text("ASTDTF", N_("Start imputed")),
        date("AENDT", N_("End")),
        text("AENDTF", N_("End imputed")),
        number("ASTDY", N_("Study day")),
        number("ADURN", N_("Duration (days)")),
        Column("AETOXGR", N_("CTCAE grade"), "number", empty=N_("missing")),
        number("ASTCTGR", N_("ASTCT grade")),
        coded_text("AESER", N_("Serious")),
        coded_text("AEREL", N_("Related")),
        coded_text("AEDLT", "DLT"),
        text("AESI", "AESI"),
        Column("AEOUT", N_("Outcome"), shown=shown_outcome),
        coded_text("ONGOFL", N_("Ongoing")),
        coded_text("APHASE", N_("Phase")),
        *period(plan),
        coded_text("TRTEMFL", N_("All"), spanning_heading=_EMERGENT),
        *(
            coded_text(
                window_flag(days), _("{days} days").format(days=days), spanning_heading=_EMERGENT
            )
            for days in plan.safety.windows_days
        ),
        coded_text("PROLCYFL", N_("Prolonged cytopenia")),
        coded_text("AOCCPIFL", N_("Worst grade of the term")),
    ),
    notes=lambda plan: (
        _(
            "Treatment-emergent: onset on or after the day of infusion. Imputed: D day, M month and"
            " day, Y the complete date. Ongoing: without an end date, outcome neither recovered nor"
            " fatal."
        ),
        _grading(plan),
        _("AESI: adverse event of special interest; DLT: dose-limiting toxicity."),
    ),
    by=SUBJECT_AND_GROUPS,
    keys=("AEID", "AEDECOD"),
)
