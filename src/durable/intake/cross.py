"""Checks that take two cells, two rows or two tables to see."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from durable.config.model import ENZYMES, Visit
from durable.contracts.inputs import KEYS
from durable.intake.findings import Findings, Recorded, Severity

UNSCHEDULED = "UNS"


@dataclass(frozen=True)
class Table:
    """A table as recorded and as typed; both have the same rows."""

    recorded: Recorded
    frame: pd.DataFrame


def check(
    tables: dict[str, Table],
    schedule: tuple[Visit, ...],
    *,
    enzyme_needed: bool,
    findings: Findings,
) -> None:
    """All checks across columns, rows and tables."""
    for table in tables.values():
        _duplicates(table, findings)
    subjects = tables.get("subjects")
    if subjects is not None:
        _subjects(subjects, findings)
        known = subjects.frame.drop_duplicates("subject_id").set_index("subject_id")
        for name in tables:
            if name != "subjects":
                _unknown_subjects(tables[name], known, findings)
        if "visits" in tables:
            _visit_dates(tables["visits"], known, findings)
            _windows(tables["visits"], known, schedule, findings)
            _baselines(subjects, tables["visits"], findings)
        for name, column in (
            ("therapies", "start_date"),
            ("adverse_events", "start_date"),
            ("kinetics", "sample_date"),
        ):
            if name in tables:
                _after_death(tables[name], column, known, findings)
    if "visits" in tables:
        _visits(tables["visits"], enzyme_needed, findings)
    for name in ("therapies", "adverse_events"):
        if name in tables:
            _ends_before_start(tables[name], findings)
    if "adverse_events" in tables:
        _adverse_events(tables["adverse_events"], subjects, findings)
    if "kinetics" in tables:
        _kinetics(tables["kinetics"], findings)


def _duplicates(table: Table, findings: Findings) -> None:
    frame, recorded = table.frame, table.recorded
    keys = list(KEYS[recorded.table])
    named = frame[keys[0]].notna()
    again = frame.duplicated(keys, keep="first") & named
    first = frame.groupby(keys, dropna=False)["source_row"].transform("min")
    expected = "one record for " + ", ".join(keys) + "; row " + first.astype(str) + " has the same"
    findings.add(recorded, again, keys[-1], "duplicate_record", expected)
    if recorded.table == "visits":
        label = frame["visit"]
        counted = label.notna() & (label != UNSCHEDULED) & ~again
        twice = frame.loc[counted].duplicated(["subject_id", "visit"], keep="first")
        where = twice.reindex(frame.index, fill_value=False)
        expected_label = f"each visit once for a subject ({UNSCHEDULED} for an unscheduled one)"
        findings.add(recorded, where, "visit", "duplicate_visit", expected_label)
        same_day = frame.duplicated(["subject_id", "visit_date"]) & ~again & ~where
        findings.add(
            recorded, same_day, "visit_date", "two_on_one_day", "one assessment a day", "warning"
        )


def _order(
    table: Table,
    findings: Findings,
    early: str,
    late: str,
    rule: str,
    severity: Severity = "error",
) -> None:
    """A finding on `late` where it lies before `early`."""
    frame = table.frame
    wrong = frame[late] < frame[early]
    expected = f"a date not before {early} (" + table.recorded.text[early] + ")"
    findings.add(table.recorded, wrong, late, rule, expected, severity)


def _subjects(table: Table, findings: Findings) -> None:
    frame, recorded = table.frame, table.recorded
    _order(table, findings, "lymphodepletion_date", "infusion_date", "infusion_early")
    _order(table, findings, "consent_date", "lymphodepletion_date", "before_consent")
    _order(table, findings, "consent_date", "infusion_date", "before_consent")
    _order(table, findings, "consent_date", "death_date", "before_consent")
    _order(table, findings, "infusion_date", "death_date", "death_before_infusion")
    _order(table, findings, "infusion_date", "withdrawal_date", "withdrawal_order", "warning")
    _order(table, findings, "infusion_date", "last_contact_date", "contact_order", "warning")
    died = frame["death_date"].notna() & (frame["last_contact_date"] > frame["death_date"])
    findings.add(
        recorded, died, "last_contact_date", "contact_after_death", "not after the death", "warning"
    )
    infused = frame["infusion_date"].notna()
    no_depletion = infused & frame["lymphodepletion_date"].isna()
    findings.add(
        recorded,
        no_depletion,
        "lymphodepletion_date",
        "infusion_without_lymphodepletion",
        "a date: the subject was infused",
        "warning",
    )
    no_consent = infused & frame["consent_date"].isna()
    findings.add(recorded, no_consent, "consent_date", "missing_value", "a date: was infused")
    no_dose = infused & frame["cells_per_kg"].isna()
    findings.add(
        recorded, no_dose, "cells_per_kg", "dose_missing", "a dose: was infused", "warning"
    )
    undated = frame["withdrawal_reason"].notna() & frame["withdrawal_date"].isna()
    findings.add(
        recorded, undated, "withdrawal_date", "withdrawal_without_date", "a date: a reason is given"
    )
    no_reason = frame["withdrawal_date"].notna() & frame["withdrawal_reason"].isna()
    findings.add(
        recorded, no_reason, "withdrawal_reason", "withdrawal_without_reason", "a reason", "warning"
    )
    if frame.empty:
        findings.add_one(recorded.table, recorded.file, "no_records", "no subject in the file")


def _unknown_subjects(table: Table, known: pd.DataFrame, findings: Findings) -> None:
    subject = table.frame["subject_id"]
    unknown = subject.notna() & ~subject.isin(known.index)
    findings.add(
        table.recorded, unknown, "subject_id", "unknown_subject", "a subject of the subjects table"
    )


def _date_of(frame: pd.DataFrame, known: pd.DataFrame, column: str) -> pd.Series[pd.Timestamp]:
    return frame["subject_id"].map(known[column])


def _visit_dates(table: Table, known: pd.DataFrame, findings: Findings) -> None:
    frame, date = table.frame, table.frame["visit_date"]
    for column, rule, word in (
        ("consent_date", "before_consent", "before"),
        ("death_date", "after_death", "after"),
        ("withdrawal_date", "after_withdrawal", "after"),
    ):
        limit = _date_of(frame, known, column)
        wrong = date < limit if word == "before" else date > limit
        expected = f"a date not {word} the subject's {column} (" + _iso(limit) + ")"
        findings.add(table.recorded, wrong, "visit_date", rule, expected)


def _iso(date: pd.Series[pd.Timestamp]) -> pd.Series[str]:
    return date.dt.strftime("%Y-%m-%d").fillna("")


def _windows(
    table: Table, known: pd.DataFrame, schedule: tuple[Visit, ...], findings: Findings
) -> None:
    """Scheduled labels against dates: warnings, because the date decides and not the label."""
    frame, recorded = table.frame, table.recorded
    day = (frame["visit_date"] - _date_of(frame, known, "infusion_date")).dt.days
    windows = {visit.visit: visit for visit in schedule}
    label = frame["visit"].astype(object)
    first = label.map({n: v.first_day for n, v in windows.items()}).astype(float)
    last = label.map({n: v.last_day for n, v in windows.items()}).astype(float)
    outside = day.notna() & first.notna() & ((day < first) | (day > last))
    span = first.astype("Int64").astype(str) + " to " + last.astype("Int64").astype(str)
    expected = "days " + span + " after infusion; this is day " + day.astype("Int64").astype(str)
    findings.add(recorded, outside, "visit_date", "outside_window", expected, "warning")
    strange = (day >= 1) & ~label.isin([*windows, UNSCHEDULED]) & label.notna()
    labels = f"one of {', '.join([*windows, UNSCHEDULED])}"
    findings.add(recorded, strange, "visit", "unscheduled_label", labels, "warning")
    held = pd.Series(None, index=frame.index, dtype=object)
    for name, visit in windows.items():
        held = held.mask((day >= visit.first_day) & (day <= visit.last_day), name)
    regular = held.notna() & (label != UNSCHEDULED)
    several = frame.loc[regular, ["subject_id"]].assign(window=held[regular])
    crowded = several.duplicated(keep=False).reindex(frame.index, fill_value=False)
    expected = (
        "one assessment in the window of " + held.fillna("") + "; the nearest to target is used"
    )
    findings.add(recorded, crowded, "visit_date", "two_in_window", expected, "warning")


def _baselines(subjects: Table, visits: Table, findings: Findings) -> None:
    frame = subjects.frame
    infusion = frame.drop_duplicates("subject_id").set_index("subject_id")["infusion_date"]
    date = visits.frame["subject_id"].map(infusion)
    before = visits.frame.loc[visits.frame["visit_date"] <= date, "subject_id"]
    without = frame["infusion_date"].notna() & ~frame["subject_id"].isin(before)
    expected = "an assessment before the infusion: without a baseline there is no score"
    findings.add(subjects.recorded, without, "infusion_date", "no_baseline", expected, "warning")


def _visits(table: Table, enzyme_needed: bool, findings: Findings) -> None:
    for enzyme in ENZYMES:
        frame = table.frame
        no_uln = frame[enzyme].notna() & frame[f"{enzyme}_uln"].isna()
        no_uln &= table.recorded.text[f"{enzyme}_uln"] == ""
        severity: Severity = "error" if enzyme_needed else "warning"
        expected = f"the upper limit of normal: {enzyme} is given"
        findings.add(table.recorded, no_uln, f"{enzyme}_uln", "uln_missing", expected, severity)


def _after_death(table: Table, column: str, known: pd.DataFrame, findings: Findings) -> None:
    death = _date_of(table.frame, known, "death_date")
    late = table.frame[column] > death
    expected = "a date not after the subject's death_date (" + _iso(death) + ")"
    findings.add(table.recorded, late, column, "after_death", expected)


def _ends_before_start(table: Table, findings: Findings) -> None:
    _order(table, findings, "start_date", "end_date", "end_before_start")


def _adverse_events(table: Table, subjects: Table | None, findings: Findings) -> None:
    frame, recorded = table.frame, table.recorded
    no_grade = recorded.text["ctcae_grade"] == ""
    findings.add(
        recorded, no_grade, "ctcae_grade", "grade_missing", "a grade from 1 to 5", "warning"
    )
    if subjects is None:
        return
    died = set(subjects.frame.loc[subjects.frame["death_date"].notna(), "subject_id"])
    fatal = (frame["ctcae_grade"] == 5) & ~frame["subject_id"].isin(died)
    expected = "a death_date in the subjects table for a grade 5 event"
    findings.add(recorded, fatal, "ctcae_grade", "fatal_without_death", expected, "warning")


def _kinetics(table: Table, findings: Findings) -> None:
    frame, recorded = table.frame, table.recorded
    quantified = frame["below_lloq"] != "Y"
    empty = recorded.text["value"] == ""
    findings.add(
        recorded,
        quantified & empty,
        "value",
        "value_missing",
        "a value, or below_lloq Y",
        "warning",
    )
    low = quantified & (frame["value"] < frame["lloq"])
    expected: str | pd.Series[str] = (
        "at least the lloq (" + recorded.text["lloq"] + "), or below_lloq Y"
    )
    findings.add(recorded, low, "value", "value_below_lloq", expected, "warning")
    above = ~quantified & (frame["value"] >= frame["lloq"])
    findings.add(recorded, above, "value", "below_lloq_contradicted", "a value below the lloq")
    units = frame.groupby("assay")["unit"].transform("nunique")
    usual = frame.groupby("assay")["unit"].transform(lambda unit: unit.mode().get(0, ""))
    mixed = (units > 1) & (frame["unit"] != usual)
    expected = "the unit of the assay's other samples: " + usual.fillna("")
    findings.add(recorded, mixed, "unit", "mixed_units", expected)
