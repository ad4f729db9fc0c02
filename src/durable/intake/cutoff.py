"""Stage ``cut``: stop on errors, then keep what was known at the data cut-off.

Records dated after the cut-off are removed; later dates inside an earlier record are emptied (a
death after the cut-off is a subject alive at it; an event ending after it is ongoing; an event that
was fatal only later has no grade yet). A date recorded in part is after the cut-off where the first
day it can mean is. The day of the cut-off itself is kept. `data_cut.csv` lists everything
that was removed or changed.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING

from durable.contracts.tables import TABLES
from durable.errors import DataError
from durable.intake.rules import RULES
from durable.plan import Plan

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: The date that decides whether a record was known.
DATED_BY = {
    "subjects": "consent_date",
    "visits": "visit_date",
    "therapies": "start_date",
    "adverse_events": "start_date",
    "kinetics": "sample_date",
}
#: Dates that are emptied when they lie after the cut-off, with what is emptied beside them.
EMPTIED: dict[str, dict[str, tuple[str, ...]]] = {
    "subjects": {
        "lymphodepletion_date": (),
        "infusion_date": ("cells_per_kg",),
        "death_date": (),
        "withdrawal_date": ("withdrawal_reason",),
    },
    "visits": {},
    "therapies": {"end_date": ()},
    "adverse_events": {"end_date": ("outcome",)},
    "kinetics": {},
}
#: Errors that the message of a refusal names.
_TOLD = 5
#: Tables in whose records nothing is emptied.
_WHOLE = [name for name, emptied in EMPTIED.items() if not emptied]
COLUMNS = ["table", "subject_id", "row", "column", "value", "action"]


def run(plan: Plan, folder: Path) -> None:
    """Read ``queries.csv`` and ``checked/``; write ``validated/`` and, last, ``checked/passed``."""
    refuse_errors(folder / "queries.csv")

    import pandas as pd
    import pyarrow as pa

    from durable.files import write_text
    from durable.intake.progress import of_stage
    from durable.intake.stored import ROWS, read_table, rows_of, write_listing, write_table

    paths = {name: folder / "checked" / f"{name}.parquet" for name in TABLES}
    rows = {name: rows_of(path) for name, path in paths.items() if path.exists()}
    progress = of_stage(large=max(rows.values()) > ROWS)
    people = pd.concat([part.to_pandas() for part in read_table(paths["subjects"])])
    cut = Cut(plan.analysis.data_cutoff, people)

    def kept(name: str) -> Iterator[pd.DataFrame | pa.Table]:
        done = 0
        for part in read_table(paths[name]):
            progress.at(f"{name}: cutting", done / max(rows[name], 1))
            done += len(part)
            if name in _WHOLE:
                # Records stay as they are or go: only what decides is looked at.
                names = [column for column in _deciding(name) if column in part.column_names]
                yield part.filter(pa.array(cut.known(name, part.select(names).to_pandas())))
            else:
                yield cut.kept(name, part.to_pandas())

    write_table(folder / "validated" / "subjects.parquet", [cut.subjects])
    for name in rows:
        if name != "subjects":
            write_table(folder / "validated" / f"{name}.parquet", kept(name))
    write_listing(folder / "validated" / "data_cut.csv", cut.changes)
    progress.end()
    sources = (folder / "checked" / "sources.json").read_text("utf-8")
    write_text(folder / "validated" / "sources.json", sources)
    write_text(folder / "checked" / "passed", "no errors\n")


def refuse_errors(queries: Path) -> None:
    """Stop where the listing has errors.

    Raises
    ------
    DataError
        With their number, the place of the listing, and where the first ones are: not with their
        values, since the message stands in a log.
    """
    if not _may_hold_errors(queries):
        return
    errors: list[dict[str, str]] = []
    with queries.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["severity"] == "error" and len(errors) < _TOLD:
                errors.append(row)
    count = severities(queries)
    if not count["error"]:
        return
    found = f"{count['error']} error(s) and {count['warning']} warning(s)"
    more = count["error"] - len(errors)
    raise DataError(
        "\n".join(
            [
                f"{found} in the data: see {queries}."
                " Nothing was analysed; earlier results are as they were.",
                *(f"  {_place(row)}: {row['rule']}. {RULES[row['rule']].found}" for row in errors),
                *([f"  and {more} more"] if more else []),
            ]
        )
    )


def _may_hold_errors(queries: Path) -> bool:
    """Whether a line begins as that of an error does: of a large listing the lines are no rows."""
    with queries.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as text:
        if text[:9] != b"severity,":
            return True
        return any(text.find(line) >= 0 for line in (b"\nerror,", b'\n"error",'))


def severities(queries: Path) -> Counter[str]:
    """How many findings of each severity a listing holds."""
    with queries.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        place = next(rows).index("severity")
        return Counter(row[place] for row in rows)


def _place(finding: dict[str, str]) -> str:
    row = f"row {finding['row']}" if finding["row"] else ""
    return ", ".join(filter(None, [finding["file"] or finding["table"], row, finding["column"]]))


def cut(
    tables: dict[str, pd.DataFrame], cutoff: dt.date
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The tables as known at the end of the cut-off day, and what that changed.

    Parameters
    ----------
    tables
        Typed native tables by name.
    cutoff
        Last day that is kept.

    Returns
    -------
    dict of DataFrame, DataFrame
        The tables with the same columns; and one row per record removed or cell emptied, with its
        table, subject, row of the file, column, recorded value and action.
    """
    import pandas as pd

    made = Cut(cutoff, tables["subjects"])
    kept = {name: made.kept(name, frame) for name, frame in tables.items() if name != "subjects"}
    readout = pd.concat([change for change in made.changes if not change.empty] or made.changes[:1])
    return {"subjects": made.subjects, **kept}, readout.reset_index(drop=True)


class Cut:
    """The cut of a study: that of its subjects, and of the records of them, some at a time.

    What is kept of a record depends on it and its subject alone.
    """

    def __init__(self, cutoff: dt.date, subjects: pd.DataFrame) -> None:
        import pandas as pd

        self.changes: list[pd.DataFrame] = []
        """What was removed or changed (`COLUMNS`), in the order in which it was."""
        self._limit = pd.Timestamp(cutoff)
        self._recorded = subjects
        enrolled = subjects.loc[~self._late("subjects", subjects)]
        known = _until_last_contact(enrolled, self._limit, self.changes)
        self.subjects = self._emptied("subjects", known)
        """The subjects as known at the end of the cut-off day."""
        # Made once: a large study has many parts.
        self._enrolled = pd.Index(self.subjects["subject_id"].astype(object))

    def kept(self, name: str, records: pd.DataFrame) -> pd.DataFrame:
        """Records of another table as known then."""
        frame = records.loc[self.known(name, records)]
        if name == "adverse_events":
            frame = _begun(frame, self.subjects, self._limit, self.changes)
            frame = _not_yet_fatal(frame, self._recorded, self._limit, self.changes)
        return self._emptied(name, frame)

    def known(self, name: str, records: pd.DataFrame) -> pd.Series[bool]:
        """Which records of another table were known then; of them `_deciding` columns are read."""
        import numpy as np

        from durable.intake.texts import coded

        late = self._late(name, records)
        codes, distinct = coded(records["subject_id"])
        enrolled = np.append(self._enrolled.get_indexer(distinct) >= 0, False)
        not_yet = ~late & ~enrolled[codes]
        action = "record removed: not yet enrolled"
        self.changes.append(_readout(name, records, not_yet, "subject_id", action))
        return ~late & ~not_yet

    def _late(self, name: str, frame: pd.DataFrame) -> pd.Series[bool]:
        """Records dated after the cut-off."""
        from durable.intake.tables import first_day

        late = first_day(frame, DATED_BY[name]) > self._limit
        self.changes.append(_readout(name, frame, late, DATED_BY[name], "record removed"))
        return late

    def _emptied(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        from durable.intake.tables import first_day

        for column, beside in EMPTIED[name].items():
            later = first_day(frame, column) > self._limit
            for emptied in (column, *beside):
                frame = _emptied(name, frame, later, emptied, self.changes)
        return frame.reset_index(drop=True)


def _deciding(name: str) -> list[str]:
    """Columns that decide whether a record was known, and where it is."""
    from durable.contracts.table_schema import partial

    return ["subject_id", DATED_BY[name], partial(DATED_BY[name]), "source_row"]


def _emptied(
    table: str,
    frame: pd.DataFrame,
    where: pd.Series[bool],
    column: str,
    changes: list[pd.DataFrame],
) -> pd.DataFrame:
    from durable.contracts.table_schema import partial

    names = [name for name in (column, partial(column)) if name in frame]
    filled = where & frame[names].notna().any(axis=1)
    changes.append(_readout(table, frame, filled, column, "emptied"))
    return frame.assign(**{name: frame[name].mask(filled) for name in names})


def _until_last_contact(
    subjects: pd.DataFrame, limit: pd.Timestamp, changes: list[pd.DataFrame]
) -> pd.DataFrame:
    """A subject in contact after the cut-off was in contact at it."""
    contact = subjects["last_contact_date"]
    later = contact > limit
    action = "set to the cut-off"
    changes.append(_readout("subjects", subjects, later, "last_contact_date", action))
    return subjects.assign(last_contact_date=contact.mask(later, limit))


def _begun(
    events: pd.DataFrame, subjects: pd.DataFrame, limit: pd.Timestamp, changes: list[pd.DataFrame]
) -> pd.DataFrame:
    """Without events whose start is not recorded and that nothing places before the cut-off."""
    from durable.intake.tables import first_day

    infused = subjects.loc[subjects["infusion_date"] <= limit, "subject_id"]
    undated = first_day(events, "start_date").isna() & ~events["subject_id"].isin(infused)
    unknown = undated & ~(first_day(events, "end_date") <= limit)
    action = "record removed: not known to have begun"
    changes.append(_readout("adverse_events", events, unknown, "start_date", action))
    return events.loc[~unknown]


def _not_yet_fatal(
    events: pd.DataFrame, subjects: pd.DataFrame, limit: pd.Timestamp, changes: list[pd.DataFrame]
) -> pd.DataFrame:
    """Fatal events of subjects who were alive at the cut-off: their grade was not known then."""
    died_later = subjects.loc[subjects["death_date"] > limit, "subject_id"]
    from durable.intake.tables import fatal, first_day

    open_then = events["subject_id"].isin(died_later) | (first_day(events, "end_date") > limit)
    where = open_then & fatal(events).any(axis=1)
    for column in ("ctcae_grade", "outcome"):
        events = _emptied("adverse_events", events, where, column, changes)
    return events


def _readout(
    table: str, frame: pd.DataFrame, where: pd.Series[bool], column: str, action: str
) -> pd.DataFrame:
    import pandas as pd

    from durable.contracts.table_schema import partial
    from durable.intake.texts import each

    names = ["subject_id", "source_row", column, partial(column)]
    rows = frame.loc[where, [name for name in dict.fromkeys(names) if name in frame]]
    values = rows[column]
    if partial(column) in rows:
        in_part = rows[partial(column)].astype(object).fillna("")
        values = values.astype(object).where(values.notna(), in_part)
    return pd.DataFrame(
        {
            "table": table,
            "subject_id": rows["subject_id"].astype(object),
            "row": rows["source_row"],
            "column": column,
            "value": each(values, _text),
            "action": action,
        },
        columns=COLUMNS,
    )


def _text(value: object) -> str:
    """A typed value as it is written in an input file."""
    if isinstance(value, dt.date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else repr(value)
    return str(value)
