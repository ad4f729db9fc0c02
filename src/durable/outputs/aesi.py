"""``t_aesi``: adverse events of special interest by worst grade, and prolonged cytopenia."""

from __future__ import annotations

import pandas as pd

from durable.contracts.results import Parameter, Statistic
from durable.language import N_, _
from durable.outputs import definitions, incidence
from durable.outputs.ard import TableResults
from durable.outputs.cells import count
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import groups
from durable.outputs.incidence import EventCounts
from durable.outputs.output import INFUSED, SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.table import Line, Rows
from durable.plan import Plan, Safety
from durable.wording import sentences

#: Of two parts, so that no label that is recorded can be the same.
PROLONGED_CYTOPENIA: Parameter = ("DERIVED", "PROLONGED_CYTOPENIA")


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    yield from incidence.events_by_column(special_interest, datasets, plan)
    if datasets.adae is None:
        return
    doubtful = _perhaps_prolonged(datasets.adae, plan.safety)
    for column in groups(datasets.adsl, plan.group_variables):
        subjects = column.select(doubtful)["USUBJID"].nunique()
        yield column, iter([(PROLONGED_CYTOPENIA, Statistic("n_end_unknown", subjects))])


def special_interest(adae: pd.DataFrame, safety: Safety) -> EventCounts:
    """Treatment-emergent events of special interest by recorded category, and long cytopenias.

    Parameters are ``(category,)``, sorted, then `PROLONGED_CYTOPENIA`. CRS, ICANS and cytopenia are
    among them even where none occurred.
    """
    emergent = adae["TRTEMFL"] == "Y"
    labels = {safety.crs, safety.icans, safety.cytopenia, *adae["AESI"].dropna()}
    parts: dict[Parameter, pd.DataFrame] = {
        (label,): adae.loc[emergent & (adae["AESI"] == label)] for label in sorted(labels)
    }
    parts[PROLONGED_CYTOPENIA] = adae.loc[adae["PROLCYFL"] == "Y"]
    return EventCounts.from_parts(parts)


def _perhaps_prolonged(adae: pd.DataFrame, safety: Safety) -> pd.DataFrame:
    """Cytopenias of the grade that have resolved on a day not recorded.

    Whether they were prolonged is not known, where no other event says that there was one.
    """
    severe = (adae["AESI"] == safety.cytopenia) & incidence.is_grade_or_higher(
        adae, safety.prolonged_cytopenia_grade
    )
    undated = (adae["AOUT"] == "RECOVERED") & adae["AENDT"].isna() & (adae["TRTEMFL"] == "Y")
    prolonged = adae.loc[adae["PROLCYFL"] == "Y", "USUBJID"]
    return adae.loc[severe & undated & ~adae["USUBJID"].isin(prolonged)]


def _table(results: TableResults, plan: Plan) -> Rows:
    unknown = _("not known (resolved on a day not recorded)")
    label = _("Prolonged cytopenia (grade >={grade} beyond day {day})").format(
        grade=plan.safety.prolonged_cytopenia_grade, day=plan.safety.prolonged_cytopenia_day
    )
    for parameter in results.parameters:
        prolonged = parameter == PROLONGED_CYTOPENIA
        yield from results.rows(
            parameter,
            *incidence.event_lines(label if prolonged else parameter[0], 0),
            incidence.upper_limit_line(plan, 1),
            Line(unknown, count("n_end_unknown"), 1, optional=True),
        )


def _counting_note(safety: Safety) -> str:
    """Footnote on which events count, and on prolonged cytopenia."""
    return _(
        "TEAEs over the entire follow-up, by the category recorded in the data. Prolonged"
        " cytopenia: {cytopenia} of grade >={grade} present after day {day}."
    ).format(
        cytopenia=safety.cytopenia,
        grade=safety.prolonged_cytopenia_grade,
        day=safety.prolonged_cytopenia_day,
    )


OUTPUT = Output(
    name="t_aesi",
    analysis_set=SAFETY_SET,
    datasets="ADAE",
    variables={
        "ADSL": ("SAFFL",),
        "ADAE": ("TRTEMFL", "AESI", "AETOXGR", "PROLCYFL"),
    },
    results=_results,
    tables=(
        OutputTable(
            name="t_aesi",
            heading=N_("Adverse events of special interest by worst CTCAE grade"),
            size=INFUSED,
            stub=incidence.STUB,
            rows=_table,
            footnotes=lambda plan: (
                sentences(definitions.counting(plan.safety), _(definitions.GRADES_SHOWN)),
                _counting_note(plan.safety),
                definitions.upper_limit(plan.statistics),
            ),
            defined=("Adverse events",),
        ),
    ),
)
