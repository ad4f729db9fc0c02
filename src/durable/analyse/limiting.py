"""Dose-limiting toxicities, deaths among them, and the recommendation of the 3+3 rule."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan

import pandas as pd

from durable.analyse.follow_up import followed_to
from durable.analyse.groups import Group, groups
from durable.analyse.incidence import Row, bound, number, percent, result
from durable.contracts.results import NOT_RECORDED, Result
from durable.plan import Safety

LIMITING = "t_dlt"
ALL = "ALL"
_FATAL_GRADE = 5


def results(
    adsl: pd.DataFrame, adae: pd.DataFrame, columns: list[Group], rule: Safety, level: float
) -> Iterator[Result]:
    """The escalating part by dose level, each with its recommendation, then all parts."""
    status = dlt_status(adsl, adae, rule)
    part = rule.escalation_part
    escalating = adsl.loc[adsl["PART"] == part]
    unplaced = _unplaced(adsl, part)
    for column in groups(escalating, ("dose_level",))[:-1]:
        subjects = column.of(status)
        yield from (result(LIMITING, column, row) for row in _counts(part, subjects, level))
        if rule.escalation == "3+3":
            line = recommendation(subjects, column.group, unplaced, rule.dlt_window_days)
            yield result(LIMITING, column, number((part,), "next", nan, line))
    for column in columns:
        rows = _counts(ALL, column.of(status), level)
        yield from (result(LIMITING, column, row) for row in rows)


def dlt_status(adsl: pd.DataFrame, adae: pd.DataFrame, rule: Safety) -> pd.DataFrame:
    """What each infused subject is for the escalation.

    Parameters
    ----------
    adsl, adae
        Datasets of the study.
    rule
        Window of the dose-limiting toxicities.

    Returns
    -------
    DataFrame
        ``USUBJID`` and, true or false: ``recorded`` (a dose-limiting toxicity is recorded in the
        window), ``unassessed`` (died in the window and nobody assessed the death: counts as one),
        ``not_limiting`` (died in the window, of events recorded as not dose-limiting), ``open``
        (died later, of an event of the window that nobody assessed), ``toxic`` and ``evaluable``.
    """
    infused = adsl.loc[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    window = rule.dlt_window_days
    in_window = (adae["TRTEMFL"] == "Y") & (adae["ADAY"] <= window).fillna(False).astype(bool)
    fatal = fatal_events(adae)
    unrecorded = adae["AEDLT"].isna()

    def has(events: pd.Series[bool]) -> pd.Series[bool]:
        subjects = infused.index.isin(adae.loc[events, "USUBJID"])
        return pd.Series(subjects, index=infused.index)

    day = (_death(infused, adae.loc[fatal]) - infused["TRTSDT"]).dt.days
    died = (day >= 0) & (day <= window)
    limiting = adae["AEDLT"] == "Y"
    recorded = has(in_window & limiting) | (died & has(fatal & limiting))
    unassessed = died & ~recorded & (has(fatal & unrecorded) | ~has(fatal))
    toxic = recorded | unassessed
    status = pd.DataFrame(
        {
            "recorded": recorded,
            "unassessed": unassessed,
            "not_limiting": died & ~toxic,
            "open": ~died & ~toxic & has(in_window & fatal & unrecorded),
            "toxic": toxic,
            "evaluable": followed_to(infused, window) | toxic,
        }
    )
    return status.reset_index()


def fatal_events(adae: pd.DataFrame) -> pd.Series[bool]:
    """Which events are fatal, by grade or outcome."""
    grade = (adae["AETOXGR"] >= _FATAL_GRADE).fillna(False).astype(bool)
    return grade | (adae["AOUT"] == "FATAL")


def _death(infused: pd.DataFrame, fatal: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """Date of death; where only a fatal event tells of it, its end, else its start."""
    told = fatal["AENDT"].fillna(fatal["ASTDT"]).groupby(fatal["USUBJID"]).min()
    return infused["DTHDT"].fillna(told.reindex(infused.index))


def recommendation(status: pd.DataFrame, dose_level: str, unplaced: int, window: int) -> str:
    """What the 3+3 rule says of one dose level, and what has to be looked at before.

    Parameters
    ----------
    status
        Subjects of the level, as `dlt_status` returns them.
    dose_level
        Name of the level.
    unplaced
        Infused subjects whose part or dose level is not recorded: they are in no line.
    window
        Days in which a toxicity counts.
    """
    evaluable, toxic = int(status["evaluable"].sum()), int(status["toxic"].sum())
    deaths, spared, later = (
        int(status[name].sum()) for name in ("unassessed", "not_limiting", "open")
    )
    doubts = []
    if deaths:
        doubts.append(
            f"{_deaths(deaths)} within {window} days without a recorded assessment, counted as"
            " dose-limiting"
        )
    if later:
        doubts.append(
            f"{_deaths(later)} later of an event begun within {window} days, not assessed"
        )
    step = next_step(evaluable, toxic)
    if dose_level == NOT_RECORDED:
        step = "no recommendation, the dose level is not recorded"
    elif doubts:
        # Nothing is recommended that the adjudication could forbid.
        interim = "" if step == ESCALATE else f"; as counted, {step}"
        step = f"adjudicate first ({'; '.join(doubts)}){interim}"
    if spared:
        step += f"; {_deaths(spared)} within {window} days recorded as not dose-limiting"
    if unplaced and dose_level != NOT_RECORDED:
        step += f"; {unplaced} infused without a recorded part or dose level not in any line"
    return f"{toxic} of {evaluable} evaluable with a dose-limiting toxicity: {step}"


ESCALATE = "escalate"


def next_step(evaluable: int, toxic: int) -> str:
    """What the 3+3 rule says next of one dose level (design A of Storer, Biometrics 1989;45:925).

    Parameters
    ----------
    evaluable, toxic
        Subjects evaluable for dose-limiting toxicity, and those of them with one.
    """
    if toxic >= 2:
        return "stop, the maximum tolerated dose is exceeded"
    if evaluable < 3:
        return "treat or follow more subjects until 3 are evaluable"
    if toxic == 1 and evaluable < 6:
        return "expand the dose level to 6 evaluable"
    return ESCALATE


def _deaths(count: int) -> str:
    return f"{count} death{'s' if count > 1 else ''}"


def _unplaced(adsl: pd.DataFrame, part: str) -> int:
    """Infused subjects who may belong to a line of the escalating part, but are in none."""
    no_part, no_level = adsl["PART"].isna(), adsl["DOSELVL"].isna()
    unplaced = no_part | ((adsl["PART"] == part) & no_level)
    return int((unplaced & (adsl["SAFFL"] == "Y")).sum())


def _counts(name: str, status: pd.DataFrame, level: float) -> Iterator[Row]:
    parameter = (name,)
    evaluable, toxic = int(status["evaluable"].sum()), int(status["toxic"].sum())
    yield number(parameter, "n_infused", len(status))
    yield number(parameter, "n_evaluable", evaluable)
    yield number(parameter, "n_dlt", toxic)
    yield number(parameter, "percent", percent(toxic, evaluable))
    yield number(parameter, "n_dlt_unassessed_death", int(status["unassessed"].sum()))
    yield number(parameter, "n_death_not_limiting", int(status["not_limiting"].sum()))
    if not toxic:
        yield number(parameter, "upper", *bound(evaluable, level))
