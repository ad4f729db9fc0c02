"""Response over time, from the input files.

The score and the measures at each visit; the incidence of the end of response; who is in remission
when.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction

import numpy as np

from tests.independent.estimates import NE, Estimate, Z, mean_limits, summary
from tests.independent.expected import LANDMARKS, MONTH, Ard, Key, Row, Value, counted
from tests.independent.study import (
    CORE_SET,
    SCHEDULE,
    Duration,
    Subject,
    Visit,
    baseline,
    columns,
    durations,
    first_therapy,
    improvement,
    rules,
    subjects,
)

CODES = ("PHYS", "PAR", "MUS", "FUN", "ENZ", "EXTR")
#: A value and whether new systemic therapy had begun before its day.
Observed = tuple[Fraction, bool]


def over_time(cutoff: date) -> dict[Key, Value]:
    """``t_response_visits``, ``t_cuminc`` and ``t_inresponse``."""
    ard, rule = Ard(), rules(cutoff)
    infused = [s for s in subjects(cutoff) if s.infusion]
    for (by, group), members in columns(infused).items():
        head = ("t_response_visits", "primary", by, group)
        for parameter, values in by_visit(members, cutoff).items():
            ard.add((*head, parameter), at_visit(values, len(members)))
        ended = durations(members, rule)
        responses = [(r.days, r.end.what, r.end.event) for r in ended["DOR"].values()]
        for parameter, rows in incidences(responses).items():
            ard.add(("t_cuminc", "primary", by, group, parameter), rows)
        courses = [course(ended, name) for name in sorted(ended["TTREM"])]
        ard.add(("t_inresponse", "primary", by, group, "INREM"), in_remission(courses))
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


# --- t_cuminc -------------------------------------------------------------------------------------

#: What ends a response by the default rules, by cause.
CAUSES = {
    "RECURRENCE": ("RECURRENCE", "PROGRESSION"),
    "DEATH": ("DEATH",),
    "NEW_THERAPY": ("NEW SYSTEMIC THERAPY",),
}
#: Days, what happened, and whether that was an event.
Ended = tuple[int, str, bool]


def place(day: Fraction, last: int | None) -> tuple[Fraction, str, bool]:
    """Day as of which a landmark is estimated, the note, and whether it lies beyond all."""
    if last is None or day <= last:
        return day, "", last is None
    if day <= last + 30:
        note = f"as of day {last}, the last observed time, within landmark_tolerance_days"
        return Fraction(last), note, False
    return day, "after the last observed time", True


def incidences(records: list[Ended]) -> dict[str, list[Row]]:
    last = max((days for days, _, _ in records), default=None)
    found: dict[str, list[Row]] = {"DOR": [("n_subjects", len(records), "")]}
    for month in LANDMARKS:
        at_risk = sum(days >= month * MONTH for days, _, _ in records)
        found["DOR"].append((f"at_risk_M{month}", at_risk, ""))
    for cause, words in CAUSES.items():
        own = sum(event and what in words for _, what, event in records)
        found[cause] = list(counted("event", own, len(records)))
        for month in LANDMARKS:
            day, note, beyond = place(month * MONTH, last)
            estimate = NE if beyond else incidence(records, words, day)
            if estimate[0] == 0:
                note = "; ".join(filter(None, (note, "no event before: no interval")))
            found[cause].append((f"incidence_M{month}", estimate, note))
    return found


def incidence(records: list[Ended], words: Sequence[str], day: Fraction) -> Estimate:
    """Aalen-Johansen with the sum of squared derivatives by the subjects' weights as variance.

    The derivatives are differences over a weight of 1/10^9 in exact fractions.
    """
    one, small = [Fraction(1)] * len(records), Fraction(1, 10**9)
    value = weighted(records, words, day, one)
    variance = Fraction(0)
    for i in range(len(records)):
        up, down = (
            weighted(records, words, day, [w + s * (i == j) for j, w in enumerate(one)])
            for s in (small, -small)
        )
        variance += ((up - down) / (2 * small)) ** 2
    if value in (0, 1) or not variance:
        return float(value), None, None
    hazard = -math.log(value)
    spread = Z * math.sqrt(variance) / float(value) / hazard
    return (
        float(value),
        math.exp(-hazard * math.exp(spread)),
        math.exp(-hazard * math.exp(-spread)),
    )


def weighted(
    records: list[Ended], words: Sequence[str], day: Fraction, weights: Sequence[Fraction]
) -> Fraction:
    """Incidence of a cause through a day, every subject counting by its weight."""
    alive, total = Fraction(1), Fraction(0)
    for time in sorted({days for days, _, _ in records if days <= day}):
        pairs = list(zip(records, weights, strict=True))
        at_risk = sum((w for (days, _, _), w in pairs if days >= time), Fraction(0))
        here = [(what, w) for (days, what, event), w in pairs if days == time and event]
        total += alive * sum((w for what, w in here if what in words), Fraction(0)) / at_risk
        alive *= 1 - sum((w for _, w in here), Fraction(0)) / at_risk
    return total


# --- t_inresponse ---------------------------------------------------------------------------------

#: Day of entering remission (None: never), day of leaving or censoring, and whether it left.
Course = tuple[int | None, int, bool]


def course(ended: dict[str, dict[str, Duration]], name: str) -> Course:
    """A subject from infusion, day 1; death and rescue before remission are failures."""
    wait = ended["TTREM"][name]
    if wait.end.event:
        hold = ended["DOR"][name]
        return wait.days, (hold.end.date - wait.start).days + 1, hold.end.event
    return None, wait.days, wait.end.what in ("DEATH", "NEW SYSTEMIC THERAPY")


def occupied(courses: Sequence[Course]) -> tuple[list[int], list[float], int | None, bool]:
    """Distinct days, probability of being in remission from each, the last estimable day, and
    whether anybody may be in remission after the last."""
    days = sorted({d for start, end, _ in courses for d in (start, end) if d is not None})
    waiting, inside, found = 1.0, 0.0, []
    lasts = {"waiting": (0, 0.0), "inside": (0, 0.0)}
    for day in days:
        wait = [c for c in courses if (c[1] if c[0] is None else c[0]) >= day]
        held = [c for c in courses if c[0] is not None and c[0] < day <= c[1]]
        enter = sum(c[0] == day and not (c[2] and c[1] == day) for c in wait)
        fail = sum(c[2] and c[1] == day and c[0] in (None, day) for c in wait)
        lose = sum(c[2] and c[1] == day for c in held)
        inside = inside * (1 - lose / len(held)) if held else inside
        inside += waiting * enter / len(wait) if wait else 0.0
        waiting *= 1 - (enter + fail) / len(wait) if wait else 1.0
        found.append(inside)
        for name, members, probability in (
            ("waiting", wait, waiting), ("inside", held, inside)
        ):  # fmt: skip
            if members:
                lasts[name] = (day, probability)
    open_ends = [day for day, probability in lasts.values() if day and probability > 1e-12]
    return days, found, min([*open_ends, days[-1]]) if days else None, waiting + inside > 1e-12


def in_remission(courses: list[Course]) -> Iterator[Row]:
    n = len(courses)
    entered = [c for c in courses if c[0] is not None and not (c[2] and c[0] == c[1])]
    yield "n_subjects", n, ""
    yield from counted("entered", len(entered), n)
    yield from counted("ended", sum(c[2] for c in entered), n)
    yield from counted("failed", sum(c[2] for c in courses) - sum(c[2] for c in entered), n)
    days, probability, last, still_open = occupied(courses)
    # The samples of config: statistics.bootstrap_replicates and bootstrap_seed.
    drawn = np.random.default_rng(1976).integers(n, size=(1000, n)) if n else np.empty((0, 0), int)
    samples = [occupied([courses[i] for i in row])[:2] for row in drawn.tolist()]
    for month in LANDMARKS:
        day, note, beyond = place(month * MONTH, last)
        value = NE if beyond else limited(
            step(days, probability, day), [step(*sample, day) for sample in samples]
        )  # fmt: skip
        yield f"in_remission_M{month}", value, note
        when = month * MONTH
        at_risk = sum(c[0] is not None and c[0] < when <= c[1] for c in entered)
        yield f"at_risk_M{month}", at_risk, ""
        waits = sum((c[1] if c[0] is None else c[0]) >= when for c in courses)
        yield f"waiting_M{month}", waits, ""
    horizon = 24 * MONTH
    if last is None or (horizon > last and still_open):
        yield "time_in_remission_M24", NE, ""
        return
    mean = area(days, probability, horizon)
    if horizon > last and not all(left for _, _, left in courses):
        value = (mean, None, None)
    else:
        value = limited(mean, [area(*sample, horizon) for sample in samples])
    months = tuple(None if x is None else x / float(MONTH) for x in value)
    yield "time_in_remission_M24", months, ""


def step(days: Sequence[int], values: Sequence[float], day: Fraction) -> float:
    """Value of a step function that is 0 at first."""
    return [0.0, *values][sum(d <= day for d in days)]


def area(days: Sequence[int], values: Sequence[float], horizon: Fraction) -> float:
    ends = [float(min(Fraction(d), horizon)) for d in (*days[1:], horizon)]
    starts = [float(min(Fraction(d), horizon)) for d in days]
    return math.fsum(
        v * max(b - a, 0.0) for v, a, b in zip(values, starts, ends, strict=True)
    )  # fmt: skip


def limited(value: float, drawn: Sequence[float]) -> Estimate:
    """With percentile limits: the 25th from below and above of 1000; none without a width."""
    ranked = sorted(round(x, 12) for x in drawn)
    lower, upper = ranked[24], ranked[974]
    return (value, lower, upper) if lower < upper else (value, None, None)
