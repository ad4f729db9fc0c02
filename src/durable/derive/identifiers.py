"""USUBJID and SUBJID of the subjects: one across studies, one for the readers of this study."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def with_identifiers(subjects: pd.DataFrame, study: str) -> pd.DataFrame:
    """The subjects with USUBJID as ``subject_id`` and SUBJID as ``study_subject_id``.

    Where anybody has a ``study_subject_id``, ``subject_id`` is one across studies already (USUBJID
    of an SDTM package), and is SUBJID too of a subject whose ``study_subject_id`` is missing or
    another's as well. Elsewhere ``subject_id`` is that of the study, and USUBJID the study before
    it: ``STUDY-SUBJECT``.

    Parameters
    ----------
    subjects
        The validated table, all of it.
    study
        STUDYID.
    """
    identifiers = subjects["subject_id"].astype(object)
    if "study_subject_id" in subjects and subjects["study_subject_id"].notna().any():
        # Two subjects with one SUBJID, which `check` reports, are not taken for one.
        study_identifiers = subjects["study_subject_id"].astype(object)
        known = study_identifiers.notna() & ~study_identifiers.duplicated(keep=False)
        return subjects.assign(study_subject_id=study_identifiers.where(known, identifiers))
    return subjects.assign(subject_id=f"{study}-" + identifiers, study_subject_id=identifiers)


def unique_identifiers(folder: Path, study: str) -> pd.Series[str]:
    """USUBJID, indexed by the ``subject_id`` of the validated tables in a folder of results."""
    path = folder / "validated" / "subjects.parquet"
    subjects = pd.read_parquet(path, columns=["subject_id", "study_subject_id"])
    identified = with_identifiers(subjects, study)
    return identified["subject_id"].set_axis(subjects["subject_id"].astype(object))


def with_usubjid(table: pd.DataFrame, unique: pd.Series[str]) -> pd.DataFrame:
    """A validated table with USUBJID as ``subject_id``; rows of unknown subjects keep theirs."""
    codes, names = pd.factorize(table["subject_id"])
    identifiers = pd.Series(names, dtype=object)
    return table.assign(
        subject_id=identifiers.map(unique).fillna(identifiers).to_numpy(object)[codes]
    )
