"""Writing files so that they appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

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
def atomic_path(path: Path) -> Iterator[Path]:
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
    with atomic_path(path) as aside:
        aside.write_bytes(text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes as they are."""
    with atomic_path(path) as aside:
        aside.write_bytes(content)


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame for programs and spreadsheets: text that looks like a formula is quoted."""
    with atomic_path(path) as aside:
        safe_cells(frame).to_csv(aside, index=False, lineterminator="\n")


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame as Parquet, the same bytes for the same frame."""
    with atomic_path(path) as aside:
        frame.to_parquet(aside, index=False, engine="pyarrow", compression="zstd")


def write_parquet_blocks(path: Path, blocks: Iterable[pd.DataFrame]) -> None:
    """Write frames with the same columns one after another as one Parquet file.

    Each frame is a row group of its own. Categories are written as text, by their codes: a reader
    sees text columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with atomic_path(path) as aside:
        writer = None
        for block in blocks:
            table = pa.Table.from_pandas(block, preserve_index=False)
            if writer is None:
                text = list(block.select_dtypes("category").columns)
                plain = block.iloc[:0].astype(dict.fromkeys(text, object))
                # What pandas notes in the file of the types: those of text, not of categories.
                note = pa.Schema.from_pandas(plain).metadata
                schema = _with_wide_codes(table.schema.remove_metadata())
                # Each row group holds everything: limits of its columns would not shorten reading.
                writer = pq.ParquetWriter(
                    aside, schema, compression="zstd", store_schema=False, write_statistics=False
                )
                writer.add_key_value_metadata(note)
            writer.write_table(table.cast(schema), row_group_size=len(table) or None)
        if writer is not None:
            writer.close()


def _with_wide_codes(schema: Any) -> Any:
    """A schema with 32-bit codes of its categories: a later frame may have more of them."""
    import pyarrow as pa

    wide = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        field.with_type(wide) if pa.types.is_dictionary(field.type) else field for field in schema
    )


def safe_cell(text: str) -> str:
    """Text with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def recorded_cell(text: str) -> str:
    """Text of a cell without the apostrophe that `safe_cell` put before it."""
    return text[1:] if text.startswith("'") and safe_cell(text[1:]) == text else text


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
    """Which cells look like a formula."""
    return text.astype("string").str.startswith(_FORMULA).fillna(False).to_numpy(bool)
