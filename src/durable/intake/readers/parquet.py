"""Reading Parquet: typed columns back to the text that they were made from."""

from __future__ import annotations

from decimal import Context, Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from durable.intake.readers.cells import (
    Cells,
    File,
    columns_by_position,
    native_text,
    plain_decimal,
    significant_digits,
)
from durable.intake.texts import Texts, categorical
from durable.language import _

#: A file begins and ends with these bytes; two files one after the other have them twice inside.
_MAGIC = b"PAR1"
#: Significant digits of single precision.
_SINGLE = Context(prec=7)


def cells(file: File) -> Cells | None:
    """Columns and records, the first of which is row 1; None (reported) where no sound table."""
    if 2 * _MAGIC in file.data:
        # The footer of the last would be read, and the records of the first.
        file.report(
            "unreadable_file", _("several files, one after the other; expected one Parquet")
        )
        return None
    try:
        with pq.ParquetFile(pa.BufferReader(file.data)) as opened:
            names = opened.schema_arrow.names
            columns = _columns(file, opened.metadata) if _is_table(file, opened) else None
            kinds = opened.schema_arrow.types
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        # Values outside what Python's dates hold end here too.
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        file.report("unreadable_file", _("{reason}; expected Parquet").format(reason=reason))
        return None
    if columns is None:
        return None
    numbers = {
        str(place): np.broadcast_to(np.True_, len(columns[place]))
        for place, kind in enumerate(kinds)
        if has_decimals(kind)
    }
    return Cells(names, columns_by_position(columns, 1), numbers=numbers)


def _is_table(file: File, opened: pq.ParquetFile) -> bool:
    """Whether a file is a table of values, and not too large a one; reported where it is not."""
    schema, metadata = opened.schema_arrow, opened.metadata
    refused = [field for field in schema if not holds_values(field.type)]
    for field in refused:
        message = _("values of the type {type}; expected text, numbers, dates or times").format(
            type=field.type
        )
        file.report("unreadable_file", message, column=field.name)
    accepted = file.accepts_header(schema.names)
    if refused or not accepted:
        return False
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    return not (
        file.exceeds("cells", metadata.num_rows * len(schema.names), _("values"))
        or file.exceeds_unpacked(sum(group.total_byte_size for group in groups))
    )


def _columns(file: File, metadata: pq.FileMetaData) -> list[Texts] | None:
    """The texts of each column; None (reported) where the file is not whole."""
    columns: list[Texts] = []
    fault = _records_fault(metadata)
    schema = metadata.schema.to_arrow_schema()
    # A text that the file holds once is read once, however many records have it.
    words = [field.name for field in schema if _is_text(field.type)]
    with pq.ParquetFile(
        pa.BufferReader(file.data), metadata=metadata, read_dictionary=words
    ) as opened:
        for name in schema.names if not fault else ():
            column = opened.read(columns=[name]).column(name)
            column.validate(full=True)
            if len(column) != metadata.num_rows:
                fault = _("{number} values of {name}; expected {expected}").format(
                    number=len(column), name=name, expected=metadata.num_rows
                )
                break
            columns.append(texts(column))
    # After the columns were read: pyarrow tells of a damaged footer as an exception when it reads
    # them, and ends the process when it is asked about them.
    fault = fault or _values_fault(metadata)
    if fault:
        file.report("incomplete_file", fault)
        return None
    return columns


def _records_fault(metadata: pq.FileMetaData) -> str:
    """What shows that records were lost or added; '' where the footer is of one mind."""
    held = sum(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
    if held != metadata.num_rows:
        return _(
            "{number} records in the row groups; expected {expected}, as the footer says"
        ).format(number=held, expected=metadata.num_rows)
    return ""


def _values_fault(metadata: pq.FileMetaData) -> str:
    """What shows that values of a column were lost or added; '' where there is nothing."""
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for column in (group.column(position) for position in range(group.num_columns)):
            if column.num_values != group.num_rows:
                return _(
                    "{number} values of {column} in a row group; expected {records}, its number of"
                    " records"
                ).format(
                    number=column.num_values,
                    column=column.path_in_schema,
                    records=group.num_rows,
                )
    return ""


def holds_values(kind: pa.DataType) -> bool:
    """Whether a column of this type has text, numbers, truth values, dates or times, or only nulls.

    Of a column with a dictionary it is asked of the type of its values.
    """
    if pa.types.is_dictionary(kind):
        return holds_values(kind.value_type)
    return _is_text(kind) or any(
        fits(kind)
        for fits in (
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


def has_decimals(kind: pa.DataType) -> bool:
    """Whether a column of this type has numbers that may have decimals.

    Of a column with a dictionary it is asked of the type of its values.
    """
    if pa.types.is_dictionary(kind):
        return has_decimals(kind.value_type)
    return bool(pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_text(kind: pa.DataType) -> bool:
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(fits(kind) for fits in tests)


def texts(column: pa.ChunkedArray) -> Texts:
    """The text of each value of a column, in its order and categorical; a null is ''."""
    kind = column.type
    if not len(column):
        # Of some types an empty column cannot be encoded.
        return categorical([])
    if pa.types.is_decimal(kind) and kind.bit_width < 128:
        column = column.cast(pa.decimal128(kind.precision, kind.scale))
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        # Nanoseconds make no Python time; beyond microseconds is no time of a study.
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    codes, values = _codes_and_values(column)
    distinct = categorical([*native_texts(values), ""])
    return distinct.take(np.asarray(codes.fill_null(len(values))))


def _codes_and_values(column: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """The code of each record, null where it has no value, and the values that occur."""
    if pa.types.is_dictionary(column.type):
        unified = _combine_chunks(column.unify_dictionaries())
        # In the order in which they appear: not every value of a dictionary has to occur.
        codes = unified.indices.dictionary_encode(null_encoding="mask")
        return codes.indices, unified.dictionary.take(codes.dictionary)
    encoded = _combine_chunks(column.dictionary_encode(null_encoding="mask"))
    return encoded.indices, encoded.dictionary


def _combine_chunks(column: pa.ChunkedArray) -> pa.Array:
    joined = column.combine_chunks()
    return pa.concat_arrays(joined.chunks) if isinstance(joined, pa.ChunkedArray) else joined


def native_texts(values: pa.Array) -> list[str]:
    """Each value as text (`native_text`), those of half and single precision in its decimals.

    Single precision is rounded to 7 significant digits: 0.1 is "0.1", not "0.100000001490116".
    """
    kind = values.type
    if pa.types.is_float16(kind):
        # The shortest decimals are those of the column's own precision.
        return [native_text(float(str(value))) for value in values.to_numpy(zero_copy_only=False)]
    if pa.types.is_float32(kind):
        numbers = (Decimal(str(value)) for value in values.to_numpy(zero_copy_only=False))
        return [_single(number) for number in numbers]
    return [native_text(value) for value in values.to_pylist()]


def _single(number: Decimal) -> str:
    """A number of single precision; what is no finite one as Python writes it."""
    return (
        plain_decimal(significant_digits(number, _SINGLE))
        if number.is_finite()
        else native_text(float(number))
    )
