"""``t_reinfusion`` of the demo from the input files, in plain Python (docs/reinfusion.md)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from tests.independent import concentrations
from tests.independent.estimates import summary
from tests.independent.events import Event, events
from tests.independent.expected import Ard, Key, Row, Value, n_percent, plain
from tests.independent.study import (
    Subject,
    baseline,
    columns,
    remission,
    rules,
    score,
    subjects,
)

#: The score from which an assessment shows an improvement (Rider 2017, minimal).
LEAST = 30


def reinfusion(cutoff: date) -> dict[Key, Value]:
    """``t_reinfusion`` at a data cut-off."""
    ard = Ard()
    infused = [s for s in subjects(cutoff) if s.infusion]
    seen = events(subjects(cutoff), cutoff)
    for (by, group), members in columns(infused).items():
        ard.add(("t_reinfusion", "primary", by, group, ""), [("n_infused", len(members), "")])
        again = [s for s in members if s.reinfusion]
        for parameter, found in of_column(again, len(members), seen, cutoff):
            ard.add(("t_reinfusion", "primary", by, group, parameter), found)
        for parameter, found in peaks(infused, again, cutoff):
            ard.add(("t_reinfusion", "primary", by, group, parameter), found)
    return ard.rows


def of_column(
    again: list[Subject], infused: int, seen: list[Event], cutoff: date
) -> Iterator[tuple[str, Iterator[Row] | list[Row]]]:
    n = len(again)
    yield "REINFUSED", n_percent(n, infused)
    days = [
        Fraction((s.reinfusion - s.infusion).days) for s in again if s.reinfusion and s.infusion
    ]
    yield "DAYS", plain(summary(days))
    cells = [s.second_cells for s in again if s.second_cells is not None]
    yield "DOSE", plain(summary(cells))
    yield "DOSE", [("n_not_recorded", n - len(cells), "")]
    last = [before(s, cutoff) for s in again]
    for name, status in (("REMISSION", True), ("NO_REMISSION", False), ("UNKNOWN", None)):
        yield f"BEFORE_{name}", n_percent(sum(one is status for one in last), n)
    for name, best in (("IMPROVED", improved_after), ("REMISSION", remission_after)):
        known = [found for s in again if (found := best(s, cutoff)) is not None]
        yield f"AFTER_{name}", [("n_assessed", len(known), "")]
        yield f"AFTER_{name}", n_percent(sum(known), len(known))
    crs = {s.id: crs_after(s, seen) for s in again}
    grades = {name: [e.astct or 0 for e in mine] for name, mine in crs.items() if mine}
    yield "CRS", n_percent(len(grades), n)
    yield "CRS_GRADE_3_5", n_percent(sum(max(g) >= 3 for g in grades.values()), n)
    unknown = [mine for mine in crs.values() if mine and all(e.astct is None for e in mine)]
    yield "CRS_GRADE_3_5", [("n_grade_missing", len(unknown), "")]


def before(subject: Subject, cutoff: date) -> bool | None:
    """Remission at the last assessment on or before the day of the second infusion."""
    assert subject.reinfusion
    seen = [v for v in subject.visits if v.date <= subject.reinfusion]
    return remission(seen[-1], rules(cutoff)) if seen else None


def improved_after(subject: Subject, cutoff: date) -> bool | None:
    """Whether any score after it is that of an improvement; None where none is known."""
    del cutoff
    start = baseline(subject)
    assert subject.reinfusion
    later = [v for v in subject.visits if v.date > subject.reinfusion]
    if start is None:
        return None
    totals = [t for v in later if (t := score(start, v.values).total) is not None]
    return max(totals) >= LEAST if totals else None


def remission_after(subject: Subject, cutoff: date) -> bool | None:
    assert subject.reinfusion
    later = [v for v in subject.visits if v.date > subject.reinfusion]
    known = [r for v in later if (r := remission(v, rules(cutoff))) is not None]
    return any(known) if known else None


def crs_after(subject: Subject, seen: list[Event]) -> list[Event]:
    """Cytokine release that began on its day or later."""
    return [
        e
        for e in seen
        if e.subject == subject.id
        and e.interest == "CRS"
        and subject.reinfusion
        and e.start >= subject.reinfusion
    ]


def peaks(
    infused: list[Subject], again: list[Subject], cutoff: date
) -> Iterator[tuple[str, Iterator[Row] | list[Row]]]:
    """Cmax after each infusion, by assay."""
    names = {s.id for s in again}
    first = concentrations.profiles(infused, cutoff)
    second = concentrations.second_profiles(infused, cutoff)
    for assay, unit in first:
        head = f"CMAX|{assay} ({unit})" if len(first) > 1 else "CMAX"
        for period, profiles in (("PERIOD_1", first), ("PERIOD_2", second)):
            own = [p for name, p in profiles[assay, unit].items() if name in names]
            highest = [concentrations.parameters(p)["CMAX"].value for p in own]
            known = [concentrations.fraction(v) for v in highest if v is not None]
            yield f"{head}|{period}", plain(summary(known))
