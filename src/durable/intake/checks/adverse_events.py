"""Checks of the table `adverse_events`."""

from __future__ import annotations

import pandas as pd

from durable.contracts.spelling import fold
from durable.contracts.words import outcome_class
from durable.intake.checks.ends import check_ends, check_ends_after_death
from durable.intake.findings import Findings
from durable.intake.study import Study
from durable.intake.tables import (
    StudyTable,
    has_known_subject,
    is_fatal,
    is_outcome,
    latest_day,
    left_empty,
    look_up,
    most_frequent,
    subject_value,
)
from durable.intake.texts import Phrase, codes_and_values, map_texts, where_text
from durable.language import _
from durable.plan import Plan

#: Preferred terms of MedDRA.
_CRS = fold("Cytokine release syndrome")
_ICANS = fold("Immune effector cell-associated neurotoxicity syndrome")
#: Words that say that an event is of special interest, but not of which kind.
_YES = frozenset(map(fold, ("y", "yes", "true", "1", "\u662f", "\u6709")))


def special_interest_labels(plan: Plan) -> dict[str, str]:
    """Labels by which the plan counts events of special interest, each with where it has them.

    Those of section safety; with laboratory results also that of infections in aplasia.
    """
    safety = plan.safety
    labels = (safety.crs, safety.icans, safety.cytopenia)
    places = dict.fromkeys(labels, _("elsewhere or in section safety of the plan"))
    if "laboratory" in plan.inputs.table_names:
        place = _("elsewhere or in laboratory.b_cells.infection of the plan")
        places.setdefault(plan.laboratory.b_cells.infection, place)
    return places


def check_single_rows(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report events whose own record is incomplete or contradicts itself or another event.

    Ends before starts, absent grades and flags, grade 5 without a fatal outcome and the reverse,
    unusual classes and outcomes, absent labels of CRS and ICANS, and events recorded twice.
    """
    check_ends(table, findings)
    safety = study.plan.safety
    _check_labels(table, {_CRS: safety.crs, _ICANS: safety.icans}, findings)
    frame, recorded = table.frame, table.recorded
    no_grade = left_empty(table, "ctcae_grade")
    findings.add(recorded, no_grade, "ctcae_grade", "grade_missing", _("a grade from 1 to 5"))
    graded = frozenset(map(fold, (safety.crs, safety.icans)))
    no_grade = left_empty(table, "astct_grade")
    no_grade &= where_text(frame["aesi"], lambda text: fold(text) in graded)
    findings.add(recorded, no_grade, "astct_grade", "grade_missing", _("a grade from 1 to 5"))
    for name in ("serious", "related"):
        findings.add(recorded, left_empty(table, name), name, "flag_missing", _("Y or N"))
    fatal = is_fatal(frame)
    lived = fatal["grade"] & ~fatal["outcome"] & frame["outcome"].notna()
    findings.add(recorded, lived, "outcome", "fatal_grade", _("fatal, since the grade is 5"))
    milder = fatal["outcome"] & ~fatal["grade"] & frame["ctcae_grade"].notna()
    findings.add(recorded, milder, "ctcae_grade", "fatal_grade", _("5, since the outcome is fatal"))
    _check_classes(table, findings)
    _check_outcomes(table, findings)
    _check_repeated(table, findings)


def _check_classes(table: StudyTable, findings: Findings) -> None:
    """Terms under another class than elsewhere; two spellings of one class are none."""
    frame = table.frame
    usual = most_frequent(frame, "preferred_term", "system_organ_class")
    recorded = frame["system_organ_class"]
    differs = usual.notna() & recorded.notna() & (recorded != usual)
    if differs.any():
        pairs = pd.DataFrame({"recorded": recorded, "usual": usual}).loc[differs]
        same = pairs["recorded"].map(fold).astype(object) == pairs["usual"].map(fold).astype(object)
        differs &= ~same.reindex(differs.index, fill_value=False)
    expected = Phrase(_("{usual}, as for this preferred term elsewhere"), {"usual": usual})
    findings.add(table.recorded, differs, "system_organ_class", "class_varies", expected)


def _check_outcomes(table: StudyTable, findings: Findings) -> None:
    """Outcomes against their vocabulary and the end of the event."""
    frame, recorded = table.frame, table.recorded
    strange = where_text(frame["outcome"], lambda text: outcome_class(text) is None)
    expected = _(
        "recovered, not recovered, fatal, unknown or another term of the CDISC"
        " codelist OUT: with this word the event is neither resolved nor fatal"
    )
    findings.add(recorded, strange, "outcome", "outcome_unknown", expected)
    open_end = is_outcome(frame["outcome"], "RECOVERED") & left_empty(table, "end_date")
    expected = _("the date of resolution: the outcome says that the event has resolved")
    findings.add(recorded, open_end, "end_date", "recovered_without_end", expected)


def _check_repeated(table: StudyTable, findings: Findings) -> None:
    """One event under two identifiers."""
    frame, recorded = table.frame, table.recorded
    cells = ["subject_id", "start_date", "end_date", "start_date_partial", "end_date_partial"]
    events = frame[[*cells, "ctcae_grade", "astct_grade"]].assign(
        term=map_texts(frame["term"], fold), preferred_term=map_texts(frame["preferred_term"], fold)
    )
    keys = list(events.columns)
    is_repeat = (
        events.duplicated(keys) & frame["preferred_term"].notna() & frame["subject_id"].notna()
    )
    # The same identifier twice is an error of its own.
    is_repeat &= ~frame.duplicated(["subject_id", "ae_id"], keep=False)
    expected = _("one record per event: an earlier one has the same terms, dates and grades")
    findings.add(recorded, is_repeat, "ae_id", "repeated_event", expected)


def _check_labels(table: StudyTable, by_term: dict[str, str], findings: Findings) -> None:
    """Terms that are CRS or ICANS by name, without the label by which they are counted as such."""
    frame = table.frame
    terms = codes_and_values(frame["preferred_term"])[1]
    due = {term: by_term[fold(term)] for term in terms if fold(term) in by_term}
    label = look_up(frame["preferred_term"], pd.Series(due, dtype=object))
    forms = pd.Series(map_texts(frame["aesi"], fold), index=frame.index)
    for name in by_term.values():
        # One that differs by its spelling alone has a finding of its own.
        bare = (label == name) & ~(forms == fold(name))
        expected = _("{label}, the label by which t_ae_crs counts the event").format(label=name)
        findings.add(table.recorded, bare, "aesi", "label_missing", expected)

    kind = where_text(frame["aesi"], lambda text: fold(text) in _YES)
    expected = _("the kind of special interest ({labels}, ...), not a yes").format(
        labels=", ".join(by_term.values())
    )
    findings.add(table.recorded, kind, "aesi", "kind_missing", expected)


def check_with_subjects(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report events that the dates of their subject contradict, and deaths without a fatal event.

    Ends after or unlike the death, absent starts, fatal events without a date of death, and
    dose-limiting events before the infusion.
    """
    frame, recorded = table.frame, table.recorded
    subjects, known = study.tables["subjects"], study.subjects
    check_ends_after_death(table, known, findings)
    _check_starts(table, known, findings)
    fatal = is_fatal(frame)
    alive = frame["subject_id"].isin(known.index[known["death_date"].isna()])
    for name, where in (
        ("ctcae_grade", fatal["grade"]),
        ("outcome", fatal["outcome"] & ~fatal["grade"]),
    ):
        expected = _(
            "a death_date in the subjects table: until it is recorded, the subject"
            " counts as alive in the tables of deaths, durations and improvement"
        )
        findings.add(recorded, where & alive, name, "fatal_without_death", expected)
    died = subjects.frame["death_date"].notna()
    explained = subjects.frame["subject_id"].isin(frame["subject_id"].loc[fatal.any(axis=1)])
    findings.add(
        subjects.recorded,
        died & ~explained,
        "death_date",
        "death_without_event",
        _("an adverse event of grade 5 or with a fatal outcome"),
    )
    _check_ends(table, known, findings)
    infusion = subject_value(frame, known, "infusion_date")
    toxic = (frame["dlt"] == "Y") & has_known_subject(frame, known)
    start = latest_day(frame, "start_date")
    early = toxic & start.notna() & ~(start >= infusion)
    after = Phrase(_("Y only for an event after the infusion ({date})"), {"date": infusion})
    findings.add(recorded, early, "dlt", "dlt_before_infusion", after)


def _check_ends(table: StudyTable, known: pd.DataFrame, findings: Findings) -> None:
    """Ends of events that the outcome or the death contradicts."""
    frame, recorded = table.frame, table.recorded
    death, end = subject_value(frame, known, "death_date"), frame["end_date"]
    # The death ends what had not recovered.
    lasting = is_outcome(frame["outcome"], "NOT RECOVERED") & ~(end == death)
    ended = lasting & ~left_empty(table, "end_date")
    expected = _(
        "an outcome that agrees with the end_date: this one says that the event was ongoing"
    )
    findings.add(recorded, ended, "outcome", "end_without_recovery", expected)
    by_death = is_fatal(frame).any(axis=1) & death.notna()
    other_end = by_death & (left_empty(table, "end_date") | (latest_day(frame, "end_date") < death))
    expected_day = Phrase(
        _("the subject's death_date ({date}): the event is fatal"), {"date": death}
    )
    findings.add(recorded, other_end, "end_date", "fatal_end", expected_day)


def _check_starts(table: StudyTable, known: pd.DataFrame, findings: Findings) -> None:
    """Events without a start: imputed from the infusion or the end; without both an error."""
    frame, recorded = table.frame, table.recorded
    undated = left_empty(table, "start_date")
    placed = subject_value(frame, known, "infusion_date").notna() | ~left_empty(table, "end_date")
    expected = _("a date; a missing start is imputed from the infusion and the end of the event")
    findings.add(recorded, undated & placed, "start_date", "partial_date", expected)
    expected = _("a date: there is neither an end nor an infusion from which to impute it")
    findings.add(recorded, undated & ~placed, "start_date", "missing_value", expected)
