"""The input table `eligibility`: one row per subject, screening attempt and criterion."""

from __future__ import annotations

from durable.contracts.input_table import YES_NO, ColumnSpec, InputTable, TableCheck
from durable.criterion import MET, NOT_APPLICABLE, NOT_MET
from durable.eligibility import CRITERION_IDS
from durable.language import N_

_CHECKS = "durable.intake.checks.eligibility"

ELIGIBILITY = InputTable(
    name="eligibility",
    description="One row per subject, screening attempt and criterion: what the site says.",
    not_provided=N_(
        "Input table {table} not provided. What the site answered on eligibility is not compared."
    ),
    unknown_without="it is empty",
    key=("subject_id", "attempt", "criterion"),
    date="answer_date",
    columns=(
        ColumnSpec("subject_id", "Subject identifier", required=True),
        ColumnSpec("attempt", "Number of the screening attempt", "integer", low=1, required=True),
        ColumnSpec(
            "criterion",
            "Criterion: I01 to I09 of inclusion, E01 to E15 of exclusion",
            required=True,
            allowed=CRITERION_IDS,
        ),
        ColumnSpec(
            "answer",
            "Whether the criterion is met; an exclusion criterion that is met excludes",
            required=True,
            allowed=(MET, NOT_MET, NOT_APPLICABLE),
        ),
        ColumnSpec("answer_date", "Date of the answer", "date", absent=True, rare=True),
        ColumnSpec("waiver", "Waived by the sponsor", allowed=YES_NO, absent=True),
        ColumnSpec("comment", "Comment", absent=True),
    ),
    checks=(TableCheck(f"{_CHECKS}:check_answers", ("subjects",)),),
)
