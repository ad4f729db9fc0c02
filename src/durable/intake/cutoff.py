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
from pathlib import Path
from typing import TYPE_CHECKING

from durable.config.model import TABLES, Plan
from durable.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

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
COLUMNS = ["table", "subject_id", "row", "column", "value", "action"]


def run(plan: Plan, folder: Path) -> None:
    """Read ``queries.csv`` and ``checked/``; write ``validated/`` and, last, ``checked/passed``."""
    refuse_errors(folder / "queries.csv")

    import pandas as pd

    from durable.files import write_csv, write_parquet, write_text

    paths = {name: folder / "checked" / f"{name}.parquet" for name in TABLES}
    tables = {name: pd.read_parquet(path) for name, path in paths.items() if path.exists()}
    kept, readout = cut(tables, plan.analysis.data_cutoff)
    for name, frame in kept.items():
        write_parquet(folder / "validated" / f"{name}.parquet", frame)
    write_csv(folder / "validated" / "data_cut.csv", readout)
    sources = (folder / "checked" / "sources.json").read_text("utf-8")
    write_text(folder / "validated" / "sources.json", sources)
    write_text(folder / "checked" / "passed", "no errors\n")


def refuse_errors(queries: Path) -> None:
    """Stop where the listing has errors.

    Raises
    ------
    UserError
        With their number and the place of the listing.
    """
    with queries.open(encoding="utf-8", newline="") as file:
        count = Counter(row["severity"] for row in csv.DictReader(file))
    if count["error"]:
        found = f"{count['error']} error(s) and {count['warning']} warning(s)"
        raise UserError(
            f"{found} in the data: see {queries}."
            " Nothing was analysed; earlier results are as they were."
        )


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

    from durable.intake.tables import first_day

    limit = pd.Timestamp(cutoff)
    kept: dict[str, pd.DataFrame] = {}
    changes: list[pd.DataFrame] = []
    # Subjects are first among the tables.
    for name in sorted(tables, key=TABLES.index):
        frame = tables[name]
        late = first_day(frame, DATED_BY[name]) > limit
        changes.append(_readout(name, frame.loc[late], DATED_BY[name], "record removed"))
        frame = frame.loc[~late]
        if name == "subjects":
            frame = _until_last_contact(frame, limit, changes)
        else:
            enrolled = frame["subject_id"].isin(kept["subjects"]["subject_id"])
            not_yet = frame.loc[~enrolled]
            changes.append(
                _readout(name, not_yet, "subject_id", "record removed: not yet enrolled")
            )
            frame = frame.loc[enrolled]
        if name == "adverse_events":
            frame = _begun(frame, kept["subjects"], limit, changes)
            frame = _not_yet_fatal(frame, tables["subjects"], limit, changes)
        for column, beside in EMPTIED[name].items():
            later = first_day(frame, column) > limit
            for emptied in (column, *beside):
                frame = _emptied(name, frame, later, emptied, changes)
        kept[name] = frame.reset_index(drop=True)
    readout = pd.concat([change for change in changes if not change.empty] or changes[:1])
    return kept, readout.reset_index(drop=True)


def _emptied(
    table: str,
    frame: pd.DataFrame,
    where: pd.Series[bool],
    column: str,
    changes: list[pd.DataFrame],
) -> pd.DataFrame:
    from durable.contracts.inputs import partial

    names = [name for name in (column, partial(column)) if name in frame]
    filled = where & frame[names].notna().any(axis=1)
    changes.append(_readout(table, frame.loc[filled], column, "emptied"))
    return frame.assign(**{name: frame[name].mask(filled) for name in names})


def _until_last_contact(
    subjects: pd.DataFrame, limit: pd.Timestamp, changes: list[pd.DataFrame]
) -> pd.DataFrame:
    """A subject in contact after the cut-off was in contact at it."""
    contact = subjects["last_contact_date"]
    later = contact > limit
    action = "set to the cut-off"
    changes.append(_readout("subjects", subjects.loc[later], "last_contact_date", action))
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
    changes.append(_readout("adverse_events", events.loc[unknown], "start_date", action))
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


def _readout(table: str, rows: pd.DataFrame, column: str, action: str) -> pd.DataFrame:
    import pandas as pd

    from durable.contracts.inputs import partial

    values = rows[column]
    if partial(column) in rows:
        values = values.astype(object).where(values.notna(), rows[partial(column)].fillna(""))
    return pd.DataFrame(
        {
            "table": table,
            "subject_id": rows["subject_id"],
            "row": rows["source_row"],
            "column": column,
            "value": [_text(value) for value in values],
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
