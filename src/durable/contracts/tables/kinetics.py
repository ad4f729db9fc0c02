"""The input table `kinetics`: one row per sample and assay."""

from __future__ import annotations

from durable.contracts.input_table import (
    YES_NO,
    ColumnSpec,
    InputTable,
    SdtmSource,
    SdtmTable,
    TableCheck,
)
from durable.language import N_

_CHECKS = "durable.intake.checks.kinetics"

KINETICS = InputTable(
    name="kinetics",
    description="One row per sample and assay.",
    not_provided=N_(
        "Input table {table} not provided. There is no table, figure or listing of CAR-T cell"
        " concentrations."
    ),
    key=("subject_id", "assay", "sample_date", "sample_time"),
    date="sample_date",
    before_consent="before_consent",
    after_withdrawal="after_withdrawal",
    duplicates=f"{_CHECKS}:check_duplicates",
    columns=(
        ColumnSpec("subject_id", "Subject identifier", required=True),
        ColumnSpec(
            "sample_date",
            "Date of the sample",
            "date",
            required=True,
            sdtm=SdtmSource("PC.PCDTC"),
            adam=("ADPC.ADT",),
        ),
        ColumnSpec(
            "sample_time",
            "Time of the sample",
            "time",
            absent=True,
            sdtm=SdtmSource("PC.PCDTC"),
            adam=("ADPC.ATM",),
        ),
        ColumnSpec(
            "nominal_day",
            "Nominal day after infusion",
            "integer",
            absent=True,
            unit="days",
            sdtm=SdtmSource("PC.VISITDY"),
            adam=("ADPC.NFRLT",),
        ),
        ColumnSpec(
            "assay",
            "Assay",
            required=True,
            counted=True,
            sdtm=SdtmSource("PC.PCTEST"),
            adam=("ADPC.PARCAT1", "ADPP.PARCAT1"),
        ),
        ColumnSpec(
            "unit",
            "Unit of the value",
            required=True,
            counted=True,
            sdtm=SdtmSource("PC.PCSTRESU"),
            adam=("ADPC.AVALU", "ADPP.PARCAT2"),
        ),
        ColumnSpec(
            "value",
            "Result; empty below the limit",
            "number",
            low=0,
            sdtm=SdtmSource("PC.PCSTRESC"),
        ),
        ColumnSpec(
            "below_lloq",
            "Below the lower limit of quantification",
            allowed=YES_NO,
            sdtm=SdtmSource(instead="PCSTRESC"),
        ),
        ColumnSpec(
            "lloq",
            "Lower limit of quantification",
            "number",
            above=0,
            sdtm=SdtmSource("PC.PCLLOQ"),
            adam=("ADPC.LLOQ",),
        ),
        ColumnSpec(
            "exclusion_reason",
            "Why the sample is left out of the analysis; empty: it is not",
            absent=True,
            rare=True,
            adam=("ADPC.NCAXRS",),
        ),
    ),
    checks=(
        TableCheck(f"{_CHECKS}:check_single_rows"),
        TableCheck(f"{_CHECKS}:check_with_subjects", ("subjects",)),
    ),
    sdtm=SdtmTable("durable.intake.sdtm.records:Samples", "PC"),
)
