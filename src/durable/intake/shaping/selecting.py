"""Records that count (`where`, `where_not`)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from durable.contracts.spelling import other_spellings
from durable.intake.findings import spelling_message, visible_text
from durable.intake.shaping.rows import Report, Rows
from durable.language import _
from durable.plan.source_files import Selection


def select(rows: Rows, selection: Selection, report: Report, key: str, file: str) -> Rows | None:
    """The rows that meet the conditions; None (reported) where a column of these is missing.

    A text of a condition that no row has is reported too, and so are rows whose text is another
    spelling of one of a condition.

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
    for part, conditions in (("where", selection.where), ("where_not", selection.where_not)):
        _report_unknown(rows, conditions, report, f"{key}.{part}", file)
        _report_spellings(rows, conditions, report, f"{key}.{part}")
    return rows.take(np.flatnonzero(kept))


def _report_unknown(
    rows: Rows, conditions: Mapping[str, tuple[str, ...]], report: Report, key: str, file: str
) -> None:
    """Report texts of the conditions that no record has: they may be misspelt."""
    for name, texts in conditions.items():
        there = {text.strip() for text in rows.text[name].cat.categories}
        for text in (text for text in texts if text not in there):
            message = _("no record has {text!r} ({key}.{name}); expected one at least").format(
                text=visible_text(text), key=key, name=name
            )
            report("no_such_value", message, file=file, column=name, value=text)


def _report_spellings(
    rows: Rows, conditions: Mapping[str, tuple[str, ...]], report: Report, key: str
) -> None:
    """Report texts that are another spelling of one of the conditions, at the first row of each.

    By ``where`` their rows are left out and by ``where_not`` they are not, which no other finding
    would tell: "Month 2" is there, "month 2" is no month 2.
    """
    for name, texts in conditions.items():
        there = dict.fromkeys(text.strip() for text in rows.text[name].cat.categories)
        for text, usual in other_spellings(there, texts).items():
            positions = np.flatnonzero(rows.where(name, text.__eq__))
            if not len(positions):
                continue
            first = rows.place.iloc[positions[0]]
            message = spelling_message(name, text, len(positions), usual, f"{key}.{name}")
            row, file = int(first["row"]), str(first["file"])
            report("spelling_varies", message, file=file, row=row, column=name, value=text)
