"""A domain of an SDTM package: its records, those that count, and the file and row of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Domain:
    """The records of a domain as text, one below the other where it has several files."""

    frame: pd.DataFrame
    """Records that count, indexed by their number: of one file its row, of several a running
    number."""
    files: tuple[str, ...]
    """Names of the files."""
    starts: tuple[int, ...] = (0,)
    """By file, in the order of `files`, the number before that of its row 1: 0 for the first."""
    all_records: pd.DataFrame = field(default_factory=pd.DataFrame)
    """All records, also those that the plan leaves out; indexed as `frame`."""

    @classmethod
    def from_files(cls, parts: Mapping[str, pd.DataFrame]) -> Domain:
        """The domain of the records of its files, all of which count.

        `parts` holds them by the name of the file, each frame indexed by the rows of the file; a
        variable that one file lacks is '' in its records.
        """
        starts, frames, start = [], [], 0
        for part in parts.values():
            starts.append(start)
            frames.append(part.set_axis(part.index + start))
            start += int(part.index.max()) if len(part) else 0
        frame = frames[0] if len(frames) == 1 else pd.concat(frames).fillna("")
        return cls(frame, tuple(parts), tuple(starts), frame)

    def select(self, kept: pd.Series[bool]) -> Domain:
        """The domain with those of its records that count that are True in `kept` (as `frame`)."""
        return replace(self, frame=self.frame.loc[kept])

    @property
    def file(self) -> str:
        """Names of the files, separated by commas, for findings on the domain as a whole."""
        return ", ".join(self.files)

    def locate(self, numbers: Iterable[int]) -> pd.DataFrame:
        """File and row (``file``, ``row``) of records by their numbers, which are the index."""
        index = pd.Index(np.fromiter(numbers, dtype=np.int64))
        part = np.searchsorted(self.starts, index.to_numpy(), side="left") - 1
        rows = index.to_numpy() - np.array(self.starts, dtype="int64")[part]
        files = np.array(self.files, dtype=object)[part]
        return pd.DataFrame({"file": files, "row": rows}, index=index)


def strip_texts(column: pd.Series[str]) -> pd.Series[str]:
    """Texts without the blanks around them."""
    return column.str.strip()


def has_one_of(frame: pd.DataFrame, conditions: Mapping[str, Iterable[str]]) -> pd.Series[bool]:
    """Which records have one of the texts in every variable, blanks around them apart.

    `conditions` holds the texts by variable ('' is empty); without any, all records are True.
    """
    kept = pd.Series(True, index=frame.index)
    for name, texts in conditions.items():
        kept &= strip_texts(frame[name]).isin([*texts])
    return kept
