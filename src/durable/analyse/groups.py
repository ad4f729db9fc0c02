"""Columns of the tables: the levels of each configured group, then the total."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from durable.contracts.results import TOTAL

#: ADSL variable of each group of the plan.
VARIABLES = {"dose_level": "DOSELVL", "part": "PART", "sex": "SEX"}


@dataclass(frozen=True)
class Group:
    """One column of a table and the subjects in it."""

    group_by: str
    group: str
    subjects: frozenset[str]

    def of(self, dataset: pd.DataFrame) -> pd.DataFrame:
        """The group's records of a dataset."""
        return dataset.loc[dataset["USUBJID"].isin(self.subjects)]


def groups(adsl: pd.DataFrame, variables: Iterable[str], population: str = "SAFFL") -> list[Group]:
    """Levels of each variable among the subjects of a population, then all of it.

    Parameters
    ----------
    adsl
        Subject-level dataset.
    variables
        Groups of the plan.
    population
        Flag of the population in ADSL; all infused by default.

    Returns
    -------
    list of Group
        Levels sorted as numbers where all of them are numbers (1e7, 3e7), else as text; Total last.
    """
    members = adsl.loc[adsl[population] == "Y"]
    found = [
        Group(name, level, frozenset(members.loc[members[VARIABLES[name]] == level, "USUBJID"]))
        for name in variables
        for level in _levels(members[VARIABLES[name]])
    ]
    return [*found, Group(*TOTAL, frozenset(members["USUBJID"]))]


def _levels(values: pd.Series[str]) -> list[str]:
    levels = sorted(values.dropna().unique())
    try:
        return sorted(levels, key=float)
    except ValueError:
        return levels
