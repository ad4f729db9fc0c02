"""Response over time, from the input files: the score and the measures at each visit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from tests.independent.estimates import mean_limits, summary
from tests.independent.expected import Ard, Key, Row, Value
from tests.independent.study import (
    CORE_SET,
    SCHEDULE,
    Subject,
    Visit,
    baseline,
    columns,
    first_therapy,
    improvement,
    rules,
    subjects,
)

CODES = ("PHYS", "PAR", "MUS", "FUN", "ENZ", "EXTR")
#: A value and whether new systemic therapy had begun before its day.
Observed = tuple[Fraction, bool]


def over_time(cutoff: date) -> dict[Key, Value]:
    """``t_response_visits``."""
    ard = Ard()
    infused = [s for s in subjects(cutoff) if s.infusion]
    for (by, group), members in columns(infused).items():
        head = ("t_response_visits", "primary", by, group)
        for parameter, values in by_visit(members, cutoff).items():
            ard.add((*head, parameter), at_visit(values, len(members)))
    return ard.rows


def by_visit(members: list[Subject], cutoff: date) -> dict[str, list[Observed]]:
    """Known values of the score at each visit, and of each measure at the baseline too."""
    found: dict[str, list[Observed]] = {}
    rule = rules(cutoff)
    for name in SCHEDULE:
        seen = [(s, improvement(s, name, rule)) for s in members]
        found[f"TIS|{name}"] = [
            (record.score.total, rescued(subject, record.visit))
            for subject, record in seen
            if record.visit and record.score and record.score.total is not None
        ]
        for code, (measure, _, _) in zip(CODES, CORE_SET.values(), strict=True):
            known = [(s, r.visit) for s, r in seen if r.visit]
            found[f"{code}|{name}"] = list(of_measure(known, measure))
    for code, (measure, _, _) in zip(CODES, CORE_SET.values(), strict=True):
        starts = [(s, start) for s in members if (start := baseline(s))]
        found[f"{code}|BASELINE"] = list(of_measure(starts, measure))
    return found


def of_measure(seen: list[tuple[Subject, Visit]], measure: str) -> Iterator[Observed]:
    for subject, visit in seen:
        value = visit.values[measure]
        if value is not None:
            yield value, rescued(subject, visit)


def rescued(subject: Subject, visit: Visit) -> bool:
    """ "An assessment on the day the therapy began counts as before it.\""""
    began = first_therapy(subject)
    return began is not None and visit.date > began


def at_visit(values: list[Observed], infused: int) -> Iterator[Row]:
    numbers = [value for value, _ in values]
    found = summary(numbers)
    yield "n_infused", infused, ""
    yield "n", len(numbers), ""
    yield "n_new_therapy", sum(after for _, after in values), ""
    yield "mean", mean_limits(numbers), ""
    for name in ("sd", "median", "min", "max"):
        yield name, found[name], ""
