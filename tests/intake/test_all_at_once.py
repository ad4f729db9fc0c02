"""Ten mistakes in five tables are told in one go, in the order in which a person looks for them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.intake.study import Edit, Found, Study, cell, text

pytestmark = pytest.mark.requirement("DAT-01", "DAT-02")

SPOILT: dict[Found, Edit] = {
    Found("error", "subjects", 4, "sex", "female", "not_allowed"): cell(
        "subjects", 4, "sex", "female"
    ),
    Found("warning", "subjects", 5, "cells_per_kg", "", "dose_missing"): cell(
        "subjects", 5, "cells_per_kg", ""
    ),
    Found("error", "visits", 6, "cmas", "53", "out_of_range"): cell("visits", 6, "cmas", "53"),
    Found("error", "visits", 7, "parent_global", "1,5", "not_a_number"): cell(
        "visits", 7, "parent_global", "1,5"
    ),
    Found("error", "visits", 10, "subject_id", "CQ-100", "unknown_subject"): cell(
        "visits", 10, "subject_id", "CQ-100"
    ),
    Found("error", "therapies", 8, "", "", "broken_row"): text(
        "therapies", "CQ-002,methotrexate,", "CQ-002 methotrexate,"
    ),
    Found("error", "therapies", 10, "start_date", "31/12/2021", "not_a_date"): cell(
        "therapies", 10, "start_date", "31/12/2021"
    ),
    Found("error", "adverse_events", 3, "ctcae_grade", "6", "out_of_range"): cell(
        "adverse_events", 3, "ctcae_grade", "6"
    ),
    Found("warning", "adverse_events", 5, "related", "", "flag_missing"): cell(
        "adverse_events", 5, "related", ""
    ),
    Found("error", "kinetics", 4, "unit", "cells/mL", "mixed_units"): cell(
        "kinetics", 4, "unit", "cells/mL"
    ),
}


def test_ten_corruptions_are_all_found_in_one_run(tmp_path: Path) -> None:
    clean, spoilt = Study(tmp_path / "clean"), Study(tmp_path / "spoilt")
    for study in (clean, spoilt):
        study.folder.mkdir()
    for edit in sorted(SPOILT.values(), key=lambda edit: edit.__qualname__.startswith("text")):
        edit(spoilt)
    usual = clean.check()
    found = spoilt.check()
    assert [one for one in found if one not in usual] == list(SPOILT)
    assert str(spoilt.refused()).startswith("8 error(s) and 19 warning(s) in the data: see ")


def test_a_finding_tells_file_row_column_value_and_what_was_expected(tmp_path: Path) -> None:
    study = Study(tmp_path)
    cell("visits", 6, "cmas", "53")(study)
    study.check()
    with (study.results / "queries.csv").open(encoding="utf-8", newline="") as file:
        (line,) = [line for line in csv.DictReader(file) if line["severity"] == "error"]
    assert line == {
        "severity": "error",
        "table": "visits",
        "subject_id": "CQ-001",
        "visit": "M2",
        "row": "6",
        "column": "cmas",
        "value": "53",
        "rule": "out_of_range",
        "message": "visits.csv, row 6, cmas: found 53; expected a number from 0 to 52",
        "file": "visits.csv",
        "record": "2023-04-12",
        "expected": "a number from 0 to 52",
        "query_id": "Q-758faacc10",
        "date_raised": "2024-06-30",
        "response": "",
        "site_status": "",
        "comment": "",
    }


def test_the_listing_is_the_same_bytes_from_the_same_files(tmp_path: Path) -> None:
    listings = []
    for name in ("one", "two"):
        study = Study(tmp_path / name)
        study.folder.mkdir()
        for edit in SPOILT.values():
            if edit.__qualname__.startswith("cell"):
                edit(study)
        study.check()
        listings.append((study.results / "queries.csv").read_bytes())
    assert listings[0] == listings[1]
