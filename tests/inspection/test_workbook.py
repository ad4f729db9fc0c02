"""A workbook as a ward keeps it: two languages, a title, text and real dates, codes, empty rows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from durable.inspection.drafting import StudyDraft, draft_study
from durable.inspection.sheets import read_sheets
from durable.inspection.writing import write_draft
from durable.intake.check import examine
from durable.intake.findings import Findings
from durable.intake.shaping.table import SourceReader
from durable.plan import Input, parse
from durable.stage import STAGES

PATIENTS = [
    "Patient ID", "姓名缩写", "性别 Sex", "年龄(岁)", "签署知情同意 Consent", "FC预处理开始",
    "CAR-T输注日期", "输注剂量 (x10^6/kg)", "末次随访 Last FU", "死亡(1是0否)", "死亡时间",
    "退出日期",
]  # fmt: skip
VISITS = [
    "Patient ID", "时间点 Timepoint", "随访日期", "医生VAS (0-100mm)", "家长VAS (0-100mm)", "CMAS",
    "MMT8 (0-150)", "CHAQ", "CHQ-PhS", "DAS", "肌外活动VAS (mm)", "CK (U/L)", "CK上限",
    "激素剂量 mg/kg/d", "免疫抑制剂(1是0否)", "疗效 Response",
]  # fmt: skip
DAYS = {"基线": -14, "2月": 61, "3月": 91, "6月": 182}


def written(folder: Path) -> Path:
    book = Workbook()
    patients, visits = book.active, book.create_sheet("随访 Follow-up")
    assert patients is not None
    patients.title = "入组 Enrolment"
    for sheet, names in ((patients, PATIENTS), (visits, VISITS)):
        sheet.append(["登记表 (2022-2024)"])
        sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(names))
        sheet.append(names)
    for number, subject in enumerate(("HZ003", "HZ007", "HZ012")):
        infusion = dt.date(2022, 6, 1) + dt.timedelta(days=50 * number)
        consent, last = infusion - dt.timedelta(days=40), infusion + dt.timedelta(days=300)
        seen = f"{last.year}.{last.month}.{last.day}" if number else last
        patients.append(
            [subject, f"WXM{number}", "男" if number else "女", 8 + number, consent,
             infusion - dt.timedelta(days=5), infusion, 1.25, seen, 0, None, None]
        )  # fmt: skip
        for step, (label, day) in enumerate(DAYS.items()):
            date: Any = infusion + dt.timedelta(days=day)
            date = f"{date.year}/{date.month}/{date.day}" if number == 1 else date
            vas = 60 - 18 * step
            visits.append(
                [subject, label, date, vas, vas, 30 + step, 120 + step, 1.5, 30, 8, vas, 300, 170,
                 0.5, 1 if step < 2 else 0, "好转" if step else None]
            )  # fmt: skip
        visits.append([])
    patients.append(["注: 剂量按实际回输活细胞计算"])
    visits["L5"] = "<20"
    visits["J5"] = "未测"
    book.save(folder / "登记.xlsx")
    return folder / "登记.xlsx"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyDraft:
    return draft_study(read_sheets([written(tmp_path_factory.mktemp("ward"))]))


def test_every_column_is_found(study: StudyDraft) -> None:
    columns = {name: study.plan["inputs"][name]["columns"] for name in ("subjects", "visits")}
    assert [*columns["subjects"].values()] == [
        *("Patient ID", "性别 Sex", "年龄(岁)", "签署知情同意 Consent", "FC预处理开始"),
        *("CAR-T输注日期", "输注剂量 (x10^6/kg)", "末次随访 Last FU", "死亡时间", "退出日期"),
    ]
    native = [
        *("subject_id", "visit", "visit_date", "physician_global", "parent_global", "cmas", "mmt8"),
        *("chaq", "chq_phs", "das", "extramuscular", "ck", "ck_uln", "glucocorticoid_mg_kg"),
        *("immunosuppressant", "investigator_assessment"),
    ]
    own = {"cmas": "CMAS", "chaq": "CHAQ", "das": "DAS"}
    assert columns["visits"] == dict(zip(native, VISITS, strict=True)) | own


def test_how_its_values_are_written_is_found(study: StudyDraft) -> None:
    subjects, visits = (study.plan["inputs"][name] for name in ("subjects", "visits"))
    assert (subjects["header_row"], visits["header_row"]) == (2, 2)
    assert (subjects["skip_rows"], visits["skip_rows"]) == ((6,), (7, 12))
    assert subjects["dates"] == {"last_contact_date": ["YYYY.M.D"]}
    assert visits["dates"] == {"visit_date": ["YYYY/M/D"]}
    assert subjects["units"] == {"cells_per_kg": "10^6/kg"}
    millimetres = dict.fromkeys(("physician_global", "parent_global", "extramuscular"), "mm")
    assert visits["units"] == millimetres | {"mmt8": "0-150"}
    assert visits["missing"] == {"das": ["未测"]}
    assert visits["values"]["immunosuppressant"] == {"1": "Y", "0": "N"}
    assert visits["values"]["visit"] == {
        "基线": "BASELINE",
        "2月": "M2",
        "3月": "M3",
        "6月": "M6",
    }
    assert [(one["visit"], one["day"]) for one in study.plan["schedule"]] == [
        ("M2", 60),
        ("M3", 90),
        ("M6", 180),
    ]


def test_one_answer_makes_it_a_study_without_errors(study: StudyDraft) -> None:
    assert study.checked.startswith("durable check finds 1 error(s)")
    assert any(text.startswith("visits.ck: 1 result(s) beyond a limit") for text in study.questions)
    inputs = study.plan["inputs"]
    answered = inputs["visits"] | {"numbers": {"below": {"ck": "limit"}}}
    plan = parse(study.plan | {"inputs": inputs | {"visits": answered}})
    examined = examine(plan.restrict_to(STAGES["check"].sections))
    assert examined.queries.query("severity == 'error'").empty
    first = examined.tables["visits"].frame.iloc[0]
    assert (first["physician_global"], first["mmt8"], first["ck"]) == (6.0, 64.0, 300.0)
    assert examined.tables["subjects"].frame["cells_per_kg"].tolist() == [1_250_000.0] * 3


def test_neither_identifiers_nor_initials_are_printed(study: StudyDraft) -> None:
    text = write_draft(study, [])
    assert "姓名缩写" in text
    assert not [hidden for hidden in ("HZ003", "HZ007", "WXM0", "活细胞") if hidden in text]


def csv_study(folder: Path, header: str, *days: str) -> StudyDraft:
    """Visits with a heading and dates."""
    lines = [f"S{n},M{n},{day},5" for n, day in enumerate(days, 2)]
    (folder / "visits.csv").write_text("\n".join([f"ID,Visit,{header},CMAS", *lines]) + "\n")
    return draft_study(read_sheets([folder / "visits.csv"]))


def test_dates_that_can_be_two_days_are_a_question(tmp_path: Path) -> None:
    study = csv_study(tmp_path, "Visit date", "03/04/2023", "05/06/2023")
    assert "dates" not in study.plan["inputs"]["visits"]
    assert (
        "visits.visit_date: dates that are MM/DD/YYYY or DD/MM/YYYY, each another day. Name one as"
        " inputs.visits.dates.visit_date." in study.questions
    )


def test_a_heading_says_which_day_it_is(tmp_path: Path) -> None:
    study = csv_study(tmp_path, "Visit date (dd/mm/yyyy)", "03/04/2023", "05/06/2023")
    assert study.plan["inputs"]["visits"]["dates"] == {"visit_date": ["DD/MM/YYYY"]}
    assert any("drafted as DD/MM/YYYY: its heading says" in text for text in study.questions)


def test_every_way_in_which_dates_are_written_is_chosen_or_asked_about(tmp_path: Path) -> None:
    days = ("03/04/2020", "05/06/2021", "03-04-2020", "07-08-2021")
    study = csv_study(tmp_path, "Visit date (mm/dd/yyyy)", *days)
    assert study.plan["inputs"]["visits"]["dates"] == {"visit_date": ["MM/DD/YYYY", "MM-DD-YYYY"]}
    study = csv_study(tmp_path, "Visit date", *days)
    assert "dates" not in study.plan["inputs"]["visits"]
    asked = [text for text in study.questions if "each another day" in text]
    assert [text.split(", each")[0].split("that are ")[1] for text in asked] == [
        "MM/DD/YYYY or DD/MM/YYYY",
        "DD-MM-YYYY or MM-DD-YYYY",
    ]


def test_days_since_1960_are_a_question(tmp_path: Path) -> None:
    study = csv_study(tmp_path, "ADT", "23001", "23040")
    assert any("days since 1960" in text for text in study.questions)


def test_files_of_two_sites_are_no_subjects(tmp_path: Path) -> None:
    (tmp_path / "dm.csv").write_text("SUBJID,SEX,AGE\nS1,F,9\nS2,M,11\n")
    for site, subject in (("north", "x1"), ("south", "x2")):
        text = f"Key,Visit date,CMAS,CHAQ\n{subject},2024-02-01,40,1\n{subject},2024-03-01,41,1\n"
        (tmp_path / f"{site}.csv").write_text(text)
    study = draft_study(read_sheets([tmp_path]))
    assert all("constant" not in file for file in study.plan["inputs"]["visits"]["files"])
    assert any(one.startswith("visits.subject_id (Subject") for one in study.questions)


def test_dates_that_are_names_of_columns_are_not_written_down(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["Item", "By whom", *(dt.date(2024, month, 19) for month in (1, 2, 3))])
    for item in ("CMAS", "CHAQ", "DAS"):
        sheet.append([item, "nurse", 1, 2, 3])
    book.save(tmp_path / "book.xlsx")
    study = draft_study(read_sheets([tmp_path / "book.xlsx"]))
    # A column that is no date would be one: a person has to say what it is.
    assert "visits" not in study.plan["inputs"]
    assert "book.xlsx is not used. Its columns: Item, By whom, 3 dates." in study.questions
    assert "2024-02-19" not in write_draft(study, [])


def test_a_total_below_the_records_is_left_out_and_told(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    for row in (["No", "ID", "Sex", "Age"], [1, "S1", "F", 9], [2, "S2", "M", 11],
                ["合计:", 2, None, None], ["Note: ages at consent", None, None, None]):  # fmt: skip
        sheet.append(row)
    book.save(tmp_path / "book.xlsx")
    study = draft_study(read_sheets([tmp_path / "book.xlsx"]))
    assert study.plan["inputs"]["subjects"]["skip_rows"] == (4, 5)
    assert "book.xlsx: row 4 holds a total and is left out (skip_rows)." in study.questions


def test_a_sheet_for_each_visit_is_drafted_with_its_visit(tmp_path: Path) -> None:
    book = Workbook()
    for name in ("Baseline", "Month 2", "Month 3"):
        sheet = book.create_sheet(name)
        sheet.append(["ID", "Date", "CMAS", "CHAQ"])
        sheet.append(["S1", dt.date(2024, 1, 5), 40, 1])
    del book["Sheet"]
    book.save(tmp_path / "book.xlsx")
    study = draft_study(read_sheets([tmp_path / "book.xlsx"]))
    given = study.plan["inputs"]["visits"]
    assert [(file["sheet"], file["constant"]) for file in given["files"]] == [
        (name, {"visit": name}) for name in ("Baseline", "Month 2", "Month 3")
    ]
    assert given["values"] == {"visit": {"Month 2": "M2", "Month 3": "M3"}}
    assert any(one.startswith("visits: no column holds visit.") for one in study.questions)


def test_sheets_on_their_side_are_drafted_with_the_subject_by_their_name(tmp_path: Path) -> None:
    book = Workbook()
    del book["Sheet"]
    patients = book.create_sheet("patients")
    patients.append(["ID", "Sex", "Infusion date"])
    for number, name in enumerate(("S1", "S2"), start=1):
        patients.append([name, "F", dt.date(2024, number, 20)])
        sheet = book.create_sheet(name)
        sheet.append(["Item", *(dt.date(2024, number + month, 19) for month in range(3))])
        sheet.append(["CMAS", 30, 40, None])
        sheet.append(["CHAQ", 1.5, None, 0.5])
        sheet.append(["CK (U/L)", 900, 200, 100])
        sheet.append(["CK ULN", 170, 170, 170])
        sheet.append(["Mood", 3, 3, 3])
    book.save(tmp_path / "book.xlsx")
    study = draft_study(read_sheets([tmp_path / "book.xlsx"]))
    given = study.plan["inputs"]["visits"]
    assert [(file["sheet"], file["constant"]) for file in given["files"]] == [
        ("S1", {"subject_id": "S1"}),
        ("S2", {"subject_id": "S2"}),
    ]
    assert given["stack"] == {"value": "result", "columns": "{visit_date}"}
    tests = {"CMAS": "cmas", "CHAQ": "chaq", "CK (U/L)": "ck", "CK ULN": "ck_uln"}
    assert given["long"] == {"test": "Item", "value": "result", "tests": tests}
    assert given["constant"] == {"visit": "UNS"}
    recorded, _ = SourceReader(Findings()).table("visits", Input.model_validate(given))
    columns = ["subject_id", "visit_date", "visit", "cmas", "chaq", "ck", "ck_uln"]
    assert recorded.text[columns].astype(str).to_numpy().tolist() == [
        ["S1", "2024-01-19", "UNS", "30", "1.5", "900", "170"],
        ["S1", "2024-02-19", "UNS", "40", "", "200", "170"],
        ["S1", "2024-03-19", "UNS", "", "0.5", "100", "170"],
        ["S2", "2024-02-19", "UNS", "30", "1.5", "900", "170"],
        ["S2", "2024-03-19", "UNS", "40", "", "200", "170"],
        ["S2", "2024-04-19", "UNS", "", "0.5", "100", "170"],
    ]
