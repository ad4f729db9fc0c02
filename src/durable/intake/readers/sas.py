"""Reading SAS files: XPT (transport, versions 5 and 8) and SAS7BDAT, with pyreadstat."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyreadstat

from durable.intake.findings import visible_text
from durable.intake.readers.cells import Cells, File, columns_by_position, native_text
from durable.intake.readers.sas_formats import Meaning, are_months, date_or_time, format_meaning
from durable.intake.readers.sas_layout import (
    RECORD,
    sas7bdat_fault,
    texts_with_nul,
    transport_fault,
)
from durable.language import _
from durable.plan import FileForm

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MEMBER = re.compile(rb"HEADER RECORD\*{7}(MEMBER |MEMBV8 ) HEADER RECORD!{7}")


def cells(file: File, source: FileForm) -> Cells | None:
    """Columns, their names in small letters, and records, the first of which is row 1.

    None (reported) where the file is no sound dataset, holds several, or is not whole.
    """
    members = _members(file.data) if source.kind == "xpt" else 1
    if members > 1:
        message = _("{members} datasets in one file; expected one file for each").format(
            members=members
        )
        file.report("unreadable_file", message)
        return None
    fault = transport_fault(file.data) if source.kind == "xpt" else sas7bdat_fault(file.data)
    if fault:
        file.report("incomplete_file", fault)
        return None
    try:
        columns_and_formats = _read(file, source)
    except UnicodeDecodeError:
        message = _("text that is not UTF-8; expected UTF-8, or {key}").format(
            key=file.key("encoding")
        )
        file.report("not_utf8", message)
        return None
    except Exception as error:  # the library has no class of its own for all its errors
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        expected = _("XPT version 5 or 8") if source.kind == "xpt" else "SAS7BDAT"
        file.report(
            "unreadable_file",
            _("{reason}; expected {expected}").format(reason=reason, expected=expected),
        )
        return None
    if columns_and_formats is None:
        return None
    variables, formats = columns_and_formats
    named = {name: column for name, column in variables.items() if name is not None}
    if len(named) < len(variables):
        # The library could not read its name; of several there would be one.
        file.report("unreadable_file", _("a variable without a name; expected one for each"))
        return None
    header = [name.lower() for name in named]
    if not file.accepts_header(header):
        return None
    if source.kind == "xpt" and _has_nul(file, header):
        return None
    columns = [_texts(column, format_meaning(formats.get(name))) for name, column in named.items()]
    numbers = {str(i): held for i, c in enumerate(named.values()) if (held := _numbers(c)).any()}
    return Cells(header, columns_by_position(columns, 1), numbers=numbers)


def _read(file: File, source: FileForm) -> tuple[dict[str | None, Any], dict[str, str]] | None:
    """Columns and their formats by name; None (reported) where there are too many values."""
    options: dict[str, Any] = {} if source.encoding is None else {"encoding": source.encoding}
    read_file: Any = pyreadstat.read_xport
    if source.kind == "sas7bdat":
        read_file = pyreadstat.read_sas7bdat
        options["user_missing"] = True
        # The records may be compressed.
        _empty, metadata = read_file(io.BytesIO(file.data), metadataonly=True, **options)
        if file.exceeds("cells", metadata.number_rows * metadata.number_columns, _("values")):
            return None
        if file.exceeds_unpacked(
            metadata.number_rows * sum(metadata.variable_storage_width.values())
        ):
            return None
    columns, metadata = read_file(
        io.BytesIO(file.data),
        output_format="dict",
        # The library knows few formats of dates, and those in capitals with usual widths only.
        disable_datetime_conversion=True,
        **options,
    )
    return columns, metadata.original_variable_types


def _has_nul(file: File, header: list[str]) -> bool:
    """Whether texts of a transport file have a NUL within; reported, each of them."""
    any_nul = False
    for row, variable, text in texts_with_nul(file.data):
        shown = visible_text(text.decode("ascii", errors="backslashreplace").rstrip())
        message = _("{shown}, with a NUL character; expected text").format(shown=shown)
        file.report("bad_character", message, row=row, column=header[variable], value=shown)
        any_nul = True
    return any_nul


def _members(data: bytes) -> int:
    """Number of datasets in a transport file, whose headers are records of 80 bytes."""
    return sum(match.start() % RECORD == 0 for match in _MEMBER.finditer(data))


def _texts(column: Any, meaning: Meaning | None) -> npt.NDArray[np.object_]:
    """Text of a column; a missing number is empty."""
    codes, values = pd.factorize(np.asarray(column, dtype=object), use_na_sentinel=True)
    written = [_text(value, meaning) for value in values]
    if meaning in ("month", "month of datetime"):
        dated = [bool(_DATE.fullmatch(text)) for text in written]
        if are_months([text for text, is_date in zip(written, dated, strict=True) if is_date]):
            pairs = zip(written, dated, strict=True)
            written = [text[: len("YYYY-MM")] if is_date else text for text, is_date in pairs]
    texts = np.array([*written, ""], dtype=object)
    return texts[codes]


def _numbers(column: Any) -> npt.NDArray[np.bool_]:
    """Which values of a column are numbers; special missing values are letters."""
    values = np.asarray(column)
    if values.dtype != object:
        return np.broadcast_to(np.bool_(values.dtype.kind in "if"), values.shape)
    return np.array([isinstance(value, int | float) for value in values], dtype=bool)


def _text(value: Any, meaning: Meaning | None) -> str:
    """A value; a number that its format calls a date or a time is one where it can be."""
    if meaning is None or isinstance(value, str | bool) or not isinstance(value, int | float):
        return native_text(value)
    moment = date_or_time(float(value), meaning)
    return native_text(value if moment is None else moment)
