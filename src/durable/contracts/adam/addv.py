"""ADDV, the dataset of deviations from the protocol."""

from __future__ import annotations

import pandera.pandas as pa

from durable.contracts.adam.description import (
    STUDY_DAY,
    DatasetSpec,
    derived_by,
    source_origins,
)
from durable.contracts.adam.variables import (
    GROUPS,
    SUBJECT,
    TREATMENT,
    contract,
    count,
    date,
    marker,
    source_variables,
    text,
)
from durable.vocabulary import DEVIATION, DEVIATION_GROUPS, DEVIATIONS, NOT_ASSESSABLE

_SOURCES = ["subjects", "visits", "therapies", "screening", "eligibility"]

ADDV = contract(
    "Protocol Deviation Analysis Dataset",
    {
        **SUBJECT,
        **TREATMENT,
        **GROUPS,
        "ASEQ": count("Analysis Sequence Number", pa.Check.ge(1)),
        "DVCAT": text("Category of Deviation", isin=[*dict.fromkeys(DEVIATION_GROUPS.values())]),
        "DVDECOD": text("Protocol Deviation Coded Term", isin=[*DEVIATIONS.values()]),
        "DVTERM": text("Protocol Deviation as Found"),
        "DVPLAN": text("What Was Planned"),
        "DVSTAT": text("Deviation or Not Assessable", isin=[DEVIATION, NOT_ASSESSABLE]),
        "DVIMPFL": marker("Important Deviation Flag"),
        "ANL01FL": marker("Analysis Flag 01"),
        "ADT": date("Analysis Date"),
        "ADY": count("Analysis Relative Day", pa.Check.ne(0), null=True),
        "AVISIT": text("Analysis Visit", null=True),
        **source_variables(_SOURCES, null=False),
    },
    unique=["USUBJID", "ASEQ"],
)

_CATEGORIES = "deviations"
_ORIGINS = {
    "ASEQ": derived_by(
        "Number of the record within the subject, by date, category in the order of the plan and"
        " row of the file."
    ),
    "DVCAT": derived_by("Group of DVDECOD."),
    "DVDECOD": derived_by("Category of the deviation.", _CATEGORIES),
    "DVTERM": derived_by("What was found, or why it cannot be judged."),
    "DVPLAN": derived_by(
        "What the protocol asks for.", _CATEGORIES, "schedule", "exposure", "response.core_set"
    ),
    "DVSTAT": derived_by(
        "DEVIATION; or NOT ASSESSABLE, where the data do not tell whether it is one."
    ),
    "DVIMPFL": derived_by("Y for a deviation of an important category.", "deviations.important"),
    "ANL01FL": derived_by("Y where DVSTAT is DEVIATION."),
    "ADT": derived_by(
        "Day of the deviation: of the infusion (dose, lymphodepletion, number infused), of the"
        " assessment (visit; core set, without an assessment the last day of the window), the first"
        " day of use on or after the infusion (medicine), of screening (eligibility). Of what is"
        " not assessable, the day of infusion or that of the record."
    ),
    "ADY": derived_by(f"Deviation as {STUDY_DAY.format('ADT')}"),
    "AVISIT": derived_by("Visit that the deviation concerns.", "schedule"),
    **source_origins("the one that the category reads", "the one that shows the deviation"),
}

ADDV_SPEC = DatasetSpec(
    "ADDV",
    "OCCURRENCE DATA STRUCTURE",
    "One record per subject and deviation, or deviation that cannot be judged",
    ("USUBJID", "ASEQ"),
    _ORIGINS,
)
