"""ADPC, the concentrations dataset."""

from __future__ import annotations

import pandera.pandas as pa

from durable.contracts.adam.description import (
    BASIC_STRUCTURE,
    STUDY,
    DatasetSpec,
    derived_by,
    recorded_origins,
    source_origins,
)
from durable.contracts.adam.variables import column

ADPC = pa.DataFrameSchema(
    {
        "STUDYID": column(object, "Study identifier"),
        "USUBJID": column(object, "Unique subject identifier"),
        "PARCAT1": column(object, "Assay"),
        "AVALU": column(object, "Unit of AVAL"),
        "ADT": column("datetime64[ns]", "Date of the sample"),
        "ATM": column(object, "Time of the sample", null=True),
        "NFRLT": column("float64", "Nominal day after infusion", null=True),
        "AFRLT": column("float64", "Actual days after infusion"),
        "AVAL": column("float64", "Concentration; missing below the limit", null=True),
        "BLQFL": column(object, "Not quantifiable (empty: no result)", null=True),
        "LLOQ": column("float64", "Lower limit of quantification", null=True),
        "ANL01FL": column(object, "Record used for the parameters", null=True),
        "SRCDOM": column(object, "Source of the record: input table"),
        "SRCVAR": column(object, "Source of the record: column"),
        "SRCSEQ": column("int64", "Source of the record: row of the file"),
    },
    title="Concentrations analysis dataset",
    strict=True,
    ordered=True,
)

_ORIGINS = {
    **STUDY,
    **recorded_origins("ADPC"),
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
