"""Recurrence and progression: confirmed loss of remission, confirmed worsening, the investigator.

Sources: the trial's registered definition of duration of response (recurrence, progression or death
of any cause); worsening limbs as in the ProDERM trial and the IMACS definition of worsening.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.config.model import Response, Scale, Worsening
from durable.derive import tis
from durable.derive.assessments import direction
from durable.derive.frames import numbers, row_of_subject, taken, with_columns
from durable.derive.remission import all_met, any_met, count_met

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def with_losses(frame: pd.DataFrame, start: pd.Series[int], response: Response) -> pd.DataFrame:
    """Add what an assessment says against remission, for subjects that had one.

    Parameters
    ----------
    frame
        One row per assessment, as `assessments.assess` returns it.
    start
        Row of the first remission, by subject.
    response
        Definitions.

    Returns
    -------
    DataFrame
        With ``after`` (later than the first remission), ``loss`` and ``worse`` (three-valued),
        ``confirmed_loss``, ``confirmed_worse``, ``investigator_event`` (events, as configured) and
        ``early_flare`` (inside the early window: for adjudication, no event).
    """
    rule = response.recurrence
    number = numbers(frame)
    first = row_of_subject(number, np.asarray(start, dtype=np.int64))
    date = frame["visit_date"].to_numpy()
    after = (first >= 0) & (date > date[first])
    early = frame["day"].to_numpy(float) <= rule.early_flare_days
    loss = np.where(frame["post"], 1.0 - frame["remission"].to_numpy(float), np.nan)
    worse = _worse(frame, response)
    eligible = after & ~early
    recorded = frame["investigator_assessment"].isin(["recurrence", "progression"]).to_numpy(bool)
    kept_up = _confirmed(loss, number, rule.consecutive)
    gone_on = _confirmed(worse, number, rule.consecutive)
    new = {
        "after": after,
        "loss": loss,
        "worse": worse,
        "confirmed_loss": kept_up & eligible & rule.confirmed_loss,
        "confirmed_worse": gone_on & eligible & rule.worsening.enabled,
        "investigator_event": recorded & after & rule.investigator,
        "early_flare": after & early & ((loss == 1) | (worse == 1)) & ~recorded,
    }
    return with_columns(frame, new)


def _confirmed(status: Floats, number: Ints, consecutive: int) -> Flags:
    """Rows with status 1 that the subject's next known statuses confirm; unknown: passed over."""
    known = np.flatnonzero(~np.isnan(status))
    met, subject = status[known] == 1, number[known]
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
    """Best post-infusion value before each assessment; NaN where there is none."""
    value = frame[measure].where(frame["post"])
    number = numbers(frame)
    by_subject = value.groupby(number, sort=False)
    higher = direction(measure) == "higher"
    running = (by_subject.cummax() if higher else by_subject.cummin()).to_numpy(float)
    # The last row before each with a value; where it is of the same subject, its best so far.
    row = np.arange(len(number))
    last = np.maximum.accumulate(np.where(np.isnan(running), -1, row))
    before = np.full(len(number), -1)
    before[1:] = np.where(number[last[:-1]] == number[1:], last[:-1], -1)
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
    # A best value of 0 has no percentage: unknown, not infinitely worse.
    nonzero = np.where(best == 0, np.nan, np.abs(best))
    width = np.full(len(best), scale.range) if rule.percent_of == "range" else nonzero
    change = tis.percent_change(value, best, width, direction(measure))
    return np.where(np.isnan(change), np.nan, (change >= percent).astype(float))
