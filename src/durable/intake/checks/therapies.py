"""Checks of the table `therapies`."""

from __future__ import annotations

import pandas as pd

from durable.intake.checks.ends import check_ends, check_ends_after_death
from durable.intake.findings import Findings
from durable.intake.study import Study
from durable.intake.tables import StudyTable, has_known_subject, subject_value
from durable.intake.texts import Phrase
from durable.language import _

_YEAR = 365.25
_OLDEST = 120


def check_single_rows(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report therapies that end before they start."""
    check_ends(table, findings)


def check_with_subjects(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report therapies that the dates of their subject contradict.

    Ends after death, starts before birth (by age), and new systemic therapies that do not start on
    or after the day of infusion.
    """
    frame, recorded, known = table.frame, table.recorded, study.subjects
    check_ends_after_death(table, known, findings)
    # Age in completed years, at consent or later: a year more is never short. What is no age at all
    # has its own finding.
    age = subject_value(frame, known, "age_years")
    days = (age.where((age >= 0) & (age <= _OLDEST)) + 1) * _YEAR
    born = subject_value(frame, known, "consent_date") - pd.to_timedelta(days, unit="D")
    early = frame["start_date"] < born
    expected = Phrase(_("a date after birth (by age {date} or later)"), {"date": born})
    findings.add(recorded, early, "start_date", "before_birth", expected)
    infusion = subject_value(frame, known, "infusion_date")
    new = (frame["new_systemic"] == "Y") & has_known_subject(frame, known)
    idle = new & frame["start_date"].notna() & ~(frame["start_date"] >= infusion)
    infused = infusion.notna()
    expected = Phrase(
        _("Y only for a therapy that starts on or after the day of infusion ({date})"),
        {"date": infusion},
    )
    findings.add(recorded, idle & infused, "new_systemic", "new_before_infusion", expected)
    never = _("N: the subject has no infusion date")
    findings.add(recorded, idle & ~infused, "new_systemic", "new_before_infusion", never)
