"""The demo study in every form: the same tables, and from them the same results."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from importlib import import_module
from io import BytesIO
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from durable.contracts.tables import TABLES
from durable.plan import Input
from durable.stage import STAGES
from tests.intake.forms import delivered, typed, xpt
from tests.intake.study import Study, file_cells

FORMS = ["tsv", "xlsx", "parquet", "dataset-json", "ndjson", "xpt5", "xpt8"]


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Study:
    study = Study(tmp_path_factory.mktemp("csv"))
    study.check()
    return study


def checked(study: Study, table: str) -> pd.DataFrame:
    return pd.read_parquet(study.results / "checked" / f"{table}.parquet")


@pytest.mark.parametrize("form", FORMS)
def test_the_demo_in_another_form_is_the_same_study(
    form: str, native: Study, tmp_path: Path
) -> None:
    study = delivered(form, tmp_path)
    found = [(one.rule, one.value) for one in study.check()]
    assert found == [(one.rule, one.value) for one in native.check()]
    first = 2 if form in ("tsv", "xlsx") else 1
    for table in TABLES:
        frame = checked(study, table)
        assert frame["source_row"].tolist() == list(range(first, len(frame) + first))
        expected = checked(native, table)
        pd.testing.assert_frame_equal(
            frame.drop(columns="source_row"), expected.drop(columns="source_row"), check_exact=True
        )


@pytest.mark.parametrize("form", FORMS)
def test_a_table_without_records_is_told_in_every_form(form: str, tmp_path: Path) -> None:
    """Early in a trial any table but subjects and visits may have a header only."""
    empty = tuple(table for table in TABLES if table not in ("subjects", "visits"))
    study = delivered(form, tmp_path, empty)
    found = study.check()
    assert not [one for one in found if one.severity == "error"]
    assert [one.table for one in found if one.rule == "no_records"] == list(empty)
    assert all(checked(study, table).empty for table in empty)


@pytest.mark.parametrize(
    "kind",
    [pa.null(), pa.date32(), pa.timestamp("ns"), pa.decimal128(5, 2), pa.time64("us")],
    ids=str,
)
def test_a_column_of_parquet_without_records_may_be_of_any_type(
    kind: pa.DataType, tmp_path: Path
) -> None:
    study = Study(tmp_path)
    data = BytesIO()
    header, *_ = typed("therapies")
    pq.write_table(pa.table({name: pa.array([], kind) for name in header}), data)
    study.files["therapies"] = data.getvalue()
    study.raw["inputs"]["therapies"] |= {"format": "parquet"}
    assert [one.rule for one in study.check() if one.table == "therapies"] == ["no_records"]


@pytest.mark.parametrize(
    ("kind", "values", "read"),
    [
        (pa.string_view(), ["4", None], ["4", ""]),
        (pa.large_string(), ["4", None], ["4", ""]),
        (pa.dictionary(pa.int8(), pa.string()), ["4", None], ["4", ""]),
        (pa.decimal32(5, 2), [Decimal("2.50"), None], ["2.5", ""]),
        (pa.decimal128(5, 2), [Decimal("2.50"), None], ["2.5", ""]),
        (pa.float32(), [0.1, None], ["0.1", ""]),
        (pa.uint8(), [4, None], ["4", ""]),
        (pa.timestamp("s"), [dt.datetime(2024, 1, 2), None], ["2024-01-02", ""]),
    ],
    ids=str,
)
def test_a_column_of_parquet_is_read_as_its_values_are_written(
    kind: pa.DataType, values: list[object], read: list[str], tmp_path: Path
) -> None:
    pq.write_table(pa.table({"visit": pa.array(values, kind)}), tmp_path / "given.parquet")
    given = Input(path=str(tmp_path / "given.parquet"))
    cells = file_cells(given)
    assert cells is not None
    assert cells.text["0"].tolist() == read


#: The stages between the input files and ard.csv.
CHAIN = ["derive", "analyse"]


def results(study: Study) -> bytes:
    study.check()
    for stage in CHAIN:
        module = import_module(STAGES[stage].module)
        module.run(study.plan().restrict_to(STAGES[stage].sections), study.results)
    return (study.results / "ard.csv").read_bytes()


@pytest.mark.slow
def test_the_demo_in_every_form_has_the_same_results_byte_for_byte(
    native: Study, tmp_path: Path
) -> None:
    expected = results(native)
    assert expected.count(b"\n") > 500
    for form in FORMS:
        folder = tmp_path / form
        folder.mkdir()
        assert results(delivered(form, folder)) == expected, form


def test_a_run_of_csv_files_imports_no_library_of_another_format(tmp_path: Path) -> None:
    study = Study(tmp_path)
    study.plan()
    code = (
        "import sys; from pathlib import Path; from durable.plan import Input;"
        "from durable.intake.findings import Findings;"
        "from durable.intake.shaping.table import SourceReader;"
        f"source = Input(path={str(tmp_path / 'visits.csv')!r});"
        "SourceReader(Findings()).table('visits', source);"
        "print([m for m in ('openpyxl', 'pyreadstat', 'xlsxwriter', 'duckdb') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def spoilt(native: bytes, tmp_path: Path, **entry: str) -> list[tuple[str, str]]:
    """Rule and message of the errors where the therapies are these bytes in a transport file."""
    study = Study(tmp_path)
    study.files["therapies"] = native
    study.raw["inputs"]["therapies"] |= {"format": "xpt", **entry}
    study.check()
    listed = pd.read_csv(study.results / "queries.csv", keep_default_na=False)
    errors = listed.loc[listed["severity"] == "error"]
    return list(errors[["rule", "message"]].itertuples(index=False, name=None))


def test_a_transport_file_of_two_datasets_is_refused(tmp_path: Path) -> None:
    data = xpt(typed("therapies"), 8, tmp_path)
    twice = data + data[data.index(b"HEADER RECORD*******MEMBV8") :]
    message = "therapies.csv: 2 datasets in one file; expected one file for each"
    assert spoilt(twice, tmp_path) == [("unreadable_file", message)]


def test_text_of_a_transport_file_is_never_read_in_another_encoding(tmp_path: Path) -> None:
    rows = typed("therapies")
    rows[2][rows[0].index("reason")] = "\u76ae\u808c\u708e"
    data = xpt(rows, 8, tmp_path)
    foreign = "\u76ae\u808c\u708e".encode("gb18030")
    data = data.replace("\u76ae\u808c\u708e".encode(), foreign + b"   ")
    message = "therapies.csv: text that is not UTF-8; expected UTF-8, or inputs.therapies.encoding"
    assert spoilt(data, tmp_path) == [("not_utf8", message)]
    assert spoilt(data, tmp_path, encoding="gb18030") == []
    checked_reason = checked(Study(tmp_path), "therapies")["reason"][1]
    assert checked_reason == "\u76ae\u808c\u708e"
