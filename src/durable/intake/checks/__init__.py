"""Checks of the records of the tables; each `InputTable` lists those of its own."""

from __future__ import annotations

from durable.contracts.input_table import named_object
from durable.contracts.tables import INPUT_TABLES
from durable.intake.checks.records import check_dates, check_known_subjects, check_spellings
from durable.intake.findings import Findings
from durable.intake.study import Study


def check_records(study: Study, findings: Findings) -> None:
    """Report doubts across the columns, rows and tables of a study that was read.

    A check that compares tables runs only where all of them have records.
    """
    for name, table in study.tables.items():
        spec = INPUT_TABLES[name]
        named_object(spec.duplicates)(table, study, findings)
        check_spellings(table, study, findings)
        if name != "subjects" and "subjects" in study.tables:
            check_known_subjects(table, study, findings)
            check_dates(table, study, findings)
        for check in spec.checks:
            if set(check.tables) <= set(study.tables):
                named_object(check.function)(table, study, findings)
