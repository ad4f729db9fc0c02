"""Choices of the plan in the reading of a table, in words for the report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from durable.intake.findings import sheet_in_words, texts_in_words
from durable.language import N_, _
from durable.plan import Input
from durable.plan.source_files import EVERY

_BELOW = {
    "limit": N_("the limit"),
    "half": N_("half of the limit"),
    "missing": N_("missing"),
    "below_lloq": N_("below the limit of quantification"),
}


def declared_readings(source: Input) -> Iterator[str]:
    """Yield, in words, each choice by which records or values are left out or read otherwise.

    Such as "records with VISIT D28 or D56"; nothing where the plan makes none. Renamed columns,
    value maps, units, dates and joined files are not among them.
    """
    for name, texts in source.where.items():
        yield _("records with {name} {texts}").format(name=name, texts=texts_in_words(texts))
    for name, texts in source.where_not.items():
        yield _("records without {name} {texts}").format(name=name, texts=texts_in_words(texts))
    for name, text in source.constant.items():
        yield _("{name} is {text!r} throughout").format(name=name, text=text)
    for part in source.files:
        file = PurePath(part.path).name
        file = sheet_in_words(file, part.sheet) if part.sheet else file
        for name, text in part.constant.items():
            words = _("{name} is {text!r} in {file}")
            if not text:
                words = _("{name} is not recorded in {file}")
            yield words.format(name=name, text=text, file=file)
    if source.row_number is not None:
        yield _("{name} is the number of the row").format(name=source.row_number)
    for name, texts in source.missing.items():
        words = _("{texts} is missing") if name == EVERY else _("{texts} is missing in {name}")
        yield words.format(texts=texts_in_words(texts), name=name)
    for name, rule in source.numbers.below.items():
        yield _("{name} below a limit is read as {value}").format(name=name, value=_(_BELOW[rule]))
    for name, rule in source.numbers.above.items():
        yield _("{name} above a limit is read as {value}").format(name=name, value=_(_BELOW[rule]))
