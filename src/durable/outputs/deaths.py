"""``t_deaths``: deaths of any cause in each window."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from durable.contracts.results import WHOLE_COLUMN, Result, Statistic
from durable.outputs import definitions, formats
from durable.outputs.ard import Ard
from durable.outputs.cells import count
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, Group, groups
from durable.outputs.incidence import (
    ALL,
    fatal_events,
    infused,
    upper_limit,
    upper_limit_line,
    window_labels,
)
from durable.outputs.output import SAFETY_SET, Output
from durable.outputs.quantities import percent
from durable.outputs.table import Line, Lookup, Rows
from durable.plan import Plan, Safety

NAME = "t_deaths"


def _results(datasets: AnalysisDatasets, plan: Plan) -> Iterator[Result]:
    adsl, adae = datasets.adsl, datasets.adae
    undated = frozenset[str]() if adae is None else _without_date_of_death(adsl, adae)
    for column in groups(adsl, plan.groups):
        deaths = _deaths(column.select(adsl), plan.safety, plan.statistics.conf_level)
        yield from column.results(NAME, deaths)
        yield from column.results(NAME, _undated_deaths(column, undated))


def _deaths(treated: pd.DataFrame, safety: Safety, conf_level: float) -> Estimates:
    """Deaths of any cause in each window and in all of follow-up."""
    day = (treated["DTHDT"] - treated["TRTSDT"]).dt.days
    yield WHOLE_COLUMN, Statistic("n_infused", len(treated))
    windows = {f"D{days}": day <= days for days in safety.windows_days} | {ALL: day.notna()}
    for window, died in windows.items():
        n = int(died.sum())
        yield (window,), Statistic("n_deaths", n)
        yield (window,), Statistic("percent", percent(n, len(treated)))
        if not n:
            yield (window,), upper_limit(len(treated), conf_level)


def _without_date_of_death(adsl: pd.DataFrame, adae: pd.DataFrame) -> frozenset[str]:
    """Infused subjects with a fatal event and no date of death."""
    alive = adsl.loc[(adsl["SAFFL"] == "Y") & adsl["DTHDT"].isna(), "USUBJID"]
    return frozenset(alive) & frozenset(adae.loc[fatal_events(adae), "USUBJID"])


def _undated_deaths(column: Group, undated: frozenset[str]) -> Estimates:
    """How many are in no count of deaths because only a fatal event tells of theirs.

    In every column where there is one in the study.
    """
    if undated:
        note = "fatal event without a date of death: not counted until the date is recorded"
        n = len(column.subjects & undated)
        yield (ALL,), Statistic("n_fatal_undated", n, note=note)


def _table(ard: Ard, plan: Plan) -> Rows:
    def cell(find: Lookup) -> str:
        return formats.incidence(find("n_deaths"), find("percent"), plan.outputs.percent_decimals)

    undated = "Fatal event without a date of death (not counted above)"
    for window, label in window_labels(plan.safety):
        lines = [
            Line(f"{label}, n (%)", cell, 0),
            upper_limit_line(plan, 1),
            Line(undated, count("n_fatal_undated"), 1, optional=True),
        ]
        yield from ard.lines(NAME, (window,), lines)


def _footnotes(plan: Plan) -> Iterator[str]:
    yield "Deaths on or after the day of infusion (day 0), in windows of days after infusion."
    yield definitions.upper_limit(plan.statistics)


OUTPUT = Output(
    name=NAME,
    title="Deaths of any cause",
    population=SAFETY_SET,
    datasets="ADSL",
    results=(_results,),
    table=_table,
    footnotes=_footnotes,
    size=infused(NAME),
)
