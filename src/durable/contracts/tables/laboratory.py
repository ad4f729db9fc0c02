"""The input table `laboratory`: one row per subject, test and sample."""

from __future__ import annotations

from durable.contracts.input_table import YES_NO, ColumnSpec, InputTable, TableCheck

_CHECKS = "durable.intake.checks.laboratory"


def _limit(name: str, label: str) -> ColumnSpec:
    """A limit of the value, in the unit of its row."""
    return ColumnSpec(name, label, "number", low=0, absent=True)


LABORATORY = InputTable(
    name="laboratory",
    description="One row per subject, laboratory test and sample.",
    key=("subject_id", "test", "sample_date", "sample_time"),
    date="sample_date",
    before_consent="before_consent",
    after_withdrawal="after_withdrawal",
    columns=(
        ColumnSpec("subject_id", "Subject identifier", required=True),
        ColumnSpec("sample_date", "Date of the sample", "date", required=True, adam=("ADLB.ADT",)),
        ColumnSpec("sample_time", "Time of the sample", "time", absent=True, adam=("ADLB.ATM",)),
        ColumnSpec(
            "test",
            "Code of the test (laboratory.tests)",
            required=True,
            counted=True,
            words=f"{_CHECKS}:declared_tests",
            adam=("ADLB.PARAMCD",),
        ),
        ColumnSpec("unit", "Unit of the value and of the limits", required=True),
        ColumnSpec("value", "Result; empty below the limit", "number", low=0),
        ColumnSpec(
            "below_lloq", "Below the lower limit of quantification", allowed=YES_NO, absent=True
        ),
        _limit("lloq", "Lower limit of quantification"),
        _limit("lower_limit", "Lower limit of normal"),
        _limit("upper_limit", "Upper limit of normal"),
    ),
    checks=(TableCheck(f"{_CHECKS}:check_single_rows"),),
)
