"""The input table `visits`: one row per subject and assessment."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from durable.contracts.input_table import (
    YES_NO,
    ColumnSpec,
    InputTable,
    RecordedUnit,
    SdtmSource,
    SdtmTable,
    TableCheck,
)
from durable.jdm.measures import ACTIVITY_COLUMNS, ENZYMES, INDICES, MEASURES, Enzyme, Measure
from durable.language import N_

_CHECKS = "durable.intake.checks.visits"
_ASSESSMENTS = ("remission", "improved", "stable", "recurrence", "progression")
#: Spellings of units in an SDTM package.
_SPELLINGS = {
    "": ("u/l", "iu/l"),
    "ukat/L": ("ukat/l", "\u00b5kat/l", "\u03bckat/l"),
    "nkat/L": ("nkat/l",),
}


def _measure(measure: Measure) -> ColumnSpec:
    label = f"{measure.stands_for} ({measure.label})" if measure.stands_for else measure.title
    return ColumnSpec(
        measure.column,
        label[0].upper() + label[1:],
        "number",
        scale=measure.column,
        unit=measure.unit,
        units=tuple(RecordedUnit(*unit) for unit in measure.recorded_units.items()),
        absent=True,
        result=True,
        sdtm=SdtmSource(measure.sdtm, evaluators=measure.evaluators),
    )


def _enzyme(enzyme: Enzyme) -> ColumnSpec:
    return ColumnSpec(
        enzyme.column,
        enzyme.title,
        "number",
        low=0,
        unit="U/L",
        units=_enzyme_units(enzyme),
        absent=True,
        result=True,
        sdtm=SdtmSource(enzyme.sdtm),
    )


def _limit(enzyme: Enzyme) -> ColumnSpec:
    return ColumnSpec(
        enzyme.uln,
        f"Upper limit of normal of {enzyme.label}",
        "number",
        above=0,
        unit="U/L",
        units=_enzyme_units(enzyme),
        absent=True,
        limit_of=enzyme.column,
    )


def _enzyme_units(enzyme: Enzyme) -> tuple[RecordedUnit, ...]:
    factors = {"": Fraction(1)} | dict(enzyme.recorded_units)
    return tuple(RecordedUnit(name, factor, _SPELLINGS[name]) for name, factor in factors.items())


def _disease_columns() -> Iterator[ColumnSpec]:
    """The measures, and each enzyme with its limit, in the order of the table."""
    limits = {enzyme.uln: enzyme for enzyme in ENZYMES.values()}
    for name in ACTIVITY_COLUMNS:
        if name in MEASURES:
            yield _measure(MEASURES[name])
        elif name in ENZYMES:
            yield _enzyme(ENZYMES[name])
        else:
            yield _limit(limits[name])


VISITS = InputTable(
    name="visits",
    description="One row per subject and assessment; without it there is no efficacy.",
    not_provided=N_(
        "Input table {table} not provided. Disease, response, remission and durations are unknown:"
        " efficacy is not analysed, and there are no sensitivity analyses."
    ),
    never_empty=True,
    absent_note=N_("no visits table in this study"),
    key=("subject_id", "visit", "visit_date"),
    date="visit_date",
    before_consent="before_consent",
    after_withdrawal="after_withdrawal",
    duplicates=f"{_CHECKS}:check_duplicates",
    columns=(
        ColumnSpec("subject_id", "Subject identifier", required=True),
        ColumnSpec(
            "visit",
            "Label as scheduled, or UNS",
            required=True,
            counted=True,
            words=f"{_CHECKS}:scheduled_labels",
            patterns=True,
            adam=("ADRS.VISIT",),
        ),
        ColumnSpec(
            "visit_date",
            "Date of the assessment",
            "date",
            required=True,
            partial_rules=("left_out",),
            adam=("ADRS.ADT",),
        ),
        *_disease_columns(),
        ColumnSpec(
            "glucocorticoid_mg_kg",
            "Glucocorticoid dose, prednisone equivalent",
            "number",
            low=0,
            unit="mg/kg",
            absent=True,
            sdtm=SdtmSource("QS.GCMGKG"),
        ),
        ColumnSpec(
            "immunosuppressant",
            "On immunosuppressants",
            allowed=YES_NO,
            absent=True,
            sdtm=SdtmSource("QS.IMMUNSUP"),
        ),
        ColumnSpec(
            "investigator_assessment",
            "Assessment of the disease by the investigator",
            allowed=_ASSESSMENTS,
            absent=True,
            result=True,
            sdtm=SdtmSource("RS.INVASSES"),
        ),
        *(
            ColumnSpec(index.column, index.label, "number", low=0, absent=True, rare=True)
            for index in INDICES.values()
        ),
    ),
    checks=(
        TableCheck(f"{_CHECKS}:check_single_rows"),
        TableCheck(f"{_CHECKS}:check_windows", ("subjects",)),
        TableCheck("durable.intake.remission:check_remission", ("subjects",)),
    ),
    sdtm=SdtmTable("durable.intake.sdtm.assessments:Assessments"),
)
