"""Screened children for the tests of eligibility: one who is eligible, and what differs in others.

What a case changes is named by its column; `subject.`, `visit.` before it name the other tables.
A date recorded in part is written as it is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from durable.contracts.partial_dates import partial_column
from durable.contracts.tables import INPUT_TABLES
from durable.derive.screening import screening_attempts
from durable.eligibility import CRITERIA
from durable.plan.eligibility import Eligibility

Values = Mapping[str, Any]
SCREENED = "2024-06-15"
SUBJECT = {
    "sex": "F",
    "age_years": 10,
    "consent_date": "2024-06-10",
    "lymphodepletion_date": "2024-07-15",
    "infusion_date": "2024-07-20",
}
THERAPIES = (
    {"therapy": "methotrexate", "class": "immunosuppressant", "outcome": "inadequate"},
    {"therapy": "ciclosporin", "class": "immunosuppressant", "outcome": "intolerant"},
)
_NO = (
    *("apheresis_contraindication", "ecg_cs", "childbearing", "imnm"),
    *("prior_cart", "other_autoimmune", "pid", "sid_uncorrected", "serious_infection"),
    *("tb_active", "tb_latent", "hepatitis_active", "malignancy", "congenital_heart"),
    *("arrhythmia_severe", "pericardial_effusion_large", "myocarditis_severe", "vasopressor"),
    *("other_disease_gc_is", "investigator_exclusion", "rapid_progression", "organ_lung"),
    *("organ_heart", "organ_gi", "recurrent_rash", "skin_ulcer"),
)
_YES = (
    *("weakness_proximal", "skin_heliotrope", "skin_gottron", "emg_myopathic", "calcinosis"),
    *("venous_access", "lung_normal", "infection_controlled"),
)
_NEGATIVE = (
    *("nxp2", "tif1g", "mi2", "sae", "ro52", "jo1", "other_msa", "srp", "hmgcr"),
    *("hbsag", "hbcab", "hcv_ab", "hiv_ab", "syphilis", "cmv_dna"),
)
#: Four of the six items are met: weakness, skin, antibody and electromyogram.
SCREENING = {
    "attempt": 1,
    "screening_date": SCREENED,
    "enrolment_date": "2024-07-01",
    "birth_date": "2014-03-01",
    **dict.fromkeys(_NO, "N"),
    **dict.fromkeys(_YES, "Y"),
    **dict.fromkeys(_NEGATIVE, "NEG"),
    "biopsy_positive": "N",
    "mda5": "POS",
    "ck": 100,
    "ck_uln": 170,
    "aldolase": 5,
    "aldolase_uln": 7.6,
    "ldh": 200,
    "ldh_uln": 295,
    "ast": 30,
    "ast_uln": 40,
    "alt": 30,
    "alt_uln": 40,
    "gc_start": "2023-06-01",
    "gc_max_mg_kg": 2,
    "gc_outcome": "unresponsive",
    "lvef": 65,
    "egfr": 110,
    "tbil": 10,
    "tbil_uln": 20,
    "spo2": 98,
    "consent_guardian_date": "2024-06-10",
    "assent_date": "2024-06-10",
    "agvhd_grade": 0,
}


def table(name: str, rows: Iterable[Values]) -> pd.DataFrame:
    """A typed table from partial rows, as the intake makes it; what is not given is missing."""
    given = [dict(row) for row in rows]
    columns: dict[str, Any] = {}
    for column in INPUT_TABLES[name].columns:
        values = [row.get(column.name) for row in given]
        if column.kind == "date":
            whole = [v if v and len(v) == 10 else None for v in values]
            part = [v if v and len(v) < 10 else None for v in values]
            columns[column.name] = pd.to_datetime(pd.Series(whole, dtype=object)).astype(
                "datetime64[ns]"
            )
            if column.partial or any(part):
                columns[partial_column(column.name)] = pd.Series(part, dtype=object)
        elif column.kind in ("number", "integer"):
            columns[column.name] = pd.Series(values, dtype="float64")
        else:
            columns[column.name] = pd.Series(values, dtype=object)
    return pd.DataFrame(columns).assign(source_row=range(2, len(given) + 2))


def study(cases: Iterable[Values], therapies: bool = True) -> dict[str, pd.DataFrame]:
    """The tables of a study with one subject (S000, S001, ...) for each case."""
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("subjects", "screening", "visits", "therapies", "eligibility")
    }
    for number, case in enumerate(cases):
        who = {"subject_id": f"S{number:03d}"}
        of = {part: _of(case, part) for part in ("subject", "visit")}
        own = {key: value for key, value in case.items() if "." not in key}
        treated = own.pop("therapies", THERAPIES)
        answers = own.pop("answers", {})
        rows["subjects"].append(who | SUBJECT | of["subject"])
        rows["screening"].append(who | SCREENING | own)
        if of["visit"]:
            at = {"visit": "SCREENING", "visit_date": SCREENED}
            rows["visits"].append(who | at | of["visit"])
        for item in treated:
            course = {"start_date": "2023-07-01", "end_date": "2024-05-01", "new_systemic": "N"}
            rows["therapies"].append(who | course | item)
        for criterion, answer in answers.items():
            rows["eligibility"].append(who | {"attempt": 1, "criterion": criterion} | dict(answer))
    made = {name: table(name, records) for name, records in rows.items() if records}
    return made if therapies else {k: v for k, v in made.items() if k != "therapies"}


def _of(case: Values, part: str) -> dict[str, Any]:
    prefix = f"{part}."
    return {k.removeprefix(prefix): v for k, v in case.items() if k.startswith(prefix)}


def rules(**keys: Any) -> Eligibility:
    return Eligibility.model_validate(keys)


def answers(cases: Iterable[Values], **keys: Any) -> list[dict[str, str]]:
    """The answer to every criterion by the data, for each case."""
    plan = rules(**keys)
    attempts = screening_attempts(study(cases), {}, plan).frame
    frame = pd.DataFrame({c.id: c.answer(attempts, plan) for c in CRITERIA})
    return frame.to_dict("records")  # type: ignore[return-value]
