"""Where a line of text may end: at a space, and beside the signs of scripts without spaces.

A leaf, light to import. Chinese lines neither begin with a closing sign nor end with an opening one
(Unicode Standard Annex 14, *Line breaking*, classes CL, NS, OP; the national rules GB/T 15834).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from unicodedata import category, east_asian_width

#: Categories of Unicode whose signs do not begin a line: closing brackets and quotes, full stops,
#: commas and the like; and those whose signs do not end one.
_CLOSING, _OPENING = ("Pe", "Pf", "Po"), ("Ps", "Pi")


@cache
def is_wide(sign: str) -> bool:
    """Whether a sign (one character) is full width: as wide as the type is high."""
    return east_asian_width(sign) in "WF"


def line_parts(text: str) -> Iterator[tuple[str, str]]:
    """The parts of a text that stay on a line, each after the space before it, or ''.

    "two words" gives ("", "two") and (" ", "words").
    """
    for i, word in enumerate(text.split(" ")):
        space = " " if i else ""
        for part in _parts(word):
            yield space, part
            space = ""


def _parts(word: str) -> Iterator[str]:
    """A word, or the parts of one that holds full-width signs."""
    first = 0
    for end in range(1, len(word)):
        left, right = word[end - 1], word[end]
        if (is_wide(left) or is_wide(right)) and _can_break(left, right):
            yield word[first:end]
            first = end
    yield word[first:]


def _can_break(left: str, right: str) -> bool:
    return category(right) not in _CLOSING and category(left) not in _OPENING
