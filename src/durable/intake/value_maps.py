"""Value maps of the plan: recorded texts of a column and the values that they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping

from durable.contracts.input_table import ColumnSpec


class ValueMap:
    """A value map: the values of a column by their recorded texts.

    In a column that allows patterns, a text with ``*`` stands for every text that has anything, or
    nothing, in its place. A text that is named itself comes before any pattern.
    """

    def __init__(self, spec: ColumnSpec, values: Mapping[str, str]) -> None:
        self.texts = values
        patterns = [text for text in values if "*" in text] if spec.patterns else []
        self._patterns = {
            text: re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)
            for text in patterns
        }

    def matching(self, text: str) -> list[str]:
        """The patterns that match a text, in the order of the plan; none where the map names it."""
        if text in self.texts:
            return []
        return [name for name, pattern in self._patterns.items() if pattern.fullmatch(text)]

    def read(self, text: str) -> str:
        """The value of a text (`value`); the text itself where it has none."""
        value = self.value(text)
        return text if value is None else value

    def value(self, text: str) -> str | None:
        """The value of a text that the map names, or that one pattern matches; else None."""
        if text in self.texts:
            return self.texts[text]
        patterns = self.matching(text)
        return self.texts[patterns[0]] if len(patterns) == 1 else None
