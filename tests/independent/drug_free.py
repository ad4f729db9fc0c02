"""Glucocorticoids over time in the demo, from the input files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from tests.independent.estimates import summary
from tests.independent.expected import Ard, Key, Row, Value, counted, plain
from tests.independent.study import (
    SCHEDULE,
    Subject,
    Visit,
    baseline,
    columns,
    improvement,
    rules,
    subjects,
)


def drug_free(cutoff: date) -> dict[Key, Value]:
    """``t_glucocorticoid``."""
    ard, rule = Ard(), rules(cutoff)
    infused = [s for s in subjects(cutoff) if s.infusion]
    for (by, group), members in columns(infused).items():
        head = ("t_glucocorticoid", "primary", by, group)
        ard.add((*head, "BASELINE"), doses([(s, baseline(s)) for s in members], change=False))
        for visit in SCHEDULE:
            at_visit = [(s, improvement(s, visit, rule).visit) for s in members]
            ard.add((*head, visit), doses(at_visit, change=True))
    return ard.rows


def doses(assessed: list[tuple[Subject, Visit | None]], *, change: bool) -> Iterator[Row]:
    """The dose at the assessment that stands for a visit, none of it, and the change."""
    known = [(s, v.glucocorticoid) for s, v in assessed if v and v.glucocorticoid is not None]
    values = [dose for _, dose in known]
    yield from plain(summary(values))
    yield from counted("free", values.count(0), len(values))  # type: ignore[arg-type]
    if change:
        before = {s.id: start.glucocorticoid for s, _ in known if (start := baseline(s))}
        changes = [dose - first for s, dose in known if (first := before.get(s.id)) is not None]
        for name, number in summary(changes).items():
            yield ("n_change" if name == "n" else f"change_{name}"), number, ""
