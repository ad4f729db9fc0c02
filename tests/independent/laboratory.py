"""The laboratory of the demo, in plain Python from the CSV files: values, grades, B cells.

Rules are those of docs/laboratory.md ("laboratory") and config/README.md ("config").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.independent.estimates import KaplanMeier, percent, summary
from tests.independent.events import events
from tests.independent.expected import (
    MONTH,
    Ard,
    Key,
    Row,
    Value,
    counted,
    landmark,
    plain,
    quantile,
)
from tests.independent.study import SCHEDULE, Subject, columns, number, rows, subjects, until

# config: laboratory.tests. Recorded unit and its factor; limits of grades 2, 3 and 4.
FACTORS = {"/uL": Fraction(1, 1000), "g/dL": Fraction(10)}
TESTS = (
    *("NEUT", "LYM", "WBC", "HGB", "PLAT", "BCELL", "IGG", "IGM", "IGA", "FERRITIN", "CRP", "IL6"),
)
LIMITS = {
    "NEUT": ("1.5", "1", "0.5"), "LYM": ("0.8", "0.5", "0.2"), "WBC": ("3", "2", "1"),
    "HGB": ("100", "80"), "PLAT": ("75", "50", "25"),
}  # fmt: skip
APLASIA, RECOVERY, CONSECUTIVE = 50, 100, 2


@dataclass(frozen=True)
class Result:
    subject: Subject
    test: str
    date: date
    value: Fraction
    below: bool
    lloq: Fraction | None
    lower: Fraction | None

    @property
    def day(self) -> int:
        return self.subject.since(self.date)

    @property
    def after(self) -> bool:
        """Results of the day of infusion are not after it."""
        return self.day > 0

    @property
    def grade(self) -> int:
        """Every count of the demo is quantifiable and has a lower limit of normal."""
        assert self.lower is not None
        assert not self.below
        fixed = [n for n, limit in enumerate(LIMITS[self.test], 2) if self.value < Fraction(limit)]
        return max([int(self.value < self.lower), *fixed])

    @property
    def aplastic(self) -> bool:
        return (
            self.lloq is not None and self.lloq <= APLASIA if self.below else self.value < APLASIA
        )

    @property
    def recovered(self) -> bool:
        return not self.below and self.value >= RECOVERY


def results(infused: Sequence[Subject], cutoff: date) -> list[Result]:
    """Results of the infused up to the cut-off, by date; one below the limit is half of it."""
    who = {s.id: s for s in infused}
    found = []
    for row in rows("laboratory"):
        drawn = until(cutoff, row["sample_date"])
        if row["subject_id"] not in who or drawn is None:
            continue
        factor = FACTORS.get(row["unit"], Fraction(1))
        value, lloq, lower = (number(row[name]) for name in ("value", "lloq", "lower_limit"))
        below = row["below_lloq"] == "Y"
        if below:
            assert lloq is not None
            value = lloq / 2
        assert value is not None
        found.append(
            Result(
                who[row["subject_id"]],
                row["test"],
                drawn,
                value * factor,
                below,
                lloq,
                None if lower is None else lower * factor,
            )
        )
    return sorted(found, key=lambda r: r.date)


def baseline(series: Sequence[Result]) -> Result | None:
    """The last before lymphodepletion, that day included; in the demo all have one."""
    early = [r for r in series if r.date <= (r.subject.lymphodepletion or r.date)]
    return early[-1] if early else None


def at_visit(series: Sequence[Result], visit: str) -> Result | None:
    """The result closest to the target day; of two as near the earlier."""
    if visit == "BASELINE":
        return baseline(series)
    target, window = SCHEDULE[visit]
    within = [r for r in series if r.after and abs(r.day - target) <= window]
    return min(within, key=lambda r: (abs(r.day - target), r.day), default=None)


def laboratory(cutoff: date) -> dict[Key, Value]:
    """``t_laboratory``, ``t_lab_shift`` and ``t_bcells``."""
    ard = Ard()
    infused = [s for s in subjects(cutoff) if s.infusion]
    series = {
        (s.id, test): [r for r in results(infused, cutoff) if r.subject is s and r.test == test]
        for s in infused
        for test in TESTS
    }
    for (by, group), members in columns(infused).items():
        for output in ("t_laboratory", "t_lab_shift", "t_bcells", "t_icaht"):
            head = (output, "primary", by, group, "")
            ard.add(head, [("n_infused", len(members), "")])
        for (test, visit), found in by_visit(infused, members, series).items():
            ard.add(("t_laboratory", "primary", by, group, f"{test}|{visit}"), found)
        for parameter, found in shifts(infused, members, series).items():
            ard.add(("t_lab_shift", "primary", by, group, parameter), found)
        for parameter, found in icaht(members, series).items():
            ard.add(("t_icaht", "primary", by, group, parameter), found)
        for parameter, found in treatment(infused, members, cutoff).items():
            ard.add(("t_ae_crs", "primary", by, group, parameter), found)
        for parameter, found in b_cells(infused, members, series, cutoff).items():
            ard.add(("t_bcells", "primary", by, group, parameter), found)
    return ard.rows


Series = dict[tuple[str, str], list[Result]]


def by_visit(
    infused: list[Subject], members: list[Subject], series: Series
) -> dict[tuple[str, str], list[Row]]:
    found = {}
    for test in TESTS:
        for visit in ("BASELINE", *SCHEDULE):
            everyone = {s.id: at_visit(series[s.id, test], visit) for s in infused}
            if not any(everyone.values()):
                continue
            here = [r for s in members if (r := everyone[s.id])]
            values = summary([r.value for r in here])
            lines = [*plain({k: values[k] for k in ("n", "mean", "sd", "median", "min", "max")})]
            lines.append(("n_blq", sum(r.below for r in here), ""))
            if visit != "BASELINE":
                changes = [
                    r.value - start.value
                    for r in here
                    if (start := baseline(series[r.subject.id, test]))
                ]
                change = summary(changes)
                lines += plain({f"chg_{k}": change[k] for k in ("n", "median", "min", "max")})
            found[test, visit] = lines
    return found


def shifts(infused: list[Subject], members: list[Subject], series: Series) -> dict[str, list[Row]]:
    """Baseline grade by worst grade within 28 days and in all of follow-up."""
    words = ("0", "1", "2", "3", "4", "unknown", "none")
    found = {}
    for test in LIMITS:
        for window, last in (("D28", 28), ("ALL", 10_000)):
            pairs = {}
            for s in infused:
                start = baseline(series[s.id, test])
                grades = [r.grade for r in series[s.id, test] if 0 < r.day <= last]
                worst = str(max(grades)) if grades else "none"
                pairs[s.id] = (str(start.grade) if start else "none", worst)
            for grade in sorted({first for first, _ in pairs.values()}):
                mine = [pairs[s.id][1] for s in members if pairs[s.id][0] == grade]
                lines: list[Row] = [("n", len(mine), "")]
                lines += [(f"n_{word}", mine.count(word), "") for word in words]
                found[f"{test}|{window}|{grade}"] = lines
    return found


# --- B cells --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Course:
    """B cells of a subject after the infusion."""

    results: list[Result]
    aplasia: date | None
    recovery: date | None
    followed: date | None
    """Last result, before a recovery that the results end with and that is not confirmed."""
    unconfirmed: bool
    tail: date | None = None
    """First result of such a recovery."""

    def in_aplasia(self, when: date) -> bool:
        if self.aplasia is None or when < self.aplasia:
            return False
        if self.recovery or self.tail:
            return when < (self.recovery or self.tail or when)
        return self.followed is not None and when <= self.followed


def of_first(subject: Subject, series: Sequence[Result]) -> list[Result]:
    """Results up to the day of a second infusion, on which a sample is taken before it."""
    again = subject.reinfusion
    return [r for r in series if not again or r.date <= again]


def course(series: Sequence[Result]) -> Course:
    after = [r for r in series if r.after]
    start = next((r.date for r in after if r.aplastic), None)
    if start is None:
        return Course(after, None, None, after[-1].date if after else None, False)
    later = [r for r in after if r.date > start]
    for i in range(len(later) - CONSECUTIVE + 1):
        if all(r.recovered for r in later[i : i + CONSECUTIVE]):
            return Course(after, start, later[i].date, None, False)
    kept = list(after)
    while kept[-1].date > start and kept[-1].recovered:
        kept.pop()
    tail = after[len(kept)].date if len(kept) < len(after) else None
    return Course(after, start, None, kept[-1].date, tail is not None, tail)


def b_cells(
    infused: list[Subject], members: list[Subject], series: Series, cutoff: date
) -> dict[str, list[Row]]:
    courses = {s.id: course(of_first(s, series[s.id, "BCELL"])) for s in members}
    n = len(members)
    first = [s.since(a) for s in members if (a := courses[s.id].aplasia)]
    low = [s for s in members if (b := baseline(series[s.id, "BCELL"])) and b.aplastic]
    days = summary([Fraction(d) for d in first])
    infections = [
        e
        for e in events(subjects(cutoff), cutoff)
        if e.interest == "INFECTION"
        and e.subject in courses
        and (e.day is not None and e.day >= 0)
        and courses[e.subject].in_aplasia(e.start)
    ]
    severe = {e.subject for e in infections if (e.grade or 0) >= 3}
    lowest, below = immunoglobulin(members, series)
    depleted = [s for s in members if courses[s.id].aplasia]
    return {
        "BCAPL": [
            *counted("measured", sum(bool(c.results) for c in courses.values()), n),
            *counted("low_at_baseline", len(low), n),
            *counted("event", len(first), n),
            *plain({f"day_{k}": days[k] for k in ("median", "min", "max")}),
        ],
        "BCREC": [*recovery(depleted, courses)],
        "INFECTION": [
            ("n_subjects", len(depleted), ""),
            *counted("any", len({e.subject for e in infections}), len(depleted)),
            *counted("severe", len(severe), len(depleted)),
            ("n_events", len(infections), ""),
        ],
        "IMMUNOGLOBULIN": [
            *plain({k: lowest[k] for k in ("n", "median", "min", "max")}),
            ("n_low", below, ""),
            ("percent_low", percent(below, int(lowest["n"] or 0)), ""),
            *counted("replaced", replaced(members, cutoff), n),
        ],
    }


def immunoglobulin(members: list[Subject], series: Series) -> tuple[dict[str, float | None], int]:
    after = [[r for r in series[s.id, "IGG"] if r.after] for s in members]
    lowest = summary([min(r.value for r in found) for found in after if found])
    return lowest, sum(any(r.value < (r.lower or 0) for r in found) for found in after)


def replaced(members: list[Subject], cutoff: date) -> int:
    """Given intravenous immunoglobulin on or after the day of infusion."""
    given = {
        row["subject_id"]
        for row in rows("therapies")
        for s in members
        if row["subject_id"] == s.id
        and row["therapy"] == "immunoglobulin, intravenous"
        and until(cutoff, row["start_date"])
        and ((end := until(cutoff, row["end_date"])) is None or end >= (s.infusion or end))
    }
    return len(given)


def recovery(depleted: list[Subject], courses: dict[str, Course]) -> Iterator[Row]:
    """Days from infusion, both ends included."""
    observed: list[tuple[int, bool]] = []
    reasons = []
    for s in depleted:
        mine = courses[s.id]
        end = mine.recovery or mine.followed
        assert end is not None
        observed.append((s.since(end) + 1, mine.recovery is not None))
        if mine.recovery is None:
            died = "died" if s.death else "ongoing"
            died = "reinfused" if s.reinfusion else died
            reasons.append("unconfirmed" if mine.unconfirmed else died)
    n, happened = len(observed), sum(event for _, event in observed)
    yield "n_subjects", n, ""
    yield from counted("event", happened, n)
    yield from counted("censored", n - happened, n)
    for name in ("ongoing", "unconfirmed", "died", "reinfused"):
        yield from counted(f"censored_{name}", reasons.count(name), n)
    km = KaplanMeier(observed)
    for name, p in (("q25", 1), ("median", 2), ("q75", 3)):
        yield name, *quantile(km, Fraction(p, 4))
    for name, extreme in (("min", min), ("max", max)):
        time = extreme((t for t, _ in observed), default=None)
        events_then = [event for t, event in observed if t == time]
        note = "" if any(events_then) or not events_then else "censored"
        yield name, None if time is None else float(time / MONTH), note
    for month in (6, 12):
        yield f"landmark_M{month}", *landmark(km, month)
        at_risk = sum(t >= month * MONTH for t, _ in observed)
        yield f"at_risk_M{month}", at_risk, ""


# --- haematotoxicity ------------------------------------------------------------------------------


def every_day(series: Sequence[Result], last: int) -> list[Fraction | None]:
    """Neutrophils on days 0 to `last`: gaps of at most 7 days lie on the line between results."""
    lowest: dict[int, Fraction] = {}
    for r in series:
        lowest[r.day] = min(r.value, lowest.get(r.day, r.value))
    counts: list[Fraction | None] = []
    for day in range(last + 1):
        before = max((d for d in lowest if d <= day), default=None)
        after = min((d for d in lowest if d >= day), default=None)
        if before is None or after is None or after - before - 1 > 7:
            counts.append(None)
        elif before == after:
            counts.append(lowest[day])
        else:
            share = Fraction(day - before, after - before)
            counts.append(lowest[before] + share * (lowest[after] - lowest[before]))
    return counts


def longest(low: Sequence[bool]) -> int:
    """Days of the longest spell; one or two days above the limit do not end it."""
    best = start = 0
    last: int | None = None
    for day, is_low in enumerate(low):
        if is_low:
            start = day if last is None or day - last > 3 else start
            last = day
            best = max(best, day - start + 1)
    return best


def early(counts: Sequence[Fraction]) -> int:
    severe = longest([c <= Fraction(1, 2) for c in counts])
    profound = longest([c <= Fraction(1, 10) for c in counts])
    if profound >= 14 or all(c <= Fraction(1, 2) for c in counts):
        return 4
    if profound >= 7 or severe >= 14:
        return 3
    return 2 if severe >= 7 else int(severe >= 1)


def late(series: Sequence[Result]) -> int | None:
    """The grade that two days with a result have reached."""
    days: dict[int, Fraction] = {}
    for r in series:
        if 30 < r.day <= 100:
            days[r.day] = min(r.value, days.get(r.day, r.value))
    if len(days) < 2:
        return None
    second = sorted(days.values())[1]
    return sum(second <= Fraction(limit) for limit in ("1.5", "1", "0.5", "0.1"))


def icaht(members: list[Subject], series: Series) -> dict[str, list[Row]]:
    n = len(members)
    ranges: list[tuple[int, int] | None] = []
    days: list[Fraction] = []
    lates = []
    for s in members:
        mine = of_first(s, series[s.id, "NEUT"])
        last = min([30, *(s.since(end) for end in (s.death, s.reinfusion) if end)])
        counts = every_day(mine, last)
        lates.append(late(mine))
        if not any(0 <= r.day <= last for r in mine):
            ranges.append(None)
            continue
        best = early([Fraction(99) if c is None else c for c in counts])
        worst = early([Fraction(0) if c is None else c for c in counts])
        ranges.append((best, worst))
        if None not in counts:
            days.append(Fraction(longest([c is not None and c <= Fraction(1, 2) for c in counts])))
    known = [r[0] for r in ranges if r and r[0] == r[1]]
    lines: list[Row] = []
    for grade in range(5):
        lines += counted(f"grade_{grade}", known.count(grade), n)
    given = [r for r in ranges if r]
    lines += counted("unknown", len(given) - len(known), n)
    lines += counted("none", n - len(given), n)
    lines += counted("severe_lowest", sum(r[0] >= 3 for r in given), n)
    lines += counted("severe_highest", sum(r[1] >= 3 for r in given), n)
    found = summary(days)
    lines += plain({f"days_{k}": found[k] for k in ("n", "median", "min", "max")})
    later: list[Row] = []
    for grade in range(5):
        later += counted(f"grade_{grade}", lates.count(grade), n)
    later += counted("none", lates.count(None), n)
    later += counted("severe", sum(g is not None and g >= 3 for g in lates), n)
    return {"EARLY": lines, "LATE": later}


# --- treatment of CRS and ICANS -------------------------------------------------------------------


def treatment(infused: list[Subject], members: list[Subject], cutoff: date) -> dict[str, list[Row]]:
    """Subjects with CRS or ICANS after the infusion who were treated so in any of their events."""
    start = {s.id: s.infusion for s in infused}
    names = {s.id for s in members}
    found = {}
    for interest in ("CRS", "ICANS"):
        mine = [
            row
            for row in rows("adverse_events")
            if row["aesi"] == interest
            and row["subject_id"] in names
            and (began := until(cutoff, row["start_date"]))
            and began >= (start[row["subject_id"]] or began)
        ]
        who = {row["subject_id"] for row in mine}
        lines: list[Row] = []
        for name in ("tocilizumab", "corticosteroid", "icu"):
            treated = {row["subject_id"] for row in mine if row[name] == "Y"}
            unknown = {row["subject_id"] for row in mine if not row[name]} - treated
            lines += counted(name, len(treated), len(who))
            lines.append((f"n_{name}_unknown", len(unknown), ""))
        found[interest] = lines
    return found
