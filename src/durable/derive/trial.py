"""What the efficacy datasets are derived from: the trial itself, and its validated tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from durable.plan import Plan
from durable.schedule import Visit


@dataclass(frozen=True)
class Trial:
    """What the datasets say of the trial itself."""

    study: str
    """STUDYID."""
    cutoff: dt.date
    schedule: tuple[Visit, ...]

    @classmethod
    def of_plan(cls, plan: Plan) -> Trial:
        """The trial of a plan, at its data cut-off."""
        return cls(plan.study.id, plan.analysis.data_cutoff, plan.schedule)


@dataclass(frozen=True)
class ValidatedTables:
    """Validated tables after the data cut-off."""

    subjects: pd.DataFrame
    visits: pd.DataFrame
    therapies: pd.DataFrame | None
    """None where the study has none."""

    @classmethod
    def read(cls, folder: Path) -> ValidatedTables:
        """The tables in ``validated/``."""
        subjects, therapies = read_people(folder)
        visits = pd.read_parquet(folder / "validated" / "visits.parquet")
        return cls(subjects, visits, therapies)

    def blocks(self, size: int) -> Iterator[ValidatedTables]:
        """The tables of so many subjects at a time, in the order of their names; at least once."""
        subjects = self.subjects.sort_values("subject_id", ignore_index=True)
        names = pd.Index(subjects["subject_id"])
        if len(names) <= size:
            yield ValidatedTables(subjects, self.visits, self.therapies)
            return
        of_visit = names.get_indexer(pd.Index(self.visits["subject_id"])) // size
        for block in range(-(-len(names) // size)):
            some = subjects.iloc[block * size : (block + 1) * size]
            therapies = self.therapies
            if therapies is not None:
                therapies = therapies.loc[therapies["subject_id"].isin(some["subject_id"])]
            yield ValidatedTables(some, self.visits.loc[of_visit == block], therapies)


def read_people(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The validated subjects and their therapies, None where the study has none."""
    return (
        pd.read_parquet(folder / "validated" / "subjects.parquet"),
        _read_optional(folder / "validated" / "therapies.parquet"),
    )


def _read_optional(path: Path) -> pd.DataFrame | None:
    return pd.read_parquet(path) if path.exists() else None
