"""Checks of the table `lymphodepletion`: its doses, and its dates against those of the subject."""

from __future__ import annotations

import pandas as pd

from durable.contracts.spelling import fold
from durable.contracts.tables.lymphodepletion import DOSE_UNITS
from durable.intake.checks.records import add_duplicates
from durable.intake.findings import Findings
from durable.intake.study import Study
from durable.intake.tables import StudyTable, left_empty, most_frequent, subject_value
from durable.intake.texts import Phrase, map_texts
from durable.language import _


def check_duplicates(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report second doses of a medicine on a day, however its name is spelled."""
    add_duplicates(table, _with_folded_medicine(table), findings)


def _with_folded_medicine(table: StudyTable) -> pd.DataFrame:
    """The records, each with its medicine without the accidents of its spelling."""
    return table.frame.assign(medicine=map_texts(table.frame["medicine"], fold))


def check_single_rows(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report records without a dose, and units other than that of most doses of the medicine."""
    recorded = table.recorded
    expected = _("the dose of the day; without it the subject's total is not known")
    findings.add(recorded, left_empty(table, "dose"), "dose", "dose_missing", expected)
    frame = _with_folded_medicine(table)
    usual = most_frequent(frame, "medicine", "unit")
    # A unit that is none has a finding of its own.
    mixed = usual.notna() & frame["unit"].isin(DOSE_UNITS) & (frame["unit"] != usual)
    phrase = Phrase(_("the unit of the medicine's other doses: {unit}"), {"unit": usual})
    findings.add(recorded, mixed, "unit", "mixed_units", phrase)


def check_with_subjects(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report doses on or after the day of infusion, and subjects whose records disagree.

    Their first dose is not on their ``lymphodepletion_date``, or they have that date and no dose.
    """
    frame, known = table.frame, study.subjects
    date, infusion = frame["administration_date"], subject_value(frame, known, "infusion_date")
    late = date >= infusion
    expected = Phrase(
        _("a date before the infusion ({date}); the dose is not counted"), {"date": infusion}
    )
    findings.add(table.recorded, late, "administration_date", "dose_after_infusion", expected)
    _check_first_days(table, study, frame.loc[date.notna() & ~late], findings)
    people = study.tables["subjects"]
    without = people.frame["lymphodepletion_date"].notna()
    without &= ~people.frame["subject_id"].isin(frame["subject_id"].dropna().unique())
    words = _("doses in the table lymphodepletion: it has none of this subject")
    findings.add(people.recorded, without, "lymphodepletion_date", "doses_missing", words)


def _check_first_days(
    table: StudyTable, study: Study, counted: pd.DataFrame, findings: Findings
) -> None:
    """The first of each subject's doses that count, where it is not of the subject's date."""
    order = counted.sort_values("administration_date", kind="stable")
    first = (~order["subject_id"].duplicated()).reindex(table.frame.index, fill_value=False)
    begun = subject_value(table.frame, study.subjects, "lymphodepletion_date")
    known = table.frame["subject_id"].isin(study.subjects.index)
    differs = first & known & (table.frame["administration_date"] != begun)
    rule = "first_dose_differs"
    expected = Phrase(
        _("the subject's lymphodepletion_date ({date}), which is the one that is analysed"),
        {"date": begun},
    )
    dated = differs & begun.notna()
    findings.add(table.recorded, dated, "administration_date", rule, expected)
    words = _("a lymphodepletion_date of the subject, who does not count as lymphodepleted without")
    findings.add(table.recorded, differs & begun.isna(), "administration_date", rule, words)
