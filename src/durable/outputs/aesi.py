"""``t_aesi``: adverse events of special interest by worst grade, and prolonged cytopenia."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from durable.contracts.results import Parameter, Result, Statistic
from durable.outputs import definitions
from durable.outputs.ard import Ard
from durable.outputs.cells import count
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import groups
from durable.outputs.incidence import (
    GRADES,
    STUB,
    EventCounts,
    at_least,
    incidence_lines,
    infused,
    results_by_column,
    upper_limit_line,
)
from durable.outputs.output import SAFETY_SET, Output
from durable.outputs.table import Line, Rows
from durable.plan import Plan, Safety

NAME = "t_aesi"
#: Of two parts, so that no label that is recorded can be the same.
PROLONGED_CYTOPENIA: Parameter = ("DERIVED", "PROLONGED_CYTOPENIA")


def _results(datasets: AnalysisDatasets, plan: Plan) -> Iterator[Result]:
    return results_by_column(NAME, special_interest, datasets, plan)


def special_interest(adae: pd.DataFrame, safety: Safety) -> EventCounts:
    """Treatment-emergent events of special interest, by what is recorded, and long cytopenias.

    CRS, ICANS and cytopenia have a row even where none occurred.
    """
    emergent = adae["TRTEMFL"] == "Y"
    labels = {safety.crs, safety.icans, safety.cytopenia, *adae["AESI"].dropna()}
    parts: dict[Parameter, pd.DataFrame] = {
        (label,): adae.loc[emergent & (adae["AESI"] == label)] for label in sorted(labels)
    }
    parts[PROLONGED_CYTOPENIA] = adae.loc[adae["PROLCYFL"] == "Y"]
    return EventCounts.from_parts(parts)


def _end_unknown(datasets: AnalysisDatasets, plan: Plan) -> Iterator[Result]:
    """Subjects with a cytopenia of the grade that has recovered on a day not recorded.

    Whether it was prolonged is not known, where no other event says that there was one.
    """
    adae, safety = datasets.adae, plan.safety
    if adae is None:
        return
    severe = (adae["AESI"] == safety.cytopenia) & at_least(adae, safety.prolonged_cytopenia_grade)
    undated = (adae["AOUT"] == "RECOVERED") & adae["AENDT"].isna() & (adae["TRTEMFL"] == "Y")
    prolonged = adae.loc[adae["PROLCYFL"] == "Y", "USUBJID"]
    doubtful = adae.loc[severe & undated & ~adae["USUBJID"].isin(prolonged)]
    for column in groups(datasets.adsl, plan.groups):
        subjects = column.select(doubtful)["USUBJID"].nunique()
        statistic = Statistic("n_end_unknown", subjects)
        yield from column.results(NAME, [(PROLONGED_CYTOPENIA, statistic)])


def _table(ard: Ard, plan: Plan) -> Rows:
    safety = plan.safety
    prolonged = (
        f"Prolonged cytopenia (grade >={safety.prolonged_cytopenia_grade}"
        f" beyond day {safety.prolonged_cytopenia_day})"
    )
    for parameter in ard.parameters(NAME):
        label = prolonged if parameter == PROLONGED_CYTOPENIA else parameter[0]
        lines = [*incidence_lines(plan, label, 0, GRADES), upper_limit_line(plan, 1)]
        unknown = "not known (resolved on a day not recorded)"
        lines.append(Line(unknown, count("n_end_unknown"), 1, optional=True))
        yield from ard.lines(NAME, parameter, lines)


def _footnotes(plan: Plan) -> Iterator[str]:
    yield from definitions.treatment_emergent()
    yield definitions.counting(plan.safety)
    yield from _special_interest_notes(plan.safety)
    yield definitions.missing_grade(plan.safety)
    yield definitions.upper_limit(plan.statistics)


def _special_interest_notes(safety: Safety) -> Iterator[str]:
    """Which events are of special interest."""
    yield (
        "TEAEs over the entire follow-up, by the category recorded in the data; CRS and ICANS by"
        " ASTCT grade are in a separate table. Prolonged cytopenia:"
        f" {safety.cytopenia} of grade >={safety.prolonged_cytopenia_grade} present after day"
        f" {safety.prolonged_cytopenia_day}. Without an end date it is present as long as the"
        " subject is followed; if resolved on a day not recorded, it is not counted but reported"
        " separately."
    )


OUTPUT = Output(
    name=NAME,
    title="Adverse events of special interest by worst CTCAE grade",
    population=SAFETY_SET,
    datasets="ADAE",
    results=(_results, _end_unknown),
    table=_table,
    footnotes=_footnotes,
    size=infused(NAME),
    stub=STUB,
)
