"""The input table `subjects`: one row per subject."""

from __future__ import annotations

from fractions import Fraction

from durable.contracts.input_table import (
    IMPUTED_DAY,
    ColumnSpec,
    InputTable,
    RecordedUnit,
    SdtmSource,
    SdtmTable,
    SelectedRecord,
    TableCheck,
)

_INFUSION = SelectedRecord("EX", "EXTRT", "infusion")
_CONSENT = SelectedRecord("DS", "DSDECOD", "consent")
_WITHDRAWAL = SelectedRecord("DS", "DSDECOD", "withdrawal")
_CHECKS = "durable.intake.checks.subjects"
#: When a subject was seen: the last of these is no later than a death or withdrawal.
_SEEN = ("visits.visit_date", "laboratory.sample_date", "kinetics.sample_date")
_GROUPS = ("groups", "safety.escalation")
_PER_KG = (
    RecordedUnit("", sdtm=("cells/kg", "/kg")),
    RecordedUnit("10^6/kg", Fraction(10**6), ("10^6/kg", "10^6 cells/kg", "10^6/kg cells")),
)
#: Terms of the CDISC codelists RACE and ETHNIC.
_NOT_KNOWN = ("unknown", "not reported")

SUBJECTS = InputTable(
    name="subjects",
    description="One row per subject; required without sdtm.",
    required=True,
    never_empty=True,
    key=("subject_id",),
    date="consent_date",
    columns=(
        ColumnSpec(
            "subject_id",
            "Subject identifier",
            required=True,
            counted=True,
        ),
        ColumnSpec(
            "study_subject_id",
            "Identifier within the study (SUBJID), where subject_id is one across studies",
            absent=True,
            rare=True,
            sdtm=SdtmSource("DM.SUBJID", optional=True),
        ),
        ColumnSpec(
            "site",
            "Study site",
            absent=True,
            rare=True,
            counted=True,
            sdtm=SdtmSource("DM.SITEID", optional=True),
            adam=("ADSL.SITEID",),
        ),
        ColumnSpec(
            "planned_arm",
            "Planned arm",
            absent=True,
            rare=True,
            counted=True,
            sdtm=SdtmSource("DM.ARM", optional=True),
        ),
        ColumnSpec(
            "part",
            "Part of the study",
            allowed=("A", "B"),
            absent=True,
            needed_by=_GROUPS,
            sdtm=SdtmSource("SUPPDM.PART", selected=_INFUSION),
            adam=("ADSL.PART",),
        ),
        ColumnSpec(
            "dose_level",
            "Dose level, as a dose (1e7) or a label",
            absent=True,
            needed_by=_GROUPS,
            counted=True,
            same="durable.doses:dose_or_fold",
            sdtm=SdtmSource("SUPPDM.DOSELVL", selected=_INFUSION),
            adam=("ADSL.DOSELVL",),
        ),
        ColumnSpec(
            "sex",
            "Sex",
            allowed=("M", "F"),
            absent=True,
            sdtm=SdtmSource("DM.SEX"),
            adam=("ADSL.SEX",),
        ),
        ColumnSpec(
            "age_years",
            "Age at consent",
            "number",
            absent=True,
            low=0,
            high=120,
            unit="years",
            units=(
                RecordedUnit("", sdtm=("years",)),
                RecordedUnit("months", Fraction(1, 12), ("months",)),
            ),
            sdtm=SdtmSource("DM.AGE"),
            adam=("ADSL.AGE",),
        ),
        ColumnSpec(
            "race",
            "Race (CDISC codelist RACE)",
            absent=True,
            rare=True,
            counted=True,
            answers=_NOT_KNOWN,
            sdtm=SdtmSource("DM.RACE", optional=True),
            adam=("ADSL.RACE",),
        ),
        ColumnSpec(
            "ethnicity",
            "Ethnicity (CDISC codelist ETHNIC)",
            absent=True,
            rare=True,
            counted=True,
            answers=_NOT_KNOWN,
            sdtm=SdtmSource("DM.ETHNIC", optional=True),
            adam=("ADSL.ETHNIC",),
        ),
        ColumnSpec(
            "consent_date",
            "Date of informed consent",
            "date",
            partial_rules=IMPUTED_DAY,
            not_after=(
                *("apheresis_date", "lymphodepletion_date", "infusion_date"),
                *("withdrawal_date", "death_date", *_SEEN),
            ),
            sdtm=SdtmSource("DM.RFICDTC", selected=_CONSENT),
            adam=("ADSL.RFICDT",),
        ),
        ColumnSpec(
            "apheresis_date",
            "Date of apheresis; of several, the one whose cells are infused",
            "date",
            absent=True,
            rare=True,
            at_cutoff="emptied",
            # No usual place: a package without it would be told of an empty column.
            sdtm=SdtmSource(optional=True),
            adam=("ADSL.APHDT",),
        ),
        ColumnSpec(
            "lymphodepletion_date",
            "First day of lymphodepletion",
            "date",
            at_cutoff="emptied",
            sdtm=SdtmSource(
                "EX.EXSTDTC", selected=SelectedRecord("EX", "EXTRT", "lymphodepletion")
            ),
            adam=("ADSL.LDDT",),
        ),
        ColumnSpec(
            "infusion_date",
            "Date of infusion; empty: not infused",
            "date",
            nullable=False,
            at_cutoff="emptied",
            emptied_with=("cells_per_kg",),
            sdtm=SdtmSource("EX.EXSTDTC", selected=_INFUSION, instead="EXSTDTC of EX"),
            adam=("ADSL.TRTSDT",),
        ),
        ColumnSpec(
            "cells_per_kg",
            "Cells infused",
            "number",
            above=0,
            unit="cells/kg",
            units=_PER_KG,
            sdtm=SdtmSource("EX.EXDOSE", selected=_INFUSION),
            adam=("ADSL.CELLSKG",),
        ),
        ColumnSpec(
            "reinfusion_date",
            "Date of the second infusion; empty: none",
            "date",
            absent=True,
            rare=True,
            needed_by=("response.reinfusion",),
            at_cutoff="emptied",
            emptied_with=("reinfusion_cells_per_kg",),
            adam=("ADSL.TR02SDT",),
        ),
        ColumnSpec(
            "reinfusion_cells_per_kg",
            "Cells infused at the second infusion",
            "number",
            absent=True,
            rare=True,
            above=0,
            unit="cells/kg",
            units=_PER_KG,
            adam=("ADSL.CELLSKG2",),
        ),
        ColumnSpec(
            "last_contact_date",
            "Date of last contact",
            "date",
            partial_rules=IMPUTED_DAY,
            not_before=("consent_date", "infusion_date", "withdrawal_date", *_SEEN),
            not_after=("death_date",),
            at_cutoff="set to the cut-off",
            sdtm=SdtmSource("DM.RFPENDTC"),
        ),
        ColumnSpec(
            "death_date",
            "Date of death",
            "date",
            partial_rules=IMPUTED_DAY,
            not_before=(
                *("consent_date", "apheresis_date", "lymphodepletion_date", "infusion_date"),
                *("withdrawal_date", "last_contact_date", *_SEEN),
                *("therapies.start_date", "adverse_events.start_date"),
            ),
            at_cutoff="emptied",
            sdtm=SdtmSource("DM.DTHDTC"),
            adam=("ADSL.DTHDT",),
        ),
        ColumnSpec(
            "withdrawal_date",
            "Date of withdrawal from the study",
            "date",
            partial_rules=IMPUTED_DAY,
            not_before=("consent_date", "infusion_date", *_SEEN),
            not_after=("last_contact_date", "death_date"),
            at_cutoff="emptied",
            emptied_with=("withdrawal_reason",),
            sdtm=SdtmSource("DS.DSSTDTC", selected=_WITHDRAWAL),
            adam=("ADSL.EOSDT",),
        ),
        ColumnSpec(
            "withdrawal_reason",
            "Reason for withdrawal",
            absent=True,
            counted=True,
            sdtm=SdtmSource("DS.DSTERM", selected=_WITHDRAWAL),
            adam=("ADSL.DCSREAS",),
        ),
    ),
    checks=(
        TableCheck(f"{_CHECKS}:check_single_rows"),
        TableCheck(f"{_CHECKS}:check_cutoff"),
        TableCheck(f"{_CHECKS}:check_baselines", ("visits",)),
        TableCheck("durable.intake.checks.subgroups:check_subgroups"),
        TableCheck("durable.intake.checks.deaths:check_deaths_assessed"),
    ),
    sdtm=SdtmTable("durable.intake.sdtm.subjects:Subjects", "DM"),
)
