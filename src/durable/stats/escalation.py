"""Decisions of dose escalation from the dose-limiting toxicities (DLT) of each dose level.

BOIN and mTPI-2 beside each other, and the isotonic estimate of the maximum tolerated dose (MTD).
Formulae, sources and choices: docs/monitoring.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from durable.stats.checks import Bools, Floats
from durable.stats.monitoring import probability_above
from durable.stats.ties import exceeds

Decision = Literal["escalate", "stay", "de-escalate", "eliminate"]
#: What Liu and Yuan add to the events, and to the subjects without one, of every dose level.
_PSEUDO = 0.05
#: Posterior masses nearer than this are equal.
_EQUAL = 1e-12


@dataclass(frozen=True)
class Elimination:
    """When a dose level is too toxic to be used again, by the posterior of its DLT rate."""

    target: float
    """Target DLT rate."""
    cutoff: float = 0.95
    """Eliminated where P(rate > target) is higher than this ..."""
    minimum: int = 3
    """... with at least this many evaluable subjects."""
    a: float = 1.0
    """Beta prior, first shape."""
    b: float = 1.0
    """Beta prior, second shape."""

    def applies(self, x: npt.ArrayLike, n: npt.ArrayLike) -> Bools:
        """Whether x DLTs among n evaluable subjects eliminate a dose level, by level.

        False with fewer than `minimum` subjects.
        """
        above = probability_above(x, n, self.target, self.a, self.b)
        return np.asarray((np.asarray(n) >= self.minimum) & exceeds(above, self.cutoff))


def boin_boundaries(target: float, phi1: float, phi2: float) -> tuple[float, float]:
    """Boundaries of the observed DLT rate at which BOIN escalates and de-escalates.

    Liu & Yuan, J R Stat Soc C 2015;64:507, local BOIN: escalate at a rate of at most the first,
    de-escalate at one of at least the second.

    Parameters
    ----------
    target
        Target DLT rate.
    phi1
        Highest DLT rate that is deemed subtherapeutic, below the target.
    phi2
        Lowest DLT rate that is deemed overly toxic, above the target.

    Raises
    ------
    ValueError
        Unless 0 < phi1 < target < phi2 < 1.
    """
    if not 0 < phi1 < target < phi2 < 1:
        raise ValueError(f"0 < phi1 < target < phi2 < 1, not {phi1}, {target}, {phi2}")
    escalate = math.log((1 - phi1) / (1 - target)) / math.log(
        target * (1 - phi1) / (phi1 * (1 - target))
    )
    deescalate = math.log((1 - target) / (1 - phi2)) / math.log(
        phi2 * (1 - target) / (target * (1 - phi2))
    )
    return escalate, deescalate


def boin_decision(
    x: int, n: int, boundaries: tuple[float, float], elimination: Elimination
) -> Decision | None:
    """Decision of BOIN with x DLTs among n evaluable at a dose level; None at n = 0.

    The boundaries are those of `boin_boundaries`; elimination goes before them.
    """
    if n == 0:
        return None
    if elimination.applies(x, n):
        return "eliminate"
    escalate, deescalate = boundaries
    if x / n <= escalate:
        return "escalate"
    return "de-escalate" if x / n >= deescalate else "stay"


def mtpi2_decision(
    x: int, n: int, epsilons: tuple[float, float], elimination: Elimination
) -> Decision | None:
    """Decision of mTPI-2 with x DLTs among n evaluable at a dose level; None at n = 0.

    Guo et al., Contemp Clin Trials 2017;58:23: the rates are cut into intervals as long as the
    equivalence interval around the target; the one with the largest posterior probability per
    length decides. Of equal ones the highest does.

    Parameters
    ----------
    epsilons
        The equivalence interval is (target - first, target + second).
    elimination
        The target, the prior, and the rule of safety.
    """
    if n == 0:
        return None
    if elimination.applies(x, n):
        return "eliminate"
    low, high = elimination.target - epsilons[0], elimination.target + epsilons[1]
    edges = _interval_edges(low, high)
    above = probability_above(x, n, edges, elimination.a, elimination.b)  # type: ignore[arg-type]
    density = -np.diff(above) / np.diff(edges)
    best = int(np.flatnonzero(density >= density.max() - _EQUAL)[-1])
    middle = (edges[best] + edges[best + 1]) / 2
    if middle < low:
        return "escalate"
    return "de-escalate" if middle > high else "stay"


def _interval_edges(low: float, high: float) -> Floats:
    """Edges of intervals of equal length from the equivalence interval outwards, to 0 and 1.

    The outermost may be shorter.
    """
    length = high - low
    below = low - length * np.arange(math.ceil(low / length))
    beyond = high + length * np.arange(math.ceil((1 - high) / length))
    edges = np.concatenate([[0.0], below[::-1], beyond, [1.0]])
    return np.asarray(edges[np.concatenate([[True], np.diff(edges) > _EQUAL])])


def isotonic_rates(x: npt.ArrayLike, n: npt.ArrayLike) -> Floats:
    """Isotonic estimates of the DLT rate by dose level, never falling with the dose.

    Pool-adjacent-violators algorithm (Barlow et al. 1972) on the rates (x + 0.05) / (n + 0.1),
    weighted by the inverse of their beta variance, as Liu & Yuan (2015) choose the MTD.

    Parameters
    ----------
    x, n
        DLTs and evaluable subjects, by ascending dose level.

    Returns
    -------
    ndarray
        One a dose level; NaN where nobody is evaluable.
    """
    events, subjects = np.asarray(x, float), np.asarray(n, float)
    treated = subjects > 0
    a, b = events[treated] + _PSEUDO, (subjects - events)[treated] + _PSEUDO
    weight = (a + b) ** 2 * (a + b + 1) / (a * b)
    rates = np.full(len(subjects), np.nan)
    rates[treated] = _pool_adjacent_violators(a / (a + b), weight)
    return rates


def _pool_adjacent_violators(values: Floats, weights: Floats) -> Floats:
    """The never falling sequence nearest to the values by weighted least squares."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        block = (value, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            mean, mass, size = blocks.pop()
            total = mass + block[1]
            block = ((mean * mass + block[0] * block[1]) / total, total, size + block[2])
        blocks.append(block)
    return np.repeat([mean for mean, _, _ in blocks], [size for _, _, size in blocks])


def select_mtd(x: Sequence[int], n: Sequence[int], elimination: Elimination) -> int | None:
    """The dose level whose isotonic DLT rate is nearest to the target, if escalation ended now.

    Levels that are eliminated, all above them, and those without evaluable subjects are left out.
    Of levels equally near the highest below the target is taken, or else the lowest above it (Liu &
    Yuan 2015).

    Parameters
    ----------
    x, n
        DLTs and evaluable subjects, by ascending dose level.
    elimination
        The target, the prior, and the rule of safety.

    Returns
    -------
    int or None
        Position of the level, from 0; None where no level is left.
    """
    too_toxic = np.logical_or.accumulate(elimination.applies(x, n))
    admissible = ~too_toxic & (np.asarray(n) > 0)
    rates = isotonic_rates(np.where(admissible, x, 0), np.where(admissible, n, 0))
    candidates = np.flatnonzero(admissible)
    if not len(candidates):
        return None
    distance = np.abs(rates[candidates] - elimination.target)
    nearest = candidates[distance <= distance.min() + _EQUAL]
    below = nearest[rates[nearest] < elimination.target]
    return int(below[-1] if len(below) else nearest[0])


def decision_boundaries(
    decisions: Sequence[Decision | None],
) -> tuple[float, float, float]:
    """Boundaries of a row of decisions, those with 0, 1, 2, ... DLTs at one number of subjects.

    Returns
    -------
    tuple of float
        Most DLTs that escalate, fewest that de-escalate or eliminate, and fewest that eliminate;
        each NaN where no number does.
    """
    numbered = list(enumerate(decisions))
    escalate = [x for x, decision in numbered if decision == "escalate"]
    down = [x for x, decision in numbered if decision in ("de-escalate", "eliminate")]
    out = [x for x, decision in numbered if decision == "eliminate"]
    return max(escalate, default=math.nan), min(down, default=math.nan), min(out, default=math.nan)
