"""``t_sensitivity``: the primary and every configured sensitivity analysis, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd

from durable.contracts.results import PRIMARY, TOTAL, Statistic
from durable.derive.endpoints import DOR, ENDPOINTS
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
from durable.wording import listed, percent, sentences

#: Function from the plan to the columns: of each the parameter, the heading and the cell.
Columns = Callable[[Plan], Iterator[tuple[str, str, Cell]]]
Notes = Callable[[Plan], Iterable[str]]


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adrs, adtte = datasets.variant_adrs, datasets.variant_adtte
    if adrs is None or adtte is None:
        return
    primary_datasets = datasets.required("adrs"), datasets.required("adtte")
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
    for endpoint in ENDPOINTS:
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
    Kaplan-Meier does; the note holds the range. Intervals: percentile bootstrap over subjects.
    """
    from durable.stats.interval_censored import turnbull

    lower = (records["LOWDT"] - records["STARTDT"]).dt.days.to_numpy(float) + 1
    upper = np.where(records["CNSR"] == 0, records["AVAL"], np.inf)
    estimate = turnbull(np.minimum(lower, records["AVAL"]), upper)
    level, month = statistics.conf_level, statistics.days_per_month
    drawn = {"replicates": statistics.bootstrap_replicates, "seed": statistics.bootstrap_seed}
    median = estimate.quantile(0.5, level, statistics.quantile_rule, **drawn)
    span = _open_range(median.earliest / month, median.latest / month, "months")
    limits = median.lower / month, median.upper / month
    yield Statistic("median", median.latest / month, *limits, note=span)
    landmarks = statistics.sensitivity_landmarks_months
    table = estimate.survival_at(np.array(landmarks) * month, level, **drawn)
    columns = (table[name].tolist() for name in ("lowest", "highest", "lower", "upper"))
    for landmark, lowest, highest, low, high in zip(landmarks, *columns, strict=True):
        note = _open_range(lowest, highest, "")
        yield Statistic(f"landmark_M{landmark:g}", highest, low, high, note)


def _open_range(low: float, high: float, unit: str) -> str:
    return f"between {low:.3f} and {high:.3f} {unit}".strip() if low < high else ""


def _rows(results: TableResults, plan: Plan, columns: Columns) -> Rows:
    """A row per analysis."""
    (column,) = results.columns
    shown = (name for name in plan.sensitivity if name not in plan.redundant)
    for analysis in (PRIMARY, *shown):
        label = analysis_title(analysis, plan)
        cells = (
            cell(results.lookup((parameter,), column, analysis), plan.outputs)
            for parameter, _heading, cell in columns(plan)
        )
        yield Row(label, tuple(cells))


def analysis_title(analysis: str, plan: Plan) -> str:
    """Title of the primary or a sensitivity analysis; its name where the plan gives no title."""
    if analysis == PRIMARY:
        return _("Primary analysis")
    return plan.sensitivity[analysis].title or analysis


def _durations(plan: Plan) -> Iterator[tuple[str, str, Cell]]:
    """Parameter, heading and cell of each column on the duration of response."""
    level = percent(plan.statistics.conf_level)
    yield DOR.code, "N", count("n_subjects")
    yield DOR.code, _("Events, n"), count("n_event")
    yield DOR.code, _("Median, months"), estimate("median", "month")
    yield DOR.code, _("Median, {level} CI").format(level=level), ci("median", "month")
    for month in plan.statistics.sensitivity_landmarks_months:
        name = f"landmark_M{month:g}"
        yield DOR.code, _("Month {month:g}, %").format(month=month), rate(name)
        interval = _("Month {month:g}, {level} CI").format(month=month, level=level)
        yield DOR.code, interval, rate_ci(name)


def _improvements(plan: Plan) -> Iterator[tuple[str, str, Cell]]:
    """Parameter, heading and cell of each column on the improvement rate."""
    level = percent(plan.statistics.conf_level)
    for visit in plan.response.improvement.visits:
        cell = ratio_percent("n_improved", "n_denominator", "rate")
        yield visit, _("Improved at {visit}, n/N (%)").format(visit=visit), cell
        interval = _("{visit}, exact {level} CI").format(visit=visit, level=level)
        yield visit, interval, rate_ci("rate")


def _duration_notes(plan: Plan) -> Iterator[str]:
    statistics = plan.statistics
    yield sentences(
        _(
            "Duration of response from first remission; month: event-free rate. Kaplan-Meier"
            " estimates; +: censored; NE: not estimable."
        ),
        definitions.marks(statistics),
    )
    if any(plan.statistics_of(n).dor_estimator == "turnbull" for n in plan.sensitivity):
        yield _(
            "Interval-censored analysis: Turnbull NPMLE; where the data leave a range open, its"
            " late end is shown; CIs by bootstrap over subjects ({n} samples, seed {seed})."
        ).format(n=statistics.bootstrap_replicates, seed=statistics.bootstrap_seed)
    yield from _differences(plan)


def _differences(plan: Plan) -> Iterator[str]:
    """Footnotes on what differs, and on the analyses in which nothing does."""
    yield _("Each analysis differs from the primary one in what its title says.")
    if plan.redundant:
        names = listed([analysis_title(name, plan) for name in plan.redundant])
        identical = _("Identical to the primary analysis by definition, not shown: {names}.")
        yield identical.format(names=names)


def _table(
    name: str, heading: str, columns: Columns, notes: Notes, terms: tuple[definitions.Term, ...]
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
            _differences,
            ("Disease improvement", "Visit windows", "Proportions"),
        ),
    ),
)
