"""Stage ``cut``: stop on errors, then keep what was known at the data cut-off.

Records dated after the cut-off are removed; later dates inside an earlier record are emptied (a
death after the cut-off is a subject alive at it; an event ending after it is ongoing). The day of
the cut-off itself is kept. `data_cut.csv` lists everything that was removed or emptied.
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

    limit = pd.Timestamp(cutoff)
    kept: dict[str, pd.DataFrame] = {}
    changes: list[pd.DataFrame] = []
    for name, frame in tables.items():
        late = frame[DATED_BY[name]] > limit
        changes.append(_readout(name, frame.loc[late], DATED_BY[name], "record removed"))
        frame = frame.loc[~late].reset_index(drop=True)
        for column, beside in EMPTIED[name].items():
            later = frame[column] > limit
            for emptied in (column, *beside):
                filled = later & frame[emptied].notna()
                changes.append(_readout(name, frame.loc[filled], emptied, "emptied"))
                frame[emptied] = frame[emptied].mask(later)
        kept[name] = _last_contact(frame, limit) if name == "subjects" else frame
    kept = {name: _of_known_subjects(frame, kept) for name, frame in kept.items()}
    readout = pd.concat(changes, ignore_index=True) if changes else pd.DataFrame(columns=COLUMNS)
    return kept, readout


def _last_contact(subjects: pd.DataFrame, limit: pd.Timestamp) -> pd.DataFrame:
    contact = subjects["last_contact_date"]
    return subjects.assign(last_contact_date=contact.mask(contact > limit, limit))


def _of_known_subjects(frame: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Records of subjects who had consented by the cut-off."""
    known = frame["subject_id"].isin(tables["subjects"]["subject_id"])
    return frame.loc[known].reset_index(drop=True)


def _readout(table: str, rows: pd.DataFrame, column: str, action: str) -> pd.DataFrame:
    import pandas as pd

    value = rows[column]
    dates = pd.api.types.is_datetime64_any_dtype(value)
    text = value.dt.strftime("%Y-%m-%d") if dates else value.astype(str)
    return pd.DataFrame(
        {
            "table": table,
            "subject_id": rows["subject_id"],
            "row": rows["source_row"],
            "column": column,
            "value": text,
            "action": action,
        },
        columns=COLUMNS,
    )
