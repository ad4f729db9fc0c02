"""What ADDV says of a deviation: what was planned (DVPLAN) and what was found (DVTERM).

The dataset holds them in English; `shown_deviation` gives them in the language of the outputs.
Light to import.
"""

from __future__ import annotations

from durable.eligibility import CRITERIA
from durable.jdm.eligibility import THERAPY_CLASS_LABELS
from durable.jdm.measures import ENZYME, MEASURES
from durable.language import N_, translate_stored

NO_TABLE = N_("no table {table}")
CRITERION = N_("{criterion}: {text}")
CRITERION_VIOLATED = N_("violated")
CRITERION_WAIVED = N_("violated, waived by the site")
CRITERIA_DECIDED = N_("every criterion of eligibility decided")
NOT_DECIDED = N_("not decided by the data: {criteria}")
NOT_SCREENED = N_("not screened")
DOSE_PLANNED = N_("{dose} x 10^6 cells/kg, at most {tolerance} more or less")
DOSE_FOUND = N_("{dose} x 10^6 cells/kg, {percent}% of the planned dose")
DOSE_OF_LEVEL = N_("the dose of its level")
DOSE_MISSING = N_("dose not recorded")
LEVEL_MISSING = N_("planned dose not known")
LYMPHODEPLETION_PLANNED = N_("lymphodepletion begun 1 to {days} days before infusion")
MEDICINES_PLANNED = N_("{medicines}, begun 1 to {days} days before infusion")
DOSES_PLANNED = N_("{medicines}, each given 1 to {days} days before infusion")
BEGUN_BEFORE = N_("begun {days} days before infusion")
BEGUN_ON_DAY = N_("begun on the day of infusion")
BEGUN_AFTER = N_("begun {days} days after infusion")
NONE_RECORDED = N_("no date recorded")
NOT_IN_FILE = N_("date not in the data")
NOT_GIVEN = N_("not begun then: {medicines}")
NO_DOSE = N_("not given then: {medicines}")
NUMBER_PLANNED = N_("{number} subjects infused")
NUMBER_FOUND = N_("number {number} by date of infusion")
WINDOW_PLANNED = N_("days {first} to {last} after infusion")
WINDOW_FOUND = N_("day {day} after infusion")
WINDOW_UNKNOWN = N_("a visit of the schedule")
LABEL_UNKNOWN = N_("label {label} on day {day} after infusion")
CORE_SET_PLANNED = N_("complete core set on days {first} to {last} after infusion")
CORE_SET_MISSING = N_("missing: {measures}")
NOT_SEEN = N_("no assessment in the window")
NO_NEW_SYSTEMIC = N_("no new systemic therapy after infusion")
NO_MEDICINE = N_("no {medicine} after infusion")
TAKEN = N_("{medicine} from {start}")
TAKEN_TO = N_("{medicine} from {start} to {end}")
CLASS_MISSING = N_("{medicine} from {start}: class not recorded")
PERMITTED_ONLY = N_("permitted medicines only")

#: Of two that a text may fit, the one that says more of it first.
_FORMS = (
    *(NO_TABLE, CRITERIA_DECIDED, NOT_DECIDED, NOT_SCREENED, CRITERION_VIOLATED),
    *(CRITERION_WAIVED, DOSE_PLANNED, DOSE_FOUND, DOSE_OF_LEVEL, DOSE_MISSING, LEVEL_MISSING),
    *(LYMPHODEPLETION_PLANNED, MEDICINES_PLANNED, DOSES_PLANNED),
    *(BEGUN_BEFORE, BEGUN_ON_DAY, BEGUN_AFTER),
    *(NONE_RECORDED, NOT_IN_FILE, NOT_GIVEN, NO_DOSE, NUMBER_PLANNED, NUMBER_FOUND),
    *(CORE_SET_PLANNED, CORE_SET_MISSING),
    *(NOT_SEEN, LABEL_UNKNOWN, WINDOW_PLANNED, WINDOW_FOUND, WINDOW_UNKNOWN, NO_NEW_SYSTEMIC),
    *(NO_MEDICINE, PERMITTED_ONLY, CLASS_MISSING, TAKEN_TO, TAKEN),
    *(measure.label for measure in (*MEASURES.values(), ENZYME)),
    *THERAPY_CLASS_LABELS.values(),
    *(criterion.text for criterion in CRITERIA),
    *(CRITERION, N_("{first}; {second}")),
)


def shown_deviation(text: str) -> str:
    """A text of DVPLAN or DVTERM in the language in force; one of no form here as it is."""
    return translate_stored(text, _FORMS)
