"""Names of columns as people write them, brought to a form in which they can be compared."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from durable.jdm.synonyms import PARTS_OF_SCORES

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[a-z]+|[0-9]+|[^\W\d_a-z]+")
#: The number of a question before its text: 8a. Upper limit of normal.
_NUMBER = re.compile(r"^\s*\(?[0-9]{1,3}[a-z]?[.)]\s+(?=\S)")
#: A unit at the end of a heading: weight (kg), dose [10^6/kg], "weight, kg/d".
_UNIT = re.compile(r"^(.*?)\s*(?:[(\[{]([^()\[\]{}]*)[)\]}]|[,/]\s*([^\s,()]+/[^\s,()]+))\s*$")
#: Words that say too little to be found within another name.
_GENERIC = frozenset(
    (
        *("date", "event", "test", "day", "value", "result", "unit", "units", "reason", "from"),
        *("until", "start", "end", "subject", "visit", "grade", "score", "item", "high", "id"),
        *("drug", "treatment", "dose", "cells", "phase", "arm", "method", "parameter", "name"),
        *(
            "onset",
            "stop",
            "resolved",
            "treatments",
            "description",
            "category",
            "time",
            "type",
            "study",
            "folder",
            "first",
        ),
        *(
            "日期",
            "项目",
            "结果",
            "单位",
            "编号",
            "原因",
            "治疗",
            "药物",
            "方法",
            "日",
            "部分",
        ),
    )
)
#: Words that make something else of what they stand beside; so does a number.
_CHANGING = frozenset(
    (
        *("planned", "scheduled", "cancelled", "canceled", "change", "delta", "normal", "abnormal"),
        *("ratio", "end", "withdrawn", "withdrawal", "version", "diagnosis", "isoenzyme", "mb"),
        *("cumulative", "procedure", "ld", "lymphodepletion", *PARTS_OF_SCORES),
        *("prior", "previous", "report", "reported", "criteria", "best", "ivig", "percent", "z"),
        *("re", "last", "name", "start", "months", "weeks", "disease", "symptom", "symptoms"),
    )
)
_LEFT_OUT = frozenset(("of", "the", "a", "at", "for", "and", "in", "by", "to", "per", "raw", "std"))
#: Words that stand for another in a heading.
_SAME = {
    **dict.fromkeys(("dt", "dat", "dtc", "datum", "dte"), "date"),
    # Not "pt", which is a preferred term too.
    **dict.fromkeys(("subj", "patient", "participant", "subid"), "subject"),
    **dict.fromkeys(("no", "nr", "num", "number", "identifier", "code"), "id"),
    **dict.fromkeys(("starting", "begin", "onset", "stdt"), "start"),
    **dict.fromkeys(("stop", "ended", "resolution"), "end"),
}


@dataclass(frozen=True)
class Heading:
    """The heading of a column without its unit, and the unit; '' where it has none."""

    name: str
    unit: str = ""


@cache
def heading(text: str) -> Heading:
    """A heading in its parts: "8a. Weight (kg)" gives the name "Weight" and the unit "kg".

    The number of a question before it is left out; without a unit the name is the whole heading.
    """
    simple = _NUMBER.sub("", unicodedata.normalize("NFKC", text))
    match = _UNIT.match(simple)
    if match is None or not match[1].strip():
        return Heading(simple if _NUMBER.match(text) else text)
    return Heading(match[1], (match[2] or match[3] or "").strip())


@cache
def letters_and_digits(text: str) -> str:
    """The letters and digits of a text in lower case: "Visit-Date 1" gives "visitdate1"."""
    simple = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in simple if sign.isalnum())


@cache
def words(text: str) -> tuple[str, ...]:
    """The words of a name in lower case, each in its usual form: "VisitDt" gives ("visit", "date").

    Words such as ``of`` and ``the`` are left out; the order is that of the name.
    """
    parts = _WORD.findall(_CAMEL.sub(" ", unicodedata.normalize("NFKC", text)).casefold())
    return tuple(_SAME.get(part, part) for part in parts if part not in _LEFT_OUT)


@cache
def likeness(name: str, synonym: str) -> float:
    """How alike a name and a synonym are: 0.9 if the same, 0.88 in another order, 0 if not alike.

    A name that holds the whole synonym is more alike, from 0.5 to 0.8, the less else it holds, and
    hardly above 0.5 where that makes something else of it: planned, change, end, a number.
    """
    if letters_and_digits(name) == letters_and_digits(synonym):
        return 0.9
    theirs, ours = words(name), words(synonym)
    if not theirs or not ours:
        return 0.0
    if sorted(theirs) == sorted(ours):
        return 0.88
    if _GENERIC.issuperset(ours):
        return 0.0
    if set(ours) <= set(theirs) and len("".join(ours)) > 1:
        beside = set(theirs) - set(ours)
        changed = not _CHANGING.isdisjoint(beside) or any(word.isdecimal() for word in beside)
        return 0.5 + (0.1 if changed else 0.3) * len(ours) / len(theirs)
    whole, part = letters_and_digits(name), letters_and_digits(synonym)
    if not part.isascii() and len(part) > 1 and part in whole:
        return 0.5 + 0.3 * len(part) / len(whole)
    return 0.0
