"""The product-limit estimate once more: by the definitions, in fractions, one subject at a time.

Shares no code with durable.stats.survival. Only square roots, logarithms and the like leave the
exact arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist


@dataclass
class Step:
    time: Fraction
    n_risk: int
    n_event: int
    n_censor: int
    survival: Fraction
    variance: Fraction | None  # of log S; None where S = 0


def estimate(
    times: Sequence[float], events: Sequence[int], entries: Sequence[float] | None = None
) -> list[Step]:
    entered = [-1.0] * len(times) if entries is None else entries
    survival, variance = Fraction(1), Fraction(0)
    steps = []
    for now in sorted(set(times)):
        n_risk = sum(1 for start, end in zip(entered, times, strict=True) if start < now <= end)
        here = [event for end, event in zip(times, events, strict=True) if end == now]
        n_event = sum(here)
        survival *= Fraction(n_risk - n_event, n_risk)
        if survival > 0:
            variance += Fraction(n_event, n_risk * (n_risk - n_event))
        steps.append(
            Step(
                Fraction(now), n_risk, n_event, len(here) - n_event, survival,
                variance if survival > 0 else None,
            )
        )  # fmt: skip
    return steps


def limits(step: Step, level: float, transform: str) -> tuple[float, float]:
    """Textbook forms (Klein & Moeschberger 2003, section 4.3; Collett 2015, section 2.2)."""
    if step.variance is None or (step.survival == 1 and transform not in {"plain", "log"}):
        return math.nan, math.nan
    s, sd = float(step.survival), math.sqrt(step.variance)
    z = NormalDist().inv_cdf((1 + level) / 2)
    if transform == "plain":
        pair = [s * (1 - z * sd), s * (1 + z * sd)]
    elif transform == "log":
        pair = [math.exp(math.log(s) - z * sd), math.exp(math.log(s) + z * sd)]
    elif transform == "log-log":
        pair = [s ** math.exp(sign * z * sd / abs(math.log(s))) for sign in (1, -1)]
    elif transform == "logit":
        pair = [s / (s + (1 - s) * math.exp(sign * z * sd / (1 - s))) for sign in (1, -1)]
    else:
        half = z / 2 * sd * math.sqrt(s / (1 - s))
        pair = [
            math.sin(max(0.0, math.asin(math.sqrt(s)) - half)) ** 2,
            math.sin(min(math.pi / 2, math.asin(math.sqrt(s)) + half)) ** 2,
        ]
    return max(0.0, pair[0]), min(1.0, pair[1])


def quantile(steps: list[Step], p: Fraction, rule: str) -> Fraction | None:
    flat = [step.time for step in steps if step.survival == 1 - p]
    below = [step.time for step in steps if step.survival < 1 - p]
    if flat and below:
        return (flat[0] + below[0]) / 2
    if flat and rule == "r":
        return (flat[0] + steps[-1].time) / 2
    return below[0] if below else None


def limit_quantile(steps: list[Step], limit: Sequence[float], p: float, rule: str) -> float | None:
    """Where one limit of the band passes 1 - p: the first time, or (R) the nearest value."""
    below = [
        (value, step.time)
        for step, value in zip(steps, limit, strict=True)
        if step.n_event and value < 1 - p
    ]
    if not below:
        return None
    if rule == "sas":
        return float(below[0][1])
    nearest = max(value for value, _ in below)
    return float(next(time for value, time in below if value == nearest))


def restricted_mean(steps: list[Step], tau: Fraction) -> tuple[Fraction, Fraction]:
    """Area under the curve to tau, and its variance: the sum of (area after)^2 d/(n(n-d))."""

    def area(start: Fraction) -> Fraction:
        total, now, survival = Fraction(0), Fraction(0), Fraction(1)
        for step in [*steps, None]:
            end = tau if step is None else min(step.time, tau)
            total += survival * max(Fraction(0), end - max(now, start))
            if step is None or step.time > tau:
                break
            now, survival = step.time, step.survival
        return total

    variance = sum(
        (
            area(step.time) ** 2
            * Fraction(step.n_event, step.n_risk * (step.n_risk - step.n_event))
            for step in steps
            if step.time <= tau and step.n_risk > step.n_event
        ),
        Fraction(0),
    )
    return area(Fraction(0)), variance
