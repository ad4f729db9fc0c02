"""Screening of the demo study: who is eligible, by the data and by the site.

A child without a story fulfils every criterion, and the site says so. No seed has a part in it; the
date of screening is that of the assessment SCREENING.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from data.demo.stories import Row, Subject

INCLUSION = tuple(f"I{number:02d}" for number in range(1, 10))
EXCLUSION = tuple(f"E{number:02d}" for number in range(1, 16))
#: Class of the therapies, their outcome before screening, and the highest dose of prednisolone.
CLASSES = {
    "prednisolone": "gc",
    "methotrexate": "immunosuppressant",
    "mycophenolate mofetil": "immunosuppressant",
    "ciclosporin": "immunosuppressant",
    "immunoglobulin, intravenous": "ivig",
    "hydroxychloroquine": "antimalarial",
    "tofacitinib": "jak",
    "tacrolimus, topical": "topical",
}
HIGHEST_DOSE = "2.00"

_YES = (
    *("weakness_proximal", "skin_heliotrope", "skin_gottron", "emg_myopathic", "calcinosis"),
    *("lung_normal", "venous_access", "infection_controlled"),
)
_NO = (
    *("imnm", "rapid_progression", "organ_lung", "organ_heart", "organ_gi", "recurrent_rash"),
    *("skin_ulcer", "ecg_cs", "apheresis_contraindication", "childbearing", "prior_cart"),
    *("other_autoimmune", "pid", "sid_uncorrected", "serious_infection", "tb_active"),
    *("tb_latent", "hepatitis_active", "malignancy", "congenital_heart", "arrhythmia_severe"),
    *("pericardial_effusion_large", "myocarditis_severe", "vasopressor"),
    *("other_disease_gc_is", "investigator_exclusion"),
)
_NEGATIVE = (
    *("nxp2", "tif1g", "mi2", "sae", "ro52", "jo1", "other_msa", "srp", "hmgcr"),
    *("hbsag", "hbcab", "hcv_ab", "hiv_ab", "syphilis", "cmv_dna"),
)
_USUAL: Row = {
    **dict.fromkeys(_YES, "Y"),
    **dict.fromkeys(_NO, "N"),
    **dict.fromkeys(_NEGATIVE, "NEG"),
    "mda5": "POS",
    "gc_outcome": "unresponsive",
    "lvef": "64",
    "egfr": "118",
    "tbil": "9.5",
    "tbil_uln": "21.0",
    "spo2": "98",
    "agvhd_grade": "0",
}


@dataclass(frozen=True)
class Attempt:
    """A screening attempt: what differs from a child who fulfils every criterion."""

    differs: Row = field(default_factory=dict)
    answers: Row = field(default_factory=dict)
    """Answers of the site that differ; an empty one is not given."""
    waived: tuple[str, ...] = ()
    comments: Row = field(default_factory=dict)
    days: int = 0
    """Days after the first attempt."""


ATTEMPTS: dict[str, tuple[Attempt, ...]] = {
    # An infection at the first attempt; screened again ten days later.
    "CQ-001": (
        Attempt(
            {"infection_systemic_last_date": "2023-01-08", "infection_controlled": "N"},
            {"E08": "Y"},
            comments={"E08": "tonsillitis under amoxicillin; to be screened again"},
        ),
        Attempt({"infection_systemic_last_date": "2023-01-08"}, days=10),
    ),
    # A live vaccine within 28 days that the site has not seen.
    "CQ-002": (Attempt({"live_vaccine_date": "2023-01-25"}),),
    # Screening failure: hepatitis B, by the site and by the data.
    "CQ-003": (
        Attempt(
            {"hbsag": "POS", "hbv_dna": "340", "hbv_dna_limit": "20", "hepatitis_active": "Y"},
            {"E04": "Y", "E10": "Y"},
        ),
    ),
    # No echocardiogram in the data; the site has seen one.
    "CQ-004": (
        Attempt({"lvef": ""}, comments={"I06": "echocardiogram of the referring hospital"}),
    ),
    # An answer that the site has not given.
    "CQ-005": (Attempt(answers={"E13": ""}),),
    # Disease of the skin alone: three of six items. Waived, and infused.
    "CQ-006": (
        Attempt(
            {"weakness_proximal": "N", "emg_myopathic": "N", "biopsy_positive": "Y"},
            {"I02": "N"},
            waived=("I02",),
            comments={"I02": "amyopathic; three items of six"},
        ),
    ),
    # The month of birth alone: the fifth birthday may be after screening.
    "CQ-007": (Attempt({"birth_date": "2018-07"}),),
    # Of childbearing potential.
    "CQ-009": (
        Attempt(
            {
                "childbearing": "Y",
                "urine_hcg": "NEG",
                "urine_hcg_date": "2023-10-17",
                "contraception_agreed": "Y",
                "blood_hcg": "NEG",
                "blood_hcg_date": "2023-10-17",
            },
            {"I08": "Y", "E12": "N"},
        ),
    ),
    # The month of birth alone, which decides; creatinine and height in place of the rate.
    "CQ-010": (
        Attempt({"birth_date": "2007-06", "egfr": "", "creatinine": "0.55", "height_cm": "168"}),
    ),
    # Necrotizing myopathy: I02 to I04 do not apply.
    "CQ-011": (
        Attempt(
            {"mda5": "NEG", "srp": "POS", "imnm": "Y", "skin_heliotrope": "N", "calcinosis": "N"},
            {"I02": "NA", "I03": "NA", "I04": "NA", "I05": "Y"},
        ),
    ),
    # Another trial in a year of which the month is not recorded.
    "CQ-012": (Attempt({"other_trial_last_date": "2023"}),),
}


def screening_rows(subject: Subject, consent: dt.date, screening: dt.date) -> list[Row]:
    """The rows of the table screening."""
    birthday = consent - dt.timedelta(days=100)
    born = birthday.replace(year=birthday.year - subject.age_years, day=min(birthday.day, 28))
    rows = []
    for number, attempt in enumerate(_attempts(subject), 1):
        day = screening + dt.timedelta(days=attempt.days)
        enrolled = day + dt.timedelta(days=7) if subject.reached != "consent" else None
        last = number == len(_attempts(subject))
        rows.append(
            {
                "subject_id": subject.subject_id,
                "attempt": str(number),
                "screening_date": day.isoformat(),
                "enrolment_date": enrolled.isoformat() if enrolled and last else "",
                "birth_date": born.isoformat(),
                "consent_guardian_date": consent.isoformat(),
                "assent_date": consent.isoformat() if subject.age_years >= 8 else "",
                **_USUAL,
                **attempt.differs,
            }
        )
    return rows


def answer_rows(subject: Subject) -> list[Row]:
    """The rows of the table eligibility: what the site says."""
    usual = dict.fromkeys(INCLUSION, "Y") | dict.fromkeys(EXCLUSION, "N")
    usual |= dict.fromkeys(("I05", "I08", "E12"), "NA")
    return [
        {
            "subject_id": subject.subject_id,
            "attempt": str(number),
            "criterion": criterion,
            "answer": answer,
            "waiver": "Y" if criterion in attempt.waived else "",
            "comment": attempt.comments.get(criterion, ""),
        }
        for number, attempt in enumerate(_attempts(subject), 1)
        for criterion, answer in (usual | attempt.answers).items()
        if answer
    ]


def _attempts(subject: Subject) -> tuple[Attempt, ...]:
    return ATTEMPTS.get(subject.subject_id, (Attempt(),))
