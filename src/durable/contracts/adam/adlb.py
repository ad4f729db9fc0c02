"""ADLB, the laboratory dataset."""

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
    marker,
    number,
    source_variables,
    text,
)

_GRADES = (pa.Check.isin([0, 1, 2, 3, 4]),)

ADLB = contract(
    "Laboratory Analysis Dataset",
    {
        **SUBJECT,
        **TREATMENT,
        **GROUPS,
        "ASEQ": count("Analysis Sequence Number", pa.Check.ge(1)),
        "PARCAT1": text("Parameter Category 1"),
        **PARAMETER,
        "ADT": date("Analysis Date", null=False),
        "ATM": text("Analysis Time", null=True),
        "ADY": count("Analysis Relative Day", pa.Check.ne(0)),
        "AVISIT": text("Analysis Visit", null=True),
        "AWTARGET": number("Analysis Window Target"),
        "AVAL": number("Analysis Value"),
        "AVALU": text("Analysis Value Unit"),
        "BLQFL": text("Below Limit of Quantification Flag", null=True, isin=["Y", "N"]),
        "LLOQ": number("Lower Limit of Quantification"),
        "ANRLO": number("Analysis Normal Range Lower Limit"),
        "ANRHI": number("Analysis Normal Range Upper Limit"),
        "ABLFL": marker("Baseline Record Flag"),
        "BASE": number("Baseline Value"),
        "CHG": number("Change from Baseline"),
        "ATOXGR": count("Analysis Toxicity Grade", *_GRADES, null=True),
        "BTOXGR": count("Baseline Toxicity Grade", *_GRADES, null=True),
        "ANL01FL": marker("Analysis Flag 01"),
        **source_variables(["laboratory"], null=False),
    },
    unique=["USUBJID", "ASEQ"],
)

_CONVERTED = "converted to the unit of the test by its factor"
_ORIGINS = {
    "ASEQ": derived_by(
        "Number of the record within the subject, by test in the order of the plan, date, time and"
        " row of the file."
    ),
    "PARCAT1": derived_by("Group of the test.", "laboratory.tests"),
    "PARAM": derived_by("Name of the test with its unit.", "laboratory.tests"),
    "ADY": derived_by(f"Sample as {STUDY_DAY.format('ADT')}"),
    "AVISIT": derived_by(
        "BASELINE where ABLFL is Y; else the scheduled visit whose window holds the day.",
        "schedule",
    ),
    "AWTARGET": derived_by("Target day of the scheduled visit.", "schedule"),
    "AVAL": derived_by(
        f"Result, {_CONVERTED}; one below the limit of quantification (BLQFL Y) counts as the plan"
        " says.",
        *("laboratory.tests", "laboratory.below_lloq"),
    ),
    "AVALU": derived_by("Unit in which the test is analysed.", "laboratory.tests"),
    "BLQFL": derived_by(
        "Y where the result is marked as below the limit of quantification or is below LLOQ; else"
        " N; empty for a sample without a result."
    ),
    "LLOQ": derived_by(f"Lower limit of quantification, {_CONVERTED}.", "laboratory.tests"),
    "ANRLO": derived_by(f"Lower limit of normal, {_CONVERTED}.", "laboratory.tests"),
    "ANRHI": derived_by(f"Upper limit of normal, {_CONVERTED}.", "laboratory.tests"),
    "ABLFL": derived_by(
        "Y for the last result of the test before lymphodepletion, for a subject without one before"
        " infusion.",
        "response.baseline",
    ),
    "BASE": derived_by("AVAL of the record with ABLFL Y of the subject and test."),
    "CHG": derived_by("AVAL - BASE, of records after the day of infusion."),
    "ATOXGR": derived_by(
        "CTCAE grade of a decrease, by the limits of the test and, for grade 1, ANRLO; empty where"
        " the test is not graded, or the grade cannot be told.",
        "laboratory.tests",
    ),
    "BTOXGR": derived_by("ATOXGR of the record with ABLFL Y of the subject and test."),
    "ANL01FL": derived_by(
        "Y for the baseline, and for the result closest to the target day of each scheduled visit;"
        " if equidistant, the earlier; of one day, the later.",
        "schedule",
    ),
    **source_origins("laboratory", "value"),
}

ADLB_SPEC = DatasetSpec(
    "ADLB",
    BASIC_STRUCTURE,
    "One record per subject, test and sample",
    ("USUBJID", "ASEQ"),
    _ORIGINS,
)
