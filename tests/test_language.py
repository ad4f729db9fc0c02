"""Texts of the outputs in another language: the catalogues, and how a text is looked up."""

from __future__ import annotations

import re
import string
import symtable
from collections.abc import Iterator

import pytest
from tools import catalogues

from durable.language import ENGLISH, LANGUAGES, LOCALES, N_, _, language, ngettext

pytestmark = pytest.mark.requirement("OUT-06")

TRANSLATIONS = [name for name in LANGUAGES if name != ENGLISH]
EACH = pytest.mark.parametrize(
    ("translation", "part"), [(name, part) for name in TRANSLATIONS for part in catalogues.PARTS]
)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_a_text_without_a_language_is_english() -> None:
    assert _("Draft") == "Draft"
    assert ngettext("{n} subject", "{n} subjects", 2) == "{n} subjects"


def test_a_text_is_in_the_language_of_its_block() -> None:
    with language("zh"):
        assert _(N_("Draft")) == "草稿"
    assert _("Draft") == "Draft"


def test_a_text_that_no_catalogue_has_stays_english() -> None:
    with language("zh"):
        assert _("Not a text of the outputs") == "Not a text of the outputs"
        assert _("") == ""


@EACH
def test_a_catalogue_has_the_texts_of_the_code_each_translated(translation: str, part: str) -> None:
    catalogue = catalogues.updated(translation, part)
    stored = (LOCALES / translation / f"{part}.po").read_bytes()
    assert stored == catalogues.text(catalogue), "make catalogues"
    assert (LOCALES / translation / f"{part}.mo").read_bytes() == catalogues.compiled(catalogue)
    untranslated = [m.id for m in catalogue if m.id and not all(catalogues.translations(m))]
    assert untranslated == []


def test_every_module_and_template_with_texts_is_in_a_catalogue() -> None:
    """But the one that marks them, whose examples are in none."""
    of_parts = {
        path
        for patterns in catalogues.PARTS.values()
        for pattern in patterns
        for path in catalogues.PACKAGE.glob(pattern)
    }
    files = (*catalogues.PACKAGE.rglob("*.py"), *catalogues.PACKAGE.rglob("*.jinja"))
    marked = re.compile(r"""(?<![\w.])(_|N_|ngettext)\(\s*["']""")
    others = {
        path.name for path in files if path not in of_parts and marked.search(path.read_text())
    }
    assert others == {"language.py"}


@EACH
def test_a_translation_fills_in_what_the_text_fills_in(translation: str, part: str) -> None:
    for message in catalogues.updated(translation, part):
        if not message.id:
            continue
        singular, *plural = (message.id,) if isinstance(message.id, str) else message.id
        expected = places((plural or [singular])[0])
        for said in catalogues.translations(message):
            assert places(said) == expected, (singular, said)


@pytest.mark.parametrize("translation", TRANSLATIONS)
def test_a_text_has_one_translation_in_all_catalogues(translation: str) -> None:
    found: dict[object, set[tuple[str, ...]]] = {}
    for part in catalogues.PARTS:
        for message in catalogues.read(translation, part):
            if message.id:
                found.setdefault(message.id, set()).add(catalogues.translations(message))
    assert {text: said for text, said in found.items() if len(said) > 1} == {}


def scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from scopes(child)


def test_no_function_that_shows_a_text_has_another_underscore() -> None:
    # A name that is given to what is not needed would then be called as the translation.
    package = catalogues.PACKAGE
    modules = {path: symtable.symtable(path.read_text("utf-8"), str(path), "exec")
               for path in package.rglob("*.py")}  # fmt: skip
    found = [
        f"{path.relative_to(package)}: {scope.get_name()}"
        for path, module in modules.items()
        for scope in scopes(module)
        if scope.get_type() == "function" and "_" in scope.get_identifiers()
        if scope.lookup("_").is_local() and scope.lookup("_").is_referenced()
    ]
    assert found == []
