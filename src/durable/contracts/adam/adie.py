"""ADIE, the dataset of the criteria of eligibility."""

from __future__ import annotations

from durable.contracts.adam.description import DatasetSpec, Origin, derived_by, source_origins
from durable.contracts.adam.variables import (
    GROUPS,
    SUBJECT,
    TREATMENT,
    contract,
    count,
    date,
    flag,
    marker,
    source_variables,
    text,
)
from durable.criterion import MET, NOT_APPLICABLE, NOT_MET, UNKNOWN
from durable.eligibility import CRITERION_IDS
from durable.vocabulary import AGREEMENTS

_ANSWERS = [MET, NOT_MET, UNKNOWN, NOT_APPLICABLE]

ADIE = contract(
    "Inclusion/Exclusion Analysis Dataset",
    {
        **SUBJECT,
        "SAFFL": flag("Safety Population Flag"),
        **TREATMENT,
        **GROUPS,
        "ATTEMPT": count("Screening Attempt"),
        "SCRNDT": date("Date of Screening"),
        "IETESTCD": text("Incl/Excl Criterion Short Name", isin=[*CRITERION_IDS]),
        "IETEST": text("Inclusion/Exclusion Criterion"),
        "IECAT": text("Inclusion/Exclusion Category", isin=["INCLUSION", "EXCLUSION"]),
        "IEORRES": text(
            "Criterion Met as Recorded", null=True, isin=[MET, NOT_MET, NOT_APPLICABLE]
        ),
        "IEWAIVER": text("Waived", null=True, isin=["Y", "N"]),
        "AVALC": text("Criterion Met by the Data", isin=_ANSWERS),
        "AGREE": text("Agreement of Site and Data", isin=AGREEMENTS),
        "ANSWER": text("Criterion Met, as Analysed", isin=_ANSWERS),
        "VIOLFL": marker("Criterion Violated Flag"),
        "ANL01FL": marker("Analysis Flag 01"),
        "BASIS": text("Values and Rows of the Data", null=True),
        **source_variables(["screening", "eligibility"]),
    },
    unique=["USUBJID", "ATTEMPT", "IETESTCD"],
)

_ORIGINS = {
    "ATTEMPT": Origin(column="screening.attempt"),
    "SCRNDT": Origin(column="screening.screening_date"),
    "IETESTCD": derived_by("Code of the criterion: I of inclusion, E of exclusion."),
    "IETEST": derived_by("The criterion in words."),
    "IECAT": derived_by("INCLUSION or EXCLUSION."),
    "IEORRES": Origin(column="eligibility.answer"),
    "IEWAIVER": Origin(column="eligibility.waiver"),
    "AVALC": derived_by(
        "Y met, N not met, U unknown, NA not applicable, by the data in three-valued logic; an"
        " exclusion criterion that is met excludes.",
        "eligibility",
    ),
    "AGREE": derived_by("IEORRES against AVALC; not applicable counts as fulfilled."),
    "ANSWER": derived_by(
        "AVALC; where that is U, IEORRES if the plan says so.", "eligibility.undetermined"
    ),
    "VIOLFL": derived_by(
        "Y where ANSWER is N of inclusion or Y of exclusion; a waived violation by the plan.",
        "eligibility.waived",
    ),
    "ANL01FL": derived_by("Y for the attempt of the subject that counts.", "eligibility.attempt"),
    "BASIS": derived_by("Values that decided AVALC, with table and row; what is not recorded."),
    **source_origins("screening, or eligibility", "the first that the criterion reads"),
}

ADIE_SPEC = DatasetSpec(
    "ADIE",
    "ADAM OTHER",
    "One record per subject, screening attempt and criterion",
    ("USUBJID", "ATTEMPT", "IETESTCD"),
    _ORIGINS,
)
