"""Contracts of the kinetics datasets."""

from __future__ import annotations

from typing import Any

import pandera.pandas as pa


def _column(dtype: str | type, label: str, *, null: bool = False) -> Any:
    return pa.Column(dtype, nullable=null, title=label)


_SUBJECT = {
    "STUDYID": _column(object, "Study identifier"),
    "USUBJID": _column(object, "Unique subject identifier"),
    "PARCAT1": _column(object, "Assay"),
}

ADPC = pa.DataFrameSchema(
    {
        **_SUBJECT,
        "AVALU": _column(object, "Unit of AVAL"),
        "ADT": _column("datetime64[ns]", "Date of the sample"),
        "ATM": _column(object, "Time of the sample", null=True),
        "NFRLT": _column("float64", "Nominal day after infusion", null=True),
        "AFRLT": _column("float64", "Actual days after infusion"),
        "AVAL": _column("float64", "Concentration; missing below the limit", null=True),
        "BLQFL": _column(object, "Not quantifiable (empty: no result)", null=True),
        "LLOQ": _column("float64", "Lower limit of quantification", null=True),
        "ANL01FL": _column(object, "Record used for the parameters", null=True),
        "SRCDOM": _column(object, "Source of the record: input table"),
        "SRCVAR": _column(object, "Source of the record: column"),
        "SRCSEQ": _column("int64", "Source of the record: row of the file"),
    },
    title="Concentrations analysis dataset",
    strict=True,
    ordered=True,
)

ADPP = pa.DataFrameSchema(
    {
        **_SUBJECT,
        "PARCAT2": _column(object, "Unit of the assay"),
        "PARCAT3": _column(object, "Parameter, of whichever assay"),
        "PARAMCD": _column(object, "Parameter code"),
        "PARAM": _column(object, "Parameter"),
        "AVAL": _column("float64", "Analysis value", null=True),
        "AVALU": _column(object, "Unit of AVAL"),
        "FLAG": _column(object, "How the value came about", null=True),
        "REASON": _column(object, "What the flag means", null=True),
    },
    title="Kinetics parameters analysis dataset",
    unique=["USUBJID", "PARAMCD"],
    strict=True,
    ordered=True,
)
