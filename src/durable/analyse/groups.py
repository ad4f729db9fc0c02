"""Columns of the tables: the levels of each configured group, then the total."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.results import TOTAL

#: ADSL variable of each group of the plan.
VARIABLES = {"dose_level": "DOSELVL", "part": "PART", "sex": "SEX"}


@dataclass(frozen=True)
class Group:
    """One column of a table and the subjects in it."""

    group_by: str
    group: str
    subjects: frozenset[str]

    def of(self, dataset: pd.DataFrame) -> pd.DataFrame:
        """The group's records of a dataset."""
        return dataset.loc[dataset["USUBJID"].isin(self.subjects)]


def groups(adsl: pd.DataFrame, variables: Iterable[str], population: str = "SAFFL") -> list[Group]:
    """Levels of each variable among the subjects of a population, then all of it.

    Parameters
    ----------
    adsl
        Subject-level dataset.
    variables
        Groups of the plan.
    population
        Flag of the population in ADSL; all infused by default.

    Returns
    -------
    list of Group
        Levels sorted as numbers where all of them are numbers (1e7, 3e7), else as text; Total last.
    """
    members = adsl.loc[adsl[population] == "Y"]
    found = [
        Group(name, level, frozenset(members.loc[members[VARIABLES[name]] == level, "USUBJID"]))
        for name in variables
        for level in _levels(members[VARIABLES[name]])
    ]
    return [*found, Group(*TOTAL, frozenset(members["USUBJID"]))]


def _levels(values: pd.Series[str]) -> list[str]:
    levels = sorted(values.dropna().unique())
    try:
        return sorted(levels, key=float)
    except ValueError:
        return levels


#: What records must have: of each text column named, one of the texts.
Having = Mapping[str, Collection[str]]


def read_adrs(folder: Path, columns: list[str], *having: Having) -> pd.DataFrame:
    """Some columns of the records of ADRS that an analysis needs: all are thirty an assessment.

    Parameters
    ----------
    folder
        Of the analysis.
    columns
        Columns wanted.
    having
        A record is wanted where it has all of one of these. A row group is read at a time, text by
        its codes in the file, and only the wanted records are kept of it.

    Returns
    -------
    DataFrame
        In the order of the file; text as categories, which are sorted.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "adam" / "adrs.parquet"
    schema = pq.read_schema(path)
    text = [name for name in schema.names if schema.field(name).type == pa.string()]
    read = list(dict.fromkeys([*columns, *(name for one in having for name in one)]))
    kept: dict[str, Any] = {name: _Texts() if name in text else _Values() for name in columns}
    with pq.ParquetFile(path, read_dictionary=text) as file:
        for number in range(file.num_row_groups):
            group = file.read_row_group(number, columns=read)
            wanted = pa.array(_wanted(group, having))
            for name, column in kept.items():
                column.add(group.column(name).take(wanted))
    return pd.DataFrame({name: column.whole() for name, column in kept.items()}, copy=False)


class _Values:
    """A column of numbers or dates, put together from parts."""

    def __init__(self) -> None:
        self._parts: list[Any] = []

    def add(self, part: Any) -> None:
        self._parts += part.chunks

    def whole(self) -> Any:
        import pyarrow as pa

        values = pa.chunked_array(self._parts)
        self._parts = []
        if pa.types.is_integer(values.type):
            return values.to_pandas(types_mapper=lambda _: pd.Int64Dtype()).array
        return values.to_numpy()


class _Texts:
    """A column of texts by their codes, put together from parts with codes of their own."""

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[np.int32]] = []
        self._code: dict[str, int] = {}

    def add(self, part: Any) -> None:
        for chunk in part.chunks:
            own = chunk.dictionary.to_pylist()
            code = [self._code.setdefault(text, len(self._code)) for text in own]
            found = np.array([*code, -1], dtype=np.int32)[_codes(chunk)]
            self._parts.append(found.astype(np.min_scalar_type(-len(self._code) - 1)))

    def whole(self) -> pd.Categorical:
        texts = sorted(self._code)
        place = np.empty(len(texts) + 1, dtype=np.min_scalar_type(-len(texts) - 1))
        place[[self._code[text] for text in texts]] = np.arange(len(texts))
        place[-1] = -1
        codes: Any = np.concatenate([*(place[part] for part in self._parts), place[:0]])
        self._parts = []
        dtype = pd.CategoricalDtype(pd.Index(texts, dtype=object))
        return pd.Categorical.from_codes(codes, dtype=dtype)


def _codes(chunk: Any) -> npt.NDArray[np.int32]:
    """Codes of a dictionary array, -1 where a text is missing."""
    return chunk.indices.fill_null(-1).to_numpy()  # type: ignore[no-any-return]


def _wanted(group: Any, having: Iterable[Having]) -> npt.NDArray[np.intp]:
    """Rows of a row group that have all of one of what is asked for."""
    wanted = np.zeros(len(group), dtype=bool)
    for one in having:
        has = np.ones(len(group), dtype=bool)
        for name, texts in one.items():
            chunks = [_among(chunk, texts) for chunk in group.column(name).chunks]
            has &= np.concatenate([*chunks, has[:0]])
        wanted |= has
    return np.flatnonzero(wanted)


def _among(chunk: Any, texts: Collection[str]) -> npt.NDArray[np.bool_]:
    """Which values of a dictionary array are one of the texts; what is missing is none."""
    among = [*(text in texts for text in chunk.dictionary.to_pylist()), False]
    return np.array(among)[_codes(chunk)]
