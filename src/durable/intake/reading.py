"""Reading a CSV file as text, cell by cell as recorded."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from durable.config.model import Input
from durable.contracts.columns import NATIVE_COLUMNS, OPTIONAL_COLUMNS
from durable.intake.findings import Findings, Recorded

_BOM = b"\xef\xbb\xbf"


def read(table: str, given: Input, findings: Findings) -> tuple[Recorded, str]:
    """Text of a native table, and the SHA-256 of its file.

    Parameters
    ----------
    table
        Native name.
    given
        The input as the plan describes it.
    findings
        Takes what is wrong with the file as a file.

    Returns
    -------
    Recorded, str
        The table: native columns as text ('' where empty) and ``source_row``, the row of the file
        as a spreadsheet shows it (the header is row 1). Not ``readable`` where there is no table.
    """
    path = Path(given.path)
    file = path.name
    try:
        data = path.read_bytes()
    except OSError as error:
        findings.add_one(table, file, "unreadable_file", f"{error.strerror}; expected a CSV file")
        return _nothing(table, file), ""
    digest = hashlib.sha256(data).hexdigest()
    if given.sha256 is not None and given.sha256 != digest:
        message = f"SHA-256 is {digest}; expected {given.sha256} (inputs.{table}.sha256)"
        findings.add_one(table, file, "other_file", message, value=digest)
    text = _parse(table, file, data.removeprefix(_BOM), findings)
    native = None if text is None else _native(table, file, text, given.columns, findings)
    return (_nothing(table, file) if native is None else Recorded(table, file, native)), digest


def _nothing(table: str, file: str) -> Recorded:
    columns = {name: pd.Series(dtype=object) for name in NATIVE_COLUMNS[table]}
    text = pd.DataFrame(columns).assign(source_row=pd.Series(dtype="int64"))
    return Recorded(table, file, text, readable=False)


def _parse(table: str, file: str, data: bytes, findings: Findings) -> pd.DataFrame | None:
    try:
        header = next(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True), [])
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        findings.add_one(table, file, "not_utf8", "bytes that are not UTF-8", row=row)
        return None
    except csv.Error as error:
        findings.add_one(table, file, "broken_row", f"{error}; expected CSV", row=1)
        return None
    if not any(name.strip() for name in header):
        findings.add_one(table, file, "no_header", "no column names; expected a header in row 1")
        return None
    repeated = sorted({name for name in header if header.count(name) > 1})
    for name in repeated:
        findings.add_one(
            table, file, "repeated_column", f"{name} twice; expected each column once", column=name
        )
    if repeated:
        return None
    return _records(table, file, data, header, findings)


def _records(
    table: str, file: str, data: bytes, header: list[str], findings: Findings
) -> pd.DataFrame | None:
    broken: list[pacsv.InvalidRow] = []

    def skip(row: pacsv.InvalidRow) -> str:
        broken.append(row)
        return "skip"

    try:
        records = pacsv.read_csv(
            io.BytesIO(data),
            # One thread: only then are the rows of a broken file counted.
            read_options=pacsv.ReadOptions(column_names=header, skip_rows=1, use_threads=False),
            parse_options=pacsv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):  # a header and nothing below it
            return pd.DataFrame({name: pd.Series(dtype=object) for name in header}).assign(
                source_row=pd.Series(dtype="int64")
            )
        reason = str(error).splitlines()[0]
        findings.add_one(table, file, "broken_row", f"{reason}; expected CSV")
        return None
    for row in broken:
        message = f"{row.actual_columns} values; expected {row.expected_columns}"
        findings.add_one(table, file, "broken_row", message, row=row.number)
    text: pd.DataFrame = records.to_pandas()
    skipped = {row.number for row in broken}
    numbers = [n for n in range(2, len(text) + len(skipped) + 2) if n not in skipped]
    return text.assign(source_row=pd.Series(numbers, dtype="int64"))


def _native(
    table: str, file: str, text: pd.DataFrame, renamed: dict[str, str], findings: Findings
) -> pd.DataFrame | None:
    """The native columns in their order; a blank row is told and left out."""
    wanted = {name: renamed.get(name, name) for name in NATIVE_COLUMNS[table]}
    optional = OPTIONAL_COLUMNS.get(table, ())
    missing = [n for n, foreign in wanted.items() if foreign not in text and n not in optional]
    missing += [n for n in optional if n in renamed and wanted[n] not in text]
    for name in missing:
        key = f" (inputs.{table}.columns.{name})" if name in renamed else ""
        message = f"no column {wanted[name]}{key}; expected it in the header"
        findings.add_one(table, file, "missing_column", message, column=name)
    unused = set(map(str, text)) - set(wanted.values()) - {"source_row"}
    for name in sorted(unused):
        message = f"column {name} is not used"
        findings.add_one(table, file, "unused_column", message, column=name, severity="warning")
    if missing:
        return None
    native = pd.DataFrame(
        {n: text[f] if f in text else pd.Series("", index=text.index) for n, f in wanted.items()}
    ).assign(source_row=text["source_row"])
    blank = (native.drop(columns="source_row") == "").all(axis=1)
    for row in native.loc[blank, "source_row"]:
        findings.add_one(table, file, "blank_row", "an empty row; expected a record", row=int(row))
    return native.loc[~blank].reset_index(drop=True)
