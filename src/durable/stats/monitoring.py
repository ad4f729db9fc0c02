"""Sequential monitoring of a proportion: posterior, prediction and boundaries of stopping.

Formulae, sources and choices: docs/monitoring.md. All probabilities are exact: of the beta, the
binomial and the beta-binomial distribution, without simulation.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from durable.stats.checks import Floats, check_between_0_and_1
from durable.stats.ties import exceeds


def probability_above(
    x: npt.ArrayLike, n: npt.ArrayLike, rate: float, a: float = 1.0, b: float = 1.0
) -> Floats:
    """Posterior probability that a proportion exceeds a rate.

    Parameters
    ----------
    x, n
        Numbers of events and of subjects, 0 <= x <= n; arrays that broadcast to one shape.
    rate
        The rate, 0 to 1.
    a, b
        Beta prior, positive.

    Returns
    -------
    ndarray
        P(p > rate) under Beta(a + x, b + n - x); NaN at n = 0, where it would be the prior's alone.
    """
    from scipy.special import betaincc

    events, subjects = np.asarray(x, float), np.asarray(n, float)
    above = betaincc(a + events, b + subjects - events, rate)
    return np.where(subjects > 0, above, np.nan)


def predictive_probability(
    x: int,
    n: int,
    n_max: int,
    rate: float,
    success: float,
    a: float = 1.0,
    b: float = 1.0,
) -> float:
    """Predictive probability that the trial succeeds at its maximum size.

    Lee & Liu, Clin Trials 2008;5:93: over the responders that the n_max - n subjects to come can
    have, which are beta-binomial given those seen, the probability of the outcomes after which
    P(p > rate) exceeds `success`.

    Parameters
    ----------
    x, n
        Responders and evaluable subjects so far.
    n_max
        Size of the trial. With as many evaluable, or more, the outcome is known: 0 or 1.
    rate
        Rate that must be exceeded.
    success
        Posterior probability of this that is a success.
    a, b
        Beta prior, of the posterior and of the prediction.

    Returns
    -------
    float
        The probability; NaN at n = 0.
    """
    if n == 0:
        return math.nan
    remaining = max(n_max - n, 0)
    more = np.arange(remaining + 1)
    succeeds = exceeds(probability_above(x + more, n + remaining, rate, a, b), success)
    # A sum of rounded probabilities can be above 1.
    return min(1.0, math.fsum(_beta_binomial(remaining, a + x, b + n - x)[succeeds]))


def beta_binomial_boundary(
    n_max: int, rate: float, cutoff: float, a: float = 1.0, b: float = 1.0, first: int = 1
) -> Floats:
    """Fewest events at which a posterior probability calls for a stop.

    Thall & Simon, Biometrics 1994;50:337; for toxicity Geller et al., in *Handbook of Statistics
    in Clinical Oncology* (2003).

    Parameters
    ----------
    n_max
        Largest number of subjects.
    rate
        Highest acceptable rate of events.
    cutoff
        Stop where P(p > rate) is higher than this.
    a, b
        Beta prior.
    first
        Number of subjects from which on the rule applies.

    Returns
    -------
    ndarray, shape (n_max,)
        Of each number of subjects 1, 2, ...; NaN where no number of events stops.
    """
    n, x = np.arange(1, n_max + 1)[:, None], np.arange(n_max + 1)[None, :]
    within = np.minimum(x, n)
    above = exceeds(probability_above(within, n, rate, a, b), cutoff)
    stops = (x <= n) & (n >= first) & above
    return _fewest(stops)


def pocock_boundary(n_max: int, rate: float, error: float, first: int = 1) -> Floats:
    """Pocock-type boundary of continuous monitoring: an exact test at one level after each subject.

    Ivanova, Qaqish & Schell, Biometrics 2005;61:540: stop after n subjects with x events where
    P(X >= x) under the acceptable rate is at most a pointwise level; the level is the largest at
    which the probability of ever stopping is at most `error` when the rate is acceptable.

    Parameters
    ----------
    n_max
        Largest number of subjects.
    rate
        Highest acceptable rate of events, between 0 and 1.
    error
        Probability of ever stopping at that rate, at most; between 0 and 1.
    first
        Number of subjects from which on the rule applies.

    Returns
    -------
    ndarray, shape (n_max,)
        Fewest events that stop, of each number of subjects 1, 2, ...; NaN where none does.
    """
    from scipy.special import betainc

    check_between_0_and_1("rate", rate)
    check_between_0_and_1("error", error)
    n, x = np.arange(1, n_max + 1)[:, None], np.arange(1, n_max + 1)[None, :]
    possible = (x <= n) & (n >= first)
    tail = np.where(possible, betainc(x, np.maximum(n - x, 0) + 1, rate), np.inf)

    def at_level(level: float) -> Floats:
        stops = np.hstack([np.zeros((n_max, 1), bool), tail <= level])
        return _fewest(stops)

    levels = np.unique(tail[possible])
    low, high = 0, len(levels)
    # Invariant: the first `low` levels keep the error, those from `high` on do not.
    while low < high:
        middle = (low + high) // 2
        if exceeds(stopping_probability(at_level(float(levels[middle])), rate), error):
            high = middle
        else:
            low = middle + 1
    return at_level(float(levels[low - 1])) if low else np.full(n_max, np.nan)


def stopping_probability(boundary: Floats, rate: float) -> float:
    """Probability that a sequence of subjects ever reaches a boundary, exactly.

    Parameters
    ----------
    boundary
        Fewest events that stop, of each number of subjects 1, 2, ...; NaN where none does.
    rate
        True rate of events.
    """
    limits = np.where(np.isnan(boundary), np.inf, boundary)
    alive = np.zeros(len(limits) + 1)
    alive[0], stopped = 1.0, 0.0
    events = np.arange(len(alive))
    for limit in limits:
        alive = alive * (1 - rate) + np.concatenate([[0.0], alive[:-1] * rate])
        reached = events >= limit
        stopped += math.fsum(alive[reached])
        alive[reached] = 0.0
    return stopped


def first_crossing(events: npt.ArrayLike, boundary: Floats) -> float:
    """Number of subjects at which a sequence of 0 and 1 first reaches a boundary; NaN: never.

    The boundary holds the fewest events that stop, of 1, 2, ... subjects; NaN where none does.
    Subjects beyond its last are not monitored.
    """
    count = np.cumsum(np.asarray(events, float))[: len(boundary)]
    reached = np.flatnonzero(count >= np.where(np.isnan(boundary), np.inf, boundary)[: len(count)])
    return float(reached[0] + 1) if len(reached) else math.nan


def _fewest(stops: npt.NDArray[np.bool_]) -> Floats:
    """Smallest column that is True of each row; NaN without any."""
    return np.where(stops.any(axis=1), stops.argmax(axis=1), np.nan)


def _beta_binomial(n: int, a: float, b: float) -> Floats:
    """Probabilities of 0 to n events among n whose common rate is Beta(a, b)."""
    from scipy.special import betaln

    x = np.arange(n + 1)
    log_choices = -betaln(x + 1, n - x + 1) - math.log(n + 1)
    return np.asarray(np.exp(log_choices + betaln(a + x, b + n - x) - betaln(a, b)))
