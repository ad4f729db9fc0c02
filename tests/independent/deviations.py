"""Protocol deviations from the input files, in plain Python (docs/deviations.md).

Nothing of the package is imported. The limits are those of config/config.yaml: 20 % of the dose of
the level, lymphodepletion 1 to 14 days before the infusion, 10 infused, the windows of the
schedule, the core set at months 2 and 3, new systemic therapy but for a recurrence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from tests.independent import eligibility
from tests.independent.estimates import percent
from tests.independent.expected import Ard, Key, Value
from tests.independent.study import CORE_SET, SCHEDULE, Subject, columns, rows, subjects

PLANNED, PERMITTED = 10, "recurrence"
CATEGORIES = (
    *("ELIGIBILITY", "DOSE", "LYMPHODEPLETION", "NUMBER_INFUSED", "VISIT_WINDOW", "CORE_SET"),
    "PROHIBITED",
)
UNIMPORTANT = {"VISIT_WINDOW"}


@dataclass(frozen=True, order=True)
class Judged:
    """A deviation, or one that cannot be judged, with its day and its row of the input."""

    subject: str
    category: str
    deviates: bool
    day: date
    visit: str
    table: str
    row: int


def judged(cutoff: date, *, screened: bool = True) -> list[Judged]:
    """Everything that is found in the infused at a data cut-off."""
    infused = [s for s in subjects(cutoff) if s.infusion]
    found = [one for s in infused for one in of_subject(s, cutoff)]
    found += of_criteria(infused, cutoff) if screened else [undecided(s) for s in infused]
    for place, (when, _, s) in enumerate(
        sorted((s.infusion, s.id, s) for s in infused if s.infusion)
    ):
        if place >= PLANNED:
            found.append(Judged(s.id, "NUMBER_INFUSED", True, when, "", "subjects", s.line))
    return sorted(found)


def undecided(subject: Subject) -> Judged:
    assert subject.infusion
    return Judged(subject.id, "ELIGIBILITY", False, subject.infusion, "", "subjects", subject.line)


def of_criteria(infused: list[Subject], cutoff: date) -> Iterator[Judged]:
    """Each violated criterion; once who has one that is undecided."""
    attempts = {(r["subject_id"], r["attempt"]): r for r in rows("screening")}
    answers = eligibility.of_demo(cutoff)
    for s in infused:
        own = {(a, c): v for (who, a, c), v in answers.items() if who == s.id and v[3]}
        for (attempt, _), (_, _, violated, _) in own.items():
            if violated:
                row = attempts[s.id, attempt]
                when = date.fromisoformat(row["screening_date"])
                line = int(row["line"])
                yield Judged(s.id, "ELIGIBILITY", True, when, "", "screening", line)
        if not own or any(answer == "U" for _, answer, _, _ in own.values()):
            yield undecided(s)


def of_subject(s: Subject, cutoff: date) -> Iterator[Judged]:
    assert s.infusion
    here = (s.infusion, "", "subjects", s.line)
    if s.cells is None or not s.dose:
        yield Judged(s.id, "DOSE", False, *here)
    elif abs(s.cells - Fraction(s.dose)) > Fraction(s.dose) / 5:
        yield Judged(s.id, "DOSE", True, *here)
    before = (s.infusion - s.lymphodepletion).days if s.lymphodepletion else 0
    if not 1 <= before <= 14:
        yield Judged(s.id, "LYMPHODEPLETION", True, *here)
    yield from of_visits(s, cutoff)
    for t in rows("therapies"):
        start = date.fromisoformat(t["start_date"])
        mine = t["subject_id"] == s.id and t["new_systemic"] == "Y" and t["reason"] != PERMITTED
        if mine and s.infusion <= start <= cutoff:
            line = int(t["line"])
            yield Judged(s.id, "PROHIBITED", True, start, "", "therapies", line)


def of_visits(s: Subject, cutoff: date) -> Iterator[Judged]:
    for v in s.visits:
        if v.label in SCHEDULE:
            target, window = SCHEDULE[v.label]
            if not max(1, target - window) <= s.since(v.date) <= target + window:
                yield Judged(s.id, "VISIT_WINDOW", True, v.date, v.label, "visits", v.line)
        else:
            assert v.label in ("SCREENING", "BASELINE", "UNS"), v
    measures = [measure for measure, _, _ in CORE_SET.values()]
    assert s.infusion
    for name in ("M2", "M3"):
        target, window = SCHEDULE[name]
        last = s.infusion + timedelta(target + window)
        if cutoff < last or any(end and end <= last for end in (s.death, s.withdrawal)):
            continue
        inside = [
            v for v in s.visits if abs(s.since(v.date) - target) <= window and v.label != "UNS"
        ]

        def lacking(visit: object) -> int:
            return sum(visit.values[m] is None for m in measures)  # type: ignore[attr-defined]

        if not inside:
            yield Judged(s.id, "CORE_SET", True, last, name, "subjects", s.line)
        elif min(map(lacking, inside)):
            best = min(
                inside, key=lambda v: (lacking(v), abs(s.since(v.date) - target), v.date, v.line)
            )
            yield Judged(s.id, "CORE_SET", True, best.date, name, "visits", best.line)


def deviations(cutoff: date, *, screened: bool = True) -> dict[Key, Value]:
    """``t_deviations`` at a data cut-off."""
    ard, every = Ard(), judged(cutoff, screened=screened)
    infused = [s for s in subjects(cutoff) if s.infusion]
    rows_of = {"ANY": set(CATEGORIES), "IMPORTANT": set(CATEGORIES) - UNIMPORTANT}
    rows_of |= {f"CATEGORY|{name}": {name} for name in CATEGORIES}
    for (by, group), members in columns(infused).items():
        names, n = {s.id for s in members}, len(members)
        head = ("t_deviations", "primary", by, group)
        ard.add((*head, ""), [("n_infused", n, "")])
        for parameter, categories in rows_of.items():
            own = [j for j in every if j.subject in names and j.category in categories]
            yes = {j.subject for j in own if j.deviates}
            unknown = {j.subject for j in own} - yes
            ard.add(
                (*head, parameter),
                [
                    ("n", len(yes), ""),
                    ("percent", percent(len(yes), n), ""),
                    ("n_deviations", sum(j.deviates for j in own), ""),
                    ("n_not_assessable", len(unknown), ""),
                    ("percent_not_assessable", percent(len(unknown), n), ""),
                ],
            )
    return ard.rows
