"""`durable inspect` as a user calls it: what it prints, writes and refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from durable.cli import main
from durable.inspection.contents import Contents
from durable.inspection.drafting import draft_study
from durable.inspection.layout import find_layout, separator
from durable.inspection.names import heading, likeness
from durable.inspection.sheets import read_sheets
from durable.inspection.visit_labels import due_day, label_map, unit_of_numbers, usual_label
from durable.inspection.writing import write_draft
from durable.plan.yaml_reading import read_yaml
from tests.intake.study import DEMO

BASE = DEMO.parents[1] / "tests" / "intake" / "shapes" / "base"


def test_the_draft_is_printed_and_the_files_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in BASE.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert main(["inspect", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("# A draft of a configuration, by `durable inspect`")
    assert "\n# Questions (" in printed
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_draft_is_written_to_a_new_file_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "draft.yaml"
    assert main(["inspect", str(BASE), "--output", str(output)]) == 0
    assert read_yaml(output.read_text(encoding="utf-8"), "draft")
    output.write_text("mine")
    assert main(["inspect", str(BASE), "--output", str(output)]) == 2
    assert output.read_text() == "mine"
    assert "is there already" in capsys.readouterr().err
    assert main(["inspect", str(BASE), "--output", str(tmp_path / "no" / "draft.yaml")]) == 2


def test_no_readable_file_is_exit_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.pdf").write_bytes(b"%PDF")
    assert main(["inspect", str(tmp_path / "letter.pdf"), str(tmp_path / "absent.csv")]) == 1
    told = capsys.readouterr().err
    assert "letter.pdf: an unknown kind of file" in told
    assert "absent.csv: The file cannot be opened." in told
    assert main(["inspect", str(tmp_path / "deliveries")]) == 1
    assert "deliveries: no such file or folder" in capsys.readouterr().err
    assert main(["inspect", str(tmp_path)]) == 1


def test_wrong_use_is_exit_status_2() -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["inspect"])
    assert stopped.value.code == 2


def test_the_help_is_a_page_to_work_from() -> None:
    command = [sys.executable, "-m", "durable", "inspect", "--help"]
    page = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for words in (
        "durable check --configfile",
        "durable run --configfile",
        "exit status",
        "folder",
    ):
        assert words in page


def test_what_cannot_be_read_is_told_beside_the_draft_of_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "book.xlsx").write_bytes(b"PK no workbook")
    assert main(["inspect", str(BASE), str(tmp_path / "book.xlsx")]) == 0
    assert "book.xlsx: The file cannot be opened." in capsys.readouterr().out


PIECES = [
    ",",
    ";",
    "\t",
    '"',
    "\n",
    "\r\n",
    " ",
    "a",
    "1",
    "NA",
    "\u00e9",
    "\ufeff",
    "\0",
    "{",
    "#",
]
PIECES += [
    "subject_id",
    "visit_date",
    "M2",
    "2024-01-05",
    "\n,,,,\n",
    "\u200b",
    "\u8bbf\u89c6",
    "'",
]
PIECES += ["redcap_event_name", "cmas", "TEST", "CK", ": ", "- ", "USUBJID", "PARAMCD", "\u2028"]
BODIES = st.lists(st.sampled_from(PIECES), max_size=40).map("".join).map(str.encode)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(BODIES, st.binary(max_size=80)),
    st.sampled_from(
        ["x.csv", "x.tsv", "x.txt", "dm.csv", "x.xlsx", "x.xpt", "x.json", "x.parquet"]
    ),
)
@example(b"USUBJID", "dm.csv")
def test_whatever_a_file_holds_there_is_a_draft_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / name).write_bytes(content)
    reading = read_sheets([folder / name])
    assert reading.sheets or reading.troubles
    if reading.sheets:
        text = write_draft(draft_study(reading), reading.troubles)
        assert isinstance(read_yaml(text, "draft"), dict)


@pytest.mark.parametrize(
    ("texts", "forms", "ambiguous"),
    [
        (["14-FEB-2023", "UN-UNK-2023"], ("DD-MMM-YYYY",), ()),
        (["13/04/2023", "05/06/2023"], ("DD/MM/YYYY",), ()),
        (["03/04/2023", "05/06/2023"], ("MM/DD/YYYY",), (("MM/DD/YYYY", "DD/MM/YYYY"),)),
        (
            ["13/04/2023", "04/13/2023", "05/06/2023"],
            ("MM/DD/YYYY", "DD/MM/YYYY"),
            (("MM/DD/YYYY", "DD/MM/YYYY"),),
        ),
        (
            ["2023\u5e741\u67082\u65e5", "2023\u5e745\u6708"],
            ("YYYY\u5e74M\u6708D\u65e5", "YYYY\u5e74M\u6708"),
            (),
        ),
        (["2023/3/5 10:00"], ("YYYY/M/D hh:mm",), ()),
        (["Mar 5, 2023", "Nov 25, 2023"], ("MMM D, YYYY",), ()),
        (["5-Mar-23", "25-Nov-23"], ("D-MMM-YY",), ()),
        (["05MAR2023:00:00:00", "25NOV2023:09:30:00"], ("DDMMMYYYY:hh:mm:ss",), ()),
        # At Greenwich: the day at the site may be the next one.
        (["2023-03-04T16:00:00.000Z"], (), ()),
        (["3120", "2999", "1.5"], (), ()),
    ],
)
def test_forms_of_dates_are_seen(
    texts: list[str], forms: tuple[str, ...], ambiguous: tuple[tuple[str, ...], ...]
) -> None:
    dates = Contents.from_texts(texts).dates
    assert (dates.forms, dates.ambiguous) == (forms, ambiguous)


@pytest.mark.parametrize(
    ("text", "label", "day"),
    [
        ("month_2_arm_1", "M2", 60),
        ("\u7b2c3\u4e2a\u6708", "M3", 90),
        ("Week 4", "W4", 28),
        ("1 year", "M12", 365),
        ("Day 14 visit", "D14", 14),
        ("\u7b5b\u9009\u671f", "SCREENING", None),
        ("Unscheduled 2", "UNS", None),
        ("UNSCHEDULED 3.01", "UNS", None),
        ("Visit 3", "", None),
    ],
)
def test_labels_of_visits_are_known_in_their_usual_forms(
    text: str, label: str, day: int | None
) -> None:
    assert (usual_label(text), due_day(label)) == (label, day)


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("Timepoint (mo)", "M"),
        ("Months", "M"),
        ("Follow-up, weeks", "W"),
        ("Time [d]", "D"),
        ("Visit", ""),
        ("Visit (planned)", ""),
    ],
)
def test_numbers_of_visits_count_what_their_heading_says(heading: str, unit: str) -> None:
    assert unit_of_numbers(heading) == unit
    expected = {"M": "M3", "W": "W3", "D": "D3"}
    assert label_map(["3"], unit=unit) == ({"3": expected[unit]} if unit else {})


def test_labels_that_a_schedule_cannot_have_get_a_name_of_their_own() -> None:
    seen = ["Screening", "Month 2", "\u8bbf\u89c63", "V3", "3rd look!", "\u672b\u6b21", "M6", "a*"]
    assert label_map(seen) == {
        "Month 2": "M2",
        "\u8bbf\u89c63": "V3-2",
        "3rd look!": "3rd-look",
        "\u672b\u6b21": "VISIT",
    }


def test_names_are_alike_whatever_their_order_and_their_unit() -> None:
    assert likeness("Visit date", "date of visit") == 0.88
    assert likeness("VisitDt", "visit_date") == 0.88
    assert likeness("consent_dt", "date of visit") == 0
    assert (heading("CK (U/L)").name, heading("CK (U/L)").unit) == ("CK", "U/L")
    assert (heading("dose, 10^6/kg").name, heading("dose, 10^6/kg").unit) == ("dose", "10^6/kg")


def test_the_layout_of_a_sheet_is_seen() -> None:
    grid = {
        1: ["Patients of the study", "", "", ""],
        3: ["ID", "Sex", "Age", "Infusion"],
        4: ["text", "code", "years", "date"],
        5: ["A1", "F", "9", "2024-01-05"],
        7: ["A2", "M", "11", "2024-02-05"],
        8: ["Note: ages at consent", "", "", ""],
    }
    layout = find_layout(grid)
    assert (layout.header, layout.labels, layout.blank, layout.notes) == (3, (4,), (6,), (8,))


def test_the_separator_is_the_one_that_makes_a_table() -> None:
    lines = ["Export; of 2024", "id;name;dose", "1;a, b;1,5", "2;c, d;2,5"]
    rows = {sign: [line.split(sign) for line in lines] for sign in (",", ";", "|", "\t")}
    assert separator(rows) == ";"
