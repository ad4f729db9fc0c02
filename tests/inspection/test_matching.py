"""Names of columns that say what they are, and those that could be two things."""

from __future__ import annotations

import pytest

from durable.contracts.tables import INPUT_TABLES
from durable.inspection.contents import Contents, numbers_in_words
from durable.inspection.matching import match_table

VISITS = {"subject_id": ["P1", "P2", "P1", "P2"], "visit": ["SCR", "SCR", "M2", "M2"],
          "visit_date": ["2024-01-01", "2024-01-02", "2024-03-01", "2024-03-02"]}  # fmt: skip
SCORES = ["7.0", "6.1", "2.3", "1.0"]


def matched(*names: str) -> dict[str, str]:
    """Measures of the visits, and the columns that they would be read from."""
    held = VISITS | dict.fromkeys(names, SCORES)
    found = match_table("visits", {n: Contents.from_texts(t) for n, t in held.items()}, {})
    return {c: m.foreign for c, m in found.matches.items() if c not in VISITS}


@pytest.mark.parametrize(
    ("physician", "parent"),
    [
        ("PGA physician", "PGA parent"),
        ("PGA (physician)", "PGA (parent)"),
        ("PhGA", "PaGA"),
        ("PhGA", "PtGA"),
        ("PHYGA", "PATGA"),
        ("Physician VAS", "Patient VAS/PGA patient"),
    ],
)
def test_two_global_assessments_are_told_apart(physician: str, parent: str) -> None:
    found = matched(parent, physician)
    assert found["physician_global"] == physician
    assert found.get("parent_global", parent) == parent


def test_pga_alone_is_neither_the_physicians_nor_the_parents() -> None:
    assert matched("PGA") == {}


def test_a_word_for_the_subject_is_no_preferred_term() -> None:
    held = {"ID": ["1", "2"], "Subject": ["P1", "P2"], "AETERM": ["fever", "rash"]}
    contents = {n: Contents.from_texts(t) for n, t in held.items()}
    assert "preferred_term" not in match_table("adverse_events", contents, {}).matches
    contents["PT"] = Contents.from_texts(["Pyrexia", "Rash"])
    found = match_table("adverse_events", contents, {}, subject="Subject")
    assert found.foreign("preferred_term") == "PT"


def test_of_two_columns_that_go_alike_none_is_sure() -> None:
    names = {"Subject": ["101-1", "101-2"], "subjectId": ["9001", "9002"]}
    held = {n: Contents.from_texts(t) for n, t in names.items()}
    match = match_table("subjects", held, {}).matches["subject_id"]
    assert {match.foreign, match.rival} == set(names)
    assert match.sureness == "please check"
    del held["subjectId"]
    match = match_table("subjects", held, {}).matches["subject_id"]
    assert (match.foreign, match.rival, match.sureness) == ("Subject", "", "sure")


def test_grades_with_their_word_are_mapped_and_ranges_are_not() -> None:
    column = INPUT_TABLES["adverse_events"].by_name["ctcae_grade"]
    read = {"Grade 3": "3", "G3": "3", "gr. 2": "2", "III": "3", "Ⅲ级": "3", "3级 重度": "3",
            "2 - Moderate": "2", "Grade 2 Moderate": "2", "GRADE 5 (Death)": "5"}  # fmt: skip
    none = ["3", "3-4", "Grade 3-4", "2 or higher", "Severe", "Grade 6", "0级", "3.5", "2/3", "vi"]
    assert numbers_in_words(Contents.from_texts([*read, *none]), column) == read
    other = INPUT_TABLES["adverse_events"].by_name["ae_id"]
    assert numbers_in_words(Contents.from_texts(list(read)), other) == {}


def test_nominal_days_with_their_word_are_mapped_and_months_are_not() -> None:
    column = INPUT_TABLES["kinetics"].by_name["nominal_day"]
    read = {"D7": "7", "Day 14": "14", "第28天": "28", "D-5": "-5", "Week 2": "14"}
    given = Contents.from_texts([*read, "7", "Month 2", "Screening", "D28/M1"])
    assert numbers_in_words(given, column) == read


def test_a_column_of_grades_in_words_is_the_grade() -> None:
    texts = {"Subject": ["P1", "P2"], "AETERM": ["fever", "rash"], "AETOXGR": ["Grade 1", "G2"]}
    contents = {name: Contents.from_texts(held) for name, held in texts.items()}
    match = match_table("adverse_events", contents, {}).matches["ctcae_grade"]
    assert (match.foreign, match.sureness) == ("AETOXGR", "sure")


@pytest.mark.parametrize(
    ("table", "name", "column", "texts"),
    [
        ("visits", "CK-MB", "ck", SCORES),
        ("visits", "CK normal", "ck", SCORES),
        ("visits", "MMT26", "mmt8", SCORES),
        ("visits", "Delta CMAS", "cmas", SCORES),
        ("visits", "Cumulative steroid dose", "glucocorticoid_mg_kg", SCORES),
        ("subjects", "Planned infusion date", "infusion_date", VISITS["visit_date"]),
        ("subjects", "Infusion end date", "infusion_date", VISITS["visit_date"]),
        ("subjects", "Infusion 2", "infusion_date", VISITS["visit_date"]),
    ],
)
def test_a_word_that_makes_something_else_of_a_name_leaves_it_to_be_checked(
    table: str, name: str, column: str, texts: list[str]
) -> None:
    held = (VISITS if table == "visits" else {"subject_id": ["P1", "P2"]}) | {name: texts}
    found = match_table(table, {n: Contents.from_texts(t) for n, t in held.items()}, {}).matches
    assert (found[column].foreign, found[column].sureness) == (name, "please check")


@pytest.mark.parametrize("name", ["End of study date", "EOSDT"])
def test_the_end_of_a_study_is_no_withdrawal(name: str) -> None:
    held = {"subject_id": ["P1", "P2"], name: ["2024-08-01", "2024-09-01"]}
    contents = {n: Contents.from_texts(t) for n, t in held.items()}
    assert "withdrawal_date" not in match_table("subjects", contents, {}).matches
