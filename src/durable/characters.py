"""Characters that are no text: halves of surrogate pairs, and the noncharacters of Unicode.

UTF-8 cannot hold the first, nor XML most of the others; a file with one in it was damaged.
"""

from __future__ import annotations

import re

_PLANES = "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
#: As the inside of a character class of a regular expression.
NO_CHARACTERS = f"\ud800-\udfff\ufdd0-\ufdef{_PLANES}"
_NO_CHARACTER = re.compile(f"[{NO_CHARACTERS}]")


def no_character(text: str) -> str:
    """The first such character of a text as an escape; '' where there is none."""
    found = None if text.isascii() else _NO_CHARACTER.search(text)
    return "" if found is None else escape(found)


def escape(found: re.Match[str]) -> str:
    """What was found, each character as an escape."""
    return found[0].encode("unicode_escape").decode()
