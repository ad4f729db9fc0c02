"""``t_deviations``: deviations from the protocol, by category."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from durable.contracts.results import WHOLE_COLUMN, Parameter, Statistic
from durable.language import N_, _
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, incidence
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.deviation_definitions import category_name, summary_of_rules
from durable.outputs.groups import Estimates, groups, of_parameter
from durable.outputs.output import INFUSED, SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import count_with_percent
from durable.outputs.table import Line, Row, Rows
from durable.plan import Deviations, Plan
from durable.sections import require_section
from durable.vocabulary import DEVIATION, DEVIATIONS

_ANY: Parameter = ("ANY",)
_IMPORTANT: Parameter = ("IMPORTANT",)
_SUBJECTS = incidence("n", "percent")
_NOT_ASSESSABLE = incidence("n_not_assessable", "percent_not_assessable")


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    addv, deviations = datasets.require("addv"), require_section(plan.deviations, "deviations")
    for group in groups(datasets.adsl, plan.group_variables):
        yield group, _estimates(group.select(addv), len(group.subjects), deviations)


def _estimates(addv: pd.DataFrame, infused: int, deviations: Deviations) -> Estimates:
    """Subjects and deviations of a column, of any category, of the important ones, and of each.

    Parameters
    ----------
    addv
        Records of the infused subjects of the column.
    infused
        Their number.
    deviations
        Section of the plan.
    """
    yield WHOLE_COLUMN, Statistic("n_infused", infused)
    terms = {name: DEVIATIONS[name] for name in deviations.categories}
    rows: dict[Parameter, list[str]] = {
        _ANY: [*terms.values()],
        _IMPORTANT: [terms[name] for name in deviations.important_categories],
        **{("CATEGORY", name.upper()): [term] for name, term in terms.items()},
    }
    for parameter, wanted in rows.items():
        yield from _counts(parameter, addv.loc[addv["DVDECOD"].isin(wanted)], infused)


def _counts(parameter: Parameter, records: pd.DataFrame, infused: int) -> Estimates:
    """Subjects with a deviation, their deviations, and subjects without one who are not assessable.

    A deviation that is found outweighs what cannot be judged: true or unknown is true.
    """
    is_deviation = records["DVSTAT"] == DEVIATION
    deviating = set(records.loc[is_deviation, "USUBJID"])
    unjudged = set(records.loc[~is_deviation, "USUBJID"]) - deviating
    yield from of_parameter(parameter, count_with_percent(len(deviating), infused))
    yield parameter, Statistic("n_deviations", int(is_deviation.sum()))
    unknown = count_with_percent(len(unjudged), infused, "not_assessable")
    yield from of_parameter(parameter, unknown)


def _table(results: TableResults, plan: Plan) -> Rows:
    deviations = require_section(plan.deviations, "deviations")
    yield from _rows(results, _ANY, _("Subjects with any deviation"))
    yield from _rows(results, _IMPORTANT, _("Subjects with an important deviation"))
    yield Row(_("Subjects with a deviation, by category"))
    for name in deviations.categories:
        label = category_name(name, deviations)
        yield from _rows(results, ("CATEGORY", name.upper()), label, 1)


def _rows(results: TableResults, parameter: Parameter, label: str, indent: int = 0) -> Rows:
    """Subjects with a deviation; below, where there are any, deviations and not assessable."""
    yield from results.rows(
        parameter,
        Line(label, _SUBJECTS, indent),
        Line(_("number of deviations"), count("n_deviations"), indent + 1, optional=True),
        Line(_("not assessable"), _NOT_ASSESSABLE, indent + 1, optional=True),
    )


def _footnotes(plan: Plan) -> Iterator[str]:
    if plan.deviations is not None:
        yield summary_of_rules(plan)


OUTPUT = Output(
    name="t_deviations",
    analysis_set=SAFETY_SET,
    datasets="ADSL, ADDV",
    variables={
        "ADSL": ("SAFFL",),
        "ADDV": ("DVDECOD", "DVSTAT", "DVIMPFL"),
    },
    results=_results,
    dates=("DTHDT", "EOSDT", "NSTDT"),
    tables=(
        OutputTable(
            name="t_deviations",
            heading=N_("Protocol deviations"),
            size=INFUSED,
            stub="n (%)",
            rows=_table,
            footnotes=_footnotes,
            defined=("Protocol deviations",),
        ),
    ),
)
