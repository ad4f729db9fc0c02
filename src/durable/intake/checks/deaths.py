"""Checks of deaths that the dose escalation waits for."""

from __future__ import annotations

import pandas as pd

from durable.intake.findings import Findings
from durable.intake.study import Study
from durable.intake.tables import (
    StudyTable,
    days_between,
    earliest_day,
    is_fatal,
    latest_day,
    left_empty,
    subject_value,
)
from durable.language import _


def check_deaths_assessed(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report deaths and fatal events of which nobody recorded whether they are dose-limiting.

    Deaths from the day of infusion to ``safety.dlt_window_days`` after it, and fatal events that
    began within these days: until assessed they hold the dose escalation (`outputs.dlt`).
    """
    window, known = study.plan.safety.dlt_window_days, study.subjects
    events = study.tables.get("adverse_events")
    reported: pd.Series[str] = pd.Series(dtype=object)
    if events is not None:
        frame = events.frame
        by_fatal = is_fatal(frame).any(axis=1)
        reported = frame["subject_id"].loc[by_fatal]
        infusion = subject_value(frame, known, "infusion_date")
        death = subject_value(frame, known, "death_date").fillna(latest_day(frame, "end_date"))
        begun, died = earliest_day(frame, "start_date"), days_between(death, infusion)
        inside = ((begun >= infusion) & (days_between(begun, infusion) <= window)) | (
            (died >= 0) & (died <= window)
        )
        missing = by_fatal & inside & left_empty(events, "dlt")
        expected = _(
            "Y or N: a fatal event within {window} days of infusion counts as dose-limiting until"
            " assessed"
        ).format(window=window)
        findings.add(events.recorded, missing, "dlt", "dlt_not_assessed", expected)
    people = table.frame
    day = days_between(people["death_date"], people["infusion_date"])
    without_event = (day >= 0) & (day <= window) & ~people["subject_id"].isin(reported)
    expected = _(
        "a fatal adverse event with dlt Y or N: a death within {window} days of infusion counts as"
        " dose-limiting until assessed"
    ).format(window=window)
    findings.add(table.recorded, without_event, "death_date", "dlt_not_assessed", expected)
