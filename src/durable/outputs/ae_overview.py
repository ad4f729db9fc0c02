"""``t_ae_overview``: adverse events by category in each window, and before infusion."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from durable.contracts.results import TOTAL, Parameter, Result, Statistic
from durable.outputs import definitions
from durable.outputs.ard import Ard
from durable.outputs.cells import count
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.follow_up import followed_through
from durable.outputs.groups import Estimates, Group, groups
from durable.outputs.incidence import (
    GRADES,
    SEVERE,
    STUB,
    EventCounts,
    at_least,
    events_cell,
    events_of_denominator_cell,
    fatal_events,
    incidence_lines,
    infused,
    results_by_column,
    upper_limit_line,
    window_labels,
    windows,
)
from durable.outputs.output import SAFETY_SET, Output
from durable.outputs.table import Line, Row, Rows
from durable.plan import Plan, Safety
from durable.vocabulary import (
    BEFORE_INFUSION,
    BEFORE_LYMPHODEPLETION,
    LYMPHODEPLETION,
    window_flag,
)

NAME = "t_ae_overview"
NOT_INFUSED = ("NOT_INFUSED", "ANY")
#: Phase of ADAE of the events before infusion, by the name of their row.
_PHASES = {
    "BEFORE_LYMPHODEPLETION": BEFORE_LYMPHODEPLETION,
    "LYMPHODEPLETION": LYMPHODEPLETION,
    "LYMPHODEPLETION_UNKNOWN": BEFORE_INFUSION,
}


def _results(datasets: AnalysisDatasets, plan: Plan) -> Iterator[Result]:
    return results_by_column(NAME, overview, datasets, plan)


def overview(adae: pd.DataFrame, safety: Safety) -> EventCounts:
    """Events by category in each window, and before infusion by the lymphodepletion."""
    parts: dict[Parameter, pd.DataFrame] = {}
    for window, inside in windows(adae, safety).items():
        parts |= _categories(window, adae, inside, safety)
    before = adae["PRETRTFL"] == "Y"
    parts["PRE", "ANY"] = adae.loc[before]
    for name, phase in _PHASES.items():
        parts["PRE", name] = adae.loc[before & (adae["APHASE"] == phase)]
    return EventCounts.from_parts(parts)


def _categories(
    window: str, adae: pd.DataFrame, inside: pd.Series[bool], safety: Safety
) -> dict[Parameter, pd.DataFrame]:
    """Events of a window by category, at their grade and with missing grades imputed."""
    severe, related = at_least(adae, SEVERE), _related(adae, safety)
    categories = {
        "ANY": adae["USUBJID"].notna(),
        "RELATED": related,
        "SERIOUS": adae["AESER"] == "Y",
        "GRADE3": severe,
        "RELATED_GRADE3": severe & related,
        "FATAL": fatal_events(adae),
        "DLT": adae["AEDLT"] == "Y",
        "AESI": adae["AESI"].notna(),
    }
    imputed = adae.assign(AETOXGR=adae["AETOXGR"].fillna(safety.missing_grade))
    parts: dict[Parameter, pd.DataFrame] = {
        (window, name): adae.loc[inside & category] for name, category in categories.items()
    }
    parts[window, _imputed_grade(safety)] = imputed.loc[inside & at_least(imputed, SEVERE)]
    return parts


def _imputed_grade(safety: Safety) -> str:
    return f"GRADE3_MISSING_AS_{safety.missing_grade}"


def _related(adae: pd.DataFrame, safety: Safety) -> pd.Series[bool]:
    """Events related to the treatment; one without a record counts as the plan says."""
    related = adae["AEREL"] == "Y"
    return related | adae["AEREL"].isna() if safety.missing_related == "related" else related


def _further_results(datasets: AnalysisDatasets, plan: Plan) -> Iterator[Result]:
    """Events of those followed through the first window, without a relation, of the not infused."""
    adsl, adae = datasets.adsl, datasets.adae
    if adae is None:
        return
    columns, safety, level = groups(adsl, plan.groups), plan.safety, plan.statistics.conf_level
    followed = _followed(adsl, safety)
    events = _events_of_followed(adae, safety)
    for column in columns:
        yield from column.results(NAME, _among_followed(events, column, followed, level))
    for column in columns:
        yield from column.results(NAME, _relation_missing(adae, column, safety))
    not_infused = adsl.loc[(adsl["ENRLFL"] == "Y") & (adsl["SAFFL"] != "Y"), "USUBJID"]
    column = Group(*TOTAL, frozenset(not_infused))
    yield from column.results(NAME, _not_infused(adae, column, level))


def _followed(adsl: pd.DataFrame, safety: Safety) -> frozenset[str]:
    """The infused who were followed through the first window."""
    treated = adsl.loc[adsl["SAFFL"] == "Y"]
    return frozenset(treated.loc[followed_through(treated, safety.windows_days[0]), "USUBJID"])


def _events_of_followed(adae: pd.DataFrame, safety: Safety) -> EventCounts:
    days = safety.windows_days[0]
    inside = adae[window_flag(days)] == "Y"
    return EventCounts.from_parts(_categories(f"D{days}_FOLLOWED", adae, inside, safety))


def _among_followed(
    events: EventCounts, column: Group, followed: frozenset[str], conf_level: float
) -> Estimates:
    """Events of the first window among the subjects followed through it."""
    part = Group(column.group_by, column.group, column.subjects & followed)
    for parameter in events.parameters:
        yield parameter, Statistic("n_denominator", len(part.subjects))
    yield from events.statistics(part, conf_level)


def _relation_missing(adae: pd.DataFrame, column: Group, safety: Safety) -> Estimates:
    """Events of each window whose relation to the treatment is not recorded."""
    missing = adae["AEREL"].isna()
    note = f"counted as {safety.missing_related.replace('_', ' ')}"
    for window, inside in windows(adae, safety).items():
        events = len(column.select(adae.loc[inside & missing]))
        yield (window, "RELATED"), Statistic("n_events_missing", events, note=note * bool(events))


def _not_infused(adae: pd.DataFrame, column: Group, conf_level: float) -> Estimates:
    """Events of consented subjects never infused: in no group, so on a row of their own."""
    events = EventCounts.from_parts({NOT_INFUSED: column.select(adae)})
    yield NOT_INFUSED, Statistic("n_denominator", len(column.subjects))
    yield from events.statistics(column, conf_level)


def _table(ard: Ard, plan: Plan) -> Rows:
    for window, label in window_labels(plan.safety):
        yield Row(label)
        for name, category in _category_labels(plan.safety):
            grades = () if name == _imputed_grade(plan.safety) else GRADES
            lines = [*incidence_lines(plan, category, 1, grades), upper_limit_line(plan, 2)]
            if name == "RELATED":
                lines.append(_relation_missing_line(plan.safety))
            yield from ard.lines(NAME, (window, name), lines)
    yield from _rows_of_followed(ard, plan)
    yield Row("Not treatment-emergent")
    for name, label, indent in (
        ("ANY", "Infused: any adverse event before infusion", 1),
        ("BEFORE_LYMPHODEPLETION", "before lymphodepletion", 2),
        ("LYMPHODEPLETION", "from lymphodepletion to the day before infusion", 2),
        ("LYMPHODEPLETION_UNKNOWN", "lymphodepletion date not recorded", 2),
    ):
        optional = name == "LYMPHODEPLETION_UNKNOWN"
        before = Line(label, partial(events_cell, plan=plan), indent, optional)
        yield from ard.lines(NAME, ("PRE", name), [before])
    cell = partial(events_of_denominator_cell, plan=plan)
    others = Line("Enrolled, never infused: any adverse event, n/N (%) [events]", cell)
    yield from ard.lines(NAME, NOT_INFUSED, [others])


def _relation_missing_line(safety: Safety) -> Line:
    counted = safety.missing_related.replace("_", " ")
    label = f"events with relationship not recorded, counted as {counted}"
    return Line(label, count("n_events_missing"), 2, optional=True)


def _rows_of_followed(ard: Ard, plan: Plan) -> Rows:
    """The registered window among the subjects followed through it."""
    days = plan.safety.windows_days[0]
    yield Row(f"Within {days} days, among subjects followed {days} days: n/N (%) [events]")
    for name, category in _category_labels(plan.safety):
        cell = partial(events_of_denominator_cell, plan=plan)
        lines = [Line(category, cell), upper_limit_line(plan, 2)]
        yield from ard.lines(NAME, (f"D{days}_FOLLOWED", name), lines)


def _category_labels(safety: Safety) -> Iterator[tuple[str, str]]:
    yield "ANY", "Any TEAE"
    yield "RELATED", "Treatment-related TEAE"
    yield "SERIOUS", "Serious TEAE"
    yield "GRADE3", "Grade >=3 TEAE"
    missing = f"missing grades imputed as {safety.missing_grade}"
    yield _imputed_grade(safety), f"Grade >=3 TEAE, {missing}"
    yield "RELATED_GRADE3", "Treatment-related grade >=3 TEAE"
    yield "FATAL", "Fatal TEAE"
    yield "DLT", "Dose-limiting toxicity"
    yield "AESI", "Adverse event of special interest"


def _footnotes(plan: Plan) -> Iterator[str]:
    yield from definitions.treatment_emergent()
    yield definitions.counting(plan.safety)
    yield definitions.event_windows(plan.safety)
    yield (
        "Fatal: grade 5 or fatal outcome. Dose-limiting toxicities and events of special interest"
        " are as recorded; deaths that were not assessed are in the table of dose-limiting"
        " toxicities only."
    )
    yield _relatedness_note(plan.safety)
    yield _followed_note(plan.safety)
    yield _before_infusion_note()
    yield definitions.missing_grade(plan.safety)
    yield definitions.upper_limit(plan.statistics)


def _relatedness_note(safety: Safety) -> str:
    """What counts as related, serious and dose-limiting where nothing is recorded."""
    counted = safety.missing_related.replace("_", " ")
    return (
        f"Treatment-related: as recorded; an event whose relationship is not recorded counts as"
        f" {counted}. An event whose seriousness is not recorded counts as not serious."
    )


def _followed_note(safety: Safety) -> str:
    """Who was followed through the registered window."""
    days = safety.windows_days[0]
    return (
        f"Followed {days} days: day {days} was on or before the data cut-off, and the subject was"
        " under observation on or after that day (to last contact or death, not after withdrawal)"
        " or had died by then."
    )


def _before_infusion_note() -> str:
    """How events before the infusion are divided."""
    return (
        "Before infusion: the lymphodepletion period starts on the day of lymphodepletion and ends"
        " on the day before infusion; a subject may be counted in both periods."
    )


OUTPUT = Output(
    name=NAME,
    title="Overview of adverse events",
    population=SAFETY_SET,
    datasets="ADAE",
    results=(_results, _further_results),
    table=_table,
    footnotes=_footnotes,
    size=infused(NAME),
    stub=STUB,
)
