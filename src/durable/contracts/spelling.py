"""When two texts are the same but for their spelling, and in which characters they differ."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

from durable.language import _

#: Minus signs that are no dashes by their Unicode category.
_MINUS = "\u2212\u02d7\u2796"
#: Apostrophes, primes and accents that stand for one.
_APOSTROPHES = "\u2018\u2019\u201a\u201b\u2032\u2035\u02bc\u02b9\u0060\u00b4\u2039\u203a"
_QUOTES = "\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u300c\u300d\u300e\u300f"
_ALIKE = dict.fromkeys(map(ord, _MINUS), "-") | dict.fromkeys(map(ord, _APOSTROPHES), "'")
_ALIKE |= dict.fromkeys(map(ord, _QUOTES), '"')
#: Before a raised number behind a digit, which is an exponent: 10\u2077 is no 107.
_EXPONENT = re.compile("(?<=\\d)(?=[\u207a\u207b]?[\u2070\u00b9\u00b2\u00b3\u2074-\u2079])")
#: Between letters a hyphen is written or not: B-cell, B cell.
_HYPHEN = re.compile(r"(?<=[^\W\d_])-+(?=[^\W\d_])")


def fold(text: str) -> str:
    """What is left of a text without the accidents of its spelling.

    Left out are case, compatibility forms (NFKC: full-width letters, superscript digits, U+00B5 for
    U+03BC), composition of accents, all blanks, the kind of dash and of quotation mark, and a
    hyphen between two letters. Superscript digits behind a digit are an exponent, ``10^7``. Two
    texts with the same fold are two spellings of one; digits, other signs and accents are never
    left out.

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
    marked = _EXPONENT.sub("^", text.translate(_ALIKE))
    simple = unicodedata.normalize("NFKC", marked).casefold()
    simple = "".join(simple.split()).translate(_ALIKE)
    dashes = "".join("-" if unicodedata.category(sign) == "Pd" else sign for sign in simple)
    return _HYPHEN.sub("", dashes)


def other_spellings(texts: Iterable[str], wanted: Collection[str]) -> dict[str, str]:
    """Those of some texts that are none of the wanted ones but a spelling of one, with that one.

    Examples
    --------
    >>> other_spellings(["Month 2", "month 2", "Month 3"], ["Month 2"])
    {'month 2': 'Month 2'}
    """
    by_fold = {fold(text): text for text in wanted if text}
    others = (text for text in texts if text not in wanted)
    return {text: by_fold[fold(text)] for text in others if fold(text) in by_fold}


def differing_characters(text: str, expected: str) -> str:
    """In which characters two spellings differ: ``U+2010 HYPHEN instead of U+002D HYPHEN-MINUS``.

    '' where letters of ASCII alone do (upper and lower case), which a reader sees.
    """
    matcher = SequenceMatcher(None, text, expected, autojunk=False)
    changes = [change for change in matcher.get_opcodes() if change[0] != "equal"]
    signs = "".join(text[start:stop] for _tag, start, stop, *_rest in changes)
    usual = "".join(expected[start:stop] for *_rest, start, stop in changes)
    if (signs + usual).isascii() and (signs + usual).isalpha():
        return ""
    return _("{found} instead of {expected}").format(
        found=_character_names(signs), expected=_character_names(usual)
    )


def expected_spelling(text: str, expected: str, location: str) -> str:
    """What a message expects in place of a text: ``B-cell, as elsewhere``.

    `location` is where the expected spelling is used; `differing_characters` follow in brackets
    where there are any.
    """
    differing = differing_characters(text, expected)
    words = _("{expected}, as {place} ({differing})") if differing else _("{expected}, as {place}")
    return words.format(expected=expected, place=location, differing=differing)


def _character_names(signs: str) -> str:
    names = [
        f"U+{ord(sign):04X} {unicodedata.name(sign, 'unnamed')}" for sign in dict.fromkeys(signs)
    ]
    return ", ".join(names) if names else _("nothing")
