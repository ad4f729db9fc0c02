"""Reading a table in any format as text, cell by cell as recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.tables import NATIVE_COLUMNS
from durable.intake.findings import Findings, Recorded
from durable.intake.needs import Needs, always_needed
from durable.intake.readers.cells import Cells, File
from durable.intake.rules import Severity
from durable.intake.texts import categorical, is_blank
from durable.lookalikes import look_alike
from durable.plan import Format, Input

#: Formats whose column names have no case: the reader gives them in small letters.
SAS: tuple[Format, ...] = ("xpt", "sas7bdat")
_REPORTED = 100


def read(
    table: str,
    source: Input,
    findings: Findings,
    needs: Needs | None = None,
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

    Returns
    -------
    Recorded, str
        The table: native columns as text ('' where empty) and ``source_row``, the row of the file
        as users of its format count: in text and workbooks as a spreadsheet shows it (the header is
        row 1), in datasets the number of the record. Not ``readable`` where there is no table.
    """
    file = Path(source.path).name
    cells, digest = read_cells(table, source, findings)
    native = (
        None
        if cells is None
        else _native(table, file, cells, source, findings, needs or always_needed())
    )
    return unreadable_table(table, file) if native is None else native, digest


def read_cells(
    table: str, source: Input, findings: Findings, domain: str = ""
) -> tuple[Cells | None, str]:
    """All that a file holds as text, and its SHA-256; None (reported) where it is no table.

    `domain` is that of the file, where it is one of an SDTM package.
    """
    path = Path(source.path)
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"{error.strerror}; expected a file"
        findings.add_about_file(table, path.name, "unreadable_file", message)
        return None, ""
    digest = hashlib.sha256(data).hexdigest()
    file = File(table, path.name, data, findings, domain)
    if source.sha256 not in (None, digest):
        message = f"SHA-256 is {digest}; expected {source.sha256} ({file.key('sha256')})"
        file.report("other_file", message, value=digest)
    cells = _cells(file, source)
    cells = None if cells is None else cells.without_blanks(file)
    if cells is not None and source.records not in (None, cells.records):
        message = f"{cells.records} records; expected {source.records} ({file.key('records')})"
        file.report("incomplete_file", message, value=str(cells.records))
    return cells, digest


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


def _native(
    table: str, file: str, cells: Cells, source: Input, findings: Findings, needs: Needs
) -> Recorded | None:
    """The native columns in their order; a blank row is reported and left out."""
    renamed = source.columns
    wanted = {name: renamed.get(name, name) for name in NATIVE_COLUMNS[table]}
    if source.kind in SAS:
        wanted = {name: foreign.lower() for name, foreign in wanted.items()}
    place = {name: str(i) for i, name in enumerate(cells.header) if name.strip()}
    absent = tuple(name for name, foreign in wanted.items() if foreign not in place)
    needed = needs.missing(table, {name for name in wanted if name not in absent})
    unused = set(place) - set(wanted.values())
    missing = False
    for name in absent:
        like = _alike(wanted[name], unused)
        # One that is written otherwise is recorded.
        planned = any(name in keys for keys in (renamed, source.values, source.units))  # noqa: PD011
        if planned or name in needed or like:
            missing = True
            key = f" (inputs.{table}.columns.{name})" if name in renamed else ""
            why = f", needed by {needed[name]}" if needed.get(name) else ""
            message = f"no column {wanted[name]}{key}; expected in the header{why}{like}"
            findings.add_about_file(table, file, "missing_column", message, column=name)
    for name, foreign in wanted.items():
        shared = [other for other in wanted if wanted[other] == foreign and other != name]
        if shared and name in renamed:
            message = f"{foreign} is read as {name} and as {shared[0]}; expected a column for each"
            findings.add_about_file(table, file, "shared_column", message, column=name)
    for name in sorted(unused):
        message = f"column {name} is not used"
        findings.add_about_file(table, file, "unused_column", message, column=name)
    _nameless(table, file, cells, findings)
    if missing:
        return None
    text, rows = cells.text, cells.text.index.to_numpy("int64")
    empty_cells = categorical([""]).repeat(len(rows))
    native = {n: text[place[f]].array if f in place else empty_cells for n, f in wanted.items()}
    blank = np.ones(len(rows), dtype=bool)
    for column in native.values():
        if blank.any():
            blank &= is_blank(pd.Series(column)).to_numpy()
    last = int(rows[~blank].max()) if not blank.all() else 0
    _blank_rows(table, file, rows[blank], last, findings)
    columns = native | {"source_row": rows}
    if blank.any():
        columns = {name: column[~blank] for name, column in columns.items()}
    return Recorded(table, file, pd.DataFrame(columns, copy=False), absent=absent)


def _alike(wanted: str, others: Iterable[str]) -> str:
    """Which of the other columns is this one, written otherwise, in words; '' where none is."""
    for other in sorted(others):
        if other.casefold() == wanted.casefold():
            return f" (the header has {other})"
        differs = look_alike(other, wanted)
        if differs:
            return f" (the header has {other}: {differs})"
    return ""


def _nameless(table: str, file: str, cells: Cells, findings: Findings) -> None:
    for i, name in enumerate(cells.header):
        if name.strip():
            continue
        filled = cells.text.loc[cells.text[str(i)] != "", str(i)].astype(object)
        if filled.empty:
            message = f"column {i + 1} has neither a name nor values"
            findings.add_about_file(table, file, "unused_column", message)
        else:
            message = f"{len(filled)} value(s) from here on in column {i + 1}, which has no name"
            row = int(filled.index[0])
            findings.add_about_file(
                table, file, "nameless_column", message, row=row, value=filled.iloc[0]
            )


def _blank_rows(
    table: str, file: str, rows: npt.NDArray[np.int64], last: int, findings: Findings
) -> None:
    """The first of them one by one; a file with thousands has one mistake, not thousands."""
    for row in rows[:_REPORTED]:
        message = "an empty row; expected a record"
        severity: Severity = "error" if row < last else "warning"
        findings.add_about_file(table, file, "blank_row", message, row=int(row), severity=severity)
    if len(rows) > _REPORTED:
        severity = "error" if rows.min() < last else "warning"
        message = f"{len(rows) - _REPORTED} more empty rows from here on; expected records"
        row = int(rows[_REPORTED])
        findings.add_about_file(table, file, "blank_row", message, row=row, severity=severity)
