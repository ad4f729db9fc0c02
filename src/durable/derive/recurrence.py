"""Recurrence and progression: confirmed loss of remission, confirmed worsening, the investigator.

Sources: the trial's registered definition of duration of response (recurrence, progression or death
of any cause); worsening limbs as in the ProDERM trial and the IMACS definition of worsening.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.derive import tis
from durable.derive.assessments import direction
from durable.derive.frames import (
    changes,
    first_row_of_day,
    last_of_day,
    numbers,
    row_of_subject,
    taken,
    with_columns,
)
from durable.derive.remission import all_met, any_met, count_met
from durable.jdm.response import Recurrence, Response, Scale, Worsening

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def with_losses(
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
    first = row_of_subject(numbers(frame), np.asarray(start, dtype=np.int64))
    date = frame["visit_date"].to_numpy()
    after = (first >= 0) & (date > date[first])
    early = frame["day"].to_numpy(float) <= rule.early_flare_days
    remission = frame["remission"].to_numpy(float)
    loss = np.where(frame["post"], 1.0 - remission, np.nan)
    worse = _worse(frame, response)
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
    number, lost = numbers(frame)[known], loss[known] == 1
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
    number = numbers(frame)
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
    met, subject = status[known] == 1, numbers(frame)[known]
    held = met.copy()
    for step in range(1, consecutive):
        held[-step:] = False
        held[:-step] &= met[step:] & (subject[step:] == subject[:-step])
    result = np.zeros(len(status), dtype=bool)
    result[known] = held
    return result


def _worse(frame: pd.DataFrame, response: Response) -> Floats:
    """Whether any worsening limb is met at an assessment, against the best earlier value."""
    rule = response.recurrence.worsening
    if not rule.enabled:
        return np.full(len(frame), np.nan)
    physician = _worse_by(frame, "physician_global", rule.physician_global)
    muscle = _worse_by_percent(frame, "mmt8", rule.mmt8_percent, response, rule)
    extramuscular = _worse_by(frame, "extramuscular", rule.extramuscular)
    measures = [m for place, m in response.measures.items() if place != "enzyme"]
    several = count_met(
        [_worse_by_percent(frame, m, rule.csm_percent, response, rule) for m in measures],
        rule.csm_count,
    )
    return any_met([all_met([physician, muscle]), extramuscular, several])


def best_before(frame: pd.DataFrame, measure: str) -> Floats:
    """Best post-infusion value on days before each assessment's; NaN where there is none."""
    value = frame[measure].where(frame["post"])
    number = numbers(frame)
    by_subject = value.groupby(number, sort=False)
    higher = direction(measure) == "higher"
    running = (by_subject.cummax() if higher else by_subject.cummin()).to_numpy(float)
    # The last row before each day with a value; where it is of the same subject, its best so far.
    row = np.arange(len(number))
    last = np.maximum.accumulate(np.where(np.isnan(running), -1, row))
    day_before = first_row_of_day(frame) - 1
    known = (day_before >= 0) & (last[day_before] >= 0)
    before = np.where(known & (number[last[day_before]] == number), last[day_before], -1)
    return taken(running, before)


def _worse_by(frame: pd.DataFrame, measure: str, amount: float) -> Floats:
    """Whether a measure is worse than its best by at least an amount, exact on decimals."""
    best, value = best_before(frame, measure), frame[measure].to_numpy(float)
    # 100 x difference / amount is at least 100 exactly when the difference is at least the amount.
    change = tis.percent_change(value, best, amount, direction(measure))
    return np.where(np.isnan(change), np.nan, (change >= 100).astype(float))


def _worse_by_percent(
    frame: pd.DataFrame, measure: str, percent: float, response: Response, rule: Worsening
) -> Floats:
    best, value = best_before(frame, measure), frame[measure].to_numpy(float)
    scale: Scale = getattr(response.ranges, measure)
    width = np.full(len(best), scale.range)
    if rule.percent_of == "best":
        # A best value of 0 has no percentage: it is judged on the range.
        width = np.where(best == 0, width, np.abs(best))
    change = tis.percent_change(value, best, width, direction(measure))
    return np.where(np.isnan(change), np.nan, (change >= percent).astype(float))
