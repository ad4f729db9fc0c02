"""Reading CSV and TSV: every cell as it is written."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from durable.intake.readers.cells import Cells, File
from durable.intake.readers.encoding import decode_to_utf8
from durable.intake.rules import Severity
from durable.plan import Input

#: Separator of each format, with its names.
_SIGNS = {"csv": (",", "commas"), "tsv": ("\t", "tabs")}

#: Bytes that are read at a time: no row can be longer.
_BLOCK = 2**20


def cells(file: File, source: Input) -> Cells | None:
    """Header and rows, where the file is a table at all; the header is row 1."""
    data = decode_to_utf8(file, source)
    if data is None:
        return None
    sign, named = _SIGNS[source.kind]
    header = _header(file, data, sign)
    if header is None:
        return None
    key = source.columns.get("subject_id", "subject_id")
    if len(header) == 1 and key in re.split(r"[,;\t|]", header[0]) and key != header[0]:
        message = f"the header is {header[0][:60]}...; expected {named} between columns"
        file.report("not_comma_separated", message, row=1)
        return None
    if not Cells(header, pd.DataFrame()).has_unique_names(file):
        return None
    return _records(file, data, sign, header)


def _header(file: File, data: bytes, sign: str) -> list[str] | None:
    """Cells of the first row; None where the quotes are not sound."""
    rows = csv.reader(
        io.TextIOWrapper(io.BytesIO(data), "utf-8", newline=""), delimiter=sign, strict=True
    )
    quoted = b'"' in data
    header: list[str] = []
    count = 0
    try:
        for count, row in enumerate(rows, start=1):
            if count == 1:
                header = row
            # Only quotes can be unsound, and only this reader is strict about them.
            if not quoted:
                break
    except csv.Error as error:
        if "field limit" in str(error):
            message = f"a cell of more than {csv.field_size_limit()} characters; expected less"
            file.report("broken_row", message, row=count + 1)
        else:
            message = f"{error}; expected quotes around the whole cell, doubled inside it"
            file.report("broken_quotes", message, row=count + 1)
        return None
    if not any(name.strip() for name in header):
        file.report("no_header", "no column names; expected a header in row 1")
        return None
    if "\0" in "".join(header):
        file.report("not_utf8", "NUL characters; expected UTF-8", row=1)
        return None
    return header


def _records(file: File, data: bytes, sign: str, header: list[str]) -> Cells | None:
    """The rows below the header, by row of the file."""
    broken: list[pacsv.InvalidRow] = []

    def skip(row: pacsv.InvalidRow) -> str:
        broken.append(row)
        return "skip"

    names = [str(place) for place in range(len(header))]
    # Line ends after the last record are no rows.
    size = len(data)
    while size > 1 and data[size - 1] in b"\r\n" and data[size - 2] in b"\r\n":
        size -= 1
    try:
        table = pacsv.read_csv(
            pa.BufferReader(pa.py_buffer(data).slice(0, size)),
            # The header is read as a row, because it may take several lines. One thread: only
            # then are the rows of a broken file counted.
            read_options=pacsv.ReadOptions(
                column_names=names, use_threads=False, block_size=_BLOCK
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=sign,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=skip,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        long = "straddling" in str(error)
        reason = "a row of more than a megabyte" if long else str(error).splitlines()[0]
        file.report("broken_row", f"{reason}; expected {'CSV' if sign == ',' else 'TSV'}")
        return None
    for row in broken:
        message = f"{row.actual_columns} values; expected {row.expected_columns}"
        file.report("broken_row", message, row=row.number)
    text: pd.DataFrame = table.slice(1).to_pandas()
    for name in names:
        # The header is no value of its column.
        text[name] = text[name].cat.remove_unused_categories()
    numbers = np.arange(1, len(text) + len(broken) + 2)
    if data[-1] not in b"\r\n":
        last = len(numbers)
        cut = any(r.number == last and r.actual_columns < r.expected_columns for r in broken[-1:])
        message = "no line end after the last row; expected one: the file may be cut"
        severity: Severity = "error" if cut else "warning"
        file.report("no_final_line_end", message, row=last, severity=severity)
    text.index = pd.Index(np.delete(numbers, [row.number - 1 for row in broken])[1:])
    return Cells(header, text, len(broken))
