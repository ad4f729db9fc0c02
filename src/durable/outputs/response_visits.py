"""``t_response_visits``: the score and the core set measures at each visit.

Observed values: nothing is imputed. The assessment that stands for a visit is that of the
improvement rate (ANL01FL).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from durable.contracts.results import TOTAL, Parameter, Statistic
from durable.jdm.measures import COMPONENTS, core_set_measure
from durable.jdm.parameters import SCORE
from durable.language import N_, _
from durable.outputs.ard import TableResults
from durable.outputs.cells import ci, count, pair, ratio, value
from durable.outputs.datasets import AnalysisDatasets, RecordFilter, select_records
from durable.outputs.groups import Estimates, groups, of_parameter
from durable.outputs.new_therapy import INCREASES, day_of_new_therapy
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.table import Cell, Line, Row, Rows
from durable.plan import OverTime, Plan
from durable.stats.summaries import mean_limits, summarise
from durable.vocabulary import BASELINE
from durable.wording import capitalise, percent, sentences

_MEASURES = [component.paramcd for component in COMPONENTS.values()]
_RECORDS: tuple[RecordFilter, ...] = (
    {"PARAMCD": [SCORE.paramcd, *_MEASURES], "ANL01FL": ["Y"]},
    {"PARAMCD": _MEASURES, "ABLFL": ["Y"]},
)
#: What of these records is read.
_READ = ["USUBJID", "PARAMCD", "AVISIT", "ADY", "AVAL", "ABLFL", "ANL01FL"]


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adsl, adrs = datasets.adsl, datasets.require("adrs")
    records = select_records(adrs[_READ], _RECORDS)
    records = records.loc[records["AVAL"].notna()]
    start = records["USUBJID"].astype(object).map(day_of_new_therapy(adsl, adrs, plan.response))
    records = records.assign(after=records["ADY"].astype(float) > start.astype(float))
    for group in groups(adsl, plan.group_variables):
        yield group, visit_statistics(group.select(records), len(group.subjects), plan)


def visit_statistics(records: pd.DataFrame, infused: int, plan: Plan) -> Estimates:
    """Summary of the score and of each measure at each visit, of one group of subjects.

    Parameters
    ----------
    records
        Known values of ADRS at the baseline and at the scheduled visits, with ``after``: whether
        new systemic therapy had begun.
    infused
        Number of subjects in the group.
    plan
        The analysis plan.

    Yields
    ------
    (parameter, visit), Statistic
        Of the score at each visit, and of each measure at the baseline too: n_infused, n,
        n_new_therapy (values after the start of new systemic therapy), mean with its limits, sd,
        median, min and max; NaN where too few values are known. By the plan, values after new
        systemic therapy are summarised or left out.
    """
    by_visit = records.groupby(["PARAMCD", "AVISIT"], observed=True)[["AVAL", "after"]]
    parts = dict(iter(by_visit))
    for parameter in _parameters(plan):
        at_visit = parts.get(parameter, records.iloc[:0])
        statistics = _summary(at_visit, plan.over_time, plan.statistics.conf_level)
        yield parameter, Statistic("n_infused", infused)
        yield from of_parameter(parameter, statistics)


def _parameters(plan: Plan) -> Iterator[Parameter]:
    """Each measure with each of its visits; a score has no baseline."""
    visits = [visit.visit for visit in plan.schedule]
    yield from ((SCORE.paramcd, visit) for visit in visits)
    yield from ((code, visit) for code in _MEASURES for visit in (BASELINE, *visits))


def _summary(at_visit: pd.DataFrame, rule: OverTime, level: float) -> Iterator[Statistic]:
    """Number of subjects, those after new therapy, mean with its limits, spread and extremes."""
    has_new_therapy = at_visit["after"].to_numpy(bool)
    used = (
        np.ones(len(has_new_therapy), dtype=bool)
        if rule.after_new_therapy == "included"
        else ~has_new_therapy
    )
    values = summarise(at_visit["AVAL"].to_numpy(float)[used])
    yield Statistic("n", values.n)
    yield Statistic("n_new_therapy", int(has_new_therapy.sum()))
    yield Statistic("mean", values.mean, *mean_limits(values.n, values.mean, values.sd, level))
    for name in ("sd", "median", "min", "max"):
        yield Statistic(name, getattr(values, name))


def _score_rows(results: TableResults, plan: Plan) -> Rows:
    """The score of all subjects: a row a visit."""
    for visit in plan.schedule:
        find = results.lookup((SCORE.paramcd, visit.visit), TOTAL)
        cells = tuple(cell(find, plan.outputs) for _heading, cell in _columns(plan))
        yield Row(visit.visit, cells)


def _columns(plan: Plan) -> Iterator[tuple[str, Cell]]:
    """Heading and cell of each column of the main table."""
    yield _("n/N"), ratio("n", "n_infused")
    yield _("Mean"), value("mean", 1)
    yield _("SD"), value("sd", 1)
    yield _ci_name(plan), ci("mean", 1)
    yield _("Median"), value("median", 1)
    yield _("Min, max"), pair("min", "max", "{}, {}", 1)
    yield _("After new systemic therapy, n"), count("n_new_therapy")


def _ci_name(plan: Plan) -> str:
    return _("{level} CI of the mean").format(level=percent(plan.statistics.conf_level))


def _group_rows(results: TableResults, plan: Plan) -> Rows:
    """The score and each measure, a block a visit at which somebody was assessed."""
    assessed = {part for part in results.parameters if _has_assessments(results, part)}
    for code, (heading, decimals) in _measures(plan).items():
        yield Row(heading)
        lines = tuple(_lines(plan, decimals))
        for parameter in results.parameters:
            if parameter[0] == code and parameter in assessed:
                yield Row(_visit_name(parameter[1]), indent=1)
                yield from results.rows(parameter, *lines)


def _has_assessments(results: TableResults, parameter: Parameter) -> bool:
    """Whether anybody was assessed at a visit, before new therapy or after it."""
    find = results.lookup(parameter, TOTAL)
    counts = (find(name) for name in ("n", "n_new_therapy"))
    return any(n is not None and n.value > 0 for n in counts)


def _visit_name(visit: str) -> str:
    return _("Baseline") if visit == BASELINE else visit


def _measures(plan: Plan) -> dict[str, tuple[str, int]]:
    """Heading and decimals of the score and of each measure, by its parameter."""
    measures = {SCORE.paramcd: (_(SCORE.label), 1)}
    for component, name in plan.response.measures.items():
        measure = core_set_measure(name)
        measures[COMPONENTS[component].paramcd] = (capitalise(_(measure.label)), measure.decimals)
    return measures


def _lines(plan: Plan, decimals: int) -> Iterator[Line]:
    yield Line("n", count("n"), 2)
    yield Line(_("Mean (SD)"), pair("mean", "sd", "{} ({})", decimals), 2)
    yield Line(_ci_name(plan), ci("mean", decimals), 2)
    yield Line(_("Median"), value("median", decimals), 2)
    yield Line(_("Min, max"), pair("min", "max", "{}, {}", decimals), 2)
    yield Line(_("after new systemic therapy, n"), count("n_new_therapy"), 2, unless_zero=True)


def _footnotes(plan: Plan) -> Iterator[str]:
    """Which values are summarised, and how."""
    match plan.over_time.after_new_therapy:
        case "included":
            strategy = _(
                "Assessments after the start of new systemic therapy are included (treatment policy"
                " strategy)."
            )
        case "excluded":
            strategy = _(
                "Assessments after the start of new systemic therapy are excluded (while on"
                " treatment strategy)."
            )
    yield sentences(
        _(
            "Observed values of the assessment that stands for the visit; missing values are not"
            " imputed."
        ),
        strategy,
    )
    yield _(
        "n: subjects with a value; N: all infused. CI of the mean by Student's t. NE: not estimable"
        " (of the SD and CI: fewer than two values; of the CI: all values equal). Limits are not"
        " cut at the ends of a scale."
    )


def _supplementary_footnotes(plan: Plan) -> Iterator[str]:
    yield from _footnotes(plan)
    yield _("Visits at which no subject was assessed are not shown.")


OUTPUT = Output(
    name="t_response_visits",
    analysis_set=SAFETY_SET,
    datasets="ADSL, ADRS",
    variables={
        "ADSL": ("SAFFL", "TRTSDT", "NSTDT"),
        "ADRS": ("PARAMCD", "AVISIT", "ADY", "AVAL", "ABLFL", "ANL01FL"),
    },
    results=_results,
    records=lambda _plan: (*_RECORDS, INCREASES),
    dates=("NSTDT",),
    tables=(
        OutputTable(
            name="t_response_visits",
            heading=N_("{score} by visit"),
            heading_words={"score": SCORE.label},
            headings=lambda plan: tuple(heading for heading, _cell in _columns(plan)),
            stub=N_("Visit"),
            rows=_score_rows,
            footnotes=_footnotes,
            defined=("Disease improvement", "Core set and baseline", "Visit windows"),
        ),
        OutputTable(
            name="t_response_visits_s",
            heading=N_("{score} and core set measures by visit"),
            heading_words={"score": SCORE.label},
            rows=_group_rows,
            footnotes=_supplementary_footnotes,
            defined=("Disease improvement", "Core set and baseline", "Visit windows"),
        ),
    ),
)
