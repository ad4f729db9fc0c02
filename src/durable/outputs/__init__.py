"""The outputs: a module each, with its results, its table and its footnotes.

`OUTPUTS` lists them in the order of their tables. It is light to import: an output's module is
loaded when the output is made.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from durable.contracts.results import SERIES
from durable.derive.endpoints import ENDPOINTS
from durable.registry import Entry

if TYPE_CHECKING:
    from durable.outputs.output import Output
    from durable.plan import Plan


@dataclass(frozen=True)
class OutputEntry(Entry):
    """An output in the registry: NAME in ``ard.csv``, and its tables ``tables/TABLE.csv``.

    Its module holds it as `OUTPUT`. Tables of adverse events, of improvement and of durations need
    none of the datasets: without ADAE, ADRS or ADTTE they say so.
    """

    tables: tuple[str, ...] = ()
    """Its tables, which have their numbers in `durable.contents`; one of its name when empty."""

    @property
    def table_names(self) -> tuple[str, ...]:
        """Its tables, the main one first."""
        return self.tables or (self.name,)

    def load(self) -> Output:
        """The output itself."""
        output: Output = import_module(f"{__name__}.{self.module}").OUTPUT
        return output


def _with_supplement(*tables: str) -> tuple[str, ...]:
    """Each main table and the supplementary one behind it."""
    return tuple(name for table in tables for name in (table, f"{table}_s"))


#: In the order of their first tables.
OUTPUTS = (
    OutputEntry("t_disposition", "disposition"),
    OutputEntry("t_baseline", "baseline"),
    OutputEntry("t_improvement", "improvement", tables=_with_supplement("t_improvement")),
    OutputEntry("t_dor", "time_to_event", tables=_with_supplement(*(e.table for e in ENDPOINTS))),
    OutputEntry(
        *("t_sensitivity", "sensitivity", ("adrs", "adtte")),
        of_sensitivity=True,
        tables=_with_supplement("t_sensitivity"),
    ),
    OutputEntry("t_subgroups", "subgroups", ("adsl", "adrs", "adtte"), of_subgroups=True),
    OutputEntry("t_ae_overview", "ae_overview", tables=_with_supplement("t_ae_overview")),
    OutputEntry("t_ae_soc_pt", "ae_soc_pt", tables=_with_supplement("t_ae_soc_pt")),
    OutputEntry("t_ae_crs", "ae_crs"),
    OutputEntry("t_aesi", "aesi"),
    OutputEntry("t_dlt", "dlt"),
    OutputEntry("t_deaths", "deaths"),
    OutputEntry(
        *("t_kinetics", "kinetics", ("adsl", "adpp")), tables=_with_supplement("t_kinetics")
    ),
)

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
)


def tables_of(plan: Plan, datasets: Collection[str]) -> list[str]:
    """The tables of an analysis that has these datasets, in the order in which they are shown."""
    entries = (entry for entry in OUTPUTS if entry.exists(plan, datasets))
    return plan.outputs.chosen(name for entry in entries for name in entry.table_names)


def tables_of_series(plan: Plan) -> list[str]:
    """The tables that a series of cut-offs shows, in the order in which they are."""
    entries = (entry for entry in OUTPUTS if entry.name in SERIES)
    return plan.outputs.chosen(name for entry in entries for name in entry.table_names)


def entry_of_table(name: str) -> OutputEntry:
    """The output that a table is of."""
    return next(entry for entry in OUTPUTS if name in entry.table_names)


def output_named(name: str) -> Output:
    """The output of this name."""
    (entry,) = (entry for entry in OUTPUTS if entry.name == name)
    return entry.load()
