"""Stage ``durability``: duration of response and event-free survival by Kaplan-Meier.

Fitted on integer days, so that a survival of exactly one half is seen as such; shown in months.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan, nan
from pathlib import Path

import numpy as np
import pandas as pd

from durable.analyse.groups import Group, groups, of_each, read_adsl
from durable.contracts.results import PLATEAU, WITHIN_TOLERANCE, Result, to_csv
from durable.files import write_text
from durable.plan import Plan, Statistics
from durable.stats.intervals import Transform
from durable.stats.survival import KaplanMeier, event_from_cnsr, follow_up, kaplan_meier
from durable.vocabulary import (
    CENSORINGS,
    EVENTS,
    NOT_FOLLOWED,
    REMISSION_NOT_YET_DUE,
    not_in_remission,
)

OUTPUT = "t_dor"
PARAMETERS = ("DOR", "EFS")
Row = tuple[str, float, float, float, str]


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Read ``adam/adsl`` and ``adtte``; write ``ard/durability.csv``.

    Parameters
    ----------
    cores
        Groups analysed at a time.
    """
    adsl = read_adsl(folder, plan.groups, "BLREMFL")
    used = ["USUBJID", "PARAMCD", "AVAL", "CNSR", "EVNTDESC"]
    adtte = pd.read_parquet(folder / "adam" / "adtte.parquet", columns=used)
    adtte = adtte.astype({"EVNTDESC": "category"})
    durations = {name: adtte.loc[adtte["PARAMCD"] == name] for name in PARAMETERS}

    inactive = adsl.loc[adsl["BLREMFL"] == "Y", "USUBJID"]

    def of(group: Group) -> list[Result]:
        chosen = {name: group.of(records) for name, records in durations.items()}
        rows = {name: list(analyse(records, name, plan)) for name, records in chosen.items()}
        rows["DOR"] += _inactive(chosen["DOR"], inactive)
        return [
            Result(OUTPUT, "primary", group.group_by, group.group, name, *row)
            for name, found in rows.items()
            for row in found
        ]

    columns = groups(adsl, plan.groups)
    write_text(folder / "ard" / "durability.csv", to_csv(of_each(of, columns, cores)))


def fit(records: pd.DataFrame) -> KaplanMeier:
    """Kaplan-Meier estimate of one parameter's records, in days."""
    return kaplan_meier(records["AVAL"].to_numpy(float), event_from_cnsr(records["CNSR"]))


def _inactive(records: pd.DataFrame, inactive: pd.Series[str]) -> Iterator[Row]:
    """How many of those whose duration is analysed were in remission at baseline already."""
    count, n = int(records["USUBJID"].isin(inactive).sum()), len(records)
    yield "n_baseline_remission", count, nan, nan, ""
    yield "percent_baseline_remission", 100 * count / n if n else nan, nan, nan, ""


def analyse(records: pd.DataFrame, parameter: str, plan: Plan) -> Iterator[Row]:
    """All statistics of one parameter in one group; durations in months."""
    rule = plan.statistics
    yield from _counts(records, parameter, plan.response.deadline(plan.schedule).visit)
    km = fit(records)
    yield from quantiles(km, rule)
    yield from _extremes(records, rule)
    yield from landmarks(km, rule)
    reverse = follow_up(records["AVAL"].to_numpy(float), event_from_cnsr(records["CNSR"]))
    yield _quantile("follow_up", reverse, 0.5, rule)
    months = rule.rmst_months
    mean = _with_width(km.rmst(months * rule.days_per_month, rule.conf_level))
    yield _months(f"rmst_M{months:g}", mean, rule)


def _band(rule: Statistics) -> tuple[float, Transform]:
    return rule.conf_level, rule.km_ci


def _months(name: str, days: tuple[float, float, float], rule: Statistics) -> Row:
    estimate, lower, upper = (value / rule.days_per_month for value in days)
    return name, estimate, lower, upper, ""


def _with_width(estimate: tuple[float, float, float]) -> tuple[float, float, float]:
    """An estimate, without limits where they have no width.

    The variance is 0 where nobody had the event by the horizon, and where nobody is left of those
    at risk at the only one: that is no certainty, it cannot be estimated.
    """
    value, lower, upper = estimate
    return (value, lower, upper) if lower < upper else (value, nan, nan)


def _counts(records: pd.DataFrame, parameter: str, deadline: str) -> Iterator[Row]:
    """Subjects, events by kind, censorings by reason, each with its percentage of the subjects."""
    event, what = records["CNSR"] == 0, records["EVNTDESC"]
    free_survival = parameter == "EFS"
    kinds = EVENTS | ({"not_in_remission": not_in_remission(deadline)} if free_survival else {})
    tally = {"subjects": len(records), "event": int(event.sum())}
    for name, kind in kinds.items():
        tally[name] = int((event & (what == kind)).sum())
    tally["censored"] = int((~event).sum())
    for name, reason in CENSORINGS.items():
        if free_survival or reason not in (REMISSION_NOT_YET_DUE, NOT_FOLLOWED):
            tally[f"censored_{name}"] = int((~event & (what == reason)).sum())
    if free_survival:
        tally["pending"] = tally["censored_remission_not_yet_due"]
    for name, count in tally.items():
        yield f"n_{name}", count, nan, nan, ""
        if name != "subjects":
            percent = 100 * count / len(records) if len(records) else nan
            yield f"percent_{name}", percent, nan, nan, ""


def quantiles(km: KaplanMeier, rule: Statistics) -> Iterator[Row]:
    """Quartiles with their limits (Brookmeyer and Crowley 1982)."""
    for name, p in (("q25", 0.25), ("median", 0.5), ("q75", 0.75)):
        yield _quantile(name, km, p, rule)


def _quantile(name: str, km: KaplanMeier, p: float, rule: Statistics) -> Row:
    """One quantile with its limits.

    Where the curve stays at the level until the end of follow-up, R gives the midpoint and SAS
    nothing: the result is noted, so that a reader is told.
    """
    found = km.quantile(p, *_band(rule), rule.quantile_rule)
    row = _months(name, found, rule)
    left = not isnan(km.quantile(p, *_band(rule), "sas")[0])
    return row if left or isnan(found[0]) else (*row[:4], PLATEAU)


def _extremes(records: pd.DataFrame, rule: Statistics) -> Iterator[Row]:
    """Shortest and longest duration; noted as censored when no event happened at it."""
    for name, extreme in (("min", records["AVAL"].min()), ("max", records["AVAL"].max())):
        at_extreme = records.loc[records["AVAL"] == extreme, "CNSR"]
        note = "censored" if len(at_extreme) and (at_extreme > 0).all() else ""
        yield name, extreme / rule.days_per_month, nan, nan, note


def landmarks(km: KaplanMeier, rule: Statistics) -> Iterator[Row]:
    """Event-free rates and numbers at risk just before the configured months.

    Past the last observed time nothing can be estimated, but for the tolerance: visits have
    windows, and who was seen at the visit of month 24 may have been seen on day 725. Nor can an
    interval before any event: the variance is 0 there, and limits of 100% would claim what eight
    subjects cannot show.
    """
    months = rule.landmarks_months
    days = np.array(months) * rule.days_per_month
    last = km.time[-1] if km.n else nan
    near = (days > last) & (days - last <= rule.landmark_tolerance_days)
    table = km.at(np.where(near, last, days), *_band(rule))
    at_risk = km.at(days, *_band(rule))["n_risk"].tolist()
    columns = (table[name].tolist() for name in ("survival", "lower", "upper"))
    for month, early, survival, lower, upper, n_risk in zip(
        months, near.tolist(), *columns, at_risk, strict=True
    ):
        notes = []
        if early:
            notes.append(f"as of day {last:g}, the last observed time, {WITHIN_TOLERANCE}")
        if isnan(survival) and km.n:
            notes.append("after the last observed time")
        if survival == 1:
            lower, upper = nan, nan
            notes.append("no event before: no interval")
        yield f"landmark_M{month:g}", survival, lower, upper, "; ".join(notes)
        yield f"at_risk_M{month:g}", n_risk, nan, nan, ""
