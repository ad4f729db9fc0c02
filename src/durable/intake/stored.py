"""Files of many rows, written and read some at a time, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from durable.cores import behind
from durable.files import csv_bytes, safe_cells, whole

#: Rows of a table that are written or read at a time.
ROWS = 100_000


def write_listing(path: Path, parts: Iterable[pd.DataFrame]) -> None:
    """Write frames with the same columns, at least one, as a CSV safe to open in a spreadsheet."""
    with whole(path) as aside, aside.open("wb") as file:
        for number, part in enumerate(parts):
            file.write(csv_bytes(safe_cells(part), header=number == 0))


def write_table(path: Path, parts: Iterable[pd.DataFrame | pa.Table]) -> None:
    """Write typed frames or tables with the same columns, at least one, as one Parquet file.

    A text column is text whatever it holds, also where it is empty throughout.
    """
    tables = (_plain(part) if isinstance(part, pa.Table) else _arrow(part) for part in parts)
    first = next(tables)
    with whole(path) as aside, pq.ParquetWriter(aside, first.schema, compression="zstd") as writer:
        every = chain([first], tables)
        del first
        behind(writer.write_table, every)


def _plain(table: pa.Table) -> pa.Table:
    """A table as it was read, its text as text."""
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        columns[name] = column.cast(kind).combine_chunks()
    return pa.table(columns)


def _arrow(frame: pd.DataFrame) -> pa.Table:
    columns = {}
    for name, column in frame.items():
        if isinstance(column.dtype, pd.CategoricalDtype) and len(column.dtype.categories) > len(
            frame
        ):
            column = column.cat.remove_unused_categories()  # not all subjects for every part
        kind = pa.from_numpy_dtype(column.dtype) if column.dtype.kind in "fiM" else pa.string()
        columns[str(name)] = pa.array(column, from_pandas=True).cast(kind)
    return pa.table(columns)


def read_table(path: Path) -> Iterator[pa.Table]:
    """A table as `write_table` wrote it, some rows at a time; at least one, empty part.

    Texts are dictionaries, which are categorical columns of a frame.
    """
    texts = [field.name for field in pq.read_schema(path) if pa.types.is_string(field.type)]
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        if not file.metadata.num_rows:
            yield file.read()
        for batch in file.iter_batches(ROWS):
            yield pa.Table.from_batches([batch])


def rows_of(path: Path) -> int:
    """Number of rows of a table."""
    return int(pq.read_metadata(path).num_rows)
