"""Reading Parquet: typed columns back to the text that they were made from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from durable.intake.cells import Cells, File, by_position, text_of


def cells(file: File) -> Cells | None:
    """Columns and records; the first record is row 1."""
    try:
        table = pq.read_table(pa.BufferReader(file.data))
        table.validate(full=True)
        refused = [field for field in table.schema if not _holds_values(field.type)]
        columns = [] if refused else [_texts(column) for column in table.columns]
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        # Values outside what Python's dates hold end here too.
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        file.tell("unreadable_file", f"{reason}; expected Parquet")
        return None
    for field in refused:
        message = f"values of the type {field.type}; expected text, numbers, dates or times"
        file.tell("unreadable_file", message, column=field.name)
    found = Cells(table.column_names, by_position(columns, 1))
    return found if not refused and found.named_once(file) else None


def _holds_values(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _holds_values(kind.value_type)
    return any(
        fits(kind)
        for fits in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_integer,
            pa.types.is_floating,
            pa.types.is_decimal,
            pa.types.is_boolean,
            pa.types.is_date,
            pa.types.is_timestamp,
            pa.types.is_time,
            pa.types.is_null,
        )
    )


def _texts(column: pa.ChunkedArray) -> Any:
    """Text of a column; each distinct value is written once."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        # Nanoseconds make no Python time; beyond microseconds is no time of a study.
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    encoded = column.dictionary_encode(null_encoding="encode").combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = pa.concat_arrays(encoded.chunks)
    values = encoded.dictionary.to_pylist()
    if pa.types.is_floating(kind) and kind.bit_width < 64:
        # The shortest decimals are those of the column's own precision.
        width = f"float{kind.bit_width}"
        values = [v if v is None else float(str(np.dtype(width).type(v))) for v in values]
    texts = np.array([*(text_of(value) for value in values), ""], dtype=object)
    return texts[np.asarray(encoded.indices.fill_null(len(values)))]
