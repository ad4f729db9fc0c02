"""``t_lab_shift``: CTCAE grades of decreased blood counts, from baseline to the worst."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from durable.contracts.results import TOTAL, WHOLE_COLUMN, Statistic
from durable.language import N_, _
from durable.outputs import incidence
from durable.outputs.ard import TableResults
from durable.outputs.cells import count
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, groups
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.table import Cell, Row, Rows
from durable.plan import LaboratoryTest, Plan

#: What a grade is that no value tells, and that of a subject without a result.
_UNKNOWN, _NONE = "unknown", "none"
_GRADES = ("0", "1", "2", "3", "4")
_WORST = (*_GRADES, _UNKNOWN, _NONE)
_BASELINES = (*_GRADES, _UNKNOWN, _NONE)
_LABELS = {_UNKNOWN: N_("Not determinable"), _NONE: N_("No result")}


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adlb, infused = datasets.require("adlb"), datasets.infused_subjects
    shifts = {
        (test.code, window): _shifts(adlb.loc[adlb["PARAMCD"] == test.code], infused, last)
        for test in plan.laboratory.tests
        if test.low_grades
        for window, last in _windows(plan).items()
    }
    for column in groups(datasets.adsl, plan.group_variables):
        yield column, _column_estimates(column.subjects, shifts)


def _windows(plan: Plan) -> dict[str, int | None]:
    """The registered window and all of follow-up, each with its last day after infusion."""
    days = plan.safety.windows_days[0]
    return {f"D{days}": days, incidence.ALL: None}


def _shifts(results: pd.DataFrame, infused: pd.DataFrame, last: int | None) -> pd.DataFrame:
    """Grade at baseline and worst grade of a test in a window, of every infused subject."""
    names = pd.Index(infused["USUBJID"])
    # The day of infusion is study day 1.
    post_infusion = results.loc[(results["ADY"] > 1) & results["BLQFL"].notna()]
    post_infusion = (
        post_infusion if last is None else post_infusion.loc[post_infusion["ADY"] <= last + 1]
    )
    baseline = results.loc[results["ABLFL"] == "Y"]
    return pd.DataFrame(
        {"baseline": _worst(baseline, names), "worst": _worst(post_infusion, names)}, index=names
    )


def _worst(results: pd.DataFrame, names: pd.Index[str]) -> pd.Series[str]:
    """Worst grade of each subject; not determinable where no result has one."""
    by_subject = results.groupby("USUBJID", observed=True)["ATOXGR"]
    grades = by_subject.max().astype("Int64").astype("string").astype(object)
    text = grades.where(grades.notna(), _UNKNOWN)
    return text.reindex(names).fillna(_NONE)


def _column_estimates(
    subjects: frozenset[str], shifts: dict[tuple[str, str], pd.DataFrame]
) -> Estimates:
    yield WHOLE_COLUMN, Statistic("n_infused", len(subjects))
    for (code, window), everyone in shifts.items():
        members = everyone.loc[everyone.index.isin(subjects)]
        table = pd.crosstab(members["baseline"], members["worst"])
        table = table.reindex(index=[*_BASELINES], columns=[*_WORST], fill_value=0)
        # A grade at baseline has rows where a subject of the study has it.
        for baseline in (name for name in _BASELINES if (everyone["baseline"] == name).any()):
            parameter = (code, window, baseline)
            row = table.loc[baseline]
            yield parameter, Statistic("n", int(row.sum()))
            for worst in _WORST:
                yield parameter, Statistic(f"n_{worst}", int(row[worst]))


def _columns() -> Iterator[tuple[str, Cell]]:
    """Heading and cell of each column."""
    yield "N", count("n")
    for worst in _WORST:
        label = _(_LABELS[worst]) if worst in _LABELS else _("Grade {grade}").format(grade=worst)
        yield label, count(f"n_{worst}")


def _headings(_plan: Plan) -> tuple[str, ...]:
    return tuple(heading for heading, _cell in _columns())


def _rows(window: Callable[[Plan], str]) -> Callable[[TableResults, Plan], Rows]:
    """The rows of one window: a grade at baseline a row."""

    def rows(results: TableResults, plan: Plan) -> Rows:
        for test in plan.laboratory.tests:
            key = (test.code, window(plan))
            parameters = [p for p in results.parameters if p[:2] == key]
            if parameters:
                yield Row(_heading(test))
            for parameter in parameters:
                find = results.lookup(parameter, TOTAL)
                cells = tuple(cell(find, plan.outputs) for _heading_, cell in _columns())
                yield Row(_baseline(parameter[2]), cells, 1)

    return rows


def _heading(test: LaboratoryTest) -> str:
    return _("{test}, decreased").format(test=_(test.label))


def _baseline(grade: str) -> str:
    shown = _(_LABELS[grade]) if grade in _LABELS else grade
    return _("Baseline grade: {grade}").format(grade=shown)


def _footnotes(plan: Plan) -> Iterator[str]:
    yield _("Registered window: day 1 to day {days} after infusion.").format(
        days=plan.safety.windows_days[0]
    )
    yield from _footnotes_of_grades(plan)


def _footnotes_of_grades(plan: Plan) -> Iterator[str]:
    yield _(
        "Decreased: CTCAE v{version} grade of the value alone; not determinable where the value"
        " tells no grade."
    ).format(version=plan.safety.ctcae_version)
    yield _(
        "Columns: worst grade after the day of infusion, each subject once; results whose grade is"
        " not determinable count only where no other has one. Counts of subjects."
    )


OUTPUT = Output(
    name="t_lab_shift",
    analysis_set=SAFETY_SET,
    datasets="ADLB",
    variables={
        "ADSL": ("SAFFL",),
        "ADLB": ("PARAMCD", "ADY", "ABLFL", "ATOXGR"),
    },
    results=_results,
    tables=(
        OutputTable(
            name="t_lab_shift",
            heading=N_("Blood counts: shift from baseline to worst CTCAE grade, registered window"),
            headings=_headings,
            stub=N_("Test"),
            rows=_rows(lambda plan: next(iter(_windows(plan)))),
            footnotes=_footnotes,
            defined=("Laboratory",),
        ),
        OutputTable(
            name="t_lab_shift_s",
            heading=N_("Blood counts: shift from baseline to worst CTCAE grade, entire follow-up"),
            headings=_headings,
            stub=N_("Test"),
            rows=_rows(lambda _plan: incidence.ALL),
            footnotes=_footnotes_of_grades,
            defined=("Laboratory",),
        ),
    ),
)
