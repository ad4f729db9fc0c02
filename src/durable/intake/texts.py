"""Columns of texts with each distinct text held once: what is done to a text is done once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

#: A column of texts: a code a row for the distinct texts, -1 where missing.
Texts = pd.Categorical
_PLAIN = r"\A[!-~](?:[ -~]*[!-~])?\z"
#: Of each row the position (from 0) of its value among the distinct ones; -1 where missing.
Codes = npt.NDArray[np.integer[Any]]
#: A function that changes a text.
Changed = Callable[[str], str]


class Phrase(NamedTuple):
    """A template of words and what each record puts into it."""

    template: str
    """Words with the names of the parts in braces."""
    parts: Mapping[str, pd.Series[Any] | str]
    """By name a value for each record, in the order of the records, or one text for all."""

    def fill(self, rows: npt.NDArray[np.intp]) -> list[str]:
        """The words of the records at these positions (from 0), in their order.

        A date is written YYYY-MM-DD, a missing value as ''.
        """
        columns = [
            [part] * len(rows)
            if isinstance(part, str)
            else part.take(rows).astype(object).map(_word).tolist()
            for part in self.parts.values()
        ]
        filled = (
            dict(zip(self.parts, values, strict=True)) for values in zip(*columns, strict=True)
        )
        return [self.template.format(**parts) for parts in filled]


def _word(value: Any) -> Any:
    if pd.isna(value):
        return ""
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else value


def categorical(values: Sequence[str | None] | npt.NDArray[np.object_]) -> Texts:
    """A categorical of texts, its categories in the order in which they appear; None is missing."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return categorical_of_codes(*pd.factorize(array))


def categorical_of_codes(codes: Any, distinct: Any) -> Texts:
    """A categorical from the code of each row (-1 where missing) and the distinct texts."""
    return pd.Categorical.from_codes(codes, pd.Index(distinct, dtype=object))


def codes_and_values(column: pd.Series[Any]) -> tuple[Codes, list[Any]]:
    """The code of each row, -1 where missing, and the distinct values by code.

    Of a categorical column the values are all its categories, even those that no row has.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), column.cat.categories.tolist()
    codes, values = pd.factorize(column)
    return codes, values.tolist()


def codes_and_pairs(
    first: pd.Series[Any], second: pd.Series[Any]
) -> tuple[Codes, list[tuple[Any, Any]]]:
    """The code of each row, and by code the values of two columns that stand side by side.

    No value may be missing. Every pair is that of some row.
    """
    codes, values = codes_and_values(first)
    other_codes, other_values = codes_and_values(second)
    width = len(other_values)
    positions, occurring = pd.factorize(codes.astype("int64") * width + other_codes)
    return positions, [(values[k // width], other_values[k % width]) for k in occurring.tolist()]


def map_texts(column: pd.Series[Any], change: Changed) -> Texts:
    """A column with `change` applied to each distinct text; a missing cell stays missing.

    Returned as a categorical in the order of the rows, without the index of the column.
    """
    codes, values = codes_and_values(column)
    positions, occurring = pd.factorize(codes)
    changed = [change(values[code]) if code >= 0 else None for code in occurring]
    return categorical(changed).take(positions)


def is_blank(column: pd.Series[Any]) -> pd.Series[bool]:
    """Whether each text of a column is empty or blank; no text may be missing."""
    codes, values = codes_and_values(column)
    blank = np.zeros(len(values), dtype=bool)
    for position in np.flatnonzero(~is_plain_ascii(values)).tolist():
        blank[position] = not values[position].strip()
    return pd.Series(blank[codes] if len(codes) else [], index=column.index, dtype=bool)


def all_blank(text: pd.DataFrame, names: Iterable[Any]) -> npt.NDArray[np.bool_]:
    """Which rows are empty or blank in all of these columns; every row where no column is named."""
    blank = np.ones(len(text), dtype=bool)
    for name in names:
        if not blank.any():
            break
        blank &= is_blank(text[name]).to_numpy(bool)
    return blank


def is_plain_ascii(values: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which texts are not empty and hold visible ASCII and inner blanks only, without outer blanks.

    False for all where one holds half of a surrogate pair.
    """
    try:
        is_plain = pc.match_substring_regex(pa.array(values, pa.string()), _PLAIN)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can hold
        return np.zeros(len(values), dtype=bool)
    return np.asarray(is_plain, dtype=bool)


def where_text(column: pd.Series[Any], holds: Callable[[str], bool]) -> pd.Series[bool]:
    """Whether `holds` is true of each text of a column; False for a missing cell."""
    codes, values = codes_and_values(column)
    holding = np.array([*(holds(value) for value in values), False], dtype=bool)
    return pd.Series(holding[codes] if len(codes) else [], index=column.index, dtype=bool)
