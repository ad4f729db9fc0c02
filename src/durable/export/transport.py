"""Datasets as SAS transport files, version 5, within the limits of that form (docs/exports.md)."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from durable.export.datasets import Dataset, Variable
from durable.files import atomic_path

TextRule = Literal["ascii", "utf-8"]

#: Limits of the form: bytes of a text, a name, a label of a variable or dataset.
MOST_BYTES, MOST_NAME, MOST_LABEL = 200, 8, 40
_EPOCH = pd.Timestamp("1960-01-01")
#: Where the four times of the header stand: file and member, each created and modified.
_TIMES = (144, 160, 464, 480)
_TIME = re.compile(rb"\d\d[A-Z]{3}\d\d(:\d\d){3}")
#: A code point as `to_ascii` writes it, and the most signs that it takes.
_ESCAPE = re.compile(r"<U\+[0-9A-F]{4,6}>")
_LONGEST_ESCAPE = len("<U+10FFFF>")
#: Signs that have no letter to fall back on.
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        "\u2265": ">=",
        "\u2264": "<=",
        "\u00b1": "+/-",
        "\u00d7": "x",
        "\u03bc": "u",
        "\u00df": "ss",
        "\u00f8": "o",
        "\u00d8": "O",
        "\u00e6": "ae",
        "\u00c6": "AE",
    }
)


@dataclass(frozen=True)
class Change:
    """A value that the file holds otherwise than the dataset."""

    dataset: str
    variable: str
    row: int
    """Record of the dataset; the first is 1."""
    rule: str
    recorded: str
    written: str
    """The text in the file; of a text in several variables (``split_at_200``) their names."""


def fit_to_xpt(dataset: Dataset, rule: TextRule) -> tuple[Dataset, list[Change]]:
    """A dataset as the form can hold it, and every value that had to change for it.

    Text that is not ASCII is written by `rule`; text longer than 200 bytes goes on in further
    variables (`continuations`), so that nothing is lost; blanks at the end, which the form does
    not hold, are dropped.

    Raises
    ------
    ValueError
        For a name or label that the form has no room for.
    """
    _check_names(dataset)
    columns: dict[str, pd.Series[Any]] = {}
    variables: list[Variable] = []
    changes: list[Change] = []
    taken = {variable.name for variable in dataset.variables}
    for variable in dataset.variables:
        texts = dataset.frame[variable.name]
        if variable.type != "text":
            columns[variable.name] = texts
            variables.append(variable)
            continue
        rows, found = _written(dataset.name, variable.name, texts, rule)
        most = max(map(len, rows), default=1)
        names = [variable.name, *continuations(variable.name, most - 1, taken)]
        taken |= set(names)
        found += _splits(dataset.name, names, rows)
        changes += sorted(found, key=lambda change: change.row)
        for number, name in enumerate(names, start=1):
            parts = [row[number - 1] if number <= len(row) else "" for row in rows]
            columns[name] = pd.Series(parts, texts.index, dtype=object)
            length = max(map(_bytes, parts), default=1) or 1
            variables.append(_part(replace(variable, name=name, length=length), number, most))
    frame = pd.DataFrame(columns, index=dataset.frame.index)
    return replace(dataset, frame=frame, variables=tuple(variables)), changes


def write_transport(path: Path, dataset: Dataset, day: dt.date) -> None:
    """Write a dataset that `fit_to_xpt` made; `day` stands for the time of writing."""
    from pyreadstat import write_xport

    dates = [variable.name for variable in dataset.variables if variable.type == "date"]
    with atomic_path(path) as aside:
        write_xport(
            _plain(dataset),
            aside,
            file_label=dataset.label,
            column_labels=[variable.label for variable in dataset.variables],
            table_name=dataset.name,
            file_format_version=5,
            variable_format=dict.fromkeys(dates, "DATE9."),
        )
        aside.write_bytes(_dated(aside.read_bytes(), day))


def without_control_signs(text: str) -> str:
    """Text with its control signs as code points: some end a text where it is read."""
    return "".join(_code_point(c) if unicodedata.category(c) == "Cc" else c for c in text)


def _code_point(char: str) -> str:
    return f"<U+{ord(char):04X}>"


def to_ascii(text: str) -> str:
    """Text without accents; a sign without a form in ASCII as its code point: ``<U+7EA2>``."""
    letters = unicodedata.normalize("NFKD", text.translate(_SIGNS)).translate(_SIGNS)
    return "".join(
        char if char.isascii() else "" if unicodedata.combining(char) else _code_point(char)
        for char in letters
    )


def pieces_of(text: str) -> list[str]:
    """Parts of a text of at most 200 bytes each, broken between words, else between signs.

    Joined they are the text. One that is short enough, an empty one too, is its only part.
    A sign is never cut: neither its bytes, nor its code point (``<U+7EA2>``), nor a letter from
    the accents that follow it.
    """
    parts: list[str] = []
    while _bytes(text) > MOST_BYTES:
        head = text.encode()[:MOST_BYTES].decode(errors="ignore")
        # A part must not end in a blank, which is lost: it begins the next one.
        within_a_word = " " not in (head[-1], text[len(head)])
        end = head.rfind(" ") if within_a_word and " " in head.lstrip(" ") else len(head)
        head = head[: _between_signs(text, end)].rstrip(" ") or head
        parts.append(head)
        text = text[len(head) :]
    return [*parts, text]


def continuations(name: str, count: int, taken: Iterable[str]) -> list[str]:
    """Names of the variables in which a long text goes on, by the rule of SDTM and ADaM.

    The name with 1, 2, ... at its end, shortened by as many letters as the eight of the form need
    (DCSREAS: DCSREAS1 ... DCSREAS9, DCSREA10). Where another variable has that name it is shortened
    by another letter; where no letter is left, the number is skipped.

    Parameters
    ----------
    name
        Variable that holds the first part.
    count
        Further parts.
    taken
        Names of all variables of the dataset so far.
    """
    used = set(taken)
    names: list[str] = []
    number = 0
    while len(names) < count:
        number += 1
        longest = min(len(name), MOST_NAME - len(str(number)))
        tried = (f"{name[:letters]}{number}" for letters in range(longest, 0, -1))
        free = next((each for each in tried if each not in used), None)
        if free is not None:
            used.add(free)
            names.append(free)
    return names


def _bytes(text: str) -> int:
    return len(text.encode())


def _between_signs(text: str, end: int) -> int:
    """The last place up to `end` that cuts no sign; `end` itself where there is none."""
    for escape in _ESCAPE.finditer(text, max(0, end - _LONGEST_ESCAPE), end + _LONGEST_ESCAPE):
        if escape.start() < end < escape.end():
            end = escape.start()
    place = end
    while place and place < len(text) and unicodedata.combining(text[place]):
        place -= 1
    return place or end


def _part(variable: Variable, number: int, count: int) -> Variable:
    """A variable as one of several that hold a text; the label says which."""
    if number == 1:
        return variable
    suffix = f" ({number}/{count})"
    label = variable.label[: MOST_LABEL - len(suffix)].rstrip()
    return replace(variable, label=f"{label}{suffix}", codes=())


def _check_names(dataset: Dataset) -> None:
    for variable in dataset.variables:
        if len(variable.name) > MOST_NAME or len(variable.label) > MOST_LABEL:
            raise ValueError(f"{dataset.name}.{variable.name}: name or label is too long")


def _written(
    dataset: str, name: str, texts: pd.Series[Any], rule: TextRule
) -> tuple[list[list[str]], list[Change]]:
    """Values of a text variable in the parts that it takes, and what changed in them."""
    changes: list[Change] = []
    rows: list[list[str]] = []
    for row, text in enumerate(texts, start=1):
        written = "" if text is None else text
        for reason, changed in _steps(written, rule):
            changes.append(Change(dataset, name, row, reason, written, changed))
            written = changed
        if name == "PARAMCD" and len(written) > MOST_NAME:
            changes.append(Change(dataset, name, row, "paramcd_over_8", written, written))
        rows.append(pieces_of(written))
    return rows, changes


def _splits(dataset: str, names: list[str], rows: list[list[str]]) -> list[Change]:
    """The texts that go on in further variables, with the variables that each takes."""
    return [
        Change(dataset, names[0], row, "split_at_200", "".join(parts), ", ".join(names[:count]))
        for row, parts in enumerate(rows, start=1)
        if (count := len(parts)) > 1
    ]


def _steps(text: str, rule: TextRule) -> Iterator[tuple[str, str]]:
    if text != without_control_signs(text):
        text = without_control_signs(text)
        yield "control_sign", text
    if not text.isascii() and rule == "ascii":
        text = to_ascii(text)
        yield "not_ascii", text
    if text != text.rstrip(" "):
        yield "blanks_at_end", text.rstrip(" ")


def _plain(dataset: Dataset) -> pd.DataFrame:
    """Text and floating-point numbers: the form has no other; dates as SAS counts them."""
    columns = {}
    for variable in dataset.variables:
        values = dataset.frame[variable.name]
        if variable.type == "date":
            columns[variable.name] = (values - _EPOCH).dt.days.astype("float64")
        elif variable.type == "text":
            columns[variable.name] = values.astype(object)
        else:
            columns[variable.name] = values.astype("Float64").astype("float64")
    return pd.DataFrame(columns)


def _dated(content: bytes, day: dt.date) -> bytes:
    """The file with the times in its header, when it was written, set to one day."""
    stamp = f"{day:%d%b%y}:00:00:00".upper().encode()
    for start in _TIMES:
        if not _TIME.fullmatch(content[start : start + len(stamp)]):
            raise ValueError("a transport file with its times elsewhere")
        content = content[:start] + stamp + content[start + len(stamp) :]
    return content
