"""``t_ae_crs``: CRS and ICANS by ASTCT grade (Lee 2019), with their onset and duration."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from durable.contracts.results import Parameter, Result, Statistic
from durable.outputs import definitions
from durable.outputs.ard import Ard
from durable.outputs.cells import count, value_with_limits
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Group, groups
from durable.outputs.incidence import (
    GRADES,
    EventCounts,
    events_cell,
    grade_cell,
    grade_name,
    infused,
    upper_limit_line,
    without_events,
)
from durable.outputs.output import SAFETY_SET, Output
from durable.outputs.table import Cell, Line, Row, Rows
from durable.plan import Plan, Safety
from durable.stats.summaries import summarise

NAME = "t_ae_crs"


def _results(datasets: AnalysisDatasets, plan: Plan) -> Iterator[Result]:
    adsl, adae = datasets.adsl, datasets.adae
    columns = groups(adsl, plan.groups)
    if adae is None:
        yield from without_events(NAME, columns)
        return
    emergent = adae.loc[adae["TRTEMFL"] == "Y"]
    labels = {"CRS": plan.safety.crs, "ICANS": plan.safety.icans}
    parts: dict[Parameter, pd.DataFrame] = {
        (name,): emergent.loc[emergent["AESI"] == label] for name, label in labels.items()
    }
    events = EventCounts.from_parts(parts, grade="ASTCTGR")
    for column in _with_dose_levels(adsl, columns):
        yield from column.results(NAME, events.with_size(column, plan.statistics.conf_level))
        for parameter, part in parts.items():
            statistics = _onset_and_duration(column.select(part))
            yield from column.results(NAME, ((parameter, each) for each in statistics))


def _with_dose_levels(adsl: pd.DataFrame, columns: list[Group]) -> list[Group]:
    """The columns, led by the dose levels where the plan does not group by them."""
    if any(column.group_by == "dose_level" for column in columns):
        return columns
    return [*groups(adsl, ("dose_level",))[:-1], *columns]


def _onset_and_duration(events: pd.DataFrame) -> Iterator[Statistic]:
    """Day of each subject's first onset; days that each event with an end lasted.

    By recorded dates alone. A start is imputed as early as it can be, so that a first onset is
    known where a recorded start is not later than any imputed one.
    """
    order = events.assign(imputed=events["ASTDTF"].notna()).sort_values(["ADAY", "imputed"])
    first = order.drop_duplicates("USUBJID")
    onset = first.loc[~first["imputed"], "ADAY"]
    exact = events["ASTDTF"].isna() & events["AENDTF"].isna()
    ended = events["AENDT"].notna()
    yield from _days("onset", onset, len(first) - len(onset))
    yield from _days("duration", events.loc[exact, "ADURN"], int((ended & ~exact).sum()))
    yield Statistic("n_ongoing", int((events["ONGOFL"] == "Y").sum()))
    unknown = ~ended & (events["ONGOFL"] != "Y")
    yield Statistic("n_end_unknown", int(unknown.sum()))


def _days(name: str, days: pd.Series[float], n_imputed: int) -> Iterator[Statistic]:
    summary = summarise(days.to_numpy(float))
    note = f"{n_imputed} imputed, left out" if n_imputed else ""
    for statistic in ("median", "min", "max"):
        yield Statistic(f"{name}_{statistic}", getattr(summary, statistic), note=note)
    yield Statistic(f"n_{name}_imputed", n_imputed)


def _table(ard: Ard, plan: Plan) -> Rows:
    decimals = plan.outputs.percent_decimals
    for name, label in (("CRS", "Cytokine release syndrome (CRS)"), ("ICANS", "ICANS")):
        yield Row(label)
        lines = [
            Line("Any, n (%) [events]", partial(events_cell, plan=plan)),
            upper_limit_line(plan, 2),
            Line("Worst ASTCT grade, n (%)"),
            *(
                Line(grade_name(grade), partial(grade_cell, grade=grade, decimals=decimals), 2)
                for grade in GRADES
            ),
            Line("First onset (days after infusion), median (min, max)", _days_cell("onset")),
            _imputed_line("onset", "subjects"),
            Line("Duration of resolved events (days), median (min, max)", _days_cell("duration")),
            _imputed_line("duration", "events"),
            Line("Events ongoing at the data cut-off or death", count("n_ongoing")),
            Line("Events resolved on a day not recorded", count("n_end_unknown"), optional=True),
        ]
        yield from ard.lines(NAME, (name,), lines)


def _imputed_line(name: str, what: str) -> Line:
    return Line(f"{what} excluded (date imputed)", count(f"n_{name}_imputed"), 2, optional=True)


def _days_cell(name: str) -> Cell:
    limits = f"{name}_min", f"{name}_max"
    return value_with_limits(f"{name}_median", *limits, 1, limit_decimals=0)


def _footnotes(plan: Plan) -> Iterator[str]:
    yield from _grading_notes(plan.safety)
    yield from definitions.treatment_emergent()
    yield _ongoing_note()
    yield definitions.upper_limit(plan.statistics)


def _grading_notes(safety: Safety) -> Iterator[str]:
    """How CRS and ICANS are found and graded."""
    yield (
        f"Treatment-emergent events of special interest recorded as {safety.crs} (CRS) or"
        f" {safety.icans} (ICANS), by ASTCT consensus grade (Lee 2019), not CTCAE grade. n:"
        " subjects, each counted once at the worst known grade; percentages are of N; [number of"
        " events]."
    )
    yield (
        f"ICANS was graded with CAPD below {safety.capd_below_years:g} years of age, with ICE from"
        " then on. ICANS: immune effector cell-associated neurotoxicity syndrome."
    )


def _ongoing_note() -> str:
    """Which events are ongoing."""
    return (
        "Ongoing: without an end date, and outcome neither recovered nor fatal. Onset and duration"
        " are from recorded dates; those that depend on an imputed date are excluded."
    )


OUTPUT = Output(
    name=NAME,
    title="Cytokine release syndrome and neurotoxicity (ICANS) by ASTCT grade",
    population=SAFETY_SET,
    datasets="ADAE",
    results=(_results,),
    table=_table,
    footnotes=_footnotes,
    size=infused(NAME),
)
