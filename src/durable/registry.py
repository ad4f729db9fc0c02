"""Entries of the registries of tables, listings and figures, and when an analysis has them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from durable.plan import Plan


def dataset_names(tables: Collection[str], plan: Plan) -> tuple[str, ...]:
    """Names in lower case of the datasets made from these input tables, as define.xml sorts them.

    ``adsl`` is always among them, and ``addv`` wherever the plan asks for deviations: what a table
    that the study lacks would show is not assessable there.
    """
    assessments = ("adrs", "adtte") if "visits" in tables else ()
    adverse_events = ("adae",) if "adverse_events" in tables else ()
    laboratory = ("adlb", "adbc") if "laboratory" in tables else ()
    kinetics = ("adpc", "adpp") if "kinetics" in tables else ()
    eligibility = ("adie",) if {"screening", "eligibility"} & set(tables) else ()
    lymphodepletion = ("adex",) if "lymphodepletion" in tables else ()
    deviations = () if plan.deviations is None else ("addv",)
    of_safety = (*adverse_events, *laboratory, *kinetics)
    return ("adsl", *assessments, *of_safety, *eligibility, *lymphodepletion, *deviations)


def available_names(tables: Collection[str], plan: Plan) -> tuple[str, ...]:
    """What outputs can be made from: these input tables and the datasets made from them."""
    return (*dataset_names(tables, plan), *tables)


def _always(_: Plan) -> bool:
    return True


@dataclass(frozen=True)
class Entry:
    """What an analysis makes from its datasets, loaded by its module when it is made."""

    name: str
    module: str
    """Module of the registry's package that holds it."""
    datasets: tuple[str, ...] = ("adsl",)
    """Datasets that it needs, and input tables whose records it reads; it is left out where the
    study lacks one."""
    of_sensitivity: bool = False
    """Whether it needs sensitivity analyses."""
    of_subgroups: bool = False
    """Whether it needs subgroups."""
    asked: Callable[[Plan], bool] = _always
    """Whether the plan asks for it."""

    def exists(self, plan: Plan, available: Collection[str]) -> bool:
        """Whether an analysis has the entry: the plan asks for it, and what it needs is there.

        Parameters
        ----------
        plan
            The analysis plan.
        available
            Names of the datasets, in lower case, and of the input tables that the analysis has.
        """
        wanted = (bool(plan.sensitivity) or not self.of_sensitivity) and (
            bool(plan.subgroups) or not self.of_subgroups
        )
        return wanted and self.asked(plan) and set(self.datasets) <= set(available)
