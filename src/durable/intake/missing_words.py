"""Words in text columns that say that there is nothing (N, NA, -): they are never content."""

from __future__ import annotations

import pandas as pd

from durable.contracts.input_table import ColumnSpec
from durable.contracts.spelling import fold
from durable.contracts.table_schema import table_columns
from durable.contracts.words import is_missing_word
from durable.intake.findings import Findings, Recorded
from durable.intake.rules import Severity
from durable.jdm.response import Ranges
from durable.language import _


def empty_missing_words(
    recorded: Recorded, frame: pd.DataFrame, ranges: Ranges, findings: Findings
) -> pd.DataFrame:
    """Return the typed table with words for missing in its text columns (NA, -) as missing cells.

    Each such cell has a finding: an error where the cell must be filled, else a warning. Columns
    with a list of allowed values are left as they are, and so are words that the column takes for
    an answer (`ColumnSpec.answers`).
    """
    frame = frame.copy(deep=False)
    for name, column in table_columns(recorded.table, ranges, extra=recorded.extra).items():
        if column.kind != "text" or column.allowed:
            continue
        words = [text for text in frame[name].cat.categories if _is_word(column, text)]
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


def _is_word(column: ColumnSpec, text: str) -> bool:
    return is_missing_word(text) and fold(text) not in map(fold, column.answers)
