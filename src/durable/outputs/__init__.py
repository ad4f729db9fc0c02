"""The outputs: a module each, with its results, its table and its footnotes.

`OUTPUTS` lists them in the order of their tables. It is light to import: an output's module is
loaded when the output is made.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from durable.outputs.output import Output
    from durable.plan import Plan


@dataclass(frozen=True)
class OutputEntry:
    """An output in the registry: its name, where it is made, and what it is made from."""

    name: str
    """Name in ``ard.csv``; the table is ``tables/NAME.csv``, ``.html`` and ``.rtf``."""
    module: str
    """Module of this package that holds it as `OUTPUT`."""
    ard: tuple[int, ...] = ()
    """Place in ``ard.csv`` of the rows of each function of `Output.results`; last without."""
    datasets: tuple[str, ...] = ("adsl",)
    """Datasets that it needs; it is left out where the study lacks one. Tables of adverse events
    need none of them: without ADAE they say so."""
    of_sensitivity: bool = False
    """Whether it needs sensitivity analyses."""

    def exists(self, plan: Plan, datasets: Collection[str]) -> bool:
        """Whether an analysis has the output.

        Parameters
        ----------
        plan
            The analysis plan.
        datasets
            Names of the datasets that the analysis has.
        """
        wanted = bool(plan.sensitivity) or not self.of_sensitivity
        return wanted and set(self.datasets) <= set(datasets)

    def load(self) -> Output:
        """The output itself."""
        output: Output = import_module(f"{__name__}.{self.module}").OUTPUT
        return output


#: In the order of the tables' numbers, which do not change when one is absent.
OUTPUTS = (
    OutputEntry("t_disposition", "disposition", (13,)),
    OutputEntry("t_baseline", "baseline", (14,)),
    OutputEntry("t_improvement", "improvement", (2,)),
    OutputEntry("t_dor", "time_to_event", (1,)),
    OutputEntry("t_sensitivity", "sensitivity", (12,), of_sensitivity=True),
    OutputEntry("t_ae_overview", "ae_overview", (4, 8)),
    OutputEntry("t_ae_soc_pt", "ae_soc_pt", (5,)),
    OutputEntry("t_ae_crs", "ae_crs", (9,)),
    OutputEntry("t_aesi", "aesi", (6, 7)),
    OutputEntry("t_deaths", "deaths", (11,)),
    OutputEntry("t_dlt", "dlt", (10,)),
    OutputEntry("t_kinetics", "kinetics", (3,), datasets=("adsl", "adpp")),
)


def outputs_of(plan: Plan, datasets: Collection[str]) -> list[OutputEntry]:
    """The outputs of an analysis that has these datasets, in the order of their numbers."""
    return [entry for entry in OUTPUTS if entry.exists(plan, datasets)]


def output_named(name: str) -> Output:
    """The output of this name."""
    (entry,) = (entry for entry in OUTPUTS if entry.name == name)
    return entry.load()
