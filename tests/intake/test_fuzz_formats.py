"""Damaged files of every format: told, or read without a word in between; never a failure."""

from __future__ import annotations

import io
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable.contracts.tables import NATIVE_COLUMNS
from durable.intake.findings import Findings
from durable.intake.shaping.table import SourceReader
from durable.plan import Input
from tests.intake.forms import dataset_json, ndjson, parquet, sas7bdat, short, typed, xlsx, xpt
from tests.intake.package import native

DAMAGE = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=4)), max_size=4)
FORMATS: dict[str, Any] = {
    "xlsx": "xlsx",
    "xlsx sheet": "xlsx",
    "parquet": "parquet",
    "dataset-json": "dataset-json",
    "ndjson": "dataset-json",
    "xpt5": "xpt",
    "xpt8": "xpt",
    "sas7bdat": "sas7bdat",
}
_SHEET = "xl/worksheets/sheet1.xml"


@cache
def sound(form: str) -> bytes:
    """Three records of the therapies."""
    rows = typed("therapies")[:4]
    match form:
        case "parquet":
            return parquet(rows)
        case "dataset-json":
            return dataset_json(rows)
        case "ndjson":
            return ndjson(rows)
        case "xpt5" | "xpt8":
            with tempfile.TemporaryDirectory() as folder:
                return xpt(rows, int(form[-1]), Path(folder))
        case "sas7bdat":
            return sas7bdat("therapies")
    return xlsx(rows)


def damaged(form: str, damage: list[tuple[float, bytes]]) -> bytes:
    """The file with some of its bytes replaced; of a workbook also those of the sheet inside it."""
    whole = sound(form)
    if form != "xlsx sheet":
        return _replaced(whole, damage)
    source, data = zipfile.ZipFile(io.BytesIO(whole)), io.BytesIO()
    with zipfile.ZipFile(data, "w") as book:
        for name in source.namelist():
            part = source.read(name)
            book.writestr(name, _replaced(part, damage) if name == _SHEET else part)
    return data.getvalue()


def _replaced(data: bytes, damage: list[tuple[float, bytes]]) -> bytes:
    for place, piece in damage:
        at = int(place * len(data))
        # No bytes: the file ends here.
        data = data[:at] + piece + data[at + len(piece) :] if piece else data[:at]
    return data


def read_as(form: str, data: bytes) -> tuple[Any, list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        findings = Findings()
        renamed = short(list(native("therapies")[0])) if form == "xpt5" else {}
        given_input = Input(path=str(path), format=FORMATS[form], columns=renamed)
        table, _ = SourceReader(findings).table("therapies", given_input)
    frame = findings.frame()
    return table, frame.loc[frame["severity"] == "error", "rule"].tolist()


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=25, deadline=None)
@given(damage=DAMAGE)
def test_a_damaged_file_is_told_or_read(form: str, damage: list[tuple[float, bytes]]) -> None:
    table, errors = read_as(form, damaged(form, damage))
    assert table.readable or errors
    assert list(table.text)[:-1] == list(NATIVE_COLUMNS["therapies"])
    assert all(isinstance(value, str) for value in table.text.iloc[:, :-1].to_numpy().ravel())


def test_a_damaged_footer_of_parquet_does_not_end_the_process() -> None:
    """To ask pyarrow about a column whose statistics contradict its schema ends Python itself."""
    whole = sound("parquet")
    begin = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    refused = 0
    for at in range(begin, begin + 256):
        other = bytes([(whole[at] + 1) % 256])
        table, errors = read_as("parquet", whole[:at] + other + whole[at + 1 :])
        assert table.readable or errors
        refused += bool(errors)
    assert refused > 128


def test_a_variable_of_sas_whose_name_cannot_be_read_is_told() -> None:
    whole = sound("sas7bdat")
    # The first pointer to a name points nowhere.
    table, errors = read_as("sas7bdat", whole[:11296] + b"\0" + whole[11297:])
    assert errors == ["unreadable_file"]
    assert not table.readable


@pytest.mark.parametrize("form", FORMATS)
def test_an_undamaged_file_is_read(form: str) -> None:
    table, errors = read_as(form, sound(form))
    assert errors == []
    assert table.text["therapy"].tolist()[:3] == [row[1] for row in typed("therapies")[1:4]]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "data", [b"", b"\0", b"PK\3\4", b"{}", b"[]", b"[" * 100_000, b"\xff" * 99]
)
def test_what_is_no_such_file_is_told(form: str, data: bytes) -> None:
    table, errors = read_as(form, data)
    assert errors == ["unreadable_file"] or errors == ["not_utf8"]
    assert not table.readable


def test_a_cell_far_from_the_others_does_not_make_the_reader_walk_there() -> None:
    def far(sheet: Any) -> None:
        sheet["XFD1048576"] = "x"

    _, errors = read_as("xlsx", xlsx(typed("therapies")[:4], far))
    assert errors == ["unreadable_file"]


def test_a_huge_exponent_is_no_number_and_no_hang() -> None:
    data = dataset_json(typed("therapies")[:4]).replace(b'"methotrexate"', b"1e999999999", 1)
    table, errors = read_as("dataset-json", data)
    assert errors == []
    assert "1E+999999999" in table.text["therapy"].tolist()
