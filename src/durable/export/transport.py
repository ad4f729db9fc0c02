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
#: A number set above the line, with its sign, and one below it that has no digit beside it.
_RAISED = re.compile(
    "\\^?[\u207a\u207b]?[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]"
    "[\u2070\u00b9\u00b2\u00b3\u2074-\u207b]*"
)
_LOWERED = re.compile(r"(?<![\d\u2080-\u2089])[\u2080-\u2089]+(?![\d\u2080-\u2089])")
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
    """A value that the transport file holds otherwise than the dataset."""

    dataset: str
    variable: str
    row: int
    """Record of the dataset; the first is 1, and 0 stands for the label of the variable."""
    rule: str
    """``control_sign``, ``not_ascii``, ``blanks_at_end``, ``split_at_200``, ``label``, or
    ``paramcd_over_8``, which reports a PARAMCD of more than 8 signs and changes nothing."""
    recorded: str
    """The text before the change, after those of the rules before."""
    written: str
    """The text in the file; of a text in several variables (``split_at_200``) their names."""


def fit_to_xpt(dataset: Dataset, rule: TextRule) -> tuple[Dataset, list[Change]]:
    """A dataset as a transport file can hold it, and every value that had to change for it.

    Control signs are written as their code points, and with the rule ``ascii`` text that is not
    ASCII as `to_ascii` does. Text longer than 200 bytes goes on in further variables
    (`continuations`), so that nothing is lost; blanks at the end, which the file cannot hold, are
    dropped. A missing text becomes an empty one, which is not listed. Labels and codes of the
    variables are those that the file has, too.

    Raises
    ------
    ValueError
        For a name of a variable of more than 8 signs, or a label of more than 40.
    """
    _check_names(dataset)
    columns: dict[str, pd.Series[Any]] = {}
    variables: list[Variable] = []
    changes: list[Change] = []
    used_names = {variable.name for variable in dataset.variables}
    for declared in dataset.variables:
        variable = _described_as_written(declared, rule)
        if variable.label != declared.label:
            labels = declared.label, variable.label
            changes.append(Change(dataset.name, variable.name, 0, "label", *labels))
        texts = dataset.frame[variable.name]
        if variable.type != "text":
            columns[variable.name] = texts
            variables.append(variable)
            continue
        # Missing, as None or as NaN.
        texts = texts.astype(object).where(texts.notna(), "")
        fitted = {text: _fit_text(text, rule) for text in texts.unique()}
        most = max((len(fitted_text.parts) for fitted_text in fitted.values()), default=1)
        names = [variable.name, *continuations(variable.name, most - 1, used_names)]
        used_names |= set(names)
        changes += _changes(dataset.name, names, texts, fitted)
        for number, name in enumerate(names, start=1):
            part = {text: fitted_text.part(number) for text, fitted_text in fitted.items()}
            columns[name] = texts.map(part).astype(object)
            length = max(map(_bytes, part.values()), default=1) or 1
            variables.append(_part(replace(variable, name=name, length=length), number, most))
    frame = pd.DataFrame(columns, index=dataset.frame.index)
    return replace(dataset, frame=frame, variables=tuple(variables)), changes


def write_transport(path: Path, dataset: Dataset, day: dt.date) -> None:
    """Write a dataset that `fit_to_xpt` made; its header has midnight of `day` for all times.

    Raises
    ------
    ValueError
        Where the header of the written file is not as expected.
    """
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
        _date(aside, day)


def without_control_signs(text: str) -> str:
    """Text with its control signs as code points, a tab as ``<U+0009>``."""
    if text.isprintable():
        return text
    return "".join(_code_point(c) if unicodedata.category(c) == "Cc" else c for c in text)


def _code_point(char: str) -> str:
    return f"<U+{ord(char):04X}>"


def to_ascii(text: str) -> str:
    """Text without accents; a sign without a form in ASCII as its code point: ``<U+7EA2>``.

    No number becomes another one: raised digits follow a caret (10^7). A fraction, a circled digit,
    and lowered digits beside others would join them, so that their code points are written.

    Examples
    --------
    >>> to_ascii("1 \u00d7 10\u2077, 2\u00bd \u00b5L, SpO\u2082")
    '1 x 10^7, 2<U+00BD> uL, SpO2'
    """
    text = "".join(map(_without_square, text))
    text = _LOWERED.sub(lambda digits: _in_line(digits[0]), text)
    text = _RAISED.sub(lambda digits: f"^{_in_line(digits[0].lstrip('^'))}", text)
    text = "".join(_code_point(char) if _begins_with_digit(char) else char for char in text)
    letters = _in_line(text.translate(_SIGNS)).translate(_SIGNS)
    return "".join(
        char if char.isascii() else "" if unicodedata.combining(char) else _code_point(char)
        for char in letters
    )


def _in_line(text: str) -> str:
    return unicodedata.normalize("NFKD", text)


def _without_square(char: str) -> str:
    """The signs that one sign stands for (m\u00b2 in a square); any other as it is."""
    tag, *codes = unicodedata.decomposition(char).split() or [""]
    return "".join(chr(int(code, 16)) for code in codes) if tag == "<square>" else char


def _begins_with_digit(char: str) -> bool:
    """Whether a sign that is no digit (\u00bd, a circled 1) has a form that begins with one."""
    return not char.isdecimal() and _in_line(char)[0].isdecimal()


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


def continuations(name: str, count: int, used_names: Iterable[str]) -> list[str]:
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
    used_names
        Names of all variables of the dataset so far.

    Returns
    -------
    list of str
        `count` names, in the order of the parts.
    """
    unavailable = set(used_names)
    names: list[str] = []
    number = 0
    while len(names) < count:
        number += 1
        longest = min(len(name), MOST_NAME - len(str(number)))
        tried = (f"{name[:letters]}{number}" for letters in range(longest, 0, -1))
        free = next((candidate for candidate in tried if candidate not in unavailable), None)
        if free is not None:
            unavailable.add(free)
            names.append(free)
    return names


def _bytes(text: str) -> int:
    return len(text.encode())


def _between_signs(text: str, end: int) -> int:
    """The last place up to `end` that cuts no sign; `end` itself where there is none."""
    for escape in _ESCAPE.finditer(text, max(0, end - _LONGEST_ESCAPE), end + _LONGEST_ESCAPE):
        if escape.start() < end < escape.end():
            end = escape.start()
    position = end
    while position and position < len(text) and unicodedata.combining(text[position]):
        position -= 1
    return position or end


def _part(variable: Variable, number: int, count: int) -> Variable:
    """A variable as one of several that hold a text; the label says which."""
    if number == 1:
        return variable
    label = _shorten_label(variable.label, f" ({number}/{count})")
    return replace(variable, label=label, codes=())


def _described_as_written(variable: Variable, rule: TextRule) -> Variable:
    """A variable with its label and its codes as the file holds them.

    A label is shortened to the bytes of the form before its last comma: the label of a group that
    the plan declares ends in ``, Group 1``.
    """
    label = "".join(_fit_text(variable.label, rule).parts)
    if _bytes(label) > MOST_LABEL:
        head, comma, end = label.rpartition(", ")
        short_end = comma and _bytes(end) < MOST_LABEL // 2
        label = _shorten_label(head, comma + end) if short_end else _shorten_label(label, "")
    codes = {
        _fit_text(code, rule).part(1): "".join(_fit_text(meaning, rule).parts)
        for code, meaning in variable.codes
    }
    return replace(variable, label=label, codes=tuple(codes.items()))


def _shorten_label(label: str, suffix: str) -> str:
    """A label before a suffix, cut between signs where the form has no room for all of it."""
    room = MOST_LABEL - _bytes(suffix)
    if _bytes(label) > room:
        head = label.encode()[:room].decode(errors="ignore")
        label = label[: _between_signs(label, len(head))].rstrip(" ")
    return f"{label}{suffix}"


def _check_names(dataset: Dataset) -> None:
    for variable in dataset.variables:
        if len(variable.name) > MOST_NAME or len(variable.label) > MOST_LABEL:
            raise ValueError(f"{dataset.name}.{variable.name}: name or label is too long")


@dataclass(frozen=True)
class _Fitted:
    """A text as the transport file holds it, and the changes that led there."""

    steps: tuple[tuple[str, str, str], ...]
    """Changes, one after the other: rule, text before, text after."""
    parts: tuple[str, ...]
    """Texts of the variables that it takes, at least one."""

    def part(self, number: int) -> str:
        """Text of the variable with a number, from 1; empty beyond the last part."""
        return self.parts[number - 1] if number <= len(self.parts) else ""


def _fit_text(text: str, rule: TextRule) -> _Fitted:
    steps = []
    for reason, changed in _steps(text, rule):
        steps.append((reason, text, changed))
        text = changed
    return _Fitted(tuple(steps), tuple(pieces_of(text)))


def _changes(
    dataset: str, names: list[str], texts: pd.Series[Any], fitted: dict[str, _Fitted]
) -> list[Change]:
    """Changes of the texts of a variable, in the order of the records.

    Most texts do not change; only the rows of those that do are looked at.
    """
    long_paramcds = {
        text for text, fitted_text in fitted.items() if _is_over(names[0], fitted_text)
    }
    noted = {
        text
        for text, fitted_text in fitted.items()
        if fitted_text.steps or len(fitted_text.parts) > 1
    } | long_paramcds
    changes: list[Change] = []
    rows = texts.isin(list(noted)).to_numpy().nonzero()[0] if noted else ()
    for row in rows:
        text = texts.iloc[row]
        fitted_text, record = fitted[text], int(row) + 1
        for reason, before, after in fitted_text.steps:
            changes.append(Change(dataset, names[0], record, reason, before, after))
        text_written = "".join(fitted_text.parts)
        if text in long_paramcds:
            changes.append(
                Change(dataset, names[0], record, "paramcd_over_8", text_written, text_written)
            )
        if (count := len(fitted_text.parts)) > 1:
            # The text goes on in further variables.
            part_names = ", ".join(names[:count])
            changes.append(
                Change(dataset, names[0], record, "split_at_200", text_written, part_names)
            )
    return changes


def _is_over(name: str, fitted: _Fitted) -> bool:
    return name == "PARAMCD" and len("".join(fitted.parts)) > MOST_NAME


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


def _date(path: Path, day: dt.date) -> None:
    """Set the times in the header of a file, when it was written, to one day."""
    stamp = f"{day:%d%b%y}:00:00:00".upper().encode()
    with path.open("r+b") as file:
        for start in _TIMES:
            file.seek(start)
            if not _TIME.fullmatch(file.read(len(stamp))):
                raise ValueError("a transport file with its times elsewhere")
            file.seek(start)
            file.write(stamp)
