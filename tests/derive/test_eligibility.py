"""Every criterion of eligibility: met, not met, unknown, at the boundary and a day beyond.

A child of `screened.SCREENING` is eligible; each case says what differs, and what follows.
Screening is on 2024-06-15, so that three calendar months before are 2024-03-15, six 2023-12-15,
28 days 2024-05-18, 14 days 2024-06-01 and 7 days 2024-06-08.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from durable.eligibility import CRITERIA
from tests.derive.screened import THERAPIES, answers

Y, N, U, NA = "Y", "N", "U", "NA"
MTX, CSA = THERAPIES
SEPTEMBER = {"screening_date": "2024-09-01"}


def by_therapies(*courses: tuple[Any, ...]) -> dict[str, Any]:
    """A child whose glucocorticoids stand in the therapies alone: start, dose and end of each."""
    given = [
        {
            "therapy": "prednisolone",
            "class": "gc",
            "start_date": start,
            "dose": dose,
            "end_date": end[0] if end else None,
        }
        for start, dose, *end in courses
    ]
    return {"gc_start": None, "gc_max_mg_kg": None, "therapies": [MTX, CSA, *given]}


#: Criterion, what differs, and the answer.
CASES: list[tuple[str, dict[str, Any], str]] = [
    # I01: 5 to below 17 completed years on the day of screening.
    ("I01", {}, Y),
    ("I01", {"birth_date": "2019-06-15"}, Y),  # the fifth birthday
    ("I01", {"birth_date": "2019-06-16"}, N),  # a day short of it
    ("I01", {"birth_date": "2007-06-16"}, Y),  # a day before the seventeenth birthday
    ("I01", {"birth_date": "2007-06-15"}, N),
    ("I01", {"birth_date": "2019-05"}, Y),
    ("I01", {"birth_date": "2019-06"}, U),
    ("I01", {"birth_date": "2019-07"}, N),
    ("I01", {"birth_date": "2007-06"}, U),
    ("I01", {"birth_date": "2007-05"}, N),
    ("I01", {"birth_date": None, "subject.age_years": 16}, Y),
    ("I01", {"birth_date": None, "subject.age_years": 17}, N),
    ("I01", {"birth_date": None, "subject.age_years": None}, U),
    # I02: four of six. The child of SCREENING has exactly four.
    ("I02", {}, Y),
    ("I02", {"emg_myopathic": "N"}, N),
    ("I02", {"emg_myopathic": None}, U),
    ("I02", {"emg_myopathic": None, "biopsy_positive": "Y"}, Y),
    ("I02", {"emg_myopathic": None, "weakness_proximal": "N"}, N),
    ("I02", {"skin_gottron": "N"}, N),  # both skin signs are needed
    ("I02", {"skin_gottron": None}, U),
    ("I02", {"skin_gottron": "N", "ck": 170}, N),  # at the limit is not above it
    ("I02", {"skin_gottron": "N", "ck": 171}, Y),
    ("I02", {"skin_gottron": "N", "ck": 171, "ck_uln": None}, U),
    ("I02", {"mda5": "NEG"}, N),
    ("I02", {"mda5": None}, U),
    # I03: glucocorticoids of six months (from 2023-12-15), two immunosuppressants, a feature.
    ("I03", {}, Y),
    ("I03", {"gc_outcome": "adequate"}, N),
    ("I03", {"gc_outcome": None}, U),
    ("I03", {"gc_max_mg_kg": 1}, Y),
    ("I03", {"gc_max_mg_kg": 0.99}, N),
    ("I03", {"gc_max_mg_kg": None}, U),
    ("I03", {"gc_start": "2023-12-15"}, Y),
    ("I03", {"gc_start": "2023-12-16"}, N),
    ("I03", {"gc_start": "2023-11"}, Y),
    ("I03", {"gc_start": "2023-12"}, U),
    ("I03", {"gc_start": "2024-01"}, N),
    ("I03", {"gc_start": "2023-06-01", "gc_end": "2023-12-01"}, Y),
    ("I03", {"gc_start": "2023-06-01", "gc_end": "2023-11-30"}, N),
    ("I03", {"gc_start": "2023-06-01", "gc_end": "2023-11"}, N),
    ("I03", {"gc_start": "2023-06-02", "gc_end": "2023-12"}, U),
    # Without a course in screening it is that of the therapies. One that began in 2024 may have
    # begun by the screening: then, from 2024-01-01, the glucocorticoids lasted six months or less.
    ("I03", by_therapies(("2023-12-15", 1)), Y),
    ("I03", by_therapies(("2023-12-16", 1)), N),
    ("I03", by_therapies(("2023-12-15", 0.9)), N),
    ("I03", by_therapies(("2024-05-01", 2), ("2024", 2)), N),
    ("I03", by_therapies(("2024-05-01", 2), ("2023", 2)), U),
    ("I03", by_therapies(("2023-12-16", 2, "2024-06-01"), ("2024", 2)), N),
    ("I03", by_therapies(("2023-06-01", 2, "2023-11-30"), ("2024", 2)), U),
    ("I03", by_therapies(("2023-06-01", 2, "2023-12-01"), ("2024", 2)), Y),
    ("I03", by_therapies(("2024", 2)), U),
    ("I03", by_therapies(("2024-05-01", 2)) | SEPTEMBER, N),
    ("I03", by_therapies(("2024-05-01", 2), ("2024", 2)) | SEPTEMBER, U),
    ("I03", by_therapies(("2024-05-01", 2), ("2024-04", 2)) | SEPTEMBER, N),
    # Its dose counts for what it may change, and so does one that is not recorded.
    ("I03", by_therapies(("2023-12-15", 0.9), ("2024", 1)), U),
    ("I03", by_therapies(("2023-12-15", 0.9), ("2024-01", 1)), Y),
    ("I03", by_therapies(("2023-12-15", 0.9), ("2024", 0.9)), N),
    ("I03", by_therapies(("2023-12-15", 1), ("2024", None)), Y),
    ("I03", by_therapies(("2023-12-15", 1), ("2023-12-15", None)), Y),
    ("I03", by_therapies(("2023-12-15", 0.9), ("2023-12-15", None)), U),
    # A last day that screening records stands, though the first day is of the therapies.
    ("I03", by_therapies(("2023-06-01", 2)) | {"gc_end": "2023-12-01"}, Y),
    ("I03", by_therapies(("2023-06-01", 2)) | {"gc_end": "2023-11-30"}, N),
    ("I03", {"therapies": [MTX]}, N),
    ("I03", {"therapies": [MTX, MTX | {"start_date": "2022-01-01"}]}, N),  # one name
    ("I03", {"therapies": [MTX, CSA | {"outcome": "other"}]}, N),
    ("I03", {"therapies": [MTX, CSA | {"outcome": None}]}, U),
    ("I03", {"therapies": [MTX, CSA | {"class": None}]}, U),
    ("I03", {"therapies": [MTX, CSA | {"class": "ivig"}]}, N),
    ("I03", {"therapies": [MTX, CSA | {"start_date": "2024-06-15", "end_date": None}]}, Y),
    ("I03", {"therapies": [MTX, CSA | {"start_date": "2024-06-16", "end_date": None}]}, N),
    ("I03", {"therapies": [MTX, CSA | {"start_date": "2024-06", "end_date": None}]}, U),
    ("I03", {"calcinosis": "N"}, N),
    ("I03", {"calcinosis": None}, U),
    ("I03", {"calcinosis": None, "skin_ulcer": "Y"}, Y),
    # I04, I05: antibodies. Anti-SRP with necrotizing myopathy exempts from I02 to I04.
    ("I04", {}, Y),
    ("I04", {"mda5": "NEG"}, N),
    ("I04", {"mda5": "NEG", "ro52": "POS"}, Y),
    ("I04", {"mda5": "NEG", "jo1": None}, U),
    ("I05", {}, NA),
    ("I05", {"imnm": "Y", "srp": "POS"}, Y),
    ("I05", {"imnm": "Y", "hmgcr": "POS"}, Y),
    ("I05", {"imnm": "Y"}, NA),
    ("I05", {"imnm": None, "srp": "POS"}, NA),  # I02 to I04 are met: it does not matter
    ("I05", {"imnm": None, "srp": "POS", "calcinosis": "N"}, U),
    ("I02", {"imnm": "Y", "srp": "POS"}, NA),
    ("I03", {"imnm": "Y", "srp": "POS", "calcinosis": "N"}, NA),
    ("I03", {"imnm": None, "srp": "POS", "calcinosis": "N"}, U),
    ("I04", {"imnm": "Y", "srp": "POS"}, NA),
    # I06: organs.
    ("I06", {}, Y),
    ("I06", {"lvef": 55}, Y),
    ("I06", {"lvef": 54.9}, N),
    ("I06", {"lvef": None}, U),
    ("I06", {"lvef": None, "ecg_cs": "Y"}, N),
    ("I06", {"ecg_cs": None}, U),
    ("I06", {"egfr": 30}, Y),
    ("I06", {"egfr": 29.9}, N),
    ("I06", {"egfr": None}, U),
    # Schwartz: 0.413 x 120 / 1.652 = 30 exactly; with 1.66 it is 29.86.
    ("I06", {"egfr": None, "height_cm": 120, "creatinine": 1.652}, Y),
    ("I06", {"egfr": None, "height_cm": 120, "creatinine": 1.66}, N),
    ("I06", {"ast": 120}, Y),  # 3 x 40
    ("I06", {"ast": 120.1}, N),
    ("I06", {"alt": 121}, N),
    ("I06", {"alt_uln": None}, U),
    ("I06", {"tbil": 40}, Y),
    ("I06", {"tbil": 40.1}, N),
    ("I06", {"tbil": None}, U),
    ("I06", {"spo2": 92}, Y),
    ("I06", {"spo2": 91.9}, N),
    ("I06", {"lung_normal": "N"}, N),
    ("I06", {"lung_normal": None}, U),
    ("I06", {"visit.ast": 121, "visit.ast_uln": 40}, N),  # the visit goes before the table
    ("I06", {"ast": 121, "visit.ast": 30, "visit.ast_uln": 40}, Y),
    ("I06", {"ast": 121, "visit.ast": 30, "visit.ast_uln": 40, "visit.visit": "UNS"}, N),
    (
        "I06",
        {"ast": 121, "visit.ast": 30, "visit.ast_uln": 40, "visit.visit_date": "2024-07-13"},
        Y,
    ),
    (
        "I06",
        {"ast": 121, "visit.ast": 30, "visit.ast_uln": 40, "visit.visit_date": "2024-07-14"},
        N,
    ),
    # I07.
    ("I07", {}, Y),
    ("I07", {"venous_access": "N"}, N),
    ("I07", {"apheresis_contraindication": "Y"}, N),
    ("I07", {"apheresis_contraindication": None}, U),
    ("I07", {"apheresis_contraindication": None, "venous_access": "N"}, N),
    # I08: only of childbearing potential; the test from screening to lymphodepletion.
    ("I08", {}, NA),
    *(
        ("I08", {"childbearing": "Y", "contraception_agreed": "Y"} | test, answer)
        for test, answer in (
            ({"urine_hcg": "NEG", "urine_hcg_date": "2024-06-15"}, Y),
            ({"urine_hcg": "NEG", "urine_hcg_date": "2024-06-14"}, N),
            ({"urine_hcg": "NEG", "urine_hcg_date": "2024-07-15"}, Y),
            ({"urine_hcg": "NEG", "urine_hcg_date": "2024-07-16"}, N),
            ({"urine_hcg": "NEG", "urine_hcg_date": "2024-06"}, U),
            ({"urine_hcg": "NEG", "urine_hcg_date": "2024-05"}, N),
            ({"urine_hcg": "NEG", "urine_hcg_date": "2024-08"}, N),
            ({"urine_hcg": "NEG", "urine_hcg_date": None}, U),
            ({"urine_hcg": "POS", "urine_hcg_date": "2024-06-15"}, N),
            ({"urine_hcg": None, "urine_hcg_date": "2024-06-15"}, U),
        )
    ),
    ("I08", {"childbearing": "Y", "contraception_agreed": "N"}, N),
    ("I08", {"childbearing": None, "contraception_agreed": "N"}, U),
    (
        "I08",
        {
            "childbearing": None,
            "contraception_agreed": "Y",
            "urine_hcg": "NEG",
            "urine_hcg_date": "2024-06-20",
        },
        Y,
    ),
    # I09: by the day of screening; assent from the eighth birthday on.
    ("I09", {}, Y),
    ("I09", {"consent_guardian_date": "2024-06-15"}, Y),
    ("I09", {"consent_guardian_date": "2024-06-16"}, N),
    ("I09", {"consent_guardian_date": "2024-05"}, Y),
    ("I09", {"consent_guardian_date": "2024-06"}, U),
    ("I09", {"consent_guardian_date": "2024-07"}, N),
    ("I09", {"consent_guardian_date": None}, U),
    ("I09", {"assent_date": "2024-06-15"}, Y),
    ("I09", {"assent_date": "2024-06-16"}, N),
    ("I09", {"assent_date": None, "birth_date": "2016-06-15"}, U),
    ("I09", {"assent_date": None, "birth_date": "2016-06-16"}, Y),
    ("I09", {"assent_date": "2024-06-16", "birth_date": "2016-06"}, U),
    # Exclusions by a flag.
    *(
        (criterion, {column: value}, answer)
        for criterion, column in (
            *(("E01", "prior_cart"), ("E02", "other_autoimmune"), ("E03", "pid")),
            *(("E03", "sid_uncorrected"), ("E04", "serious_infection"), ("E04", "tb_active")),
            *(("E04", "tb_latent"), ("E04", "hepatitis_active"), ("E05", "malignancy")),
            *(("E06", "congenital_heart"), ("E06", "arrhythmia_severe")),
            *(("E06", "pericardial_effusion_large"), ("E06", "myocarditis_severe")),
            *(("E06", "vasopressor"), ("E07", "other_disease_gc_is"), ("E13", "malignancy")),
            ("E15", "investigator_exclusion"),
        )
        for value, answer in (("N", N), (None, U))
    ),
    ("E01", {"prior_cart": "Y"}, Y),
    ("E02", {"other_autoimmune": "Y"}, Y),
    ("E03", {"pid": None, "sid_uncorrected": "Y"}, Y),
    ("E04", {"tb_latent": "Y", "tb_active": None}, Y),
    ("E05", {"malignancy": "Y", "malignancy_bcc_cured": "N"}, Y),
    ("E05", {"malignancy": "Y", "malignancy_bcc_cured": "Y"}, N),
    ("E05", {"malignancy": "Y"}, U),
    ("E13", {"malignancy": "Y", "malignancy_bcc_cured": "Y"}, Y),
    ("E07", {"other_disease_gc_is": "Y"}, Y),
    ("E15", {"investigator_exclusion": "Y"}, Y),
    # E06: an infarction within six months.
    ("E06", {"vasopressor": "Y"}, Y),
    ("E06", {"ami_date": "2023-12-15"}, Y),
    ("E06", {"ami_date": "2023-12-14"}, N),
    ("E06", {"ami_date": "2024-06-15"}, Y),
    ("E06", {"ami_date": "2024-01"}, Y),
    ("E06", {"ami_date": "2023-12"}, U),
    ("E06", {"ami_date": "2023-11"}, N),
    ("E06", {"ami_date": "2023"}, U),
    ("E06", {"ami_date": "2022"}, N),
    # E08: an infection within seven days that is not controlled.
    *(
        ("E08", {"infection_systemic_last_date": day, "infection_controlled": controlled}, answer)
        for day, controlled, answer in (
            (None, None, N),
            ("2024-06-08", "N", Y),
            ("2024-06-07", "N", N),
            ("2024-06-15", "N", Y),
            ("2024-06-16", "N", N),
            ("2024-06-10", "Y", N),
            ("2024-06-10", None, U),
            ("2024-06", "N", U),
            ("2024-05", "N", N),
            ("2024-07", "N", N),
        )
    ),
    # E09: transplantation within three months; GVHD of grade 2 or more within 14 days.
    ("E09", {}, N),
    ("E09", {"sot_hsct_date": "2024-03-15"}, Y),
    ("E09", {"sot_hsct_date": "2024-03-14"}, N),
    ("E09", {"sot_hsct_date": "2024-04"}, Y),
    ("E09", {"sot_hsct_date": "2024-03"}, U),
    ("E09", {"sot_hsct_date": "2024-02"}, N),
    *(
        ("E09", {"agvhd_date": day, "agvhd_grade": grade}, answer)
        for day, grade, answer in (
            ("2024-06-01", 2, Y),
            ("2024-05-31", 2, N),
            ("2024-06-10", 1, N),
            ("2024-06-10", None, U),
            ("2024-06", 3, U),
            ("2024-05", 3, N),
        )
    ),
    # E10.
    ("E10", {}, N),
    ("E10", {"hbsag": "POS", "hbv_dna": 21, "hbv_dna_limit": 20}, Y),
    ("E10", {"hbcab": "POS", "hbv_dna": 20, "hbv_dna_limit": 20}, N),
    ("E10", {"hbcab": "POS"}, U),
    ("E10", {"hcv_ab": "POS", "hcv_rna": 16, "hcv_rna_limit": 15}, Y),
    ("E10", {"hcv_ab": "POS", "hcv_rna": 15, "hcv_rna_limit": 15}, N),
    ("E10", {"hiv_ab": "POS"}, Y),
    ("E10", {"syphilis": "POS", "hiv_ab": None}, Y),
    ("E10", {"cmv_dna": "POS"}, Y),
    ("E10", {"cmv_dna": None}, U),
    # E11: 28 days.
    ("E11", {}, N),
    ("E11", {"live_vaccine_date": "2024-05-18"}, Y),
    ("E11", {"live_vaccine_date": "2024-05-17"}, N),
    ("E11", {"live_vaccine_date": "2024-06-15"}, Y),
    ("E11", {"live_vaccine_date": "2024-06-16"}, N),
    ("E11", {"live_vaccine_date": "2024-05"}, U),
    ("E11", {"live_vaccine_date": "2024-04"}, N),
    # E12: only of childbearing potential, or tested.
    ("E12", {}, NA),
    ("E12", {"childbearing": "Y"}, U),
    ("E12", {"childbearing": "Y", "blood_hcg": "NEG"}, N),
    ("E12", {"childbearing": "N", "blood_hcg": "POS"}, Y),
    ("E12", {"childbearing": None}, U),
    # E14: three months before enrolment on 2024-07-01.
    ("E14", {}, N),
    ("E14", {"other_trial_last_date": "2024-04-01"}, Y),
    ("E14", {"other_trial_last_date": "2024-03-31"}, N),
    ("E14", {"other_trial_last_date": "2024-07-01"}, Y),
    ("E14", {"other_trial_last_date": "2024-07-02"}, N),
    ("E14", {"other_trial_last_date": "2024-04"}, Y),
    ("E14", {"other_trial_last_date": "2024-03"}, N),
    ("E14", {"other_trial_last_date": "2024"}, U),
    ("E14", {"other_trial_last_date": "2024-06-01", "enrolment_date": None}, U),
]


@cache
def computed() -> list[dict[str, str]]:
    return answers([changes for _, changes, _ in CASES])


@pytest.mark.parametrize(
    "number", range(len(CASES)), ids=[f"{c}-{changes}" for c, changes, _ in CASES]
)
def test_a_criterion_is_answered_by_the_data(number: int) -> None:
    criterion, _, expected = CASES[number]
    assert computed()[number][criterion] == expected


def test_every_criterion_is_tested_met_not_met_and_unknown() -> None:
    tested = {c.id: {answer for name, _, answer in CASES if name == c.id} for c in CRITERIA}
    assert {name for name, found in tested.items() if not {N, U} <= found} == {"I05"}
    assert {name for name, found in tested.items() if Y not in found} == set()
    assert tested["I05"] == {Y, U, NA}  # an alternative: never a violation


def test_the_child_of_the_cases_is_eligible() -> None:
    fulfilled = {c.id: c.eligible_answer for c in CRITERIA} | dict.fromkeys(
        ("I05", "I08", "E12"), NA
    )
    assert answers([{}]) == [fulfilled]
