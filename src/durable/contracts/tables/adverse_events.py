"""The input table `adverse_events`: one row per adverse event."""

from __future__ import annotations

from durable.contracts.input_table import (
    YES_NO,
    ColumnSpec,
    InputTable,
    SdtmSource,
    SdtmTable,
    TableCheck,
)
from durable.language import N_

_CHECKS = "durable.intake.checks.adverse_events"


def _grade(name: str, label: str, sdtm: str, variable: str) -> ColumnSpec:
    return ColumnSpec(
        name, label, "integer", low=1, high=5, sdtm=SdtmSource(sdtm), adam=(f"ADAE.{variable}",)
    )


def _flag(name: str, label: str, sdtm: str, variable: str) -> ColumnSpec:
    return ColumnSpec(
        name, label, allowed=YES_NO, sdtm=SdtmSource(sdtm), adam=(f"ADAE.{variable}",)
    )


def _level(name: str, label: str, variable: str) -> ColumnSpec:
    """A level of the MedDRA hierarchy, or its code: optional, carried into ADAE as it is."""
    code = name.endswith("_code")
    return ColumnSpec(
        name,
        label,
        "integer" if code else "text",
        low=1 if code else None,
        absent=True,
        rare=True,
        counted=not code,
        sdtm=SdtmSource(f"AE.{variable}", optional=True),
        adam=(f"ADAE.{variable}",),
    )


#: The levels of MedDRA beside preferred term and system organ class, and the codes of all.
_HIERARCHY = (
    _level("lowest_level_term", "MedDRA lowest level term", "AELLT"),
    _level("lowest_level_term_code", "Code of the lowest level term", "AELLTCD"),
    _level("preferred_term_code", "Code of the preferred term", "AEPTCD"),
    _level("high_level_term", "MedDRA high level term", "AEHLT"),
    _level("high_level_term_code", "Code of the high level term", "AEHLTCD"),
    _level("high_level_group_term", "MedDRA high level group term", "AEHLGT"),
    _level("high_level_group_term_code", "Code of the high level group term", "AEHLGTCD"),
    _level("system_organ_class_code", "Code of the system organ class", "AEBDSYCD"),
    _level("primary_soc", "MedDRA primary system organ class", "AESOC"),
    _level("primary_soc_code", "Code of the primary system organ class", "AESOCCD"),
)


def _treatment(name: str, label: str, variable: str) -> ColumnSpec:
    """Whether the event was treated so: optional, carried into ADAE as it is."""
    return ColumnSpec(
        *(name, label),
        allowed=YES_NO,
        absent=True,
        rare=True,
        sdtm=SdtmSource(f"SUPPAE.{variable}", optional=True),
        adam=(f"ADAE.{variable}",),
    )


ADVERSE_EVENTS = InputTable(
    name="adverse_events",
    description="One row per adverse event.",
    not_provided=N_(
        "Input table {table} not provided. Of the safety tables only deaths are reported."
    ),
    key=("subject_id", "ae_id"),
    date="start_date",
    absent_note=N_("no adverse_events table in this study"),
    before_consent="event_before_consent",
    after_withdrawal="learned_after_withdrawal",
    cut="durable.intake.cutoff_events:cut_events",
    columns=(
        ColumnSpec("subject_id", "Subject identifier", required=True),
        ColumnSpec(
            "ae_id",
            "Identifier of the event",
            required=True,
            sdtm=SdtmSource("AE.AESPID", optional=True),
            adam=("ADAE.AEID",),
        ),
        ColumnSpec(
            "term",
            "Term as reported",
            absent=True,
            sdtm=SdtmSource("AE.AETERM"),
            adam=("ADAE.AETERM",),
        ),
        ColumnSpec(
            "preferred_term",
            "MedDRA preferred term",
            required=True,
            counted=True,
            sdtm=SdtmSource("AE.AEDECOD"),
            adam=("ADAE.AEDECOD",),
        ),
        ColumnSpec(
            "system_organ_class",
            "MedDRA system organ class",
            required=True,
            counted=True,
            sdtm=SdtmSource("AE.AEBODSYS"),
            adam=("ADAE.AEBODSYS",),
        ),
        *_HIERARCHY,
        ColumnSpec("start_date", "First day", "date", partial=True, sdtm=SdtmSource("AE.AESTDTC")),
        ColumnSpec(
            "end_date",
            "Last day; empty: ongoing or unknown",
            "date",
            partial=True,
            at_cutoff="emptied",
            emptied_with=("outcome",),
            sdtm=SdtmSource("AE.AEENDTC"),
        ),
        _grade("ctcae_grade", "CTCAE grade", "AE.AETOXGR", "AETOXGR"),
        _grade("astct_grade", "ASTCT grade (CRS, ICANS)", "SUPPAE.ASTCTGR", "ASTCTGR"),
        _flag("serious", "Serious", "AE.AESER", "AESER"),
        _flag("related", "Related to the study treatment", "AE.AEREL", "AEREL"),
        _flag("dlt", "Dose-limiting toxicity", "SUPPAE.DLT", "AEDLT"),
        ColumnSpec(
            "aesi",
            "Adverse event of special interest: its kind",
            counted=True,
            words=f"{_CHECKS}:special_interest_labels",
            sdtm=SdtmSource("SUPPAE.AESI"),
            adam=("ADAE.AESI",),
        ),
        ColumnSpec(
            "outcome",
            "Outcome (CDISC codelist OUT)",
            counted=True,
            answers=("unknown",),
            sdtm=SdtmSource("AE.AEOUT"),
            adam=("ADAE.AEOUT",),
        ),
        _treatment("tocilizumab", "Tocilizumab given for the event", "TOCIFL"),
        _treatment("corticosteroid", "Corticosteroid given for the event", "CSTERFL"),
        _treatment("icu", "Intensive care for the event", "ICUFL"),
        ColumnSpec(
            "ae_seq",
            "AESEQ of an SDTM package",
            "integer",
            low=1,
            absent=True,
            rare=True,
            sdtm=SdtmSource("AE.AESEQ", optional=True),
        ),
    ),
    checks=(
        TableCheck(f"{_CHECKS}:check_single_rows"),
        TableCheck(f"{_CHECKS}:check_with_subjects", ("subjects",)),
    ),
    sdtm=SdtmTable("durable.intake.sdtm.records:AdverseEvents", "AE"),
)
