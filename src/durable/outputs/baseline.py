"""``t_baseline``: demographics and disease at baseline of all infused."""

from __future__ import annotations

import pandas as pd

from durable.contracts.results import NO_VISITS_TABLE
from durable.jdm.measures import COMPONENTS, core_set_measure
from durable.jdm.parameters import ATTAINABLE_SCORE, ENZYME_FOLLOWED, SCORE
from durable.language import N_, _
from durable.outputs.ard import TableResults
from durable.outputs.cells import n_percent_or_0, summary_lines
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, groups, of_parameter
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import count_with_percent, summary
from durable.outputs.table import Line, Row, Rows
from durable.plan import Plan
from durable.wording import capitalise, sentences

_MEASURES = [component.paramcd for component in COMPONENTS.values()]
#: Levels of a categorical variable that have a row where nobody has them.
_LEVELS = {"SEX": ("F", "M"), "BLREMFL": ("Y", "N", "U")}
_CATEGORIES = {
    "SEX": N_("Sex"),
    "BLREMFL": N_("In remission at baseline"),
    ENZYME_FOLLOWED.name: ENZYME_FOLLOWED.label,
}
_QUARTILES = N_("Quartiles: SAS default definition (PCTLDEF=5).")
_WORDS = {
    "F": N_("female"),
    "M": N_("male"),
    "Y": N_("yes"),
    "N": N_("no"),
    "U": N_("unknown"),
}


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adrs = datasets.adrs
    if adrs is None:
        for group in groups(datasets.adsl, plan.group_variables):
            yield group, baseline_statistics(group.select(datasets.adsl), None)
        return
    measures = adrs.loc[(adrs["ABLFL"] == "Y") & adrs["PARAMCD"].isin(_MEASURES)]
    for group in groups(datasets.adsl, plan.group_variables):
        yield group, baseline_statistics(group.select(datasets.adsl), group.select(measures))


def baseline_statistics(adsl: pd.DataFrame, measures: pd.DataFrame | None) -> Estimates:
    """Summary statistics of demographics and disease at baseline, of one group of subjects.

    Parameters
    ----------
    adsl
        Subject-level dataset of the infused.
    measures
        Baseline records of the core set measures in ADRS; None without ADRS: then only age, cells,
        sex and, where ADSL has it, remission at baseline are summarised.

    Yields
    ------
    (variable,), Statistic
        Of age (years), cells infused per kg, each core set measure and the maximum attainable
        score: n (known values), mean, sd, median, q1, q3, min, max; NaN where too few are known.
    (variable, level), Statistic
        Of sex (F, M) and remission at baseline (Y, N, U), also for a level that nobody has, and of
        the enzyme followed, for those that somebody has: n, and percent of all subjects, NaN
        without any.
    """
    for name in ("AGE", "CELLSKG"):
        yield from _summary(name, adsl[name])
    for name, levels in _LEVELS.items():
        for level in levels if name in adsl else ():
            known = adsl[name].fillna("U") == level
            yield from _count(name, level, int(known.sum()), len(adsl))
    if measures is None:
        return
    for code in _MEASURES:
        yield from _summary(code, measures.loc[measures["PARAMCD"] == code, "AVAL"])
    for enzyme, subjects in adsl[ENZYME_FOLLOWED.name].value_counts().sort_index().items():
        yield from _count(ENZYME_FOLLOWED.name, str(enzyme), int(subjects), len(adsl))
    yield from _summary(ATTAINABLE_SCORE.name, adsl[ATTAINABLE_SCORE.name])


def _summary(name: str, values: pd.Series[float]) -> Estimates:
    return of_parameter((name,), summary(values.to_numpy(float)))


def _count(name: str, level: str, subjects: int, total: int) -> Estimates:
    return of_parameter((name, level), count_with_percent(subjects, total))


def _table(results: TableResults, plan: Plan) -> Rows:
    continuous = _continuous(plan)
    for name in dict.fromkeys(parameter[0] for parameter in results.parameters):
        if name in continuous:
            heading, lines = continuous[name]
            yield Row(heading)
            yield from results.rows((name,), *lines)
            continue
        yield Row(_("{variable}, n (%)").format(variable=_(_CATEGORIES[name])))
        # Levels that only a later group has stand with the others.
        for parameter in results.parameters:
            if parameter[0] == name:
                yield from results.rows(parameter, Line(_level(parameter[1]), n_percent_or_0))


def _level(level: str) -> str:
    """A level of a categorical variable: one of the words for it, or the name of an enzyme."""
    return _(_WORDS[level]) if level in _WORDS else level.upper()


def _continuous(plan: Plan) -> dict[str, tuple[str, tuple[Line, ...]]]:
    """Heading and lines of each continuous variable."""
    continuous = {
        "AGE": (_("Age (years)"), summary_lines(1)),
        "CELLSKG": (_("CAR-T cells infused (10^6 cells/kg)"), summary_lines(2, power=-6)),
        ATTAINABLE_SCORE.name: (
            _("Maximum attainable {score}").format(score=_(SCORE.label)),
            summary_lines(1),
        ),
    }
    for component, name in plan.response.measures.items():
        measure = core_set_measure(name)
        lines = summary_lines(measure.decimals)
        continuous[COMPONENTS[component].paramcd] = (capitalise(_(measure.label)), lines)
    return continuous


def _attainable_score(plan: Plan) -> str:
    if plan.response.measures["enzyme"] == "enzyme":
        score = _(
            "Maximum attainable score: with every measure at its best value, the enzyme at its"
            " upper limit of normal."
        )
    else:
        score = _("Maximum attainable score: with every measure at its best value.")
    return sentences(score, _(_QUARTILES))


OUTPUT = Output(
    name="t_baseline",
    analysis_set=SAFETY_SET,
    datasets="ADSL, ADRS",
    variables={
        "ADSL": ("SAFFL", "AGE", "SEX", "CELLSKG", "BLREMFL", "BLENZ", "MAXTIS"),
        "ADRS": ("PARAMCD", "AVAL", "ABLFL"),
    },
    results=_results,
    records=lambda _: ({"PARAMCD": _MEASURES, "ABLFL": ["Y"]},),
    tables=(
        OutputTable(
            name="t_baseline",
            heading=N_("Demographics and baseline disease"),
            rows=_table,
            footnotes=lambda plan: (_attainable_score(plan),),
            defined=("Core set and baseline", "Remission", "Abbreviations"),
            without_assessments=lambda _plan: (
                sentences(
                    _("Disease at baseline: {reason}.").format(reason=_(NO_VISITS_TABLE)),
                    _(_QUARTILES),
                ),
            ),
        ),
    ),
)
