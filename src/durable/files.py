"""Writing files so that they appear whole or not at all."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable.errors import UserError

if TYPE_CHECKING:
    from concurrent.futures import Future

    import pandas as pd

#: How the name of a file ends that is being written.
UNFINISHED = ".partial"
#: How a cell begins that a spreadsheet would run as a formula, with apostrophes before it or not:
#: those get a further one too, so that the one put before a formula can be taken off again.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file that a run has written; empty where there is no such file.

    Raises
    ------
    UserError
        Where the file is damaged: no JSON, or no object.
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


def read_records(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file with a header, each its texts by column; '' of an empty cell."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to; it takes the place of `path` only on success.

    Its folder is made where there is none. Written means written: the content is on the disk before
    the file bears its name, and the name is before the next step is done (Pillai et al., All File
    Systems Are Not Created Equal, OSDI 2014). A power failure leaves the earlier file, or the later
    one.

    Raises
    ------
    UserError
        Where the folder is a link, or was replaced while the file was written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = _open_folder(path.parent)
    name = f".{path.name}.{secrets.token_hex(4)}{UNFINISHED}"
    aside = path.parent / name
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        os.close(os.open(name, flags, 0o666, dir_fd=folder))
        yield aside
        _refuse_replaced(aside, name, folder)
        _sync(os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder))
        os.rename(name, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        os.close(folder)


def _open_folder(path: Path) -> int:
    """A folder, by which a file is written to it even where its name comes to mean another."""
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise UserError(f"{path} is a link; expected a folder of the results") from None
        raise


def _refuse_replaced(aside: Path, name: str, folder: int) -> None:
    """Refuse a file that was written through its path but does not lie in the folder."""
    inside = os.stat(name, dir_fd=folder, follow_symlinks=False)
    try:
        same = os.path.samestat(aside.lstat(), inside)
    except OSError:
        same = False
    if not same:
        raise UserError(f"{aside.parent} was replaced while a file was written to it")


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_unfinished(folder: Path) -> None:
    """Remove, in a folder and all below it, files that a killed process had not finished."""
    for path in folder.rglob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)


def remove_file(path: Path) -> None:
    """Remove a file, where there is one, and see to it that it stays removed."""
    if path.exists() or path.is_symlink():
        path.unlink()
        _sync(os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY))


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
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
    """Write a frame, without its index, as CSV that is safe to open (`safe_cells`).

    All cells are quoted where one holds a carriage return: the library takes it for no line break.
    """
    safe = safe_cells(frame)
    text = safe.to_csv(index=False, lineterminator="\n")
    if "\r" in text:
        text = safe.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_ALL)
    write_text(path, text)


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame, without its index, as Parquet: the same bytes for the same frame."""
    with atomic_path(path) as aside:
        frame.to_parquet(aside, index=False, engine="pyarrow", compression="zstd")


def write_parquet_blocks(path: Path, blocks: Iterable[pd.DataFrame]) -> None:
    """Write frames with the same columns, at least one, after another as one Parquet file.

    Each frame is a row group of its own, and is written while the next is made. Categories are
    written as text, by their codes: a reader sees text columns. Without a frame the file is empty,
    which is no Parquet.
    """
    from concurrent.futures import ThreadPoolExecutor

    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: Any = None

    def write(block: pd.DataFrame) -> None:
        nonlocal writer
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
        writer.write_table(table.cast(writer.schema), row_group_size=len(table) or None)

    with atomic_path(path) as aside, ThreadPoolExecutor(1) as thread:
        written: Future[None] | None = None
        for block in blocks:
            if written is not None:
                written.result()
            written = thread.submit(write, block)
        if written is not None:
            written.result()
            writer.close()


def _with_wide_codes(schema: Any) -> Any:
    """A schema with 32-bit codes of its categories: a later frame may have more of them."""
    import pyarrow as pa

    wide = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        field.with_type(wide) if pa.types.is_dictionary(field.type) else field for field in schema
    )


def safe_cell(text: str) -> str:
    """Text with an apostrophe before it where a spreadsheet would take it for a formula.

    So it is where the text has such apostrophes itself: ``'=x`` is written ``''=x``, and
    `recorded_cell` gives back every text as it was.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def recorded_cell(text: str) -> str:
    """Text of a cell without the apostrophe that `safe_cell` put before it."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def safe_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with `safe_cell` of every text and category; `frame` itself is not changed."""
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
    import numpy as np
    import pandas as pd

    # The text of a missing value does not look like one. What many rows have is looked at once.
    codes, cells = pd.factorize(text, use_na_sentinel=False)
    risky = np.array([_FORMULA.match(str(cell)) is not None for cell in cells], dtype=bool)
    return risky[codes]
