"""ADAE, the adverse event dataset: its columns depend on the configured windows."""

from __future__ import annotations

from typing import Any

import pandera.pandas as pa

from durable.contracts.adam.description import STUDY_DAY, DatasetSpec, derived_by, source_origins
from durable.contracts.adam.variables import (
    GROUPS,
    SUBJECT,
    contract,
    count,
    date,
    flag,
    number,
    source_variables,
    text,
)
from durable.vocabulary import PHASES, window_flag

#: How much of a date was imputed (CDISC date imputation flag): the day, month and day, all of it.
IMPUTED = ["D", "M", "Y"]
#: What an outcome says, by its word (`contracts.words`).
OUTCOME_CLASSES = ["RECOVERED", "NOT RECOVERED", "FATAL", "UNKNOWN"]


def _grade(label: str) -> Any:
    return count(label, pa.Check.in_range(1, 5), null=True)


def _occurrence(label: str) -> Any:
    return text(label, null=True, isin=["Y"])


def _given_flag(label: str) -> Any:
    return text(label, null=True, isin=["Y", "N"])


def _only_where(flag: str, of: str) -> Any:
    return pa.Check(
        lambda frame: (frame[flag] != "Y") | (frame[of] == "Y"),
        error=f"{flag} is Y only where {of} is",
    )


def adae_schema(windows: tuple[int, ...]) -> Any:
    """Return the schema, with a flag for each window (days after infusion)."""
    flags = [window_flag(days) for days in windows]
    return contract(
        "Adverse event analysis dataset",
        {
            **SUBJECT,
            "AESEQ": count("Sequence number within the subject", pa.Check.ge(1)),
            "AEID": text("Identifier of the event as recorded"),
            **GROUPS,
            "AETERM": text("Event as reported", null=True),
            "AEDECOD": text("Preferred term"),
            "AEBODSYS": text("System organ class"),
            "ASTDT": date("Start date"),
            "ASTDTF": text("Start date imputed: day, month, year", null=True, isin=IMPUTED),
            "AENDT": date("End date; missing = ongoing or unknown"),
            "AENDTF": text("End date imputed: day, month, year", null=True, isin=IMPUTED),
            "ASTDY": count("Study day of the start", pa.Check.ne(0), null=True),
            "AENDY": count("Study day of the end", pa.Check.ne(0), null=True),
            "ADAY": count("Days from infusion to the start", null=True),
            "ADURN": number("Duration in days: AENDT - ASTDT + 1", pa.Check.ge(1)),
            "AETOXGR": _grade("CTCAE grade"),
            "ASTCTGR": _grade("ASTCT grade (CRS, ICANS)"),
            "AESER": _given_flag("Serious"),
            "AEREL": _given_flag("Related to the treatment"),
            "AEDLT": _given_flag("Dose-limiting toxicity"),
            "AESI": text("Adverse event of special interest", null=True),
            "AEOUT": text("Outcome", null=True),
            "AOUT": text("Outcome, class of the recorded word", null=True, isin=OUTCOME_CLASSES),
            "ONGOFL": flag("Ongoing at data cut-off or death"),
            "APHASE": text("Phase of the onset", null=True, isin=PHASES),
            "TRTEMFL": flag("Treatment-emergent"),
            "PRETRTFL": flag("Onset before infusion, or never infused"),
            "PROLCYFL": flag("Prolonged cytopenia"),
            **{
                name: flag(f"Treatment-emergent to day {days}")
                for name, days in zip(flags, windows, strict=True)
            },
            "AOCCIFL": _occurrence("First worst grade of the subject"),
            "AOCCSIFL": _occurrence("First worst grade in the SOC"),
            "AOCCPIFL": _occurrence("First worst grade of the preferred term"),
            **source_variables(["adverse_events"]),
        },
        checks=[
            _only_where(flag, "TRTEMFL")
            for flag in (*flags, "PROLCYFL", "AOCCIFL", "AOCCSIFL", "AOCCPIFL")
        ],
        unique=["USUBJID", "AESEQ"],
    )


_ORIGINS = {
    "AESEQ": derived_by(
        "adverse_events.ae_seq (AESEQ of an SDTM package) where every event has one; else the"
        " number of the record within the subject, by start date and row of the file."
    ),
    "ASTDT": derived_by(
        "Start as recorded; a date recorded in part is imputed with the day of infusion where the"
        " event can have begun on or after it, else with the first possible day."
    ),
    "ASTDTF": derived_by("What of ASTDT was imputed: D day, M month and day, Y all of it."),
    "AENDT": derived_by(
        "End as recorded; a date recorded in part is imputed with the last possible day, not after"
        " the data cut-off or death."
    ),
    "AENDTF": derived_by("What of AENDT was imputed: D day, M month and day, Y all of it."),
    "ASTDY": derived_by(f"Start as {STUDY_DAY.format('ASTDT')}"),
    "AENDY": derived_by(f"End as {STUDY_DAY.format('AENDT')}"),
    "ADAY": derived_by("ASTDT - ADSL.TRTSDT: days after the infusion, which is day 0."),
    "ADURN": derived_by("AENDT - ASTDT + 1."),
    "AOUT": derived_by("Class of AEOUT by its word (CDISC codelist OUT); empty for another word."),
    "ONGOFL": derived_by("Y where AENDT is empty and AOUT is neither RECOVERED nor FATAL, else N."),
    "APHASE": derived_by(
        "AFTER INFUSION where ASTDT is on or after ADSL.TRTSDT, else LYMPHODEPLETION where it is on"
        " or after ADSL.LDDT, else BEFORE LYMPHODEPLETION; BEFORE INFUSION without ADSL.LDDT."
    ),
    "TRTEMFL": derived_by("Y where ASTDT is on or after the day of infusion, else N."),
    "PRETRTFL": derived_by("Y where TRTEMFL is N."),
    "PROLCYFL": derived_by(
        "Y for a treatment-emergent cytopenia of at least the grade, present after the day.",
        "safety.cytopenia",
        "safety.prolonged_cytopenia_grade",
        "safety.prolonged_cytopenia_day",
    ),
    r"W\d+FL": derived_by(
        "Y where TRTEMFL is Y and ADAY is at most the day in the label.", "safety.windows_days"
    ),
    "AOCCIFL": derived_by("Y for the first treatment-emergent record of the worst known grade."),
    "AOCCSIFL": derived_by("As AOCCIFL, within the system organ class."),
    "AOCCPIFL": derived_by("As AOCCIFL, within the system organ class and preferred term."),
    **source_origins("adverse_events", "start_date"),
}

ADAE_SPEC = DatasetSpec(
    "ADAE",
    "OCCURRENCE DATA STRUCTURE",
    "One record per subject and adverse event",
    ("USUBJID", "AESEQ"),
    _ORIGINS,
    "ADVERSE EVENT",
)
