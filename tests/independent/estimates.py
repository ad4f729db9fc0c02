"""Estimators in plain Python: exact counts and fractions, floating point only at the end.

Formulas, not code, of docs/proportions.md and docs/survival-conventions.md.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

#: value, lower, upper; None = not estimable
Estimate = tuple[float | None, float | None, float | None]
NE: Estimate = (None, None, None)
LEVEL = 0.95
TAIL = (1 - LEVEL) / 2


def root(falls: Callable[[float], bool], low: float, high: float) -> float:
    """Where `falls` turns from True to False, by 200 halvings."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if falls(middle) else (low, middle)
    return (low + high) / 2


#: Normal quantile of 0.975: half the distribution function is erf.
Z = root(lambda z: 0.5 * math.erfc(-z / math.sqrt(2)) < 1 - TAIL, 0, 10)


# --- proportions ----------------------------------------------------------------------------------


def at_least(x: int, n: int, p: float) -> float:
    """P(X >= x) for X binomial(n, p): the sum of its terms."""
    return math.fsum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(x, n + 1))


def percent(count: int, n: int) -> float | None:
    return float(Fraction(100 * count, n)) if n else None


@cache
def clopper_pearson(x: int, n: int) -> Estimate:
    """Lower limit: the p at which P(X >= x) = 0.025; upper: 1 - lower limit of n - x."""
    if not n:
        return NE

    def lower(k: int) -> float:
        return root(lambda p: at_least(k, n, p) < TAIL, 0, 1) if k else 0.0

    return x / n, lower(x), 1 - lower(n - x)


@cache
def wilson(x: int, n: int) -> Estimate:
    """The two p at which n (x/n - p)^2 = z^2 p (1 - p), found by halving on either side of x/n."""
    if not n:
        return NE

    def outside(p: float) -> bool:
        return n * (x / n - p) ** 2 > Z**2 * p * (1 - p)

    lower = root(outside, 0, x / n) if x else 0.0
    upper = root(lambda p: not outside(p), x / n, 1) if x < n else 1.0
    return x / n, lower, upper


def beta_half(x: int, y: int, p: float) -> float:
    """Distribution function of Beta(x + 1/2, y + 1/2) at p.

    Beta(1/2, 1/2) is the arcsine law. Raising a by 1 subtracts p^a (1-p)^b / (a B(a, b)), raising b
    by 1 adds p^a (1-p)^b / (b B(a, b)) (Abramowitz & Stegun 26.5.16).
    """

    def term(a: float, b: float) -> float:
        beta = math.gamma(a) * math.gamma(b) / math.gamma(a + b)
        return p**a * (1 - p) ** b / beta

    value = 2 / math.pi * math.asin(math.sqrt(p))
    for k in range(x):
        value -= term(k + 0.5, 0.5) / (k + 0.5)
    for k in range(y):
        value += term(x + 0.5, k + 0.5) / (k + 0.5)
    return value


@cache
def jeffreys(x: int, n: int) -> Estimate:
    """0.025 and 0.975 of Beta(x + 1/2, n - x + 1/2); 0 at x = 0 and 1 at x = n."""
    if not n:
        return NE
    lower = root(lambda p: beta_half(x, n - x, p) < TAIL, 0, 1) if x else 0.0
    upper = root(lambda p: beta_half(x, n - x, p) < 1 - TAIL, 0, 1) if x < n else 1.0
    return x / n, lower, upper


@cache
def posterior(x: int, n: int) -> Estimate:
    """Beta(1, 1) prior: mean and equal-tailed interval of Beta(1 + x, 1 + n - x).

    Its distribution function at p is P(X >= x + 1) for X binomial(n + 1, p).
    """
    if not n:
        return NE

    def quantile(q: float) -> float:
        return root(lambda p: at_least(x + 1, n + 1, p) < q, 0, 1)

    return (x + 1) / (n + 2), quantile(TAIL), quantile(1 - TAIL)


def none_observed(n: int) -> float | None:
    """One-sided 95 % upper bound where none of n has an event: the p with (1 - p)^n = 0.05."""
    return 1 - (1 - LEVEL) ** (1 / n) if n else None


# --- summaries ------------------------------------------------------------------------------------


def ordered(values: Sequence[Fraction], p: Fraction) -> Fraction | None:
    """Quantile of definition 2: the mean of the n p-th and the next where n p is whole."""
    if not values:
        return None
    ranked, position = sorted(values), len(values) * p
    k = math.floor(position)
    return (ranked[k - 1] + ranked[k]) / 2 if position == k else ranked[k]


def summary(values: Sequence[Fraction]) -> dict[str, float | None]:
    n = len(values)
    mean = sum(values, Fraction(0)) / n if n else None
    variance = None
    if n > 1 and mean is not None:
        variance = sum(((v - mean) ** 2 for v in values), Fraction(0)) / (n - 1)
    quartiles = [ordered(values, Fraction(k, 4)) for k in (1, 2, 3)]
    found = {
        "mean": mean,
        "sd": None if variance is None else math.sqrt(variance),
        "median": quartiles[1],
        "q1": quartiles[0],
        "q3": quartiles[2],
        "min": min(values, default=None),
        "max": max(values, default=None),
    }
    return {"n": n} | {k: None if v is None else float(v) for k, v in found.items()}


def geometric(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Geometric mean and geometric CV in percent; a zero among them has no logarithm."""
    if not values or min(values) <= 0:
        return None, None
    logs = [math.log(value) for value in values]
    mean = math.fsum(logs) / len(logs)
    if len(logs) < 2:
        return math.exp(mean), None
    variance = math.fsum((x - mean) ** 2 for x in logs) / (len(logs) - 1)
    return math.exp(mean), 100 * math.sqrt(math.exp(variance) - 1)


# --- the mean -------------------------------------------------------------------------------------


def t_distribution(t: float, degrees: int) -> float:
    """Distribution function of Student's t at t >= 0: one half and the area by Simpson's rule."""
    scale = math.gamma((degrees + 1) / 2) / math.gamma(degrees / 2)
    scale /= math.sqrt(degrees * math.pi)

    def density(x: float) -> float:
        return scale * (1 + x * x / degrees) ** (-(degrees + 1) / 2)

    steps = 2000
    width = t / steps
    weights = [1, *(4 if i % 2 else 2 for i in range(1, steps)), 1]
    return 0.5 + width / 3 * math.fsum(w * density(i * width) for i, w in enumerate(weights))


@cache
def t_quantile(degrees: int) -> float:
    """The t that 2.5 % of the distribution lies above, found by halving."""
    return root(lambda t: t_distribution(t, degrees) < 1 - TAIL, 0, 20)


def mean_limits(values: Sequence[Fraction]) -> Estimate:
    """Mean -/+ t sd / sqrt(n); no limits from one value or from equal values."""
    found = summary(values)
    n, mean, sd = len(values), found["mean"], found["sd"]
    if mean is None or not sd:
        return mean, None, None
    half = t_quantile(n - 1) * sd / math.sqrt(n)
    return mean, mean - half, mean + half


# --- survival -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """A distinct time with its counts; survival and Greenwood's sum after it."""

    time: int
    at_risk: int
    events: int
    survival: Fraction
    greenwood: Fraction | None
    """Sum of d / (n (n - d)); None once all at risk have had the event."""


class KaplanMeier:
    """Product-limit estimate in exact fractions, from whole days and events (True)."""

    def __init__(self, observed: Sequence[tuple[int, bool]]) -> None:
        self.steps: list[Step] = []
        survival, greenwood = Fraction(1), Fraction(0)
        left: Fraction | None = greenwood
        for time in sorted({t for t, _ in observed}):
            at_risk = sum(t >= time for t, _ in observed)
            events = sum(t == time and event for t, event in observed)
            survival *= Fraction(at_risk - events, at_risk)
            if left is not None:
                full = events == at_risk
                left = None if full else left + Fraction(events, at_risk * (at_risk - events))
            self.steps.append(Step(time, at_risk, events, survival, left))
        self.last = self.steps[-1].time if self.steps else None

    def at(self, day: Fraction) -> Estimate:
        """Survival with log-log limits; NE past the last observation.

        Limits exp(-exp(log(-log S) +- z se / |log S|)), where that is defined: 0 < S < 1.
        """
        if self.last is None or day > self.last:
            return NE
        return self._after([s for s in self.steps if s.time <= day])

    def _after(self, steps: list[Step]) -> Estimate:
        if not steps or steps[-1].greenwood is None or steps[-1].survival == 1:
            return (float(steps[-1].survival) if steps else 1.0), None, None
        survival = float(steps[-1].survival)
        spread = Z * math.sqrt(steps[-1].greenwood) / abs(math.log(survival))
        return survival, survival ** math.exp(spread), survival ** math.exp(-spread)

    def at_risk(self, day: Fraction) -> int:
        """Just before the day: those whose time is not before it."""
        return next((s.at_risk for s in self.steps if s.time >= day), 0)

    def quantile(self, p: Fraction) -> tuple[Fraction | None, int | None, int | None]:
        """SAS LIFETEST: estimate and Brookmeyer-Crowley limits.

        The first time with S < 1 - p; where S = 1 - p on a flat part its midpoint, and nothing
        where the curve ends on that part.
        """
        level = 1 - p
        below = next((s.time for s in self.steps if s.survival < level), None)
        flat = next((s.time for s in self.steps if s.survival == level), below)
        estimate = None if below is None or flat is None else Fraction(flat + below, 2)
        bands = [self._after(self.steps[: i + 1]) for i in range(len(self.steps))]
        lower, upper = (self._passes([band[k] for band in bands], float(level)) for k in (1, 2))
        return estimate, lower, upper

    def _passes(self, limits: list[float | None], level: float) -> int | None:
        """The first time at which a limit lies below the level."""
        found = zip(limits, self.steps, strict=True)
        return next((s.time for limit, s in found if limit is not None and limit < level), None)

    def restricted_mean(self, horizon: Fraction) -> Estimate:
        """Area to the horizon; variance sum (area after)^2 d / (n (n - d)), last term omitted.

        NE where follow-up ends before the horizon with the curve above 0.
        """
        if self.last is None or (self.last < horizon and self.steps[-1].survival > 0):
            return NE
        area = self._area(Fraction(0), horizon)
        variance = sum(
            (
                self._area(Fraction(s.time), horizon) ** 2
                * Fraction(s.events, s.at_risk * (s.at_risk - s.events))
                for s in self.steps
                if s.time <= horizon and s.events < s.at_risk
            ),
            Fraction(0),
        )
        if not variance:  # nobody had the event, or nobody is left of those at risk
            return float(area), None, None
        half = Z * math.sqrt(variance)
        return float(area), float(area) - half, float(area) + half

    def _area(self, start: Fraction, stop: Fraction) -> Fraction:
        """Area under the step function between two days."""
        cuts = [start, *(Fraction(s.time) for s in self.steps if start < s.time < stop), stop]
        area = Fraction(0)
        for left, right in itertools.pairwise(cuts):
            height = [s.survival for s in self.steps if s.time <= left]
            area += (right - left) * (height[-1] if height else 1)
        return area


# --- interval-censored survival -------------------------------------------------------------------


@dataclass(frozen=True)
class Region:
    """Turnbull's region (left, right], left = right for a time seen exactly."""

    left: int
    right: int | None
    mass: float


def turnbull(bounds: Sequence[tuple[int, int | None]]) -> list[Region]:
    """Maximum likelihood by self-consistency (Turnbull 1976), iterated until nothing moves.

    A subject's time lies in (lower, upper]; lower = upper is exact, upper None right-censored.
    """

    def inside(region: tuple[int, int | None], bound: tuple[int, int | None]) -> bool:
        """Whether a region is part of a subject's interval."""
        (left, right), (lower, upper) = region, bound
        if lower == upper:
            return region == bound
        after = left > lower if left == right else left >= lower
        return after and (upper is None or (right is not None and right <= upper))

    # Candidates: between neighbouring bounds, the exact times, and beyond the last bound. Those
    # that cannot carry mass lose it in the iteration.
    ends = sorted({t for pair in bounds for t in pair if t is not None})
    regions: list[tuple[int, int | None]] = [*itertools.pairwise(ends), (ends[-1], None)]
    regions = sorted(
        [*regions, *((a, b) for a, b in set(bounds) if a == b)],
        key=lambda r: (r[0], r[1] is None or r[1] > r[0]),
    )
    holds = [[inside(region, bound) for region in regions] for bound in bounds]
    used = [j for j in range(len(regions)) if any(row[j] for row in holds)]
    mass = {j: 1 / len(used) for j in used}
    for _ in range(20_000):
        new = dict.fromkeys(used, 0.0)
        for row in holds:
            total = math.fsum(mass[j] for j in used if row[j])
            for j in used:
                if row[j]:
                    new[j] += mass[j] / total / len(bounds)
        moved = max(abs(new[j] - mass[j]) for j in used)
        mass = new
        if moved < 1e-15:
            break
    return [Region(*regions[j], mass[j]) for j in used if mass[j] > 1e-9]
