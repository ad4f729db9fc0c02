"""Typed columns by their distinct values, on every row only while they are looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.intake.texts import Codes, coded


@dataclass(frozen=True)
class Values:
    """A column by its distinct texts: each is looked at once, however many rows have it."""

    codes: Codes
    """Of each row the place of its text."""
    texts: list[str]
    """The distinct texts without the blanks around them."""
    distinct: npt.NDArray[Any]
    """What they mean; missing where they are empty or not of their kind."""

    def rows(self, rows: slice) -> Any:
        """The values on rows; of texts as a categorical."""
        codes = self.codes[rows]
        if self.distinct.dtype != object:
            return self.distinct[codes]
        places, kind = self._texts
        chosen: Any = places[codes]
        return pd.Categorical.from_codes(chosen, dtype=kind)

    def at(self, places: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
        """The distinct values at these places; beyond the last the first."""
        return self.distinct.take(np.where(places < len(self.distinct), places, 0))

    def unread(self) -> npt.NDArray[np.bool_]:
        """Which of the distinct texts have no value, though they are not empty."""
        filled = np.array([bool(text) for text in self.texts], dtype=bool)
        unread: npt.NDArray[np.bool_] = np.logical_and(pd.isna(self.distinct), filled)
        return unread

    @cached_property
    def _texts(self) -> tuple[Codes, pd.CategoricalDtype]:
        places, distinct = pd.factorize(self.distinct)
        narrow = places.astype(np.min_scalar_type(-max(len(distinct), 1)))
        return narrow, pd.CategoricalDtype(pd.Index(distinct, dtype=object))


@dataclass(frozen=True)
class Typed:
    """A typed table. A column or some are taken from it as from a frame."""

    columns: dict[str, Values]
    source_row: npt.NDArray[np.int64]
    _found: dict[tuple[str, int], tuple[pd.Index[Any], Codes]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def places(self, name: str, index: pd.Index[Any]) -> Codes:
        """Where the text of each row stands in an index, -1 where it does not; looked up once."""
        known, places = self._found.get((name, id(index)), (None, None))
        if places is None or known is not index:
            codes, distinct = coded(self[name])
            found = np.append(index.get_indexer(pd.Index(distinct, dtype=object)), [-1])
            places = found.astype(np.min_scalar_type(-max(len(index), 1)))[codes]
            self._found[name, id(index)] = index, places
        return places

    def __len__(self) -> int:
        return len(self.source_row)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    @overload
    def __getitem__(self, name: str) -> pd.Series[Any]: ...
    @overload
    def __getitem__(self, name: list[str]) -> pd.DataFrame: ...
    def __getitem__(self, name: str | list[str]) -> pd.Series[Any] | pd.DataFrame:
        if isinstance(name, str):
            return pd.Series(self._rows(name, slice(None)), copy=False)
        return pd.DataFrame({one: self[one] for one in name}, index=self.index, copy=False)

    @property
    def index(self) -> pd.RangeIndex:
        """Rows from 0."""
        return pd.RangeIndex(len(self))

    def to_frame(self, start: int = 0, stop: int | None = None) -> pd.DataFrame:
        """Some rows of all columns, and ``source_row``."""
        rows = slice(start, stop)
        names = [*self.columns, "source_row"]
        return pd.DataFrame({name: self._rows(name, rows) for name in names}, copy=False)

    def _rows(self, name: str, rows: slice) -> Any:
        if name == "source_row":
            return self.source_row[rows]
        return self.columns[name].rows(rows)
