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
from durable.config.model import Plan, Statistics
from durable.contracts.results import PLATEAU, Result, to_csv
from durable.files import write_csv, write_text
from durable.stats.survival import (
    KaplanMeier,
    Transform,
    event_from_cnsr,
    follow_up,
    kaplan_meier,
)

OUTPUT = "t_dor"
PARAMETERS = ("DOR", "EFS")
#: Statistic of each kind of event and each reason for censoring (EVNTDESC).
EVENTS = {
    "recurrence": "RECURRENCE",
    "progression": "PROGRESSION",
    "death": "DEATH",
    "new_therapy": "NEW SYSTEMIC THERAPY",
    "never_remitted": "NEVER IN REMISSION",
}
CENSORINGS = {
    "ongoing": "ONGOING AT DATA CUT-OFF",
    "missed_assessments": "MISSED ASSESSMENTS",
    "new_therapy": "NEW SYSTEMIC THERAPY",
    "withdrawn": "WITHDRAWN",
    "no_assessment": "NO ASSESSMENT AFTER REMISSION",
}
Row = tuple[str, float, float, float, str]


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Read ``adam/adsl`` and ``adtte``; write ``ard/durability.csv`` and the figures' data.

    Parameters
    ----------
    cores
        Groups analysed at a time.
    """
    adsl = read_adsl(folder, plan.groups)
    used = ["USUBJID", "PARAMCD", "AVAL", "CNSR", "EVNTDESC"]
    adtte = pd.read_parquet(folder / "adam" / "adtte.parquet", columns=used)
    adtte = adtte.astype({"EVNTDESC": "category"})
    durations = {name: adtte.loc[adtte["PARAMCD"] == name] for name in PARAMETERS}

    def of(group: Group) -> list[Result]:
        return [
            Result(OUTPUT, "primary", group.group_by, group.group, parameter, *row)
            for parameter, records in durations.items()
            for row in analyse(group.of(records), parameter, plan.statistics)
        ]

    columns = groups(adsl, plan.groups)
    write_text(folder / "ard" / "durability.csv", to_csv(of_each(of, columns, cores)))
    total = columns[-1]
    for parameter, records in durations.items():
        curve = figure_data(total.of(records), total, plan.statistics)
        write_csv(folder / "figures" / f"f_km_{parameter.lower()}.csv", curve)


def fit(records: pd.DataFrame) -> KaplanMeier:
    """Kaplan-Meier estimate of one parameter's records, in days."""
    return kaplan_meier(records["AVAL"].to_numpy(float), event_from_cnsr(records["CNSR"]))


def analyse(records: pd.DataFrame, parameter: str, rule: Statistics) -> Iterator[Row]:
    """All statistics of one parameter in one group; durations in months."""
    yield from _counts(records, parameter)
    km = fit(records)
    yield from quantiles(km, rule)
    yield from _extremes(records, rule)
    yield from landmarks(km, rule)
    reverse = follow_up(records["AVAL"].to_numpy(float), event_from_cnsr(records["CNSR"]))
    yield _quantile("follow_up", reverse, 0.5, rule)
    months = rule.rmst_months
    mean = km.rmst(months * rule.days_per_month, rule.conf_level)
    yield _months(f"rmst_M{months:g}", mean, rule)


def _band(rule: Statistics) -> tuple[float, Transform]:
    return rule.conf_level, rule.km_ci


def _months(name: str, days: tuple[float, float, float], rule: Statistics) -> Row:
    estimate, lower, upper = (value / rule.days_per_month for value in days)
    return name, estimate, lower, upper, ""


def _counts(records: pd.DataFrame, parameter: str) -> Iterator[Row]:
    """Subjects, events by kind, censorings by reason, each with its percentage of the subjects."""
    event = records["CNSR"] == 0
    tally = {"subjects": len(records), "event": int(event.sum())}
    for name, what in EVENTS.items():
        if name != "never_remitted" or parameter == "EFS":
            tally[name] = int((event & (records["EVNTDESC"] == what)).sum())
    tally["censored"] = int((~event).sum())
    for name, what in CENSORINGS.items():
        tally[f"censored_{name}"] = int((~event & (records["EVNTDESC"] == what)).sum())
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

    Past the last observed time nothing can be estimated. Nor can an interval before any event:
    the variance is 0 there, and limits of 100 % would claim what eight subjects cannot show.
    """
    months = rule.landmarks_months
    table = km.at(np.array(months) * rule.days_per_month, *_band(rule))
    columns = (table[name].tolist() for name in ("survival", "lower", "upper", "n_risk"))
    for month, survival, lower, upper, at_risk in zip(months, *columns, strict=True):
        note = "after the last observed time" if isnan(survival) and km.n else ""
        if survival == 1:
            lower, upper, note = nan, nan, "no event before: no interval"
        yield f"landmark_M{month:g}", survival, lower, upper, note
        yield f"at_risk_M{month:g}", at_risk, nan, nan, ""


def figure_data(records: pd.DataFrame, group: Group, rule: Statistics) -> pd.DataFrame:
    """Points of the curve and counts under its axis, in months (see docs/figures.md)."""
    km = fit(records)
    curve = km.curve.merge(km.confidence(*_band(rule)), on="time")
    curve = curve[["time", "survival", "lower", "upper", "n_risk", "n_event", "n_censor"]]
    origin = pd.DataFrame([[0.0, 1.0, nan, nan, km.n, 0, 0]] if km.n else [], columns=curve.columns)
    starts_at_zero = bool(len(curve)) and curve["time"].iloc[0] == 0
    points = [curve] if starts_at_zero or not km.n else [origin, curve]
    data = pd.concat([*(part.assign(kind="curve") for part in points), _risk(km, rule)])
    data["time"] = data["time"] / rule.days_per_month
    data = data.assign(group_by=group.group_by, group=group.group)
    first = ["kind", "group_by", "group"]
    return data[[*first, *curve.columns]].astype(
        {"n_risk": "int64", "n_event": "int64", "n_censor": "int64"}
    )


def _risk(km: KaplanMeier, rule: Statistics) -> pd.DataFrame:
    """At risk just before the axis ticks, and events and censorings before them."""
    ticks = np.array([0.0, *rule.landmarks_months]) * rule.days_per_month
    at_risk, events = km.n_risk_before(ticks), km.n_events_before(ticks)
    return pd.DataFrame(
        {
            "kind": "risk",
            "time": ticks,
            "survival": nan,
            "lower": nan,
            "upper": nan,
            "n_risk": at_risk,
            "n_event": events,
            "n_censor": km.n - events - at_risk,
        }
    )
