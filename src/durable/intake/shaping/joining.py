"""Columns from another file (`join`)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.intake.findings import escaped
from durable.intake.shaping.rows import Report, Rows, keys_of, picked
from durable.language import _
from durable.plan.source_files import Join


def join(
    rows: Rows, other: Rows, given: Join, report: Report, key: str, files: tuple[str, str]
) -> Rows | None:
    """Rows with the columns of another file; None (reported) where they cannot be joined.

    Parameters
    ----------
    rows, other
        The rows, and those of the other file, of which each key is there once.
    key
        Section of the plan.
    files
        Names of the two files, for the findings.
    """
    file, foreign = files
    sound = report.has_columns(rows, given.by, f"{key}.by", file)
    sound &= report.has_columns(other, given.by.values(), f"{key}.by", foreign)
    sound &= report.has_columns(other, given.columns, f"{key}.columns", foreign)
    if not sound:
        return None
    by = set(given.by.values())
    taken = given.columns if given.long is None else ()
    taken = taken or tuple(name for name in other.names if name not in by)
    clashes = [name for name in taken if name in rows.text]
    for name in clashes:
        message = _(
            "column {name} is in {file} too; expected it in one ({key}.columns names some)"
        ).format(name=name, file=file, key=key)
        report("shared_column", message, file=foreign, column=name)
    keys = keys_of(other.text, given.by.values())
    twice = keys.duplicated()
    _report_twice(other, keys, given, report, key, foreign)
    if clashes or twice.any():
        return None
    at = pd.Index(keys).get_indexer(pd.Index(keys_of(rows.text, given.by)))
    _report_alone(rows, at, given, report, key, files)
    columns = {name: picked(other.text[name], at) for name in taken}
    elsewhere = dict(rows.elsewhere) | {
        name: _there(rows, other.elsewhere.get(name, other.place), at) for name in taken
    }
    units = dict(rows.units) | {name: picked(unit, at) for name, unit in other.units.items()}
    return replace(rows.with_columns(columns), elsewhere=elsewhere, units=units)


def _report_twice(
    other: Rows, keys: pd.Series[str], given: Join, report: Report, key: str, file: str
) -> None:
    """Report records of the other file whose key an earlier one has."""
    number, row = other.place["row"].to_numpy(), {}
    texts = [other.text[name].astype(object).to_numpy() for name in given.by.values()]
    for place, (text, again) in enumerate(zip(keys, keys.duplicated(), strict=True)):
        if not again:
            row[text] = number[place]
            continue
        message = _("the key of row {row} again; expected each once ({key}.by)").format(
            row=row[text], key=key
        )
        value = escaped(", ".join(part[place] for part in texts))
        report("duplicate_key", message, file=file, row=int(number[place]), value=value)


def _there(rows: Rows, source: pd.DataFrame, at: npt.NDArray[np.intp]) -> pd.DataFrame:
    """Where the joined cells of each row stand; its own place where it has no partner."""
    place = {}
    for name in ("file", "row"):
        found = rows.place[name].astype(object).to_numpy().copy()
        found[at >= 0] = source[name].astype(object).to_numpy()[at[at >= 0]]
        place[name] = found
    return pd.DataFrame(place, index=rows.place.index).astype({"file": "category", "row": "int64"})


def _report_alone(
    rows: Rows,
    at: npt.NDArray[np.intp],
    given: Join,
    report: Report,
    key: str,
    files: tuple[str, str],
) -> None:
    """Report rows whose key the other file does not have."""
    message = _("no such record in {file}; expected one ({key}.by)").format(file=files[1], key=key)
    texts = [rows.text[name].astype(object).to_numpy() for name in given.by]
    number, file = (rows.place[name].astype(object).to_numpy() for name in ("row", "file"))
    for place in np.flatnonzero(at < 0).tolist():
        value = escaped(", ".join(part[place] for part in texts))
        report("no_partner", message, file=str(file[place]), row=int(number[place]), value=value)
