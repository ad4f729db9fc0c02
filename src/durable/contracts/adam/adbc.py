"""ADBC, B-cell aplasia and recovery as times to event."""

from __future__ import annotations

import pandera.pandas as pa

from durable.contracts.adam.description import (
    BASIC_STRUCTURE,
    BY_PARAMETER,
    DatasetSpec,
    derived_by,
    source_origins,
)
from durable.contracts.adam.variables import (
    SUBJECT,
    TREATMENT,
    contract,
    count,
    date,
    number,
    source_variables,
    text,
)
from durable.contracts.b_cells import APLASIA, PARAMETERS, REASONS, RECOVERY

ADBC = contract(
    "B-Cell Time-to-Event Analysis Dataset",
    {
        **SUBJECT,
        **TREATMENT,
        "ASEQ": count("Analysis Sequence Number", pa.Check.ge(1)),
        "PARAM": text("Parameter", isin=[*PARAMETERS.values()]),
        "PARAMCD": text("Parameter Code", isin=[*PARAMETERS]),
        "STARTDT": date("Time-to-Event Origin Date for Subject", null=False),
        "ADT": date("Analysis Date", null=False),
        "AVAL": number("Analysis Value", pa.Check.ge(1), null=False),
        "AVALU": text("Analysis Value Unit", isin=["DAYS"]),
        "CNSR": count("Censor", pa.Check.in_range(0, len(REASONS))),
        "EVNTDESC": text("Event or Censoring Description"),
        "CNSDTDSC": text("Censor Date Description", null=True),
        **source_variables(["laboratory"]),
    },
    unique=["USUBJID", "PARAMCD"],
)

_KEYS = ("laboratory.b_cells",)
_ORIGINS = {
    "ASEQ": derived_by("Number of the record within the subject."),
    "PARAM": derived_by("Name of the parameter."),
    "PARAMCD": derived_by("Code of the parameter."),
    "STARTDT": derived_by("ADSL.TRTSDT."),
    "ADT": derived_by(
        "Date of the result that is the event; else of the last B-cell result after the infusion,"
        " and before an unconfirmed recovery; the day of infusion without one.",
        *_KEYS,
    ),
    "AVAL": BY_PARAMETER,
    "AVALU": derived_by("DAYS."),
    "CNSR": derived_by(
        "; ".join(
            ["0 event", *(f"{code} {reason.lower()}" for code, reason in enumerate(REASONS, 1))]
        )
        + ".",
        *_KEYS,
    ),
    "EVNTDESC": derived_by("What the event or the reason for censoring is."),
    "CNSDTDSC": derived_by("What ADT of a censored record is."),
    **source_origins("laboratory", "value"),
}
ADBC_SPEC = DatasetSpec(
    "ADBC",
    BASIC_STRUCTURE,
    "One record per subject and parameter",
    ("USUBJID", "PARAMCD"),
    _ORIGINS,
    "TIME-TO-EVENT",
    {
        APLASIA: derived_by(
            "ADT - STARTDT + 1: days from infusion to the first result below the limit of aplasia.",
            "laboratory.b_cells.aplasia_below",
        ),
        RECOVERY: derived_by(
            "ADT - STARTDT + 1: of subjects with aplasia, days from infusion to the first of so"
            " many consecutive results, after the first in aplasia, of at least the limit of"
            " recovery.",
            *("laboratory.b_cells.recovery_at_least", "laboratory.b_cells.recovery_consecutive"),
        ),
    },
)
