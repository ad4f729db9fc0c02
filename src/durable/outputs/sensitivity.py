"""``t_sensitivity``: the primary and every configured sensitivity analysis, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from math import isnan, nan

import numpy as np
import pandas as pd

from durable.contents import Term
from durable.contracts.results import NO_EVENT_BEFORE, PRIMARY, TOTAL, Statistic
from durable.derive.durations import DOR
from durable.derive.endpoints import STANDARD_ENDPOINTS
from durable.jdm.response import Response
from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.ard import TableResults
from durable.outputs.cells import ci, count, estimate, rate, rate_ci, ratio_percent
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, Group, of_parameter
from durable.outputs.improvement import improvement_rate
from durable.outputs.kaplan_meier import QUARTILES, fit, landmark_rates, quantile
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import counted_events
from durable.outputs.table import Cell, Row, Rows
from durable.plan import Plan, Statistics
from durable.vocabulary import POPULATIONS
from durable.wording import list_words, percent, sentences

#: Function from the plan to the columns: of each the parameter, the heading and the cell.
Columns = Callable[[Plan], Iterator[tuple[str, str, Cell]]]
Notes = Callable[[Plan], Iterable[str]]


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adrs, adtte = datasets.variant_adrs, datasets.variant_adtte
    if adrs is None or adtte is None:
        return
    primary_datasets = datasets.require("adrs"), datasets.require("adtte")
    primary = _estimates(*primary_datasets, plan.response, plan.statistics)
    yield Group(*TOTAL, frozenset()), primary
    for name in plan.sensitivity:
        estimates = _estimates(
            adrs.loc[adrs["ANALYSIS"] == name],
            adtte.loc[adtte["ANALYSIS"] == name],
            plan.response_of(name),
            plan.statistics_of(name),
        )
        yield Group(*TOTAL, frozenset(), analysis=name), estimates


def _estimates(
    adrs: pd.DataFrame, adtte: pd.DataFrame, response: Response, statistics: Statistics
) -> Estimates:
    """Statistics of one analysis over all subjects."""
    for endpoint in STANDARD_ENDPOINTS:
        records = adtte.loc[adtte["PARAMCD"] == endpoint.code]
        yield from of_parameter((endpoint.code,), _duration(records, statistics))
    status = adrs.loc[adrs["PARAMCD"] == "IMPR"]
    for visit in response.improvement.visits:
        at_visit = status.loc[status["AVISIT"] == visit]
        yield (visit,), Statistic("n_infused", len(at_visit))
        statistics_at = improvement_rate(at_visit, response, statistics.conf_level)
        yield from of_parameter((visit,), statistics_at)


def _duration(records: pd.DataFrame, statistics: Statistics) -> Iterator[Statistic]:
    yield from counted_events(records)
    if statistics.dor_estimator == "turnbull":
        yield from _interval_censored(records, statistics)
        return
    km = fit(records)
    yield quantile("median", km, QUARTILES["median"], statistics)
    months = statistics.sensitivity_landmarks_months
    for statistic in landmark_rates(km, months, statistics):
        if statistic.name.startswith("landmark"):
            yield statistic


def _interval_censored(records: pd.DataFrame, statistics: Statistics) -> Iterator[Statistic]:
    """Median and rates where an event lies somewhere between two assessments (Turnbull 1976).

    Where the data leave a range open, the value shown is the one that dates the event late, as
    Kaplan-Meier does; the note holds the range. Intervals: percentile bootstrap over subjects. As
    those of Kaplan-Meier, limits are NaN where they have no width: all samples agree before any
    event, and where all subjects had theirs, which is no certainty.
    """
    from durable.stats.interval_censored import turnbull

    lower = (records["LOWDT"] - records["STARTDT"]).dt.days.to_numpy(float) + 1
    upper = np.where(records["CNSR"] == 0, records["AVAL"], np.inf)
    estimate = turnbull(np.minimum(lower, records["AVAL"]), upper)
    level, month = statistics.conf_level, statistics.days_per_month
    drawn = {"replicates": statistics.bootstrap_replicates, "seed": statistics.bootstrap_seed}
    median = estimate.quantile(0.5, level, statistics.quantile_rule, **drawn)
    span = _open_range(median.earliest / month, median.latest / month, "months")
    limits = _limits_or_nan(median.lower / month, median.upper / month)
    yield Statistic("median", median.latest / month, *limits, note=span)
    landmarks = statistics.sensitivity_landmarks_months
    table = estimate.survival_at(np.array(landmarks) * month, level, **drawn)
    columns = (table[name].tolist() for name in ("lowest", "highest", "lower", "upper"))
    for landmark, lowest, highest, low, high in zip(landmarks, *columns, strict=True):
        limits = _limits_or_nan(low, high)
        note = _open_range(lowest, highest, "")
        if highest == 1 and isnan(limits[0]):
            note = NO_EVENT_BEFORE
        yield Statistic(f"landmark_M{landmark:g}", highest, *limits, note)


def _limits_or_nan(lower: float, upper: float) -> tuple[float, float]:
    """The limits; both NaN where they are equal."""
    return (nan, nan) if lower == upper else (lower, upper)


def _open_range(low: float, high: float, unit: str) -> str:
    return f"between {low:.3f} and {high:.3f} {unit}".strip() if low < high else ""


def _rows(results: TableResults, plan: Plan, columns: Columns) -> Rows:
    """A row per analysis; cells of months or visits that an analysis does not have are empty."""
    (column,) = results.columns
    level, shown_columns = _common_level(plan), list(columns(plan))
    for analysis in _shown_analyses(plan):
        label = analysis_title(analysis, plan)
        if level is None:
            own_level = percent(_statistics_of(analysis, plan).conf_level)
            label = _("{analysis} ({level} CI)").format(analysis=label, level=own_level)
        cells = (
            cell(results.lookup((parameter,), column, analysis), plan.outputs)
            for parameter, _heading, cell in shown_columns
        )
        yield Row(label, tuple(cells))


def _shown_analyses(plan: Plan) -> tuple[str, ...]:
    """The analyses that have a row: the primary one, and those that differ from it."""
    redundant = plan.redundant
    return (PRIMARY, *(name for name in plan.sensitivity if name not in redundant))


def _response_of(analysis: str, plan: Plan) -> Response:
    return plan.response if analysis == PRIMARY else plan.response_of(analysis)


def _statistics_of(analysis: str, plan: Plan) -> Statistics:
    return plan.statistics if analysis == PRIMARY else plan.statistics_of(analysis)


def _common_level(plan: Plan) -> float | None:
    """Confidence level of all the analyses; None where they differ in it."""
    levels = {_statistics_of(analysis, plan).conf_level for analysis in _shown_analyses(plan)}
    return levels.pop() if len(levels) == 1 else None


def _interval_name(plan: Plan) -> str:
    """``95% CI``; without the level, which the rows then state, where analyses differ in it."""
    level = _common_level(plan)
    return _("CI") if level is None else _("{level} CI").format(level=percent(level))


def _months(plan: Plan) -> list[float]:
    """The landmarks of any analysis, in months."""
    by_analysis = (_statistics_of(analysis, plan) for analysis in _shown_analyses(plan))
    months = {m for statistics in by_analysis for m in statistics.sensitivity_landmarks_months}
    return sorted(months)


def _visits(plan: Plan) -> list[str]:
    """The visits of the improvement rate in any analysis, in the order of the schedule."""
    by_analysis = (_response_of(analysis, plan) for analysis in _shown_analyses(plan))
    visits = {visit for response in by_analysis for visit in response.improvement.visits}
    return [visit.visit for visit in plan.schedule if visit.visit in visits]


def analysis_title(analysis: str, plan: Plan) -> str:
    """Title of the primary or a sensitivity analysis; its name where the plan gives no title."""
    if analysis == PRIMARY:
        return _("Primary analysis")
    return plan.sensitivity[analysis].title or analysis


def _durations(plan: Plan) -> Iterator[tuple[str, str, Cell]]:
    """Parameter, heading and cell of each column on the duration of response."""
    interval = _interval_name(plan)
    yield DOR.code, "N", count("n_subjects")
    yield DOR.code, _("Events, n"), count("n_event")
    yield DOR.code, _("Median, months"), estimate("median", "month")
    yield DOR.code, _("Median, {interval}").format(interval=interval), ci("median", "month")
    for month in _months(plan):
        name = f"landmark_M{month:g}"
        yield DOR.code, _("Month {month:g}, %").format(month=month), rate(name)
        heading = _("Month {month:g}, {interval}").format(month=month, interval=interval)
        yield DOR.code, heading, rate_ci(name)


def _improvements(plan: Plan) -> Iterator[tuple[str, str, Cell]]:
    """Parameter, heading and cell of each column on the improvement rate."""
    interval = _interval_name(plan)
    for visit in _visits(plan):
        cell = ratio_percent("n_improved", "n_denominator", "rate")
        yield visit, _("Improved at {visit}, n/N (%)").format(visit=visit), cell
        heading = _("{visit}, exact {interval}").format(visit=visit, interval=interval)
        yield visit, heading, rate_ci("rate")


def _duration_notes(plan: Plan) -> Iterator[str]:
    by_analysis = [_statistics_of(analysis, plan) for analysis in _shown_analyses(plan)]
    yield sentences(
        _(
            "Duration of response from first remission; month: event-free rate. Kaplan-Meier"
            " estimates; +: censored; NE: not estimable."
        ),
        definitions.marks(*by_analysis),
    )
    bootstrap = dict.fromkeys(
        (statistics.bootstrap_replicates, statistics.bootstrap_seed)
        for statistics in by_analysis
        if statistics.dor_estimator == "turnbull"
    )
    for n, seed in bootstrap:
        yield _(
            "Interval-censored analysis: Turnbull NPMLE; where the data leave a range open, its"
            " late end is shown; CIs by bootstrap over subjects ({n} samples, seed {seed})."
        ).format(n=n, seed=seed)
    months = [statistics.sensitivity_landmarks_months for statistics in by_analysis]
    yield from _empty_cells(months, _months(plan))
    yield from _differences(plan)


def _improvement_notes(plan: Plan) -> Iterator[str]:
    visits = [_response_of(analysis, plan).improvement.visits for analysis in _shown_analyses(plan)]
    yield from _empty_cells(visits, _visits(plan))
    yield from _differences(plan)


def _empty_cells(by_analysis: Iterable[Sized], every: Sized) -> Iterator[str]:
    """Footnote on empty cells, where an analysis has fewer columns than the table."""
    if any(len(columns) < len(every) for columns in by_analysis):
        yield _("Empty: a month or visit that the analysis does not have.")


def _differences(plan: Plan) -> Iterator[str]:
    """Footnotes on what differs, and on the analyses in which nothing does."""
    yield _("Each analysis differs from the primary one in what its title says.")
    if plan.redundant:
        names = list_words([analysis_title(name, plan) for name in plan.redundant])
        identical = _("Identical to the primary analysis by definition, not shown: {names}.")
        yield identical.format(names=names)


def _table(
    name: str, heading: str, columns: Columns, notes: Notes, terms: tuple[Term, ...]
) -> OutputTable:
    """A table with a row per analysis."""
    return OutputTable(
        name=name,
        heading=heading,
        analysis_set=POPULATIONS[DOR.population] if columns is _durations else SAFETY_SET,
        headings=lambda plan: tuple(heading for _parameter, heading, _cell in columns(plan)),
        stub=N_("Analysis"),
        rows=lambda results, plan: _rows(results, plan, columns),
        footnotes=notes,
        defined=terms,
    )


OUTPUT = Output(
    name="t_sensitivity",
    analysis_set=SAFETY_SET,
    datasets="ADRS, ADTTE",
    variables={
        "ADSL": ("SAFFL",),
        "ADRS": ("PARAMCD", "AVISIT", "AVAL", "REASON"),
        "ADTTE": ("PARAMCD", "AVAL", "CNSR", "EVNTDESC", "LOWDT"),
    },
    results=_results,
    records=lambda plan: ({"PARAMCD": ["IMPR"]},) if plan.sensitivity else (),
    dates=("DTHDT", "NSTDT"),
    tables=(
        _table(
            "t_sensitivity",
            N_("Sensitivity analyses of the duration of response"),
            _durations,
            _duration_notes,
            ("Remission", "Recurrence and progression", "Durations", "Kaplan-Meier estimates"),
        ),
        _table(
            "t_sensitivity_s",
            N_("Sensitivity analyses of the improvement rate"),
            _improvements,
            _improvement_notes,
            ("Disease improvement", "Visit windows", "Proportions"),
        ),
    ),
)
