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


@dataclass(frozen=True)
class Sample:
    """Day after infusion; concentration, None below the limit of quantification."""

    line: int
    day: int
    value: float | None


@dataclass(frozen=True)
class Parameter:
    """value None = not calculable; flag NC, NOT DETECTED, EXTRAPOLATED or empty."""

    value: float | None
    flag: str = ""


def profiles(study: list[Subject], cutoff: date) -> dict[tuple[str, str], dict[str, list[Sample]]]:
    """Samples of each infused subject, by assay and unit: "never mixed, never converted"."""
    found: dict[tuple[str, str], dict[str, list[Sample]]] = {}
    infused = {s.id: s for s in study if s.infusion}
    for row in rows("kinetics"):
        taken = date.fromisoformat(row["sample_date"])
        subject = infused.get(row["subject_id"])
        if subject and taken <= cutoff:
            below = row["below_lloq"] == "Y"
            value = None if below else float(row["value"])
            sample = Sample(int(row["line"]), subject.since(taken), value)
            by_subject = found.setdefault((row["assay"], row["unit"]), {})
            by_subject.setdefault(subject.id, []).append(sample)
    return found


def cleaned(profile: list[Sample]) -> list[tuple[int, float]]:
    """Below the limit: 0 before the first and after the last quantifiable, missing between.

    The profile starts on day 0, at 0 where there is no sample.
    """
    samples = sorted(profile, key=lambda s: s.day)
    known = [s.day for s in samples if s.value is not None]
    points = []
    for sample in samples:
        if sample.value is not None:
            points.append((sample.day, sample.value))
        elif not known or not known[0] < sample.day < known[-1]:
            points.append((sample.day, 0.0))
    return points if points and points[0][0] == 0 else [(0, 0.0), *points]


def segment(a: tuple[int, float], b: tuple[float, float]) -> float:
    """Linear-up / log-down; linear into 0."""
    (t1, c1), (t2, c2) = a, b
    if 0 < c2 < c1:
        return (t2 - t1) * (c1 - c2) / math.log(c1 / c2)
    return (t2 - t1) * (c1 + c2) / 2


def area(points: list[tuple[int, float]]) -> float:
    return math.fsum(segment(a, b) for a, b in itertools.pairwise(points))


def terminal_slope(points: list[tuple[int, float]], peak: int) -> float | None:
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


def area_to(profile: list[Sample], end: int) -> Parameter:
    """The first line of the table "Area to end" that applies."""
    points = cleaned(profile)
    last_day = points[-1][0]
    positive = [(t, c) for t, c in points if c > 0]
    if last_day == 0:
        return Parameter(None, "NC")
    if not positive:  # never quantifiable
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
    points = cleaned(profile)
    positive = [(t, c) for t, c in points if c > 0]
    if positive:
        peak = max(positive, key=lambda p: (p[1], -p[0]))  # first of equal peaks
        last = positive[-1]
        upto = [p for p in points if p[0] <= last[0]]
        found = {
            "CMAX": Parameter(peak[1]),
            "TMAX": Parameter(peak[0]),
            "TLAST": Parameter(last[0]),
            "CLAST": Parameter(last[1]),
            "AUCLAST": Parameter(area(upto)),
        }
    else:  # "Never detected: Cmax and AUClast 0, Tmax, Tlast and Clast NaN"
        values = {"CMAX": 0.0, "TMAX": None, "TLAST": None, "CLAST": None, "AUCLAST": 0.0}
        found = {code: Parameter(value, "NOT DETECTED") for code, value in values.items()}
    found |= {f"AUC0_{end}": area_to(profile, end) for end in AREAS}
    for label, (target, window) in PERSISTENCE.items():
        inside = [s for s in profile if abs(s.day - target) <= window]
        distances = [abs(s.day - target) for s in inside]  # the earlier of two as near
        near = inside[distances.index(min(distances))] if inside else None
        value = None if near is None else float(near.value is not None)
        found[f"PERS{label}"] = Parameter(value, "" if near else "NC")
    return found


def fraction(value: float) -> Fraction:
    """The float as it is: summaries add in exact fractions."""
    return Fraction(value)
