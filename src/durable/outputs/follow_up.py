"""How long subjects were under observation."""

from __future__ import annotations

import pandas as pd


def end_of_follow_up(adsl: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """Date of death, whatever the last contact says; else of withdrawal or last contact.

    Of the latter two the earlier; NaT where no date is recorded. In the order of `adsl`.
    """
    left: pd.Series[pd.Timestamp] = adsl[["EOSDT", "LSTALVDT"]].min(axis=1)
    return adsl["DTHDT"].fillna(left)


def followed_to(adsl: pd.DataFrame, day: int) -> pd.Series[bool]:
    """Whether each subject was observed on a day after infusion (0 is its day) or later.

    False for who died or withdrew before that day, or has no date: after a withdrawal no events are
    recorded, even where a death is reported later.
    """
    observed = pd.concat([end_of_follow_up(adsl), adsl["EOSDT"]], axis=1).min(axis=1)
    return (observed - adsl["TRTSDT"]).dt.days >= day


def followed_through(adsl: pd.DataFrame, day: int) -> pd.Series[bool]:
    """Whether the window to a day had closed at the cut-off, and each subject was followed in it.

    Followed means observed on the last day of the window or later, or dead by then. A subject who
    left earlier is not followed, with an event or without: counted for their events alone, such
    subjects would raise the incidence.
    """
    closed = (adsl["CUTDT"] - adsl["TRTSDT"]).dt.days >= day
    died = (adsl["DTHDT"] - adsl["TRTSDT"]).dt.days <= day
    return closed & (followed_to(adsl, day) | died)
