"""``t_ae_soc_pt``: adverse events by system organ class, preferred term and worst grade."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from durable.contracts.results import WHOLE_COLUMN
from durable.language import N_, _
from durable.outputs import definitions, incidence
from durable.outputs.ard import TableResults
from durable.outputs.incidence import EventCounts
from durable.outputs.output import INFUSED, SAFETY_SET, Output, OutputTable
from durable.outputs.table import Line, Row, Rows
from durable.plan import Plan, Safety
from durable.wording import percent, sentences


def terms(adae: pd.DataFrame, safety: Safety) -> EventCounts:
    """Events by system organ class and preferred term in each window.

    Parameters are ``(window, class, term)``, with the empty term for the class as a whole. Windows
    are in their order; classes by descending number of subjects (all infused, in the window), then
    by name, and so are the terms of a class. A window has only the terms that occur in it.
    """
    parts = []
    for window, inside in incidence.windows(adae, safety).items():
        part = adae.loc[inside, ["USUBJID", "AEBODSYS", "AEDECOD", "AETOXGR"]]
        parts.append(pd.concat([part.assign(AEDECOD=""), part]).assign(window=window))
    events = pd.concat(parts, ignore_index=True)
    key = ["window", "AEBODSYS", "AEDECOD"]
    # By the columns as they are, not by joined text: a term may hold any sign.
    parameters = pd.MultiIndex.from_frame(_ordered_rows(events, safety)[key])
    position = parameters.get_indexer(pd.MultiIndex.from_frame(events[key]))
    events = events.assign(parameter=position, grade=events["AETOXGR"])
    return EventCounts.from_events(parameters.to_list(), events)


def _ordered_rows(events: pd.DataFrame, safety: Safety) -> pd.DataFrame:
    """Window, class and term of each row, in the order of the table."""
    key = ["window", "AEBODSYS", "AEDECOD"]
    rows = events.groupby(key, sort=False)["USUBJID"].nunique().rename("n").reset_index()
    window_order = {window: i for i, (window, _label) in enumerate(incidence.window_labels(safety))}
    rows = rows.assign(
        window_order=rows["window"].map(window_order),
        n_of_class=rows.groupby(["window", "AEBODSYS"])["n"].transform("max"),
        is_term=rows["AEDECOD"] != "",
    )
    keys = ["window_order", "n_of_class", "AEBODSYS", "is_term", "n", "AEDECOD"]
    return rows.sort_values(keys, ascending=[True, False, True, True, False, True])


def _rows(results: TableResults, windows: Iterable[tuple[str, str]], lines: list[Line]) -> Rows:
    """The classes and terms of some windows, with these lines under each."""
    for window, label in windows:
        yield Row(label)
        inside = [parameter for parameter in results.parameters if parameter[0] == window]
        if not inside:
            yield results.empty(_("No TEAE"), 1)
        for parameter in inside:
            _window, organ_class, term = parameter
            heading = Line(organ_class, incidence.subjects_cell, 1, strong=True)
            any_grade = Line(term, incidence.subjects_cell, 2) if term else heading
            yield from results.rows(parameter, any_grade, *lines)


def _main_rows(results: TableResults, plan: Plan) -> Rows:
    """Any grade, and grade 3 or more."""
    severe = Line(_("grade >=3"), incidence.severe_cell, 3, optional=True)
    yield from _rows(results, incidence.main_windows(plan.safety), [severe])


def _further_rows(results: TableResults, plan: Plan) -> Rows:
    """By worst grade, with the number of events."""
    limit = _("One-sided {level} upper confidence limit of any row with no events, %").format(
        level=percent(plan.statistics.conf_level)
    )
    yield from results.rows(WHOLE_COLUMN, Line(limit, incidence.upper_limit_cell, 0))
    grades = incidence.grade_lines(3, incidence.GROUPED_GRADES)
    lines = [*incidence.number_of_events(3), *grades]
    yield from _rows(results, incidence.window_labels(plan.safety), lines)


_SORTED = N_(
    "Classes are sorted by descending number of subjects (all infused, in the window) and then by"
    " name; so are the terms of a class."
)
OUTPUT = Output(
    name="t_ae_soc_pt",
    analysis_set=SAFETY_SET,
    datasets="ADAE",
    variables={
        "ADSL": ("SAFFL",),
        "ADAE": ("TRTEMFL", "AEBODSYS", "AEDECOD", "AETOXGR"),
    },
    results=lambda datasets, plan: incidence.events_by_column(terms, datasets, plan),
    tables=(
        OutputTable(
            name="t_ae_soc_pt",
            heading=N_(
                "Treatment-emergent adverse events by system organ class and preferred term"
            ),
            size=INFUSED,
            stub=incidence.STUB,
            rows=_main_rows,
            footnotes=lambda plan: (
                definitions.counting(plan.safety),
                sentences(_(_SORTED), _("Grade >=3 is shown where a subject has such an event.")),
            ),
            defined=("Adverse events",),
        ),
        OutputTable(
            name="t_ae_soc_pt_s",
            heading=N_(
                "Treatment-emergent adverse events by system organ class, preferred term and worst"
                " grade"
            ),
            size=INFUSED,
            stub=incidence.STUB,
            rows=_further_rows,
            footnotes=lambda plan: (
                definitions.counting(plan.safety),
                sentences(_(_SORTED), _(definitions.GRADES_SHOWN)),
                definitions.missing_grade(plan.safety),
                definitions.upper_limit(plan.statistics),
            ),
            defined=("Adverse events",),
        ),
    ),
)
