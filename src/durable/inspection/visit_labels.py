"""Labels of visits as studies write them, and the days on which they are due."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from durable.intake.findings import UNSCHEDULED
from durable.schedule import DEFAULT_SCHEDULE

_DAYS_A_MONTH = 365.25 / 12
_BEFORE = {
    "SCREENING": r"scr|screen|screening|筛选|筛选期|筛选访视",
    "BASELINE": r"bl|base|baseline|基线|基线期|基线访视",
    UNSCHEDULED: r"uns|unsch|unscheduled|unsched|unplanned|计划外|非计划|计划外访视|临时访视",
}
_UNITS = {
    "D": "d|day|days|天|日",
    "W": "w|wk|week|weeks|周",
    "M": "m|mo|mon|mth|month|months|月|个月",
    "Y": "y|yr|year|years|年",
}
_NUMBERED = {
    unit: re.compile(rf"(?:第)?(?:(?:{words})\s*(-?[0-9]{{1,4}})|(-?[0-9]{{1,4}})\s*(?:{words}))")
    for unit, words in _UNITS.items()
}
_PLAIN = {
    label: re.compile(rf"(?:{words})(?:\s*[0-9]{{1,3}}){{0,2}}") for label, words in _BEFORE.items()
}
#: What surrounds the label itself: visit, arm 1, follow-up.
_AROUND = re.compile(
    r"\b(?:arm [0-9]+|visit|follow ?up|fu|after infusion|post infusion|访视|随访)\b"
)
_NUMBERED_VISIT = re.compile(r"(?:v|visit|访视)\s*(-?[0-9]{1,3})", re.IGNORECASE)
#: What a label of the schedule may be (`sections.Name`).
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MOST_LABELS = 60


@cache
def usual_label(text: str) -> str:
    """The label in its usual form (M2, D28, SCREENING, UNS); '' where none is known.

    Examples
    --------
    >>> usual_label("month_2_arm_1"), usual_label("Week 4"), usual_label("Visit 3")
    ('M2', 'W4', '')
    """
    simple = unicodedata.normalize("NFKC", text).casefold()
    simple = re.sub(r"[_\s.]+", " ", simple).strip()
    bare = " ".join(_AROUND.sub(" ", simple).split())
    for label, pattern in _PLAIN.items():
        if pattern.fullmatch(bare):
            return label
    for unit, pattern in _NUMBERED.items():
        match = pattern.fullmatch(bare)
        if match:
            number = int(match[1] or match[2])
            return f"M{12 * number}" if unit == "Y" else f"{unit}{number}"
    return ""


def unit_of_numbers(heading: str) -> str:
    """The unit, D, W, M or Y, that a heading states: "Timepoint (mo)" gives "M"; else ''."""
    simple = unicodedata.normalize("NFKC", heading).casefold()
    match = re.search(r"[(\[,/]\s*([^\W\d_]+)\s*[)\]]?\s*$", simple) or re.match(r"(\w+)$", simple)
    word = match[1] if match else ""
    return next((unit for unit, words in _UNITS.items() if word in words.split("|")), "")


def due_day(label: str) -> int | None:
    """Day after infusion on which a visit with this usual label is due: W4 gives 28, D-3 gives -3.

    None for a label without a day (UNS, SCREENING) that the default schedule does not have.
    """
    known = {visit.visit: visit.day for visit in DEFAULT_SCHEDULE}
    if label in known:
        return known[label]
    match = re.fullmatch(r"([DWM])(-?[0-9]+)", label)
    if match is None:
        return None
    number = int(match[2])
    days = {"D": number, "W": 7 * number, "M": round(number * _DAYS_A_MONTH)}
    return days[match[1]]


def are_labels(texts: Iterable[str]) -> bool:
    """Whether at least 60% of the texts are labels of visits, such as Month 2 or V3.

    False where there are no texts, or more than 60.
    """
    distinct_texts = list(texts)
    if not distinct_texts or len(distinct_texts) > _MOST_LABELS:
        return False
    like = sum(bool(usual_label(t) or _NUMBERED_VISIT.fullmatch(t.strip())) for t in distinct_texts)
    return like >= 0.6 * len(distinct_texts)


def is_name(label: str) -> bool:
    """Whether a schedule can have the label: 1 to 64 of A-Z, a-z, 0-9, _ and -, no sign first."""
    return _NAME.fullmatch(label) is not None


def label_map(texts: Iterable[str], *, free: bool = True, unit: str = "") -> dict[str, str]:
    """By label as a study spells it the label that a plan can have: "Month 2" gives "M2".

    Left out are labels that need no change and texts with a star; empty for more than 60 labels.

    Parameters
    ----------
    free
        Whether spellings of screening and baseline may stay: they do if ASCII without ``_``.
    unit
        What numbers alone count, D, W, M or Y (`unit_of_numbers`); '' where that is not known.
    """
    candidates = [text for text in texts if "*" not in text]  # a star would be a pattern
    usual = {
        text: usual_label(f"{unit}{text}" if text.isdecimal() else text) for text in candidates
    }
    if unit in ("W", "M") and "0" in usual:
        usual["0"] = "BASELINE"
    used_labels = {label for label in (*usual.values(), *candidates) if is_name(label)}
    labels: dict[str, str] = {}
    for text in candidates if len(candidates) <= _MOST_LABELS else ():
        label = usual[text]
        plain = free and text.isascii() and "_" not in text and not text.isdecimal()
        if label in ("SCREENING", "BASELINE") and plain:
            continue
        label = label or (text if is_name(text) else _new_name(text, used_labels))
        used_labels.add(label)
        if label != text:
            labels[text] = label
    return labels


def _new_name(text: str, used_labels: set[str]) -> str:
    """A label for a text that is none: V3 for the third visit, else its letters and digits."""
    numbered = _NUMBERED_VISIT.fullmatch(text.strip())
    ascii_part = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:60]
    first = f"V{numbered[1].lstrip('-')}" if numbered else ascii_part or "VISIT"
    names = (first, *(f"{first}-{number}" for number in range(2, 2 * _MOST_LABELS)))
    return next(name for name in names if name not in used_labels)
