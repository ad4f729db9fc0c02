"""Reading CSV and TSV: every cell as it is written."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from durable.intake.readers.cells import Cells, File
from durable.intake.readers.encoding import decode_to_utf8
from durable.intake.rules import Severity
from durable.language import N_, _
from durable.plan import FileForm

#: Separators with their names.
_NAMES = {",": N_("commas"), "\t": N_("tabs"), ";": N_("semicolons"), "|": N_("vertical bars")}

#: Bytes that are read at a time, at least.
_BLOCK = 2**20
_LINE_END_SIZE = len("\r\n")
_LINE_END = re.compile(rb"\r\n|\r|\n")


def cells(file: File, source: FileForm) -> Cells | None:
    """Header and rows of a CSV or TSV file; None (reported) where it is no table.

    Rows are numbered from 1 at the start of the file. A record with more or fewer cells than the
    header is left out and reported.
    """
    data = decode_to_utf8(file, source)
    if data is None or _has_long_line(file, data):
        return None
    sign = source.delimiter or ("\t" if source.kind == "tsv" else ",")
    rows_before = source.header_row - 1
    data = _without_rows(file, data, sign, rows_before)
    header = _header(file, data, sign, rows_before)
    if header is None:
        return None
    others = [other for other in _NAMES if other != sign and other in header[0]]
    if len(header) == 1 and others:
        words = _("the header is {header}...; expected {separators} between columns")
        if source.kind == "csv":
            words = _("the header is {header}...; expected {separators} between columns ({key})")
        message = words.format(
            header=header[0][:60], separators=_(_NAMES[sign]), key=file.key("delimiter")
        )
        file.report("not_comma_separated", message, row=source.header_row)
        return None
    if not file.accepts_header(header):
        return None
    return _records(file, data, sign, header, source)


def first_rows(file: File, source: FileForm, most: int) -> dict[str, list[list[str]]] | None:
    """The first `most` rows by each separator; None (reported) where the file is no text.

    Keys are the separators (comma, tab, semicolon and vertical bar), values the rows as lists of
    cells. Rows are read leniently: `cells` reports what is wrong with them. A line longer than
    ``inputs.limits.line_bytes`` gives None too.
    """
    data = decode_to_utf8(file, source)
    if data is None or _has_long_line(file, data):
        return None
    with _long_cells(file):
        return {sign: _some_rows(data, sign, most) for sign in _NAMES}


@contextlib.contextmanager
def _long_cells(file: File) -> Iterator[None]:
    """Have the strict reader take cells as long as a row may be."""
    previous_limit = csv.field_size_limit(file.limits.line_bytes + _LINE_END_SIZE)
    try:
        yield
    finally:
        csv.field_size_limit(previous_limit)


def _some_rows(data: bytes, sign: str, most: int) -> list[list[str]]:
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(itertools.islice(csv.reader(_open_text(data), delimiter=sign), most))
    return rows


def _without_rows(file: File, data: bytes, sign: str, number: int) -> bytes:
    """The file without its first rows."""
    if not number:
        return data
    rows = csv.reader(_open_text(data), delimiter=sign)
    # A quote that is not closed shows in the rest.
    with _long_cells(file), contextlib.suppress(csv.Error):
        for _ in range(number):
            next(rows, None)
    ends = itertools.islice(_LINE_END.finditer(data), rows.line_num - 1, None)
    end = next(ends, None)
    return b"" if end is None else data[end.end() :]


def _open_text(data: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="")


def _has_long_line(file: File, data: bytes) -> bool:
    """Whether a line is longer than the plan allows; reported, the longest of them."""
    longest, start, previous_end = 0, 0, -1
    for block in range(0, len(data), _BLOCK):
        signs = np.frombuffer(data, np.uint8, min(_BLOCK, len(data) - block), block)
        ends = np.flatnonzero((signs == ord("\n")) | (signs == ord("\r"))) + block
        if block + _BLOCK >= len(data):
            ends = np.append(ends, len(data))
        if not len(ends):
            continue
        lengths = np.diff(ends, prepend=previous_end) - 1
        if lengths.max() > longest:
            longest = int(lengths.max())
            start = int(ends[lengths.argmax()]) - longest
        previous_end = int(ends[-1])
    if longest <= file.limits.line_bytes:
        return False
    row = sum(1 for _ in _LINE_END.finditer(data, 0, start)) + 1
    return file.exceeds("line_bytes", longest, _("bytes in a row"), row=row)


class _LongRowError(Exception):
    """A row of several lines that is longer than the plan allows, in bytes so far."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class _Lines:
    """The lines of a text.

    Raises
    ------
    _LongRowError
        By iteration, where the row that a line belongs to has more than `most` bytes.
    """

    def __init__(self, data: bytes, most: int) -> None:
        self._text = _open_text(data)
        self._most = most
        self.row_bytes = 0
        """Bytes of the row so far; the reader of the rows sets it to 0 after each row."""

    def __iter__(self) -> Iterator[str]:
        for line in self._text:
            size = len(line) if line.isascii() else len(line.encode())
            without_end = self.row_bytes + size - (len(line) - len(line.rstrip("\r\n")))
            if without_end > self._most:
                raise _LongRowError(without_end)
            self.row_bytes += size
            yield line


def _header(file: File, data: bytes, sign: str, rows_before: int) -> list[str] | None:
    """Cells of the first row, before which there were others; None where quotes are not sound."""
    with _long_cells(file):
        header = _checked_header(file, data, sign, rows_before)
    if header is None:
        return None
    if not any(name.strip() for name in header):
        file.report(
            "no_header",
            _("no column names; expected a header in row {row}").format(row=rows_before + 1),
        )
        return None
    if "\0" in "".join(header):
        file.report("not_utf8", _("NUL characters; expected UTF-8"), row=rows_before + 1)
        return None
    return header


def _checked_header(file: File, data: bytes, sign: str, rows_before: int) -> list[str] | None:
    """The cells of the first row; None where quotes, of any row, are not sound (reported)."""
    lines = _Lines(data, file.limits.line_bytes)
    rows = csv.reader(lines, delimiter=sign, strict=True)
    quoted = b'"' in data
    header: list[str] = []
    count = 0
    try:
        for count, row in enumerate(rows, start=1):
            lines.row_bytes = 0
            if count == 1:
                header = row
            # Only quotes can be unsound, and only this reader is strict about them.
            if not quoted:
                break
    except _LongRowError as error:
        what = _("bytes in a row that has no end yet (an opening quote without a closing one?)")
        file.exceeds("line_bytes", error.size, what, row=rows_before + count + 1)
        return None
    except csv.Error as error:
        message = _("{error}; expected quotes around the whole cell, doubled inside it").format(
            error=error
        )
        file.report("broken_quotes", message, row=rows_before + count + 1)
        return None
    return header


def _records(
    file: File, data: bytes, sign: str, header: list[str], source: FileForm
) -> Cells | None:
    """The rows below the header, by row of the file."""
    rows_before = source.header_row - 1
    broken: list[int] = []
    short = 0

    def skip(row: pacsv.InvalidRow) -> str:
        nonlocal short
        number = rows_before + row.number
        broken.append(number)
        if number not in source.skip_rows:
            words = _("{found} values; expected {expected}")
            message = words.format(found=row.actual_columns, expected=row.expected_columns)
            file.report("broken_row", message, row=number)
            short = number if row.actual_columns < row.expected_columns else short
        return "skip"

    names = [str(position) for position in range(len(header))]
    try:
        table = pacsv.read_csv(
            pa.BufferReader(pa.py_buffer(data).slice(0, _end_of_records(data))),
            # The header is read as a row, because it may take several lines. One thread: only
            # then are the rows of a broken file counted.
            read_options=pacsv.ReadOptions(
                column_names=names,
                use_threads=False,
                block_size=max(_BLOCK, file.limits.line_bytes + _LINE_END_SIZE),
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
        message = _("{reason}; expected {format}").format(
            reason=str(error).splitlines()[0], format=source.kind.upper()
        )
        file.report("broken_row", message)
        return None
    text: pd.DataFrame = table.slice(1).to_pandas()
    for name in names:
        # The header is no value of its column.
        text[name] = text[name].cat.remove_unused_categories()
    numbers = np.arange(1, len(text) + len(broken) + 2) + rows_before
    _check_end(file, data, int(numbers[-1]), short)
    text.index = pd.Index(np.delete(numbers, np.array(broken, dtype=int) - 1 - rows_before)[1:])
    text = text.loc[~text.index.isin(source.skip_rows)]
    return Cells(header, text, len(set(broken).difference(source.skip_rows)))


def _end_of_records(data: bytes) -> int:
    """The size without the line ends after the last record, which are no rows."""
    size = len(data)
    while size > 1 and data[size - 1] in b"\r\n" and data[size - 2] in b"\r\n":
        size -= 1
    return size


def _check_end(file: File, data: bytes, last: int, short: int) -> None:
    """Report where the last row has no line end; an error where that row is the last short one."""
    if data[-1] not in b"\r\n":
        message = _("no line end after the last row; expected one: the file may be cut")
        severity: Severity = "error" if last == short else "warning"
        file.report("no_final_line_end", message, row=last, severity=severity)
