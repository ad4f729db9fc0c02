"""Findings on a table of several files: those that give it no record."""

from __future__ import annotations

from collections.abc import Sequence

from durable.intake.shaping.rows import Report, Rows
from durable.intake.texts import all_blank
from durable.language import _


def report_empty(parts: Sequence[Rows], files: Sequence[str], report: Report) -> None:
    """Report the files without a record, where others have some.

    Parameters
    ----------
    parts
        The rows of each file as they were read.
    files
        Names of the files, in the same order.
    """
    if len(parts) == 1:
        return
    has_records = [not all_blank(part.text, part.names).all() for part in parts]
    if not any(has_records):
        return
    for file in (name for name, some in zip(files, has_records, strict=True) if not some):
        message = _("no record, though other files of the table have some; expected at least one")
        report("no_records", message, file=file, severity="warning")


def report_left_out(rows: Rows, selected: Rows, report: Report) -> None:
    """Report the files of which the plan selects no record, where it selects some of others.

    Parameters
    ----------
    rows, selected
        The rows of all files before and after the selection.
    """
    if selected.text.empty:
        return
    number = rows.place["file"].value_counts(sort=False)
    kept = set(selected.place["file"].astype(object))
    for file in (name for name in number.index if name not in kept):
        message = _(
            "none of its {number} record(s) is selected ({key}), though some of other files are;"
            " expected at least one"
        ).format(number=number[file], key=f"inputs.{report.table}.where, where_not")
        report("no_records", message, file=str(file), severity="warning")
