"""``t_laboratory``: laboratory tests by visit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pandas as pd

from durable.contracts.results import TOTAL, WHOLE_COLUMN, Statistic
from durable.language import N_, _
from durable.outputs import laboratory_wording
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, pair, value
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, groups, of_parameter
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.table import Cell, Row, Rows
from durable.plan import Plan
from durable.stats.summaries import summarise
from durable.vocabulary import BASELINE, translate_coded

_SUMMARY = ("n", "mean", "sd", "median", "min", "max")
_CHANGE = ("n", "median", "min", "max")


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adlb = datasets.require("adlb")
    of_visit = adlb.loc[adlb["ANL01FL"] == "Y"]
    series = list(_series(of_visit, plan))
    for column in groups(datasets.adsl, plan.group_variables):
        yield column, _column_estimates(column.select(of_visit), series, len(column.subjects))


def _series(records: pd.DataFrame, plan: Plan) -> Iterator[tuple[str, str]]:
    """Each test with each visit at which it has a result in the study, in the order of both."""
    found = set(zip(records["PARAMCD"], records["AVISIT"], strict=True))
    visits = (BASELINE, *(visit.visit for visit in plan.schedule))
    for test in plan.laboratory.tests:
        yield from ((test.code, v) for v in visits if (test.code, v) in found)


def _column_estimates(
    records: pd.DataFrame, series: Iterable[tuple[str, str]], n: int
) -> Estimates:
    yield WHOLE_COLUMN, Statistic("n_infused", n)
    parts = dict(list(records.groupby(["PARAMCD", "AVISIT"], observed=True)))
    for key in series:
        yield from of_parameter(key, _summaries(parts.get(key, records.iloc[:0]), key[1]))


def _summaries(records: pd.DataFrame, visit: str) -> Iterator[Statistic]:
    """Values of a test at a visit, how many are below the limit, and changes from baseline."""
    values = summarise(records["AVAL"].to_numpy(float))
    for name in _SUMMARY:
        yield Statistic(name, getattr(values, name))
    yield Statistic("n_blq", int((records["BLQFL"] == "Y").sum()))
    if visit != BASELINE:
        changes = summarise(records["CHG"].to_numpy(float))
        for name in _CHANGE:
            yield Statistic(f"chg_{name}", getattr(changes, name))


def _columns() -> Iterator[tuple[str, Cell]]:
    """Heading and cell of each column."""
    yield "n", count("n")
    yield _("Below LLOQ"), count("n_blq")
    yield _("Mean (SD)"), pair("mean", "sd", "{} ({})", 2)
    yield _("Median"), value("median", 2)
    yield _("Min, max"), pair("min", "max", "{}, {}", 2)
    yield _("Change: n"), count("chg_n")
    yield _("Median change"), value("chg_median", 2)
    yield _("Change: min, max"), pair("chg_min", "chg_max", "{}, {}", 2)


def _rows(codes: Callable[[Plan], Iterable[str]]) -> Callable[[TableResults, Plan], Rows]:
    """The rows of the tests of these codes: a visit a row."""

    def rows(results: TableResults, plan: Plan) -> Rows:
        wanted = set(codes(plan))
        for test in plan.laboratory.tests:
            visits = [p for p in results.parameters if p[0] == test.code and test.code in wanted]
            if visits:
                yield Row(_("{test} ({unit})").format(test=_(test.label), unit=test.unit))
            for parameter in visits:
                find = results.lookup(parameter, TOTAL)
                cells = tuple(cell(find, plan.outputs) for _heading, cell in _columns())
                yield Row(_visit(parameter[1]), cells, 1)

    return rows


def _visit(name: str) -> str:
    return _("Baseline") if name == BASELINE else translate_coded(name)


def _footnotes(plan: Plan) -> Iterator[str]:
    yield laboratory_wording.baseline(plan)
    yield laboratory_wording.below_quantification(plan.laboratory)
    yield _("All infused subjects with a result; change: from baseline. NE: not estimable.")


def _headings(_plan: Plan) -> tuple[str, ...]:
    return tuple(heading for heading, _cell in _columns())


OUTPUT = Output(
    name="t_laboratory",
    analysis_set=SAFETY_SET,
    datasets="ADLB",
    variables={
        "ADSL": ("SAFFL",),
        "ADLB": ("PARAMCD", "AVISIT", "ANL01FL", "AVAL", "CHG", "BLQFL"),
    },
    results=_results,
    tables=(
        OutputTable(
            name="t_laboratory",
            heading=N_("Laboratory tests by visit"),
            headings=_headings,
            stub=N_("Visit"),
            rows=_rows(lambda plan: plan.laboratory.main_tests),
            footnotes=_footnotes,
            defined=("Laboratory",),
        ),
        OutputTable(
            name="t_laboratory_s",
            heading=N_("Laboratory tests by visit: all tests"),
            headings=_headings,
            stub=N_("Visit"),
            rows=_rows(lambda plan: plan.laboratory.by_code),
            footnotes=_footnotes,
            defined=("Laboratory",),
        ),
    ),
)
