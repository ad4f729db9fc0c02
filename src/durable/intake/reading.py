"""Reading a CSV file as text, cell by cell as recorded."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from durable.config.model import Input
from durable.contracts.columns import NATIVE_COLUMNS, OPTIONAL_COLUMNS
from durable.intake.findings import Findings, Recorded
from durable.intake.rules import Severity

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True)
class _Cells:
    """A file as text: the header, and the rows below it that have as many cells."""

    header: list[str]
    text: pd.DataFrame
    """Columns by position; the index is the row of the file."""


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
    cells = _cells(table, file, data.removeprefix(_BOM), given.columns, findings)
    native = None if cells is None else _native(table, file, cells, given.columns, findings)
    return (_nothing(table, file) if native is None else Recorded(table, file, native)), digest


def _nothing(table: str, file: str) -> Recorded:
    columns = {name: pd.Series(dtype=object) for name in NATIVE_COLUMNS[table]}
    text = pd.DataFrame(columns).assign(source_row=pd.Series(dtype="int64"))
    return Recorded(table, file, text, readable=False)


def _cells(
    table: str, file: str, data: bytes, renamed: dict[str, str], findings: Findings
) -> _Cells | None:
    """Header and rows, where the file is a table at all."""
    header = _header(table, file, data, findings)
    if header is None:
        return None
    key = renamed.get("subject_id", "subject_id")
    if len(header) == 1 and key in re.split(r"[;\t|]", header[0]):
        message = f"the header is {header[0][:60]}...; expected commas between columns"
        findings.add_one(table, file, "not_comma_separated", message, row=1)
        return None
    named = [name for name in header if name.strip()]
    repeated = sorted({name for name in named if named.count(name) > 1})
    for name in repeated:
        message = f"{name} twice; expected each column once"
        findings.add_one(table, file, "repeated_column", message, column=name)
    if repeated:
        return None
    text = _records(table, file, data, len(header), findings)
    return None if text is None else _Cells(header, text)


def _header(table: str, file: str, data: bytes, findings: Findings) -> list[str] | None:
    """Cells of the first row; None where the bytes are not UTF-8 text with sound quotes."""
    if data.startswith(_UTF16):
        findings.add_one(table, file, "not_utf8", "UTF-16; expected UTF-8", row=1)
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = sum(1 for _ in _LINE_END.finditer(data, 0, error.start)) + 1
        message = f"byte 0x{data[error.start]:02x} is not UTF-8; expected UTF-8"
        findings.add_one(table, file, "not_utf8", message, row=row)
        return None
    rows = csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8", newline=""), strict=True)
    quoted = b'"' in data
    header: list[str] = []
    count = 0
    try:
        for count, cells in enumerate(rows, start=1):
            if count == 1:
                header = cells
            # Only quotes can be unsound, and only this reader is strict about them.
            if not quoted:
                break
    except csv.Error as error:
        if "field limit" in str(error):
            message = f"a cell of more than {csv.field_size_limit()} characters; expected less"
            findings.add_one(table, file, "broken_row", message, row=count + 1)
        else:
            message = f"{error}; expected quotes around a cell as a whole, doubled inside"
            findings.add_one(table, file, "broken_quotes", message, row=count + 1)
        return None
    if not any(name.strip() for name in header):
        findings.add_one(table, file, "no_header", "no column names; expected a header in row 1")
        return None
    if "\0" in "".join(header):
        findings.add_one(table, file, "not_utf8", "NUL characters; expected UTF-8", row=1)
        return None
    return header


def _records(
    table: str, file: str, data: bytes, width: int, findings: Findings
) -> pd.DataFrame | None:
    """The rows below the header, by row of the file."""
    broken: list[pacsv.InvalidRow] = []

    def skip(row: pacsv.InvalidRow) -> str:
        broken.append(row)
        return "skip"

    names = [str(place) for place in range(width)]
    try:
        records = pacsv.read_csv(
            # Line ends after the last record are no rows.
            io.BytesIO(data.rstrip(b"\r\n") + b"\n"),
            # The header is read as a row, because it may take several lines. One thread: only
            # then are the rows of a broken file counted.
            read_options=pacsv.ReadOptions(column_names=names, use_threads=False),
            parse_options=pacsv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        long = "straddling" in str(error)
        reason = "a row of more than a megabyte" if long else str(error).splitlines()[0]
        findings.add_one(table, file, "broken_row", f"{reason}; expected CSV")
        return None
    for row in broken:
        message = f"{row.actual_columns} values; expected {row.expected_columns}"
        findings.add_one(table, file, "broken_row", message, row=row.number)
    text: pd.DataFrame = records.to_pandas()
    skipped = {row.number for row in broken}
    text.index = pd.Index([n for n in range(1, len(text) + len(skipped) + 1) if n not in skipped])
    return text.iloc[1:]


def _native(
    table: str, file: str, cells: _Cells, renamed: dict[str, str], findings: Findings
) -> pd.DataFrame | None:
    """The native columns in their order; a blank row is told and left out."""
    wanted = {name: renamed.get(name, name) for name in NATIVE_COLUMNS[table]}
    place = {name: str(i) for i, name in enumerate(cells.header) if name.strip()}
    optional = OPTIONAL_COLUMNS.get(table, ())
    missing = [n for n, foreign in wanted.items() if foreign not in place and n not in optional]
    missing += [n for n in optional if n in renamed and wanted[n] not in place]
    for name in missing:
        key = f" (inputs.{table}.columns.{name})" if name in renamed else ""
        message = f"no column {wanted[name]}{key}; expected it in the header"
        findings.add_one(table, file, "missing_column", message, column=name)
    for name, foreign in wanted.items():
        shared = [other for other in wanted if wanted[other] == foreign and other != name]
        if shared and name in renamed:
            message = f"{foreign} is read as {name} and as {shared[0]}; expected a column for each"
            findings.add_one(table, file, "shared_column", message, column=name)
    for name in sorted(set(place) - set(wanted.values())):
        message = f"column {name} is not used"
        findings.add_one(table, file, "unused_column", message, column=name)
    _nameless(table, file, cells, findings)
    if missing:
        return None
    text = cells.text
    native = pd.DataFrame(
        {n: text[place[f]] if f in place else "" for n, f in wanted.items()}, index=text.index
    ).astype(object)
    candidates = native.loc[native["subject_id"].str.strip() == ""]
    bare = candidates.apply(lambda column: column.str.strip() == "").all(axis=1)
    blank = native.index.isin(candidates.index[bare.to_numpy(bool)])
    last = native.index[~blank].max() if not blank.all() else 0
    for row in native.index[blank]:
        message = "an empty row; expected a record"
        severity: Severity = "error" if row < last else "warning"
        findings.add_one(table, file, "blank_row", message, row=int(row), severity=severity)
    native["source_row"] = native.index.astype("int64")
    return native.loc[~blank].reset_index(drop=True)


def _nameless(table: str, file: str, cells: _Cells, findings: Findings) -> None:
    for i, name in enumerate(cells.header):
        if name.strip():
            continue
        filled = cells.text.loc[cells.text[str(i)] != "", str(i)]
        if filled.empty:
            message = f"column {i + 1} has neither a name nor values"
            findings.add_one(table, file, "unused_column", message)
        else:
            message = f"{len(filled)} value(s) from here on in column {i + 1}, which has no name"
            row = int(filled.index[0])
            findings.add_one(table, file, "nameless_column", message, row=row, value=filled.iloc[0])
