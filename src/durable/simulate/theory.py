"""Operating characteristics that are known in closed form, to check the simulation against.

Each is computed in another way than the interval it checks: the coverage of the Clopper-Pearson
interval from binomial tails, not from its limits; that of the median from ranks, not from curves.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Samples drawn at once; each block has a seed of its own.
_BLOCK = 10_000


def successes(probabilities: Floats) -> Floats:
    """Distribution of the number of successes among subjects that need not be alike.

    Binomial where all have one probability, else Poisson-binomial, by convolution.

    Parameters
    ----------
    probabilities
        Probability of success of each subject, 0 to 1; shape (n,).

    Returns
    -------
    ndarray, shape (n + 1,)
        Probabilities of 0 to n successes.
    """
    if len(np.unique(probabilities)) == 1:
        return binomial(len(probabilities), float(probabilities[0]))
    weights = np.ones(1)
    for p in probabilities.tolist():
        weights = np.convolve(weights, [1 - p, p])
    return weights


def binomial(n: int, p: float) -> Floats:
    """Probabilities of 0 to n successes among n, each of probability p; shape (n + 1,)."""
    from scipy.special import betaln, xlog1py, xlogy

    x = np.arange(n + 1)
    ways = -betaln(x + 1, n - x + 1) - math.log(n + 1)
    return np.asarray(np.exp(ways + xlogy(x, p) + xlog1py(n - x, -p)))


def probability(weights: Floats, chosen: Bools) -> float:
    """Probability that the number of successes, 0 to n, is a chosen one; both of shape (n + 1,)."""
    return math.fsum(weights[chosen])


def clopper_pearson_covers(n: int, p: float, level: float = 0.95) -> Bools:
    """Whether the Clopper-Pearson interval holds p, by number of successes; shape (n + 1,).

    The interval is the set of p that neither one-sided binomial test rejects (Clopper & Pearson,
    Biometrika 1934;26:404): it holds p exactly when P(X >= x) and P(X <= x) are both at least
    (1 - level) / 2.
    """
    weights = binomial(n, p)
    at_most, at_least = np.cumsum(weights), np.cumsum(weights[::-1])[::-1]
    return np.asarray(np.minimum(at_most, at_least) >= (1 - level) / 2)


def clopper_pearson_coverage(n: int, p: float, level: float = 0.95) -> float:
    """Exact coverage of the Clopper-Pearson interval (Brown, Cai & DasGupta, Stat Sci 2001;16:101).

    Parameters
    ----------
    n
        Number of subjects, at least 1.
    p
        True rate, 0 to 1.
    level
        Confidence level of the interval.
    """
    return probability(binomial(n, p), clopper_pearson_covers(n, p, level))


def clopper_pearson_coverage_drawn(
    n: int, p: float, trials: int, seed: int, level: float = 0.95
) -> int:
    """Number of binomial samples, of `trials`, whose Clopper-Pearson interval holds the rate p.

    By the function of the analysis.
    """
    from durable.stats.proportions import proportion_cis

    x = np.random.default_rng([seed, n, round(1000 * p)]).binomial(n, p, trials)
    _, lower, upper = proportion_cis(np.arange(n + 1), n, level)
    holds = (lower <= p) & (p <= upper)
    return int(holds[x].sum())


def median_ranks(n: int, level: float = 0.95) -> tuple[int | None, int | None]:
    """Ranks, from 1, of the events that limit the log-log interval of the median of n times.

    Without censoring, after the j-th of n events the estimate is S = (n - j) / n and Greenwood's
    variance of log S is j / (n (n - j)), so the limits S^exp(+-z se / |log S|) depend on j alone.
    The interval of the median (Brookmeyer & Crowley, Biometrics 1982;38:29) runs from the first
    event after which the lower limit is at most 1/2 to the first after which the upper one is.
    After the last event there are no limits, so either end may be open (None).
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    lower: int | None = None
    for j in range(1, n):
        log = math.log((n - j) / n)
        spread = math.exp(z * math.sqrt(j / (n * (n - j))) / -log)
        if lower is None and log * spread <= math.log(0.5):
            lower = j
        if log / spread <= math.log(0.5):
            return lower, j
    return lower, None


def median_coverage(n: int, level: float = 0.95) -> float:
    """Exact coverage of the log-log interval of the median in uncensored samples of size n.

    Of a continuous distribution, the number K of observations up to the true median is binomial
    (n, 1/2). The interval between the events of ranks a and b covers it exactly when a <= K < b; an
    open limit counts as covering.
    """
    lower, upper = median_ranks(n, level)
    k = np.arange(n + 1)
    covers = (k >= (lower or 0)) & (k < (n + 1 if upper is None else upper))
    return probability(binomial(n, 0.5), covers)


def median_coverage_drawn(n: int, trials: int, seed: int, level: float = 0.95) -> int:
    """Number of samples, of `trials`, in which the log-log interval covers the true median.

    Samples of n exponential times without censoring through
    `durable.stats.batch.kaplan_meier_batch`; an open limit counts as covering.
    """
    from durable.stats.batch import kaplan_meier_batch

    covered = 0
    for block, start in enumerate(range(0, trials, _BLOCK)):
        drawn = np.random.default_rng([seed, n, block])
        times = drawn.standard_exponential((min(_BLOCK, trials - start), n))
        curves = kaplan_meier_batch(times, np.ones(times.shape, dtype=bool))
        _, lower, upper = curves.quantile(0.5, level, "log-log")
        covered += int((~(lower > math.log(2)) & ~(upper < math.log(2))).sum())
    return covered
