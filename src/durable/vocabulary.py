"""Coded texts of the datasets that several packages use: events, reasons, phases.

The datasets hold them in English; `translate_coded` gives them in the language of the outputs.
Light to import.
"""

from __future__ import annotations

from durable.language import ENGLISH, N_, _, current_language, translate_stored

RECURRENCE = N_("RECURRENCE")
PROGRESSION = N_("PROGRESSION")
DEATH = N_("DEATH")
NEW_THERAPY = N_("NEW SYSTEMIC THERAPY")
#: A second infusion, where it is the first new therapy (NSTTYP).
REINFUSION = N_("RE-INFUSION")
REMISSION = N_("REMISSION")
IMPROVEMENT = N_("IMPROVEMENT")
GLUCOCORTICOID_FREE = N_("GLUCOCORTICOID-FREE")
IMMUNOSUPPRESSANT_FREE = N_("IMMUNOSUPPRESSANT-FREE")
DRUG_FREE_REMISSION = N_("DRUG-FREE REMISSION")
SUSTAINED_REMISSION = N_("SUSTAINED REMISSION")
NOT_IN_REMISSION = N_("NOT IN REMISSION BY {deadline}")
#: EVNTDESC of the events by the name of their statistics, in the order that decides between two on
#: the same day.
EVENTS = {
    "recurrence": RECURRENCE,
    "progression": PROGRESSION,
    "death": DEATH,
    "new_therapy": NEW_THERAPY,
    "remission": REMISSION,
    "improvement": IMPROVEMENT,
    "glucocorticoid_free": GLUCOCORTICOID_FREE,
    "immunosuppressant_free": IMMUNOSUPPRESSANT_FREE,
    "drug_free_remission": DRUG_FREE_REMISSION,
    "sustained_remission": SUSTAINED_REMISSION,
}
#: Rows of the time-to-event table for the events, by the name of their statistics.
EVENT_LABELS = {
    "recurrence": N_("recurrence"),
    "progression": N_("progression"),
    "death": N_("death"),
    "new_therapy": N_("new systemic therapy"),
    "not_in_remission": N_("not in remission by {deadline} (day 1)"),
    "remission": N_("first remission"),
    "improvement": N_("first improvement"),
    "glucocorticoid_free": N_("glucocorticoid-free"),
    "immunosuppressant_free": N_("immunosuppressant-free"),
    "drug_free_remission": N_("drug-free remission"),
    "sustained_remission": N_("sustained remission"),
}

ONGOING = N_("ONGOING AT DATA CUT-OFF")
MISSED = N_("MISSED OR INADEQUATE ASSESSMENTS")
WITHDRAWN = N_("WITHDRAWN")
NO_ASSESSMENT = N_("NO ASSESSMENT AFTER REMISSION")
UNCONFIRMED_LOSS = N_("UNCONFIRMED LOSS")
NOT_YET_DUE = N_("NEXT ASSESSMENT NOT YET DUE")
REMISSION_NOT_YET_DUE = N_("REMISSION NOT YET DUE")
NOT_FOLLOWED = N_("NOT FOLLOWED TO REMISSION DEADLINE")
NOT_SEEN = N_("NO ASSESSMENT AFTER INFUSION")
ALIVE = N_("ALIVE AT LAST CONTACT")
NOT_CONFIRMED = N_("NOT YET CONFIRMED")
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
    "alive": ALIVE,
    "not_confirmed": NOT_CONFIRMED,
}
CNSR = {reason: code for code, reason in enumerate(CENSORINGS.values(), 1)}
#: Rows of the time-to-event table for the reasons for censoring, in its order.
CENSORING_LABELS = {
    "ongoing": N_("ongoing at data cut-off"),
    "missed_assessments": N_("missed or inadequate assessments"),
    "death": N_("death"),
    "new_therapy": N_("new systemic therapy"),
    "withdrawn": N_("withdrawn"),
    "no_assessment": N_("no assessment after remission"),
    "not_seen": N_("no assessment after infusion"),
    "not_yet_due": N_("next assessment not yet due"),
    "unconfirmed_loss": N_("unconfirmed loss of remission"),
    "not_confirmed": N_("not yet confirmed at a further assessment"),
    "not_followed": N_("not followed to {deadline} (day 1)"),
    "remission_not_yet_due": N_("pending: remission not yet due (day 1)"),
    "alive": N_("alive at last contact"),
}

PARTIAL = N_("PARTIAL")
DIED = N_("DIED")
PENDING = N_("PENDING")
NOT_CALCULABLE = N_("NOT CALCULABLE")
NOT_ASSESSED = N_("NOT ASSESSED")
#: Why a subject has no improvement status at a visit, by the name of their statistics.
MISSING = {
    "died": DIED,
    "new_therapy": NEW_THERAPY,
    "withdrawn": WITHDRAWN,
    "pending": PENDING,
    "not_calculable": NOT_CALCULABLE,
    "not_assessed": NOT_ASSESSED,
}

#: Analysis visit of the assessment that is the baseline.
BASELINE = N_("BASELINE")
#: Categories of the response, from the lowest.
CATEGORIES = (N_("NONE"), N_("MINIMAL"), N_("MODERATE"), N_("MAJOR"))

#: What the date of a censoring is (CNSDTDSC), and what it comes before.
LAST = N_("LAST ADEQUATE ASSESSMENT")
LAST_IN_REMISSION = N_("LAST ASSESSMENT IN REMISSION")
BEFORE_GAP = N_("{date} BEFORE MISSED ASSESSMENTS")
BEFORE_UNCONFIRMED = N_("{date} BEFORE THE UNCONFIRMED STATE")
BEFORE_THERAPY = N_("{date} BEFORE NEW SYSTEMIC THERAPY")
DAY_ONE = N_("DAY OF INFUSION")
DAY_OF_DEATH = N_("DATE OF DEATH")
DAY_OF_THERAPY = N_("START OF NEW SYSTEMIC THERAPY")
DAY_OF_REINFUSION = N_("DAY OF RE-INFUSION")
LAST_ALIVE = N_("LAST DATE KNOWN ALIVE")

BEFORE_LYMPHODEPLETION = N_("BEFORE LYMPHODEPLETION")
#: From the day of lymphodepletion to the day before the infusion.
LYMPHODEPLETION = N_("LYMPHODEPLETION")
#: Before the infusion of a subject whose lymphodepletion has no date.
BEFORE_INFUSION = N_("BEFORE INFUSION")
AFTER_INFUSION = N_("AFTER INFUSION")
#: Variable that holds the period of a record, where the plan has ``response.reinfusion``: 1 from
#: the infusion on, 2 from the second one.
PERIOD = "APERIOD"
#: Phases in which an adverse event can begin.
PHASES = [BEFORE_LYMPHODEPLETION, LYMPHODEPLETION, BEFORE_INFUSION, AFTER_INFUSION]

#: Parameters of kinetics (PARAM of ADPP), and the form that tells them by assay and unit.
CMAX = N_("Highest concentration")
TMAX = N_("Day of the highest concentration")
TLAST = N_("Last day with a quantifiable concentration")
CLAST = N_("Last quantifiable concentration")
AUC_LAST = N_("Area under the curve to TLAST")
AUC_TO_DAY = N_("Area under the curve to day {day}")
QUANTIFIABLE_AT = N_("Quantifiable at {label} (1 = yes)")
OF_ASSAY = N_("{parameter}, {assay} ({unit})")
DAYS = N_("days")
TIMES_DAYS = N_("{unit} x days")
NO_RESULT_BY = N_("no result after the day of infusion, up to day {day}")
NO_RESULT_IN_WINDOW = N_("no result in the window")
#: The words of FLAG and REASON of ADPP, most of them those of `durable.stats.kinetics`.
_KINETICS = (
    *(OF_ASSAY, CMAX, TMAX, TLAST, CLAST, AUC_LAST, AUC_TO_DAY, QUANTIFIABLE_AT),
    *(DAYS, TIMES_DAYS, NO_RESULT_BY, NO_RESULT_IN_WINDOW),
    *(N_("EXTRAPOLATED"), N_("NOT DETECTED"), N_("NC")),
    N_("no result on or before the day of infusion"),
    N_("never quantifiable, last result on day {last}, before day {first}"),
    N_("never quantifiable, last result on day {last}"),
    N_("still quantifiable at the last result on day {last}, before day {first}"),
    N_("extrapolated from day {last} to day {end}"),
    N_("no terminal slope: {reason}"),
    N_("{n} quantifiable results after the highest, {least} needed"),
    N_("the best fit does not fall"),
    N_("no result after the day of infusion"),
)

#: How the site's answer to a criterion of eligibility agrees with the data.
AGREE = N_("AGREE")
SITE_ONLY_FULFILLED = N_("SITE SAYS FULFILLED, DATA SAY NOT")
DATA_ONLY_FULFILLED = N_("SITE SAYS NOT FULFILLED, DATA SAY FULFILLED")
NOT_ANSWERED = N_("NOT ANSWERED BY SITE")
UNKNOWN_BY_DATA = N_("UNKNOWN BY DATA")
AGREEMENTS = [AGREE, SITE_ONLY_FULFILLED, DATA_ONLY_FULFILLED, NOT_ANSWERED, UNKNOWN_BY_DATA]

#: Deviations from the protocol (DVDECOD) by their category in the plan, in their order; and the
#: group of each (DVCAT).
DEVIATIONS = {
    "eligibility": N_("ELIGIBILITY CRITERION VIOLATED"),
    "dose": N_("DOSE OUTSIDE THE TOLERANCE"),
    "lymphodepletion": N_("INFUSED WITHOUT LYMPHODEPLETION"),
    "number_infused": N_("INFUSED BEYOND THE PLANNED NUMBER"),
    "visit_window": N_("VISIT OUT OF WINDOW"),
    "core_set": N_("CORE SET INCOMPLETE"),
    "prohibited": N_("PROHIBITED MEDICINE"),
}
DEVIATION_GROUPS = {
    "eligibility": N_("ELIGIBILITY"),
    "dose": N_("STUDY TREATMENT"),
    "lymphodepletion": N_("STUDY TREATMENT"),
    "number_infused": N_("ENROLMENT"),
    "visit_window": N_("PROCEDURES"),
    "core_set": N_("PROCEDURES"),
    "prohibited": N_("CONCOMITANT MEDICATION"),
}
#: Whether a record of ADDV is a deviation, or the data do not tell.
DEVIATION, NOT_ASSESSABLE = N_("DEVIATION"), N_("NOT ASSESSABLE")

#: Variables of ADSL that flag an imputed date: the date's variable, and its input table and column.
IMPUTATION_FLAGS = {
    "RFICDTF": ("RFICDT", "subjects", "consent_date"),
    "LSALVDTF": ("LSTALVDT", "subjects", "last_contact_date"),
    "DTHDTF": ("DTHDT", "subjects", "death_date"),
    "EOSDTF": ("EOSDT", "subjects", "withdrawal_date"),
    "NSTDTF": ("NSTDT", "therapies", "start_date"),
}


def not_in_remission(deadline: str) -> str:
    """EVNTDESC of a subject who is followed to the deadline (``M6``) without a remission.

    In English: "NOT IN REMISSION BY M6".
    """
    return NOT_IN_REMISSION.format(deadline=deadline)


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
    "ENRLFL": N_("Enrolled Set (all who consented)"),
    "SAFFL": N_("Safety Analysis Set (all infused)"),
    "REMFL": N_("Subjects in remission"),
}
#: Those with endpoints, as the first row of their tables names the subjects.
SUBJECTS = {"SAFFL": N_("All infused"), "REMFL": N_("Subjects with remission")}

#: Every coded text; of two that a text may fit, the one that says more of it first.
CODED: tuple[str, ...] = (
    *(*EVENTS.values(), NOT_IN_REMISSION, *CENSORINGS.values(), PARTIAL, *MISSING.values()),
    *(BASELINE, *CATEGORIES, *PHASES, *_KINETICS, *AGREEMENTS),
    *(LAST, LAST_IN_REMISSION, DAY_ONE, DAY_OF_DEATH, DAY_OF_THERAPY, BEFORE_GAP, BEFORE_THERAPY),
    *(LAST_ALIVE, DAY_OF_REINFUSION, REINFUSION),
    BEFORE_UNCONFIRMED,
    *(*DEVIATIONS.values(), *DEVIATION_GROUPS.values(), DEVIATION, NOT_ASSESSABLE),
)
#: What the letters of a flag or a status stand for.
FLAGS = {"Y": N_("yes"), "N": N_("no"), "U": N_("unknown"), "NA": N_("not applicable")}


def translate_coded(coded: str) -> str:
    """A coded text of the datasets in the language in force: in English as it is stored.

    In another language, Y, N, U and NA are words, and a text that is not of `CODED` stays.
    """
    if current_language() == ENGLISH:
        return coded
    return _(FLAGS[coded]) if coded in FLAGS else translate_stored(coded, CODED)
