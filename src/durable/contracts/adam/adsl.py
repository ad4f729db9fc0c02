"""ADSL, the subject-level dataset."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandera.pandas as pa

from durable.contracts.adam.description import STUDY_DAY, DatasetSpec, derived_by, source_origins
from durable.contracts.adam.variables import (
    GROUPS,
    SUBJECT,
    contract,
    count,
    date,
    flag,
    number,
    source_variables,
    text,
    unknown_flag,
)
from durable.jdm.parameters import (
    ATTAINABLE_SCORE,
    ENZYME_AT_BASELINE,
    ENZYME_FOLLOWED,
    OF_ASSESSMENTS,
)
from durable.vocabulary import IMPUTATION_FLAGS

ADSL = contract(
    "Subject-level analysis dataset",
    {
        **SUBJECT,
        "SUBJID": text("Subject identifier"),
        **GROUPS,
        "CELLSKG": number("Cells infused per kg"),
        "SEX": text("Sex", null=True),
        "AGE": number("Age (years)"),
        "RFICDT": date("Date of informed consent"),
        "LDDT": date("Date of lymphodepletion"),
        "TRTSDT": date("Date of infusion"),
        "LSTALVDT": date("Date last known alive"),
        "DTHDT": date("Date of death"),
        "EOSDT": date("Date of withdrawal"),
        "DCSREAS": text("Reason for withdrawal", null=True),
        "CUTDT": date("Data cut-off", null=False),
        "CUTDY": count("Study day of the data cut-off", null=True),
        "DTHDY": count("Study day of death", null=True),
        "ENRLFL": flag("Consented"),
        "LDFL": flag("Lymphodepleted"),
        "SAFFL": flag("Infused: all-infused set"),
        "REMFL": flag("Remission set: in remission once"),
        "DTHFL": flag("Died"),
        "BLDT": date("Date of the baseline assessment"),
        ENZYME_FOLLOWED.name: text(ENZYME_FOLLOWED.label, null=True),
        ENZYME_AT_BASELINE.name: number(ENZYME_AT_BASELINE.label),
        ATTAINABLE_SCORE.name: number(ATTAINABLE_SCORE.label, pa.Check.in_range(0, 100)),
        "BLREMFL": unknown_flag("Already in remission at baseline"),
        "REMSDT": date("Date of first remission"),
        "NSTDT": date("Date of first new systemic therapy"),
        "NSTPREFL": flag("New therapy before first remission"),
        **source_variables(["subjects"]),
    },
    unique=["USUBJID"],
)


ADSL_WITHOUT_ASSESSMENTS = ADSL.remove_columns(list(OF_ASSESSMENTS))


def adsl_schema(names: Iterable[str], *, assessments: bool = True) -> Any:
    """Return the pandera schema of ADSL.

    Parameters
    ----------
    names
        Variables that there are: those that flag imputed dates where the plan imputes any.
    assessments
        Whether the study has any.
    """
    there = set(names)
    schema = ADSL if assessments else ADSL_WITHOUT_ASSESSMENTS
    flags = {
        name: text(f"{date} imputed: day, month", null=True, isin=["D", "M"])
        for name, (date, _, _) in IMPUTATION_FLAGS.items()
        if name in there
    }
    return schema.add_columns(flags) if flags else schema


_ORIGINS = {
    "LSTALVDT": derived_by(
        "Last contact, not later than the data cut-off.", "analysis.data_cutoff"
    ),
    "CUTDT": derived_by("The data cut-off of the plan.", "analysis.data_cutoff"),
    "CUTDY": derived_by(f"Data cut-off as {STUDY_DAY.format('CUTDT')}"),
    "DTHDY": derived_by(f"Death as {STUDY_DAY.format('DTHDT')}"),
    "ENRLFL": derived_by("Y where RFICDT, LDDT or TRTSDT is given, else N."),
    "LDFL": derived_by("Y where LDDT is given, else N."),
    "SAFFL": derived_by("Y where TRTSDT is given, else N."),
    "REMFL": derived_by("Y where REMSDT is given, else N."),
    "DTHFL": derived_by("Y where DTHDT is given, else N."),
    "BLDT": derived_by(
        "Date of the baseline assessment: the last on or before the date of lymphodepletion; for a"
        " subject without one, the last on or before the date of infusion.",
        "response.baseline",
    ),
    **{
        variable.name: derived_by(variable.method, *variable.keys)
        for variable in (ENZYME_FOLLOWED, ENZYME_AT_BASELINE, ATTAINABLE_SCORE)
    },
    "BLREMFL": derived_by(
        "Remission status of the baseline assessment; U unknown.", "response.remission"
    ),
    "REMSDT": derived_by(
        "Date of the first assessment after the infusion that shows remission; none after new"
        " systemic therapy, unless by treatment policy.",
        "response.remission",
        "response.new_therapy.remission",
    ),
    "NSTDT": derived_by(
        "Earliest start of a new systemic therapy on or after the date of infusion."
    ),
    "NSTPREFL": derived_by(
        "Y where NSTDT is before the first assessment that shows remission, credited or not; else"
        " N."
    ),
    **{
        name: derived_by(f"What of {date} was imputed: D day, M month and day.")
        for name, (date, _, _) in IMPUTATION_FLAGS.items()
    },
    **source_origins("subjects", "subject_id"),
}

ADSL_SPEC = DatasetSpec(
    "ADSL",
    "SUBJECT LEVEL ANALYSIS DATASET",
    "One record per subject",
    ("USUBJID",),
    _ORIGINS,
)
