"""Kaplan-Meier estimates of durations, in months, as the outputs show them.

Fitted on integer days, so that a survival of exactly one half is seen as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import isnan, nan

import numpy as np
import pandas as pd

from durable.contracts.results import NO_EVENT_BEFORE, PLATEAU, Statistic
from durable.outputs.landmarks import landmarks_at
from durable.plan import Statistics
from durable.stats.intervals import Interval
from durable.stats.survival import KaplanMeier, event_from_cnsr, kaplan_meier

#: Proportions with the event, by the name of their statistics.
QUARTILES = {"q25": 0.25, "median": 0.5, "q75": 0.75}


def fit(records: pd.DataFrame) -> KaplanMeier:
    """Kaplan-Meier estimate of the records of one parameter of ADTTE, in days."""
    days, event = records["AVAL"].to_numpy(float), event_from_cnsr(records["CNSR"])
    return _cached_fit(days.tobytes(), event.tobytes())


@lru_cache(maxsize=32)
def _cached_fit(days: bytes, event: bytes) -> KaplanMeier:
    """The estimate from arrays as bytes: most sensitivity analyses leave an endpoint as it is."""
    return kaplan_meier(np.frombuffer(days), np.frombuffer(event, dtype=np.bool_))


def interval(statistics: Statistics) -> tuple[float, Interval]:
    """Level and method of the pointwise intervals."""
    return statistics.conf_level, statistics.km_ci


def quantile(name: str, km: KaplanMeier, p: float, statistics: Statistics) -> Statistic:
    """A quantile in months with its limits, each NaN where it cannot be estimated.

    Limits by Brookmeyer and Crowley 1982. Where the curve stays at 1 - `p` until the end of
    follow-up, R gives the midpoint, with the note `PLATEAU`, and SAS nothing.
    """
    how = interval(statistics)
    estimate = km.quantile(p, *how, statistics.quantile_rule)
    never_left = isnan(km.quantile(p, *how, "sas")[0])
    note = PLATEAU if never_left and not isnan(estimate[0]) else ""
    return Statistic(name, *_in_months(estimate, statistics), note=note)


def follow_up_median(records: pd.DataFrame, statistics: Statistics) -> Statistic:
    """``follow_up``: median follow-up by reverse Kaplan-Meier, in months, as `quantile`."""
    return quantile("follow_up", fit(records).reverse(), 0.5, statistics)


def restricted_mean(km: KaplanMeier, statistics: Statistics) -> Statistic:
    """``rmst_M24``: mean duration up to the horizon of the plan, in months.

    NaN where the horizon lies past the last observed time, unless the curve has reached 0. Limits
    are NaN where they have no width: the variance is 0 where nobody had the event by the horizon,
    or all at risk had it at once, which is no certainty.
    """
    months = statistics.rmst_months
    mean, lower, upper = km.rmst(months * statistics.days_per_month, statistics.conf_level)
    days = (mean, lower, upper) if lower < upper else (mean, nan, nan)
    return Statistic(f"rmst_M{months:g}", *_in_months(days, statistics))


def _in_months(
    days: tuple[float, float, float], statistics: Statistics
) -> tuple[float, float, float]:
    estimate, lower, upper = (value / statistics.days_per_month for value in days)
    return estimate, lower, upper


def landmark_rates(
    km: KaplanMeier, months: tuple[float, ...], statistics: Statistics
) -> Iterator[Statistic]:
    """Of each month ``landmark_M6``, the event-free rate, and ``at_risk_M6``, at risk just before.

    The rate is a proportion; NaN past the last observed time, but for the tolerance
    (`landmarks_at`). Its limits are NaN before any event: the variance is 0 there, and limits of
    100% would claim what eight subjects cannot show. The beta product confidence procedure has
    limits there. Notes say which of these holds.
    """
    landmarks = landmarks_at(months, km.time[-1] if km.n else nan, statistics)
    how = interval(statistics)
    table = km.survival_at(landmarks.estimate_days, *how)
    at_risk = km.survival_at(landmarks.days, *how)["n_risk"].tolist()
    columns = (table[name].tolist() for name in ("survival", "lower", "upper"))
    for month, landmark_note, survival, lower, upper, n_risk in zip(
        months, landmarks.notes, *columns, at_risk, strict=True
    ):
        notes = [landmark_note] if landmark_note else []
        if survival == 1 and statistics.km_ci != "bpcp":
            lower, upper = nan, nan
            notes.append(NO_EVENT_BEFORE)
        yield Statistic(f"landmark_M{month:g}", survival, lower, upper, "; ".join(notes))
        yield Statistic(f"at_risk_M{month:g}", n_risk)
