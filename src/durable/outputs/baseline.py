"""``t_baseline``: demographics and disease at baseline of all infused."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from durable.contracts.results import Result
from durable.jdm import wording
from durable.jdm.measures import COMPONENTS, core_set_measure
from durable.jdm.parameters import ATTAINABLE_SCORE, ENZYME_FOLLOWED, SCORE
from durable.outputs.ard import Ard
from durable.outputs.cells import count_with_percent_or_0, summary_lines
from durable.outputs.datasets import AnalysisDatasets, RecordFilter
from durable.outputs.groups import Estimates, groups
from durable.outputs.output import SAFETY_SET, Output
from durable.outputs.quantities import count_with_percent, summary
from durable.outputs.table import Line, Row, Rows
from durable.plan import Plan
from durable.wording import capitalised

NAME = "t_baseline"
_MEASURES = [component.paramcd for component in COMPONENTS.values()]
#: Levels of a categorical variable that have a row where nobody has them.
_LEVELS = {"SEX": ("F", "M"), "BLREMFL": ("Y", "N", "U")}
_CATEGORIES = {
    "SEX": "Sex",
    "BLREMFL": "In remission at baseline",
    ENZYME_FOLLOWED.name: ENZYME_FOLLOWED.label,
}
_WORDS = {"F": "female", "M": "male", "Y": "yes", "N": "no", "U": "unknown"}


def _results(datasets: AnalysisDatasets, plan: Plan) -> Iterator[Result]:
    adrs = datasets.adrs
    measures = adrs.loc[(adrs["ABLFL"] == "Y") & adrs["PARAMCD"].isin(_MEASURES)]
    for group in groups(datasets.adsl, plan.groups):
        estimates = baseline_statistics(group.select(datasets.adsl), group.select(measures))
        yield from group.results(NAME, estimates)


def baseline_statistics(adsl: pd.DataFrame, measures: pd.DataFrame) -> Estimates:
    """Summary statistics of demographics and disease at baseline, of one group of subjects.

    Parameters
    ----------
    adsl
        Subject-level dataset of the infused.
    measures
        Baseline records of the core set measures in ADRS.

    Yields
    ------
    (variable,), Statistic
        Of age (years), cells infused per kg, each core set measure and the maximum attainable
        score: n (known values), mean, sd, median, q1, q3, min, max; NaN where too few are known.
    (variable, level), Statistic
        Of sex and remission at baseline, also for a level that nobody has, and of the enzyme
        followed, for those that somebody has: n, and percent of all subjects, NaN without any.
    """
    for name in ("AGE", "CELLSKG"):
        yield from _summary(name, adsl[name])
    for name, levels in _LEVELS.items():
        for level in levels:
            yield from _count(name, level, int((adsl[name] == level).sum()), len(adsl))
    for code in _MEASURES:
        yield from _summary(code, measures.loc[measures["PARAMCD"] == code, "AVAL"])
    for enzyme, subjects in adsl[ENZYME_FOLLOWED.name].value_counts().sort_index().items():
        yield from _count(ENZYME_FOLLOWED.name, str(enzyme), int(subjects), len(adsl))
    yield from _summary(ATTAINABLE_SCORE.name, adsl[ATTAINABLE_SCORE.name])


def _summary(name: str, values: pd.Series[float]) -> Estimates:
    for statistic in summary(values.to_numpy(float)):
        yield (name,), statistic


def _count(name: str, level: str, subjects: int, total: int) -> Estimates:
    for statistic in count_with_percent(subjects, total):
        yield (name, level), statistic


def _table(ard: Ard, plan: Plan) -> Rows:
    cell = partial(count_with_percent_or_0, decimals=plan.outputs.percent_decimals)
    continuous = _continuous(plan)
    shown: set[str] = set()
    for parameter in ard.parameters(NAME):
        name = parameter[0]
        if name in _CATEGORIES:
            if name not in shown:
                yield Row(f"{_CATEGORIES[name]}, n (%)")
                shown.add(name)
            level = parameter[1]
            line = Line(_WORDS.get(level, level.upper()), cell)
            yield from ard.lines(NAME, parameter, [line])
        elif name in continuous:
            heading, lines = continuous[name]
            yield Row(heading)
            yield from ard.lines(NAME, parameter, lines)


def _continuous(plan: Plan) -> dict[str, tuple[str, list[Line]]]:
    """Heading and lines of each continuous variable."""
    found = {
        "AGE": ("Age (years)", summary_lines(1)),
        "CELLSKG": ("CAR-T cells infused (10^6 cells/kg)", summary_lines(2, power=-6)),
        ATTAINABLE_SCORE.name: (f"Maximum attainable {SCORE.label}", summary_lines(1)),
    }
    for component, measure in plan.response.measures.items():
        name = core_set_measure(measure).label
        lines = summary_lines(core_set_measure(measure).decimals)
        found[COMPONENTS[component].paramcd] = (capitalised(name), lines)
    return found


def _footnotes(plan: Plan) -> Iterator[str]:
    yield from wording.core_set(plan.response)
    enzyme = plan.response.measures["enzyme"] == "enzyme"
    normal = ", the enzyme at its upper limit of normal" if enzyme else ""
    yield (
        f"Maximum attainable score: with every measure at its best value{normal}."
        " Quartiles: SAS default definition (PCTLDEF=5)."
    )
    yield from wording.remission(plan.response)
    yield wording.ABBREVIATIONS


def _records(_: Plan) -> tuple[RecordFilter, ...]:
    return ({"PARAMCD": _MEASURES, "ABLFL": ["Y"]},)


OUTPUT = Output(
    name=NAME,
    title="Demographics and baseline disease",
    population=SAFETY_SET,
    datasets="ADSL, ADRS",
    results=(_results,),
    table=_table,
    footnotes=_footnotes,
    records=_records,
)
