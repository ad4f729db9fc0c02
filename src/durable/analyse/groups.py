"""Columns of the tables: the levels of each configured group, then the total."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


_TEXT = ("USUBJID", "PARAMCD", "AVISIT", "AVALC", "ABLFL", "ANL01FL", "REASON")


def read_adrs(folder: Path, columns: list[str], filters: list[Any]) -> pd.DataFrame:
    """Some columns of the records of ADRS that an analysis needs: all are thirty an assessment.

    Text is compared by its code in the file, and made text again for the chosen records alone.
    `filters` are those of `pandas.read_parquet`.
    """
    path = folder / "adam" / "adrs.parquet"
    coded = [name for name in _TEXT if name in columns]
    records = pd.read_parquet(path, columns=columns, filters=filters, read_dictionary=coded)
    text = {name: records[name].astype(object) for name in coded}
    return records.assign(**{name: t.mask(t.isna(), None) for name, t in text.items()})
