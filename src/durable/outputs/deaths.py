"""``t_deaths``: deaths of any cause in each window."""

from __future__ import annotations

import pandas as pd

from durable.contracts.results import WHOLE_COLUMN, Statistic
from durable.language import N_, _
from durable.outputs import cells, definitions, incidence
from durable.outputs.ard import TableResults
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, groups
from durable.outputs.output import INFUSED, SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import percent
from durable.outputs.table import Line, Rows
from durable.plan import Plan, Safety


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adsl, adae = datasets.adsl, datasets.adae
    undated = frozenset[str]() if adae is None else _without_date_of_death(adsl, adae)
    for column in groups(adsl, plan.group_variables):
        treated, level = column.select(adsl), plan.statistics.conf_level
        yield column, _deaths(treated, undated, plan.safety, level)


def _deaths(
    treated: pd.DataFrame, undated: frozenset[str], safety: Safety, conf_level: float
) -> Estimates:
    """Deaths of any cause in each window and in all of follow-up."""
    day = (treated["DTHDT"] - treated["TRTSDT"]).dt.days
    yield WHOLE_COLUMN, Statistic("n_infused", len(treated))
    windows = {f"D{days}": day <= days for days in safety.windows_days} | {
        incidence.ALL: day.notna()
    }
    for window, died in windows.items():
        n = int(died.sum())
        yield (window,), Statistic("n_deaths", n)
        yield (window,), Statistic("percent", percent(n, len(treated)))
        if not n:
            yield (window,), incidence.upper_limit(len(treated), conf_level)
    if undated:  # in every column where there is one in the study
        note = "fatal event without a date of death: not counted until the date is recorded"
        n = int(treated["USUBJID"].isin(undated).sum())
        yield (incidence.ALL,), Statistic("n_fatal_undated", n, note=note)


def _without_date_of_death(adsl: pd.DataFrame, adae: pd.DataFrame) -> frozenset[str]:
    """Infused subjects in no count of deaths because only a fatal event tells of theirs."""
    alive = adsl.loc[(adsl["SAFFL"] == "Y") & adsl["DTHDT"].isna(), "USUBJID"]
    return frozenset(alive) & frozenset(adae.loc[incidence.fatal_events(adae), "USUBJID"])


def _table(results: TableResults, plan: Plan) -> Rows:
    undated = _("Fatal event without a date of death (not counted above)")
    for window, label in incidence.window_labels(plan.safety):
        yield from results.rows(
            (window,),
            Line(
                _("{window}, n (%)").format(window=label), cells.incidence("n_deaths", "percent"), 0
            ),
            incidence.upper_limit_line(plan, 1),
            Line(undated, cells.count("n_fatal_undated"), 1, optional=True),
        )


OUTPUT = Output(
    name="t_deaths",
    analysis_set=SAFETY_SET,
    datasets="ADSL",
    variables={
        "ADSL": ("SAFFL", "DTHDT", "DTHDY"),
        "ADAE": ("AETOXGR", "AOUT", "AEDECOD"),
    },
    results=_results,
    dates=("DTHDT",),
    tables=(
        OutputTable(
            name="t_deaths",
            heading=N_("Deaths of any cause"),
            size=INFUSED,
            rows=_table,
            footnotes=lambda plan: (
                _("Deaths on or after the day of infusion (day 0), in windows of days after it."),
                definitions.upper_limit(plan.statistics),
            ),
        ),
    ),
)
