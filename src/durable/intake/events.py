"""Checks of therapies and adverse events."""

from __future__ import annotations

import pandas as pd

from durable.intake.findings import Findings
from durable.intake.tables import (
    Table,
    date_of,
    fatal,
    first_day,
    in_order,
    last_day,
    left_empty,
    looked_up,
    of_known,
    usual_of,
)
from durable.intake.texts import Phrase, coded, each, without_form

_YEAR = 365.25
_OLDEST = 120
#: Preferred terms of MedDRA, without their form (`texts.without_form`).
_CRS = "cytokinereleasesyndrome"
_ICANS = "immuneeffectorcell-associatedneurotoxicitysyndrome"


def ends(table: Table, findings: Findings) -> None:
    """What ends before it starts."""
    in_order(table, findings, "start_date", "end_date", "end_before_start")


def therapies(table: Table, known: pd.DataFrame, findings: Findings) -> None:
    """Therapies against the dates of their subject."""
    frame, recorded = table.frame, table.recorded
    _ends_after_death(table, known, findings)
    # Age in completed years, at consent or later: a year more is never short. What is no age at all
    # has its own finding.
    age = date_of(frame, known, "age_years")
    days = (age.where((age >= 0) & (age <= _OLDEST)) + 1) * _YEAR
    born = date_of(frame, known, "consent_date") - pd.to_timedelta(days, unit="D")
    early = frame["start_date"] < born
    expected = Phrase("a date after birth ({} or later by age)", (born,))
    findings.add(recorded, early, "start_date", "before_birth", expected)
    infusion = date_of(frame, known, "infusion_date")
    new = (frame["new_systemic"] == "Y") & of_known(frame, known)
    idle = new & frame["start_date"].notna() & ~(frame["start_date"] >= infusion)
    expected = Phrase("Y only for a therapy that starts after the infusion ({})", (infusion,))
    findings.add(recorded, idle, "new_systemic", "new_before_infusion", expected)


def _ends_after_death(table: Table, known: pd.DataFrame, findings: Findings) -> None:
    death = date_of(table.frame, known, "death_date")
    expected = Phrase("a date not after the subject's death_date ({})", (death,))
    late = first_day(table.frame, "end_date") > death
    findings.add(table.recorded, late, "end_date", "ends_after_death", expected)


def adverse(table: Table, crs: str, icans: str, findings: Findings) -> None:
    """Grades, flags, classes and labels of adverse events."""
    _labels(table, {_CRS: crs, _ICANS: icans}, findings)
    frame, recorded = table.frame, table.recorded
    no_grade = left_empty(table, "ctcae_grade")
    findings.add(recorded, no_grade, "ctcae_grade", "grade_missing", "a grade from 1 to 5")
    for name in ("serious", "related"):
        findings.add(recorded, left_empty(table, name), name, "flag_missing", "Y or N")
    by = fatal(frame)
    lived = by["grade"] & ~by["outcome"] & frame["outcome"].notna()
    findings.add(recorded, lived, "outcome", "fatal_grade", "fatal: the grade is 5")
    milder = by["outcome"] & ~by["grade"] & frame["ctcae_grade"].notna()
    findings.add(recorded, milder, "ctcae_grade", "fatal_grade", "5: the outcome is fatal")
    usual = usual_of(frame, "preferred_term", "system_organ_class")
    other = usual.notna() & frame["system_organ_class"].notna()
    other &= frame["system_organ_class"] != usual
    expected = Phrase("{}, as for this term elsewhere", (usual,))
    findings.add(recorded, other, "system_organ_class", "class_varies", expected)


def _labels(table: Table, by_term: dict[str, str], findings: Findings) -> None:
    """Terms that are CRS or ICANS by name, without the label by which they are counted as such."""
    frame = table.frame
    terms = coded(frame["preferred_term"])[1]
    due = {term: by_term[without_form(term)] for term in terms if without_form(term) in by_term}
    label = looked_up(frame["preferred_term"], pd.Series(due, dtype=object))
    forms = pd.Series(each(frame["aesi"], without_form), index=frame.index)
    for name in by_term.values():
        # One that differs by its form alone has a finding of its own.
        bare = (label == name) & ~(forms == without_form(name))
        expected = f"{name}, by which the event is counted in t_ae_crs"
        findings.add(table.recorded, bare, "aesi", "label_missing", expected)


def adverse_of_subjects(
    table: Table, subjects: Table, known: pd.DataFrame, findings: Findings
) -> None:
    """Adverse events against deaths and infusions, and deaths against fatal events."""
    frame, recorded = table.frame, table.recorded
    _ends_after_death(table, known, findings)
    _undated(table, known, findings)
    by = fatal(frame)
    alive = frame["subject_id"].isin(known.index[known["death_date"].isna()])
    for name, where in (
        ("ctcae_grade", by["grade"]),
        ("outcome", by["outcome"] & ~by["grade"]),
    ):
        expected = "a death_date in the subjects table for a fatal event"
        findings.add(recorded, where & alive, name, "fatal_without_death", expected)
    died = subjects.frame["death_date"].notna()
    explained = subjects.frame["subject_id"].isin(frame["subject_id"].loc[by.any(axis=1)])
    findings.add(
        subjects.recorded,
        died & ~explained,
        "death_date",
        "death_without_event",
        "an adverse event of grade 5 or fatal outcome for a death",
    )
    infusion = date_of(frame, known, "infusion_date")
    toxic = (frame["dlt"] == "Y") & of_known(frame, known)
    start = last_day(frame, "start_date")
    early = toxic & start.notna() & ~(start >= infusion)
    after = Phrase("Y only for an event after the infusion ({})", (infusion,))
    findings.add(recorded, early, "dlt", "dlt_before_infusion", after)


def _undated(table: Table, known: pd.DataFrame, findings: Findings) -> None:
    """Events without a start: imputed from the infusion or the end; without both an error."""
    frame, recorded = table.frame, table.recorded
    undated = left_empty(table, "start_date")
    placed = date_of(frame, known, "infusion_date").notna() | ~left_empty(table, "end_date")
    expected = "a date; without one the event is placed by the infusion and its end"
    findings.add(recorded, undated & placed, "start_date", "partial_date", expected)
    expected = "a date: the event has no end and the subject no infusion to place it by"
    findings.add(recorded, undated & ~placed, "start_date", "missing_value", expected)
