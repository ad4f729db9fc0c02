"""What decided a criterion of eligibility, in the language in force. Light to import."""

from __future__ import annotations

import re

from durable.language import _

#: Where values stand, and what is missing, in BASIS.
_PLACE = re.compile(r"(^|; )(\w+) row (\d+(?:, \d+)*): ")
_MISSING = re.compile(r"(^|; )not recorded: ")


def basis_in_words(text: str) -> str:
    """A text of BASIS (ADIE) with "TABLE row N:" and "not recorded:" in the language in force.

    Names of tables and columns and coded values stay as in the input tables.
    """
    placed = _PLACE.sub(
        lambda found: found[1] + _("{table} row {rows}: ").format(table=found[2], rows=found[3]),
        text,
    )
    return _MISSING.sub(lambda found: found[1] + _("not recorded: "), placed)
