"""The demo study in the other formats that a study delivers: writers for the tests alone."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat

from durable.contracts.table_schema import table_columns
from durable.contracts.tables import TABLES
from durable.jdm.response import Ranges
from tests.intake.study import DEMO, Edit, Study

FILES = Path(__file__).parent / "files"
Rows = list[list[Any]]


def typed(table: str) -> Rows:
    """Header and records of the demo, each value of the type that its column has.

    A column of dates of which one is partial is a column of text, as a database delivers it.
    """
    kinds = [rule.kind for rule in table_columns(table, Ranges()).values() if rule]
    with (DEMO / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    named = dict(zip(table_columns(table, Ranges()), kinds, strict=True))
    of = [_delivered_kind(named[name], [row[i] for row in rows]) for i, name in enumerate(header)]
    return [header, *([_value(v, k) for v, k in zip(row, of, strict=True)] for row in rows)]


def _delivered_kind(kind: str, values: list[str]) -> str:
    partial = kind == "date" and any(0 < len(value) < len("2018-07-01") for value in values)
    return "text" if partial else kind


def _value(text: str, kind: str) -> Any:
    if kind in ("text", "time"):
        return text
    if not text:
        return None
    if kind == "date":
        return dt.date.fromisoformat(text)
    return int(text) if kind == "integer" else float(text)


def tsv(rows: Rows) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def xlsx(rows: Rows, change: Callable[[Any], None] | None = None) -> bytes:
    """A workbook of one sheet; `change` spoils the sheet before it is saved."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change is not None:
        change(book.active)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def parquet(rows: Rows) -> bytes:
    header, *records = rows
    data = io.BytesIO()
    pq.write_table(pa.table({n: [r[i] for r in records] for i, n in enumerate(header)}), data)
    return data.getvalue()


def xpt(rows: Rows, version: int, folder: Path) -> bytes:
    """A transport file; version 5 has names of at most eight capitals (`short`)."""
    header, *records = rows
    names = [short(header).get(n, n) if version == 5 else n for n in header]
    frame = pd.DataFrame({n: [r[i] for r in records] for i, n in enumerate(names)})
    for name in frame:
        if frame[name].isna().any() and any(isinstance(v, dt.date) for v in frame[name]):
            frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    path = folder / "written.xpt"
    pyreadstat.write_xport(frame, path, file_format_version=version)
    return path.read_bytes()


def short(header: list[str]) -> dict[str, str]:
    """Column names as a transport file of version 5 can hold them: unlike each other."""
    return {name: f"{name.replace('_', '')[:5].upper()}{i}" for i, name in enumerate(header)}


def dataset_json(rows: Rows) -> bytes:
    header, *records = rows
    described = {
        "datasetJSONVersion": "1.1.0",
        "name": "DATA",
        "records": len(records),
        "columns": [{"itemOID": f"IT.{n}", "name": n, "label": n} for n in header],
        "rows": [[str(v) if isinstance(v, dt.date) else v for v in row] for row in records],
    }
    return json.dumps(described).encode()


def ndjson(rows: Rows) -> bytes:
    whole = json.loads(dataset_json(rows))
    lines = whole.pop("rows")
    return "\n".join(json.dumps(part) for part in (whole, *lines)).encode()


def sas7bdat(name: str) -> bytes:
    """A file of `tests/intake/files`."""
    return gzip.decompress((FILES / f"{name}.sas7bdat.gz").read_bytes())


def delivered(form: str, folder: Path, empty: tuple[str, ...] = ()) -> Study:
    """The demo study with every table in a form; those that are `empty` have a header only."""
    study = Study(folder)
    for table in TABLES:
        kept = slice(1 if table in empty else None)
        rows = typed(table)[kept]
        entry: dict[str, Any] = {}
        match form:
            case "tsv":
                study.files[table] = tsv(list(study.cells(table))[kept])
            case "xlsx":
                study.files[table] = xlsx(rows)
            case "parquet":
                study.files[table] = parquet(rows)
            case "dataset-json":
                study.files[table], entry["format"] = dataset_json(rows), "dataset-json"
            case "ndjson":
                study.files[table] = ndjson(rows)
            case "xpt5":
                study.files[table] = xpt(rows, 5, folder)
                entry = {"format": "xpt", "columns": short(rows[0])}
            case "xpt8":
                study.files[table], entry["format"] = xpt(rows, 8, folder), "xpt"
        study.raw["inputs"][table] = entry | {"path": ""}
        study.suffix = form
    return study


def workbook(table: str, change: Callable[[Any], None] | None = None) -> Edit:
    """A table delivered as a workbook, whose sheet is then changed."""

    def edit(study: Study) -> None:
        study.files[table] = xlsx(typed(table), change)
        study.raw["inputs"][table]["format"] = "xlsx"

    return edit


def entered(place: str, value: Any, shown: str = "General") -> Callable[[Any], None]:
    """Another value in a cell of a sheet, and how it is shown."""

    def change(sheet: Any) -> None:
        sheet[place] = value
        sheet[place].number_format = shown

    return change


def builtin(table: str, number: int) -> Edit:
    """The built-in number format of this number in place of 0.00 (number 2)."""

    def edit(study: Study) -> None:
        data, source = io.BytesIO(), zipfile.ZipFile(io.BytesIO(study.files[table]))
        with zipfile.ZipFile(data, "w") as book:
            for name in source.namelist():
                part = source.read(name)
                if name == "xl/styles.xml":
                    assert part.count(b'numFmtId="2"') == 1
                    part = part.replace(b'numFmtId="2"', b'numFmtId="%d"' % number)
                book.writestr(name, part)
        study.files[table] = data.getvalue()

    return edit


def dataset(table: str, **changed: Any) -> Edit:
    """A table delivered as Dataset-JSON, with other values for some of its keys."""

    def edit(study: Study) -> None:
        described = json.loads(dataset_json(typed(table))) | changed
        study.files[table] = json.dumps(described).encode()
        study.raw["inputs"][table]["format"] = "dataset-json"

    return edit
