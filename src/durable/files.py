"""Writing files so that they appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable.cores import behind
from durable.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

#: Blocks that wait while the one before them is written.
_WAITING = 3
#: A cell that a spreadsheet would run as a formula begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def read_json(path: Path) -> dict[str, Any]:
    """What a run wrote down about its results; empty where there is no such file.

    Raises
    ------
    UserError
        Where the file is damaged.
    """
    if not path.is_file():
        return {}
    try:
        values = json.loads(path.read_text("utf-8"))
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise UserError(
            f"{path} is damaged: it is not the JSON that a run writes. Put it back from a copy, or"
            f" move {path.parent} away and run again."
        )
    return values


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to; it takes the place of `path` only on success."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        umask = os.umask(0)
        os.umask(umask)
        aside.chmod(0o666 & ~umask)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with the line ends it has."""
    with whole(path) as aside:
        aside.write_bytes(text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes as they are."""
    with whole(path) as aside:
        aside.write_bytes(content)


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame for programs and spreadsheets: text that looks like a formula is quoted."""
    with whole(path) as aside, aside.open("wb") as file:
        file.write(csv_bytes(safe_cells(frame)))


def csv_bytes(frame: pd.DataFrame, *, header: bool = True) -> bytes:
    """The frame as pandas writes it; text and numbers by whole columns, which is much faster."""
    import pyarrow.compute as pc

    columns = [_as_text(column) for _, column in frame.items()] if len(frame) else []
    known = [column for column in columns if column is not None]
    # A row that is one empty cell is quoted; and Python's versions part over carriage returns.
    if len(known) < 2 or len(known) < len(columns) or any(_holds(c, "\r") for c in known):
        text: str = frame.to_csv(index=False, header=header, lineterminator="\n")
        return text.encode()
    cells = [_quoted(pc.fill_null(column, "")) for column in known]
    lines = _joined(_joined(*cells, by=","), _large("\n"), by="")
    head: str = frame.iloc[:0].to_csv(index=False, lineterminator="\n") if header else ""
    # The texts of an array lie one after another.
    length = pc.sum(pc.binary_length(lines)).as_py()
    return head.encode() + bytes(lines.buffers()[2][:length])


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame as Parquet, the same bytes for the same frame."""
    with whole(path) as aside:
        frame.to_parquet(aside, index=False, engine="pyarrow", compression="zstd")


def write_parquet_blocks(path: Path, blocks: Iterator[pd.DataFrame]) -> None:
    """Write frames with the same columns one after another as one Parquet file.

    Categories are written as text, by their codes: a reader sees text columns. Each frame is a row
    group of its own. One is made while those before it are written; few of them wait.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with whole(path) as aside:
        first = next(blocks)
        text = list(first.select_dtypes("category").columns)
        # What pandas notes in the file of the types: those of text, not of categories.
        note = pa.Schema.from_pandas(first.iloc[:0].astype(dict.fromkeys(text, object))).metadata
        schema = _table(first).schema
        # Each row group holds everything, so that limits of its columns would not shorten reading.
        how = {"compression": "zstd", "store_schema": False, "write_statistics": False}

        def write(table: Any) -> None:
            writer.write_table(table.cast(schema), row_group_size=len(table) or None)

        with pq.ParquetWriter(aside, schema, **how) as writer:
            writer.add_key_value_metadata(note)
            every = map(_table, chain([first], blocks))
            del first
            behind(write, every, _WAITING)


def _table(block: pd.DataFrame) -> Any:
    """The frame for Parquet, its categories as a dictionary and 32-bit codes."""
    import pandas as pd
    import pyarrow as pa

    columns = {}
    for name, values in block.items():
        if values.dtype == "category":
            codes = values.cat.codes.to_numpy("int32")
            names = pa.array(values.cat.categories.to_numpy(object), pa.string())
            columns[name] = pa.DictionaryArray.from_arrays(_array(codes, codes < 0), names)
        elif isinstance(values.dtype, pd.Int64Dtype):
            missing = values.isna().to_numpy()
            columns[name] = _array(values.to_numpy("int64", na_value=0), missing)
        elif values.dtype.kind in "fM":
            columns[name] = _array(values.to_numpy(), values.isna().to_numpy())
        else:
            columns[name] = pa.Array.from_pandas(values)
    return pa.table(columns)


def _array(values: npt.NDArray[Any], missing: npt.NDArray[np.bool_]) -> Any:
    """An array and what is missing in it, without looking at each value."""
    import numpy as np
    import pyarrow as pa

    known = pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
    buffers = [known, pa.py_buffer(np.ascontiguousarray(values))]
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), buffers)


def _as_text(column: pd.Series[Any]) -> Any:
    """A column as pandas writes it, missing as null; None where this is left to pandas."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    if column.dtype == "float64":
        # By their bits: 0 and -0 are two texts.
        bits = np.ascontiguousarray(column.to_numpy()).view("int64")
        distinct, place = np.unique(bits, return_inverse=True)
        text = [None if isnan(value) else repr(value) for value in distinct.view(float).tolist()]
        return pa.array(text, pa.large_string()).take(pa.array(place))
    try:
        if column.dtype == "category":
            names = pa.array(column.cat.categories, pa.large_string())
            codes = column.cat.codes.to_numpy()
            return names.take(pa.array(codes, mask=codes < 0))
        if pd.api.types.is_integer_dtype(column.dtype):
            return pa.array(column).cast(pa.large_string())
        if column.dtype == "object":
            return pa.array(column, pa.large_string(), from_pandas=True)
    except (pa.ArrowException, UnicodeEncodeError):
        pass
    return None


def _holds(texts: Any, pattern: str) -> bool:
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring_regex(texts, pattern)).as_py())


def _quoted(texts: Any) -> Any:
    """Cells in quotes where they hold what ends a cell."""
    import pyarrow.compute as pc

    special = pc.match_substring_regex(texts, '[,"\n]')
    if not pc.any(special).as_py():
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(special, _joined(_large('"'), doubled, _large('"'), by=""), texts)


def _joined(*texts: Any, by: str) -> Any:
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*texts, _large(by))


def _large(text: str) -> Any:
    import pyarrow as pa

    return pa.scalar(text, pa.large_string())


def safe_cell(text: str) -> str:
    """Text with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def safe_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose text columns are safe to open in a spreadsheet."""
    safe = frame.copy(deep=False)
    for column in frame.columns[(frame.dtypes == "object") | (frame.dtypes == "string")]:
        text = frame[column]
        risky = _risky(text)
        if risky.any():
            safe[column] = text.where(~risky, "'" + text.astype("string").astype(object))
    for column in frame.columns[frame.dtypes == "category"]:
        names = frame[column].cat.categories
        risky = _risky(names.to_series())
        if risky.any():
            safe[column] = frame[column].cat.rename_categories(names.where(~risky, "'" + names))
    return safe


def _risky(text: pd.Series[Any]) -> Any:
    """Which cells look like a formula; all are looked at together where all are text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        first = pc.utf8_slice_codeunits(pa.array(text, pa.string(), from_pandas=True), 0, 1)
    except (pa.ArrowException, UnicodeEncodeError):
        return text.astype("string").str.startswith(_FORMULA).fillna(False).to_numpy(bool)
    return pc.is_in(first, pa.array(_FORMULA)).to_numpy(zero_copy_only=False)
