"""Interim monitoring of the demo from the input files, by the rules of docs/monitoring.md."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import pairwise

from scipy.integrate import quad

from tests.independent.estimates import at_least, clopper_pearson
from tests.independent.events import Event, events
from tests.independent.expected import Ard, Key, Row, Value, followed, limiting
from tests.independent.study import Subject, improvement, rules, subjects

#: What the section monitoring of the demo's configuration says.
NULL_RATE, MOST, SUCCESS, FUTILITY = Fraction(2, 5), 10, 0.9, 0.05
FEWEST, AT_LEAST_LIKELY = 4, 0.1
TARGET, PHI1, PHI2, HALF, ELIMINATED = 0.3, 0.18, 0.42, Fraction(1, 20), 0.95
#: Acceptable and unacceptable rate, and the prior, of each boundary.
BOUNDARIES = {
    "dlt": (Fraction(1, 5), Fraction(1, 2), (0.4, 1.6)),
    "crs": (Fraction(1, 10), Fraction(2, 5), (0.2, 1.8)),
}
LONGEST, FIRST, LIMIT, ERROR = 20, 3, 0.95, Fraction(1, 20)


def monitoring(cutoff: date) -> dict[Key, Value]:
    """The tables of monitoring at a data cut-off."""
    ard = Ard()
    study = subjects(cutoff)
    infused = sorted((s for s in study if s.infusion), key=lambda s: (s.infusion, s.id))
    seen = events(study, cutoff)
    _improvement(ard, infused, cutoff)
    _safety(ard, infused, seen, cutoff)
    _escalation(ard, infused, seen)
    return ard.rows


# --- improvement ----------------------------------------------------------------------------------


def above(x: int, n: int, rate: Fraction) -> Fraction | None:
    """Under a uniform prior: the probability of at most x among n + 1 at that rate."""
    if not n:
        return None
    terms = (math.comb(n + 1, k) * rate**k * (1 - rate) ** (n + 1 - k) for k in range(x + 1))
    return sum(terms, Fraction())


def predicted(x: int, n: int) -> float | None:
    """Over the subjects to come, whose number improved is beta-binomial."""
    if not n:
        return None
    left = max(MOST - n, 0)
    total = Fraction()
    for more in range(left + 1):
        # The ratio of beta functions of whole numbers, by their factorials.
        after = Fraction(
            math.factorial(x + more) * math.factorial(n - x + left - more) * math.factorial(n + 1),
            math.factorial(x) * math.factorial(n - x) * math.factorial(n + left + 1),
        )
        if (above(x + more, n + left, NULL_RATE) or 0) > SUCCESS:
            total += math.comb(left, more) * after
    return float(total)


def decided(n: int, prediction: float | None) -> str:
    if prediction is None:
        return "no recommendation, no evaluable subject"
    if n >= MOST:
        return "success criterion met" if prediction else "success criterion not met"
    return "stop for futility" if prediction < FUTILITY else "continue"


def course(infused: list[Subject], visit: str, cutoff: date) -> tuple[list[bool], int]:
    """Of those not pending whether improved, in the order of infusion; and the number pending."""
    found = [improvement(s, visit, rules(cutoff)) for s in infused]
    known = [r for r in found if r.improved is not None or r.reason != "PENDING"]
    return [r.improved is True for r in known], len(found) - len(known)


def _look(outcomes: Sequence[bool]) -> Iterator[Row]:
    x, n = sum(outcomes), len(outcomes)
    probability, prediction = above(x, n, NULL_RATE), predicted(x, n)
    yield "n_improved", x, ""
    yield "n_evaluable", n, ""
    yield "rate", clopper_pearson(x, n), ""
    yield "probability_above", None if probability is None else float(probability), ""
    yield "predictive_probability", prediction, ""
    yield "decision", None, decided(n, prediction)


def _improvement(ard: Ard, infused: list[Subject], cutoff: date) -> None:
    def add(parameter: str, found: Iterator[Row] | list[Row]) -> None:
        ard.add(("t_monitoring", "primary", "total", "Total", parameter), found)

    outcomes, pending = course(infused, "M3", cutoff)
    add("M3", [("n_pending", pending, "")])
    add("M3", _look(outcomes))
    for n in range(1, len(outcomes) + 1):
        add(f"M3|AFTER|{n}", _look(outcomes[:n]))
    x, n = sum(outcomes), len(outcomes)
    if x >= FEWEST:
        note = "continue"
    elif x + pending >= FEWEST:
        note = f"not yet decided, {pending} pending"
    else:
        note = "stop"
    counts: list[Row] = [("n_improved", x, ""), ("n_evaluable", n, "")]
    counts += [("rate", clopper_pearson(x, n), ""), ("decision", None, note)]
    add("RULE|few_improved", counts)
    outcomes, _ = course(infused, "M2", cutoff)
    x, n = sum(outcomes), len(outcomes)
    probability = above(x, n, Fraction(2, 5))
    if probability is None:
        note = "no recommendation, no evaluable subject"
    else:
        note = "stop" if probability < AT_LEAST_LIKELY else "continue"
    add(
        "RULE|unlikely",
        [
            ("n_improved", x, ""),
            ("n_evaluable", n, ""),
            ("rate", clopper_pearson(x, n), ""),
            ("probability_above", None if probability is None else float(probability), ""),
            ("decision", None, note),
        ],
    )


# --- safety boundaries ----------------------------------------------------------------------------


@cache
def beta_above(x: int, n: int, rate: float, prior: tuple[float, float]) -> float:
    """By integration from the rate to 1, where the density has no pole."""
    a, b = prior[0] + x, prior[1] + n - x
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

    def density(p: float) -> float:
        return math.exp((a - 1) * math.log(p) - log_beta)

    area, _ = quad(density, rate, 1, weight="alg", wvar=(0, b - 1), epsabs=1e-13, epsrel=1e-12)
    return float(area)


@cache
def beta_binomial(event: str) -> list[float]:
    acceptable, _, prior = BOUNDARIES[event]
    return [
        next(
            (
                x
                for x in range(n + 1)
                if n >= FIRST and beta_above(x, n, float(acceptable), prior) > LIMIT
            ),
            math.inf,
        )
        for n in range(1, LONGEST + 1)
    ]


@cache
def tail(x: int, n: int, rate: Fraction) -> Fraction:
    """P(X >= x), by the sum of its terms in fractions."""
    terms = (math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(x, n + 1))
    return sum(terms, Fraction())


def at_level(level: Fraction, rate: Fraction) -> list[float]:
    return [
        next((x for x in range(1, n + 1) if n >= FIRST and tail(x, n, rate) <= level), math.inf)
        for n in range(1, LONGEST + 1)
    ]


def ever(boundary: Sequence[float], rate: Fraction) -> Fraction:
    """Probability of ever reaching a boundary, from the paths that do not."""
    paths = {0: Fraction(1)}
    for limit in boundary:
        following: dict[int, Fraction] = {}
        for x, weight in paths.items():
            for more, share in ((0, 1 - rate), (1, rate)):
                if x + more < limit:
                    following[x + more] = following.get(x + more, Fraction()) + weight * share
        paths = following
    return 1 - sum(paths.values(), Fraction())


@cache
def pocock(event: str) -> list[float]:
    """The largest pointwise level that keeps the error, going down through all that differ."""
    rate = BOUNDARIES[event][0]
    pairs = ((x, n) for n in range(FIRST, LONGEST + 1) for x in range(1, n + 1))
    levels = sorted({tail(x, n, rate) for x, n in pairs if tail(x, n, rate) <= ERROR}, reverse=True)
    return next(b for level in levels if ever(b := at_level(level, rate), rate) <= ERROR)


def _limit(value: float) -> float | None:
    return None if value == math.inf else value


def dlt(subject: Subject, seen: list[Event]) -> tuple[bool, bool]:
    """Whether evaluable, and with a dose-limiting toxicity."""
    found = {name: value for name, value, _ in limiting([subject], seen)}
    return found["n_evaluable"] == 1, found["n_dlt"] == 1


def _safety(ard: Ard, infused: list[Subject], seen: list[Event], cutoff: date) -> None:
    for event, (acceptable, unacceptable, prior) in BOUNDARIES.items():
        outcomes, ungraded = [], 0
        for subject in infused:
            mine = [
                e
                for e in seen
                if e.subject == subject.id
                and e.emergent
                and (e.day or 0) <= 28
                and e.interest == "CRS"
            ]
            severe = any((e.astct or 0) >= 3 for e in mine)
            ungraded += not severe and any(e.astct is None for e in mine)
            evaluable, toxic = (
                dlt(subject, seen)
                if event == "dlt"
                else (severe or followed(subject, 28, cutoff), severe)
            )
            outcomes += [toxic] if evaluable else []
        head = ("t_safety_boundary", "primary", "total", "Total", event)
        x, n = sum(outcomes), len(outcomes)
        ard.add(head, [("n_event", x, ""), ("n_evaluable", n, "")])
        ard.add(head, [("rate", clopper_pearson(x, n), "")])
        own = beta_above(x, n, float(acceptable), prior) if n else None
        ard.add(head, [("probability_above", own, "")])
        if event == "crs":
            ard.add(head, [("n_grade_missing", ungraded, "")])
        limits = {"beta_binomial": beta_binomial(event), "pocock": pocock(event)}
        for name, boundary in limits.items():
            here = boundary[n - 1] if 0 < n <= LONGEST else math.inf
            sizes = range(1, min(n, LONGEST) + 1)
            reached = [k for k in sizes if sum(outcomes[:k]) >= boundary[k - 1]]
            ard.add(head, [(f"stop_from_{name}", _limit(here), "")])
            first = reached[0] if reached else None
            ard.add(head, [(f"first_reached_{name}", first, standing(n, first))])
            for kind, rate in (("acceptable", acceptable), ("unacceptable", unacceptable)):
                ard.add(head, [(f"stops_if_{kind}_{name}", float(ever(boundary, rate)), "")])
        for k in range(1, LONGEST + 1):
            row: list[Row] = [(m, _limit(boundary[k - 1]), "") for m, boundary in limits.items()]
            row += [("n_event", sum(outcomes[:k]), "")] if k <= n else []
            ard.add((*head[:4], f"{event}|{k}"), row)


def standing(n: int, first: int | None) -> str:
    if not n:
        return "no evaluable subject"
    if first:
        return "reached" if first == n else f"reached at n = {first}"
    return "not reached" if n <= LONGEST else f"not monitored beyond n = {LONGEST}"


# --- escalation -----------------------------------------------------------------------------------


def uniform_mass(x: int, n: int, low: float, high: float) -> float:
    """Posterior probability of an interval of rates under a uniform prior."""
    return at_least(x + 1, n + 1, high) - at_least(x + 1, n + 1, low)


def boin_limits() -> tuple[float, float]:
    """Where the likelihood of one observation at the target equals that at phi1, and at phi2."""

    def crossing(p: float) -> float:
        gain = math.log(TARGET / p)
        loss = math.log((1 - TARGET) / (1 - p))
        return -loss / (gain - loss)

    return crossing(PHI1), crossing(PHI2)


def eliminates(x: int, n: int) -> bool:
    return n >= 3 and uniform_mass(x, n, TARGET, 1) > ELIMINATED


def boin(x: int, n: int) -> str:
    low, high = boin_limits()
    if eliminates(x, n):
        return "eliminate this level and those above"
    return "escalate" if x / n <= low else "de-escalate" if x / n >= high else "stay"


def mtpi2(x: int, n: int) -> str:
    """The keys from the equivalence interval of 25 to 35 % outwards, by their density."""
    if eliminates(x, n):
        return "eliminate this level and those above"
    middle = Fraction(3, 10)
    edges = sorted(
        {Fraction(0), Fraction(1)}
        | {
            e
            for k in range(12)
            for e in (middle - HALF - 2 * HALF * k, middle + HALF + 2 * HALF * k)
            if 0 < e < 1
        }
    )
    best = max(
        pairwise(edges),
        key=lambda key: uniform_mass(x, n, float(key[0]), float(key[1])) / float(key[1] - key[0]),
    )
    if best[1] <= middle - HALF:
        return "escalate"
    return "de-escalate" if best[0] >= middle + HALF else "stay"


def three_plus_three(x: int, n: int) -> str:
    if x >= 2:
        return "stop, the maximum tolerated dose is exceeded"
    if n < 3:
        return "treat or follow more subjects until 3 are evaluable"
    return "expand the dose level to 6 evaluable" if x == 1 and n < 6 else "escalate"


def isotonic(counts: Sequence[tuple[int, int]]) -> list[float | None]:
    """By the max-min formula over the levels with somebody evaluable."""
    shapes = [(x + 0.05, n - x + 0.05) for x, n in counts if n]
    weight = [(a + b) ** 2 * (a + b + 1) / (a * b) for a, b in shapes]
    size = range(len(shapes))

    def mean(first: int, last: int) -> float:
        part = range(first, last + 1)
        total = math.fsum(weight[i] * shapes[i][0] / sum(shapes[i]) for i in part)
        return total / math.fsum(weight[i] for i in part)

    found = iter(max(min(mean(s, t) for t in size if t >= i) for s in size if s <= i) for i in size)
    return [next(found) if n else None for _, n in counts]


def tolerated(counts: Sequence[tuple[int, int]]) -> int | None:
    """Position of the level nearest to the target among those below the first eliminated one."""
    kept: list[tuple[int, int]] = []
    for x, n in counts:
        if n and eliminates(x, n):
            break
        kept.append((x, n))
    known = ((i, rate) for i, rate in enumerate(isotonic(kept)) if rate is not None)
    rates = [(abs(rate - TARGET), rate, i) for i, rate in known]
    if not rates:
        return None
    nearest = [r for r in rates if math.isclose(r[0], min(rates)[0], abs_tol=1e-12)]
    below = [i for _, rate, i in nearest if rate < TARGET]
    return max(below) if below else nearest[0][2]


def _escalation(ard: Ard, infused: list[Subject], seen: list[Event]) -> None:
    levels = sorted({s.dose for s in infused if s.part == "A" and s.dose}, key=float)
    found: dict[str, dict[str, int]] = {}
    for level in levels:
        members = [s for s in infused if s.part == "A" and s.dose == level]
        rows = {name: value for name, value, _ in limiting(members, seen)}
        names = ("n_dlt_unassessed_death", "n_evaluable", "n_dlt")
        found[level] = {name: int(str(rows[name])) for name in names}
    counts = [(f["n_dlt"], f["n_evaluable"]) for f in found.values()]
    for level, (x, n), rate in zip(levels, counts, isotonic(counts), strict=True):
        nobody = "no decision, no evaluable subject"
        head = ("t_escalation", "primary", "dose_level", level, "A")
        ard.add(
            head,
            [
                *((name, value, "") for name, value in found[level].items()),
                ("rate", x / n if n else None, ""),
                ("probability_above", uniform_mass(x, n, TARGET, 1) if n else None, ""),
                ("isotonic", rate, ""),
                ("three_plus_three", None, held(three_plus_three(x, n), found[level])),
                ("boin", None, held(boin(x, n) if n else nobody, found[level])),
                ("mtpi2", None, held(mtpi2(x, n) if n else nobody, found[level])),
            ],
        )
    head = ("t_escalation", "primary", "total", "Total", "MTD")
    place = tolerated(counts)
    none = "none: the lowest level is eliminated, or nobody is evaluable"
    ard.add(head, [("mtd", None, none) if place is None else ("mtd", place + 1, levels[place])])
    low, high = boin_limits()
    ard.add(head, [("lambda_e", low, ""), ("lambda_d", high, "")])
    for n in range(1, 13):
        ard.add((*head[:4], f"AT|{n}"), _decision_row(n))


def held(step: str, found: dict[str, int]) -> str:
    """A decision, after the deaths that nobody assessed."""
    deaths = found["n_dlt_unassessed_death"]
    if not deaths:
        return step
    first = (
        f"adjudicate first ({deaths} death{'s' if deaths > 1 else ''} within 28 days without a"
        " recorded assessment, counted as dose-limiting)"
    )
    return first if step == "escalate" else f"{first}; as counted, {step}"


def _decision_row(n: int) -> Iterator[Row]:
    steps = [three_plus_three(x, n) for x in range(n + 1)]
    yield "three_plus_three_escalate", last(steps, "escalate"), ""
    yield "three_plus_three_stop", first(steps, "stop"), ""
    for name, rule in (("boin", boin), ("mtpi2", mtpi2)):
        decisions = [rule(x, n) for x in range(n + 1)]
        yield f"{name}_escalate", last(decisions, "escalate"), ""
        yield f"{name}_deescalate", first(decisions, "de-escalate", "eliminate"), ""
        yield f"{name}_eliminate", first(decisions, "eliminate"), ""


def first(decisions: list[str], *words: str) -> int | None:
    return next((x for x, d in enumerate(decisions) if d.startswith(words)), None)


def last(decisions: list[str], word: str) -> int | None:
    return max((x for x, d in enumerate(decisions) if d.startswith(word)), default=None)
