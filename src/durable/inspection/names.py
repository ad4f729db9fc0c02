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
    """A heading without its unit, and the unit; '' where it has none."""

    name: str
    unit: str = ""


@cache
def heading(text: str) -> Heading:
    """The parts of a heading such as ``weight (kg)``; the number of a question is left out."""
    simple = _NUMBER.sub("", unicodedata.normalize("NFKC", text))
    found = _UNIT.match(simple)
    if found is None or not found[1].strip():
        return Heading(simple if _NUMBER.match(text) else text)
    return Heading(found[1], (found[2] or found[3] or "").strip())


@cache
def squeezed(text: str) -> str:
    """Letters and digits alone, in small letters and usual width."""
    simple = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in simple if sign.isalnum())


@cache
def words(text: str) -> tuple[str, ...]:
    """The words of a name, each in its usual form: ``VisitDt`` and ``Date of visit`` are alike."""
    parts = _WORD.findall(_CAMEL.sub(" ", unicodedata.normalize("NFKC", text)).casefold())
    return tuple(_SAME.get(part, part) for part in parts if part not in _LEFT_OUT)


@cache
def likeness(name: str, synonym: str) -> float:
    """How alike a name and a synonym are: 0.9 where they are the same, 0 where they have no part.

    A name that holds the whole synonym is the more alike the less else it holds, and hardly where
    that makes something else of it: planned, change, end.
    """
    if squeezed(name) == squeezed(synonym):
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
    whole, part = squeezed(name), squeezed(synonym)
    if not part.isascii() and len(part) > 1 and part in whole:
        return 0.5 + 0.3 * len(part) / len(whole)
    return 0.0
