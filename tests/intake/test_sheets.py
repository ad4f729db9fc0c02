"""Tables in sheets of one workbook: each has its own, and findings name it beside the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from durable.intake.check import examine
from durable.intake.findings import Findings
from durable.intake.needs import Needs
from durable.intake.shaping.table import SourceReader
from durable.plan import FileForm, Input
from durable.stage import STAGES
from tests.intake.study import Study

THERAPIES = ["subject_id", "therapy", "start_date"]
NOTHING_NEEDED = Needs({"subjects": {}, "therapies": {}})


def write_book(path: Path, sheets: dict[str, list[list[Any]]]) -> str:
    """Write a workbook with these rows in its sheets; returns its path."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return str(path)


def messages_of(findings: Findings) -> list[str]:
    frame = findings.frame()
    return [f"{s}: {m}" for s, m in zip(frame["severity"], frame["message"], strict=True)]


@pytest.mark.parametrize("order", [("subjects", "therapies"), ("therapies", "subjects")])
def test_each_table_of_a_workbook_is_in_the_sheet_of_its_name(
    order: tuple[str, str], tmp_path: Path
) -> None:
    sheets = {
        "subjects": [["subject_id", "infusion_date"], ["S01", "2024-01-01"]],
        "therapies": [THERAPIES, ["S02", "mtx", "2024-01-01"], ["S03", "ivig", "2024-02-01"]],
    }
    source = Input(path=write_book(tmp_path / "study.xlsx", sheets))
    findings = Findings()
    reader = SourceReader(findings)
    made = {name: reader.table(name, source, NOTHING_NEEDED)[0] for name in order}
    reader.report_unused()
    subjects = {name: made[name].text["subject_id"].tolist() for name in made}
    assert subjects == {"subjects": ["S01"], "therapies": ["S02", "S03"]}
    assert made["therapies"].file == "study.xlsx (therapies)"
    assert messages_of(findings) == []


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_read_only_where_the_plan_names_it(state: str, tmp_path: Path) -> None:
    """Who looks at the workbook sees the other sheet, which is the current one."""
    sheets = {"therapies": [THERAPIES, ["S1", "old", "2024-01-01"]],
              "Current": [THERAPIES, ["S1", "mtx", "2024-01-01"]]}  # fmt: skip
    path = write_book(tmp_path / "cm.xlsx", sheets)
    book = openpyxl.load_workbook(path)
    book["therapies"].sheet_state = state
    book.active = 1
    book.save(path)
    findings = Findings()
    made, _ = SourceReader(findings).table("therapies", Input(path=path), NOTHING_NEEDED)
    assert not made.readable
    assert messages_of(findings) == [
        "error: cm.xlsx: sheets 'therapies', 'Current', of which therapies is hidden; expected"
        " inputs.therapies.sheet to name one"
    ]
    findings = Findings()
    named = Input(path=path, sheet="therapies")
    made, _ = SourceReader(findings).table("therapies", named, NOTHING_NEEDED)
    assert made.text["therapy"].tolist() == ["old"]
    assert messages_of(findings) == []


def test_the_only_sheet_of_a_workbook_serves_every_table_and_is_read_once(tmp_path: Path) -> None:
    rows = [[" subject_id", *THERAPIES[1:], "unused"], ["S01", "mtx", "2024-01-01", "x"]]
    path = write_book(tmp_path / "study.xlsx", {"Export": rows})
    findings = Findings()
    reader = SourceReader(findings)
    for name, source in (("subjects", Input(path=path)), ("therapies", Input(path=path))):
        recorded, _ = reader.table(name, source, NOTHING_NEEDED)
        assert recorded.text["subject_id"].tolist() == ["S01"]
    reader.report_unused()
    # Columns of the therapies are used, whichever of the tables comes first.
    assert messages_of(findings) == [
        "warning: study.xlsx: found ' subject_id'; expected no leading or trailing blanks"
        " (removed)",
        "warning: study.xlsx: column unused is not used",
    ]


def test_every_table_without_its_sheet_is_reported(tmp_path: Path) -> None:
    path = write_book(tmp_path / "study.xlsx", {"M2": [THERAPIES], "M3": [THERAPIES]})
    findings = Findings()
    reader = SourceReader(findings)
    for name in ("subjects", "therapies"):
        assert not reader.table(name, Input(path=path), NOTHING_NEEDED)[0].readable
    expected = "error: study.xlsx: sheets 'M2', 'M3'; expected inputs.{}.sheet to name one"
    assert messages_of(findings) == [expected.format("subjects"), expected.format("therapies")]


def test_a_file_of_queries_is_the_sheet_of_its_name(tmp_path: Path) -> None:
    sheets = {"old": [THERAPIES, ["S01", "mtx", "2024-01-01"]],
              "new": [THERAPIES, ["S02", "ivig", "2024-02-01"]]}  # fmt: skip
    path = write_book(tmp_path / "cm.xlsx", sheets)
    query = tmp_path / "therapies.sql"
    query.write_text("SELECT * FROM old UNION ALL SELECT * FROM new ORDER BY subject_id")
    findings = Findings()
    reader = SourceReader(findings, sources={n: FileForm(path=path) for n in sheets})
    source = Input.model_validate({"sql": str(query)})
    recorded, _ = reader.table("therapies", source, NOTHING_NEEDED)
    assert recorded.text["therapy"].tolist() == ["mtx", "ivig"]
    places = recorded.origin["therapy"].astype(object).to_numpy().tolist()
    assert places == [["cm.xlsx (old)", 2], ["cm.xlsx (new)", 2]]


def test_rows_of_two_sheets_are_of_two_places(tmp_path: Path) -> None:
    """A sheet for each visit: the blank row below the first is before no record of its sheet."""
    m2 = [THERAPIES, ["S01", "mtx", "2024-01-01"], ["", None, " "]]
    m3 = [THERAPIES, *([f"S0{i}", "mtx", "2024-02-01"] for i in range(1, 5))]
    path = write_book(tmp_path / "visits.xlsx", {"M2": m2, "M3": m3})
    files = [
        {"path": path, "sheet": "M2", "records": 1},
        {"path": path, "sheet": "M3", "records": 3},
    ]
    findings = Findings()
    source = Input.model_validate({"files": files})
    recorded, about = SourceReader(findings).table("therapies", source, NOTHING_NEEDED)
    assert messages_of(findings) == [
        "warning: visits.xlsx (M2), row 3: an empty row; expected a record",
        "error: visits.xlsx (M3): 4 records; expected 3 (inputs.therapies.files[1].records)",
    ]
    places = recorded.origin["therapy"].astype(object).to_numpy().tolist()
    assert places[:2] == [["visits.xlsx (M2)", 2], ["visits.xlsx (M3)", 2]]
    assert list(about["names"].values()) == ["visits.xlsx (M2)", "visits.xlsx (M3)"]
    assert list(about["records"].values()) == [1, 4]


def test_a_record_that_stands_in_two_files_is_reported_with_the_row_of_the_first(
    tmp_path: Path,
) -> None:
    """The number of the record among all files is a row of neither."""
    study = Study(tmp_path)
    header, *rows = study.cells("therapies")
    parts = {"north.csv": [header, *rows[:4]], "south.csv": [header, *rows[4:], rows[2], rows[5]]}
    for name, cells in parts.items():
        study.write("therapies", cells)
        (tmp_path / name).write_bytes(study.files.pop("therapies"))
    files = {"files": [str(tmp_path / name) for name in parts]}
    plan = study.plan()
    inputs = plan.inputs.model_copy(update={"therapies": Input.model_validate(files)})
    plan = plan.model_copy(update={"inputs": inputs})
    queries = examine(plan.restrict_to(STAGES["check"].sections)).queries.query(
        "table == 'therapies'"
    )
    messages = queries.loc[queries["rule"] == "duplicate_record", "message"].tolist()
    last = len(rows) - 4 + 2
    key = "one record per subject_id, therapy, start_date"
    assert messages == [
        f"south.csv, row {last}, start_date: found {rows[2][2]}; expected {key};"
        " north.csv, row 4 has the same values",
        f"south.csv, row {last + 1}, start_date: found {rows[5][2]}; expected {key}; row 3 has the"
        " same values",
    ]
