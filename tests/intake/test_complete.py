"""Files that say how long they are, and are not: the listing says what was found and expected."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from durable.intake.findings import Findings
from durable.plan import Format, Input, PlanError, parse
from tests.intake.forms import delivered, ndjson, sas7bdat, typed, xpt
from tests.intake.package import packaged
from tests.intake.study import Found, Study, file_cells, planned

Messages = Callable[..., list[str]]


@pytest.fixture
def messages(tmp_path: Path) -> Messages:
    """What the listing says of a file, each finding by its rule."""

    def read(data: bytes, form: Format, **plan: Any) -> list[str]:
        path = tmp_path / "ae"
        path.write_bytes(data)
        findings = Findings()
        file_cells(Input(path=str(path), format=form, **plan), findings, "adverse_events")
        frame = findings.frame()
        return [f"{rule}: {text}" for rule, text in frame[["rule", "message"]].to_numpy()]

    return read


@pytest.fixture
def events(tmp_path: Path) -> bytes:
    """The 49 adverse events of the demo, in a transport file of version 8.

    Its headers have 3120 bytes: nine records of 80, and 2400 that describe 17 variables.
    """
    return xpt(typed("adverse_events"), 8, tmp_path)


def test_half_a_transport_file_would_be_read_as_17_of_49_events(
    events: bytes, messages: Messages
) -> None:
    half = events[:7040]
    frame, _ = pyreadstat.read_xport(io.BytesIO(half))
    assert (len(typed("adverse_events")) - 1, len(frame)) == (49, 17)
    assert messages(events, "xpt") == []
    assert messages(half, "xpt") == [
        "incomplete_file: ae: 3920 bytes after the headers; expected 11120: 49 records of 226"
        " bytes, as the header says"
    ]


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (6561, "6561 bytes; expected a multiple of 80: the last block is cut or added to"),
        (3120, "0 bytes after the headers; expected 11120: 49 records of 226 bytes, as the header"
               " says"),
        (3040, "3040 bytes, which end within the headers; expected the header of the records"),
        (560, "560 bytes, which end within the headers; expected the header of the records"),
        (80, "80 bytes, which end within the headers; expected the header of the records"),
    ],
)  # fmt: skip
def test_a_transport_file_says_where_it_ends(
    size: int, message: str, events: bytes, messages: Messages
) -> None:
    assert messages(events[:size], "xpt") == [f"incomplete_file: ae: {message}"]


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        (b"%15d" % 48, "11120 bytes after the headers; expected 10880: 48 records of 226 bytes, as"
                       " the header says"),
        (b"%15d" % 0, "11120 bytes after the headers; expected 0: 0 records of 226 bytes, as the"
                      " header says"),
        (b"%15s" % b"4x", "b'4x' as the number of records; expected a whole number"),
    ],
)  # fmt: skip
def test_the_number_of_records_of_version_8_is_compared_with_the_records(
    stated: bytes, message: str, events: bytes, messages: Messages
) -> None:
    other = events.replace(b"%15d" % 49, stated)
    assert other != events
    assert messages(other, "xpt") == [f"incomplete_file: ae: {message}"]


def test_zeros_in_place_of_the_number_are_no_statement(events: bytes, messages: Messages) -> None:
    without = events.replace(b"%15d%15s" % (49, b""), b"0" * 30)
    assert without != events
    assert messages(without, "xpt", records=49) == []
    assert messages(without[:-80], "xpt") == [
        "incomplete_file: ae: 11040 bytes after the headers; expected 10880: 48 records of 226"
        " bytes, and blanks to the end of a block"
    ]


def test_a_transport_file_holds_nothing_but_blanks_after_its_last_record(
    events: bytes, messages: Messages
) -> None:
    assert messages(events[:-1] + b"x", "xpt") == [
        "incomplete_file: ae: a part of a record after 49 records of 226 bytes; expected blanks"
    ]


@pytest.mark.parametrize("labels", [["short", "l" * 90], ["", ""]], ids=["long", "none"])
def test_a_transport_file_with_long_labels_is_whole(
    labels: list[str], tmp_path: Path, messages: Messages
) -> None:
    """Version 8 has them behind the descriptions of the variables, as many bytes as they take."""
    frame = pd.DataFrame({"A": ["x" * 60, "y", ""], "A_NAME_LONGER_THAN_EIGHT": [1.0, 2.0, 3.0]})
    path = tmp_path / "long.xpt"
    pyreadstat.write_xport(frame, path, file_format_version=8, column_labels=labels)
    data = path.read_bytes()
    assert (b"LABELV8" in data) == (labels[1] != "")
    assert messages(data, "xpt") == []
    assert messages(data[:-80], "xpt")[0].startswith("incomplete_file: ae: ")


def test_a_file_of_sas_itself_is_whole_and_its_pages_are_counted(messages: Messages) -> None:
    iris = sas7bdat("iris")
    assert b"9.0401M2" in iris[:400]
    assert messages(iris, "sas7bdat", records=150) == []
    expected = "expected 131072: 1 pages of 65536 bytes, as the header says"
    for data in (iris[:-1], iris + b"\0", iris[:65536], iris[:70000]):
        assert messages(data, "sas7bdat") == [f"incomplete_file: ae: {len(data)} bytes; {expected}"]


def test_a_sas_file_of_another_program_is_the_study_of_the_csv(tmp_path: Path) -> None:
    study, native = Study(tmp_path / "sas"), Study(tmp_path / "csv")
    study.files["therapies"] = sas7bdat("therapies")
    study.raw["inputs"]["therapies"]["format"] = "sas7bdat"
    # The file has the columns that every study records, none of those for eligibility.
    header, *rows = native.cells("therapies")
    kept = [header.index(name) for name in header if name not in ("class", "outcome", "dose")]
    native.write("therapies", ([row[place] for place in kept] for row in (header, *rows)))
    for one in (study, native):
        one.folder.mkdir()
        one.check()
    sas, csv = (
        pd.read_parquet(one.results / "checked" / "therapies.parquet") for one in (study, native)
    )
    pd.testing.assert_frame_equal(sas.drop(columns="source_row"), csv.drop(columns="source_row"))


def test_a_parquet_file_whose_footer_contradicts_itself_is_refused(messages: Messages) -> None:
    data = io.BytesIO()
    table = pa.table({"name": [str(i) for i in range(300)], "number": list(range(300))})
    pq.write_table(table, data, compression="none")
    whole = data.getvalue()
    assert messages(whole, "parquet", records=300) == []
    found = set()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    for place in range(footer, len(whole) - 8):
        # A number of 300 as the footer writes it (zigzag varint), once 299: of all, of the row
        # group, of the values of a column. Others are lengths in bytes, and change nothing.
        if whole[place : place + 2] == b"\xd8\x04":
            found |= set(messages(whole[:place] + b"\xd6\x04" + whole[place + 2 :], "parquet"))
    assert found == {
        "incomplete_file: ae: 300 records in the row groups; expected 299, as the footer says",
        "incomplete_file: ae: 299 records in the row groups; expected 300, as the footer says",
        "incomplete_file: ae: 299 values of name in a row group; expected 300, its number of"
        " records",
        "incomplete_file: ae: 299 values of number in a row group; expected 300, its number of"
        " records",
    }


def test_lines_of_dataset_json_need_their_number(messages: Messages) -> None:
    """A document ends with its brace; of lines any number is whole."""
    data = ndjson(typed("adverse_events"))
    assert messages(data, "dataset-json") == []
    without = data.replace(b'"records": 49, ', b"")
    assert without != data
    assert messages(without, "dataset-json", records=49) == []
    assert messages(without, "dataset-json") == [
        "incomplete_file: ae: lines without their number; expected records, or"
        " inputs.adverse_events.records"
    ]
    short = data[: data.rindex(b"\n")]
    assert messages(short, "dataset-json") == [
        "incomplete_file: ae: 48 records; expected 49, as records says"
    ]


def test_a_text_without_a_line_end_may_be_cut(messages: Messages) -> None:
    reason = "no line end after the last row; expected one: the file may be cut"
    assert messages(b"a,b\n1,2\n1,2", "csv") == [f"no_final_line_end: ae, row 3: {reason}"]
    assert messages(b"a,b\r\n1,2\r\n", "csv") == []
    assert messages(b"a,b\n1,2\n1", "csv") == [
        "broken_row: ae, row 3: 1 values; expected 2",
        f"no_final_line_end: ae, row 3: {reason}",
    ]


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet", "xpt8", "ndjson"])
def test_the_plan_states_the_number_of_records(form: str, tmp_path: Path) -> None:
    study = native_form(form, tmp_path)
    study.raw["inputs"]["visits"]["records"] = 105
    study.raw["inputs"]["therapies"]["records"] = 37
    new = [one for one in study.check() if one.rule == "incomplete_file"]
    assert new == [Found("error", "therapies", None, "", "36", "incomplete_file")]
    listed = pd.read_csv(study.results / "queries.csv")
    (message,) = listed.loc[listed["rule"] == "incomplete_file", "message"]
    assert message.endswith(": 36 records; expected 37 (inputs.therapies.records)")
    assert study.refused() is not None


def native_form(form: str, folder: Path) -> Study:
    return Study(folder) if form == "csv" else delivered(form, folder)


def test_a_blank_row_is_no_record_and_a_broken_one_is(messages: Messages) -> None:
    assert messages(b"a,b\n1,2\n,\n1\n", "csv", records=2) == [
        "broken_row: ae, row 4: 1 values; expected 2"
    ]


def test_the_plan_states_the_number_of_records_of_a_domain(tmp_path: Path) -> None:
    study = packaged(tmp_path, "xpt")
    planned("inputs.sdtm.records", {"AE": 49, "DM": 13})(study)
    new = [one for one in study.check() if one.rule == "incomplete_file"]
    assert new == [Found("error", "subjects", None, "", "12", "incomplete_file")]
    listed = pd.read_csv(study.results / "queries.csv")
    (message,) = listed.loc[listed["rule"] == "incomplete_file", "message"]
    assert message == "dm.xpt: 12 records; expected 13 (inputs.sdtm.records.DM)"


@pytest.mark.parametrize("key", ["records", "sha256"])
def test_a_domain_that_is_not_read_has_no_number_to_state(key: str, tmp_path: Path) -> None:
    study = packaged(tmp_path, "xpt")
    value = 12 if key == "records" else "0" * 64
    planned(f"inputs.sdtm.{key}", {"DMM": value})(study)
    with pytest.raises(PlanError, match=rf"inputs\.sdtm\.{key}\.DMM: found a domain that is not"):
        parse(study.raw)
