"""The outputs: a module each, with its results, its table and its footnotes.

`OUTPUTS` lists them in the order of their tables. It is light to import: an output's module is
loaded when the output is made.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from typing import TYPE_CHECKING

from durable.registry import Entry

if TYPE_CHECKING:
    from durable.outputs.output import Output
    from durable.plan import Plan


class OutputEntry(Entry):
    """An output in the registry: NAME in ``ard.csv``, and its table ``tables/NAME.csv`` and so on.

    Its module holds it as `OUTPUT`. Tables of adverse events, of improvement and of durations need
    none of the datasets: without ADAE, ADRS or ADTTE they say so.
    """

    def load(self) -> Output:
        """The output itself."""
        output: Output = import_module(f"{__name__}.{self.module}").OUTPUT
        return output


#: In the order of the tables' numbers, which do not change when one is absent.
OUTPUTS = (
    OutputEntry("t_disposition", "disposition"),
    OutputEntry("t_baseline", "baseline"),
    OutputEntry("t_improvement", "improvement"),
    OutputEntry("t_dor", "time_to_event"),
    OutputEntry("t_sensitivity", "sensitivity", ("adrs", "adtte"), of_sensitivity=True),
    OutputEntry("t_ae_overview", "ae_overview"),
    OutputEntry("t_ae_soc_pt", "ae_soc_pt"),
    OutputEntry("t_ae_crs", "ae_crs"),
    OutputEntry("t_aesi", "aesi"),
    OutputEntry("t_deaths", "deaths"),
    OutputEntry("t_dlt", "dlt"),
    OutputEntry("t_kinetics", "kinetics", datasets=("adsl", "adpp")),
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
)


def outputs_of(plan: Plan, datasets: Collection[str]) -> list[OutputEntry]:
    """The outputs of an analysis that has these datasets, in the order of their numbers."""
    return [entry for entry in OUTPUTS if entry.exists(plan, datasets)]


def output_named(name: str) -> Output:
    """The output of this name."""
    (entry,) = (entry for entry in OUTPUTS if entry.name == name)
    return entry.load()
