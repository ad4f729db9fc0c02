"""The outputs: a module each, with its results, its table and its footnotes.

`OUTPUTS` lists them in the order of their tables. It is light to import: an output's module is
loaded when the output is made.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from durable.registry import Entry

if TYPE_CHECKING:
    from durable.outputs.output import Output
    from durable.plan import Plan


@dataclass(frozen=True)
class OutputEntry(Entry):
    """An output in the registry: NAME in ``ard.csv``, and its table ``tables/NAME.csv`` and so on.

    Its module holds it as `OUTPUT`. Tables of adverse events need none of the datasets: without
    ADAE they say so.
    """

    ard: tuple[int, ...] = ()
    """Place in ``ard.csv`` of the rows of each function of `Output.results`; last without."""

    def load(self) -> Output:
        """The output itself."""
        output: Output = import_module(f"{__name__}.{self.module}").OUTPUT
        return output


#: In the order of the tables' numbers, which do not change when one is absent.
OUTPUTS = (
    OutputEntry("t_disposition", "disposition", ard=(13,)),
    OutputEntry("t_baseline", "baseline", ard=(14,)),
    OutputEntry("t_improvement", "improvement", ard=(2,)),
    OutputEntry("t_dor", "time_to_event", ard=(1,)),
    OutputEntry("t_sensitivity", "sensitivity", ard=(12,), of_sensitivity=True),
    OutputEntry("t_ae_overview", "ae_overview", ard=(4, 8)),
    OutputEntry("t_ae_soc_pt", "ae_soc_pt", ard=(5,)),
    OutputEntry("t_ae_crs", "ae_crs", ard=(9,)),
    OutputEntry("t_aesi", "aesi", ard=(6, 7)),
    OutputEntry("t_deaths", "deaths", ard=(11,)),
    OutputEntry("t_dlt", "dlt", ard=(10,)),
    OutputEntry("t_kinetics", "kinetics", ard=(3,), datasets=("adsl", "adpp")),
)


def outputs_of(plan: Plan, datasets: Collection[str]) -> list[OutputEntry]:
    """The outputs of an analysis that has these datasets, in the order of their numbers."""
    return [entry for entry in OUTPUTS if entry.exists(plan, datasets)]


def output_named(name: str) -> Output:
    """The output of this name."""
    (entry,) = (entry for entry in OUTPUTS if entry.name == name)
    return entry.load()
