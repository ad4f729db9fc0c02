"""Columns of the tables: the levels of each configured group, then the total."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.results import NOT_RECORDED, TOTAL, Result
from durable.cores import each

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
        names = dataset["USUBJID"]
        if names.dtype != "category":
            return dataset.loc[self._holds(names)]
        held = np.append(self._holds(names.cat.categories), [False])
        return dataset.loc[held[names.cat.codes]]

    def _holds(self, names: Iterable[str]) -> npt.NDArray[np.bool_]:
        return np.fromiter(map(self.subjects.__contains__, names), dtype=bool)


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
        Levels sorted as numbers where all of them are numbers (1e7, 3e7), else as text; then those
        for whom it is not recorded, where there are any; Total last.
    """
    members = adsl.loc[adsl[population] == "Y"]
    found = []
    for name in variables:
        values = members[VARIABLES[name]]
        for level in _levels(values):
            found.append(Group(name, level, frozenset(members.loc[values == level, "USUBJID"])))
        if values.isna().any():
            unknown = frozenset(members.loc[values.isna(), "USUBJID"])
            found.append(Group(name, NOT_RECORDED, unknown))
    return [*found, Group(*TOTAL, frozenset(members["USUBJID"]))]


def _levels(values: pd.Series[str]) -> list[str]:
    levels = sorted(values.dropna().unique())
    try:
        return sorted(levels, key=float)
    except ValueError:
        return levels


def of_each(
    analyse: Callable[[Group], Iterable[Result]], columns: Sequence[Group], cores: int
) -> Iterator[Result]:
    """Results of each group, in their order; so many groups at a time."""
    # The last is the total, which takes as long as the others together: it begins first.
    made = each(lambda group: list(analyse(group)), columns[::-1], cores)
    return chain.from_iterable(made[::-1])


def read_adsl(folder: Path, variables: Iterable[str], *columns: str) -> pd.DataFrame:
    """Some columns of ADSL and those that groups are made from."""
    needed = ["USUBJID", "SAFFL", "ENRLFL", *(VARIABLES[name] for name in variables), *columns]
    path = folder / "adam" / "adsl.parquet"
    return pd.read_parquet(path, columns=list(dict.fromkeys(needed)))


#: What records must have: of each text column named, one of the texts.
Having = Mapping[str, Collection[str]]


def read_adrs(folder: Path, columns: list[str], *having: Having, cores: int = 1) -> pd.DataFrame:
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
    cores
        Row groups that are read at the same time.

    Returns
    -------
    DataFrame
        In the order of the file; text as categories, which are sorted.
    """
    return read_several(folder, [(columns, having)], cores)[0]


def read_several(
    folder: Path, wanted: Sequence[tuple[Sequence[str], Sequence[Having]]], cores: int
) -> list[pd.DataFrame]:
    """`read_adrs` for several lists of columns and of what records must have; it is read once."""
    from concurrent.futures import ThreadPoolExecutor

    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "adam" / "adrs.parquet"
    about = pq.read_metadata(path)
    schema = about.schema.to_arrow_schema()
    text = [name for name in schema.names if schema.field(name).type == pa.string()]
    needed = [[*columns, *chain.from_iterable(having)] for columns, having in wanted]
    read = list(dict.fromkeys(chain.from_iterable(needed)))
    kept: list[dict[str, Any]] = [
        {name: _Texts() if name in text else _Values() for name in columns} for columns, _ in wanted
    ]

    def part(number: int) -> list[list[Any]]:
        with pq.ParquetFile(path, metadata=about, read_dictionary=text) as file:
            group = file.read_row_group(number, columns=read, use_threads=False)
        found = []
        for held, (_, having) in zip(kept, wanted, strict=True):
            rows = pa.array(_wanted(group, having))
            found.append([held[name].part(group.column(name).take(rows)) for name in held])
        return found

    with ThreadPoolExecutor(cores) as pool:
        for found in pool.map(part, range(about.num_row_groups)):
            for held, parts in zip(kept, found, strict=True):
                for column, own in zip(held.values(), parts, strict=True):
                    column.add(own)
    return [
        pd.DataFrame({name: column.whole() for name, column in held.items()}, copy=False)
        for held in kept
    ]


class _Values:
    """A column of numbers or dates, put together from parts."""

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[Any]] = []
        self._missing: list[npt.NDArray[np.bool_]] = []

    @staticmethod
    def part(values: Any) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
        """Some of the values; of whole numbers 0 where one is missing, and which are."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if not pa.types.is_integer(values.type):
            return values.to_numpy(), np.zeros(0, dtype=bool)
        missing = pc.is_null(values).to_numpy()
        return pc.fill_null(values, 0).to_numpy(), missing

    def add(self, part: tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]) -> None:
        self._parts.append(part[0])
        self._missing.append(part[1])

    def whole(self) -> Any:
        values, missing = np.concatenate(self._parts), np.concatenate(self._missing)
        self._parts, self._missing = [], []
        return pd.arrays.IntegerArray(values, missing) if values.dtype.kind == "i" else values


class _Texts:
    """A column of texts by their codes, put together from parts with codes of their own."""

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[np.integer[Any]]] = []
        self._code: dict[str, int] = {}

    @staticmethod
    def part(texts: Any) -> list[tuple[list[str], npt.NDArray[np.int32]]]:
        """Some of the texts: what occurs, and its codes."""
        return [(chunk.dictionary.to_pylist(), _codes(chunk)) for chunk in texts.chunks]

    def add(self, part: list[tuple[list[str], npt.NDArray[np.int32]]]) -> None:
        for own, codes in part:
            code = [self._code.setdefault(text, len(self._code)) for text in own]
            kind = np.min_scalar_type(-len(self._code) - 1)
            self._parts.append(np.array([*code, -1], dtype=kind)[codes])

    def whole(self) -> pd.Categorical:
        texts = sorted(self._code)
        kind = np.min_scalar_type(-len(texts) - 1)
        codes: Any = np.concatenate([*self._parts, np.zeros(0, kind)], dtype=kind)
        self._parts = []
        if texts != [*self._code]:
            place = np.empty(len(texts) + 1, dtype=kind)
            place[[self._code[text] for text in texts]] = np.arange(len(texts))
            place[-1] = -1
            codes = place[codes]
        dtype = pd.CategoricalDtype(pd.Index(texts, dtype=object))
        return pd.Categorical.from_codes(codes, dtype=dtype)


def _codes(chunk: Any) -> npt.NDArray[np.int32]:
    """Codes of a dictionary array, -1 where a text is missing."""
    indices = chunk.indices
    if indices.null_count:
        indices = indices.fill_null(-1)
    return indices.to_numpy()  # type: ignore[no-any-return]


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
