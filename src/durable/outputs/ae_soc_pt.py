"""``t_ae_soc_pt``: adverse events by system organ class, preferred term and worst grade."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from durable.contracts.results import WHOLE_COLUMN, Result
from durable.outputs import definitions
from durable.outputs.ard import Ard
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.incidence import (
    GROUPED_GRADES,
    STUB,
    EventCounts,
    events_cell,
    grade_lines,
    infused,
    results_by_column,
    upper_limit_line,
    upper_limit_name,
    window_labels,
    windows,
)
from durable.outputs.output import SAFETY_SET, Output
from durable.outputs.table import Line, Row, Rows
from durable.plan import Plan, Safety

NAME = "t_ae_soc_pt"


def _results(datasets: AnalysisDatasets, plan: Plan) -> Iterator[Result]:
    return results_by_column(NAME, terms, datasets, plan)


def terms(adae: pd.DataFrame, safety: Safety) -> EventCounts:
    """Events by system organ class and preferred term in each window.

    Classes by descending number of subjects (all infused) and name, terms alike within their
    class; a window has the terms that occur in it. A class has the empty term.
    """
    parts = []
    for window, inside in windows(adae, safety).items():
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
    window_order = {window: i for i, (window, _) in enumerate(window_labels(safety))}
    rows = rows.assign(
        window_order=rows["window"].map(window_order),
        n_of_class=rows.groupby(["window", "AEBODSYS"])["n"].transform("max"),
        is_term=rows["AEDECOD"] != "",
    )
    keys = ["window_order", "n_of_class", "AEBODSYS", "is_term", "n", "AEDECOD"]
    return rows.sort_values(keys, ascending=[True, False, True, True, False, True])


def _table(ard: Ard, plan: Plan) -> Rows:
    limit = f"{upper_limit_name(plan)} of any row with no events, %"
    yield from ard.lines(NAME, WHOLE_COLUMN, [Line(limit, upper_limit_line(plan).cell, 0)])
    events = partial(events_cell, plan=plan)
    for window, label in window_labels(plan.safety):
        yield Row(label)
        inside = [parameter for parameter in ard.parameters(NAME) if parameter[0] == window]
        if not inside:
            yield Row("No TEAE", ("",) * len(ard.columns(NAME)), 1)
        for parameter in inside:
            _, organ_class, term = parameter
            is_class = not term
            any_grade = Line(term or organ_class, events, 1 if is_class else 2, strong=is_class)
            lines = [any_grade, *grade_lines(plan, 3, GROUPED_GRADES)]
            yield from ard.lines(NAME, parameter, lines)


def _footnotes(plan: Plan) -> Iterator[str]:
    yield from definitions.treatment_emergent()
    yield definitions.counting(plan.safety)
    yield definitions.event_windows(plan.safety)
    yield (
        "Classes are sorted by descending number of subjects (all infused, in the window) and then"
        " by name; so are the terms of a class."
    )
    yield definitions.missing_grade(plan.safety)
    yield definitions.upper_limit(plan.statistics)


OUTPUT = Output(
    name=NAME,
    title="Adverse events by system organ class, preferred term and worst grade",
    population=SAFETY_SET,
    datasets="ADAE",
    results=(_results,),
    table=_table,
    footnotes=_footnotes,
    size=infused(NAME),
    stub=STUB,
)
