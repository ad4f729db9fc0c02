"""The data cut-off: of the checked tables, what was known at the end of its day.

Records dated after the cut-off are removed; later dates inside an earlier record are emptied (a
death after the cut-off is a subject alive at it; an event ending after it is ongoing; an event that
was fatal only later has no grade yet). A date recorded in part is after the cut-off where the first
day it can mean is. The day of the cut-off itself is kept. What happens to the dates of a table its
object says (`contracts.tables`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from durable.contracts.input_table import named_object
from durable.contracts.partial_dates import partial_column
from durable.contracts.tables import INPUT_TABLES
from durable.files import write_csv, write_text
from durable.intake.refusal import refuse_errors
from durable.intake.stored import read_table, write_table
from durable.intake.tables import earliest_day
from durable.intake.texts import codes_and_values, map_texts
from durable.language import N_
from durable.plan import Plan

#: Columns of ``validated/data_cut.csv``, a row for each record removed or cell changed.
COLUMNS = ["table", "subject_id", "row", "column", "value", "action"]


def run(plan: Plan, folder: Path) -> None:
    """Apply the cut-off to ``checked/``; write ``validated/`` and, last, ``checked/passed``.

    Raises
    ------
    DataError
        Where ``queries.csv`` lists an error; nothing is written then.
    """
    refuse_errors(folder / "queries.csv")
    paths = {name: folder / "checked" / f"{name}.parquet" for name in INPUT_TABLES}
    tables = {name: read_table(path) for name, path in paths.items() if path.exists()}
    kept, data_cut = apply(tables, plan.analysis.data_cutoff)
    for name, frame in kept.items():
        write_table(folder / "validated" / f"{name}.parquet", frame)
    write_csv(folder / "validated" / "data_cut.csv", data_cut)
    sources = (folder / "checked" / "sources.json").read_text("utf-8")
    write_text(folder / "validated" / "sources.json", sources)
    write_text(folder / "checked" / "passed", "no errors\n")


def apply(
    tables: dict[str, pd.DataFrame], cutoff: dt.date
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return the tables as known at the end of the cut-off day, and what that changed.

    Parameters
    ----------
    tables
        Typed native tables by name, `subjects` among them, as `parsing.parse_table` returns them.
    cutoff
        Last day that is kept.

    Returns
    -------
    dict of DataFrame, DataFrame
        The tables by name, their rows numbered from 0, with the same columns; where records were
        left out because their date is recorded in part, without the column of its text. And one row
        per record removed or cell changed, with its table, subject, row of the file, column,
        recorded value and action (`COLUMNS`; no rows where nothing changed).
    """
    cut = Cut(pd.Timestamp(cutoff), tables["subjects"])
    kept = {"subjects": cut.subjects}
    kept |= {name: cut.records(name, tables[name]) for name in tables if name != "subjects"}
    changes = [change for change in cut.changes if not change.empty] or cut.changes[:1]
    return kept, pd.concat(changes, ignore_index=True)


@dataclass
class Cut:
    """The cut-off while it is applied: its day, the subjects, and what it has changed so far."""

    limit: pd.Timestamp
    """The day of the cut-off, at midnight: the last day that is kept."""
    recorded_subjects: pd.DataFrame
    """The table `subjects` before the cut-off."""
    changes: list[pd.DataFrame] = field(default_factory=list)
    """Frames of removed records and changed cells (`COLUMNS`), in the order of the steps."""
    subjects: pd.DataFrame = field(init=False)
    """The table `subjects` as known at the end of the cut-off day."""

    def __post_init__(self) -> None:
        """Cut the subjects, on whom all other records depend."""
        enrolled = self.recorded_subjects.loc[~self._flag_late("subjects", self.recorded_subjects)]
        self.subjects = self._cut_dates("subjects", enrolled)

    def records(self, name: str, records: pd.DataFrame) -> pd.DataFrame:
        """Return the records of a table but `subjects` as known at the end of the cut-off day.

        Removed are records dated after it and those of subjects who were not yet enrolled; a record
        without a date is kept, unless the plan leaves out those dated in part.
        """
        is_late = self._flag_late(name, records)
        codes, distinct = codes_and_values(records["subject_id"])
        enrolled = np.append(pd.Index(distinct).isin(self.subjects["subject_id"]), False)
        not_enrolled = ~is_late & ~enrolled[codes]
        action = N_("record removed: not yet enrolled")
        self.note(name, records, not_enrolled, "subject_id", action)
        kept = self._remove_undated(name, records.loc[~is_late & ~not_enrolled])
        if INPUT_TABLES[name].cut:
            kept = named_object(INPUT_TABLES[name].cut)(kept, self)
        return self._cut_dates(name, kept)

    def _remove_undated(self, name: str, records: pd.DataFrame) -> pd.DataFrame:
        """Return the records without those that the plan leaves out for want of a day."""
        spec = INPUT_TABLES[name]
        text = partial_column(spec.date)
        if "left_out" not in spec.by_name[spec.date].partial_rules or text not in records:
            return records
        undated = records[spec.date].isna() & records[text].notna()
        self.note(name, records, undated, spec.date, N_("record removed: its day is not known"))
        return records.loc[~undated].drop(columns=text)

    def empty_cells(
        self, table: str, frame: pd.DataFrame, where: pd.Series[bool], column: str
    ) -> pd.DataFrame:
        """Return the records with the cells of a column emptied where `where` is true, and note it.

        The text of a date recorded in part is emptied with the date; cells that are empty already
        are not noted.
        """
        names = [name for name in (column, partial_column(column)) if name in frame]
        filled = where & frame[names].notna().any(axis=1)
        if not filled.any():
            return frame
        self.note(table, frame, filled, column, N_("emptied"))
        return frame.assign(**{name: frame[name].mask(filled) for name in names})

    def note(
        self, table: str, frame: pd.DataFrame, where: pd.Series[bool], column: str, action: str
    ) -> None:
        """Add to `changes` a row for each record in `where`, with its cell in `column`.

        The cell is written as recorded, a date recorded in part as YYYY-MM or YYYY.
        """
        names = ["subject_id", "source_row", column, partial_column(column)]
        rows = frame.loc[where, [name for name in dict.fromkeys(names) if name in frame]]
        values = rows[column]
        if partial_column(column) in rows:
            # As recorded: of a day that was imputed, what is known of it.
            in_part = rows[partial_column(column)].astype(object)
            values = in_part.where(in_part.notna(), values.astype(object))
            values = values.where(values.notna(), "")
        columns = {
            "table": table,
            "subject_id": rows["subject_id"].astype(object),
            "row": rows["source_row"],
            "column": column,
            "value": map_texts(values, _text),
            "action": action,
        }
        self.changes.append(pd.DataFrame(columns, columns=COLUMNS))

    def _flag_late(self, name: str, frame: pd.DataFrame) -> pd.Series[bool]:
        """Whether each record is dated after the cut-off; those that are, are noted as removed."""
        date = INPUT_TABLES[name].date
        late = earliest_day(frame, date) > self.limit
        self.note(name, frame, late, date, N_("record removed"))
        return late

    def _cut_dates(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        """The records without the dates inside them that lie after the cut-off."""
        columns = INPUT_TABLES[name].columns
        for column in columns:
            if column.at_cutoff == "set to the cut-off":
                later = earliest_day(frame, column.name) > self.limit
                self.note(name, frame, later, column.name, N_("set to the cut-off"))
                frame = frame.assign(**{column.name: frame[column.name].mask(later, self.limit)})
                text = partial_column(column.name)
                if text in frame:  # the cut-off is a whole day
                    frame = frame.assign(**{text: frame[text].mask(later)})
        for column in columns:
            if column.at_cutoff == "emptied":
                later = earliest_day(frame, column.name) > self.limit
                for emptied in (column.name, *column.emptied_with):
                    frame = self.empty_cells(name, frame, later, emptied)
        # Not reset_index, which copies the columns of a large table.
        numbered = frame.copy(deep=False)
        numbered.index = pd.RangeIndex(len(frame))
        return numbered


def _text(value: object) -> str:
    """A typed value as it is written in an input file."""
    if isinstance(value, dt.date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else repr(value)
    return str(value)
