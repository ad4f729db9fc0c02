"""ADSL, the subject-level dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import pandera.pandas as pa

from durable.contracts.adam.description import (
    IDENTIFIERS,
    STUDY_DAY,
    DatasetSpec,
    Origin,
    derived_by,
    source_origins,
)
from durable.contracts.adam.variables import (
    GROUPS,
    SUBJECT,
    contract,
    count,
    date,
    flag,
    marker,
    number,
    source_variables,
    text,
)
from durable.contracts.subgroups import Subgroup
from durable.jdm.parameters import (
    ATTAINABLE_SCORE,
    ENZYME_AT_BASELINE,
    ENZYME_FOLLOWED,
    OF_ASSESSMENTS,
)
from durable.vocabulary import IMPUTATION_FLAGS, NEW_THERAPY, REINFUSION

NEW_THERAPY_TYPES = [NEW_THERAPY, REINFUSION]

#: Variables of a second infusion, which a study has where the plan has ``response.reinfusion``.
REINFUSION_VARIABLES = ("CELLSKG2", "TR02SDT", "NSTTYP")
#: Variables that a study has only where the column, or for eligibility a table, is recorded.
OPTIONAL_VARIABLES = (
    *("SITEID", "RACE", "ETHNIC", "APHDT", "ELIGFL", "DVELIG"),
    *REINFUSION_VARIABLES,
)

ADSL = contract(
    "Subject-Level Analysis Dataset",
    {
        **SUBJECT,
        "SITEID": text("Study Site Identifier", null=True),
        **GROUPS,
        "CELLSKG": number("Cells Infused per kg"),
        "CELLSKG2": number("Cells Infused per kg in Period 02"),
        "AGE": number("Age"),
        "AGEU": text("Age Units", null=True, isin=["YEARS"]),
        "SEX": text("Sex", null=True),
        "RACE": text("Race", null=True),
        "ETHNIC": text("Ethnicity", null=True),
        "ARM": text("Description of Planned Arm"),
        "TRT01P": text("Planned Treatment for Period 01"),
        "TRT01A": text("Actual Treatment for Period 01", null=True),
        "RFICDT": date("Date of Informed Consent"),
        "APHDT": date("Date of Apheresis"),
        "LDDT": date("Date of Lymphodepletion"),
        "TRTSDT": date("Date of First Exposure to Treatment"),
        "TR02SDT": date("Date of First Exposure in Period 02"),
        "LSTALVDT": date("Date Last Known Alive"),
        "DTHDT": date("Date of Death"),
        "EOSDT": date("End of Study Date"),
        "DCSREAS": text("Reason for Discontinuation from Study", null=True),
        "CUTDT": date("Data Cut-off Date", null=False),
        "CUTDY": count("Relative Day of Data Cut-off", null=True),
        "DTHDY": count("Relative Day of Death", null=True),
        "ENRLFL": flag("Enrolled Population Flag"),
        "LDFL": flag("Lymphodepleted Population Flag"),
        "SAFFL": flag("Safety Population Flag"),
        "ELIGFL": text("Eligible Flag", null=True, isin=["Y", "N"]),
        "DVELIG": text("Eligibility Criteria Violated", null=True),
        "REMFL": flag("Remission Population Flag"),
        "DTHFL": marker("Subject Death Flag"),
        "BLDT": date("Date of Baseline Assessment"),
        ENZYME_FOLLOWED.name: text(ENZYME_FOLLOWED.label, null=True),
        ENZYME_AT_BASELINE.name: number(ENZYME_AT_BASELINE.label),
        ATTAINABLE_SCORE.name: number(ATTAINABLE_SCORE.label, pa.Check.in_range(0, 100)),
        "BLREMFL": text("In Remission at Baseline Flag", null=True, isin=["Y", "N"]),
        "REMSDT": date("Date of First Remission"),
        "NSTDT": date("Date of First New Systemic Therapy"),
        "NSTTYP": text("Type of First New Systemic Therapy", null=True, isin=NEW_THERAPY_TYPES),
        "NSTPREFL": marker("New Therapy before First Remission Flag"),
        **source_variables(["subjects"]),
    },
    unique=["USUBJID"],
)


ADSL_WITHOUT_ASSESSMENTS = ADSL.remove_columns(list(OF_ASSESSMENTS))


def adsl_schema(
    names: Iterable[str], *, assessments: bool = True, subgroups: Iterable[Subgroup] = ()
) -> Any:
    """Return the pandera DataFrameSchema of ADSL.

    Parameters
    ----------
    names
        Variables that the study has. Optional ones that are not among them are left out, and so
        are the flags of imputed dates.
    assessments
        Whether the study has assessments; without them their variables are left out.
    subgroups
        Groups of subjects that the plan declares.
    """
    available = set(names)
    schema = ADSL if assessments else ADSL_WITHOUT_ASSESSMENTS
    schema = schema.remove_columns([name for name in OPTIONAL_VARIABLES if name not in available])
    flags = {
        name: text(f"{variable} Imputation Flag", null=True, isin=["D", "M"])
        for name, (variable, *_rest) in IMPUTATION_FLAGS.items()
        if name in available
    }
    declared = flags | _group_columns(subgroups)
    return schema.add_columns(declared) if declared else schema


def _group_columns(subgroups: Iterable[Subgroup]) -> dict[str, Any]:
    """The variables of the groups that the plan declares."""
    columns: dict[str, Any] = {}
    for group in subgroups:
        label = f"{group.label}, Group {group.variable[-1]}"
        levels = list(group.levels) or None
        if group.extra is not None:
            kind = number if group.extra.kind == "number" else partial(text, null=True)
            columns[group.recorded_variable] = kind(group.extra.label)
        columns[group.variable] = text(label, null=True, isin=levels)
        if levels:
            columns[group.number] = count(f"{label} (N)", null=True)
    return columns


def adsl_spec(subgroups: Iterable[Subgroup] = ()) -> DatasetSpec:
    """Return the description of ADSL for define.xml, with the groups that the plan declares."""
    origins: dict[str, Origin] = {}
    for group in subgroups:
        source = f"subjects.{group.column}"
        if group.extra is not None:
            origins[group.recorded_variable] = Origin(column=source)
        origins[group.variable] = derived_by(
            f"Level of {source}; empty where it is not recorded.",
            f"subgroups.{group.name}",
        )
        if group.levels:
            origins[group.number] = derived_by(f"Place of {group.variable} among its levels.")
    return replace(ADSL_SPEC, derived={**_ORIGINS, **origins})


_ORIGINS = {
    **IDENTIFIERS,
    "AGEU": derived_by("YEARS where AGE is given."),
    "ARM": derived_by(
        "subjects.planned_arm (DM.ARM) where recorded, else TRT01P: the study has one arm."
    ),
    "TRT01P": derived_by("The study treatment, with the dose level assigned.", "study.treatment"),
    "TRT01A": derived_by("TRT01P where TRTSDT is given; empty for a subject not infused."),
    "LSTALVDT": derived_by(
        "Last contact, not later than the data cut-off.", "analysis.data_cutoff"
    ),
    "CUTDT": derived_by("The data cut-off of the plan.", "analysis.data_cutoff"),
    "CUTDY": derived_by(f"Data cut-off as {STUDY_DAY.format('CUTDT')}"),
    "DTHDY": derived_by(f"Death as {STUDY_DAY.format('DTHDT')}"),
    "ENRLFL": derived_by(
        "Y where RFICDT, APHDT (where recorded), LDDT or TRTSDT is given, else N."
    ),
    "LDFL": derived_by("Y where LDDT is given, else N."),
    "SAFFL": derived_by("Y where TRTSDT is given, else N."),
    "ELIGFL": derived_by(
        "Of the screening attempt that counts: N where ADIE.VIOLFL is Y for a criterion, else empty"
        " where ADIE.ANSWER is U for one or the subject was not screened, else Y.",
        "eligibility",
    ),
    "DVELIG": derived_by("Criteria whose ADIE.VIOLFL is Y, of the attempt that counts."),
    "REMFL": derived_by("Y where REMSDT is given, else N."),
    "DTHFL": derived_by("Y where DTHDT is given, else empty."),
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
        "Remission status of the baseline assessment; empty where it is unknown.",
        "response.remission",
    ),
    "REMSDT": derived_by(
        "Date of the first assessment after the infusion that shows remission; none after new"
        " systemic therapy, unless by treatment policy.",
        "response.remission",
        "response.new_therapy.remission",
    ),
    "NSTDT": derived_by(
        "Earliest start of a new systemic therapy on or after the date of infusion; TR02SDT where"
        " it is earlier and the plan counts a second infusion as one.",
        "response.reinfusion",
    ),
    "NSTTYP": derived_by(
        f"{REINFUSION} where NSTDT is TR02SDT and no therapy began that day, else {NEW_THERAPY};"
        " empty without NSTDT.",
        "response.reinfusion",
    ),
    "NSTPREFL": derived_by(
        "Y where NSTDT is before the first assessment that shows remission, credited or not; else"
        " empty."
    ),
    **{
        name: derived_by(f"What of {variable} was imputed: D day, M month and day.")
        for name, (variable, *_rest) in IMPUTATION_FLAGS.items()
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
