"""The words in BASIS of ADIE, which is English in the dataset."""

from __future__ import annotations

import re

from durable.language import _

#: Where values stand, and what is missing, in BASIS.
_PLACE = re.compile(r"(^|; )(\w+) row (\d+(?:, \d+)*): ")
_MISSING = re.compile(r"(^|; )not recorded: ")


def basis_in_language(text: str) -> str:
    """BASIS with its words in the language in force; names and codes are those of the tables."""
    placed = _PLACE.sub(
        lambda found: found[1] + _("{table} row {rows}: ").format(table=found[2], rows=found[3]),
        text,
    )
    return _MISSING.sub(lambda found: found[1] + _("not recorded: "), placed)
