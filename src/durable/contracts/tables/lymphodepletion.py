"""The input table `lymphodepletion`: one row per subject, medicine and day."""

from __future__ import annotations

from durable.contracts.input_table import ColumnSpec, InputTable, TableCheck
from durable.language import N_

_CHECKS = "durable.intake.checks.lymphodepletion"
#: Units of a dose; those of a medicine may not be mixed, because doses are added up.
DOSE_UNITS = ("mg/m2", "mg/kg", "mg")

LYMPHODEPLETION = InputTable(
    name="lymphodepletion",
    description="One row per subject, medicine of lymphodepletion and day.",
    not_provided=N_(
        "Input table {table} not provided. Doses of the medicines of lymphodepletion are not"
        " summarised."
    ),
    key=("subject_id", "medicine", "administration_date"),
    date="administration_date",
    before_consent="before_consent",
    after_withdrawal="after_withdrawal",
    duplicates=f"{_CHECKS}:check_duplicates",
    columns=(
        ColumnSpec("subject_id", "Subject identifier", required=True),
        ColumnSpec("administration_date", "Date of administration", "date", required=True),
        ColumnSpec("medicine", "Name of the medicine", required=True, counted=True),
        ColumnSpec("dose", "Dose given on the day", "number", above=0),
        ColumnSpec(
            "unit",
            "Unit of the dose, one of a medicine",
            required=True,
            allowed=DOSE_UNITS,
        ),
    ),
    checks=(
        TableCheck(f"{_CHECKS}:check_single_rows"),
        TableCheck(f"{_CHECKS}:check_with_subjects", ("subjects",)),
    ),
)
