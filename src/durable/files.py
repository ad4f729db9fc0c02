"""Writing files so that they appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: A cell that a spreadsheet would run as a formula begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame for programs and spreadsheets: text that looks like a formula is quoted."""
    with whole(path) as aside:
        safe_cells(frame).to_csv(aside, index=False, lineterminator="\n")


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame as Parquet, the same bytes for the same frame."""
    with whole(path) as aside:
        frame.to_parquet(aside, index=False, engine="pyarrow", compression="zstd")


def safe_cell(text: str) -> str:
    """Text with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def safe_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose text columns are safe to open in a spreadsheet."""
    safe = frame.copy()
    for column in frame.columns[(frame.dtypes == "object") | (frame.dtypes == "string")]:
        text = frame[column]
        risky = text.astype("string").str.startswith(_FORMULA).fillna(False).to_numpy(bool)
        safe[column] = text.where(~risky, "'" + text.astype("string").astype(object))
    return safe
