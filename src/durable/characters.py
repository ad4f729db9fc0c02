"""Characters that are no text, and those that nobody sees.

UTF-8 cannot hold halves of surrogate pairs, nor XML most noncharacters of Unicode; a file with one
in it was damaged. What is not seen makes two texts that look alike differ.
"""

from __future__ import annotations

import re

_PLANES = "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
#: As the inside of a character class of a regular expression.
NO_CHARACTERS = f"\ud800-\udfff\ufdd0-\ufdef{_PLANES}"
#: Control, invisible, direction and replacement characters, but tabs and the usual line ends;
#: as the inside of a character class too.
UNSEEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffd"
)
_NO_CHARACTER = re.compile(f"[{NO_CHARACTERS}]")


def no_character(text: str) -> str:
    """The first of `NO_CHARACTERS` in a text, escaped as by `escape`; '' where there is none."""
    match = None if text.isascii() else _NO_CHARACTER.search(text)
    return "" if match is None else escape(match)


def escape(match: re.Match[str]) -> str:
    """The matched characters as Python's literals escape them: a backslash and ``ud800``."""
    return match[0].encode("unicode_escape").decode()
