"""Parts of sentences that every page of results is written with. A leaf, light to import."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Literal
from unicodedata import east_asian_width

from durable.language import N_, Name, Text, _

_POWER_OF_TEN = re.compile(r"(\d+(?:\.\d+)?)[eE]\+?(\d+)")


def list_words(words: Sequence[str], last: Literal["and", "or"] = "and") -> str:
    """Words, at least one, as a list in a sentence: "a, b and c"."""
    if len(words) == 1:
        return words[0]
    form = _("{words} and {word}") if last == "and" else _("{words} or {word}")
    return form.format(words=join_words(words[:-1]), word=words[-1])


def join_words(words: Sequence[str]) -> str:
    """Words one after another: "a, b, c"; "" without any."""
    form = _("{words}, {word}")
    return reduce(lambda words, word: form.format(words=words, word=word), words or [""])


def sentences(*texts: str) -> str:
    """Sentences one after another, those that are empty left out; "" without any."""
    first, *others = [*filter(None, texts)] or [""]
    for other in others:
        first = _("{first} {second}").format(first=first, second=other)
    return first


def clauses(texts: Sequence[str]) -> str:
    """Parts of a sentence, at least one, one after another: "a; b; c"."""
    return reduce(
        lambda first, second: _("{first}; {second}").format(first=first, second=second), texts
    )


def options(meanings: Mapping[str, str]) -> Text:
    """Values of a key, at least one, each with what it means: "rtf: all tables; docx: each table".

    The meanings are marked for translation; names are the same in every language.
    """
    form = N_("{name}: {meaning}")
    texts = [Text(form, name=Name(name), meaning=text) for name, text in meanings.items()]
    return reduce(lambda first, more: Text("{first}; {second}", first=first, second=more), texts)


def lower_initial(text: str) -> str:
    """The text with a small first letter; as it is in a script that has no capitals."""
    return text[:1].lower() + text[1:] if _has_capitals(text) else text


def capitalise(text: str) -> str:
    """The text with a capital first letter; as it is in a script that has no capitals."""
    return text[:1].upper() + text[1:] if _has_capitals(text) else text


def _has_capitals(text: str) -> bool:
    """Whether no sign of the text is one of the full-width scripts."""
    return not any(east_asian_width(sign) in "WF" for sign in text)


def percent(proportion: float) -> str:
    """A proportion as a percentage: 0.95 is "95%"."""
    return f"{100 * proportion:g}%"


def dose_level(name: str) -> str:
    """A dose level as readers see it: "1e7" is "1 x 10^7 cells/kg", "2" is "Dose level 2".

    A name that begins with these words itself does not have them twice.
    """
    own_name = without_dose_level(name)
    dose = short_dose_level(own_name)
    return _("Dose level {name}").format(name=own_name) if dose == own_name else dose


def without_dose_level(name: str) -> str:
    """A name without the words "Dose level" before it, in English or the language of the outputs.

    "Dose level 2" is "2"; a name of these words alone stays.
    """
    for words in ("Dose level", _("Dose level {name}").format(name="").strip()):
        if name.casefold().startswith(words.casefold()) and name[len(words) :].strip():
            return name[len(words) :].strip()
    return name


def short_dose_level(name: str) -> str:
    """A dose level under a heading that says so: "1e7" is "1 x 10^7 cells/kg", "2" is "2"."""
    cells = _POWER_OF_TEN.fullmatch(name)
    if cells is None:
        return name
    return _("{number} x 10^{power} cells/kg").format(number=cells[1], power=cells[2])


def dose_name(name: str) -> str:
    """A dose level without its unit: "1e7" is "1 x 10^7", "2" is "2"."""
    cells = _POWER_OF_TEN.fullmatch(name)
    return f"{cells[1]} x 10^{cells[2]}" if cells else name
