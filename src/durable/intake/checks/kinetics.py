"""Checks of the table `kinetics`."""

from __future__ import annotations

import pandas as pd

from durable.contracts.tables.kinetics import KINETICS
from durable.contracts.times_of_day import seconds_of_day
from durable.intake.checks.limits import check_quantification
from durable.intake.checks.records import add_duplicates
from durable.intake.findings import Findings
from durable.intake.study import Study
from durable.intake.tables import (
    StudyTable,
    days_between,
    has_known_subject,
    left_empty,
    most_frequent,
    subject_value,
)
from durable.intake.texts import Phrase
from durable.language import _

_DAY = ["subject_id", "assay", "sample_date"]


def check_duplicates(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report samples whose subject, assay and time an earlier one has, both with a result."""
    add_duplicates(table, results_by_time(table), findings)


def check_single_rows(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report values that contradict their limit of quantification, and excluded samples.

    Also units other than that of most samples of the assay, and absent times where the day has
    several results.
    """
    check_quantification(table, findings, zero_is_quantifiable=False)
    frame, recorded = table.frame, table.recorded
    excluded = frame["exclusion_reason"].notna()
    empty = _("nothing, where the sample is to be analysed")
    findings.add(recorded, excluded, "exclusion_reason", "sample_excluded", empty)
    usual = most_frequent(frame, "assay", "unit")
    mixed = usual.notna() & frame["unit"].notna() & (frame["unit"] != usual)
    expected = Phrase(_("the unit of the assay's other samples: {unit}"), {"unit": usual})
    findings.add(recorded, mixed, "unit", "mixed_units", expected)
    results = results_by_time(table)
    several = results.duplicated(_DAY, keep=False) & results[_DAY].notna().all(axis=1)
    several &= ~results.duplicated([*_DAY, "sample_time"], keep=False)
    several = several.reindex(frame.index, fill_value=False)
    untimed = several & left_empty(table, "sample_time")
    drawn = _("a time, since the day has other results; without one 00:00 is assumed")
    findings.add(recorded, untimed, "sample_time", "time_missing", drawn)


def results_by_time(table: StudyTable) -> pd.DataFrame:
    """Key columns and ``source_row`` of the samples that have a result and are not excluded.

    ``sample_time`` is in seconds of the day, 0 where none is recorded, as in the analysis. A result
    is a value or ``below_lloq`` Y. Indexed as the table.
    """
    frame = table.frame
    result = ~left_empty(table, "value") | (frame["below_lloq"] == "Y")
    result &= frame["exclusion_reason"].isna()
    rows = frame[[*KINETICS.key, "source_row"]].loc[result]
    return rows.assign(sample_time=seconds_of_day(rows["sample_time"]).fillna(0))


def check_with_subjects(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report samples of subjects without infusion, and highest results not after the infusion."""
    known, last_day = study.subjects, study.plan.kinetics.last_day
    infusion = subject_value(table.frame, known, "infusion_date")
    none = infusion.isna() & has_known_subject(table.frame, known)
    expected = _("no sample: the subject has no infusion date")
    findings.add(table.recorded, none, "sample_date", "sample_without_infusion", expected)
    _highest_before_infusion(table, infusion, last_day, findings)


def _highest_before_infusion(
    table: StudyTable, infusion: pd.Series[pd.Timestamp], last_day: int, findings: Findings
) -> None:
    """The highest result of a subject and assay up to `last_day` that is not after day 0."""
    frame = table.frame
    counts = (frame["below_lloq"] != "Y") & frame["exclusion_reason"].isna()
    value = frame["value"].where(counts & ~(frame["value"] < frame["lloq"]))
    day = days_between(frame["sample_date"], infusion)
    early = (value > 0) & (day <= 0)
    if not early.any():
        return
    profile = [frame["subject_id"], frame["assay"]]
    highest = value.where(day <= last_day).groupby(profile, observed=True).transform("max")
    expected = _(
        "a highest concentration after the day of infusion: the sample of that day"
        " is taken before the infusion"
    )
    peak = early & (value == highest)
    findings.add(table.recorded, peak, "value", "highest_before_infusion", expected)
