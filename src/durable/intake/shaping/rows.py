"""Rows of source files: what a table is made from, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.intake.findings import Findings, escaped
from durable.intake.texts import categorical, map_texts
from durable.language import _
from durable.lookalikes import look_alike


@dataclass(frozen=True)
class Rows:
    """Texts of cells by the name of their column, and where each stands."""

    text: pd.DataFrame
    """A column a name, categorical; rows from 0."""
    place: pd.DataFrame
    """``file`` and ``row`` of each row, indexed as `text`."""
    elsewhere: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """The same of columns whose cells stand elsewhere."""
    units: Mapping[str, pd.Series[str]] = field(default_factory=dict)
    """Unit of each cell of a column, as recorded."""

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return list(map(str, self.text.columns))

    def take(self, places: npt.NDArray[np.intp]) -> Rows:
        """Some of the rows, in that order."""

        def some(frame: Any) -> Any:
            return frame.take(places).reset_index(drop=True)

        return replace(
            self,
            text=some(self.text),
            place=some(self.place),
            elsewhere={name: some(frame) for name, frame in self.elsewhere.items()},
            units={name: some(units) for name, units in self.units.items()},
        )

    def with_columns(self, columns: Mapping[str, Any]) -> Rows:
        """With more columns, or others in their place."""
        return replace(self, text=self.text.assign(**columns))

    def where(self, name: str, holds: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
        """Of which rows something holds for the text of a column, without blanks around it."""
        column = self.text[name]
        found = np.array([holds(text.strip()) for text in column.cat.categories], dtype=bool)
        return found[column.cat.codes] if len(column) else np.zeros(0, dtype=bool)


@dataclass(frozen=True)
class Report:
    """Where the making of a table says what is wrong with its files."""

    table: str
    findings: Findings

    def __call__(self, rule: str, message: str, *, file: str, **place: Any) -> None:
        """Add a finding on a file (`Findings.add_about_file`)."""
        self.findings.add_about_file(self.table, file, rule, message, **place)

    def has_columns(self, rows: Rows, names: Iterable[str], key: str, file: str) -> bool:
        """Whether there are the columns that a key of the plan names; those missing reported."""
        absent = [name for name in dict.fromkeys(names) if name not in rows.text]
        for name in absent:
            found = alike(name, rows.names)
            message = _("no column {name} ({key}); expected in the header{alike}").format(
                name=name, key=key, alike=found
            )
            self("missing_column", message, file=file, column=name)
        return not absent


def alike(wanted: str, others: Iterable[str]) -> str:
    """Which of the other columns is this one, written otherwise, in words; '' where none is."""
    for other in sorted(others):
        if other.casefold() == wanted.casefold():
            return _(" (the header has {other})").format(other=escaped(other))
        differs = look_alike(other, wanted)
        if differs:
            return _(" (the header has {other}: {differs})").format(
                other=escaped(other), differs=differs
            )
    return ""


def below_each_other(parts: list[Rows]) -> Rows:
    """The rows of several files; a column that one of them lacks is empty there."""
    if len(parts) == 1:
        return parts[0]
    names = dict.fromkeys(name for part in parts for name in part.names)
    text = {
        name: pd.Series(categorical(np.concatenate([_texts(part, name) for part in parts])))
        for name in names
    }
    place = pd.concat([part.place for part in parts], ignore_index=True)
    return Rows(pd.DataFrame(text, index=place.index), place)


def _texts(rows: Rows, name: str) -> npt.NDArray[np.object_]:
    if name not in rows.text:
        return np.full(len(rows.text), "", dtype=object)
    found: npt.NDArray[np.object_] = rows.text[name].astype(object).to_numpy()
    return found


def stripped(column: pd.Series[str]) -> pd.Series[str]:
    """Texts without the blanks around them."""
    return pd.Series(map_texts(column, str.strip), index=column.index)


def keys_of(text: pd.DataFrame, names: Iterable[str]) -> pd.Series[str]:
    """One text for the cells of several columns of each row, without blanks around them."""
    parts = [stripped(text[name]).astype(object) for name in names]
    key = parts[0]
    for part in parts[1:]:
        key = key + _BETWEEN + part
    return key


#: Stands between the parts of a key: no text that is accepted holds it.
_BETWEEN = "\x1f"


def picked(column: pd.Series[str], at: npt.NDArray[np.intp]) -> pd.Series[str]:
    """Texts of some rows of a column, '' where there is none (-1)."""
    texts = np.append(column.astype(object).to_numpy(), "")
    return pd.Series(categorical(texts[at]))
