"""How long subjects were under observation."""

from __future__ import annotations

import pandas as pd


def end_of_follow_up(adsl: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """Date of death, whatever the last contact says; else of withdrawal or last contact."""
    left: pd.Series[pd.Timestamp] = adsl[["EOSDT", "LSTALVDT"]].min(axis=1)
    return adsl["DTHDT"].fillna(left)


def followed_to(adsl: pd.DataFrame, day: int) -> pd.Series[bool]:
    """Whether the events of each subject were recorded up to a day after infusion, or later.

    Nobody records the events of who has withdrawn, though a register may tell of the death.
    """
    observed = pd.concat([end_of_follow_up(adsl), adsl["EOSDT"]], axis=1).min(axis=1)
    return (observed - adsl["TRTSDT"]).dt.days >= day


def followed_through(adsl: pd.DataFrame, day: int) -> pd.Series[bool]:
    """Whether each subject's window to a day had closed at the cut-off, and was followed.

    Followed is who was under observation on its last day or later, or died in it. Who left it early
    is not, with an event or without: counted for their events alone, such subjects would raise the
    incidence.
    """
    closed = (adsl["CUTDT"] - adsl["TRTSDT"]).dt.days >= day
    died = (adsl["DTHDT"] - adsl["TRTSDT"]).dt.days <= day
    return closed & (followed_to(adsl, day) | died)
