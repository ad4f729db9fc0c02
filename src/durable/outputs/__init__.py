"""The outputs: a module each, with its results, its table and its footnotes.

`OUTPUTS` lists them in the order of their tables. It is light to import: an output's module is
loaded when the output is made.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from durable.contents import require_numbers
from durable.contracts.results import SERIES
from durable.derive.drug_free import DRUG_FREE_ENDPOINTS
from durable.derive.endpoints import STANDARD_ENDPOINTS, asks_for_endpoint
from durable.registry import Entry

if TYPE_CHECKING:
    from durable.derive.endpoint import Endpoint
    from durable.outputs.output import Output
    from durable.plan import Plan


def _monitors_improvement(plan: Plan) -> bool:
    return plan.monitoring is not None and plan.monitoring.improvement is not None


def _has_safety_boundaries(plan: Plan) -> bool:
    return plan.monitoring is not None and bool(plan.monitoring.safety)


def _has_escalation_rules(plan: Plan) -> bool:
    return plan.monitoring is not None and plan.monitoring.escalation is not None


def _may_be_reinfused(plan: Plan) -> bool:
    return plan.response.reinfusion is not None


@dataclass(frozen=True)
class OutputEntry(Entry):
    """An output in the registry: NAME in ``ard.csv``, and its tables ``tables/TABLE.csv``.

    Its module holds it as `OUTPUT`, or among several as `OUTPUTS`. Tables of adverse events, of
    improvement and of durations need none of the datasets: without ADAE, ADRS or ADTTE they say so.
    """

    tables: tuple[str, ...] = ()
    """Names of its tables, numbered in `durable.contents`; one, of the output's name, if empty."""

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names of the output's tables, the main one first; at least one."""
        return self.tables or (self.name,)

    def load(self) -> Output:
        """The `Output` of this name; its module is imported now."""
        module = import_module(f"{__name__}.{self.module}")
        outputs: tuple[Output, ...] = getattr(module, "OUTPUTS", ()) or (module.OUTPUT,)
        return next(output for output in outputs if output.name == self.name)


def _with_supplement(*tables: str) -> tuple[str, ...]:
    """Each main table and the supplementary one behind it."""
    return tuple(name for table in tables for name in (table, f"{table}_s"))


def _endpoint_entry(endpoint: Endpoint) -> OutputEntry:
    """The output of an endpoint that a plan may ask for."""
    return OutputEntry(
        *(endpoint.table, "drug_free", ("adsl", "adtte")),
        tables=_with_supplement(endpoint.table),
        asked=partial(asks_for_endpoint, endpoint.code),
    )


#: In the order of their first tables.
OUTPUTS = (
    OutputEntry("t_disposition", "disposition"),
    OutputEntry("t_baseline", "baseline"),
    OutputEntry(
        *("t_eligibility", "eligibility", ("adsl", "adie")),
        tables=_with_supplement("t_eligibility"),
    ),
    OutputEntry("t_exposure", "exposure", asked=lambda plan: plan.exposure is not None),
    OutputEntry("t_deviations", "deviations", ("adsl", "addv")),
    OutputEntry("t_reinfusion", "reinfusion", asked=_may_be_reinfused),
    OutputEntry("t_improvement", "improvement", tables=_with_supplement("t_improvement")),
    OutputEntry(
        *("t_dor", "time_to_event"),
        tables=_with_supplement(*(endpoint.table for endpoint in STANDARD_ENDPOINTS)),
    ),
    OutputEntry(
        *("t_sensitivity", "sensitivity", ("adrs", "adtte")),
        of_sensitivity=True,
        tables=_with_supplement("t_sensitivity"),
    ),
    OutputEntry("t_subgroups", "subgroups", ("adsl", "adrs", "adtte"), of_subgroups=True),
    OutputEntry(
        *("t_response_visits", "response_visits", ("adsl", "adrs")),
        tables=_with_supplement("t_response_visits"),
    ),
    OutputEntry("t_cuminc", "cuminc", tables=_with_supplement("t_cuminc")),
    OutputEntry("t_inresponse", "inresponse", tables=_with_supplement("t_inresponse")),
    OutputEntry(
        *("t_glucocorticoid", "glucocorticoid", ("adsl", "adrs")),
        tables=_with_supplement("t_glucocorticoid"),
        asked=lambda plan: plan.response.asks_for("dose"),
    ),
    OutputEntry("t_monitoring", "monitoring", ("adsl", "adrs"), asked=_monitors_improvement),
    *(_endpoint_entry(endpoint) for endpoint in DRUG_FREE_ENDPOINTS),
    OutputEntry(
        *("t_estimands", "estimands", ("adsl", "adrs", "adtte")),
        asked=lambda plan: plan.outputs.estimands,
    ),
    OutputEntry("t_ae_overview", "ae_overview", tables=_with_supplement("t_ae_overview")),
    OutputEntry("t_ae_soc_pt", "ae_soc_pt", tables=_with_supplement("t_ae_soc_pt")),
    OutputEntry("t_ae_crs", "ae_crs"),
    OutputEntry("t_aesi", "aesi"),
    OutputEntry("t_dlt", "dlt"),
    OutputEntry(
        *("t_escalation", "escalation", ("adsl", "adae")),
        asked=_has_escalation_rules,
        tables=_with_supplement("t_escalation"),
    ),
    OutputEntry(
        *("t_safety_boundary", "safety_boundary", ("adsl", "adae")),
        asked=_has_safety_boundaries,
        tables=_with_supplement("t_safety_boundary"),
    ),
    OutputEntry("t_deaths", "deaths"),
    OutputEntry(
        *("t_laboratory", "laboratory", ("adsl", "adlb")), tables=_with_supplement("t_laboratory")
    ),
    OutputEntry(
        *("t_lab_shift", "lab_shift", ("adsl", "adlb")), tables=_with_supplement("t_lab_shift")
    ),
    OutputEntry("t_bcells", "b_cells", ("adsl", "adlb", "adbc")),
    OutputEntry("t_icaht", "icaht", ("adsl", "adlb")),
    OutputEntry(
        *("t_kinetics", "kinetics", ("adsl", "adpp")), tables=_with_supplement("t_kinetics")
    ),
    OutputEntry(
        *("t_cells_outcome", "cells_outcome", ("adsl", "adrs", "adpp")),
        tables=_with_supplement("t_cells_outcome"),
        asked=lambda plan: plan.cells_outcome is not None,
    ),
)

require_numbers(name for entry in OUTPUTS for name in entry.table_names)

#: Order of the rows in ``ard.csv``: by output, as the outputs were written one after another, so
#: that an analysis can be compared with an earlier one line by line. An output that is not named
#: here stands last. Where a second function of an output has rows, it is named behind a point.
ORDER_OF_ROWS = (
    "t_dor",
    "t_improvement",
    "t_kinetics",
    "t_ae_overview",
    "t_ae_soc_pt",
    "t_aesi",
    "t_ae_overview.further_results",
    "t_ae_crs",
    "t_dlt",
    "t_deaths",
    "t_sensitivity",
    "t_disposition",
    "t_baseline",
    "t_subgroups",
    "t_response_visits",
    "t_glucocorticoid",
    "t_monitoring",
    "t_safety_boundary",
    "t_escalation",
    "t_eligibility",
    "t_cuminc",
    "t_inresponse",
    "t_exposure",
    "t_cells_outcome",
    "t_laboratory",
    "t_lab_shift",
    "t_bcells",
    "t_icaht",
    "t_ae_crs.further_results",
    *(endpoint.table for endpoint in DRUG_FREE_ENDPOINTS),
    "t_estimands",
    "t_deviations",
    "t_reinfusion",
)


#: Supplementary tables that say nothing of the data at a cut-off, or all of it again.
_OF_NO_CUTOFF = ("t_safety_boundary_s",)


def tables_of(plan: Plan, available: Collection[str]) -> list[str]:
    """Names of the tables of an analysis, in the order of the plan.

    Without those that the plan does not show (``outputs.shells``). `available` has the names of the
    datasets, in lower case, and of the input tables of the analysis.
    """
    entries = (entry for entry in OUTPUTS if entry.exists(plan, available))
    return plan.outputs.select(name for entry in entries for name in entry.table_names)


def tables_of_series(plan: Plan) -> list[str]:
    """Names of the tables that a series of cut-offs shows, in the order of the plan."""
    entries = (entry for entry in OUTPUTS if entry.name in SERIES and entry.asked(plan))
    names = (name for entry in entries for name in entry.table_names)
    return plan.outputs.select(name for name in names if name not in _OF_NO_CUTOFF)


def entry_of_table(name: str) -> OutputEntry:
    """The output that has a table of this name; StopIteration without one."""
    return next(entry for entry in OUTPUTS if name in entry.table_names)


def output_named(name: str) -> Output:
    """The output of this name, loaded; ValueError without one."""
    (entry,) = (entry for entry in OUTPUTS if entry.name == name)
    return entry.load()
