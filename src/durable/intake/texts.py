"""Columns of texts with each distinct text held once: what is done to a text is done once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

#: Texts as narrow codes of the distinct ones.
Texts = pd.Categorical
_PLAIN = r"\A[!-~](?:[ -~]*[!-~])?\z"
Codes = npt.NDArray[np.integer[Any]]
Changed = Callable[[str], str]


class Phrase(NamedTuple):
    """Words with what each record puts into them."""

    template: str
    """With the names of the parts in braces."""
    parts: Mapping[str, pd.Series[Any] | str]
    """By name, for each record or the same for all."""

    def at(self, rows: npt.NDArray[np.intp]) -> list[str]:
        """Return the words of some records.

        A date is written YYYY-MM-DD, what is missing as nothing.
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
    """Texts by their distinct ones, in the order in which they appear; None is missing."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return categorical_of_codes(*pd.factorize(array))


def categorical_of_codes(codes: Any, distinct: Any) -> Texts:
    """Texts by their codes, -1 where missing, and the distinct ones."""
    return pd.Categorical.from_codes(codes, pd.Index(distinct, dtype=object))


def codes_and_values(column: pd.Series[Any]) -> tuple[Codes, list[Any]]:
    """Codes of a column, -1 where missing, and the values they stand for.

    Of a categorical column there may be values that do not occur.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), column.cat.categories.tolist()
    codes, values = pd.factorize(column)
    return codes, values.tolist()


def map_texts(column: pd.Series[Any], change: Changed) -> Texts:
    """A column of texts after a change to each; what is missing stays so."""
    codes, values = codes_and_values(column)
    places, occurring = pd.factorize(codes)
    changed = [change(values[code]) if code >= 0 else None for code in occurring]
    return categorical(changed).take(places)


def is_blank(column: pd.Series[Any]) -> pd.Series[bool]:
    """Whether the texts of a column are nothing, or blanks."""
    codes, values = codes_and_values(column)
    found = np.zeros(len(values), dtype=bool)
    for place in np.flatnonzero(~is_plain_ascii(values)).tolist():
        found[place] = not values[place].strip()
    return pd.Series(found[codes] if len(codes) else [], index=column.index, dtype=bool)


def all_blank(text: pd.DataFrame, names: Iterable[Any]) -> npt.NDArray[np.bool_]:
    """Which rows have nothing, or blanks, in each of some columns."""
    blank = np.ones(len(text), dtype=bool)
    for name in names:
        if not blank.any():
            break
        blank &= is_blank(text[name]).to_numpy(bool)
    return blank


def is_plain_ascii(values: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which texts are visible ASCII without blanks around it: most are, and need no second look."""
    try:
        found = pc.match_substring_regex(pa.array(values, pa.string()), _PLAIN)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can hold
        return np.zeros(len(values), dtype=bool)
    return np.asarray(found, dtype=bool)


def where_text(column: pd.Series[Any], holds: Callable[[str], bool]) -> pd.Series[bool]:
    """Whether something holds for the texts of a column; not for what is missing."""
    codes, values = codes_and_values(column)
    found = np.array([*(holds(value) for value in values), False], dtype=bool)
    return pd.Series(found[codes] if len(codes) else [], index=column.index, dtype=bool)
