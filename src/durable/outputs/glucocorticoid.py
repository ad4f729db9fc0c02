"""``t_glucocorticoid``: the recorded glucocorticoid dose at each visit, and its change."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from durable.contracts.results import TOTAL
from durable.jdm.drug_free import DrugFree
from durable.jdm.parameters import GLUCOCORTICOID
from durable.language import N_, _
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, n_percent, pair, value
from durable.outputs.datasets import AnalysisDatasets, select_records
from durable.outputs.groups import Estimates, groups, of_parameter
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import count_with_percent, summary
from durable.outputs.table import Cell, Line, Row, Rows
from durable.plan import Plan
from durable.vocabulary import BASELINE
from durable.wording import sentences

_RECORDS = ({"PARAMCD": [GLUCOCORTICOID.paramcd]},)
#: Decimals of doses: they are recorded in hundredths of mg/kg.
_DECIMALS = 2


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    if datasets.adrs is None or not plan.response.asks_for("dose"):
        return
    records = select_records(datasets.adrs, _RECORDS)
    limit = _limit(plan)
    for group in groups(datasets.adsl, plan.group_variables):
        yield group, dose_statistics(group.select(records), _visits(plan), limit)


def _limit(plan: Plan) -> float:
    """Highest dose that counts as free of glucocorticoids."""
    return (plan.response.drug_free or DrugFree()).glucocorticoid_max_mg_kg


def _visits(plan: Plan) -> list[str]:
    return [BASELINE, *(visit.visit for visit in plan.schedule)]


def dose_statistics(records: pd.DataFrame, visits: list[str], limit: float) -> Estimates:
    """Statistics of the dose at the baseline and at each visit.

    Parameters
    ----------
    records
        Records of ADRS of the dose, of one group of subjects.
    visits
        Analysis visits, the baseline first.
    limit
        Highest dose that counts as free of glucocorticoids, mg/kg.

    Yields
    ------
    (visit,), Statistic
        Of the subjects with a dose recorded at the assessment that stands for the visit: n, mean,
        sd, median, q1, q3, min, max; n_free and percent_free, at most the limit. Of those with a
        dose at the baseline too, but at the baseline itself: n_change, change_mean, change_sd,
        change_median and so on. NaN where too few doses are known.
    """
    known = records.loc[records["AVAL"].notna()]
    at_baseline = known.loc[known["ABLFL"] == "Y"].set_index("USUBJID")["AVAL"]
    for visit in visits:
        used = "ABLFL" if visit == BASELINE else "ANL01FL"
        at_visit = known.loc[(known["AVISIT"] == visit) & (known[used] == "Y")]
        dose = at_visit["AVAL"].to_numpy(float)
        yield from of_parameter((visit,), summary(dose))
        free = int((dose <= limit).sum())
        yield from of_parameter((visit,), count_with_percent(free, len(dose), "free"))
        if visit != BASELINE:
            before = at_visit["USUBJID"].astype(object).map(at_baseline).to_numpy(float)
            change = (dose - before)[pd.notna(before)]
            yield from of_parameter((visit,), summary(change, "change"))


def _columns(plan: Plan) -> Iterator[tuple[str, Cell]]:
    """Heading and cell of each column of the table of all subjects."""
    yield "n", count("n")
    yield _("Mean (SD)"), pair("mean", "sd", "{} ({})", _DECIMALS)
    yield _("Median"), value("median", _DECIMALS)
    yield _("Min, max"), pair("min", "max", "{}, {}", _DECIMALS)
    yield _free(plan), n_percent("free")
    yield _("Change, n"), count("n_change")
    yield _("Change, mean (SD)"), pair("change_mean", "change_sd", "{} ({})", _DECIMALS)
    yield _("Change, median"), value("change_median", _DECIMALS)


def _free(plan: Plan) -> str:
    """What a subject free of glucocorticoids is, by the limit in force."""
    limit = _limit(plan)
    return _("Dose 0, n (%)") if limit == 0 else _("Dose <= {limit:g}, n (%)").format(limit=limit)


def _rows(results: TableResults, plan: Plan) -> Rows:
    """A row per visit, of all subjects."""
    for visit in _visits(plan):
        find = results.lookup((visit,), TOTAL)
        yield Row(
            _visit_name(visit), tuple(cell(find, plan.outputs) for _h, cell in _columns(plan))
        )


def _visit_name(visit: str) -> str:
    return _("Baseline") if visit == BASELINE else visit


def _rows_by_group(results: TableResults, plan: Plan) -> Rows:
    """A block per visit, a column per group."""
    for visit in _visits(plan):
        yield Row(_visit_name(visit))
        yield from results.rows((visit,), *_lines(plan, baseline=visit == BASELINE))


def _lines(plan: Plan, *, baseline: bool) -> Iterator[Line]:
    yield Line("n", count("n"))
    yield Line(_("Mean (SD)"), pair("mean", "sd", "{} ({})", _DECIMALS))
    yield Line(_("Median"), value("median", _DECIMALS))
    yield Line("Q1, Q3", pair("q1", "q3", "{}, {}", _DECIMALS))
    yield Line(_("Min, max"), pair("min", "max", "{}, {}", _DECIMALS))
    yield Line(_free(plan), n_percent("free"))
    if not baseline:
        yield Line(_("Change from baseline, n"), count("n_change"))
        yield Line(_("Mean (SD)"), pair("change_mean", "change_sd", "{} ({})", _DECIMALS), 2)
        yield Line(_("Median"), value("change_median", _DECIMALS), 2)
        yield Line(_("Min, max"), pair("change_min", "change_max", "{}, {}", _DECIMALS), 2)


def _footnotes(_plan: Plan) -> Iterator[str]:
    yield _(
        "Prednisone equivalent as recorded at the assessment that stands for the visit, whatever"
        " other therapy was given; n: subjects with a recorded dose, of whom the percentages are."
        " Doses that are not recorded are not imputed."
    )
    yield sentences(
        _("Change: from the baseline, of subjects with a dose at both."),
        _("Quartiles: SAS default definition (PCTLDEF=5)."),
        _("NE: not estimable."),
    )


def _headings(plan: Plan) -> tuple[str, ...]:
    return tuple(heading for heading, _cell in _columns(plan))


OUTPUT = Output(
    name="t_glucocorticoid",
    analysis_set=SAFETY_SET,
    datasets="ADSL, ADRS",
    variables={
        "ADSL": ("SAFFL",),
        "ADRS": ("PARAMCD", "AVISIT", "AVAL", "ABLFL", "ANL01FL"),
    },
    results=_results,
    records=lambda _plan: _RECORDS,
    tables=(
        OutputTable(
            name="t_glucocorticoid",
            heading=N_("Glucocorticoid dose (mg/kg) by visit"),
            headings=_headings,
            stub=N_("Visit"),
            rows=_rows,
            footnotes=_footnotes,
            defined=("Core set and baseline", "Glucocorticoids and drug-free remission"),
        ),
        OutputTable(
            name="t_glucocorticoid_s",
            heading=N_("Glucocorticoid dose (mg/kg) by visit and group"),
            rows=_rows_by_group,
            footnotes=_footnotes,
            defined=("Core set and baseline", "Glucocorticoids and drug-free remission"),
        ),
    ),
)
