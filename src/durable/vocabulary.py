"""Coded texts of the datasets that several packages use: events, reasons, phases.

Light to import.
"""

from __future__ import annotations

RECURRENCE = "RECURRENCE"
PROGRESSION = "PROGRESSION"
DEATH = "DEATH"
NEW_THERAPY = "NEW SYSTEMIC THERAPY"
REMISSION = "REMISSION"
#: EVNTDESC of the events by the name of their statistics, in the order that decides between two on
#: the same day.
EVENTS = {
    "recurrence": RECURRENCE,
    "progression": PROGRESSION,
    "death": DEATH,
    "new_therapy": NEW_THERAPY,
    "remission": REMISSION,
}

ONGOING = "ONGOING AT DATA CUT-OFF"
MISSED = "MISSED OR INADEQUATE ASSESSMENTS"
WITHDRAWN = "WITHDRAWN"
NO_ASSESSMENT = "NO ASSESSMENT AFTER REMISSION"
UNCONFIRMED_LOSS = "UNCONFIRMED LOSS"
NOT_YET_DUE = "NEXT ASSESSMENT NOT YET DUE"
REMISSION_NOT_YET_DUE = "REMISSION NOT YET DUE"
NOT_FOLLOWED = "NOT FOLLOWED TO REMISSION DEADLINE"
NOT_SEEN = "NO ASSESSMENT AFTER INFUSION"
#: Reasons for censoring by the name of their statistics; CNSR counts them from 1.
CENSORINGS = {
    "ongoing": ONGOING,
    "missed_assessments": MISSED,
    "new_therapy": NEW_THERAPY,
    "withdrawn": WITHDRAWN,
    "no_assessment": NO_ASSESSMENT,
    "unconfirmed_loss": UNCONFIRMED_LOSS,
    "not_yet_due": NOT_YET_DUE,
    "remission_not_yet_due": REMISSION_NOT_YET_DUE,
    "not_followed": NOT_FOLLOWED,
    "death": DEATH,
    "not_seen": NOT_SEEN,
}
CNSR = {reason: code for code, reason in enumerate(CENSORINGS.values(), 1)}

PARTIAL = "PARTIAL"
DIED = "DIED"
PENDING = "PENDING"
NOT_CALCULABLE = "NOT CALCULABLE"
NOT_ASSESSED = "NOT ASSESSED"
#: Why a subject has no improvement status at a visit, by the name of their statistics.
MISSING = {
    "died": DIED,
    "new_therapy": NEW_THERAPY,
    "withdrawn": WITHDRAWN,
    "pending": PENDING,
    "not_calculable": NOT_CALCULABLE,
    "not_assessed": NOT_ASSESSED,
}

BEFORE_LYMPHODEPLETION = "BEFORE LYMPHODEPLETION"
#: From the day of lymphodepletion to the day before the infusion.
LYMPHODEPLETION = "LYMPHODEPLETION"
#: Before the infusion of a subject whose lymphodepletion has no date.
BEFORE_INFUSION = "BEFORE INFUSION"
AFTER_INFUSION = "AFTER INFUSION"
#: Phases in which an adverse event can begin.
PHASES = [BEFORE_LYMPHODEPLETION, LYMPHODEPLETION, BEFORE_INFUSION, AFTER_INFUSION]

#: Variables of ADSL that flag an imputed date: the date's variable, and its input table and column.
IMPUTATION_FLAGS = {
    "RFICDTF": ("RFICDT", "subjects", "consent_date"),
    "LSALVDTF": ("LSTALVDT", "subjects", "last_contact_date"),
    "DTHDTF": ("DTHDT", "subjects", "death_date"),
    "EOSDTF": ("EOSDT", "subjects", "withdrawal_date"),
    "NSTDTF": ("NSTDT", "therapies", "start_date"),
}


def not_in_remission(deadline: str) -> str:
    """Event of who is followed to the visit by which remission must be reached, without one."""
    return f"NOT IN REMISSION BY {deadline}"


def window_flag(days: int) -> str:
    """Name of the ADAE variable that flags treatment-emergent events with onset in a window.

    Parameters
    ----------
    days
        Last day of the window, in days (not weeks) after the infusion: 28 gives ``W28FL``.
    """
    return f"W{days}FL"


#: Analysis sets by their flag of ADSL, as tables and captions name them.
POPULATIONS = {
    "ENRLFL": "Enrolled Set (all who consented)",
    "SAFFL": "Safety Analysis Set (all infused)",
    "REMFL": "Subjects in remission (clinically inactive disease)",
}
