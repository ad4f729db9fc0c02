"""Checks of the ends of therapies and adverse events."""

from __future__ import annotations

import pandas as pd

from durable.intake.findings import Findings
from durable.intake.tables import StudyTable, check_order, earliest_day, subject_value
from durable.intake.texts import Phrase
from durable.language import _


def check_ends(table: StudyTable, findings: Findings) -> None:
    """Report records that end before they start."""
    check_order(table, findings, "start_date", "end_date", "end_before_start")


def check_ends_after_death(table: StudyTable, known: pd.DataFrame, findings: Findings) -> None:
    """Report records that end after the death of their subject; `known` is `Study.subjects`."""
    death = subject_value(table.frame, known, "death_date")
    expected = Phrase(
        _("a date not after the subject's {limit} ({date})"), {"limit": "death_date", "date": death}
    )
    late = earliest_day(table.frame, "end_date") > death
    findings.add(table.recorded, late, "end_date", "ends_after_death", expected)
