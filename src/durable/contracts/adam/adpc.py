"""ADPC, the concentrations dataset."""

from __future__ import annotations

from durable.contracts.adam.description import (
    BASIC_STRUCTURE,
    DatasetSpec,
    derived_by,
    source_origins,
)
from durable.contracts.adam.variables import SUBJECT, contract, date, number, source_variables, text

ADPC = contract(
    "Concentrations analysis dataset",
    {
        **SUBJECT,
        "PARCAT1": text("Assay"),
        "AVALU": text("Unit of AVAL"),
        "ADT": date("Date of the sample", null=False),
        "ATM": text("Time of the sample", null=True),
        "NFRLT": number("Nominal day after infusion"),
        "AFRLT": number("Actual days after infusion", null=False),
        "AVAL": number("Concentration; missing below the limit"),
        "BLQFL": text("Not quantifiable (empty: no result)", null=True),
        "LLOQ": number("Lower limit of quantification"),
        "ANL01FL": text("Record used for the parameters", null=True),
        **source_variables([], null=False),
    },
)

_ORIGINS = {
    "AFRLT": derived_by(
        "ADT - ADSL.TRTSDT, days; of several results of an assay on a day, plus the part of a day"
        " since the first of them, where one without time counts as drawn at 00:00."
    ),
    "AVAL": derived_by("Value as recorded, where it is quantifiable (BLQFL N)."),
    "BLQFL": derived_by(
        "Y where the result is marked as below the limit of quantification, is 0, or is below LLOQ;"
        " else N; empty for a sample without a result."
    ),
    "ANL01FL": derived_by(
        "Y for a result up to the last day of the parameters. Persistence is of all results.",
        "kinetics.last_day",
    ),
    **source_origins("kinetics", "value"),
}

ADPC_SPEC = DatasetSpec(
    "ADPC",
    BASIC_STRUCTURE,
    "One record per subject, assay and sample",
    ("USUBJID", "PARCAT1", "SRCSEQ"),
    _ORIGINS,
)
