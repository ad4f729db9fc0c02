"""Checks of the ends of therapies and adverse events."""

from __future__ import annotations

import pandas as pd

from durable.intake.findings import Findings
from durable.intake.tables import Table, date_of, first_day, in_order
from durable.intake.texts import Phrase


def check_ends(table: Table, findings: Findings) -> None:
    """Records that end before they start."""
    in_order(table, findings, "start_date", "end_date", "end_before_start")


def check_ends_after_death(table: Table, known: pd.DataFrame, findings: Findings) -> None:
    """Records that end after the death of their subject."""
    death = date_of(table.frame, known, "death_date")
    expected = Phrase("a date not after the subject's death_date ({})", (death,))
    late = first_day(table.frame, "end_date") > death
    findings.add(table.recorded, late, "end_date", "ends_after_death", expected)
