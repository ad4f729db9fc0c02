"""Laboratory results of the demo study, as its adverse events tell them.

Blood counts fall to the grade of a recorded cytopenia in the middle half of its days, B cells are
below the limit of quantification while B-cell aplasia is recorded, and markers of inflammation rise
with cytokine release syndrome.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from data.demo.drawing import Draw
from data.demo.stories import EVENTS, Event, Row, Subject


@dataclass(frozen=True)
class Test:
    """A laboratory test as the hospital reports it; the values are in its unit."""

    code: str
    unit: str
    decimals: int
    lower: str
    upper: str
    lloq: str = ""


TESTS = (
    Test("NEUT", "10^9/L", 2, "1.50", "8.00"),
    Test("LYM", "10^9/L", 2, "1.00", "4.80"),
    Test("WBC", "10^9/L", 2, "4.00", "12.00"),
    Test("HGB", "g/L", 0, "115", "150"),
    Test("PLAT", "10^9/L", 0, "150", "450"),
    Test("BCELL", "cells/uL", 0, "100", "600", "1"),
    Test("IGG", "g/L", 2, "6.00", "15.00"),
    Test("IGM", "g/L", 2, "0.40", "2.30", "0.05"),
    Test("IGA", "g/L", 2, "0.50", "2.50", "0.07"),
    Test("FERRITIN", "ug/L", 0, "10", "150"),
    Test("CRP", "mg/L", 1, "", "5.0", "0.5"),
    Test("IL6", "ng/L", 1, "", "7.0", "1.5"),
)
#: CQ-007 is followed by another laboratory, which counts per microlitre and decilitre.
OTHER_UNITS = {"NEUT": ("/uL", 1000, 0), "HGB": ("g/dL", 0.1, 1)}
OTHER_LABORATORY = "CQ-007"
#: Days after infusion of blood counts and of markers of inflammation, beside the visits.
COUNTED_AT = (0, 2, 4, 6, 8, 10, 12, 16, 18, 20, 23, 25, 30, 35, 42)
INFLAMMATION_AT = (0, 2, 4, 7, 10, 14, 21, 28)
B_CELLS_AT = (7,)
#: CQ-004 had few blood counts early on: what lies between them is not known.
RARELY_COUNTED, RARELY_AT = "CQ-004", (0,)
#: B cells of CQ-004 fall, but not to aplasia.
NEVER_APLASTIC = "CQ-004"
#: Bands of each grade, in the unit of the test: from, to, in hundredths of it.
_BANDS: Mapping[str, Mapping[int, tuple[int, int]]] = {
    "NEUT": {0: (220, 430), 1: (150, 150), 2: (105, 145), 3: (55, 95), 4: (8, 45)},
    "LYM": {0: (120, 280), 1: (82, 97), 2: (52, 78), 3: (22, 48), 4: (3, 18)},
    "HGB": {0: (11600, 13400), 1: (10200, 11300), 2: (8300, 9900), 3: (6800, 7800)},
    "PLAT": {0: (18000, 36000), 1: (8000, 14000), 2: (5200, 7300), 3: (2700, 4700)},
}
_TERMS = {"Neutropenia": "NEUT", "Lymphopenia": "LYM", "Anaemia": "HGB", "Thrombocytopenia": "PLAT"}


def laboratory_rows(subject: Subject, visits: Mapping[str, int], draw: Draw) -> Iterator[Row]:
    """The results of an infused subject.

    Parameters
    ----------
    subject
        The subject.
    visits
        Day after infusion of each visit that took place.
    """
    baseline = visits["BASELINE"]
    scheduled = [day for visit, day in visits.items() if visit[0] in "DM" and day > 0]
    counted = RARELY_AT if subject.subject_id == RARELY_COUNTED else COUNTED_AT
    days = {
        "counts": sorted({baseline, *counted, *scheduled}),
        "immunity": sorted({baseline, *B_CELLS_AT, *scheduled}),
        "inflammation": sorted({baseline, *INFLAMMATION_AT}),
    }
    events = EVENTS.get(subject.subject_id, ())
    for day in days["counts"]:
        yield from _counts(subject, day, events, draw)
    for day in days["immunity"]:
        yield from _immunity(subject, day, events, draw)
    for day in days["inflammation"]:
        yield from _inflammation(subject, day, events, draw)


def _row(subject: Subject, day: int, code: str, value: float) -> Row:
    (test,) = (test for test in TESTS if test.code == code)
    other = subject.subject_id == OTHER_LABORATORY and code in OTHER_UNITS
    unit, factor, decimals = OTHER_UNITS[code] if other else (test.unit, 1, test.decimals)
    below = bool(test.lloq) and value < float(test.lloq)

    def text(number: float) -> str:
        return f"{number * factor:.{decimals}f}"

    return {
        "subject_id": subject.subject_id,
        "sample_date": (subject.origin + dt.timedelta(days=day)).isoformat(),
        "test": code,
        "unit": unit,
        "value": "" if below else text(value),
        "below_lloq": "Y" if below else "N",
        "lloq": test.lloq,
        "lower_limit": text(float(test.lower)) if test.lower else "",
        "upper_limit": text(float(test.upper)),
    }


# --- blood counts ---------------------------------------------------------------------------------


def _counts(subject: Subject, day: int, events: tuple[Event, ...], draw: Draw) -> Iterator[Row]:
    values: dict[str, float] = {}
    for code, bands in _BANDS.items():
        low, high = bands[_grade(code, day, events)]
        values[code] = draw.between(low, high) / 100
    values["WBC"] = values["NEUT"] + values["LYM"] + draw.between(30, 70) / 100
    for code in ("NEUT", "LYM", "WBC", "HGB", "PLAT"):
        yield _row(subject, day, code, values[code])


def _grade(code: str, day: int, events: tuple[Event, ...]) -> int:
    """Grade of a count on a day: that of the recorded event in the middle half of its days."""
    grade = 2 if code == "LYM" and -1 <= day <= 12 else 0
    grade = max(grade, 1 if code == "PLAT" and 2 <= day <= 14 else 0)
    for event in events:
        if _TERMS.get(event.preferred_term) != code or event.end is None:
            continue
        if event.start <= day <= event.end:
            share = (day - event.start) / (event.end - event.start)
            depth = min(1.0, 4 * share, 4 * (1 - share))
            grade = max(grade, 2, round(depth * int(event.ctcae)))
    return grade


# --- immunity -------------------------------------------------------------------------------------


def _immunity(subject: Subject, day: int, events: tuple[Event, ...], draw: Draw) -> Iterator[Row]:
    aplasia = _days_of(events, "B-cell aplasia")
    replaced = _days_of(events, "Hypogammaglobulinaemia")
    level = _immunoglobulin_share(day, aplasia, floor=0.25 if replaced else 0.55)
    yield _row(subject, day, "BCELL", _b_cells(subject, day, aplasia, draw))
    for code, low, high in (("IGG", 900, 1200), ("IGM", 70, 140), ("IGA", 90, 170)):
        yield _row(subject, day, code, draw.between(low, high) * level / 100)


def _days_of(events: tuple[Event, ...], term: str) -> tuple[int, int] | None:
    """First and last day of the event of a term; one that is ongoing has no end in the study."""
    for event in events:
        if event.preferred_term == term:
            return event.start, 10_000 if event.end is None else event.end
    return None


def _b_cells(subject: Subject, day: int, aplasia: tuple[int, int] | None, draw: Draw) -> int:
    """B cells: few before aplasia is recorded, none in it, and a slow return."""
    usual = draw.between(180, 420)
    if day < 0:
        return usual
    if subject.subject_id == NEVER_APLASTIC or aplasia is None:
        return usual // 3 + 10 if day < 60 else usual
    start, end = aplasia
    if day < start:
        return usual // 20
    return 0 if day <= end else min(usual, 20 + 2 * (day - end))


def _immunoglobulin_share(day: int, aplasia: tuple[int, int] | None, floor: float) -> float:
    """Share of the immunoglobulin at baseline: it falls over 150 days and returns over 200."""
    if aplasia is None or day < aplasia[0]:
        return 1.0
    start, end = aplasia
    fallen = min(1.0, (min(day, end) - start) / 150)
    back = min(1.0, max(0, day - end) / 200)
    return 1.0 - (1.0 - floor) * fallen * (1.0 - back)


# --- inflammation ---------------------------------------------------------------------------------


def _inflammation(
    subject: Subject, day: int, events: tuple[Event, ...], draw: Draw
) -> Iterator[Row]:
    grade = max(
        (int(event.astct) for event in events if event.aesi == "CRS" and _is_near(event, day)),
        default=0,
    )
    values: dict[str, Callable[[], float]] = {
        "FERRITIN": lambda: draw.between(40, 140) + grade * draw.between(500, 900),
        "CRP": lambda: draw.between(3, 60) / 10 + grade * draw.between(250, 500) / 10,
        "IL6": lambda: draw.between(5, 60) / 10 + grade * draw.between(900, 2500) / 10,
    }
    for code, value in values.items():
        yield _row(subject, day, code, value())


def _is_near(event: Event, day: int) -> bool:
    return event.end is not None and event.start - 1 <= day <= event.end + 1
