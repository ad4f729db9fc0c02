"""Checks of the table `visits`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from durable.contracts.input_table import ColumnSpec
from durable.contracts.spelling import fold
from durable.contracts.tables.visits import VISITS
from durable.intake.checks.limits import ANOTHER_UNIT, median_of_others
from durable.intake.checks.records import add_duplicates
from durable.intake.findings import UNSCHEDULED, Findings
from durable.intake.rules import Severity
from durable.intake.study import Study
from durable.intake.tables import (
    StudyTable,
    days_between,
    has_known_subject,
    left_empty,
    look_up,
    subject_value,
)
from durable.intake.texts import Phrase, categorical_of_codes, where_text
from durable.jdm.measures import ENZYMES
from durable.language import _
from durable.plan import Plan
from durable.schedule import Visit


def scheduled_labels(plan: Plan) -> dict[str, str]:
    """Labels that a visit may have by the plan, each with words for where the plan has it.

    Returns
    -------
    dict
        By the label of each scheduled visit, and that of an unscheduled one (`UNSCHEDULED`): "in
        section schedule of the plan", the same for all.
    """
    return dict.fromkeys(_labels(plan.schedule), _("in section schedule of the plan"))


def _labels(schedule: tuple[Visit, ...]) -> list[str]:
    return [*(visit.visit for visit in schedule), UNSCHEDULED]


def check_duplicates(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report records with the same key; of others scheduled visits again, and two on one day."""
    is_repeat = add_duplicates(table, table.frame, findings)
    frame, recorded = table.frame, table.recorded
    label = frame["visit"]
    counted = frame["subject_id"].notna() & label.notna() & (label != UNSCHEDULED) & ~is_repeat
    later = frame[["subject_id", "visit"]].loc[counted].duplicated()
    where = later.reindex(frame.index, fill_value=False)
    expected = _(
        "each scheduled visit once per subject ({unscheduled} for an unscheduled one)"
    ).format(unscheduled=UNSCHEDULED)
    findings.add(recorded, where, "visit", "duplicate_visit", expected)
    keys = ["subject_id", "visit_date"]
    dated = frame["subject_id"].notna() & frame["visit_date"].notna()
    same_day = frame.duplicated(keys) & dated & ~is_repeat & ~where
    findings.add(recorded, same_day, "visit_date", "two_on_one_day", _("one assessment per day"))


def check_windows(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report visits whose label and date disagree, and several in the window of one visit.

    Also visits scheduled after infusion of a subject who was not infused. All are
    warnings: the date decides, not the label.
    """
    frame, recorded = table.frame, table.recorded
    known, schedule = study.subjects, study.plan.schedule
    infusion = subject_value(frame, known, "infusion_date")
    day = days_between(frame["visit_date"], infusion)
    by_name = {visit.visit: visit for visit in schedule}
    label = frame["visit"]
    first = look_up(label, pd.Series({n: float(v.first_day) for n, v in by_name.items()}))
    last = look_up(label, pd.Series({n: float(v.last_day) for n, v in by_name.items()}))
    out_of_window = (day < first) | (day > last)
    expected = Phrase(
        _("days {first:.0f} to {last:.0f} after infusion; this is day {day:.0f}"),
        {"first": first, "last": last, "day": day},
    )
    findings.add(recorded, out_of_window, "visit_date", "outside_window", expected)
    # One that differs by its spelling alone has a finding of its own.
    scheduled = {fold(name) for name in (*by_name, UNSCHEDULED)}
    strange = (day >= 1) & label.notna() & ~where_text(label, lambda text: fold(text) in scheduled)
    labels = _("one of {labels}").format(labels=", ".join(_labels(schedule)))
    findings.add(recorded, strange, "visit", "unscheduled_label", labels)
    early = infusion.isna() & first.notna() & has_known_subject(frame, known)
    expected_label = _("no visit scheduled after infusion: the subject has no infusion date")
    findings.add(recorded, early, "visit", "visit_without_infusion", expected_label)
    held = _window(day, schedule)
    regular = held.notna() & (label != UNSCHEDULED)
    several = pd.DataFrame({"subject_id": frame["subject_id"], "window": held}).loc[regular]
    crowded = several.duplicated(["subject_id", "window"], keep=False)
    crowded = crowded.reindex(frame.index, fill_value=False)
    expected = Phrase(
        _("one assessment in the window of {visit}; the closest to the target day is used"),
        {"visit": held},
    )
    findings.add(recorded, crowded, "visit_date", "two_in_window", expected)


def _window(day: pd.Series[int], schedule: tuple[Visit, ...]) -> pd.Series[str]:
    """The visit in whose window a day lies, missing without one; of two the later one."""
    code = np.full(len(day), -1, dtype="int16")
    for number, visit in enumerate(schedule):
        code[((day >= visit.first_day) & (day <= visit.last_day)).to_numpy()] = number
    names = [visit.visit for visit in schedule]
    return pd.Series(categorical_of_codes(code, names), index=day.index)


def check_single_rows(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report upper limits of normal that are absent or unusual, and measures that are missing."""
    response = study.plan.response
    measures = (*response.measures.values(), *response.remission.columns)
    for column in VISITS.columns:
        if column.limit_of:
            _check_limit(table, column, "enzyme" in measures, findings)
    _check_missing(table, measures, findings)


def _check_limit(table: StudyTable, limit: ColumnSpec, needed: bool, findings: Findings) -> None:
    frame, recorded = table.frame, table.recorded
    enzyme, column = limit.limit_of, limit.name
    if not needed and column in recorded.absent:
        return
    without = frame[enzyme].notna() & left_empty(table, column)
    severity: Severity = "error" if needed else "warning"
    expected = _("the upper limit of normal: {enzyme} is recorded").format(enzyme=enzyme)
    findings.add(recorded, without, column, "uln_missing", expected, severity)
    low, high = frame[column].min(), frame[column].max()
    if not low < high / 2:
        return  # then none is less than half or more than twice another
    usual = (
        frame[["subject_id", column]]
        .groupby("subject_id", observed=True)[column]
        .transform("median")
    )
    differs = (frame[column] < usual / 2) | (frame[column] > usual * 2)
    expected_limit = Phrase(
        _("a limit close to that at the subject's other visits ({usual})"), {"usual": usual}
    )
    findings.add(recorded, differs, column, "uln_differs", expected_limit)
    usual_of_others = median_of_others(frame["subject_id"], usual)
    strange = (usual < usual_of_others / ANOTHER_UNIT) | (usual > usual_of_others * ANOTHER_UNIT)
    strange &= frame[column].notna() & ~differs
    # The same at every visit of the subject: reported at the first of them.
    strange &= ~frame["subject_id"].where(strange).duplicated()
    expected_limit = Phrase(
        _(
            "a limit as of the other subjects, {usual}, or the unit in which this subject's results"
            " are recorded (inputs.visits.unit_columns)"
        ),
        {"usual": usual_of_others},
    )
    findings.add(recorded, strange, column, "uln_differs", expected_limit)


def _check_missing(table: StudyTable, measures: tuple[str, ...], findings: Findings) -> None:
    frame, recorded = table.frame, table.recorded
    empty = {column.name: left_empty(table, column.name) for column in VISITS.columns}
    results = [empty[column.name] for column in VISITS.columns if column.result]
    nothing = pd.Series(np.logical_and.reduce(results), index=frame.index)
    expected = _("at least one measure")
    findings.add(recorded, nothing, "visit_date", "nothing_assessed", expected)
    complete = _("a value, since other measures are recorded; please complete or confirm not done")
    one_complete = _(
        "a value of one of {columns}, since other measures are recorded; please complete or confirm"
        " not done"
    )
    there = [name for name in empty if name not in recorded.absent]
    wanted: dict[str, tuple[str, ...]] = {name: (name,) for name in measures if name in there}
    enzymes = tuple(name for name in ENZYMES if name in there)
    # Any enzyme will do; one that the remission rule reads is asked for by itself.
    if "enzyme" in measures and enzymes and not wanted.keys() & {*enzymes}:
        wanted[enzymes[0]] = enzymes
    for name, columns in wanted.items():
        missing = pd.Series(np.logical_and.reduce([empty[one] for one in columns]), frame.index)
        if missing.all() and len(frame):
            message = _(
                "{name} is empty in every row; expected a measure that the analysis uses"
            ).format(name=", ".join(columns))
            findings.add_about_file("visits", recorded.file, "empty_column", message, column=name)
        else:
            expected = one_complete.format(columns=", ".join(columns))
            expected = complete if len(columns) == 1 else expected
            findings.add(recorded, missing & ~nothing, name, "measure_missing", expected)
