"""What the efficacy datasets are derived from: the trial itself, and its validated tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from durable.contracts.subgroups import Subgroup
from durable.derive.identifiers import unique_identifiers, with_identifiers, with_usubjid
from durable.derive.laboratory_results import b_cell_results
from durable.plan import Laboratory, Plan
from durable.schedule import Visit


@dataclass(frozen=True)
class Trial:
    """What the datasets say of the trial itself."""

    study: str
    """STUDYID."""
    cutoff: dt.date
    schedule: tuple[Visit, ...]
    treatment: str = "Study treatment"
    """What the planned and the actual treatment of a subject begin with."""
    subgroups: tuple[Subgroup, ...] = ()
    """Groups of subjects that the plan declares."""

    @classmethod
    def of_plan(cls, plan: Plan) -> Trial:
        """The trial of a plan, at its data cut-off."""
        study, cutoff = plan.study, plan.analysis.data_cutoff
        treatment = study.treatment or cls.treatment
        return cls(study.id, cutoff, plan.schedule, treatment, plan.subgroup_variables)


@dataclass(frozen=True)
class ValidatedTables:
    """Validated tables after the data cut-off."""

    subjects: pd.DataFrame
    visits: pd.DataFrame
    therapies: pd.DataFrame | None
    """None where the study has none."""
    b_cells: pd.DataFrame | None = None
    """Results of B cells, as `b_cell_results` returns them; None where no definition reads them."""

    @classmethod
    def read(
        cls, folder: Path, study: str, laboratory: Laboratory | None = None
    ) -> ValidatedTables:
        """The tables in ``validated/``, with USUBJID as ``subject_id``.

        Parameters
        ----------
        laboratory
            Section of the plan where a definition of response reads the B cells; None otherwise,
            and then `b_cells` is None.
        """
        subjects, therapies = read_people(folder, study)
        identifiers = unique_identifiers(folder, study)
        visits = with_usubjid(pd.read_parquet(folder / "validated" / "visits.parquet"), identifiers)
        path, b_cells = folder / "validated" / "laboratory.parquet", None
        if laboratory is not None and path.exists():
            samples = with_usubjid(pd.read_parquet(path), identifiers)
            b_cells = b_cell_results(subjects, samples, laboratory)
        return cls(subjects, visits, therapies, b_cells)

    def blocks(self, size: int) -> Iterator[ValidatedTables]:
        """The tables of `size` subjects at a time, by ``subject_id``; once where there is nobody.

        Results of B cells are those of all subjects each time.
        """
        subjects = self.subjects.sort_values("subject_id", ignore_index=True)
        names = pd.Index(subjects["subject_id"])
        if len(names) <= size:
            yield replace(self, subjects=subjects)
            return
        of_visit = names.get_indexer(pd.Index(self.visits["subject_id"])) // size
        for block in range(-(-len(names) // size)):
            block_subjects = subjects.iloc[block * size : (block + 1) * size]
            therapies = self.therapies
            if therapies is not None:
                therapies = therapies.loc[
                    therapies["subject_id"].isin(block_subjects["subject_id"])
                ]
            yield ValidatedTables(
                block_subjects, self.visits.loc[of_visit == block], therapies, self.b_cells
            )


#: Columns of the subjects that ADSL has only where somebody has a value.
OPTIONAL = ("site", "race", "ethnicity", "planned_arm", "apheresis_date")


def read_people(folder: Path, study: str) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The validated subjects and their therapies, None where the study has none.

    USUBJID is ``subject_id`` in both (`identifiers`). Optional columns that nobody has a value of
    are left out.
    """
    subjects = pd.read_parquet(folder / "validated" / "subjects.parquet")
    unrecorded = [name for name in OPTIONAL if name in subjects and subjects[name].isna().all()]
    subjects = with_identifiers(subjects.drop(columns=unrecorded), study)
    path = folder / "validated" / "therapies.parquet"
    if not path.exists():
        return subjects, None
    return subjects, with_usubjid(pd.read_parquet(path), unique_identifiers(folder, study))
