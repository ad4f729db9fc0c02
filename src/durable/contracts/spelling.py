"""When two texts are the same but for their spelling, and in which characters they differ."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

from durable.language import _

#: Minus signs that are no dashes by their Unicode category.
_MINUS = "\u2212\u02d7\u2796"
#: Apostrophes, primes and accents that stand for one.
_APOSTROPHES = "\u2018\u2019\u201a\u201b\u2032\u2035\u02bc\u02b9\u0060\u00b4\u2039\u203a"
_QUOTES = "\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u300c\u300d\u300e\u300f"
_ALIKE = dict.fromkeys(map(ord, _MINUS), "-") | dict.fromkeys(map(ord, _APOSTROPHES), "'")
_ALIKE |= dict.fromkeys(map(ord, _QUOTES), '"')
#: Between letters a hyphen is written or not: B-cell, B cell.
_HYPHEN = re.compile(r"(?<=[^\W\d_])-+(?=[^\W\d_])")


def fold(text: str) -> str:
    """What is left of a text without the accidents of its spelling.

    Left out are case, width (full-width letters, U+00B5 for U+03BC), composition of accents, all
    blanks, the kind of dash and of quotation mark, and a hyphen between two letters. Two texts with
    the same fold are two spellings of one; digits, other signs and accents are never folded away.

    Examples
    --------
    >>> fold("B\u2010Cell  aplasia") == fold("B cell aplasia")
    True
    >>> fold("CD19-") == fold("CD19")
    False
    """
    if text.isascii():
        simple = "".join(text.casefold().split()).replace("`", "'")
        return _HYPHEN.sub("", simple) if "-" in simple else simple
    # Before NFKC, which makes a blank with an accent of a spacing accent.
    simple = unicodedata.normalize("NFKC", text.translate(_ALIKE)).casefold()
    simple = "".join(simple.split()).translate(_ALIKE)
    dashes = "".join("-" if unicodedata.category(sign) == "Pd" else sign for sign in simple)
    return _HYPHEN.sub("", dashes)


def differing_characters(found: str, expected: str) -> str:
    """In which characters two spellings differ, by code point and name.

    Empty where letters of ASCII alone do (upper and lower case), which a reader sees.
    """
    matcher = SequenceMatcher(None, found, expected, autojunk=False)
    changes = [change for change in matcher.get_opcodes() if change[0] != "equal"]
    here = "".join(found[start:stop] for _, start, stop, _, _ in changes)
    there = "".join(expected[start:stop] for _, _, _, start, stop in changes)
    if (here + there).isascii() and (here + there).isalpha():
        return ""
    return _("{found} instead of {expected}").format(found=_named(here), expected=_named(there))


def expected_spelling(found: str, expected: str, place: str) -> str:
    """The spelling that is expected of a text, where it is, and what differs that looks alike."""
    differing = differing_characters(found, expected)
    words = _("{expected}, as {place} ({differing})") if differing else _("{expected}, as {place}")
    return words.format(expected=expected, place=place, differing=differing)


def _named(signs: str) -> str:
    names = [
        f"U+{ord(sign):04X} {unicodedata.name(sign, 'unnamed')}" for sign in dict.fromkeys(signs)
    ]
    return ", ".join(names) if names else _("nothing")
