"""Records that count (`where`, `where_not`)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from durable.intake.findings import escaped
from durable.intake.shaping.rows import Report, Rows
from durable.language import _
from durable.plan.source_files import Selection


def select(rows: Rows, selection: Selection, report: Report, key: str, file: str) -> Rows | None:
    """The rows that meet the conditions; None (reported) where a column of these is missing.

    A text of a condition that no row has is reported too.

    Parameters
    ----------
    key
        Section of the plan that holds the conditions.
    file
        Name of the file, for the findings.
    """
    if not (selection.where or selection.where_not):
        return rows
    sound = report.has_columns(rows, selection.where, f"{key}.where", file)
    sound &= report.has_columns(rows, selection.where_not, f"{key}.where_not", file)
    if not sound:
        return None
    kept = np.ones(len(rows.text), dtype=bool)
    for name, texts in selection.where.items():
        kept &= rows.where(name, set(texts).__contains__)
    for name, texts in selection.where_not.items():
        kept &= ~rows.where(name, set(texts).__contains__)
    _report_unknown(rows, selection.where, report, f"{key}.where", file)
    _report_unknown(rows, selection.where_not, report, f"{key}.where_not", file)
    return rows.take(np.flatnonzero(kept))


def _report_unknown(
    rows: Rows, conditions: Mapping[str, tuple[str, ...]], report: Report, key: str, file: str
) -> None:
    """Report texts of the conditions that no record has: they may be misspelt."""
    for name, texts in conditions.items():
        there = {text.strip() for text in rows.text[name].cat.categories}
        for text in (text for text in texts if text not in there):
            message = _("no record has {text!r} ({key}.{name}); expected one at least").format(
                text=escaped(text), key=key, name=name
            )
            report("no_such_value", message, file=file, column=name, value=text)
