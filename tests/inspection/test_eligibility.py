"""Screening and eligibility as a site hands them over are drafted to be read line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from durable.contracts.spelling import fold
from durable.inspection.drafting import StudyDraft, draft_study
from durable.inspection.sheets import read_sheets
from durable.inspection.synonyms import specs, value_words

SUBJECTS = """\
Patient ID,Part,Dose level,Sex,Age,Date of consent,Date of infusion,Cells infused (10^6/kg)
P1,A,1e6,female,9,2024-01-02,2024-02-01,1.0
P2,A,1e6,male,12,2024-01-05,2024-02-20,1.0
"""
VISITS = """\
Patient ID,Visit,Date of visit,Physician VAS,CMAS,MMT8,CK,CK ULN,AST,AST ULN
P1,Baseline,2024-01-28,7.0,20,60,900,200,40,35
P1,Month 2,2024-04-01,2.0,40,76,150,200,30,35
P2,Baseline,2024-02-18,6.0,24,62,800,200,44,35
P2,Month 2,2024-04-20,3.0,38,70,180,200,33,35
"""
SCREENING = """\
Patient ID,Date of screening,DOB,Heliotrope rash,Anti-MDA5,Gottron,CK,CK ULN,Creatinine (umol/L),\
Bilirubin (mg/dL),Bilirubin ULN (mg/dL),LVEF,HBsAg,HIV,Last live vaccine,Guardian consent,Initials
P1,2024-01-03,2014-06,yes,positive,no,950,200,40,0.5,1.2,65,negative,negative,2022,2024-01-02,XQ
P2,2024-01-06,2011-09-30,no,negative,yes,820,200,45,0.6,1.2,61,positive,negative,,2024-01-05,ZV
"""
ANSWERS = """\
Patient ID,Criterion,Criterion met,Waived,Remarks
P1,Inclusion 1,Yes,no,
P1,Inclusion 2,Not applicable,no,below the age
P1,Exclusion 10,No,no,
P2,Inclusion 1,Yes,no,
P2,Inclusion 2,No,yes,by telephone
P2,Exclusion 10,Yes,no,
"""
CHINESE = """\
受试者编号,筛选日期,出生日期,向阳疹,抗MDA5抗体,乙肝表面抗原,总胆红素,射血分数
P1,2024-01-03,2014-06-01,是,阳性,阴性,9.5,65
P2,2024-01-06,2011-09-30,否,阴性,阳性,8.0,61
"""


def drafted(folder: Path, **files: str) -> StudyDraft:
    """The draft of a study in a folder, with its subjects and visits."""
    for name, text in ({"patients": SUBJECTS, "visits": VISITS} | files).items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return draft_study(read_sheets([folder]))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyDraft:
    folder = tmp_path_factory.mktemp("site")
    return drafted(folder, screening=SCREENING, criteria=ANSWERS)


def test_screening_is_found_by_what_a_site_calls_its_columns(study: StudyDraft) -> None:
    section = study.plan["inputs"]["screening"]
    assert Path(section["path"]).name == "screening.csv"
    assert section["columns"] == {
        "subject_id": "Patient ID",
        "screening_date": "Date of screening",
        "birth_date": "DOB",
        "skin_heliotrope": "Heliotrope rash",
        "skin_gottron": "Gottron",
        "mda5": "Anti-MDA5",
        "ck": "CK",
        "ck_uln": "CK ULN",
        "lvef": "LVEF",
        "creatinine": "Creatinine (umol/L)",
        "tbil": "Bilirubin (mg/dL)",
        "tbil_uln": "Bilirubin ULN (mg/dL)",
        "hbsag": "HBsAg",
        "hiv_ab": "HIV",
        "live_vaccine_date": "Last live vaccine",
        "consent_guardian_date": "Guardian consent",
    }
    assert section["units"] == {"creatinine": "umol/L", "tbil": "mg/dL", "tbil_uln": "mg/dL"}
    assert section["values"] == {
        "skin_heliotrope": {"yes": "Y", "no": "N"},
        "skin_gottron": {"yes": "Y", "no": "N"},
        "mda5": {"positive": "POS", "negative": "NEG"},
        "hbsag": {"positive": "POS", "negative": "NEG"},
        "hiv_ab": {"negative": "NEG"},
    }


def test_bilirubin_without_its_limit_keeps_its_unit(tmp_path: Path) -> None:
    """The draft is a plan: the limit, which would need the same unit, is not recorded."""
    without = SCREENING.replace(",Bilirubin ULN (mg/dL)", "").replace(",1.2,", ",")
    inputs = drafted(tmp_path, screening=without).plan["inputs"]["screening"]
    assert inputs["units"] == {"creatinine": "umol/L", "tbil": "mg/dL"}
    assert inputs["columns"]["tbil_uln"] is None


def test_answers_are_found_and_their_criteria_numbered(study: StudyDraft) -> None:
    section = study.plan["inputs"]["eligibility"]
    assert Path(section["path"]).name == "criteria.csv"
    assert section["columns"] == {
        "subject_id": "Patient ID",
        "criterion": "Criterion",
        "answer": "Criterion met",
        "waiver": "Waived",
        "comment": "Remarks",
    }
    assert section["values"] == {
        "criterion": {"Inclusion 1": "I01", "Inclusion 2": "I02", "Exclusion 10": "E10"},
        "answer": {"Yes": "Y", "Not applicable": "NA", "No": "N"},
        "waiver": {"no": "N", "yes": "Y"},
    }


def test_without_a_number_of_the_attempt_each_is_the_first_and_a_question_says_so(
    study: StudyDraft,
) -> None:
    for table in ("screening", "eligibility"):
        assert study.plan["inputs"][table]["constant"] == {"attempt": "1"}
        told = f"No number of the screening attempt was found in {table}"
        assert any(text.startswith(told) for text in study.questions)


def test_visits_keep_the_enzymes_that_screening_has_too(study: StudyDraft) -> None:
    section = study.plan["inputs"]["visits"]
    assert Path(section["path"]).name == "visits.csv"
    assert section["columns"]["ck"] == "CK"
    assert "join" not in section


def test_initials_and_remarks_are_not_printed(study: StudyDraft) -> None:
    told = " ".join(study.questions)
    assert "XQ" not in told
    assert "telephone" not in told
    assert "screening.csv: columns not used: Initials (2 distinct)." in study.questions


def test_chinese_headings_and_values_are_known(tmp_path: Path) -> None:
    section = drafted(tmp_path, 筛选=CHINESE).plan["inputs"]["screening"]
    assert section["columns"] == {
        "subject_id": "受试者编号",
        "screening_date": "筛选日期",
        "birth_date": "出生日期",
        "skin_heliotrope": "向阳疹",
        "mda5": "抗MDA5抗体",
        "lvef": "射血分数",
        "tbil": "总胆红素",
        "hbsag": "乙肝表面抗原",
    }
    assert section["values"]["mda5"] == {"阳性": "POS", "阴性": "NEG"}


@pytest.mark.parametrize(
    ("text", "criterion"),
    [
        ("I1", "I01"),
        ("INCL01", "I01"),
        ("Inclusion criterion no. 9", "I09"),
        ("入选标准3", "I03"),
        ("EX-15", "E15"),
        ("Exclusion #2", "E02"),
        ("排除标准 10", "E10"),
    ],
)
def test_a_criterion_is_known_by_its_usual_numbers(text: str, criterion: str) -> None:
    (column,) = (one for one in specs("eligibility") if one.name == "criterion")
    assert value_words(column)[fold(text)] == criterion


@pytest.mark.parametrize("text", ["1", "I10", "E16", "I0", "Criterion 1"])
def test_a_number_that_could_be_any_criterion_is_none(text: str) -> None:
    (column,) = (one for one in specs("eligibility") if one.name == "criterion")
    assert fold(text) not in value_words(column)
