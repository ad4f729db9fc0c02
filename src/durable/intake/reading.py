"""Reading a table in any format as text, cell by cell as recorded."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from durable.contracts.tables import NATIVE_COLUMNS
from durable.intake.findings import Findings, Recorded
from durable.intake.readers.cells import MEGABYTE, Cells, File
from durable.intake.texts import categorical
from durable.language import N_, _
from durable.plan import FileForm
from durable.plan.limits import LIMITS, Limits


def open_file(
    table: str,
    source: FileForm,
    findings: Findings,
    limits: Limits = LIMITS,
    domain: str = "",
    section: str = "",
    name: str = "",
) -> File | None:
    """A file with its bytes; None where it cannot be read or exceeds ``inputs.limits.file_mb``.

    That is reported, and so is a SHA-256 other than the expected one, with which the file is still
    returned.

    Parameters
    ----------
    domain
        SDTM domain of the file; '' where it is none of a package.
    section
        Section of the plan that describes the file, below ``inputs``; that of the table when not
        given.
    name
        Name of the file in findings; that of the file itself when not given.
    """
    path = Path(source.path or "")
    file = File(table, name or path.name, b"", findings, limits, domain, section)
    try:
        # A device or a pipe may never end.
        if path.exists() and not path.is_file():
            file.report("unreadable_file", _("no regular file; expected a file"))
            return None
        if file.exceeds("file_mb", -(-path.stat().st_size // MEGABYTE), "MB"):
            return None
        file = replace(file, data=path.read_bytes())
    except OSError as error:
        file.report("unreadable_file", _("{reason}; expected a file").format(reason=_reason(error)))
        return None
    report_other(file, source)
    return file


#: What the operating system says of a file, where it is usual: in the language in force.
_USUAL = {
    errno.ENOENT: N_("No such file or directory"),
    errno.EACCES: N_("Permission denied"),
}


def _reason(error: OSError) -> str:
    """Why a file cannot be read; what is not usual in the words of the operating system."""
    return _(_USUAL[error.errno]) if error.errno in _USUAL else str(error.strerror)


def report_other(file: File, source: FileForm) -> None:
    """Report a file with another SHA-256 than its section of the plan names, if it names one."""
    if source.sha256 not in (None, file.sha256):
        message = _("SHA-256 is {found}; expected {expected} ({key})").format(
            found=file.sha256, expected=source.sha256, key=file.key("sha256")
        )
        file.report("other_file", message, value=file.sha256)


def read_cells(file: File, source: FileForm) -> Cells | None:
    """The cells of a file as text; None, which is reported, where it cannot be read as a table."""
    cells = _cells(file, source)
    cells = None if cells is None else cells.without_blanks(file)
    if cells is not None:
        report_incomplete(file, source, cells)
    return cells


def report_incomplete(file: File, source: FileForm, cells: Cells) -> None:
    """Report a file with another number of records than its section of the plan names, if any."""
    if source.records not in (None, cells.records):
        message = _("{found} records; expected {expected} ({key})").format(
            found=cells.records, expected=source.records, key=file.key("records")
        )
        file.report("incomplete_file", message, value=str(cells.records))


def _cells(file: File, source: FileForm) -> Cells | None:
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
    """The recorded table, without a row and not `readable`, of a file that could not be read."""
    columns: dict[str, Any] = {name: categorical([]) for name in NATIVE_COLUMNS[table]}
    text = pd.DataFrame(columns | {"source_row": np.array([], dtype="int64")})
    return Recorded(table, file, text, readable=False)
