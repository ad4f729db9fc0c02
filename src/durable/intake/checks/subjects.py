"""Checks of the table `subjects`, and of each subject's baseline."""

from __future__ import annotations

import numpy as np
import pandas as pd

from durable.contracts.words import outcome_class
from durable.doses import SMALLEST_DOSE, parse_dose
from durable.intake.findings import Findings
from durable.intake.study import Study
from durable.intake.tables import StudyTable, check_order, left_empty, subject_value
from durable.intake.texts import Phrase, codes_and_values, where_text
from durable.language import _


def check_single_rows(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report subjects whose dates are out of order or whose record is incomplete.

    What an infused subject must have, doses unlike the dose level, second infusions, repeated
    identifiers within the study, and a withdrawal without its date or reason or for death.
    """
    _check_order(table, findings)
    _check_infused(table, findings)
    _check_dose(table, findings)
    _check_reinfusion(table, study, findings)
    frame, recorded = table.frame, table.recorded
    again = frame["study_subject_id"].notna() & frame["study_subject_id"].duplicated()
    expected = _("an identifier that no other subject of the study has")
    findings.add(recorded, again, "study_subject_id", "duplicate_record", expected)
    undated = frame["withdrawal_reason"].notna() & left_empty(table, "withdrawal_date")
    findings.add(
        recorded,
        undated,
        "withdrawal_date",
        "withdrawal_without_date",
        _("the date: a reason is recorded"),
    )
    died = where_text(frame["withdrawal_reason"], lambda text: outcome_class(text) == "FATAL")
    findings.add(
        recorded,
        died & left_empty(table, "death_date"),
        "withdrawal_reason",
        "fatal_without_death",
        _("a death_date: until it is recorded, the subject counts as alive and withdrawn"),
    )
    no_reason = frame["withdrawal_date"].notna() & frame["withdrawal_reason"].isna()
    findings.add(
        recorded, no_reason, "withdrawal_reason", "withdrawal_without_reason", _("the reason")
    )


def _check_order(table: StudyTable, findings: Findings) -> None:
    for early, late, rule in (
        ("lymphodepletion_date", "infusion_date", "infusion_early"),
        ("consent_date", "apheresis_date", "before_consent"),
        ("apheresis_date", "lymphodepletion_date", "apheresis_late"),
        ("apheresis_date", "infusion_date", "apheresis_late"),
        ("apheresis_date", "death_date", "apheresis_late"),
        ("consent_date", "lymphodepletion_date", "before_consent"),
        ("consent_date", "infusion_date", "before_consent"),
        ("consent_date", "death_date", "before_consent"),
        ("consent_date", "withdrawal_date", "before_consent"),
        ("infusion_date", "death_date", "death_before_infusion"),
        ("reinfusion_date", "death_date", "death_before_reinfusion"),
        ("infusion_date", "withdrawal_date", "withdrawal_order"),
        ("consent_date", "last_contact_date", "contact_order"),
        ("infusion_date", "last_contact_date", "contact_order"),
        ("reinfusion_date", "last_contact_date", "contact_before_reinfusion"),
        ("withdrawal_date", "last_contact_date", "contact_order"),
    ):
        check_order(table, findings, early, late, rule)
    death = table.frame["death_date"]
    for late, rule in (
        ("last_contact_date", "contact_after_death"),
        ("withdrawal_date", "withdrawal_order"),
    ):
        expected = Phrase(
            _("a date not after death_date ({date})"), {"date": table.recorded.text["death_date"]}
        )
        findings.add(table.recorded, table.frame[late] > death, late, rule, expected)


def _check_infused(table: StudyTable, findings: Findings) -> None:
    recorded = table.recorded
    infused = table.frame["infusion_date"].notna()
    date = _("a date: the subject was infused")
    for name, rule, expected in (
        ("lymphodepletion_date", "infusion_without_lymphodepletion", date),
        ("consent_date", "consent_missing", date),
        ("cells_per_kg", "dose_missing", _("a dose: the subject was infused")),
        ("dose_level", "dose_missing", _("a dose level: the subject was infused")),
        ("part", "part_missing", _("A or B: the subject was infused")),
        ("last_contact_date", "contact_missing", date),
    ):
        missing = infused & left_empty(table, name)
        findings.add(recorded, missing, name, rule, expected)
    undated = table.frame["cells_per_kg"].notna() & left_empty(table, "infusion_date")
    expected = _("the date: a dose is recorded")
    findings.add(recorded, undated, "infusion_date", "infusion_without_date", expected)
    waiting = ~infused & left_empty(table, "consent_date")
    findings.add(recorded, waiting, "consent_date", "consent_missing", _("a date"), "warning")


def check_cutoff(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report the first subject of a study whose data cut-off is before it: nobody is analysed."""
    dates = table.frame[["consent_date", "infusion_date"]].min(axis=1)
    first, cutoff = dates.min(), study.plan.analysis.data_cutoff
    if not first > pd.Timestamp(cutoff):
        return
    at_first = pd.Series(np.arange(len(dates)) == dates.argmin(), index=dates.index)
    expected = _(
        "at least one subject by the data cut-off ({date}): nobody is in the analysis"
    ).format(date=cutoff)
    column = "consent_date" if table.frame["consent_date"].min() == first else "infusion_date"
    findings.add(table.recorded, at_first, column, "nobody_by_cutoff", expected)


def _check_dose(table: StudyTable, findings: Findings) -> None:
    """Cells against the dose level, where that is a dose (`doses.parse_dose`) and not a label.

    Also numbers too small to be cells per kg, as of doses in millions.
    """
    codes, distinct = codes_and_values(table.frame["dose_level"])
    doses = np.array([*map(parse_dose, distinct), np.nan])
    level = pd.Series(doses[codes], index=table.frame.index)
    cells = table.frame["cells_per_kg"]
    differs = (cells < level / 2) | (cells > level * 2)
    recorded = table.recorded.text["dose_level"]
    expected = Phrase(_("half to twice the dose level ({level})"), {"level": recorded})
    findings.add(table.recorded, differs, "cells_per_kg", "dose_differs", expected)
    words = _(
        "at least {smallest} cells/kg, or units of the plan in which the dose is recorded"
    ).format(smallest=f"{SMALLEST_DOSE:,}")
    for name in ("cells_per_kg", "reinfusion_cells_per_kg"):
        dose = table.frame[name]
        small = (dose > 0) & (dose < SMALLEST_DOSE)
        small &= ~differs if name == "cells_per_kg" else True
        findings.add(table.recorded, small, name, "dose_differs", words)


def _check_reinfusion(table: StudyTable, study: Study, findings: Findings) -> None:
    """A second infusion: after a first one, with its dose, and with its meaning in the plan."""
    frame, recorded = table.frame, table.recorded
    reinfused = frame["reinfusion_date"].notna()
    early = frame["reinfusion_date"] <= frame["infusion_date"]
    expected = Phrase(
        _("a date after infusion_date ({date})"), {"date": recorded.text["infusion_date"]}
    )
    findings.add(recorded, early, "reinfusion_date", "reinfusion_early", expected)
    first = reinfused & left_empty(table, "infusion_date")
    text = _("empty: the subject has no first infusion")
    findings.add(recorded, first, "reinfusion_date", "reinfusion_without_infusion", text)
    undated = frame["reinfusion_cells_per_kg"].notna() & left_empty(table, "reinfusion_date")
    text = _("the date: a dose is recorded")
    findings.add(recorded, undated, "reinfusion_date", "reinfusion_without_date", text)
    missing = reinfused & left_empty(table, "reinfusion_cells_per_kg")
    text = _("a dose: the subject was infused a second time")
    findings.add(recorded, missing, "reinfusion_cells_per_kg", "reinfusion_dose_missing", text)
    if study.plan.response.reinfusion is None:
        # One finding is enough: it is the plan that lacks something.
        text = _(
            "response.reinfusion in the plan, which says how a second infusion counts"
            " (as_new_therapy: true or false)"
        )
        first_of_all = reinfused & ~reinfused.cumsum().gt(1)
        findings.add(recorded, first_of_all, "reinfusion_date", "reinfusion_undefined", text)


def check_baselines(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report infused subjects without an assessment on or before the day of infusion."""
    frame, visits = table.frame, study.tables["visits"]
    date = subject_value(visits.frame, study.subjects, "infusion_date")
    before = visits.frame["subject_id"].loc[visits.frame["visit_date"] <= date].unique()
    without = frame["infusion_date"].notna() & ~frame["subject_id"].isin(before)
    expected = _("a baseline assessment on or before this day; without one there is no score")
    findings.add(table.recorded, without, "infusion_date", "no_baseline", expected)
