"""Cellular kinetics of the demo in plain Python, by docs/kinetics.md."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.independent.study import Subject, rows

# config: kinetics.auc. Last day of an area: days before it within which a last sample supports it.
AREAS = {28: 3, 90: 14}
PERSISTENCE = {"D28": (28, 3), "M2": (60, 14), "M3": (90, 14)}
# config: kinetics.last_day.
LAST_DAY = 104
MINUTES = 24 * 60


@dataclass(frozen=True)
class Sample:
    """A result; time in days after infusion, concentration None where it is not quantifiable."""

    line: int
    day: int
    time: float
    value: float | None


@dataclass(frozen=True)
class Parameter:
    """value None = not calculable; flag NC, NOT DETECTED, EXTRAPOLATED or empty."""

    value: float | None
    flag: str = ""


def profiles(study: list[Subject], cutoff: date) -> dict[tuple[str, str], dict[str, list[Sample]]]:
    """Results of each infused subject, by assay and unit: "never mixed, never converted".

    Up to the day of a second infusion: a sample of that day was taken before it.
    """
    again = {s.id: s.since(s.reinfusion) for s in study if s.reinfusion}
    found: dict[tuple[str, str], dict[str, list[Sample]]] = {}
    for assay, by_subject in every_sample(study, cutoff).items():
        found[assay] = {}
        for name, samples in by_subject.items():
            kept = [s for s in samples if name not in again or s.day <= again[name]]
            if kept:
                found[assay][name] = kept
    return found


def second_profiles(
    study: list[Subject], cutoff: date
) -> dict[tuple[str, str], dict[str, list[Sample]]]:
    """Likewise from the day of the second infusion on, in days since it."""
    again = {s.id: s.since(s.reinfusion) for s in study if s.reinfusion}
    return {
        assay: {
            name: [
                Sample(s.line, s.day - again[name], s.time - again[name], s.value)
                for s in samples
                if s.day >= again[name]
            ]
            for name, samples in by_subject.items()
            if name in again and any(s.day >= again[name] for s in samples)
        }
        for assay, by_subject in every_sample(study, cutoff).items()
    }


def every_sample(
    study: list[Subject], cutoff: date
) -> dict[tuple[str, str], dict[str, list[Sample]]]:
    infused = {s.id: s for s in study if s.infusion}
    days: dict[tuple[str, str], dict[str, dict[int, list[dict[str, str]]]]] = {}
    for row in rows("kinetics"):
        taken = date.fromisoformat(row["sample_date"])
        subject = infused.get(row["subject_id"])
        if row["value"] == "" and row["below_lloq"] != "Y":
            continue  # "a sample without a result is no sample"
        if row.get("exclusion_reason"):
            continue  # nor is one that is excluded
        if subject and taken <= cutoff:
            by_subject = days.setdefault((row["assay"], row["unit"]), {})
            by_day = by_subject.setdefault(subject.id, {})
            by_day.setdefault(subject.since(taken), []).append(row)
    return {
        assay: {
            name: [s for day in sorted(by_day) for s in of_day(day, by_day[day])]
            for name, by_day in by_subject.items()
        }
        for assay, by_subject in sorted(days.items())
    }


def of_day(day: int, results: list[dict[str, str]]) -> list[Sample]:
    """The first result of a day lies at the whole day, the others the hours since later."""
    ordered = sorted(results, key=lambda row: minutes(row["sample_time"]))
    first = minutes(ordered[0]["sample_time"])
    return [
        Sample(
            int(row["line"]),
            day,
            day + (minutes(row["sample_time"]) - first) / MINUTES,
            quantified(row),
        )
        for row in ordered
    ]


def minutes(time: str) -> int:
    """Since midnight; "without time as drawn at 00:00"."""
    hour, minute = (time or "00:00").split(":")
    return 60 * int(hour) + int(minute)


def quantified(row: dict[str, str]) -> float | None:
    """The value, unless marked below the limit, 0, or below its limit."""
    if row["below_lloq"] == "Y":
        return None
    value = Fraction(row["value"])
    below = value == 0 or (row["lloq"] != "" and value < Fraction(row["lloq"]))
    return None if below else float(row["value"])


def cleaned(profile: list[Sample]) -> list[tuple[float, float]]:
    """Below the limit: 0 before the first and after the last quantifiable, missing between.

    The profile starts on day 0, with the last result on or before it, or at 0.
    """
    start = [s.value or 0.0 for s in profile if s.time <= 0]
    every = [(0.0, start[-1] if start else 0.0)]
    every += [(s.time, s.value or 0.0) for s in profile if s.time > 0]
    known = [t for t, c in every if c > 0]
    return [(t, c) for t, c in every if c > 0 or not known or not known[0] < t < known[-1]]


def segment(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Linear-up / log-down; linear into 0."""
    (t1, c1), (t2, c2) = a, b
    if 0 < c2 < c1:
        return (t2 - t1) * (c1 - c2) / math.log(c1 / c2)
    return (t2 - t1) * (c1 + c2) / 2


def area(points: list[tuple[float, float]]) -> float:
    return math.fsum(segment(a, b) for a, b in itertools.pairwise(points))


def terminal_slope(points: list[tuple[float, float]], peak: float) -> float | None:
    """PKNCA's: last 3, 4, ... quantifiable after Tmax; most samples within 0.0001 of best adj. R2.

    Only falling lines qualify; rising ones count for the best.
    """
    after = [(t, math.log(c)) for t, c in points if c > 0 and t > peak]
    fits = []
    for n in range(3, len(after) + 1):
        x, y = zip(*after[-n:], strict=True)
        mx, my = math.fsum(x) / n, math.fsum(y) / n
        sxx = math.fsum((u - mx) ** 2 for u in x)
        sxy = math.fsum((u - mx) * (v - my) for u, v in zip(x, y, strict=True))
        syy = math.fsum((v - my) ** 2 for v in y)
        r2 = sxy**2 / (sxx * syy)
        fits.append((1 - (1 - r2) * (n - 1) / (n - 2), n, sxy / sxx))
    if not fits:
        return None
    best = max(adjusted for adjusted, _, _ in fits)
    good = [(n, slope) for adjusted, n, slope in fits if slope < 0 and best - adjusted < 1e-4]
    return -max(good)[1] if good else None


def area_to(points: list[tuple[float, float]], end: int) -> Parameter:
    """The first line of the table "Area to end" that applies, with a result after day 0."""
    last_day = points[-1][0]
    if not any(c > 0 for _, c in points):  # never quantifiable
        if last_day >= end - AREAS[end]:
            return Parameter(0.0, "NOT DETECTED")
        return Parameter(None, "NC")
    before = [p for p in points if p[0] <= end]
    if last_day >= end:  # interpolated on the line between the neighbours
        if before[-1][0] == end:
            return Parameter(area(before))
        a = before[-1]
        b = next(p for p in points if p[0] > end)
        share = (end - a[0]) / (b[0] - a[0])
        if 0 < b[1] < a[1]:
            at_end = math.exp(math.log(a[1]) + share * (math.log(b[1]) - math.log(a[1])))
        else:
            at_end = a[1] + share * (b[1] - a[1])
        if b[1] == 0:  # "here it stays under the straight line"
            return Parameter(area(before) + (end - a[0]) * (a[1] + at_end) / 2)
        return Parameter(area(before) + segment(a, (end, at_end)))
    if points[-1][1] == 0:  # below the limit: 0 from there
        return Parameter(area(points))
    if last_day < end - AREAS[end]:
        return Parameter(None, "NC")
    peak = max(points, key=lambda p: (p[1], -p[0]))[0]
    slope = terminal_slope(points, peak)
    if slope is None:
        return Parameter(None, "NC")
    tail = points[-1][1] * (1 - math.exp(-slope * (end - last_day))) / slope
    return Parameter(area(points) + tail, "EXTRAPOLATED")


def parameters(profile: list[Sample]) -> dict[str, Parameter]:
    return exposure([s for s in profile if s.day <= LAST_DAY]) | persistence(profile)


def exposure(profile: list[Sample]) -> dict[str, Parameter]:
    codes = ("CMAX", "TMAX", "TLAST", "CLAST", "AUCLAST")
    if not any(s.day >= 1 for s in profile):  # "nothing after the day of infusion"
        return dict.fromkeys([*codes, *(f"AUC0_{end}" for end in AREAS)], Parameter(None, "NC"))
    points = cleaned(profile)
    # Results before day 0 are neither Cmax nor Tlast.
    measured = {s.time for s in profile if s.time >= 0}
    positive = [(t, c) for t, c in points if c > 0 and t in measured]
    if positive:
        peak = max(positive, key=lambda p: (p[1], -p[0]))  # first of equal peaks
        last = positive[-1]
        upto = [p for p in points if p[0] <= last[0]]
        values = (peak[1], peak[0], last[0], last[1], area(upto))
        found = {code: Parameter(value) for code, value in zip(codes, values, strict=True)}
    else:  # "Never detected: Cmax and AUClast 0, Tmax, Tlast and Clast NaN"
        never = dict.fromkeys(codes) | {"CMAX": 0.0, "AUCLAST": 0.0}
        found = {code: Parameter(value, "NOT DETECTED") for code, value in never.items()}
    return found | {f"AUC0_{end}": area_to(points, end) for end in AREAS}


def persistence(profile: list[Sample]) -> dict[str, Parameter]:
    """The result nearest in whole days; of two as near the earlier, of a day the first."""
    found = {}
    for label, (target, window) in PERSISTENCE.items():
        inside = [s for s in profile if abs(s.day - target) <= window]
        near = min(inside, key=lambda s: (abs(s.day - target), s.time), default=None)
        value = None if near is None else float(near.value is not None)
        found[f"PERS{label}"] = Parameter(value, "" if near else "NC")
    return found


def fraction(value: float) -> Fraction:
    """The float as it is: summaries add in exact fractions."""
    return Fraction(value)
