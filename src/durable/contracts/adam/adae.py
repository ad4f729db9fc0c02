"""ADAE, the adverse event dataset: its columns depend on the configured windows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandera.pandas as pa

from durable.contracts.adam.description import STUDY_DAY, DatasetSpec, derived_by, source_origins
from durable.contracts.adam.variables import (
    GROUPS,
    SUBJECT,
    TREATMENT,
    contract,
    count,
    date,
    flag,
    marker,
    number,
    period,
    source_variables,
    text,
)
from durable.contracts.tables.adverse_events import ADVERSE_EVENTS
from durable.vocabulary import PERIOD, PHASES, window_flag

#: What a study may deliver beside: levels of MedDRA, the codes of all, and how the event was
#: treated. Variable by column.
RARELY_RECORDED = {
    column.name: variable.rpartition(".")[2]
    for column in ADVERSE_EVENTS.columns
    for variable in column.adam
    if column.rare
}
#: How much of a date was imputed (CDISC date imputation flag): the day, month and day, all of it.
IMPUTED = ["D", "M", "Y"]
#: What an outcome says, by its word (`contracts.words`).
OUTCOME_CLASSES = ["RECOVERED", "NOT RECOVERED", "FATAL", "UNKNOWN"]


def _grade(label: str) -> Any:
    return count(label, pa.Check.in_range(1, 5), null=True)


def _code(label: str) -> Any:
    return count(label, pa.Check.ge(1), null=True)


def _given_flag(label: str) -> Any:
    return text(label, null=True, isin=["Y", "N"])


def _only_where(variable: str, condition: str) -> Any:
    return pa.Check(
        lambda frame: (frame[variable] != "Y") | (frame[condition] == "Y"),
        error=f"{variable} is Y only where {condition} is",
    )


#: Terms by the levels of MedDRA.
_TERMS = {
    "AETERM": text("Reported Term for the Adverse Event", null=True),
    "AELLT": text("Lowest Level Term", null=True),
    "AELLTCD": _code("Lowest Level Term Code"),
    "AEDECOD": text("Dictionary-Derived Term"),
    "AEPTCD": _code("Preferred Term Code"),
    "AEHLT": text("High Level Term", null=True),
    "AEHLTCD": _code("High Level Term Code"),
    "AEHLGT": text("High Level Group Term", null=True),
    "AEHLGTCD": _code("High Level Group Term Code"),
    "AEBODSYS": text("Body System or Organ Class"),
    "AEBDSYCD": _code("Body System or Organ Class Code"),
    "AESOC": text("Primary System Organ Class", null=True),
    "AESOCCD": _code("Primary System Organ Class Code"),
}
_TIMES = {
    "ASTDT": date("Analysis Start Date"),
    "ASTDTF": text("Analysis Start Date Imputation Flag", null=True, isin=IMPUTED),
    "AENDT": date("Analysis End Date"),
    "AENDTF": text("Analysis End Date Imputation Flag", null=True, isin=IMPUTED),
    "ASTDY": count("Analysis Start Relative Day", pa.Check.ne(0), null=True),
    "AENDY": count("Analysis End Relative Day", pa.Check.ne(0), null=True),
    "ADAY": count("Days from Infusion to Start", null=True),
    "ADURN": number("Analysis Duration (N)", pa.Check.ge(1)),
    "ADURU": text("Analysis Duration Units", null=True, isin=["DAYS"]),
}
#: What is recorded of the event, and the class of its outcome.
_RECORDED = {
    "AETOXGR": _grade("Standard Toxicity Grade"),
    "ASTCTGR": _grade("ASTCT Grade (CRS, ICANS)"),
    "AESER": _given_flag("Serious Event"),
    "AEREL": _given_flag("Causality"),
    "AEDLT": _given_flag("Dose-Limiting Toxicity"),
    "AESI": text("Adverse Event of Special Interest", null=True),
    "TOCIFL": _given_flag("Tocilizumab Given for Event Flag"),
    "CSTERFL": _given_flag("Corticosteroid Given for Event Flag"),
    "ICUFL": _given_flag("Intensive Care for Event Flag"),
    "AEOUT": text("Outcome of Adverse Event", null=True),
    "AOUT": text("Analysis Outcome Class", null=True, isin=OUTCOME_CLASSES),
    "ONGOFL": marker("Ongoing at Data Cut-off or Death Flag"),
}


def adae_schema(windows: tuple[int, ...], names: Collection[str] = ()) -> Any:
    """Return the DataFrameSchema of ADAE, with a flag for each window after infusion.

    Parameters
    ----------
    windows
        Last day of each.
    names
        Variables that the study has; rare ones, and the period, that are not among them are left
        out.
    """
    flags = [window_flag(days) for days in windows]
    schema = contract(
        "Adverse Event Analysis Dataset",
        {
            **SUBJECT,
            "SAFFL": flag("Safety Population Flag"),
            **TREATMENT,
            "AESEQ": count("Sequence Number", pa.Check.ge(1)),
            "AEID": text("Identifier of the Event as Recorded"),
            **GROUPS,
            **_TERMS,
            **_TIMES,
            **_RECORDED,
            "APHASE": text("Phase", null=True, isin=PHASES),
            PERIOD: period(null=True),
            "TRTEMFL": marker("Treatment Emergent Analysis Flag"),
            "PREFL": marker("Pre-treatment Flag"),
            "PROLCYFL": marker("Prolonged Cytopenia Flag"),
            **{
                name: marker(f"Treatment Emergent to Day {days} Flag")
                for name, days in zip(flags, windows, strict=True)
            },
            "AOCCIFL": marker("1st Max Sev./Int. Occurrence Flag"),
            "AOCCSIFL": marker("1st Max Sev./Int. Occur Within SOC Flag"),
            "AOCCPIFL": marker("1st Max Sev./Int. Occur Within PT Flag"),
            **source_variables(["adverse_events"]),
        },
        checks=[
            _only_where(name, "TRTEMFL")
            for name in (*flags, "PROLCYFL", "AOCCIFL", "AOCCSIFL", "AOCCPIFL")
        ],
        unique=["USUBJID", "AESEQ"],
    )
    rare = (*RARELY_RECORDED.values(), PERIOD)
    return schema.remove_columns([name for name in rare if name not in names])


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
    "ADURU": derived_by("DAYS where ADURN is given."),
    "AOUT": derived_by("Class of AEOUT by its word (CDISC codelist OUT); empty for another word."),
    "ONGOFL": derived_by("Y where AENDT is empty and AOUT is neither RECOVERED nor FATAL."),
    "APHASE": derived_by(
        "AFTER INFUSION where ASTDT is on or after ADSL.TRTSDT, else LYMPHODEPLETION where it is on"
        " or after ADSL.LDDT, else BEFORE LYMPHODEPLETION; BEFORE INFUSION without ADSL.LDDT."
    ),
    PERIOD: derived_by(
        "2 where ASTDT is on or after ADSL.TR02SDT, else 1 where TRTEMFL is Y.",
        "response.reinfusion",
    ),
    "TRTEMFL": derived_by("Y where ASTDT is on or after the day of infusion."),
    "PREFL": derived_by("Y where TRTEMFL is empty."),
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
