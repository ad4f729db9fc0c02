"""Recurrence and progression: confirmed loss of remission, confirmed worsening, the investigator.

Sources: the trial's registered definition of duration of response (recurrence, progression or death
of any cause); worsening limbs as in the ProDERM trial and the IMACS definition of worsening.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.frames import changes, last_of_day, row_of_subject, subject_index, with_columns
from durable.jdm.held import held_at_consecutive
from durable.jdm.response import Recurrence, Response
from durable.jdm.worsening import worsening_status

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def flag_recurrence(
    frame: pd.DataFrame,
    start: pd.Series[int],
    response: Response,
    interventions: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Add to each assessment what it says against the remission that its subject had before.

    Parameters
    ----------
    frame
        One row per assessment, as `assessments.assess` returns it, with ``aplasia`` (1, 0, NaN).
    start
        Index of `frame` of the first remission, by subject; only who has one.
    response
        Definitions.
    interventions
        ``subject_id`` and ``date`` of new systemic therapies, of what counts as such, and of
        deaths. A loss that is followed by one before the next adequate assessment is confirmed by
        it, whatever the strategy.

    Returns
    -------
    DataFrame
        With ``after`` (of a later day than the first remission of the subject), ``loss`` and
        ``worse`` (1, 0, NaN unknown, with or without a remission before), and flags that are False
        unless ``after``: ``confirmed_loss``, ``confirmed_worse``, ``investigator_event`` (events,
        as configured) and ``early_flare`` (inside the early window: for adjudication, no event).
    """
    recurrence = response.recurrence
    first = row_of_subject(subject_index(frame), np.asarray(start, dtype=np.int64))
    date = frame["visit_date"].to_numpy()
    after = (first >= 0) & (date > date[first])
    early = frame["day"].to_numpy(float) <= recurrence.early_flare_days
    if recurrence.early_flare_in_aplasia:
        early &= frame["aplasia"].to_numpy(float) != 0
    remission = frame["remission"].to_numpy(float)
    loss = np.where(frame["post"], 1.0 - remission, np.nan)
    worse = np.asarray(worsening_status(frame, response), dtype=float)
    recorded = frame["investigator_assessment"].isin(["recurrence", "progression"]).to_numpy(bool)
    investigator = after & recorded & recurrence.investigator
    confirmed_loss = _loss_confirmed(frame, loss, recurrence, interventions)
    confirmed_worse = _worsening_confirmed(frame, worse, remission, recurrence)
    columns = {
        "after": after,
        "loss": loss,
        "worse": worse,
        "confirmed_loss": after & ~early & recurrence.confirmed_loss & confirmed_loss,
        "confirmed_worse": after & ~early & recurrence.worsening.enabled & confirmed_worse,
        "investigator_event": investigator,
        "early_flare": after & early & ((loss == 1) | (worse == 1)) & ~investigator,
    }
    return with_columns(frame, columns)


def _loss_confirmed(
    frame: pd.DataFrame, loss: Floats, recurrence: Recurrence, interventions: pd.DataFrame | None
) -> Flags:
    """Losses that the next assessments confirm, or an intervention before the next of them."""
    confirmed = held_at_consecutive(frame, loss, recurrence.consecutive)
    if interventions is None or interventions.empty:
        return confirmed
    known = np.flatnonzero(last_of_day(frame, ~np.isnan(loss)))
    subject, lost = subject_index(frame)[known], loss[known] == 1
    treated = _followed_by_intervention(frame, known, interventions)
    # Rows of a run of losses up to the last of them that an intervention follows at once.
    run = np.cumsum(~lost | changes(subject))
    last = np.full(run.max(initial=0) + 1, -1)
    row = np.arange(len(known))
    last[run[lost & treated]] = row[lost & treated]
    confirmed[known[lost & (row <= last[run])]] = True
    return confirmed


def _followed_by_intervention(
    frame: pd.DataFrame, known: Ints, interventions: pd.DataFrame
) -> Flags:
    """Whether an intervention lies on or after each known assessment and before the next one."""
    index = subject_index(frame)
    names = frame["subject_id"].to_numpy()[np.flatnonzero(changes(index))]
    treated = pd.Index(names).get_indexer(pd.Index(interventions["subject_id"]))
    treated = np.where(treated >= 0, np.unique(index)[treated], -1)
    # Subject and day in one number, so that one search serves all subjects.
    span = 1_000_000
    moment = np.sort(treated * span + _days(interventions["date"]))
    subject = index[known]
    begin = subject * span + _days(frame["visit_date"].iloc[known])
    end = np.append(begin[1:], np.iinfo(np.int64).max)
    end[:-1] = np.where(subject[1:] == subject[:-1], end[:-1], end.max())
    # The last assessment of a subject is followed by what its own records hold alone.
    end = np.minimum(end, (subject + 1) * span)
    return np.asarray(np.searchsorted(moment, end) > np.searchsorted(moment, begin))


def _days(dates: pd.Series[pd.Timestamp]) -> Ints:
    """Days since 1800: dates of a study lie well within a million of them."""
    return np.asarray((dates - pd.Timestamp("1800-01-01")).dt.days, dtype=np.int64)


def _worsening_confirmed(
    frame: pd.DataFrame, worse: Floats, remission: Floats, recurrence: Recurrence
) -> Flags:
    """Worsening that the next assessments confirm; one in remission that is not judged is none."""
    judged = np.where(np.isnan(worse) & (remission == 1), 0.0, worse)
    return held_at_consecutive(frame, judged, recurrence.consecutive)
