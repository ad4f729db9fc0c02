"""Files that ask more of the machine than any table: refused, with the key that says how much."""

from __future__ import annotations

import io
import json
import os
import re
import time
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from durable.intake.findings import Findings
from durable.intake.reading import open_file, read_cells
from durable.plan import Format, Input, PlanError, parse
from durable.plan.limits import Limits
from tests.intake.forms import dataset_json, ndjson, parquet, sas7bdat, short, typed, xlsx, xpt
from tests.intake.study import Found, Study, column, data, planned

Messages = Callable[..., list[str]]


@pytest.fixture
def messages(tmp_path: Path) -> Messages:
    """What the listing says of a file, each finding by its rule, under these limits."""

    def read(content: bytes, form: Format, **limits: int) -> list[str]:
        path = tmp_path / "file"
        path.write_bytes(content)
        source, findings = Input(path=str(path), format=form), Findings()
        file = open_file("therapies", source, findings, Limits(**limits))
        if file is not None:
            read_cells(file, source)
        frame = findings.frame()
        return [f"{rule}: {text}" for rule, text in frame[["rule", "message"]].to_numpy()]

    return read


def with_part(change: Callable[[bytes], bytes], name: str = "xl/worksheets/sheet1.xml") -> bytes:
    """The therapies as a workbook, one part of which is changed."""
    source, content = zipfile.ZipFile(io.BytesIO(xlsx(typed("therapies")))), io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as book:
        for part in source.namelist():
            old = source.read(part)
            book.writestr(part, change(old) if part == name else old)
    return content.getvalue()


def after_rows(xml: bytes) -> Callable[[bytes], bytes]:
    """More elements behind the rows of a sheet."""
    return lambda sheet: sheet.replace(b"</sheetData>", b"</sheetData>" + xml)


ALL = "A1:XFD1048576"
MANY = "17179869184 cells in merged areas and links; expected at most 100000"


@pytest.mark.parametrize(
    "xml",
    [
        f'<mergeCells count="1"><mergeCell ref="{ALL}"/></mergeCells>',
        f'<x:mergeCells xmlns:x="main"><x:mergeCell id="" ref="{ALL}"/></x:mergeCells>',
        f'<hyperlinks><hyperlink ref="{ALL}" location="A1"/></hyperlinks>',
    ],
    ids=["merged", "merged under a prefix", "a link"],
)
def test_an_area_as_large_as_the_sheet_is_not_walked(xml: str, messages: Messages) -> None:
    tracemalloc.start()
    found = messages(with_part(after_rows(xml.encode())), "xlsx")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [f"too_large: file: {MANY} (inputs.limits.merged_cells)"]
    assert peak < 20e6


def test_merged_areas_are_counted_over_all_sheets_up_to_the_limit(messages: Messages) -> None:
    areas = b"".join(b'<mergeCell ref="A%d:B%d"/>' % (row, row) for row in range(40, 45))
    book = with_part(after_rows(b"<mergeCells>" + areas + b"</mergeCells>"))
    assert [line.split(":")[0] for line in messages(book, "xlsx", merged_cells=10)] == [
        "merged_cells"
    ] * 5
    assert messages(book, "xlsx", merged_cells=9) == [
        "too_large: file: 10 cells in merged areas and links; expected at most 9"
        " (inputs.limits.merged_cells)"
    ]


def test_an_archive_that_unpacks_to_much_is_not_unpacked(messages: Messages) -> None:
    bomb = with_part(lambda sheet: sheet + b" " * 300_000_000)
    assert len(bomb) < 1_000_000
    tracemalloc.start()
    begun = time.process_time()
    found = messages(bomb, "xlsx")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [
        "too_large: file: 301 MB when unpacked; expected at most 200 (inputs.limits.unpacked_mb)"
    ]
    assert (peak < 20e6, time.process_time() - begun < 1) == (True, True)
    found = messages(bomb, "xlsx", unpacked_mb=400)
    times = re.fullmatch(
        r"too_large: file: (\d+) times its size when unpacked; expected at most 100"
        r" \(inputs\.limits\.ratio\)",
        found[0],
    )
    assert times is not None
    assert int(times[1]) > 500


def test_a_workbook_of_the_same_rows_over_and_over_is_within_the_ratio(messages: Messages) -> None:
    header, *rows = typed("therapies")
    assert messages(xlsx([header, *(rows[:1] * 5000)]), "xlsx") == []


def test_more_cell_formats_than_a_spreadsheet_has_are_refused(messages: Messages) -> None:
    def more(styles: bytes) -> bytes:
        return re.sub(rb"<cellXfs[^>]*>", lambda found: found[0] + b"<xf/>" * 70_000, styles)

    book = with_part(more, "xl/styles.xml")
    assert messages(book, "xlsx") == [
        "too_large: file: 70004 cell formats; expected at most 65490 (inputs.limits.styles)"
    ]


def test_a_document_type_in_a_workbook_is_refused(messages: Messages) -> None:
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>'
    found = messages(with_part(lambda sheet: entity + sheet), "xlsx")
    assert found == [
        "unreadable_file: file: a document type in a part; expected an Excel workbook (.xlsx)"
    ]


def test_a_workbook_with_a_password_is_told_as_such(messages: Messages) -> None:
    # A compound file, as Excel writes one with a password and wrote .xls.
    found = messages(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "xlsx")
    assert found == [
        "unreadable_file: file: a workbook with a password, or one of Excel 97 (.xls); expected an"
        " Excel workbook (.xlsx)"
    ]


WIDE = [["subject_id", *(f"c{i}" for i in range(2000))], ["CQ-001", *["1"] * 2000]]


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("csv", lambda rows, _: "".join(",".join(row) + "\n" for row in rows).encode()),
        ("tsv", lambda rows, _: "".join("\t".join(row) + "\n" for row in rows).encode()),
        ("xlsx", lambda rows, _: xlsx(rows)),
        ("parquet", lambda rows, _: parquet(rows)),
        ("dataset-json", lambda rows, _: dataset_json(rows)),
        ("xpt", lambda rows, folder: xpt(rows, 8, folder)),
    ],
)
def test_more_columns_than_a_table_has_are_refused_in_every_format(
    form: Format, content: Any, messages: Messages, tmp_path: Path
) -> None:
    wide = content(WIDE, tmp_path)
    assert messages(wide, form, columns=2001) == []
    assert messages(wide, form) == [
        "too_large: file: 2001 columns; expected at most 2000 (inputs.limits.columns)"
    ]


def test_a_sas_file_says_how_many_columns_and_values_it_has(messages: Messages) -> None:
    assert messages(sas7bdat("iris"), "sas7bdat", columns=5, cells=750) == []
    assert messages(sas7bdat("iris"), "sas7bdat", columns=4) == [
        "too_large: file: 5 columns; expected at most 4 (inputs.limits.columns)"
    ]
    assert messages(sas7bdat("iris"), "sas7bdat", cells=749) == [
        "too_large: file: 750 values; expected at most 749 (inputs.limits.cells)"
    ]


def test_a_small_parquet_file_of_240_million_values_is_not_unpacked(messages: Messages) -> None:
    content = io.BytesIO()
    with pq.ParquetWriter(content, pa.schema({"a": pa.null(), "b": pa.null()})) as writer:
        for _ in range(6):
            writer.write_table(pa.table({"a": pa.nulls(20_000_000), "b": pa.nulls(20_000_000)}))
    assert len(content.getvalue()) < 500_000
    assert messages(content.getvalue(), "parquet") == [
        "too_large: file: 240000000 values; expected at most 200000000 (inputs.limits.cells)"
    ]


def test_a_text_that_a_parquet_file_holds_once_is_read_once(messages: Messages) -> None:
    """A file of kilobytes may ask for gigabytes: here one text of a megabyte in 1000 records."""
    indices, content = pa.array([0, None] * 500, pa.int32()), io.BytesIO()
    texts = pa.DictionaryArray.from_arrays(indices, pa.array(["x" * 1_000_000, "of no record"]))
    for stored in (True, False):
        content = io.BytesIO()
        table = pa.table({"reason": texts})
        pq.write_table(table, content, dictionary_pagesize_limit=10**7, store_schema=stored)
        assert len(content.getvalue()) < 100_000
        usual, counted = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
        pa.set_memory_pool(counted)
        try:
            assert messages(content.getvalue(), "parquet") == []
        finally:
            pa.set_memory_pool(usual)
        assert counted.max_memory() < 50e6


def test_compressed_formats_are_held_to_their_size_when_unpacked(messages: Messages) -> None:
    content = io.BytesIO()
    table = pa.table({"reason": ["x" * 1_000_000] * 3})
    pq.write_table(table, content, compression="zstd", use_dictionary=False)
    assert len(content.getvalue()) < 2000
    assert messages(content.getvalue(), "parquet", file_mb=4) == []
    assert messages(content.getvalue(), "parquet", file_mb=3) == [
        "too_large: file: 4 MB when unpacked; expected at most 3 (inputs.limits.file_mb)"
    ]
    # 200,000 records of 38 bytes.
    many = sas7bdat("iris").replace((150).to_bytes(8, "little"), (200_000).to_bytes(8, "little"))
    assert messages(many, "sas7bdat", file_mb=7) == [
        "too_large: file: 8 MB when unpacked; expected at most 7 (inputs.limits.file_mb)"
    ]


@pytest.mark.parametrize("quote", ["", '"'], ids=["plain", "quoted"])
def test_a_row_may_be_as_long_as_the_limit_says(quote: str, messages: Messages) -> None:
    def rows(length: int) -> bytes:
        cell = quote + "x" * (length - 2 - 2 * len(quote)) + quote
        return f"a,b\n1,2\n3,{cell}\n4,5\n".encode()

    for limit in (1_048_576, 3_000_000):
        assert messages(rows(limit), "csv", line_bytes=limit) == []
        assert messages(rows(limit + 1), "csv", line_bytes=limit) == [
            f"too_large: file, row 3: {limit + 1} bytes in a row; expected at most {limit}"
            " (inputs.limits.line_bytes)"
        ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("sign", ["x", "\u76ae"], ids=["ascii", "three bytes"])
def test_a_row_of_several_lines_may_be_as_long_as_the_limit_says(
    sign: str, end: str, messages: Messages
) -> None:
    """Its line breaks are counted, the end of its last line is not."""
    line = sign * 400 + end
    cells = ",".join([f'"{line * 3}"'] * 2)
    size = len(cells.encode())
    content = f'a,b{end}1,"2"{end}{cells}{end}4,5{end}'.encode()
    assert not any("too_large" in one for one in messages(content, "csv", line_bytes=size))
    assert messages(content, "csv", line_bytes=size - 1) == [
        f"too_large: file, row 3: {size} bytes in a row that has no end yet (an opening quote"
        f" without a closing one?); expected at most {size - 1} (inputs.limits.line_bytes)"
    ]


def test_a_row_of_many_long_cells_of_several_lines_is_refused(messages: Messages) -> None:
    cells = b",".join([b'"' + b"x\n" * 400_000 + b'"'] * 4)
    (found,) = messages(b"a,b,c,d\n" + cells + b"\n", "csv")
    assert found.startswith("too_large: file, row 2: 1048577 bytes in a row that has no end yet")


def test_a_quote_that_is_never_closed_does_not_make_the_rest_a_cell(messages: Messages) -> None:
    (found,) = messages(b'a,b\n1,"2\n' + b"3,4\n" * 5_000_000, "csv")
    assert found.startswith("too_large: file, row 2: 1048580 bytes in a row that has no end yet")
    assert messages(b'a,b\n1,"2\n' + b"3,4\n" * 50, "csv") == [
        "broken_quotes: file, row 2: unexpected end of data; expected quotes around the whole cell,"
        " doubled inside it"
    ]


def test_a_file_that_never_ends_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        findings = Findings()
        assert open_file("visits", Input(path=str(path), format="csv"), findings) is None
        assert findings.frame()["message"].tolist() == [
            f"{path.name}: no regular file; expected a file"
        ]


def test_what_the_library_says_of_a_cell_is_said_by_the_listing_alone(messages: Messages) -> None:
    """It warns of each cell, a million times where there are so many."""
    far = with_part(lambda sheet: re.sub(rb"<v>4\d{4}</v>", b"<v>99999999999</v>", sheet))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = messages(far, "xlsx")
    assert found[0] == "no_result: file, row 2: C2 holds #VALUE!; expected a value"


def test_a_header_that_never_ends_is_refused(messages: Messages) -> None:
    assert messages(b"a," * 1_000_000, "csv") == [
        "too_large: file, row 1: 2000000 bytes in a row; expected at most 1048576"
        " (inputs.limits.line_bytes)"
    ]


def test_a_file_larger_than_the_limit_is_not_read(messages: Messages) -> None:
    content = b"a,b\n" + b"1,2\n" * 300_000
    assert messages(content, "csv", file_mb=2) == []
    assert messages(content, "csv", file_mb=1) == [
        "too_large: file: 2 MB; expected at most 1 (inputs.limits.file_mb)"
    ]


def test_the_plan_states_the_limits(tmp_path: Path) -> None:
    study = Study(tmp_path)
    planned("inputs.limits", {"columns": 20})(study)
    found = [one for one in study.check() if one.severity == "error"]
    assert found == [
        Found("error", table, None, "", "", "too_large") for table in ("visits", "screening")
    ]
    with pytest.raises(PlanError, match=r"inputs\.limits\.columns: found 0; expected"):
        parse(study.raw | {"inputs": study.raw["inputs"] | {"limits": {"columns": 0}}})


# The listing.


def test_of_many_findings_the_first_are_listed_and_the_others_counted(tmp_path: Path) -> None:
    study = Study(tmp_path)
    column("visits", "cmas", "53")(study)
    planned("inputs.limits", {"findings": 40})(study)
    found = study.check()
    assert sum(one.rule == "out_of_range" for one in found) == 40
    assert Found("error", "visits", None, "cmas", "out_of_range", "not_listed") in found
    listed = pd.read_csv(study.results / "queries.csv", keep_default_na=False)
    (message,) = listed.loc[listed["rule"] == "not_listed", "message"]
    assert message == (
        "visits.csv: 65 more findings of out_of_range; expected none: the listing holds the first"
        " 40 of a kind (inputs.limits.findings)"
    )
    rows = listed.loc[listed["rule"] == "out_of_range", "row"].astype(int)
    assert rows.tolist() == list(range(2, 42))
    assert study.refused() is not None


def test_what_is_not_listed_is_neither_new_nor_resolved(tmp_path: Path) -> None:
    """A finding beyond the limit of one listing may be within that of the other."""
    first, second = Study(tmp_path / "first"), Study(tmp_path / "second")
    for study, most in ((first, 40), (second, 50)):
        study.folder.mkdir()
        column("visits", "cmas", "53")(study)
        planned("inputs.limits", {"findings": most})(study)
    first.check()
    planned("outputs.queries_since", str(first.results / "queries.csv"))(second)
    second.check()
    page = " ".join((second.results / "queries.html").read_text().split())
    assert "open, error: 51; open, warning: 17." in page
    planned("outputs.queries_since", str(second.results / "queries.csv"))(first)
    first.parsed = None
    first.check()
    page = " ".join((first.results / "queries.html").read_text().split())
    assert "open, error: 41; open, warning: 17." in page


def seconds(study: Study, rows: int, row: str) -> float:
    """CPU time of the check of visits of so many rows alike."""
    header, *_ = study.files["visits"].splitlines(keepends=True)
    study.files["visits"] = header + row.encode() * rows
    study.parsed = None
    begun = time.process_time()
    found = study.check()
    assert 10_000 <= sum(one.table == "visits" for one in found) <= 30_100
    return time.process_time() - begun


@pytest.mark.slow
@pytest.mark.parametrize(
    "row", ["CQ-001,M2\n", "CQ-001,M2,2023-13-01" + "," * 21 + "\n", "\n" * 2 + "CQ-001\n"],
    ids=["too short", "no date", "empty and too short"],
)  # fmt: skip
def test_the_time_of_broken_rows_is_linear_in_their_number(row: str, tmp_path: Path) -> None:
    study = Study(tmp_path)
    for table in ("therapies", "adverse_events", "kinetics"):
        del study.raw["inputs"][table], study.files[table]
    few, many = (min(seconds(study, rows, row) for _ in range(2)) for rows in (25_000, 200_000))
    assert many < 16 * few, "eight times the rows: 8 times the time is linear, 64 times quadratic"


# What is no text.


def dataset(change: Callable[[dict[str, Any]], None]) -> bytes:
    described = json.loads(dataset_json(typed("therapies")))
    change(described)
    return json.dumps(described).encode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rash \ud83d", "rash \\ud83d, with half of a character; expected text"),
        ("\udc00", "\\udc00, with half of a character; expected text"),
    ],
)
@pytest.mark.parametrize("lines", [False, True], ids=["document", "lines"])
def test_half_a_character_in_json_is_refused_with_its_place(
    text: str, message: str, lines: bool, messages: Messages
) -> None:
    rows = typed("therapies")
    rows[3][5] = text
    content = ndjson(rows) if lines else dataset_json(rows)
    assert messages(content, "dataset-json") == [f"bad_character: file, row 3: {message}"]


def test_both_halves_of_a_character_in_json_are_the_character(messages: Messages) -> None:
    rows = typed("therapies")
    rows[3][5] = "\U0001f600"
    content = dataset_json(rows)
    assert b"\\ud83d\\ude00" in content
    assert messages(content, "dataset-json") == []


@pytest.mark.parametrize("name", ["cmas\ud800", "\ufffe", "a\U0001ffffb"])
def test_what_is_no_character_in_the_name_of_a_column_is_refused(
    name: str, messages: Messages
) -> None:
    def rename(described: dict[str, Any]) -> None:
        described["columns"][2]["name"] = name

    (found,) = messages(dataset(rename), "dataset-json")
    assert found.startswith("bad_character: file: \\")
    assert found.endswith(" in the name of a column; expected text")


def test_a_study_with_half_a_character_has_a_listing_and_no_traceback(tmp_path: Path) -> None:
    study = Study(tmp_path)
    rows = typed("adverse_events")
    rows[3][3] = "Lymphopenia\ud800"
    study.files["adverse_events"] = dataset_json(rows)
    study.raw["inputs"]["adverse_events"]["format"] = "dataset-json"
    found = [one for one in study.check() if one.severity == "error"]
    assert found == [
        Found("error", "adverse_events", 3, "preferred_term", "Lymphopenia\\ud800", "bad_character")
    ]


@pytest.mark.parametrize("character", ["\ufdd0", "\ufdef", "\ufffe", "\uffff", "\U0010fffe"])
@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("adverse_events", "preferred_term"),
        ("adverse_events", "ctcae_grade"),
        ("visits", "visit"),
        ("visits", "subject_id"),
        ("therapies", "new_systemic"),
        ("kinetics", "unit"),
    ],
)
def test_a_noncharacter_in_any_column_is_an_error_and_its_pages_are_sound(
    character: str, table: str, name: str, tmp_path: Path
) -> None:
    study = Study(tmp_path)
    rows = study.cells(table)
    place = rows[0].index(name)
    rows[2][place] += character
    study.write(table, rows)
    errors = [one for one in study.check() if one.severity == "error"]
    escape = character.encode("unicode_escape").decode()
    value = f"{rows[2][place][:-1]}{escape}"
    assert (table, 3, name, value) in {(e.table, e.row, e.column, e.value) for e in errors}
    for file in ("queries.html", "queries.csv"):
        assert character not in (study.results / file).read_text(encoding="utf-8")
    with zipfile.ZipFile(study.results / "queries.xlsx") as book:
        for part in book.namelist():
            ET.fromstring(book.read(part))  # raises where XML cannot hold it
    assert study.refused() is not None


def test_a_noncharacter_in_a_header_is_an_error(tmp_path: Path) -> None:
    study = Study(tmp_path)
    data("therapies", lambda text: text.replace(b"reason", "rea\uffffson".encode(), 1))(study)
    errors = [one for one in study.check() if one.severity == "error"]
    assert errors == [Found("error", "therapies", None, "rea\\uffffson", "", "bad_character")]


def test_a_text_of_a_transport_file_that_goes_on_behind_a_nul_is_refused(
    messages: Messages, tmp_path: Path
) -> None:
    """The library would take the NUL for its end, and read another text."""
    rows = [["subject_id", "reason"], *(["CQ-001", text] for text in ("worse", "better", "none"))]
    for version in (5, 8):
        content = xpt(rows, version, tmp_path)
        name = short(rows[0])["reason"].lower() if version == 5 else "reason"
        assert messages(content.replace(b"better", b"be\0ter"), "xpt") == [
            "bad_character: file, row 2: be\\x00ter, with a NUL character; expected text"
        ], name
        # Some programs fill up with NULs.
        assert messages(content.replace(b"none  ", b"none\0\0"), "xpt") == []


def test_messages_are_short_whatever_the_file_says(messages: Messages) -> None:
    long = "9" * 1_000_000
    for content in (
        dataset(lambda described: described.update(records=long)),
        dataset(lambda described: [c.update(name=long) for c in described["columns"][:2]]),
    ):
        (found,) = messages(content, "dataset-json")
        assert f"{'9' * 200}... (1000000 characters)" in found
        assert len(found) < 400
    (found,) = messages(f'{{"{long}": 1, "{long}": 2}}'.encode(), "dataset-json")
    assert len(found) < 400


def test_a_key_twice_among_many_is_found_in_linear_time(messages: Messages) -> None:
    keys = ",".join(f'"{number}":1' for number in range(100_000))
    begun = time.process_time()
    assert messages(f'{{{keys},"99999":1}}'.encode(), "dataset-json") == [
        "unreadable_file: file: the key '99999' a second time; expected Dataset-JSON 1.1"
    ]
    assert time.process_time() - begun < 3


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        (b'"name": "DATA"', b'"name": "DATA", "name": "AE"', "name"),
        (b'"records": 36', b'"records": 36, "records": 17', "records"),
        (b'"label": "reason"', b'"label": "reason", "label": "x"', "label"),
        (b'"rows": [', b'"rows": [], "rows": [', "rows"),
    ],
)
def test_a_key_twice_in_dataset_json_is_refused(
    old: bytes, new: bytes, key: str, messages: Messages
) -> None:
    content = dataset_json(typed("therapies"))
    assert content.count(old) == 1
    assert messages(content.replace(old, new), "dataset-json") == [
        f"unreadable_file: file: the key '{key}' a second time; expected Dataset-JSON 1.1"
    ]
