"""ADEX, the dataset of the doses of lymphodepletion."""

from __future__ import annotations

import pandera.pandas as pa

from durable.contracts.adam.description import (
    BASIC_STRUCTURE,
    STUDY_DAY,
    DatasetSpec,
    derived_by,
    source_origins,
)
from durable.contracts.adam.variables import (
    GROUPS,
    PARAMETER,
    SUBJECT,
    TREATMENT,
    contract,
    count,
    date,
    number,
    source_variables,
    text,
)

ADEX = contract(
    "Lymphodepletion Doses Analysis Dataset",
    {
        **SUBJECT,
        **TREATMENT,
        **GROUPS,
        "ASEQ": count("Analysis Sequence Number", pa.Check.ge(1)),
        **PARAMETER,
        "EXTRT": text("Name of Treatment"),
        "ASTDT": date("Analysis Start Date", null=False),
        "AENDT": date("Analysis End Date", null=False),
        "ASTDY": count("Analysis Start Relative Day", pa.Check.lt(0), null=True),
        "AENDY": count("Analysis End Relative Day", pa.Check.lt(0), null=True),
        "NDAYS": count("Number of Days of Administration", pa.Check.ge(1)),
        "AVAL": number("Analysis Value", pa.Check.gt(0)),
        "AVALU": text("Analysis Value Unit"),
        **source_variables(["lymphodepletion"], null=False),
    },
    unique=["USUBJID", "PARAMCD"],
)

_TOTAL = (
    "Sum of the doses of the medicine on the days before the infusion, up to the data cut-off;"
    " empty where the dose of a day is not recorded."
)
_ORIGINS = {
    "ASEQ": derived_by("Number of the record within the subject, by PARAMCD."),
    "PARAM": derived_by("Total dose of the medicine, with its unit."),
    "PARAMCD": derived_by("LD and the number of the medicine, in alphabetical order."),
    "EXTRT": derived_by(
        "lymphodepletion.medicine; of spellings that differ in case, width, blanks or hyphens the"
        " most frequent one."
    ),
    "ASTDT": derived_by("First day of administration before the infusion."),
    "AENDT": derived_by("Last day of administration before the infusion."),
    "ASTDY": derived_by(f"First day as {STUDY_DAY.format('ASTDT')}"),
    "AENDY": derived_by(f"Last day as {STUDY_DAY.format('AENDT')}"),
    "NDAYS": derived_by("Days of administration before the infusion, with or without a dose."),
    "AVAL": derived_by(_TOTAL),
    "AVALU": derived_by("lymphodepletion.unit; one of a medicine."),
    **source_origins("lymphodepletion", "dose, at the first of the days that are added up"),
}

ADEX_SPEC = DatasetSpec(
    "ADEX",
    BASIC_STRUCTURE,
    "One record per subject and medicine of lymphodepletion",
    ("USUBJID", "PARAMCD"),
    _ORIGINS,
    parameters={r"LD\d+": derived_by(_TOTAL)},
)
