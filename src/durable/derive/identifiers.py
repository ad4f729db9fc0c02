"""USUBJID and SUBJID of the subjects: one across studies, one for the readers of this study."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def with_identifiers(subjects: pd.DataFrame, study: str) -> pd.DataFrame:
    """The subjects with USUBJID as ``subject_id`` and SUBJID as ``study_subject_id``.

    Where ``study_subject_id`` is recorded, ``subject_id`` is one across studies already (USUBJID of
    an SDTM package). Elsewhere ``subject_id`` is that of the study, and USUBJID the study before
    it: ``STUDY-SUBJECT``.

    Parameters
    ----------
    subjects
        The validated table, all of it.
    study
        STUDYID.
    """
    own = subjects["subject_id"].astype(object)
    if "study_subject_id" in subjects and subjects["study_subject_id"].notna().any():
        # Two subjects with one SUBJID, which `check` reports, are not taken for one.
        within = subjects["study_subject_id"].astype(object)
        known = within.notna() & ~within.duplicated(keep=False)
        return subjects.assign(study_subject_id=within.where(known, own))
    return subjects.assign(subject_id=f"{study}-" + own, study_subject_id=own)


def unique_identifiers(folder: Path, study: str) -> pd.Series[str]:
    """USUBJID by the ``subject_id`` of the validated tables of an analysis."""
    path = folder / "validated" / "subjects.parquet"
    subjects = pd.read_parquet(path, columns=["subject_id", "study_subject_id"])
    identified = with_identifiers(subjects, study)
    return identified["subject_id"].set_axis(subjects["subject_id"].astype(object))


def renamed(table: pd.DataFrame, unique: pd.Series[str]) -> pd.DataFrame:
    """A validated table with USUBJID as ``subject_id``; rows of unknown subjects keep theirs."""
    codes, names = pd.factorize(table["subject_id"])
    found = pd.Series(names, dtype=object)
    return table.assign(subject_id=found.map(unique).fillna(found).to_numpy(object)[codes])
