"""Eligibility against an independent calculation: of the demo, and of invented children."""

from __future__ import annotations

from random import Random
from typing import Any

import pandas as pd

from durable.contracts.tables import INPUT_TABLES
from durable.derive.screening import screening_attempts
from durable.eligibility import CRITERIA
from tests.derive.screened import rules, table
from tests.independent import eligibility
from tests.independent.conftest import Results
from tests.independent.study import CUTOFFS

PLAN = {"disease": {"immunosuppressants_min": 1, "transaminases": "judged_unless_ck_high"}}
#: Days around every boundary of a screening on 2024-06-15, in whole and in part.
DAYS = (
    *("2024-06-15", "2024-06-16", "2024-06-08", "2024-06-07", "2024-06-01", "2024-05-31"),
    *("2024-05-18", "2024-05-17", "2024-03-15", "2024-03-14", "2023-12-15", "2023-12-14"),
    *("2024-06", "2024-05", "2024-04", "2024-03", "2023-12", "2023-11", "2024", "2023", "2022"),
)
BIRTHDAYS = ("2019-06-15", "2019-06-16", "2007-06-15", "2007-06-16", "2016-06", "2019-06", "2014")
NUMBERS: dict[str, tuple[str, ...]] = {
    "lvef": ("54.9", "55", "60"), "egfr": ("", "29.9", "30"), "height_cm": ("120",),
    "creatinine": ("1.652", "1.66"), "tbil": ("40", "40.1", "5"), "tbil_uln": ("20",),
    "spo2": ("91.9", "92"), "gc_max_mg_kg": ("", "0.99", "1"), "agvhd_grade": ("0", "1", "2"),
    "hbv_dna": ("20", "21"), "hbv_dna_limit": ("20",), "hcv_rna": ("15", "16"),
    "hcv_rna_limit": ("15",),
} | {
    name: values
    for enzyme in ("ck", "aldolase", "alt", "ast", "ldh")
    for name, values in (
        (enzyme, ("40", "40.1", "120", "120.3")), (f"{enzyme}_uln", ("40", "40.1"))
    )
}  # fmt: skip


def test_the_criteria_of_the_demo_are_those_of_the_independent_calculation(
    results: Results,
) -> None:
    records = results.records("adam/adie")
    own = eligibility.of_demo(CUTOFFS[results.id])
    found = {
        (r["SUBJID"], str(r["ATTEMPT"]), r["IETESTCD"]): (
            r["AVALC"], r["ANSWER"], r["VIOLFL"] == "Y", r["ANL01FL"] == "Y"
        )
        for r in records
    }  # fmt: skip
    assert found == own


def test_adsl_names_the_violated_criteria_of_each_subject(results: Results) -> None:
    own = eligibility.of_demo(CUTOFFS[results.id])
    for record in results.records("adam/adsl"):
        mine = {c: v for (s, _, c), v in own.items() if s == record["SUBJID"] and v[3]}
        violated = [c for c in eligibility.INCLUSION + eligibility.EXCLUSION if mine[c][2]]
        assert (record["DVELIG"] or "") == ", ".join(violated)
        unknown = any(v[1] == "U" for v in mine.values())
        assert (record["ELIGFL"] or "") == ("N" if violated else "" if unknown else "Y")


def invented(random: Random, name: str) -> dict[str, list[dict[str, Any]]]:
    """A child with values near every limit, some missing."""

    def one_of(words: tuple[str, ...], missing: float = 0.06) -> str:
        return "" if random.random() < missing else random.choice(words)

    row: dict[str, Any] = {"subject_id": name, "attempt": 1, "screening_date": "2024-06-15"}
    usual = random.choice(["Y", "N", "N"])
    for column in INPUT_TABLES["screening"].columns:
        if column.name in row or column.name == "reason":
            continue
        if column.name == "birth_date":
            row[column.name] = one_of(BIRTHDAYS)
        elif column.name in NUMBERS:
            row[column.name] = one_of(NUMBERS[column.name])
        elif column.name == "enrolment_date":
            row[column.name] = one_of(("2024-06-15", "2024-06-30"))
        elif column.kind == "date":
            row[column.name] = one_of(DAYS, 0.4)
        elif column.allowed == ("Y", "N"):
            row[column.name] = one_of(("Y", "N", usual, usual))
        elif column.allowed == ("POS", "NEG"):
            row[column.name] = one_of(("POS", *["NEG"] * 8))
        else:
            row[column.name] = one_of(column.allowed)
    subject = {
        "subject_id": name,
        "sex": one_of(("F", "M")),
        "age_years": one_of(("4", "5", "8", "16", "17")),
        "consent_date": "2024-06-10",
        "lymphodepletion_date": one_of(("2024-06-15", "2024-07-15")),
        "infusion_date": one_of(("2024-07-20",)),
    }
    therapies = [
        {
            "subject_id": name,
            "therapy": one_of(("methotrexate", "Methotrexate", "ciclosporin", "prednisolone"), 0),
            "start_date": one_of(DAYS, 0),
            "end_date": one_of(("2024-06-01", "2024-06-14", "2024-07"), 0.3),
            "class": one_of(("gc", "immunosuppressant", "jak", "ivig"), 0.1),
            "outcome": one_of(("inadequate", "intolerant", "other"), 0.1),
            "dose": one_of(("0.99", "1"), 0.1),
        }
        for _ in range(random.randrange(4))
    ]
    visit = {"subject_id": name, "visit": "SCREENING", "visit_date": "2024-06-14"} | {
        enzyme: one_of(NUMBERS[enzyme], 0.5) for enzyme in ("ck", "ck_uln", "ast", "ast_uln")
    }
    return {
        "screening": [row],
        "subjects": [subject],
        "therapies": therapies,
        "visits": [visit] if random.random() < 0.5 else [],
    }


def typed(name: str, records: list[dict[str, Any]]) -> pd.DataFrame:
    numbers = {c.name for c in INPUT_TABLES[name].columns if c.kind in ("number", "integer")}
    return table(
        name,
        [
            {k: (float(v) if v else None) if k in numbers else v or None for k, v in r.items()}
            for r in records
        ],
    )


def test_invented_children_have_the_answers_of_the_independent_calculation() -> None:
    random = Random(6569472)
    children = {f"S{n:03d}": invented(random, f"S{n:03d}") for n in range(400)}
    tables = {
        name: typed(name, [row for child in children.values() for row in child[name]])
        for name in ("subjects", "screening", "therapies", "visits")
    }
    plan = rules(**PLAN)
    attempts = screening_attempts(tables, {}, plan).frame
    found = {c.id: c.answer(attempts, plan).tolist() for c in CRITERIA}
    seen: dict[str, set[str]] = {c.id: set() for c in CRITERIA}
    for number, (name, child) in enumerate(children.items()):
        assert attempts["subject_id"][number] == name
        laboratory = child["visits"][0] if child["visits"] else {}
        own = eligibility.answers(
            child["screening"][0], child["subjects"][0], child["therapies"], laboratory
        )
        assert {c: found[c][number] for c in found} == own, child
        for criterion, answer in own.items():
            seen[criterion].add(answer)
    # The children decide every criterion in every way that there is.
    without_na = set(seen) - {"I02", "I03", "I04", "I05", "I08", "E12"}
    assert all(seen[criterion] == {"Y", "N", "U"} for criterion in without_na)
    assert seen["I05"] == {"Y", "U", "NA"}
    assert all(seen[c] == {"Y", "N", "U", "NA"} for c in ("I02", "I03", "I04", "I08", "E12"))
