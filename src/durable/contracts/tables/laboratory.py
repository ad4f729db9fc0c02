"""The input table `laboratory`: one row per subject, test and sample."""

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

_CHECKS = "durable.intake.checks.laboratory"


def _limit(name: str, label: str, variable: str) -> ColumnSpec:
    """A limit of the value, in the unit of its row."""
    source = SdtmSource(f"LB.{variable}", optional=True)
    return ColumnSpec(name, label, "number", low=0, absent=True, sdtm=source)


LABORATORY = InputTable(
    name="laboratory",
    description="One row per subject, laboratory test and sample.",
    not_provided=N_(
        "Input table {table} not provided. B cells, immunoglobulins, blood counts and inflammation"
        " markers are not analysed."
    ),
    key=("subject_id", "test", "sample_date", "sample_time"),
    date="sample_date",
    not_analysed=f"{_CHECKS}:results_not_analysed",
    duplicates=f"{_CHECKS}:check_duplicates",
    before_consent="before_consent",
    after_withdrawal="after_withdrawal",
    columns=(
        ColumnSpec("subject_id", "Subject identifier", required=True),
        ColumnSpec(
            "sample_date",
            "Date of the sample",
            "date",
            required=True,
            sdtm=SdtmSource("LB.LBDTC"),
            adam=("ADLB.ADT",),
        ),
        ColumnSpec(
            "sample_time",
            "Time of the sample",
            "time",
            absent=True,
            sdtm=SdtmSource("LB.LBDTC"),
            adam=("ADLB.ATM",),
        ),
        ColumnSpec(
            "test",
            "Code of the test (laboratory.tests)",
            required=True,
            counted=True,
            words=f"{_CHECKS}:declared_tests",
            sdtm=SdtmSource("LB.LBTESTCD"),
            adam=("ADLB.PARAMCD",),
        ),
        ColumnSpec(
            "unit",
            "Unit of the value and of the limits",
            required=True,
            sdtm=SdtmSource("LB.LBSTRESU"),
        ),
        ColumnSpec(
            "value",
            "Result; empty below the limit",
            "number",
            low=0,
            sdtm=SdtmSource("LB.LBSTRESC"),
        ),
        ColumnSpec(
            "below_lloq",
            "Below the lower limit of quantification",
            allowed=YES_NO,
            absent=True,
            sdtm=SdtmSource(instead="LBSTRESC"),
        ),
        _limit("lloq", "Lower limit of quantification", "LBLLOQ"),
        _limit("lower_limit", "Lower limit of normal", "LBSTNRLO"),
        _limit("upper_limit", "Upper limit of normal", "LBSTNRHI"),
    ),
    checks=(TableCheck(f"{_CHECKS}:check_single_rows"),),
    sdtm=SdtmTable("durable.intake.sdtm.records:Samples", "LB", when_named=True),
)
