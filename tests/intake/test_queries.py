"""What goes to the site: identifiers that last, what changed since, and pages safe to open."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from durable.errors import UserError
from durable.intake.findings import COLUMNS
from durable.intake.query_columns import SHOWN
from durable.intake.sources import count_records
from tests.intake.package import packaged
from tests.intake.study import Edit, Study, again, cell, planned, text, without

pytestmark = pytest.mark.requirement("DAT-08", "OUT-05")


def run(folder: Path, *edits: Edit) -> Path:
    """Results of the study after the edits."""
    folder.mkdir()
    study = Study(folder)
    for edit in edits:
        edit(study)
    study.check()
    return study.results


def listing(results: Path) -> pd.DataFrame:
    return pd.read_csv(results / "queries.csv", dtype=str, keep_default_na=False)


def sheet(results: Path, name: str) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(results / "queries.xlsx")
    return [tuple(cell or "" for cell in row) for row in book[name].iter_rows(values_only=True)]


def test_the_listing_keeps_its_columns_in_their_order(tmp_path: Path) -> None:
    fixed = ["severity", "table", "subject_id", "visit", "row", "column", "value", "rule"]
    fixed += ["message"]
    assert list(listing(run(tmp_path / "a")))[:9] == COLUMNS[:9] == fixed


def test_a_finding_keeps_its_identifier_when_rows_come_and_go(tmp_path: Path) -> None:
    wrong = cell("visits", 30, "cmas", "53")
    one = listing(run(tmp_path / "one", wrong))
    two = listing(
        run(tmp_path / "two", wrong, without("visits", 2, 3), again("visits", 4, visit="UNS"))
    )
    (first,), (second,) = (
        frame.loc[frame["rule"] == "out_of_range", ["query_id", "row"]].to_numpy().tolist()
        for frame in (one, two)
    )
    assert (first[0], first[1], second[1]) == (second[0], "30", "28")
    assert re.fullmatch("Q-[0-9a-f]{10}", first[0])
    assert one["query_id"].is_unique
    assert two["query_id"].is_unique


def test_two_unscheduled_visits_have_their_own_identifiers(tmp_path: Path) -> None:
    twice = [
        again("visits", 6, visit="UNS", visit_date=d, cmas="53")
        for d in ("2023-05-01", "2023-05-02")
    ]
    found = listing(run(tmp_path / "a", *twice)).query("rule == 'out_of_range'")
    assert found["record"].tolist() == ["2023-05-01", "2023-05-02"]
    assert found["query_id"].nunique() == 2
    assert not found["query_id"].str.endswith("-2").any()


def test_a_second_listing_says_what_is_new_open_and_resolved(tmp_path: Path) -> None:
    kept, first_only = cell("visits", 6, "cmas", "53"), cell("visits", 7, "mmt8", "81")
    first = run(tmp_path / "first", kept, first_only)
    since = planned("outputs.queries_since", str(first / "queries.csv"))
    second = run(tmp_path / "second", kept, cell("subjects", 4, "sex", "female"), since)
    names = [heading for heading, _ in SHOWN.values()]
    header, *rows = sheet(second, "Queries")
    assert list(header) == names
    by = [dict(zip(names, row, strict=True)) for row in rows]
    errors = [(one["Status"], one["Subject"], one["Field"], one["Value"]) for one in by
              if one["Severity"] == "error"]  # fmt: skip
    assert errors == [("open", "CQ-001", "cmas", "53"), ("new", "CQ-003", "sex", "female")]
    assert {one["Status"] for one in by if one["Severity"] == "warning"} == {"open"}
    (_, gone) = sheet(second, "Resolved")
    resolved = dict(zip(names, gone, strict=True))
    shown = [resolved[name] for name in ("Status", "Subject", "Field", "Value")]
    assert shown == ["resolved", "CQ-001", "mmt8", "81"]
    page = (second / "queries.html").read_text()
    assert "Compared with the listing of results." in page
    assert str(tmp_path) not in page
    assert "new, error: 1; open, error: 1; open, warning: 17; resolved, error: 1." in page
    # What is resolved is no finding of this run: only two errors stop the analysis.
    assert (listing(second)["severity"] == "error").sum() == 2


def test_queries_are_grouped_by_subject_with_what_a_site_needs(tmp_path: Path) -> None:
    results = run(tmp_path / "a", cell("adverse_events", 3, "ctcae_grade", "6"))
    page = (results / "queries.html").read_text()
    subjects = re.findall("<h3>Subject (.*?)</h3>", page)
    assert subjects == sorted(set(subjects))
    section = page.split("<h3>Subject CQ-001</h3>")[1].split("<h3>")[0]
    cells = re.findall('<td[^>]* data-of="(.*?)">(.*?)</td>', section, re.DOTALL)
    seen = {name: re.sub("<[^>]*>", " ", cell).split() for name, cell in cells}
    assert seen.pop("Query")[1:] == ["open"]
    assert seen == {
        "Raised": ["2024-06-30"],
        "Severity": ["error"],
        "Record": ["adverse_events,", "AE-02", "adverse_events.csv,", "row", "3"],
        "Field": ["ctcae_grade"],
        "Value": ["6"],
        "Expected": ["a", "whole", "number", "from", "1", "to", "5", "out_of_range"],
        "Answer of the site": [],
    }


def test_data_is_neither_markup_nor_formula(tmp_path: Path) -> None:
    results = run(
        tmp_path / "a",
        cell("visits", 6, "cmas", "=1+1"),
        cell("visits", 7, "cmas", "<script>alert(1)</script>"),
        cell("visits", 8, "cmas", "http://x.example"),
    )
    page = (results / "queries.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    book = openpyxl.load_workbook(results / "queries.xlsx")
    kinds = {cell.data_type for row in book["Queries"].iter_rows() for cell in row if cell.value}
    assert kinds == {"s"}
    assert not any(cell.hyperlink for row in book["Queries"].iter_rows() for cell in row)


def test_the_listings_are_the_same_bytes_from_the_same_files(tmp_path: Path) -> None:
    edit = text("therapies", "CQ-002,methotrexate,", "CQ-002 methotrexate,")
    one, two = (run(tmp_path / name, edit) for name in ("one", "two"))
    for form in ("csv", "html", "xlsx"):
        assert (one / f"queries.{form}").read_bytes() == (two / f"queries.{form}").read_bytes()


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "query_id\nQ-1\n"])
def test_an_earlier_listing_that_is_none_is_refused(content: str, tmp_path: Path) -> None:
    earlier = tmp_path / "queries.csv"
    earlier.write_text(content)
    with pytest.raises(UserError, match=r"outputs\.queries_since: .*expected a queries\.csv"):
        run(tmp_path / "a", planned("outputs.queries_since", str(earlier)))


def test_the_listing_says_how_many_records_were_read_and_how_many_before(tmp_path: Path) -> None:
    first = run(tmp_path / "first")
    page = " ".join((first / "queries.html").read_text().split())
    assert '<tr><td>visits</td><td>visits.csv</td><td class="number">105</td></tr>' in page
    assert sheet(first, "Records read")[1:3] == [
        ("subjects", "subjects.csv", "12", "", ""),
        ("visits", "visits.csv", "105", "", ""),
    ]
    since = planned("outputs.queries_since", str(first / "queries.csv"))
    second = run(
        tmp_path / "second", without("adverse_events", 48, 49), again("subjects", 2), since
    )
    assert sheet(second, "Records read")[1:] == [
        ("subjects", "subjects.csv", "13", "12", "+1"),
        ("visits", "visits.csv", "105", "105", "0"),
        ("therapies", "therapies.csv", "36", "36", "0"),
        ("adverse_events", "adverse_events.csv", "47", "49", "-2"),
        ("laboratory", "laboratory.csv", "1757", "1757", "0"),
        ("kinetics", "kinetics.csv", "186", "186", "0"),
        ("screening", "screening.csv", "13", "13", "0"),
        ("eligibility", "eligibility.csv", "311", "311", "0"),
        ("lymphodepletion", "lymphodepletion.csv", "62", "62", "0"),
    ]
    page = " ".join((second / "queries.html").read_text().split())
    assert (
        '<tr><td>adverse_events</td><td>adverse_events.csv</td><td class="number">47</td>'
        '<td class="number">49</td><td class="number">-2</td></tr>' in page
    )
    fewer = listing(second).query("rule == 'fewer_records'")
    assert fewer[["severity", "table", "value", "message"]].to_numpy().tolist() == [
        [
            "warning",
            "adverse_events",
            "47",
            "adverse_events.csv: 47 records; expected at least the 49 of the earlier delivery"
            " (outputs.queries_since)",
        ]
    ]


def test_an_earlier_listing_alone_has_no_numbers_of_records(tmp_path: Path) -> None:
    first = run(tmp_path / "first")
    alone = tmp_path / "queries.csv"
    alone.write_bytes((first / "queries.csv").read_bytes())
    second = run(tmp_path / "second", planned("outputs.queries_since", str(alone)))
    assert sheet(second, "Records read")[2] == ("visits", "visits.csv", "105", "", "")


def test_the_domains_of_a_package_are_counted_each(tmp_path: Path) -> None:
    study = packaged(tmp_path, "xpt")
    study.check()
    counted = {name: (file, number) for name, file, number, *_ in
               sheet(study.results, "Records read")[1:]}  # fmt: skip
    assert counted["AE"] == ("ae.xpt", "49")
    assert counted["DM"] == ("dm.xpt", "12")
    sources = json.loads((study.results / "checked" / "sources.json").read_text())
    assert sources["adverse_events"]["records"]["AE"] == 49


def test_an_earlier_version_does_not_name_the_files_of_a_package_apart() -> None:
    files = {"AE": "1f", "SUPPAE": "2e"}
    before = {"file": "ae.xpt, suppae.xpt", "rows": 3, "files": files}
    before["records"] = {"AE": 3, "SUPPAE": 5}
    counts = count_records({"adverse_events": before}, None)
    assert {count.name: count.records for count in counts} == {"AE": 3, "SUPPAE": 5}


KEPT, GONE = cell("visits", 6, "cmas", "53"), cell("visits", 7, "mmt8", "81")


def returned(results: Path, change: Callable[[Worksheet], None]) -> Path:
    """The workbook of some results after the site has worked on its queries."""
    book = openpyxl.load_workbook(results / "queries.xlsx")
    change(book["Queries"])
    path = results.parent / "returned.xlsx"
    book.save(path)
    return path


def column(queries: Worksheet, heading: str) -> int:
    (place,) = (cell.column for cell in queries[1] if cell.value == heading)
    return place


def answered(queries: Worksheet, row: int, **texts: str) -> None:
    """Write into the cells of a row, by headings in small letters."""
    for heading, words in texts.items():
        place = column(queries, heading.capitalize().replace("_", " "))
        queries.cell(row, place).value = words


def since(path: Path, date: str | None = None) -> Edit:
    return planned("outputs", {"queries_since": str(path), "queries_date": date})


def by_field(results: Path) -> dict[str, dict[str, str]]:
    """Errors of the listing by their column."""
    found = listing(results).query("severity == 'error'")
    return {row["column"]: row for row in found.to_dict("records")}


def test_a_query_is_raised_at_the_cut_off_or_on_the_day_of_the_plan_and_keeps_its_date(
    tmp_path: Path,
) -> None:
    first = run(tmp_path / "first", KEPT)
    assert set(listing(first)["date_raised"]) == {"2024-06-30"}
    second = run(
        tmp_path / "second",
        *(KEPT, GONE, since(first / "queries.csv", "2026-07-01")),
    )
    dates = {name: row["date_raised"] for name, row in by_field(second).items()}
    assert dates == {"cmas": "2024-06-30", "mmt8": "2026-07-01"}


def test_the_answers_of_the_site_come_back_with_the_workbook_and_stay(tmp_path: Path) -> None:
    first = run(tmp_path / "first", KEPT, GONE)

    def work(queries: Worksheet) -> None:
        answered(queries, 2, response="Checked:\n53 is right", site_status="confirmed")
        answered(queries, 3, response="81 was 80", site_status="corrected", comment="see CRF")

    back = returned(first, work)
    second = run(tmp_path / "second", KEPT, cell("subjects", 4, "sex", "female"), since(back))
    fields = by_field(second)
    assert fields["cmas"]["response"] == "Checked:\n53 is right"
    assert fields["cmas"]["site_status"] == "confirmed"
    assert fields["sex"]["response"] == ""
    # What is resolved is shown with its answer, too.
    header, gone = sheet(second, "Resolved")
    resolved = dict(zip(header, gone, strict=True))
    assert (resolved["Field"], resolved["Response"]) == ("mmt8", "81 was 80")
    assert (resolved["Site status"], resolved["Comment"]) == ("corrected", "see CRF")
    page = (second / "queries.html").read_text()
    assert "Compared with the listing of returned.xlsx." in page
    assert "81 was 80" in page
    assert not listing(second)["rule"].str.contains("query_row|answers").any()
    # The third listing has them from the second, by its CSV as by its workbook.
    for form in ("csv", "xlsx"):
        third = run(tmp_path / f"third_{form}", KEPT, since(second / f"queries.{form}"))
        assert by_field(third)["cmas"]["response"] == "Checked:\n53 is right"
        assert by_field(third)["cmas"]["date_raised"] == "2024-06-30"


def test_a_formula_in_an_answer_is_text_in_every_listing(tmp_path: Path) -> None:
    first = run(tmp_path / "first", KEPT)
    formula = '=HYPERLINK("http://x.example","<b>53</b>")'
    back = returned(first, lambda queries: answered(queries, 2, response=formula, comment="-1+2"))
    second = run(tmp_path / "second", KEPT, since(back))
    row = by_field(second)["cmas"]
    assert (row["response"], row["comment"]) == (f"'{formula}", "'-1+2")
    book = openpyxl.load_workbook(second / "queries.xlsx")
    kinds = {cell.data_type for line in book["Queries"].iter_rows() for cell in line if cell.value}
    assert kinds == {"s"}
    assert "<b>" not in (second / "queries.html").read_text()
    third = run(tmp_path / "third", KEPT, since(second / "queries.csv"))
    assert by_field(third)["cmas"]["response"] == f"'{formula}"


def test_the_numbers_of_records_come_back_with_the_workbook(tmp_path: Path) -> None:
    first = run(tmp_path / "first")
    back = returned(first, lambda _: None)
    second = run(tmp_path / "second", without("adverse_events", 48, 49), since(back))
    (fewer,) = listing(second).query("rule == 'fewer_records'").to_dict("records")
    assert (fewer["table"], fewer["value"]) == ("adverse_events", "47")


@pytest.mark.parametrize("heading", ["Query", "Response", "Value"])
def test_a_column_that_is_gone_is_one_finding(heading: str, tmp_path: Path) -> None:
    first = run(tmp_path / "first", KEPT)

    def without_column(queries: Worksheet) -> None:
        answered(queries, 2, comment="kept")
        queries.delete_cols(column(queries, heading))

    second = run(tmp_path / "second", KEPT, since(returned(first, without_column)))
    (found,) = listing(second).query("table == ''").to_dict("records")
    assert (found["rule"], found["column"]) == ("answers_not_read", heading)
    assert found["message"] == (
        f"returned.xlsx, row 1: no column {heading} in the sheet Queries; expected it as it was"
        " sent"
    )
    row = by_field(second)["cmas"]
    assert row["date_raised"] == "2024-06-30"
    assert row["comment"] == ("" if heading == "Query" else "kept")
    assert "open, error: 1" in (second / "queries.html").read_text()


def test_a_row_that_is_gone_stays_open_and_is_named(tmp_path: Path) -> None:
    first = run(tmp_path / "first", KEPT)
    query = by_field(first)["cmas"]["query_id"]
    back = returned(first, lambda queries: queries.delete_rows(2))
    second = run(tmp_path / "second", KEPT, since(back, "2026-07-01"))
    (found,) = listing(second).query("rule == 'query_row_missing'").to_dict("records")
    assert found["value"] == query
    assert by_field(second)["cmas"]["date_raised"] == "2024-06-30"


def test_a_workbook_that_is_none_stops_the_analysis_with_a_finding(tmp_path: Path) -> None:
    broken = tmp_path / "returned.xlsx"
    broken.write_bytes(b"PK\3\4 no workbook")
    (found,) = by_field(run(tmp_path / "a", since(broken))).values()
    assert found["rule"] == "unreadable_file"
    other = openpyxl.Workbook()
    other.save(broken)
    with pytest.raises(UserError, match=r"outputs\.queries_since: .*its sheet Queries"):
        run(tmp_path / "b", since(broken))


def test_only_the_columns_for_answers_can_be_edited(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(run(tmp_path / "a", KEPT) / "queries.xlsx")
    queries = book["Queries"]
    assert all(one.protection.sheet for one in book.worksheets)
    free = {queries.cell(1, cell.column).value for cell in queries[2] if not cell.protection.locked}
    assert free == {"Response", "Site status", "Comment"}
    assert book["Index"].sheet_state == "veryHidden"
