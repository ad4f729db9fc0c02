"""Files of typed tables: Parquet, text as text."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from durable.files import atomic_path


def write_table(path: Path, frame: pd.DataFrame) -> None:
    """Write a typed table as Parquet: numbers and dates by their type, all other columns as text.

    A column of text is one even where all its cells are missing.
    """
    kinds = {
        str(name): pa.from_numpy_dtype(dtype) if dtype.kind in "fiM" else pa.string()
        for name, dtype in frame.dtypes.items()
    }
    columns = {
        name: pa.array(frame[name], from_pandas=True).cast(kind) for name, kind in kinds.items()
    }
    with atomic_path(path) as aside:
        pq.write_table(pa.table(columns), aside, compression="zstd")


def read_table(path: Path) -> pd.DataFrame:
    """Return a table that `write_table` wrote, with text columns as categorical."""
    text = [field.name for field in pq.read_schema(path) if pa.types.is_string(field.type)]
    # Neither the columns beside each other nor two copies of them: the table is given up.
    table = pq.read_table(path, read_dictionary=text)
    frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
    return frame
