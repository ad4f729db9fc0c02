"""Columns from another file (`join`)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.intake.findings import visible_text
from durable.intake.shaping.rows import Report, Rows, keys_of, pick
from durable.intake.texts import all_blank
from durable.language import _
from durable.plan.source_files import Join

#: Keys that a finding on several of them shows.
_SHOWN = 5


def join(
    rows: Rows, right: Rows, join_spec: Join, report: Report, key: str, files: tuple[str, str]
) -> Rows | None:
    """Rows with the columns of another file; None (reported) where they cannot be joined.

    A row whose key the other file does not have, or is empty, is kept, with '' in these columns,
    and reported; reported are also records of the other file with a key of no row, which are not
    used.
    Without ``columns`` in the plan all but the key are taken. Refused are an absent column, one
    that both files have, and a key that occurs twice in the other file.

    Parameters
    ----------
    key
        Section of the plan.
    files
        Names of the two files, for the findings.
    """
    file, foreign = files
    sound = report.has_columns(rows, join_spec.by, f"{key}.by", file)
    sound &= report.has_columns(right, join_spec.by.values(), f"{key}.by", foreign)
    sound &= report.has_columns(right, join_spec.columns, f"{key}.columns", foreign)
    if not sound:
        return None
    key_columns = set(join_spec.by.values())
    names = join_spec.columns if join_spec.long is None else ()
    names = names or tuple(name for name in right.names if name not in key_columns)
    clashes = [name for name in names if name in rows.text]
    for name in clashes:
        message = _(
            "column {name} is in {file} too; expected it in one ({key}.columns names some)"
        ).format(name=name, file=file, key=key)
        report("shared_column", message, file=foreign, column=name)
    keys = keys_of(right.text, join_spec.by.values())
    _report_repeated_keys(right, keys, join_spec, report, key, foreign)
    if clashes or keys.duplicated().any():
        return None
    partners = pd.Index(keys).get_indexer(pd.Index(keys_of(rows.text, join_spec.by)))
    # Who has no number has no partner, not the record that has none either.
    partners[all_blank(rows.text, join_spec.by)] = -1
    _report_unmatched(rows, partners, join_spec, report, key, files)
    _report_unused(right, partners, join_spec, report, key, files)
    columns = {name: pick(right.text[name], partners) for name in names}
    elsewhere = dict(rows.elsewhere) | {
        name: _joined_origin(rows, right.elsewhere.get(name, right.place), partners)
        for name in names
    }
    units = dict(rows.units) | {name: pick(unit, partners) for name, unit in right.units.items()}
    return replace(rows.with_columns(columns), elsewhere=elsewhere, units=units)


def _report_repeated_keys(
    right: Rows, keys: pd.Series[str], join_spec: Join, report: Report, key: str, file: str
) -> None:
    """Report records of the other file whose key an earlier one has."""
    number, row = right.place["row"].to_numpy(), {}
    texts = [right.text[name].astype(object).to_numpy() for name in join_spec.by.values()]
    for position, (text, again) in enumerate(zip(keys, keys.duplicated(), strict=True)):
        if not again:
            row[text] = number[position]
            continue
        message = _("the key of row {row} again; expected each once ({key}.by)").format(
            row=row[text], key=key
        )
        value = visible_text(", ".join(part[position] for part in texts))
        report("duplicate_key", message, file=file, row=int(number[position]), value=value)


def _joined_origin(
    rows: Rows, source: pd.DataFrame, partners: npt.NDArray[np.intp]
) -> pd.DataFrame:
    """File and row of the joined cells of each row; those of the row where it has no partner."""
    matched = partners >= 0
    origin = {}
    for name in ("file", "row"):
        values = rows.place[name].astype(object).to_numpy().copy()
        values[matched] = source[name].astype(object).to_numpy()[partners[matched]]
        origin[name] = values
    return pd.DataFrame(origin, index=rows.place.index).astype({"file": "category", "row": "int64"})


def _report_unmatched(
    rows: Rows,
    partners: npt.NDArray[np.intp],
    join_spec: Join,
    report: Report,
    key: str,
    files: tuple[str, str],
) -> None:
    """Report rows whose key the other file does not have; those without anything have none."""
    message = _("no such record in {file}; expected one ({key}.by)").format(file=files[1], key=key)
    texts = [rows.text[name].astype(object).to_numpy() for name in join_spec.by]
    number, file = (rows.place[name].astype(object).to_numpy() for name in ("row", "file"))
    blank = all_blank(rows.text, rows.names)
    for position in np.flatnonzero((partners < 0) & ~blank).tolist():
        value = visible_text(", ".join(part[position] for part in texts))
        row = int(number[position])
        report("no_partner", message, file=str(file[position]), row=row, value=value)


def _report_unused(
    right: Rows,
    partners: npt.NDArray[np.intp],
    join_spec: Join,
    report: Report,
    key: str,
    files: tuple[str, str],
) -> None:
    """Report records of the other file whose key no row has: their number, at the first of them."""
    unused = np.setdiff1d(np.arange(len(right.text)), partners)
    if not len(unused):
        return
    texts = [right.text[name].astype(object).to_numpy() for name in join_spec.by.values()]
    keys = [[part[position] for part in texts] for position in unused[:_SHOWN]]
    values = [visible_text(", ".join(parts)) if any(parts) else _("empty") for parts in keys]
    message = _(
        "{number} record(s) with a key that no record of {file} has ({values}), first here;"
        " expected each there ({key}.by): they are not used"
    ).format(
        number=len(unused),
        file=files[0],
        values="; ".join(values) + ("; ..." if len(unused) > _SHOWN else ""),
        key=key,
    )
    row = int(right.place["row"].iloc[unused[0]])
    report("unused_record", message, file=files[1], row=row, value=values[0])
