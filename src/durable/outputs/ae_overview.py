"""``t_ae_overview``: adverse events by category in each window, and before infusion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pandas as pd

from durable.contracts.results import TOTAL, Parameter, Statistic
from durable.language import N_, _
from durable.outputs import definitions, incidence
from durable.outputs.ard import TableResults
from durable.outputs.cells import count
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.follow_up import followed_through
from durable.outputs.groups import Estimates, Group, groups
from durable.outputs.incidence import EventCounts
from durable.outputs.output import INFUSED, SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.table import Line, Row, Rows
from durable.plan import Plan, Safety
from durable.vocabulary import BEFORE_INFUSION, BEFORE_LYMPHODEPLETION, LYMPHODEPLETION, window_flag

NOT_INFUSED = ("NOT_INFUSED", "ANY")
Condition = Callable[[pd.DataFrame, Safety], pd.Series]


def _is_related(adae: pd.DataFrame, safety: Safety) -> pd.Series[bool]:
    """Whether each event is treatment-related; one without a record counts as the plan says."""
    related = adae["AEREL"] == "Y"
    return related | adae["AEREL"].isna() if safety.missing_related == "related" else related


def _is_severe(adae: pd.DataFrame, _safety: Safety) -> pd.Series[bool]:
    return incidence.is_grade_or_higher(adae, incidence.SEVERE)


#: Categories of events, in the order of the rows: label, and which events they have.
_CATEGORIES: dict[str, tuple[str, Condition]] = {
    "ANY": (N_("Any TEAE"), lambda adae, _: adae["USUBJID"].notna()),
    "RELATED": (N_("Treatment-related TEAE"), _is_related),
    "SERIOUS": (N_("Serious TEAE"), lambda adae, _: adae["AESER"] == "Y"),
    "GRADE3": (N_("Grade >=3 TEAE"), _is_severe),
    "RELATED_GRADE3": (
        N_("Treatment-related grade >=3 TEAE"),
        lambda adae, safety: _is_severe(adae, safety) & _is_related(adae, safety),
    ),
    "FATAL": (N_("Fatal TEAE"), lambda adae, _: incidence.fatal_events(adae)),
    "DLT": (N_("Dose-limiting toxicity"), lambda adae, _: adae["AEDLT"] == "Y"),
    "AESI": (N_("Adverse event of special interest"), lambda adae, _: adae["AESI"].notna()),
}
#: Events before infusion, in the order of the rows: label, phase of ADAE.
_PHASES = {
    "BEFORE_LYMPHODEPLETION": (N_("before lymphodepletion"), BEFORE_LYMPHODEPLETION),
    "LYMPHODEPLETION": (N_("from lymphodepletion to the day before infusion"), LYMPHODEPLETION),
    "LYMPHODEPLETION_UNKNOWN": (N_("lymphodepletion date not recorded"), BEFORE_INFUSION),
}


def _overview(adae: pd.DataFrame, safety: Safety) -> EventCounts:
    """Events by category in each window, and before infusion by the lymphodepletion."""
    parts: dict[Parameter, pd.DataFrame] = {}
    for window, inside in incidence.windows(adae, safety).items():
        parts |= _events_by_category(window, adae.loc[inside], safety)
    before = adae.loc[adae["PREFL"] == "Y"]
    parts["PRE", "ANY"] = before
    for name, (_label, phase) in _PHASES.items():
        parts["PRE", name] = before.loc[before["APHASE"] == phase]
    return EventCounts.from_parts(parts)


def _events_by_category(
    window: str, events: pd.DataFrame, safety: Safety
) -> dict[Parameter, pd.DataFrame]:
    """Events of a window by category, at their grade and with missing grades imputed."""
    parts: dict[Parameter, pd.DataFrame] = {
        (window, name): events.loc[condition(events, safety)]
        for name, (_label, condition) in _CATEGORIES.items()
    }
    imputed = events.assign(AETOXGR=events["AETOXGR"].fillna(safety.missing_grade))
    parts[window, _imputed_grade(safety)] = imputed.loc[_is_severe(imputed, safety)]
    return parts


def _imputed_grade(safety: Safety) -> str:
    return f"GRADE3_MISSING_AS_{safety.missing_grade}"


def _further_results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    """Events of those followed through the first window, without a relation, of the not infused."""
    adsl, adae = datasets.adsl, datasets.adae
    if adae is None:
        return
    columns, safety, level = (
        groups(adsl, plan.group_variables),
        plan.safety,
        plan.statistics.conf_level,
    )
    days = safety.windows_days[0]
    inside = adae.loc[adae[window_flag(days)] == "Y"]
    events = EventCounts.from_parts(_events_by_category(f"D{days}_FOLLOWED", inside, safety))
    treated = adsl.loc[adsl["SAFFL"] == "Y"]
    followed = frozenset(treated.loc[followed_through(treated, days), "USUBJID"])
    for column in columns:
        part = replace(column, subjects=column.subjects & followed)
        yield part, _subset_estimates(events, part, level)
    for column in columns:
        yield column, _relation_missing(column.select(adae), safety)
    never = frozenset(adsl.loc[(adsl["ENRLFL"] == "Y") & (adsl["SAFFL"] != "Y"), "USUBJID"])
    # Consented subjects never infused: in no group, so on a row of their own.
    column = Group(*TOTAL, never)
    events = EventCounts.from_parts({NOT_INFUSED: column.select(adae)})
    yield column, _subset_estimates(events, column, level)


def _subset_estimates(events: EventCounts, part: Group, conf_level: float) -> Estimates:
    """Events of subjects who are not the N of the column."""
    for parameter in events.parameters:
        yield parameter, Statistic("n_denominator", len(part.subjects))
    yield from events.statistics(part, conf_level)


def _relation_missing(adae: pd.DataFrame, safety: Safety) -> Estimates:
    """Events of each window whose relation to the treatment is not recorded."""
    for window, inside in incidence.windows(adae, safety).items():
        events = int((inside & adae["AEREL"].isna()).sum())
        note = f"counted as {definitions.counted_as(safety)}" if events else ""
        yield (window, "RELATED"), Statistic("n_events_missing", events, note=note)


def _main_rows(results: TableResults, plan: Plan) -> Rows:
    """Subjects with an event of each category in each window."""
    for window, heading in incidence.main_windows(plan.safety):
        yield Row(heading)
        for name, (label, _condition) in _CATEGORIES.items():
            lines = [Line(_(label), incidence.subjects_cell)]
            if name == "ANY":
                lines += incidence.number_of_events(2)
            yield from results.rows((window, name), *lines)


def _further_rows(results: TableResults, plan: Plan) -> Rows:
    """Events and worst grades of each category, other denominators, and before infusion."""
    safety, limit = plan.safety, incidence.upper_limit_line(plan, 2)
    missing = _("events with relationship not recorded, counted as {counted}").format(
        counted=definitions.counted_as(safety)
    )
    for window, heading in incidence.window_labels(safety):
        yield Row(heading)
        for name, label in _labels(safety):
            grades = () if name == _imputed_grade(safety) else incidence.GRADES
            lines = [*incidence.event_lines(label, 1, grades), limit]
            if name == "RELATED":
                lines.append(Line(missing, count("n_events_missing"), 2, optional=True))
            yield from results.rows((window, name), *lines)
    days = safety.windows_days[0]
    heading = _("Within {days} days, among subjects followed {days} days: n/N (%)")
    yield Row(heading.format(days=days))
    for name, label in _labels(safety):
        line = Line(label, incidence.subjects_of_denominator_cell)
        events = incidence.number_of_events(2)
        yield from results.rows((f"D{days}_FOLLOWED", name), line, *events, limit)
    yield Row(_("Not treatment-emergent"))
    before = Line(_("Infused: any adverse event before infusion"), incidence.subjects_cell)
    yield from results.rows(("PRE", "ANY"), before, *incidence.number_of_events(2))
    for name, (label, _phase) in _PHASES.items():
        optional = name == "LYMPHODEPLETION_UNKNOWN"
        yield from results.rows(("PRE", name), Line(_(label), incidence.subjects_cell, 2, optional))
    never = _("Enrolled, never infused: any adverse event, n/N (%)")
    line = Line(never, incidence.subjects_of_denominator_cell)
    yield from results.rows(NOT_INFUSED, line, *incidence.number_of_events(2))


def _labels(safety: Safety) -> Iterator[tuple[str, str]]:
    """Categories in the order of their rows; a missing grade imputed stands under grade 3."""
    for name, (label, _condition) in _CATEGORIES.items():
        yield name, _(label)
        if name == "GRADE3":
            imputed = _("Grade >=3 TEAE, missing grades imputed as {grade}")
            yield _imputed_grade(safety), imputed.format(grade=safety.missing_grade)


OUTPUT = Output(
    name="t_ae_overview",
    analysis_set=SAFETY_SET,
    datasets="ADAE",
    variables={
        "ADSL": ("SAFFL", "TRTSDT", "LSTALVDT"),
        "ADAE": ("TRTEMFL", "PREFL", "APHASE", "AETOXGR", "AESER", "AEREL", "AESI", "AOUT"),
    },
    results=lambda datasets, plan: incidence.events_by_column(_overview, datasets, plan),
    further_results=_further_results,
    dates=("DTHDT", "EOSDT", "LSTALVDT"),
    tables=(
        OutputTable(
            name="t_ae_overview",
            heading=N_("Overview of treatment-emergent adverse events"),
            size=INFUSED,
            stub=incidence.STUB,
            rows=_main_rows,
            footnotes=lambda plan: (
                _(incidence.EMERGENT),
                definitions.event_windows(plan.safety),
                _(definitions.FATAL),
            ),
            defined=("Adverse events", "Dose-limiting toxicities"),
        ),
        OutputTable(
            name="t_ae_overview_s",
            heading=N_("Overview of adverse events: events, worst grades and other denominators"),
            size=INFUSED,
            stub=incidence.STUB,
            rows=_further_rows,
            footnotes=lambda plan: (
                definitions.counting(plan.safety),
                _(definitions.GRADES_SHOWN),
                definitions.missing_grade(plan.safety),
                definitions.upper_limit(plan.statistics),
            ),
            defined=("Adverse events", "Dose-limiting toxicities"),
        ),
    ),
)
