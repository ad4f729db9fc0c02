"""Reading CDISC Dataset-JSON 1.1, as one document or with a line for each record (NDJSON).

Read with the standard library: a number has the decimals that the file gives it, 15 significant
digits at most, because programs write it from a binary one; text (the standard's exact decimals
among it) is as written.
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import numpy.typing as npt

from durable.intake.findings import visible_text
from durable.intake.readers.cells import (
    Cells,
    File,
    columns_by_position,
    native_text,
    plain_decimal,
    significant_digits,
)
from durable.language import _
from durable.plan import FileForm

_VERSION = "datasetJSONVersion"


def cells(file: File, source: FileForm) -> Cells | None:
    """Columns and records, the first of which is row 1; None (reported) where they are not sound.

    A record that is broken, or a number of records other than the file states, refuses the file.
    """
    try:
        described, rows = _parts(file.data.decode("utf-8-sig"))
        header = _header(described)
    except UnicodeDecodeError as error:
        file.report(
            "not_utf8",
            _("byte 0x{byte:02x} is not UTF-8; expected UTF-8").format(byte=file.data[error.start]),
        )
        return None
    except (ValueError, RecursionError) as error:
        file.report(
            "unreadable_file",
            _("{reason}; expected Dataset-JSON 1.1").format(reason=str(error)[:200]),
        )
        return None
    if not file.accepts_header(header):
        return None
    texts = _texts(file, rows, header)
    if texts is None:
        return None
    stated = described.get("records")
    # A document is closed by its last brace; nothing closes lines.
    if stated is None and "rows" not in described and source.records is None:
        message = _("lines without their number; expected records, or {key}").format(
            key=file.key("records")
        )
        file.report("incomplete_file", message)
        return None
    if stated is not None and stated != str(len(rows)):
        message = _("{number} records; expected {stated}, as records says").format(
            number=len(rows), stated=visible_text(str(stated))
        )
        file.report("incomplete_file", message)
        return None
    columns = [list(column) for column in zip(*texts, strict=True)]
    text = columns_by_position(columns or [[] for _ in header], 1)
    return Cells(header, text, numbers=_numbers(described, rows))


def _parts(text: str) -> tuple[dict[str, Any], list[Any]]:
    """The metadata of the dataset, and its rows; numbers as text.

    Raises
    ------
    ValueError
        For what is no Dataset-JSON.
    """
    decoder = json.JSONDecoder(
        parse_float=_number, parse_int=str, parse_constant=str, object_pairs_hook=_unique_keys
    )
    described, end = decoder.raw_decode(text.lstrip())
    if not isinstance(described, dict) or not str(described.get(_VERSION, "")).startswith("1.1"):
        raise ValueError(_("no {version} of 1.1").format(version=_VERSION))
    rest = text.lstrip()[end:].split("\n")
    lines = [decoder.decode(line) for line in rest if line.strip()]
    if "rows" not in described:
        return described, lines
    if lines or not isinstance(described["rows"], list):
        raise ValueError(_("rows that are no one list"))
    return described, described["rows"]


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        repeated = next(
            key for key, number in Counter(key for key, _ in pairs).items() if number > 1
        )
        raise ValueError(_("the key '{key}' a second time").format(key=visible_text(repeated)))
    return members


class _Number(str):
    """A number of JSON as text, and no text that looks like one."""


def _number(text: str) -> _Number:
    """A number of JSON in plain decimals: 3.0 is 3, and 0.30000000000000004 is 0.3."""
    try:
        return _Number(plain_decimal(significant_digits(Decimal(text))))
    except InvalidOperation:
        return _Number(text)


def _numbers(described: dict[str, Any], rows: list[Any]) -> dict[str, npt.NDArray[np.bool_]]:
    """Which values are numbers with decimals (`Cells.numbers`); a `decimal` is one in quotes."""
    kinds = [column.get("dataType") for column in described["columns"]]
    return {
        str(i): np.array([kind == "decimal" or isinstance(row[i], _Number) for row in rows], bool)
        for i, kind in enumerate(kinds)
    }


def _header(described: dict[str, Any]) -> list[str]:
    columns = described.get("columns")
    if not isinstance(columns, list) or not columns:
        raise ValueError(_("no list of columns"))
    names = [column.get("name") if isinstance(column, dict) else None for column in columns]
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise ValueError(_("a column without a name"))
    return [str(name) for name in names]


def _texts(file: File, rows: list[Any], header: list[str]) -> list[list[str]] | None:
    """The rows as text; None where one is no row of the dataset, all of which are reported."""
    texts, sound = [], True
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list) or any(isinstance(value, list | dict) for value in row):
            message = _("a record that is no list of values; expected one")
        elif len(row) != len(header):
            message = _("{found} values; expected {expected}").format(
                found=len(row), expected=len(header)
            )
        else:
            texts.append([native_text(value) for value in row])
            sound &= _is_text(file, texts[-1], header, number)
            continue
        sound = False
        file.report("broken_row", message, row=number)
    return texts if sound else None


def _is_text(file: File, row: list[str], header: list[str], number: int) -> bool:
    """Whether a record can be written as UTF-8; JSON can escape half of a surrogate pair."""
    if "".join(row).isascii():
        return True
    sound = True
    for name, text in zip(header, row, strict=True):
        try:
            text.encode()
        except UnicodeEncodeError:
            message = _("{text}, with half of a character; expected text").format(
                text=visible_text(text)
            )
            file.report("bad_character", message, row=number, column=name, value=text)
            sound = False
    return sound
