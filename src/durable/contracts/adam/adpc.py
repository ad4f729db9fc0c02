"""ADPC, the concentrations dataset."""

from __future__ import annotations

from typing import Any

import pandera.pandas as pa

from durable.contracts.adam.description import (
    BASIC_STRUCTURE,
    STUDY_DAY,
    DatasetSpec,
    derived_by,
    source_origins,
)
from durable.contracts.adam.variables import (
    PARAMETER,
    SUBJECT,
    TREATMENT,
    contract,
    count,
    date,
    marker,
    number,
    period,
    source_variables,
    text,
)
from durable.vocabulary import PERIOD

#: Why a sample is not one of the parameters' (NCAXRS).
NO_RESULT = "NO RESULT"
AFTER_LAST_DAY = "AFTER THE LAST DAY OF THE PARAMETERS"

_VARIABLES = {
    **SUBJECT,
    **TREATMENT,
    "ASEQ": count("Analysis Sequence Number", pa.Check.ge(1)),
    "PARCAT1": text("Parameter Category 1"),
    **PARAMETER,
    "ADT": date("Analysis Date", null=False),
    "ATM": text("Analysis Time", null=True),
    "ADY": count("Analysis Relative Day", pa.Check.ne(0)),
    PERIOD: period(),
    "NFRLT": number("Nom. Rel. Time from Analyte First Dose"),
    "AFRLT": number("Act. Rel. Time from Analyte First Dose", null=False),
    "ARRLT": number("Actual Rel. Time from Ref. Dose", null=False),
    "FRLTU": text("Rel. Time from First Dose Unit", isin=["DAYS"]),
    "AVAL": number("Analysis Value"),
    "AVALU": text("Analysis Value Unit"),
    "BLQFL": text("Below Limit of Quantification Flag", null=True, isin=["Y", "N"]),
    "LLOQ": number("Lower Limit of Quantification"),
    "ANL01FL": marker("Analysis Flag 01"),
    "NCAXFL": marker("PK NCA Exclusion Flag"),
    "NCAXRS": text("Reason for PK NCA Exclusion", null=True),
    "PKSUMXF": marker("PK Summary Exclusion Flag"),
    **source_variables(["kinetics"], null=False),
}
#: Those that a study has where the plan says how a second infusion counts.
_OF_PERIODS = (PERIOD, "ARRLT")


def adpc_schema(*, periods: bool = False) -> Any:
    """Return the DataFrameSchema of ADPC.

    Parameters
    ----------
    periods
        Whether the plan says how a second infusion counts; else there is no period and no ARRLT.
    """
    names = (name for name in _VARIABLES if periods or name not in _OF_PERIODS)
    return contract(
        "Pharmacokinetic Concentrations Dataset",
        {name: _VARIABLES[name] for name in names},
        unique=["USUBJID", "ASEQ"],
    )


ADPC = adpc_schema()

_ORIGINS = {
    "ASEQ": derived_by(
        "Number of the record within the subject, by assay, date, time and row of the file."
    ),
    "PARAM": derived_by("Concentration of the cells by assay and unit."),
    "PARAMCD": derived_by(
        "CONC; with several assays a letter follows it, A for the first in alphabetical order."
    ),
    "ADY": derived_by(f"Sample as {STUDY_DAY.format('ADT')}"),
    "FRLTU": derived_by("DAYS."),
    "AFRLT": derived_by(
        "ADT - ADSL.TRTSDT, days; of several results of an assay on a day, plus the part of a day"
        " since the first of them, where one without time counts as drawn at 00:00."
    ),
    PERIOD: derived_by(
        "2 for a sample dated on or after ADSL.TR02SDT, else 1. A sample of that day was taken"
        " before the second infusion: it is day 0 of period 2, and the last of the first profile.",
        "response.reinfusion",
    ),
    "ARRLT": derived_by("As AFRLT, in period 2 from ADSL.TR02SDT.", "response.reinfusion"),
    "AVAL": derived_by("Value as recorded, where it is quantifiable (BLQFL N)."),
    "BLQFL": derived_by(
        "Y where the result is marked as below the limit of quantification, is 0, or is below LLOQ;"
        " else N; empty for a sample without a result."
    ),
    "ANL01FL": derived_by(
        "Y for a result that counts (PKSUMXF is empty) up to the last day of the parameters, by"
        " ARRLT where there is one. Persistence is of all results that count.",
        "kinetics.last_day",
    ),
    "NCAXFL": derived_by("Y where the parameters are not of the record: ANL01FL is empty."),
    "NCAXRS": derived_by(
        f"{NO_RESULT}; else the reason of exclusion as recorded; else {AFTER_LAST_DAY}.",
        "kinetics.last_day",
    ),
    "PKSUMXF": derived_by(
        "Y for a sample without a result, and for one with a reason of exclusion."
    ),
    **source_origins("kinetics", "value"),
}

ADPC_SPEC = DatasetSpec(
    "ADPC",
    BASIC_STRUCTURE,
    "One record per subject, assay and sample",
    ("USUBJID", "ASEQ"),
    _ORIGINS,
)
