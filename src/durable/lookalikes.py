"""Texts that look alike and are not the same: told by the code points of what differs."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache

from durable.language import _

_SIGNS = {
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u02d7",
    "'": "\u2018\u2019\u201a\u201b\u2032\u02bc\u0060\u00b4",
    '"': "\u201c\u201d\u201e\u201f\u2033",
    "/": "\u2044\u2215",
    ".": "\u00b7\u2219\u22c5",
    "x": "\u00d7",
}
#: Small letters of Greek and Cyrillic with the Latin one that they look like.
_SMALL = (
    ("\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0458\u0455\u0501\u04bb", "aceopxyijsdh"),
    ("\u03b1\u03bf\u03c1\u03bd\u03b9\u03ba\u03c7\u03c5\u03bc\u0131\u0261", "aopvikxyuig"),
)
#: Capitals that look like a Latin one; the small letters of some do not.
_CAPITALS = (
    ("\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1", "abezhikmnop"),
    ("\u03a4\u03a5\u03a7", "tyx"),
    ("\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425", "abekmhopctyx"),
    ("\u0406\u0408\u0405", "ijs"),
)
_LATIN = {other: sign for sign, others in _SIGNS.items() for other in others} | {
    other: letter
    for others, letters in (*_SMALL, *_CAPITALS)
    for other, letter in zip(others, letters, strict=True)
}


def look_alike(text: str, expected: str) -> str:
    """How a text differs from the words of an expectation that it looks like; '' if from none.

    By `difference` from the first such words. Texts that differ by their case alone do not look
    alike, and no two texts in ASCII do.
    """
    if text.isascii() and expected.isascii():
        return ""
    looks = look(text)
    for candidate in _similar_words(looks, expected) if looks else ():
        if candidate.lower() == text.lower():
            return ""
        return difference(text, candidate)
    return ""


def look(text: str) -> str:
    """What a text looks like: without case, width, blanks, and kinds of dashes and quotes.

    Letters of Greek and Cyrillic are the Latin ones that they look like. For comparisons only.
    """
    return "".join(map(_look, text))


def with_code_points(text: str, expected: str) -> str:
    """An expectation; with `look_alike` in brackets where the text looks like a part of it."""
    differs = look_alike(text, expected)
    return (
        _("{expected} ({differs})").format(expected=expected, differs=differs)
        if differs
        else expected
    )


def _similar_words(looks: str, text: str) -> Iterator[str]:
    """Words of a text that look as `looks` does."""
    signs = [_look(sign) for sign in text]
    folded = "".join(signs)
    # Of each sign of the folded text its position in the text.
    positions = [position for position, seen in enumerate(signs) for _ in seen]
    start = folded.find(looks)
    while start >= 0:
        first, last = positions[start], positions[start + len(looks) - 1]
        before, after = text[max(first - 1, 0) : first], text[last + 1 : last + 2]
        if not (_continues(text[first], before) or _continues(text[last], after)):
            yield text[first : last + 1]
        start = folded.find(looks, start + 1)


def _continues(sign: str, neighbour: str) -> bool:
    """Whether a character belongs to the same word as one beside it ('' where there is none).

    Chinese is written without blanks around foreign words and numbers.
    """
    return neighbour.isalnum() and _is_chinese(sign) == _is_chinese(neighbour)


def _is_chinese(sign: str) -> bool:
    return unicodedata.name(sign, "").startswith("CJK ")


@cache
def _look(sign: str) -> str:
    """What a character looks like: without case, width, blanks, or its kind of dash or quote."""
    plain = unicodedata.normalize("NFKD", _LATIN.get(sign, sign))
    seen = "".join(_LATIN.get(one, one) for one in plain).casefold()
    return "".join(one for one in seen if unicodedata.category(one)[0] not in "ZC")


def difference(text: str, expected: str) -> str:
    """The characters in which two texts differ, as `character_names`; '' where they are the same.

    An en dash gives itself and "U+2013 EN DASH in place of - U+002D HYPHEN-MINUS".
    """
    differences = []
    for kind, start, end, first, last in SequenceMatcher(
        None, text, expected, autojunk=False
    ).get_opcodes():
        characters, wanted = text[start:end], expected[first:last]
        if kind == "replace" and len(characters) == len(wanted):
            pairs = zip(characters, wanted, strict=True)
            differences += [_replacement_text(one, other) for one, other in pairs]
        elif kind == "replace":
            differences.append(_replacement_text(characters, wanted))
        elif kind == "delete":
            differences.append(
                _("{characters} too many").format(characters=character_names(characters))
            )
        elif kind == "insert":
            differences.append(_("{characters} missing").format(characters=character_names(wanted)))
    return ", ".join(dict.fromkeys(differences))


def _replacement_text(characters: str, expected: str) -> str:
    return _("{found} in place of {expected}").format(
        found=character_names(characters), expected=character_names(expected)
    )


def character_names(text: str) -> str:
    """The characters of a text with their code points and names: "c U+0063 LATIN SMALL ..."."""
    return ", ".join(map(_character_name, text))


def _character_name(sign: str) -> str:
    name = unicodedata.name(sign, "")
    seen = f"{sign} " if sign.isprintable() and not sign.isspace() else ""
    return f"{seen}U+{ord(sign):04X}{f' {name}' if name else ''}"
