"""ADSL: one record per subject."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from durable.jdm.measures import COMPONENTS
from durable.jdm.parameters import ATTAINABLE_SCORE, ENZYME_AT_BASELINE, ENZYME_FOLLOWED
from durable.jdm.response import Response
from durable.jdm.scores import attainable


def derive(
    subjects: pd.DataFrame,
    frame: pd.DataFrame,
    start: pd.Series[int],
    ever: pd.Series[int],
    new_therapy: pd.Series[pd.Timestamp],
    study: str,
    cutoff: dt.date,
    response: Response,
) -> pd.DataFrame:
    """Subject-level dataset (see `contracts.adam`), sorted by USUBJID.

    Parameters
    ----------
    subjects
        Validated table after the data cut-off.
    frame
        Assessments, as `assessments.assess` returns them.
    start, ever
        Row of `frame` with the first remission by subject: the one that is credited, and the first
        whatever therapy came before it.
    new_therapy
        Start of the first new systemic therapy since the infusion, by subject.
    """
    rows = subjects.sort_values("subject_id", ignore_index=True)
    subject = rows["subject_id"]
    infusion = rows["infusion_date"]
    cut = pd.Series(pd.Timestamp(cutoff).as_unit("ns"), index=rows.index)
    base = _baseline(frame, response).reindex(subject)
    remission, any_remission = (
        subject.map(frame["visit_date"].loc[rows].set_axis(rows.index)) for rows in (start, ever)
    )
    enzyme = base["value_enzyme"].where(base["enzyme"].notna())
    therapy = subject.map(new_therapy).astype("datetime64[ns]")
    return pd.DataFrame(
        {
            "STUDYID": study,
            "USUBJID": subject,
            "SUBJID": subject,
            "PART": rows["part"],
            "DOSELVL": rows["dose_level"],
            "CELLSKG": rows["cells_per_kg"],
            "SEX": rows["sex"],
            "AGE": rows["age_years"],
            "RFICDT": rows["consent_date"],
            "LDDT": rows["lymphodepletion_date"],
            "TRTSDT": infusion,
            "LSTALVDT": rows["last_contact_date"],
            "DTHDT": rows["death_date"],
            "EOSDT": rows["withdrawal_date"],
            "DCSREAS": rows["withdrawal_reason"],
            "CUTDT": cut,
            "CUTDY": study_day(cut, infusion),
            "DTHDY": study_day(rows["death_date"], infusion),
            "ENRLFL": flag(rows["consent_date"].notna()),
            "LDFL": flag(rows["lymphodepletion_date"].notna()),
            "SAFFL": flag(infusion.notna()),
            "REMFL": flag(remission.notna()),
            "DTHFL": flag(rows["death_date"].notna()),
            "BLDT": base["visit_date"].to_numpy(),
            ENZYME_FOLLOWED.name: base["enzyme"].to_numpy(object),
            ENZYME_AT_BASELINE.name: enzyme.to_numpy(float),
            ATTAINABLE_SCORE.name: base["attainable"].to_numpy(float),
            "BLREMFL": base["remission"].map({1.0: "Y", 0.0: "N"}).fillna("U").to_numpy(object),
            "REMSDT": remission,
            "NSTDT": therapy,
            "NSTPREFL": flag(therapy < any_remission),
            "SRCDOM": "subjects",
            "SRCVAR": "subject_id",
            "SRCSEQ": rows["source_row"],
        }
    )


def flag(condition: pd.Series[bool]) -> pd.Series[str]:
    """Y and N of a condition."""
    return pd.Series(np.where(condition, "Y", "N"), index=condition.index, dtype=object)


def study_day(date: pd.Series[pd.Timestamp], reference: pd.Series[pd.Timestamp]) -> pd.Series[int]:
    """CDISC study day: the reference date is day 1, the day before is day -1; there is no day 0."""
    days = (date - reference).dt.days
    return (days + (days >= 0)).astype("Int64")


def _baseline(frame: pd.DataFrame, response: Response) -> pd.DataFrame:
    kept = ["baseline", "subject_id", "visit_date", "enzyme", "value_enzyme", "remission"]
    rows = frame[kept + [f"base_{c}" for c in COMPONENTS]].loc[frame["baseline"]]
    return rows.set_index("subject_id").assign(attainable=attainable(rows, response).to_numpy())
