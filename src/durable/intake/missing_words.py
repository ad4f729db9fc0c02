"""Words in text columns that say that there is nothing (N, NA, -): they are never content."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from durable.contracts.spelling import fold
from durable.contracts.table_schema import table_columns
from durable.contracts.words import is_missing_word
from durable.intake.findings import Findings, Recorded
from durable.intake.rules import Severity
from durable.jdm.response import Ranges
from durable.language import _


def empty_missing_words(
    recorded: Recorded,
    frame: pd.DataFrame,
    ranges: Ranges,
    findings: Findings,
    levels: Mapping[str, Collection[str]],
) -> pd.DataFrame:
    """Return the typed table with words for missing in its text columns (NA, -) as missing cells.

    Each such cell has a finding: an error where the cell must be filled, else a warning. Columns
    with a list of allowed values are left as they are, and so are words that the column takes for
    an answer (`ColumnSpec.answers`), and those that the plan names as a level of a subgroup
    (`levels`, by column).
    """
    frame = frame.copy(deep=False)
    for name, column in table_columns(recorded.table, ranges, extra=recorded.extra).items():
        if column.kind != "text" or column.allowed:
            continue
        answers = set(map(fold, (*column.answers, *levels.get(name, ()))))
        texts = frame[name].cat.categories
        words = [text for text in texts if is_missing_word(text) and fold(text) not in answers]
        if not words:
            continue
        severity: Severity = "error" if column.required else "warning"
        expected = _("a value or an empty cell: the word is read as missing")
        if column.required:
            expected = _("a value: the word is read as missing")
        where = frame[name].isin(words)
        findings.add(recorded, where, name, "missing_word", expected, severity)
        frame[name] = frame[name].cat.remove_categories(words)
    return frame
