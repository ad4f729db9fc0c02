"""Reading a table in any format as text, cell by cell as recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from durable.contracts.tables import NATIVE_COLUMNS
from durable.intake.findings import Findings, Recorded, escaped
from durable.intake.needs import Needs, always_needed
from durable.intake.readers.cells import MEGABYTE, Cells, File
from durable.intake.rules import Severity
from durable.intake.texts import categorical, is_blank
from durable.lookalikes import look_alike
from durable.plan import Format, Input
from durable.plan.limits import LIMITS, Limits

#: Formats whose column names have no case: the reader gives them in small letters.
SAS: tuple[Format, ...] = ("xpt", "sas7bdat")


def read(
    table: str,
    source: Input,
    findings: Findings,
    needs: Needs | None = None,
    limits: Limits = LIMITS,
) -> tuple[Recorded, str]:
    """Text of a native table, and the SHA-256 of its file.

    Parameters
    ----------
    table
        Native name.
    source
        The input as the plan describes it.
    findings
        Takes what is wrong with the file as a file.
    needs
        Columns that the file must have; all but the optional ones when not given.
    limits
        How large it may be.

    Returns
    -------
    Recorded, str
        The table: native columns as text ('' where empty) and ``source_row``, the row of the file
        as users of its format count: in text and workbooks as a spreadsheet shows it (the header is
        row 1), in datasets the number of the record. Not ``readable`` where there is no table.
    """
    file = open_file(table, source, findings, limits)
    cells = None if file is None else read_cells(file, source)
    if file is None or cells is None:
        return unreadable_table(table, Path(source.path).name), file.sha256 if file else ""
    native = _native(file, cells, source, needs or always_needed())
    return native or unreadable_table(table, file.name), file.sha256


def open_file(
    table: str, source: Input, findings: Findings, limits: Limits = LIMITS, domain: str = ""
) -> File | None:
    """The bytes of a file; None (reported) where there are none, or too many.

    Parameters
    ----------
    domain
        That of the file, where it is one of an SDTM package.
    """
    path = Path(source.path)
    file = File(table, path.name, b"", findings, limits, domain)
    try:
        # A device or a pipe may never end.
        if path.exists() and not path.is_file():
            file.report("unreadable_file", "no regular file; expected a file")
            return None
        if file.exceeds("file_mb", -(-path.stat().st_size // MEGABYTE), "MB"):
            return None
        file = replace(file, data=path.read_bytes())
    except OSError as error:
        file.report("unreadable_file", f"{error.strerror}; expected a file")
        return None
    if source.sha256 not in (None, file.sha256):
        message = f"SHA-256 is {file.sha256}; expected {source.sha256} ({file.key('sha256')})"
        file.report("other_file", message, value=file.sha256)
    return file


def read_cells(file: File, source: Input) -> Cells | None:
    """All that a file holds as text; None (reported) where it is no table."""
    cells = _cells(file, source)
    cells = None if cells is None else cells.without_blanks(file)
    if cells is not None and source.records not in (None, cells.records):
        message = f"{cells.records} records; expected {source.records} ({file.key('records')})"
        file.report("incomplete_file", message, value=str(cells.records))
    return cells


def _cells(file: File, source: Input) -> Cells | None:
    """The file through the reader of its format, imported with its library only here."""
    match source.kind:
        case "csv" | "tsv":
            from durable.intake.readers import delimited

            return delimited.cells(file, source)
        case "xlsx":
            from durable.intake.readers import workbook

            return workbook.cells(file, source)
        case "parquet":
            from durable.intake.readers import parquet

            return parquet.cells(file)
        case "xpt" | "sas7bdat":
            from durable.intake.readers import sas

            return sas.cells(file, source)
        case "dataset-json":
            from durable.intake.readers import dataset_json

            return dataset_json.cells(file, source)


def unreadable_table(table: str, file: str) -> Recorded:
    """A table of which nothing could be read."""
    columns: dict[str, Any] = {name: categorical([]) for name in NATIVE_COLUMNS[table]}
    text = pd.DataFrame(columns | {"source_row": np.array([], dtype="int64")})
    return Recorded(table, file, text, readable=False)


def _native(file: File, cells: Cells, source: Input, needs: Needs) -> Recorded | None:
    """The native columns in their order; a blank row is reported and left out."""
    table, renamed = file.table, source.columns
    wanted = {name: renamed.get(name, name) for name in NATIVE_COLUMNS[table]}
    if source.kind in SAS:
        wanted = {name: foreign.lower() for name, foreign in wanted.items()}
    positions = {name: str(i) for i, name in enumerate(cells.header) if name.strip()}
    absent = tuple(name for name, foreign in wanted.items() if foreign not in positions)
    unused = set(positions) - set(wanted.values())
    complete = _has_needed(file, source, needs, wanted, absent, unused)
    for name, foreign in wanted.items():
        shared = [other for other in wanted if wanted[other] == foreign and other != name]
        if shared and name in renamed:
            message = f"{foreign} is read as {name} and as {shared[0]}; expected a column for each"
            file.report("shared_column", message, column=name)
    for name in sorted(unused):
        file.report("unused_column", f"column {escaped(name)} is not used", column=name)
    _report_nameless(file, cells)
    if not complete:
        return None
    text, rows = cells.text, cells.text.index.to_numpy("int64")
    empty_cells = categorical([""]).repeat(len(rows))
    native = {
        name: text[positions[foreign]].array if foreign in positions else empty_cells
        for name, foreign in wanted.items()
    }
    blank = np.ones(len(rows), dtype=bool)
    for column in native.values():
        if blank.any():
            blank &= is_blank(pd.Series(column)).to_numpy()
    last = int(rows[~blank].max()) if not blank.all() else 0
    for row in rows[blank].tolist():
        severity: Severity = "error" if row < last else "warning"
        file.report("blank_row", "an empty row; expected a record", row=row, severity=severity)
    columns = native | {"source_row": rows}
    if blank.any():
        columns = {name: column[~blank] for name, column in columns.items()}
    return Recorded(table, file.name, pd.DataFrame(columns, copy=False), absent=absent)


def _has_needed(
    file: File,
    source: Input,
    needs: Needs,
    wanted: Mapping[str, str],
    absent: Iterable[str],
    unused: Iterable[str],
) -> bool:
    """Whether the file has every column that it must have; reported where it has not."""
    needed = needs.missing(file.table, set(wanted).difference(absent))
    planned = {*source.columns, *source.values, *source.units}  # noqa: PD011  (keys of the plan)
    complete = True
    for name in absent:
        like = _alike(wanted[name], unused)
        # One that is written otherwise is recorded.
        if name in planned or name in needed or like:
            complete = False
            key = f" ({file.key('columns')}.{name})" if name in source.columns else ""
            why = f", needed by {needed[name]}" if needed.get(name) else ""
            message = f"no column {wanted[name]}{key}; expected in the header{why}{like}"
            file.report("missing_column", message, column=name)
    return complete


def _alike(wanted: str, others: Iterable[str]) -> str:
    """Which of the other columns is this one, written otherwise, in words; '' where none is."""
    for other in sorted(others):
        if other.casefold() == wanted.casefold():
            return f" (the header has {other})"
        differs = look_alike(other, wanted)
        if differs:
            return f" (the header has {other}: {differs})"
    return ""


def _report_nameless(file: File, cells: Cells) -> None:
    """Report columns without a name, with the first of their values."""
    for i, name in enumerate(cells.header):
        if name.strip():
            continue
        filled = cells.text.loc[cells.text[str(i)] != "", str(i)].astype(object)
        if filled.empty:
            file.report("unused_column", f"column {i + 1} has neither a name nor values")
        else:
            message = f"{len(filled)} value(s) from here on in column {i + 1}, which has no name"
            row = int(filled.index[0])
            file.report("nameless_column", message, row=row, value=filled.iloc[0])
