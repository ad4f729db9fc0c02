"""``t_subgroups``: improvement and durations in the subgroups of the plan, one below the other."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from durable.contracts.results import TOTAL
from durable.derive.durations import DOR, EFS
from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.ard import TableResults
from durable.outputs.cells import ci, count, estimate, rate, rate_ci, ratio, ratio_percent
from durable.outputs.datasets import AnalysisDatasets, select_records
from durable.outputs.groups import Estimates, groups, of_parameter
from durable.outputs.improvement import improvement_rate
from durable.outputs.kaplan_meier import QUARTILES, fit, landmark_rates, quantile
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import counted_events
from durable.outputs.table import Cell, Column, Row, Rows, level_name
from durable.plan import Plan
from durable.wording import percent, sentences

_IMPROVED = ({"PARAMCD": ["IMPR"]},)


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    if datasets.adrs is None or datasets.adtte is None:
        return
    status, adtte = select_records(datasets.adrs, _IMPROVED), datasets.adtte
    for group in groups(datasets.adsl, plan.subgroup_variables, empty=True):
        yield group, _estimates(group.select(status), group.select(adtte), plan)


def _estimates(status: pd.DataFrame, adtte: pd.DataFrame, plan: Plan) -> Estimates:
    """Statistics of one subgroup.

    Parameters
    ----------
    status
        Records of the improvement status in ADRS.
    adtte
        Records of the durations.
    """
    statistics = plan.statistics
    for visit in plan.response.improvement.visits:
        at_visit = status.loc[status["AVISIT"] == visit]
        rates = improvement_rate(at_visit, plan.response, statistics.conf_level)
        yield from of_parameter((visit,), rates)
    remission = adtte.loc[adtte["PARAMCD"] == DOR.code]
    yield from of_parameter((DOR.code,), counted_events(remission))
    yield (DOR.code,), quantile("median", fit(remission), QUARTILES["median"], statistics)
    infused = adtte.loc[adtte["PARAMCD"] == EFS.code]
    yield from of_parameter((EFS.code,), counted_events(infused))
    landmarks = landmark_rates(fit(infused), plan.main_landmarks[:1], statistics)
    yield from of_parameter((EFS.code,), landmarks)


def _rows(results: TableResults, plan: Plan) -> Rows:
    """All infused subjects, then each subgroup with its levels."""
    yield _row(_("All subjects"), TOTAL, results, plan, indent=0)
    for group in plan.subgroup_variables:
        yield Row(group.label)
        for column in results.columns:
            if column[0] == group.name:
                yield _row(level_name(group, column[1]), column, results, plan, indent=1)


def _row(label: str, column: Column, results: TableResults, plan: Plan, indent: int) -> Row:
    cells = (
        cell(results.lookup((parameter,), column), plan.outputs)
        for parameter, _heading, cell in _columns(plan)
    )
    return Row(label, tuple(cells), indent, strong=column == TOTAL)


def _columns(plan: Plan) -> Iterator[tuple[str, str, Cell]]:
    """Parameter, heading and cell of each column."""
    level = percent(plan.statistics.conf_level)
    yield EFS.code, "N", count("n_subjects")
    for visit in plan.response.improvement.visits:
        improved = ratio_percent("n_improved", "n_denominator", "rate")
        yield visit, _("Improved at {visit}, n/N (%)").format(visit=visit), improved
        exact = _("{visit}, exact {level} CI").format(visit=visit, level=level)
        yield visit, exact, rate_ci("rate")
    yield DOR.code, _("DOR, events/N"), ratio("n_event", "n_subjects")
    yield DOR.code, _("DOR, median (months)"), estimate("median", "month")
    yield DOR.code, _("Median, {level} CI").format(level=level), ci("median", "month")
    for month in plan.main_landmarks[:1]:
        name = f"landmark_M{month:g}"
        yield EFS.code, _("EFS at month {month:g}, %").format(month=month), rate(name)
        yield EFS.code, _("EFS, {level} CI").format(level=level), rate_ci(name)


DESCRIPTIVE = N_(
    "Descriptive: small numbers, no test of interaction, no adjustment for multiplicity."
)


def _footnotes(plan: Plan) -> Iterator[str]:
    """What is estimated, and that nothing is tested."""
    yield _(DESCRIPTIVE)
    yield sentences(
        _(
            "DOR: duration of response from first remission; EFS: event-free survival from"
            " infusion, all infused. Kaplan-Meier estimates; pointwise {level} CIs"
            " ({interval}). NE: not estimable."
        ).format(
            level=percent(plan.statistics.conf_level),
            interval=definitions.interval_name(plan.statistics),
        ),
        definitions.marks(plan.statistics),
    )
    if any(group.limits for group in plan.subgroup_variables):
        yield _("The lower limit of a band is within the band.")


OUTPUT = Output(
    name="t_subgroups",
    analysis_set=SAFETY_SET,
    datasets="ADSL, ADRS, ADTTE",
    variables={
        "ADSL": ("SAFFL", "[A-Z0-9]{1,4}GR[1-9]"),  # groups that the plan declares
        "ADRS": ("PARAMCD", "AVISIT", "AVAL", "REASON"),
        "ADTTE": ("PARAMCD", "AVAL", "CNSR", "EVNTDESC"),
    },
    results=_results,
    records=lambda _plan: _IMPROVED,
    dates=("DTHDT", "NSTDT"),
    tables=(
        OutputTable(
            name="t_subgroups",
            heading=N_("Improvement and duration of response by subgroup"),
            headings=lambda plan: tuple(heading for _parameter, heading, _cell in _columns(plan)),
            stub=N_("Subgroup"),
            rows=_rows,
            footnotes=_footnotes,
            defined=(
                *("Disease improvement", "Visit windows", "Remission"),
                *("Recurrence and progression", "Durations", "Kaplan-Meier estimates"),
            ),
        ),
    ),
)
