"""What a value map of the plan makes of a text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from durable.contracts.input_table import ColumnSpec


class ValueMap:
    """The values of a column by their recorded texts.

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
        """Patterns that match a text that is not named itself."""
        if text in self.texts:
            return []
        return [name for name, pattern in self._patterns.items() if pattern.fullmatch(text)]

    def read(self, text: str) -> str:
        """The value of a text, or the text itself where the map says nothing of it."""
        value = self.value(text)
        return text if value is None else value

    def value(self, text: str) -> str | None:
        """The value of a text; None where the map says nothing of it, or two patterns do."""
        if text in self.texts:
            return self.texts[text]
        found = self.matching(text)
        return self.texts[found[0]] if len(found) == 1 else None
