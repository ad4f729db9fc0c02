"""Reading CSV and TSV: every cell as it is written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

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

#: Bytes that are read at a time, at least.
_BLOCK = 2**20
_LINE_END_SIZE = len("\r\n")
_LINE_END = re.compile(rb"\r\n|\r|\n")


def cells(file: File, source: Input) -> Cells | None:
    """Header and rows, where the file is a table at all; the header is row 1."""
    data = decode_to_utf8(file, source)
    if data is None or _has_long_line(file, data):
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
    if not file.accepts_header(header):
        return None
    return _records(file, data, source.kind, header)


def _has_long_line(file: File, data: bytes) -> bool:
    """Whether a line is longer than the plan allows; reported, the longest of them."""
    longest, start, before = 0, 0, -1
    for block in range(0, len(data), _BLOCK):
        signs = np.frombuffer(data, np.uint8, min(_BLOCK, len(data) - block), block)
        ends = np.flatnonzero((signs == ord("\n")) | (signs == ord("\r"))) + block
        if block + _BLOCK >= len(data):
            ends = np.append(ends, len(data))
        if not len(ends):
            continue
        lengths = np.diff(ends, prepend=before) - 1
        if lengths.max() > longest:
            longest = int(lengths.max())
            start = int(ends[lengths.argmax()]) - longest
        before = int(ends[-1])
    if longest <= file.limits.line_bytes:
        return False
    row = sum(1 for _ in _LINE_END.finditer(data, 0, start)) + 1
    return file.exceeds("line_bytes", longest, "bytes in a row", row=row)


class _LongRowError(Exception):
    """A row of several lines that is longer than the plan allows, in bytes so far."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class _Lines:
    """The lines of a text, as long as the row that they belong to is not too long."""

    def __init__(self, data: bytes, most: int) -> None:
        self._text = io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="")
        self._most = most
        self.row = 0
        """Bytes of the row so far; its reader sets it to 0 after each row."""

    def __iter__(self) -> Iterator[str]:
        for line in self._text:
            size = len(line) if line.isascii() else len(line.encode())
            without_end = self.row + size - (len(line) - len(line.rstrip("\r\n")))
            if without_end > self._most:
                raise _LongRowError(without_end)
            self.row += size
            yield line


def _header(file: File, data: bytes, sign: str) -> list[str] | None:
    """Cells of the first row; None where the quotes are not sound."""
    longest = csv.field_size_limit(file.limits.line_bytes + _LINE_END_SIZE)
    try:
        header = _checked_header(file, data, sign)
    finally:
        csv.field_size_limit(longest)
    if header is None:
        return None
    if not any(name.strip() for name in header):
        file.report("no_header", "no column names; expected a header in row 1")
        return None
    if "\0" in "".join(header):
        file.report("not_utf8", "NUL characters; expected UTF-8", row=1)
        return None
    return header


def _checked_header(file: File, data: bytes, sign: str) -> list[str] | None:
    """The cells of the first row; None where quotes, of any row, are not sound (reported)."""
    lines = _Lines(data, file.limits.line_bytes)
    rows = csv.reader(lines, delimiter=sign, strict=True)
    quoted = b'"' in data
    header: list[str] = []
    count = 0
    try:
        for count, row in enumerate(rows, start=1):
            lines.row = 0
            if count == 1:
                header = row
            # Only quotes can be unsound, and only this reader is strict about them.
            if not quoted:
                break
    except _LongRowError as error:
        what = "bytes in a row that has no end yet (an opening quote without a closing one?)"
        file.exceeds("line_bytes", error.size, what, row=count + 1)
        return None
    except csv.Error as error:
        message = f"{error}; expected quotes around the whole cell, doubled inside it"
        file.report("broken_quotes", message, row=count + 1)
        return None
    return header


def _records(file: File, data: bytes, kind: str, header: list[str]) -> Cells | None:
    """The rows below the header, by row of the file."""
    broken: list[int] = []
    short = 0

    def skip(row: pacsv.InvalidRow) -> str:
        nonlocal short
        message = f"{row.actual_columns} values; expected {row.expected_columns}"
        file.report("broken_row", message, row=row.number)
        broken.append(row.number)
        short = row.number if row.actual_columns < row.expected_columns else short
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
                column_names=names,
                use_threads=False,
                block_size=max(_BLOCK, file.limits.line_bytes + _LINE_END_SIZE),
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=_SIGNS[kind][0],
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
        file.report("broken_row", f"{str(error).splitlines()[0]}; expected {kind.upper()}")
        return None
    text: pd.DataFrame = table.slice(1).to_pandas()
    for name in names:
        # The header is no value of its column.
        text[name] = text[name].cat.remove_unused_categories()
    numbers = np.arange(1, len(text) + len(broken) + 2)
    _check_end(file, data, len(numbers), short)
    text.index = pd.Index(np.delete(numbers, np.array(broken, dtype=int) - 1)[1:])
    return Cells(header, text, len(broken))


def _check_end(file: File, data: bytes, last: int, short: int) -> None:
    """Report where the last row has no line end; an error where that row is the last short one."""
    if data[-1] not in b"\r\n":
        message = "no line end after the last row; expected one: the file may be cut"
        severity: Severity = "error" if last == short else "warning"
        file.report("no_final_line_end", message, row=last, severity=severity)
