"""Brings the catalogues of the outputs' texts up to date with the code: `make catalogues`.

Each part of the package has a catalogue in each language, ``src/durable/locales/LANGUAGE/PART.po``.
New texts are added without a translation, those no longer used are taken out, and every catalogue
is compiled (``PART.mo``), which is what the package reads. A new language is a new folder.
Exit status 1 where a text has no translation; its place is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from durable.display.report_plan import key_meanings

PACKAGE = Path(__file__).parents[1] / "src" / "durable"
LOCALES = PACKAGE / "locales"
#: Part with the texts under the keys of the plan, which the report prints.
KEYS = "keys"
#: Parts of the package, by the folders, modules and templates whose texts they have.
PARTS: dict[str, tuple[str, ...]] = {
    "tables": ("outputs/*.py", "contents.py", "deliveries.py"),
    "listings": ("outputs/listings/*.py",),
    "words": (
        *("jdm/*.py", "eligibility/*.py", "derive/*.py", "contracts/**/*.py", "plan/*.py"),
        *("vocabulary.py", "wording.py", "schedule.py", "dates.py"),
    ),
    "figures": ("figures/*.py",),
    "documents": ("export/*.py",),
    "report": (
        *("display/*.py", "pages.py"),
        *(f"templates/{name}.html.jinja" for name in ("report", "page", "table", "table_page")),
        *(f"templates/{name}.html.jinja" for name in ("figure", "folded", "series", "study_line")),
        "templates/table.css",
    ),
    "queries": ("intake/**/*.py", "lookalikes.py", "templates/queries.html.jinja"),
    "runs": (
        *("audit/*.py", "history/*.py", "runs/*.py", "simulate/**/*.py"),
        *(f"templates/{name}.html.jinja" for name in ("compare", "verdict", "simulation")),
    ),
    KEYS: (),
}
#: How the pages' templates are read (`durable.pages`).
TEMPLATES = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true"}
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def main() -> int:
    """Write every catalogue and print texts without a translation; the status is 1 if any is."""
    untranslated = []
    for folder in sorted(path for path in LOCALES.iterdir() if path.is_dir()):
        for part in PARTS:
            catalogue = updated(folder.name, part)
            (folder / f"{part}.po").write_bytes(text(catalogue))
            (folder / f"{part}.mo").write_bytes(compiled(catalogue))
            untranslated += [
                (folder.name, part, message)
                for message in catalogue
                if message.id and not any(translations(message))
            ]
    for language, part, message in untranslated:
        paths = ", ".join(path for path, _ in message.locations)
        print(f"{language}/{part}.po: {message.id!r} has no translation ({paths})")
    return 1 if untranslated else 0


def updated(language: str, part: str) -> Catalog:
    """The catalogue with the texts that the code has now, and the translations it had."""
    known = read(language, part)
    catalogue = Catalog(locale=language, charset="utf-8", fuzzy=False)
    for path, message_id, comments in sorted(texts(part), key=lambda entry: entry[0]):
        flagged = flags(message_id)
        catalogue.add(message_id, locations=[(path, 0)], auto_comments=comments, flags=flagged)
    for message in catalogue:
        former = known.get(message.id) if message.id else None
        if former:
            message.string = former.string
    return catalogue


def flags(message: str | tuple[str, ...]) -> tuple[str, ...]:
    """Flags of a text in its catalogue: that of a text with places in braces, or none."""
    first = message if isinstance(message, str) else message[0]
    return ("python-brace-format",) if "{" in first else ()


def read(language: str, part: str) -> Catalog:
    """The catalogue as it lies in the package; an empty one where there is none."""
    path = LOCALES / language / f"{part}.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def texts(part: str) -> Iterator[tuple[str, str | tuple[str, ...], list[str]]]:
    """File, text and comments for translators, of each marked text; a plural as two texts."""
    if part == KEYS:
        yield from (("plan", text, []) for text in key_meanings())
        return
    for pattern in PARTS[part]:
        for path in sorted(PACKAGE.glob(pattern)):
            template = path.parent.name == "templates"
            method = "jinja2.ext:babel_extract" if template else "python"
            options = TEMPLATES if template else {}
            messages = extract_from_file(method, str(path), KEYWORDS, ["Translators:"], options)
            for _, message, comments, _ in messages:
                yield path.relative_to(PACKAGE).as_posix(), message, comments


def translations(message: Message) -> tuple[str, ...]:
    """The translation of a text, in each of its plural forms; '' where there is none."""
    string = message.string or ""
    return (string,) if isinstance(string, str) else tuple(string)


def text(catalogue: Catalog) -> bytes:
    """The catalogue as a file that is the same bytes from the same texts."""
    file = BytesIO()
    write_po(file, catalogue, width=100, omit_header=True, sort_output=True, include_lineno=False)
    header = (
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Language: {catalogue.locale}\\n"\n"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )
    return header.encode() + file.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as a program reads it, without a clock: the same texts are the same bytes."""
    file, plain = BytesIO(), read_po(BytesIO(text(catalogue)), locale=catalogue.locale)
    plain.mime_headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Plural-Forms", str(catalogue.plural_forms)),
        ("POT-Creation-Date", "2000-01-01 00:00+0000"),
        ("PO-Revision-Date", "2000-01-01 00:00+0000"),
    ]
    write_mo(file, plain)
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main())
