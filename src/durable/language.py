"""The language of the outputs: their texts, looked up in the catalogues of GNU gettext.

Texts are written in English in the code and marked: ``_("Improved")`` where they are shown,
``N_("Improved")`` where they are declared and shown later. A translation is a folder of
``locales/`` with a catalogue for each part of the package (``make catalogues``; docs/languages.md).
A leaf, light to import.
"""

from __future__ import annotations

import gettext as _gettext
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Self

LOCALES = Path(__file__).parent / "locales"
#: The language that the texts are written in.
ENGLISH = "en"
#: Languages of the outputs: a folder of catalogues each, beside English.
LANGUAGES = (ENGLISH, *sorted(path.name for path in LOCALES.iterdir() if path.is_dir()))
_in_force: ContextVar[str] = ContextVar("language", default=ENGLISH)


def N_(text: str) -> str:  # noqa: N802  (the name that gettext's own tools look for)
    """The text as it is: marked for translation, which happens where it is shown."""
    return text


def _(text: str) -> str:
    """The text in the language in force; in English where no catalogue has it."""
    return _catalogue(_in_force.get()).gettext(text) if text else ""


def ngettext(singular: str, plural: str, number: int) -> str:
    """The singular or the plural for a number of things, in the language in force.

    As a text with places, such as ``{n}``, that are not filled in.
    """
    return _catalogue(_in_force.get()).ngettext(singular, plural, number)


def translate_stored(text: str, forms: Collection[str]) -> str:
    """A text that was stored in English, in the language in force.

    Parameters
    ----------
    text
        As stored: one of the forms with its places filled in, perhaps by such a text again.
    forms
        Marked texts, the first that fits is taken. A text that fits none stays as it is.
    """
    for form in forms:
        match = _pattern(form).fullmatch(text)
        if match:
            words = {
                name: translate_stored(word, forms) for name, word in match.groupdict().items()
            }
            return _(form).format(**words)
    return text


@cache
def _pattern(form: str) -> re.Pattern[str]:
    """What fits a form, each place as a group of its name."""
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(form)))


class Text(str):
    """A text in English that knows what it was made of, and can be shown in another language.

    Made where the language does not count, as what a check has found; `translate_marked` shows it.
    """

    message: str
    places: dict[str, object]

    def __new__(cls, message: str, **places: object) -> Self:
        """The text with its places filled; `message` is marked for translation."""
        text = super().__new__(cls, message.format(**places))
        text.message, text.places = message, places
        return text


class Name(str):
    """A text that is the same in every language, as a value of the plan is."""


def translate_marked(text: str) -> str:
    """A `Text`, or another text that is marked, in the language in force; a `Name` as it is.

    Texts in the places of a `Text` are shown in that language too.
    """
    if isinstance(text, Name):
        return str(text)
    if not isinstance(text, Text):
        return _(text)
    places = text.places.items()
    filled = {
        name: translate_marked(part) if isinstance(part, str) else part for name, part in places
    }
    return _(text.message).format(**filled)


@contextmanager
def language(name: str) -> Iterator[None]:
    """Texts are in this language, one of `LANGUAGES`, within the block."""
    token = _in_force.set(name)
    try:
        yield
    finally:
        _in_force.reset(token)


def current_language() -> str:
    """The language in force, one of `LANGUAGES`, as ``lang`` of an HTML page has it."""
    return _in_force.get()


@cache
def signs_of(name: str) -> frozenset[str]:
    """The signs beyond ASCII that the texts of a language are written with; none of English."""
    texts = "".join(path.read_text("utf-8") for path in sorted((LOCALES / name).glob("*.po")))
    return frozenset(sign for sign in texts if not sign.isascii())


@cache
def _catalogue(name: str) -> _gettext.NullTranslations:
    """The catalogues of a language, one after another."""
    merged = _gettext.NullTranslations()
    for path in sorted((LOCALES / name).glob("*.mo"), reverse=True):
        with path.open("rb") as file:
            catalogue = _gettext.GNUTranslations(file)
        catalogue.add_fallback(merged)
        merged = catalogue
    return merged
