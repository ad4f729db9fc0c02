"""The input table `therapies`: one row per subject and therapy."""

from __future__ import annotations

from durable.contracts.input_table import (
    IMPUTED_DAY,
    YES_NO,
    ColumnSpec,
    InputTable,
    SdtmSource,
    SdtmTable,
    TableCheck,
)
from durable.jdm.screening import THERAPY_CLASSES, THERAPY_OUTCOMES
from durable.language import N_

_CHECKS = "durable.intake.checks.therapies"

THERAPIES = InputTable(
    name="therapies",
    description="One row per subject and therapy.",
    not_provided=N_(
        "Input table {table} not provided. New systemic therapies are unknown: none is an event or"
        " a reason for censoring."
    ),
    key=("subject_id", "therapy", "start_date"),
    sequence="therapy_seq",
    date="start_date",
    after_withdrawal="learned_after_withdrawal",
    columns=(
        ColumnSpec("subject_id", "Subject identifier", required=True),
        ColumnSpec(
            "therapy",
            "Name of the therapy",
            required=True,
            counted=True,
            sdtm=SdtmSource("CM.CMTRT"),
        ),
        ColumnSpec(
            "start_date",
            "First day",
            "date",
            required=True,
            partial_rules=IMPUTED_DAY,
            # One that can have begun on or after the infusion did: it may be an event.
            not_before=("subjects.infusion_date",),
            not_after=("end_date", "subjects.death_date"),
            sdtm=SdtmSource("CM.CMSTDTC"),
        ),
        ColumnSpec(
            "end_date",
            "Last day; empty: ongoing",
            "date",
            partial_rules=IMPUTED_DAY,
            not_before=("start_date",),
            not_after=("subjects.death_date",),
            at_cutoff="emptied",
            sdtm=SdtmSource("CM.CMENDTC"),
        ),
        ColumnSpec(
            "new_systemic",
            "New systemic immunosuppressive therapy",
            required=True,
            allowed=YES_NO,
            sdtm=SdtmSource("SUPPCM.NEWSYS"),
        ),
        ColumnSpec("reason", "Reason", absent=True, sdtm=SdtmSource("CM.CMINDC")),
        ColumnSpec(
            "class",
            "Class of the therapy (gc: glucocorticoid), for eligibility",
            allowed=THERAPY_CLASSES,
            absent=True,
            rare=True,
            sdtm=SdtmSource("CM.CMCLAS", optional=True),
        ),
        ColumnSpec(
            "outcome",
            "Outcome of a therapy before screening, for eligibility",
            allowed=THERAPY_OUTCOMES,
            absent=True,
            rare=True,
            sdtm=SdtmSource("SUPPCM.OUTCOME", optional=True),
        ),
        ColumnSpec(
            "dose",
            "Highest dose of a glucocorticoid, prednisone equivalent, for eligibility",
            "number",
            low=0,
            unit="mg/kg",
            absent=True,
            rare=True,
            sdtm=SdtmSource("SUPPCM.DOSEPRED", optional=True),
        ),
        ColumnSpec(
            "therapy_seq",
            "Number of the record (CMSEQ); keeps two of one drug and day apart",
            "integer",
            absent=True,
            rare=True,
            low=1,
            sdtm=SdtmSource("CM.CMSEQ", optional=True),
        ),
    ),
    checks=(
        TableCheck(f"{_CHECKS}:check_single_rows"),
        TableCheck(f"{_CHECKS}:check_with_subjects", ("subjects",)),
    ),
    sdtm=SdtmTable("durable.intake.sdtm.records:Records", "CM"),
)
