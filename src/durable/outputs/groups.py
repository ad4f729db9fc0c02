"""Columns of the tables: the levels of each configured group, then the total."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.results import (
    NOT_RECORDED,
    PRIMARY,
    TOTAL,
    WHOLE_COLUMN,
    Parameter,
    Statistic,
)
from durable.contracts.subgroups import GroupVariable
from durable.doses import sorted_levels

#: Statistics, each with the parameter that it is of.
Estimates = Iterator[tuple[Parameter, Statistic]]


@dataclass(frozen=True)
class Group:
    """One column of a table, the subjects in it and the analysis that it is of."""

    group_by: str
    """Name of the variable in the plan."""
    group: str
    """Level of the variable, or `NOT_RECORDED`."""
    subjects: frozenset[str]
    """USUBJID of the subjects."""
    analysis: str = PRIMARY

    def select(self, dataset: pd.DataFrame) -> pd.DataFrame:
        """The records of the group's subjects in a dataset that has USUBJID."""
        names = dataset["USUBJID"]
        if names.dtype != "category":
            return dataset.loc[self._holds(names)]
        held = np.append(self._holds(names.cat.categories), [False])
        return dataset.loc[held[names.cat.codes]]

    def _holds(self, names: Iterable[str]) -> npt.NDArray[np.bool_]:
        return np.fromiter(map(self.subjects.__contains__, names), dtype=bool)


def of_parameter(parameter: Parameter, statistics: Iterable[Statistic]) -> Estimates:
    """Pairs of the parameter and each of the statistics."""
    return ((parameter, statistic) for statistic in statistics)


def not_made(columns: Iterable[Group], reason: str) -> Iterator[tuple[Group, Estimates]]:
    """Each column with n_infused alone, whose note says why the study has no other numbers."""
    for column in columns:
        n = Statistic("n_infused", len(column.subjects), note=reason)
        yield column, iter([(WHOLE_COLUMN, n)])


def groups(
    adsl: pd.DataFrame,
    variables: Iterable[GroupVariable],
    population: str = "SAFFL",
    *,
    empty: bool = False,
) -> list[Group]:
    """Levels of each variable among the subjects of a population, then all of it.

    Parameters
    ----------
    adsl
        Subject-level dataset.
    variables
        Groups of the plan.
    population
        Flag of the population in ADSL; all infused by default.
    empty
        Whether a level that the plan declares has a group even without a subject.

    Returns
    -------
    list of Group
        Levels in the order of the plan, and of no other than it declares; where it declares none,
        those recorded: doses and numbers by value (`sorted_levels`), else sorted as text.
        Then of each variable those for whom it is not recorded, where there are any; `TOTAL`, of
        all members of the population, last.
    """
    members = adsl.loc[adsl[population] == "Y"]
    columns = []
    for variable in variables:
        name, values = variable.name, members[variable.variable]
        for level in _levels(values, variable.levels, empty=empty):
            columns.append(Group(name, level, frozenset(members.loc[values == level, "USUBJID"])))
        if values.isna().any():
            unknown = frozenset(members.loc[values.isna(), "USUBJID"])
            columns.append(Group(name, NOT_RECORDED, unknown))
    return [*columns, Group(*TOTAL, frozenset(members["USUBJID"]))]


def _levels(values: pd.Series[str], declared: tuple[str, ...], *, empty: bool) -> list[str]:
    levels = sorted(values.dropna().unique())
    if declared:
        return [level for level in declared if empty or level in levels]
    return sorted_levels(levels)
