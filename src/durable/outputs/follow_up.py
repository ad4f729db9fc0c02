"""How long subjects were under observation."""

from __future__ import annotations

import pandas as pd


def end_of_follow_up(adsl: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """Death, whatever the last contact says; else withdrawal or last contact, the earlier."""
    left: pd.Series[pd.Timestamp] = adsl[["EOSDT", "LSTALVDT"]].min(axis=1)
    return adsl["DTHDT"].fillna(left)


def followed_to(adsl: pd.DataFrame, day: int) -> pd.Series[bool]:
    """Infused subjects whose events were recorded up to a day after the infusion, or later.

    Nobody records the events of who has withdrawn, though a register may tell of the death.
    """
    observed = pd.concat([end_of_follow_up(adsl), adsl["EOSDT"]], axis=1).min(axis=1)
    return (observed - adsl["TRTSDT"]).dt.days >= day


def followed_through(adsl: pd.DataFrame, day: int) -> pd.Series[bool]:
    """Subjects whose window to a day had closed at the data cut-off, and who were followed in it.

    Followed is who was under observation on its last day or later, or died in it. Who left it early
    is not, with an event or without: counted for their events alone, such subjects would raise the
    incidence.
    """
    closed = (adsl["CUTDT"] - adsl["TRTSDT"]).dt.days >= day
    died = (adsl["DTHDT"] - adsl["TRTSDT"]).dt.days <= day
    return closed & (followed_to(adsl, day) | died)
