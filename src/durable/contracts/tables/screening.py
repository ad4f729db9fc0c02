"""The input table `screening`: one row per subject and screening attempt.

Dates of events may be recorded in part; they stand for every day that they can mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from durable.contracts.input_table import (
    YES_NO,
    AtCutoff,
    ColumnSpec,
    InputTable,
    RecordedUnit,
    TableCheck,
)
from durable.jdm.measures import ENZYMES, Enzyme
from durable.jdm.screening import GLUCOCORTICOID_OUTCOMES, SCREENING_ITEMS, ScreeningItem
from durable.language import N_

_CHECKS = "durable.intake.checks.eligibility"
RESULTS = ("POS", "NEG")
_PER_DECILITRE = (RecordedUnit("umol/L", Fraction(10, 884)),)


def _flag(name: str, label: str) -> ColumnSpec:
    return ColumnSpec(name, label, allowed=YES_NO, absent=True)


def _flags(**labels: str) -> Iterator[ColumnSpec]:
    return (_flag(name, label) for name, label in labels.items())


def _result(name: str, label: str) -> ColumnSpec:
    return ColumnSpec(name, label, allowed=RESULTS, absent=True)


def _date(name: str, label: str, at_cutoff: AtCutoff = "emptied", result: str = "") -> ColumnSpec:
    """A date of an event, not known before it happens, nor the result of what it is the date of."""
    return ColumnSpec(
        *(name, label, "date"),
        partial=True,
        any_day=True,
        absent=True,
        at_cutoff=at_cutoff,
        emptied_with=(result,) if result else (),
    )


def _last_day(name: str, label: str) -> ColumnSpec:
    """The last day of a state, which is on at the cut-off where that day is after it."""
    return _date(name, label, "set to the cut-off")


def _number(
    name: str, label: str, unit: str, *units: RecordedUnit, high: float | None = None
) -> ColumnSpec:
    return ColumnSpec(
        name,
        label,
        "number",
        low=0,
        high=high,
        unit=unit,
        units=(RecordedUnit(""), *units) if units else (),
        absent=True,
    )


def _positive(
    name: str, label: str, unit: str, *units: RecordedUnit, limit_of: str = ""
) -> ColumnSpec:
    return ColumnSpec(
        name,
        label,
        "number",
        above=0,
        unit=unit,
        units=(RecordedUnit(""), *units) if units else (),
        absent=True,
        limit_of=limit_of,
    )


def _item(item: ScreeningItem) -> ColumnSpec:
    """A column of the disease."""
    match item.kind:
        case "yes_no":
            return _flag(item.column, item.label)
        case "result":
            return _result(item.column, item.label)
        case "date":
            return _date(item.column, item.label)
        case "dose":
            return _number(item.column, item.label, "mg/kg")
        case "outcome":
            return ColumnSpec(item.column, item.label, allowed=GLUCOCORTICOID_OUTCOMES, absent=True)


def _enzyme(enzyme: Enzyme) -> Iterator[ColumnSpec]:
    units = tuple(RecordedUnit(name, factor) for name, factor in enzyme.recorded_units.items())
    yield _number(enzyme.column, f"{enzyme.title} at screening", "U/L", *units)
    limit = f"Upper limit of normal of {enzyme.label}"
    yield _positive(enzyme.uln, limit, "U/L", *units, limit_of=enzyme.column)


SCREENING = InputTable(
    name="screening",
    description="One row per subject and screening attempt, for the criteria of eligibility.",
    not_provided=N_("Input table {table} not provided. Eligibility is not judged from the data."),
    unknown_without="a criterion that reads it is unknown, unless others decide it",
    absent_note=N_("no screening table in this study"),
    key=("subject_id", "attempt"),
    date="screening_date",
    before_consent="screened_before_consent",
    columns=(
        ColumnSpec("subject_id", "Subject identifier", required=True),
        ColumnSpec("attempt", "Number of the screening attempt", "integer", low=1, required=True),
        ColumnSpec("screening_date", "Date of screening", "date", required=True),
        ColumnSpec("enrolment_date", "Date of enrolment", "date", absent=True, at_cutoff="emptied"),
        _date("birth_date", "Date of birth", "kept"),
        *map(_item, SCREENING_ITEMS),
        *(column for enzyme in ENZYMES.values() for column in _enzyme(enzyme)),
        _number("lvef", "Left ventricular ejection fraction", "%", high=100),
        _flag("ecg_cs", "Clinically significant abnormality of the electrocardiogram"),
        _number("egfr", "Estimated glomerular filtration rate", "mL/min/1.73 m2"),
        _positive("creatinine", "Creatinine", "mg/dL", *_PER_DECILITRE),
        _number("height_cm", "Height", "cm", high=250),
        _number("tbil", "Total bilirubin", "umol/L", RecordedUnit("mg/dL", Fraction(171, 10))),
        _positive(
            *("tbil_uln", "Upper limit of normal of total bilirubin", "umol/L"),
            RecordedUnit("mg/dL", Fraction(171, 10)),
            limit_of="tbil",
        ),
        _number("spo2", "Oxygen saturation on room air", "%", high=100),
        _flag("lung_normal", "Function of the lungs basically normal"),
        _flag("venous_access", "Venous access suffices for apheresis"),
        _flag("apheresis_contraindication", "Contraindication to apheresis"),
        _flag("childbearing", "Of childbearing potential"),
        _result("urine_hcg", "Pregnancy test in urine"),
        _date("urine_hcg_date", "Date of the pregnancy test in urine", result="urine_hcg"),
        _flag("contraception_agreed", "Contraception agreed"),
        _result("blood_hcg", "Pregnancy test in blood"),
        _date("blood_hcg_date", "Date of the pregnancy test in blood", result="blood_hcg"),
        _date("consent_guardian_date", "Date of informed consent of a guardian"),
        _date("assent_date", "Date of assent of the child"),
        *_flags(
            prior_cart="Earlier CAR-T cells",
            other_autoimmune="Another autoimmune disease",
            pid="Primary immunodeficiency",
            sid_uncorrected="Secondary immunodeficiency, not corrected",
            serious_infection="Serious infection",
            tb_active="Active tuberculosis",
            tb_latent="Latent tuberculosis",
            hepatitis_active="Active hepatitis",
            malignancy="Malignancy",
            malignancy_bcc_cured="The malignancy is a cured basal cell carcinoma",
            congenital_heart="Congenital heart disease",
        ),
        _date("ami_date", "Date of myocardial infarction"),
        *_flags(
            arrhythmia_severe="Severe arrhythmia",
            pericardial_effusion_large="Large pericardial effusion",
            myocarditis_severe="Severe myocarditis",
            vasopressor="Circulation supported by vasopressors",
            other_disease_gc_is="Another disease that needs glucocorticoids or immunosuppressants",
        ),
        _last_day(
            "infection_systemic_last_date", "Last day of an infection with systemic treatment"
        ),
        _flag("infection_controlled", "That infection is controlled"),
        _date("sot_hsct_date", "Date of transplantation of an organ or of stem cells"),
        ColumnSpec(
            *("agvhd_grade", "Grade of acute graft-versus-host disease", "integer"),
            low=0,
            high=4,
            absent=True,
        ),
        _last_day("agvhd_date", "Last day of acute graft-versus-host disease"),
        _result("hbsag", "HBsAg"),
        _result("hbcab", "HBcAb"),
        _number("hbv_dna", "HBV DNA", "IU/mL"),
        _number("hbv_dna_limit", "Limit of HBV DNA", "IU/mL"),
        _result("hcv_ab", "HCV antibody"),
        _number("hcv_rna", "HCV RNA", "IU/mL"),
        _number("hcv_rna_limit", "Limit of HCV RNA", "IU/mL"),
        _result("hiv_ab", "HIV antibody"),
        _result("syphilis", "Syphilis"),
        _result("cmv_dna", "CMV DNA"),
        _date("live_vaccine_date", "Date of the last live vaccine"),
        _last_day("other_trial_last_date", "Last day in another clinical trial"),
        _flag("investigator_exclusion", "Judged unsuitable by the investigator"),
        ColumnSpec("reason", "Reason of the investigator", absent=True),
    ),
    checks=(TableCheck(f"{_CHECKS}:check_screening", ("subjects",)),),
)
