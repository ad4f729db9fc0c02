"""Recurrence and progression: confirmed loss of remission, confirmed worsening, the investigator.

Sources: the trial's registered definition of duration of response (recurrence, progression or death
of any cause); worsening limbs as in the ProDERM trial and the IMACS definition of worsening.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.frames import changes, last_of_day, row_of_subject, subject_index, with_columns
from durable.jdm.response import Recurrence, Response
from durable.jdm.worsening import worsened

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def flag_recurrence(
    frame: pd.DataFrame,
    start: pd.Series[int],
    response: Response,
    interventions: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Add what an assessment says against remission, for subjects that had one.

    Parameters
    ----------
    frame
        One row per assessment, as `assessments.assess` returns it.
    start
        Row of the first remission, by subject.
    response
        Definitions.
    interventions
        ``subject_id`` and ``date`` of new systemic therapies and deaths. A loss that is followed
        by one before the next adequate assessment is confirmed by it, whatever the strategy.

    Returns
    -------
    DataFrame
        With ``after`` (later than the first remission), ``loss`` and ``worse`` (three-valued),
        ``confirmed_loss``, ``confirmed_worse``, ``investigator_event`` (events, as configured) and
        ``early_flare`` (inside the early window: for adjudication, no event).
    """
    rule = response.recurrence
    first = row_of_subject(subject_index(frame), np.asarray(start, dtype=np.int64))
    date = frame["visit_date"].to_numpy()
    after = (first >= 0) & (date > date[first])
    early = frame["day"].to_numpy(float) <= rule.early_flare_days
    remission = frame["remission"].to_numpy(float)
    loss = np.where(frame["post"], 1.0 - remission, np.nan)
    worse = np.asarray(worsened(frame, response), dtype=float)
    eligible = after & ~early
    recorded = frame["investigator_assessment"].isin(["recurrence", "progression"]).to_numpy(bool)
    new = {
        "after": after,
        "loss": loss,
        "worse": worse,
        "confirmed_loss": eligible & rule.confirmed_loss & _lost(frame, loss, rule, interventions),
        "confirmed_worse": eligible
        & rule.worsening.enabled
        & _confirmed(frame, _interrupted(worse, remission), rule.consecutive),
        "investigator_event": recorded & after & rule.investigator,
        "early_flare": after & early & ((loss == 1) | (worse == 1)) & ~recorded,
    }
    return with_columns(frame, new)


def _lost(
    frame: pd.DataFrame, loss: Floats, rule: Recurrence, interventions: pd.DataFrame | None
) -> Flags:
    """Losses that the next assessments confirm, or what was done about them."""
    confirmed = _confirmed(frame, loss, rule.consecutive)
    if interventions is None or interventions.empty:
        return confirmed
    known = np.flatnonzero(last_of_day(frame, ~np.isnan(loss)))
    number, lost = subject_index(frame)[known], loss[known] == 1
    acted = _followed_by_one(frame, known, interventions)
    # Rows of a run of losses up to the last of them that an intervention follows at once.
    run = np.cumsum(~lost | changes(number))
    last = np.full(run.max(initial=0) + 1, -1)
    place = np.arange(len(known))
    last[run[lost & acted]] = place[lost & acted]
    confirmed[known[lost & (place <= last[run])]] = True
    return confirmed


def _followed_by_one(frame: pd.DataFrame, known: Ints, interventions: pd.DataFrame) -> Flags:
    """Whether an intervention lies on or after each known assessment and before the next one."""
    number = subject_index(frame)
    names = frame["subject_id"].to_numpy()[np.flatnonzero(changes(number))]
    subject = pd.Index(names).get_indexer(pd.Index(interventions["subject_id"]))
    subject = np.where(subject >= 0, np.unique(number)[subject], -1)
    # Subject and day in one number, so that one search serves all subjects.
    span = 1_000_000
    acted = np.sort(subject * span + _days(interventions["date"]))
    when = number[known] * span + _days(frame["visit_date"].iloc[known])
    until = np.append(when[1:], np.iinfo(np.int64).max)
    until[:-1] = np.where(number[known][1:] == number[known][:-1], until[:-1], until.max())
    # The last assessment of a subject is followed by what its own records hold alone.
    until = np.minimum(until, (number[known] + 1) * span)
    return np.asarray(np.searchsorted(acted, until) > np.searchsorted(acted, when))


def _days(dates: pd.Series[pd.Timestamp]) -> Ints:
    """Days since 1800: dates of a study lie well within a million of them."""
    return np.asarray((dates - pd.Timestamp("1800-01-01")).dt.days, dtype=np.int64)


def _interrupted(worse: Floats, remission: Floats) -> Floats:
    """Worsening by assessment, where one in remission that cannot be judged is none."""
    return np.where(np.isnan(worse) & (remission == 1), 0.0, worse)


def _confirmed(frame: pd.DataFrame, status: Floats, consecutive: int) -> Flags:
    """Rows with status 1 that the subject's statuses of the next days confirm.

    Unknown statuses neither confirm nor refute; of several on a day the last row stands for it.
    """
    known = np.flatnonzero(last_of_day(frame, ~np.isnan(status)))
    met, subject = status[known] == 1, subject_index(frame)[known]
    held = met.copy()
    for step in range(1, consecutive):
        held[-step:] = False
        held[:-step] &= met[step:] & (subject[step:] == subject[:-step])
    result = np.zeros(len(status), dtype=bool)
    result[known] = held
    return result
