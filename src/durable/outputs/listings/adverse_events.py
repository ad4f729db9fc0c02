"""``l_adverse_events``: every adverse event as it is counted."""

from __future__ import annotations

from durable.outputs.listings.listing import (
    GROUPS,
    SUBJECT,
    SUBJECT_AND_GROUPS,
    Column,
    Listing,
    date,
    number,
    text,
)
from durable.plan import Plan
from durable.vocabulary import window_flag

_EMERGENT = "Treatment-emergent"


def _grading(plan: Plan) -> str:
    safety = plan.safety
    return (
        f"A missing CTCAE grade is imputed as {safety.missing_grade} in the sensitivity row only."
        f" ASTCT grades (Lee 2019): {safety.crs}, {safety.icans}. Prolonged cytopenia: grade"
        f" >={safety.prolonged_cytopenia_grade} present after day {safety.prolonged_cytopenia_day}."
        " Worst grade of the term: first event of the subject's worst grade in the term."
    )


LISTING = Listing(
    name="adverse_events",
    title="Adverse events",
    source="ADAE",
    variables=lambda plan: (
        SUBJECT,
        *GROUPS,
        text("AEID", "Event"),
        text("AETERM", "Term as reported"),
        text("AEDECOD", "Preferred term"),
        text("AEBODSYS", "System organ class"),
        date("ASTDT", "Start"),
        text("ASTDTF", "Start imputed"),
        date("AENDT", "End"),
        text("AENDTF", "End imputed"),
        number("ASTDY", "Study day"),
        number("ADURN", "Duration (days)"),
        Column("AETOXGR", "CTCAE grade", "number", empty="missing"),
        number("ASTCTGR", "ASTCT grade"),
        text("AESER", "Serious"),
        text("AEREL", "Related"),
        text("AEDLT", "DLT"),
        text("AESI", "AESI"),
        text("AEOUT", "Outcome"),
        text("ONGOFL", "Ongoing"),
        text("APHASE", "Phase"),
        text("TRTEMFL", "All", over=_EMERGENT),
        *(
            text(window_flag(days), f"{days} days", over=_EMERGENT)
            for days in plan.safety.windows_days
        ),
        text("PROLCYFL", "Prolonged cytopenia"),
        text("AOCCPIFL", "Worst grade of the term"),
    ),
    notes=lambda plan: (
        "Treatment-emergent: onset on or after the day of infusion. Imputed: D day, M month and"
        " day, Y the complete date. Ongoing: without an end date, outcome neither recovered nor"
        " fatal.",
        _grading(plan),
        "AESI: adverse event of special interest; DLT: dose-limiting toxicity.",
    ),
    by=SUBJECT_AND_GROUPS,
    keys=("AEID", "AEDECOD"),
)
