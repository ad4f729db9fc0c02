"""Rows of source files: what a table is made from, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.intake.findings import Findings, visible_text
from durable.intake.rules import Severity
from durable.intake.texts import all_blank, categorical, map_texts
from durable.language import _
from durable.lookalikes import look_alike


@dataclass(frozen=True)
class Rows:
    """Texts of cells by the name of their column, with the file and row of each."""

    text: pd.DataFrame
    """Categorical columns, '' where a cell is empty; the index counts from 0."""
    place: pd.DataFrame
    """``file`` and ``row`` of each row, indexed as `text`."""
    elsewhere: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """``file`` and ``row`` as in `place`, by the columns whose cells come from other rows."""
    units: Mapping[str, pd.Series[str]] = field(default_factory=dict)
    """Unit of each cell as recorded, by the columns whose units the rows record."""

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return list(map(str, self.text.columns))

    def take(self, positions: npt.NDArray[np.intp]) -> Rows:
        """The rows at these positions, from 0, in that order and numbered anew."""

        def take_rows(frame: Any) -> Any:
            return frame.take(positions).reset_index(drop=True)

        return replace(
            self,
            text=take_rows(self.text),
            place=take_rows(self.place),
            elsewhere={name: take_rows(frame) for name, frame in self.elsewhere.items()},
            units={name: take_rows(units) for name, units in self.units.items()},
        )

    def with_columns(self, columns: Mapping[str, Any]) -> Rows:
        """With these columns added, or in place of those of the same name."""
        return replace(self, text=self.text.assign(**columns))

    def where(self, name: str, holds: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
        """Which rows have a text in the column for which `holds` is True; it is given stripped."""
        column = self.text[name]
        held = np.array([holds(text.strip()) for text in column.cat.categories], dtype=bool)
        return held[column.cat.codes] if len(column) else np.zeros(0, dtype=bool)


@dataclass(frozen=True)
class Report:
    """Takes the findings on the files of a table."""

    table: str
    findings: Findings

    def __call__(self, rule: str, message: str, *, file: str, **location: Any) -> None:
        """Add a finding on a file; `location` as in `Findings.add_about_file` (``row`` ...)."""
        self.findings.add_about_file(self.table, file, rule, message, **location)

    def has_columns(self, rows: Rows, names: Iterable[str], key: str, file: str) -> bool:
        """Whether the rows have all the columns that a key of the plan names; others reported."""
        absent = [name for name in dict.fromkeys(names) if name not in rows.text]
        for name in absent:
            hint = spelling_hint(name, rows.names)
            message = _("no column {name} ({key}); expected in the header{alike}").format(
                name=name, key=key, alike=hint
            )
            self("missing_column", message, file=file, column=name)
        return not absent


def spelling_hint(wanted: str, names: Iterable[str]) -> str:
    """Words that name one of the other columns that is the wanted one in another spelling.

    `` (the header has Hgb)`` for HGB; where characters only look alike, with these. The first of
    them in order of their characters; '' where there is none.
    """
    for name in sorted(names):
        if name.casefold() == wanted.casefold():
            return _(" (the header has {other})").format(other=visible_text(name))
        differs = look_alike(name, wanted)
        if differs:
            return _(" (the header has {other}: {differs})").format(
                other=visible_text(name), differs=differs
            )
    return ""


def concatenate(parts: list[Rows]) -> Rows:
    """The rows of several files as they are read, one file after the other.

    A column that a file lacks is '' in its rows.
    """
    if len(parts) == 1:
        return parts[0]
    names = dict.fromkeys(name for part in parts for name in part.names)
    text = {
        name: pd.Series(categorical(np.concatenate([_texts(part, name) for part in parts])))
        for name in names
    }
    file = np.concatenate([part.place["file"].to_numpy(object) for part in parts])
    row = np.concatenate([part.place["row"].to_numpy("int64") for part in parts])
    place = pd.DataFrame({"file": categorical(file), "row": row})
    return Rows(pd.DataFrame(text, index=place.index), place)


def _texts(rows: Rows, name: str) -> npt.NDArray[np.object_]:
    if name not in rows.text:
        return np.full(len(rows.text), "", dtype=object)
    texts: npt.NDArray[np.object_] = rows.text[name].astype(object).to_numpy()
    return texts


def strip_texts(column: pd.Series[str]) -> pd.Series[str]:
    """Texts without the blanks around them, categorical."""
    return pd.Series(map_texts(column, str.strip), index=column.index)


def keys_of(text: pd.DataFrame, names: Iterable[str]) -> pd.Series[str]:
    """The stripped texts of one or more columns joined, one key a row."""
    parts = [strip_texts(text[name]).astype(object) for name in names]
    key = parts[0]
    for part in parts[1:]:
        key = key + _BETWEEN + part
    return key


#: Stands between the parts of a key: no text that is accepted holds it.
_BETWEEN = "\x1f"


def pick(column: pd.Series[str], positions: npt.NDArray[np.intp]) -> pd.Series[str]:
    """Texts of a column at positions from 0, '' at -1; categorical and numbered from 0."""
    texts = np.append(column.astype(object).to_numpy(), "")
    return pd.Series(categorical(texts[positions]))


def report_blank(rows: Rows, blank: npt.NDArray[np.bool_], report: Report) -> None:
    """Report rows without anything; an error where a record follows in the same file."""
    if not blank.any():
        return
    last = rows.place.loc[~blank].groupby("file", observed=True)["row"].max()
    for position in np.flatnonzero(blank):
        file, row = str(rows.place["file"].iloc[position]), int(rows.place["row"].iloc[position])
        severity: Severity = "error" if row < last.get(file, 0) else "warning"
        message = _("an empty row; expected a record")
        report("blank_row", message, file=file, row=row, severity=severity)


def without_blank(rows: Rows, report: Report) -> Rows:
    """The rows that have something in any column; the others are reported."""
    blank = all_blank(rows.text, rows.names)
    report_blank(rows, blank, report)
    return rows.take(np.flatnonzero(~blank)) if blank.any() else rows
