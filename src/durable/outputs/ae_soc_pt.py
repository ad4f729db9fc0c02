"""``t_ae_soc_pt``: adverse events by system organ class, preferred term and worst grade."""

from __future__ import annotations

import pandas as pd

from durable.contracts.results import WHOLE_COLUMN
from durable.outputs import definitions, incidence
from durable.outputs.ard import TableResults
from durable.outputs.incidence import EventCounts
from durable.outputs.output import INFUSED, SAFETY_SET, Output
from durable.outputs.table import Line, Row, Rows
from durable.plan import Plan, Safety


def terms(adae: pd.DataFrame, safety: Safety) -> EventCounts:
    """Events by system organ class and preferred term in each window.

    Classes by descending number of subjects (all infused) and name, terms alike within their
    class; a window has the terms that occur in it. A class has the empty term.
    """
    parts = []
    for window, inside in incidence.windows(adae, safety).items():
        part = adae.loc[inside, ["USUBJID", "AEBODSYS", "AEDECOD", "AETOXGR"]]
        parts.append(pd.concat([part.assign(AEDECOD=""), part]).assign(window=window))
    events = pd.concat(parts, ignore_index=True)
    key = ["window", "AEBODSYS", "AEDECOD"]
    # By the columns as they are, not by joined text: a term may hold any sign.
    parameters = pd.MultiIndex.from_frame(_in_order(events, safety)[key])
    position = parameters.get_indexer(pd.MultiIndex.from_frame(events[key]))
    events = events.assign(parameter=position, grade=events["AETOXGR"])
    return EventCounts.from_events(parameters.to_list(), events)


def _in_order(events: pd.DataFrame, safety: Safety) -> pd.DataFrame:
    """Window, class and term of each row, in the order of the table."""
    key = ["window", "AEBODSYS", "AEDECOD"]
    rows = events.groupby(key, sort=False)["USUBJID"].nunique().rename("n").reset_index()
    window_order = {window: i for i, (window, _) in enumerate(incidence.window_labels(safety))}
    rows = rows.assign(
        window_order=rows["window"].map(window_order),
        n_of_class=rows.groupby(["window", "AEBODSYS"])["n"].transform("max"),
        is_term=rows["AEDECOD"] != "",
    )
    keys = ["window_order", "n_of_class", "AEBODSYS", "is_term", "n", "AEDECOD"]
    return rows.sort_values(keys, ascending=[True, False, True, True, False, True])


def _table(results: TableResults, plan: Plan) -> Rows:
    limit = f"{incidence.upper_limit_name(plan)} of any row with no events, %"
    yield from results.rows(WHOLE_COLUMN, Line(limit, incidence.upper_limit_cell, 0))
    for window, label in incidence.window_labels(plan.safety):
        yield Row(label)
        inside = [parameter for parameter in results.parameters if parameter[0] == window]
        if not inside:
            yield results.empty("No TEAE", 1)
        for parameter in inside:
            _, organ_class, term = parameter
            heading = Line(organ_class, incidence.events_cell, 1, strong=True)
            any_grade = Line(term, incidence.events_cell, 2) if term else heading
            yield from results.rows(
                parameter, any_grade, *incidence.grade_lines(3, incidence.GROUPED_GRADES)
            )


OUTPUT = Output(
    name="t_ae_soc_pt",
    title="Adverse events by system organ class, preferred term and worst grade",
    population=SAFETY_SET,
    datasets="ADAE",
    results=lambda datasets, plan: incidence.events_by_column(terms, datasets, plan),
    size=INFUSED,
    stub=incidence.STUB,
    table=_table,
    footnotes=lambda plan: (
        *definitions.treatment_emergent(),
        definitions.counting(plan.safety),
        definitions.event_windows(plan.safety),
        "Classes are sorted by descending number of subjects (all infused, in the window) and then"
        " by name; so are the terms of a class.",
        definitions.missing_grade(plan.safety),
        definitions.upper_limit(plan.statistics),
    ),
)
