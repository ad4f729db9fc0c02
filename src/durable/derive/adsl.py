"""ADSL: one record per subject."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from durable.contracts.adam.adsl import OPTIONAL_VARIABLES
from durable.contracts.adam.subject_variables import SUBJECT_VARIABLES
from durable.contracts.partial_dates import partial_column
from durable.contracts.subgroups import Subgroup
from durable.derive.trial import Trial
from durable.derive.variables import mark, study_day
from durable.jdm.measures import COMPONENTS
from durable.jdm.parameters import (
    ATTAINABLE_SCORE,
    ENZYME_AT_BASELINE,
    ENZYME_FOLLOWED,
    OF_ASSESSMENTS,
)
from durable.jdm.reinfusion import Reinfusion
from durable.jdm.response import Response
from durable.jdm.scores import attainable_score
from durable.vocabulary import IMPUTATION_FLAGS, NEW_THERAPY, REINFUSION


class FirstRemission(NamedTuple):
    """Index of the assessment with the first remission, by ``subject_id``; only who has one."""

    credited: pd.Series[int]
    """Of the remissions that the strategy for new systemic therapy credits."""
    ever: pd.Series[int]
    """Of all, whatever therapy came before."""


def describe_subjects(
    trial: Trial,
    subjects: pd.DataFrame,
    new_therapy: pd.DataFrame,
    reinfusion: Reinfusion | None = None,
) -> pd.DataFrame:
    """The variables of ADSL that no assessment decides, one row per subject, by USUBJID.

    Parameters
    ----------
    trial
        Study and data cut-off.
    subjects
        Validated table after the data cut-off.
    new_therapy
        The first new systemic therapy since the infusion, indexed by ``subject_id``: the columns of
        `new_therapy.with_reinfusions`.
    reinfusion
        How a second infusion counts; None where the plan does not say it: the variables of the
        second period are left out.
    """
    rows = subjects.sort_values("subject_id", ignore_index=True)
    cutoff = pd.Timestamp(trial.cutoff).as_unit("ns")
    return pd.DataFrame(
        {
            "STUDYID": trial.study,
            **_recorded_variables(rows),
            **_treatments(rows, trial.treatment),
            **_days(rows, pd.Series(cutoff, index=rows.index)),
            "NSTDT": rows["subject_id"].map(new_therapy["start_date"]).astype("datetime64[ns]"),
            "SRCDOM": "subjects",
            "SRCVAR": "subject_id",
            "SRCSEQ": rows["source_row"],
            **_imputation_flags(rows, new_therapy),
            **({} if reinfusion is None else _second_period(rows, new_therapy)),
            **_group_variables(rows, trial.subgroups),
        }
    )


def _second_period(rows: pd.DataFrame, new_therapy: pd.DataFrame) -> dict[str, Any]:
    """The second infusion, and whether it is the first new therapy (`with_reinfusions`)."""
    nothing = pd.Series(np.nan, index=rows.index)
    names = {False: NEW_THERAPY, True: REINFUSION}
    kind = rows["subject_id"].map(new_therapy["reinfusion"]).map(names)
    return {
        "TR02SDT": rows.get("reinfusion_date", nothing).astype("datetime64[ns]"),
        "CELLSKG2": rows.get("reinfusion_cells_per_kg", nothing).astype(float),
        "NSTTYP": kind.astype(object),
    }


def _imputation_flags(rows: pd.DataFrame, new_therapy: pd.DataFrame) -> dict[str, Any]:
    """What of each date was imputed, where the plan imputes the dates of its column."""
    flags = {}
    for flag_name, (_, table, column) in IMPUTATION_FLAGS.items():
        name = partial_column(column)
        source = rows if table == "subjects" else new_therapy
        if name in source:
            text = rows[name] if table == "subjects" else rows["subject_id"].map(source[name])
            flags[flag_name] = text.astype("string").str.len().map({7: "D", 4: "M"}).astype(object)
    return flags


def derive(
    people: pd.DataFrame, frame: pd.DataFrame, first_remission: FirstRemission, response: Response
) -> pd.DataFrame:
    """ADSL (`contracts.adam.adsl`) without the variables of eligibility, by USUBJID.

    Parameters
    ----------
    people
        The subjects, as `describe_subjects` returns them; each has a record.
    frame
        Assessments, as `assessments.assess` returns them.
    first_remission
        Index of `frame`, by subject.
    response
        Definitions in force.
    """
    baseline = _baseline(people["USUBJID"], frame, response)
    return people.assign(**baseline, **_remission(people, frame, first_remission))[
        [*_study_variables(people, SUBJECT_VARIABLES), *_flags(people), *_group_names(people)]
    ]


def without_assessments(people: pd.DataFrame) -> pd.DataFrame:
    """ADSL of a study without assessments: without the variables `parameters.OF_ASSESSMENTS`."""
    variables = [name for name in SUBJECT_VARIABLES if name not in OF_ASSESSMENTS]
    return people[[*_study_variables(people, variables), *_flags(people), *_group_names(people)]]


def _study_variables(people: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """The variables without those of `OPTIONAL_VARIABLES` that the study does not record."""
    return [name for name in names if name in people or name not in OPTIONAL_VARIABLES]


def _flags(people: pd.DataFrame) -> list[str]:
    return [name for name in IMPUTATION_FLAGS if name in people]


def _group_names(people: pd.DataFrame) -> list[str]:
    """The variables of the groups that the plan declares, which stand last."""
    return [str(n) for n in people if n not in (*SUBJECT_VARIABLES, *IMPUTATION_FLAGS)]


def _group_variables(rows: pd.DataFrame, groups: Iterable[Subgroup]) -> dict[str, Any]:
    """The groups that the plan declares: their columns as recorded, levels and places of these."""
    variables: dict[str, Any] = {}
    unrecorded = pd.Series(np.nan, index=rows.index, dtype=object)
    for group in groups:
        # A column that nobody has a value of is left out (`read_people`).
        recorded = rows.get(group.column, unrecorded).astype(object)
        if group.recorded_variable:
            variables[group.recorded_variable] = rows[group.column]
        levels = recorded.map(group.level_of)
        variables[group.variable] = levels.astype(object)
        if group.levels:
            places = {level: place for place, level in enumerate(group.levels, start=1)}
            variables[group.number] = levels.map(places).astype("Int64")
    return variables


def _recorded_variables(rows: pd.DataFrame) -> dict[str, Any]:
    """What the subjects table holds."""
    columns = {
        "USUBJID": "subject_id",
        "SITEID": "site",
        "PART": "part",
        "DOSELVL": "dose_level",
        "CELLSKG": "cells_per_kg",
        "SEX": "sex",
        "AGE": "age_years",
        "RACE": "race",
        "ETHNIC": "ethnicity",
        "RFICDT": "consent_date",
        "APHDT": "apheresis_date",
        "LDDT": "lymphodepletion_date",
        "TRTSDT": "infusion_date",
        "LSTALVDT": "last_contact_date",
        "DTHDT": "death_date",
        "EOSDT": "withdrawal_date",
        "DCSREAS": "withdrawal_reason",
    }
    recorded = {
        name: rows[column]
        for name, column in columns.items()
        if column in rows or name not in OPTIONAL_VARIABLES
    }
    subject = rows["subject_id"]
    return recorded | {
        "SUBJID": rows["study_subject_id"].fillna(subject)
        if "study_subject_id" in rows
        else subject
    }


def _treatments(rows: pd.DataFrame, treatment: str) -> dict[str, Any]:
    """Planned arm and treatments: of one arm, they differ by dose level."""
    dose = rows["dose_level"]
    planned = pd.Series(treatment, index=rows.index, dtype=object)
    planned = planned.mask(dose.notna(), treatment + " " + dose.astype(object))
    return {
        "AGEU": pd.Series("YEARS", index=rows.index, dtype=object).where(rows["age_years"].notna()),
        "ARM": rows["planned_arm"].fillna(planned) if "planned_arm" in rows else planned,
        "TRT01P": planned,
        "TRT01A": planned.where(rows["infusion_date"].notna()),
    }


def _days(rows: pd.DataFrame, cutoff: pd.Series[pd.Timestamp]) -> dict[str, Any]:
    """Data cut-off, study days, and flags of what has happened."""
    infusion, death = rows["infusion_date"], rows["death_date"]
    # What follows consent shows it, where its date is not recorded.
    steps = ("consent_date", "apheresis_date", "lymphodepletion_date", "infusion_date")
    enrolled = rows[[name for name in steps if name in rows]].notna().any(axis=1)
    return {
        "CUTDT": cutoff,
        "CUTDY": study_day(cutoff, infusion),
        "DTHDY": study_day(death, infusion),
        "ENRLFL": flag(enrolled),
        "LDFL": flag(rows["lymphodepletion_date"].notna()),
        "SAFFL": flag(infusion.notna()),
        "DTHFL": mark(death.notna()),
    }


def _baseline(names: pd.Series[str], frame: pd.DataFrame, response: Response) -> dict[str, Any]:
    """Baseline assessment of each subject."""
    kept = ["baseline", "subject_id", "visit_date", "enzyme", "value_enzyme", "remission"]
    base = frame[kept + [f"base_{c}" for c in COMPONENTS]].loc[frame["baseline"]]
    reachable = attainable_score(base, response).to_numpy()
    base = base.set_index("subject_id").assign(attainable=reachable).reindex(names)
    return {
        "BLDT": base["visit_date"].to_numpy(),
        ENZYME_FOLLOWED.name: base["enzyme"].to_numpy(object),
        ENZYME_AT_BASELINE.name: base["value_enzyme"].where(base["enzyme"].notna()).to_numpy(float),
        ATTAINABLE_SCORE.name: base["attainable"].to_numpy(float),
        "BLREMFL": base["remission"].map({1.0: "Y", 0.0: "N"}).to_numpy(object),
    }


def _remission(
    people: pd.DataFrame, frame: pd.DataFrame, first_remission: FirstRemission
) -> dict[str, Any]:
    """First remission of each subject."""
    credited, first_of_all = (
        people["USUBJID"].map(frame["visit_date"].loc[number].set_axis(number.index))
        for number in first_remission
    )
    return {
        "REMFL": flag(credited.notna()),
        "REMSDT": credited,
        "NSTPREFL": mark(people["NSTDT"] < first_of_all),
    }


def flag(condition: pd.Series[bool]) -> pd.Series[str]:
    """Y where a condition holds, else N."""
    return pd.Series(np.where(condition, "Y", "N"), index=condition.index, dtype=object)
