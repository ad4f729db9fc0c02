"""Words in text columns that say that there is nothing (N, NA, -): they are never content."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from durable.contracts.input_table import ColumnSpec
from durable.contracts.spelling import fold
from durable.contracts.table_schema import columns
from durable.contracts.words import is_missing_word
from durable.intake.findings import Findings, Recorded
from durable.intake.rules import Severity
from durable.intake.values import Typed, Values
from durable.jdm.response import Ranges


def without_missing_words(
    recorded: Recorded, frame: Typed, ranges: Ranges, findings: Findings
) -> Typed:
    """The table with such words read as missing, a finding on each.

    An error where the cell must be filled, as an empty one is; else a warning.
    """
    held = dict(frame.columns)
    for name, rule in columns(recorded.table, ranges).items():
        if rule.kind != "text" or rule.allowed:
            continue
        values = held[name]
        words = np.array([_is_word(rule, text) for text in values.texts], dtype=bool)
        if not words.any():
            continue
        severity: Severity = "error" if rule.required else "warning"
        expected = "a text that says something" if rule.required else "text, or an empty cell"
        expected += ": this is read as missing"
        where = pd.Series(words[values.codes])
        findings.add(recorded, where, name, "missing_word", expected, severity)
        held[name] = _emptied(values, words)
    return replace(frame, columns=held)


def _is_word(column: ColumnSpec, text: str) -> bool:
    return is_missing_word(text) and fold(text) not in map(fold, column.answers)


def _emptied(values: Values, words: np.ndarray) -> Values:
    distinct = values.distinct.copy()
    distinct[words] = None
    return Values(values.codes, values.texts, distinct)
