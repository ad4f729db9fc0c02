"""Column names of the native input tables, in their order. Light to import."""

from __future__ import annotations

from typing import Literal, get_args

TableName = Literal["subjects", "visits", "therapies", "adverse_events", "kinetics"]
TABLES: tuple[str, ...] = get_args(TableName)

NATIVE_COLUMNS: dict[str, tuple[str, ...]] = {
    "subjects": (
        "subject_id",
        "part",
        "dose_level",
        "sex",
        "age_years",
        "consent_date",
        "lymphodepletion_date",
        "infusion_date",
        "cells_per_kg",
        "last_contact_date",
        "death_date",
        "withdrawal_date",
        "withdrawal_reason",
    ),
    "visits": (
        "subject_id",
        "visit",
        "visit_date",
        "physician_global",
        "parent_global",
        "cmas",
        "mmt8",
        "chaq",
        "chq_phs",
        "das",
        "extramuscular",
        "ck",
        "ck_uln",
        "aldolase",
        "aldolase_uln",
        "ast",
        "ast_uln",
        "alt",
        "alt_uln",
        "ldh",
        "ldh_uln",
        "glucocorticoid_mg_kg",
        "immunosuppressant",
        "investigator_assessment",
        "jdmai1",
        "jdmai2",
    ),
    "therapies": (
        "subject_id",
        "therapy",
        "start_date",
        "end_date",
        "new_systemic",
        "reason",
    ),
    "adverse_events": (
        "subject_id",
        "ae_id",
        "term",
        "preferred_term",
        "system_organ_class",
        "start_date",
        "end_date",
        "ctcae_grade",
        "astct_grade",
        "serious",
        "related",
        "dlt",
        "aesi",
        "outcome",
        "ae_seq",
    ),
    "kinetics": (
        "subject_id",
        "sample_date",
        "sample_time",
        "nominal_day",
        "assay",
        "unit",
        "value",
        "below_lloq",
        "lloq",
    ),
}

#: Columns that few studies record, and the demo does not. (Which of the others a file may lack, the
#: plan says: `contracts.needs`.)
OPTIONAL_COLUMNS: dict[str, tuple[str, ...]] = {
    "visits": ("jdmai1", "jdmai2"),
    "adverse_events": ("ae_seq",),
}
