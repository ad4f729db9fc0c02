"""Exposure, and cells against outcome, of the demo from the input files (docs/exposure.md)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.independent import concentrations
from tests.independent.estimates import Z, summary
from tests.independent.events import Event, events
from tests.independent.expected import Ard, Key, Row, Value, n_percent, plain
from tests.independent.laboratory import Result, at_visit, results
from tests.independent.study import (
    Subject,
    columns,
    improvement,
    number,
    rows,
    rules,
    subjects,
    until,
)

#: What the demo's configuration says.
VISIT, DEPLETION, CODES, TOLERANCE = "M3", "D14", ("CMAX", "AUC0_28"), Fraction(1, 5)
#: config: exposure.planned_lymphodepletion.
PLANNED = {"fludarabine": 90, "cyclophosphamide": 900}


def exposure(cutoff: date, *, b_cells: bool = True) -> dict[Key, Value]:
    """``t_exposure`` and ``t_cells_outcome`` at a data cut-off."""
    ard, study = Ard(), subjects(cutoff)
    collected, totals = apheresis(cutoff), medicines(study, cutoff)
    for (by, group), members in columns(study).items():
        every = (*_doses(members), *_apheresis(members, collected), *_medicines(members, totals))
        for parameter, found in every:
            ard.add(("t_exposure", "primary", by, group, parameter), found)
    infused = [s for s in study if s.infusion]
    seen = events(study, cutoff)
    for (by, group), members in columns(infused).items():
        for parameter, found in _cells(infused, members, seen, cutoff):
            if not b_cells and parameter.split("|")[-1] in ("BCELL", "APLASIA", "NO_APLASIA"):
                continue
            ard.add(("t_cells_outcome", "primary", by, group, parameter), found)
    return ard.rows


def _doses(enrolled: list[Subject]) -> Iterator[tuple[str, Iterator[Row] | list[Row]]]:
    prepared = [s for s in enrolled if s.lymphodepletion]
    infused = [s for s in enrolled if s.infusion]
    neither = [s for s in enrolled if not s.lymphodepletion and not s.infusion]
    waiting = [s for s in prepared if not s.infusion]
    yield "CONSENTED", [("n", len(enrolled), "")]
    yield "LYMPHODEPLETED", n_percent(len(prepared), len(enrolled))
    yield "LOST_BEFORE_LD", n_percent(len(neither), len(enrolled))
    yield "INFUSED", n_percent(len(infused), len(enrolled))
    yield "LOST_AFTER_LD", n_percent(len(waiting), len(prepared))
    dates = {
        "CONSENT_TO_LD": [(s.consent, s.lymphodepletion) for s in enrolled],
        "LD_TO_INFUSION": [(s.lymphodepletion, s.infusion) for s in enrolled],
        "CONSENT_TO_INFUSION": [(s.consent, s.infusion) for s in enrolled],
    }
    for name, pairs in dates.items():
        days = [Fraction((last - first).days) for first, last in pairs if first and last]
        yield name, plain(summary(days))
    received = [s.cells for s in infused if s.cells is not None]
    yield "RECEIVED", plain(summary(received))
    yield "RECEIVED", [("n_not_recorded", len(infused) - len(received), "")]
    shares = [s.cells / Fraction(s.dose) for s in infused if s.cells is not None and s.dose]
    yield "OF_PLANNED", plain(summary([100 * share for share in shares]))
    yield "OF_PLANNED", [("n_unknown", len(infused) - len(shares), "")]
    as_planned = sum(abs(share - 1) <= TOLERANCE for share in shares)
    yield "AS_PLANNED", n_percent(as_planned, len(shares))


def apheresis(cutoff: date) -> dict[str, date]:
    """Date of apheresis of those who had it by the data cut-off."""
    found = {row["subject_id"]: until(cutoff, row["apheresis_date"]) for row in rows("subjects")}
    return {name: when for name, when in found.items() if when}


def _apheresis(
    enrolled: list[Subject], collected: dict[str, date]
) -> Iterator[tuple[str, Iterator[Row] | list[Row]]]:
    there = [(s, collected[s.id]) for s in enrolled if s.id in collected]
    yield "APHERESED", n_percent(len(there), len(enrolled))
    before = [Fraction((when - s.consent).days) for s, when in there if s.consent]
    after = [Fraction((s.lymphodepletion - when).days) for s, when in there if s.lymphodepletion]
    yield "CONSENT_TO_APHERESIS", plain(summary(before))
    yield "APHERESIS_TO_LD", plain(summary(after))


@dataclass(frozen=True)
class Medicine:
    """What was given of a medicine: by subject the doses by day, None where it is not recorded."""

    name: str
    doses: dict[str, dict[date, Fraction | None]]

    def total(self, subject: str) -> Fraction | None:
        """Sum of all days; not known where the dose of one is not."""
        total = Fraction(0)
        for dose in self.doses[subject].values():
            if dose is None:
                return None
            total += dose
        return total


def medicines(study: list[Subject], cutoff: date) -> dict[str, Medicine]:
    """The medicines of the study by their names in small letters: doses before the infusion."""
    by_id, spelled, units = {s.id: s for s in study}, dict[str, list[str]](), dict[str, str]()
    given = dict[str, dict[str, dict[date, Fraction | None]]]()
    for row in rows("lymphodepletion"):
        when, subject = until(cutoff, row["administration_date"]), by_id.get(row["subject_id"])
        if when is None or subject is None or (subject.infusion and when >= subject.infusion):
            continue
        same = row["medicine"].lower()
        spelled.setdefault(same, []).append(row["medicine"])
        units[same] = row["unit"]
        by_day = given.setdefault(same, {}).setdefault(subject.id, {})
        assert when not in by_day
        by_day[when] = number(row["dose"])
    found = {
        same: Medicine(f"{max(names, key=names.count)} ({units[same]})", given[same])
        for same, names in spelled.items()
    }
    return {name: Medicine(name, {}) for name in PLANNED} | found


def _medicines(
    enrolled: list[Subject], given: dict[str, Medicine]
) -> Iterator[tuple[str, Iterator[Row] | list[Row]]]:
    for same, medicine in given.items():
        received = [s.id for s in enrolled if s.id in medicine.doses]
        yield f"LD_RECEIVED|{medicine.name}", n_percent(len(received), len(enrolled))
        totals = [medicine.total(name) for name in received]
        known = [total for total in totals if total is not None]
        yield f"LD_TOTAL|{medicine.name}", plain(summary(known))
        yield f"LD_TOTAL|{medicine.name}", [("n_not_recorded", len(totals) - len(known), "")]
        days = [Fraction(len(medicine.doses[name])) for name in received]
        yield f"LD_DAYS|{medicine.name}", plain(summary(days))
        if same in PLANNED:
            shares = [total / PLANNED[same] for total in known]
            as_planned = sum(abs(share - 1) <= TOLERANCE for share in shares)
            yield f"LD_OF_PLANNED|{medicine.name}", plain(summary([100 * x for x in shares]))
            yield f"LD_AS_PLANNED|{medicine.name}", n_percent(as_planned, len(shares))


def _cells(
    infused: list[Subject], members: list[Subject], seen: list[Event], cutoff: date
) -> Iterator[tuple[str, Iterator[Row] | list[Row]]]:
    found = {s.id: improvement(s, VISIT, rules(cutoff)) for s in members}
    scores = {
        name: r.score.total for name, r in found.items() if r.score and r.score.total is not None
    }
    improved = {
        name: r.improved is True
        for name, r in found.items()
        if r.improved is not None or r.reason != "PENDING"
    }
    grades = {s.id: worst(s, seen) for s in members}
    drawn = {s.id: depletion(s, cutoff) for s in members}
    counts = {name: Fraction(0) if r.below else r.value for name, r in drawn.items() if r}
    parts = {
        "IMPROVED": {name for name, yes in improved.items() if yes},
        "NOT_IMPROVED": {name for name, yes in improved.items() if not yes},
        "APLASIA": {name for name, r in drawn.items() if r and r.aplastic},
        "NO_APLASIA": {name for name, r in drawn.items() if r and not r.aplastic},
        "CRS_NONE": {name for name, grade in grades.items() if grade == 0},
        "CRS_ANY": {name for name, grade in grades.items() if grade != 0},
    }
    profiles = concentrations.profiles(infused, cutoff)
    for (assay, unit), by_subject in profiles.items():
        own = {
            name: concentrations.parameters(profile)
            for name, profile in by_subject.items()
            if name in grades
        }
        for code in CODES:
            head = f"{code}|{assay} ({unit})" if len(profiles) > 1 else code
            values = {n: p[code].value for n, p in own.items() if p[code].value is not None}
            yield head, [("n", len(values), "")]
            for name, outcome in (("SCORE", scores), ("BCELL", counts), ("CRS", grades)):
                pairs = [
                    (Fraction(value or 0), Fraction(outcome[n] or 0))
                    for n, value in values.items()
                    if outcome.get(n) is not None
                ]
                yield f"{head}|{name}", [("n", len(pairs), ""), ("rho", rank(pairs), "")]
            for name, part in parts.items():
                shown = [concentrations.fraction(v or 0) for n, v in values.items() if n in part]
                yield f"{head}|{name}", plain(summary(shown))


def depletion(subject: Subject, cutoff: date) -> Result | None:
    """The result of B cells at the visit."""
    return at_visit([r for r in results([subject], cutoff) if r.test == "BCELL"], DEPLETION)


def worst(subject: Subject, seen: list[Event]) -> int | None:
    """Worst ASTCT grade of a subject's cytokine release; 0 without, None without a grade.

    After a second infusion it does not count.
    """
    mine = [e for e in seen if e.subject == subject.id and e.emergent and e.interest == "CRS"]
    mine = [e for e in mine if not subject.reinfusion or e.start < subject.reinfusion]
    known = [e.astct for e in mine if e.astct is not None]
    return max(known, default=None) if mine else 0


def rank(pairs: Sequence[tuple[Fraction, Fraction]]) -> tuple[float | None, ...]:
    """Correlation of mid-ranks, each 1 + those below + half of the others that are equal."""

    def ranks(values: Sequence[Fraction]) -> list[Fraction]:
        return [
            1 + sum(v < x for v in values) + Fraction(sum(v == x for v in values) - 1, 2)
            for x in values
        ]

    n = len(pairs)
    if n < 2:
        return None, None, None
    a, b = (ranks(values) for values in zip(*pairs, strict=True))
    middle = Fraction(n + 1, 2)
    covariance = sum(((x - middle) * (y - middle) for x, y in zip(a, b, strict=True)), Fraction())
    spread = sum((x - middle) ** 2 for x in a) * sum((y - middle) ** 2 for y in b)
    if not spread:
        return None, None, None
    rho = float(covariance) / math.sqrt(spread)
    if n < 4 or covariance**2 == spread:
        return rho, None, None
    half = Z * math.sqrt((1 + rho**2 / 2) / (n - 3))
    centre = math.log((1 + rho) / (1 - rho)) / 2
    limits = [(math.exp(2 * z) - 1) / (math.exp(2 * z) + 1) for z in (centre - half, centre + half)]
    return rho, *limits
