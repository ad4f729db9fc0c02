"""What the data cut-off changes in adverse events beside the dates after it."""

from __future__ import annotations

import pandas as pd

from durable.intake.cutoff import Cut
from durable.intake.tables import earliest_day, is_fatal
from durable.language import N_


def cut_events(events: pd.DataFrame, cut: Cut) -> pd.DataFrame:
    """Return the adverse events as known at the cut-off; those that start later are removed before.

    Removed here are events without a start date, unless they had ended or the subject was infused
    by then. Grades and outcome of a fatal event are emptied where the subject died, or the event
    ended, after the cut-off.
    """
    return _empty_fatal_cells(_remove_unknown_starts(events, cut), cut)


def _remove_unknown_starts(events: pd.DataFrame, cut: Cut) -> pd.DataFrame:
    """Without events whose start is not recorded and that nothing places before the cut-off."""
    infused = cut.subjects.loc[cut.subjects["infusion_date"] <= cut.limit, "subject_id"]
    undated = earliest_day(events, "start_date").isna() & ~events["subject_id"].isin(infused)
    unknown = undated & ~(earliest_day(events, "end_date") <= cut.limit)
    action = N_("record removed: not known to have begun")
    cut.note("adverse_events", events, unknown, "start_date", action)
    return events.loc[~unknown]


def _empty_fatal_cells(events: pd.DataFrame, cut: Cut) -> pd.DataFrame:
    """Fatal events of subjects who were alive at the cut-off: their grades were not known then."""
    subjects = cut.recorded_subjects
    died_later = subjects.loc[subjects["death_date"] > cut.limit, "subject_id"]
    open_then = events["subject_id"].isin(died_later) | (
        earliest_day(events, "end_date") > cut.limit
    )
    where = open_then & is_fatal(events).any(axis=1)
    for column in ("ctcae_grade", "astct_grade", "outcome"):
        events = cut.empty_cells("adverse_events", events, where, column)
    return events
