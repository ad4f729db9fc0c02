"""Intervals and posterior of a binomial proportion.

Formulae, sources and choices: docs/proportions.md. By ``scipy.special``, the functions on which
``scipy.stats`` rests, because the latter takes 1.5 s longer to import.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, assert_never

import numpy as np
import numpy.typing as npt

from durable.stats.checks import Floats, check_between_0_and_1, check_choice

Method = Literal["clopper-pearson", "wilson", "jeffreys", "mid-p"]
Side = Literal["lower", "upper"]

# Each halving gains one binary digit; the limits lie between 0 and 1.
_HALVINGS = 60


@dataclass(frozen=True)
class Posterior:
    """Beta posterior of a proportion.

    Attributes
    ----------
    a, b
        Parameters of the Beta distribution; NaN without observations.
    mean
        Posterior mean, a / (a + b).
    lower, upper
        Equal-tailed credible interval.
    """

    a: float
    b: float
    mean: float
    lower: float
    upper: float

    def probability_above(self, target: float) -> float:
        """Posterior probability that the proportion exceeds ``target``; NaN without observations.

        Raises a ValueError for a target outside 0 to 1.
        """
        from scipy.special import betaincc

        if not 0 <= target <= 1:
            raise ValueError(f"target: {target} is not from 0 to 1")
        return float(betaincc(self.a, self.b, target))


def proportion_ci(
    x: float, n: float, level: float = 0.95, method: Method = "clopper-pearson"
) -> tuple[float, float, float]:
    """Proportion with its two-sided confidence interval.

    Parameters
    ----------
    x, n
        Number of successes and of subjects: whole numbers, 0 <= x <= n.
    level
        Confidence level, between 0 and 1.
    method
        ``clopper-pearson``: exact, by inverting two one-sided binomial tests (Clopper & Pearson,
        Biometrika 1934;26:404; R ``binom.test``, SAS ``PROC FREQ`` EXACT).
        ``wilson``: score interval without continuity correction (Wilson, JASA 1927;22:209; R
        ``prop.test(correct = FALSE)``, SAS WILSON).
        ``jeffreys``: quantiles of Beta(x + 1/2, n - x + 1/2), with lower limit 0 at x = 0 and upper
        limit 1 at x = n (Brown, Cai & DasGupta, Stat Sci 2001;16:101).
        ``mid-p``: as Clopper-Pearson, counting half the probability of the observed number
        (Lancaster, JASA 1961;56:223; Berry & Armitage, Statistician 1995;44:417; SAS MIDP), and
        so the lower limit is 0 at x = 0 and the upper 1 at x = n.

    Returns
    -------
    tuple of float
        Estimate, lower limit, upper limit; all NaN at n = 0.

    Raises
    ------
    ValueError
        For a count that is not whole, a negative one or x > n, a level outside (0, 1), an unknown
        method.
    """
    estimate, lower, upper = proportion_cis(x, n, level, method)
    return float(estimate), float(lower), float(upper)


def proportion_cis(
    x: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95, method: Method = "clopper-pearson"
) -> tuple[Floats, Floats, Floats]:
    """Many proportions at once: as `proportion_ci`, of arrays that broadcast to one shape.

    Estimates, lower and upper limits are arrays of that shape.
    """
    count, total = _counts(x, n)
    check_between_0_and_1("level", level)
    check_choice("method", method, Method)
    tail = (1 - level) / 2
    # A success more is a failure less, so the upper limit mirrors the lower one.
    limits = _lower(count, total, tail, method), 1 - _lower(total - count, total, tail, method)
    estimate = count / np.where(total > 0, total, np.nan)
    lower, upper = (np.where(total > 0, limit, np.nan) for limit in limits)
    return estimate, lower, upper


def proportion_bound(x: float, n: float, level: float = 0.95, side: Side = "upper") -> float:
    """Exact one-sided confidence bound of a proportion (Clopper & Pearson 1934).

    Equals R ``binom.test`` with ``alternative = "less"`` (upper) or ``"greater"`` (lower). With no
    event among n subjects the upper bound is 1 - (1 - level)^(1/n).

    Parameters
    ----------
    x, n
        Number of successes and of subjects: whole numbers, 0 <= x <= n.
    level
        One-sided confidence level, between 0 and 1.
    side
        Which bound.

    Returns
    -------
    float
        The bound; NaN at n = 0.

    Raises
    ------
    ValueError
        As `proportion_ci`, and for an unknown side.
    """
    count, total = _counts(x, n)
    check_between_0_and_1("level", level)
    check_choice("side", side, Side)
    if total == 0:
        return math.nan
    match side:
        case "lower":
            return float(_clopper_pearson(count, total, 1 - level))
        case "upper":
            return float(1 - _clopper_pearson(total - count, total, 1 - level))
        case _:
            assert_never(side)


def posterior(x: float, n: float, a: float = 1.0, b: float = 1.0, level: float = 0.95) -> Posterior:
    """Beta(a + x, b + n - x) posterior of a proportion under a Beta(a, b) prior.

    Parameters
    ----------
    x, n
        Number of successes and of subjects: whole numbers, 0 <= x <= n.
    a, b
        Prior: positive and finite. Beta(1, 1) is uniform, Beta(1/2, 1/2) Jeffreys'.
    level
        Probability of the equal-tailed credible interval, between 0 and 1.

    Returns
    -------
    Posterior
        All NaN at n = 0, where it would be the prior alone: no result of the trial.

    Raises
    ------
    ValueError
        As `proportion_ci`, and for a prior that is not positive and finite.
    """
    from scipy.special import betainccinv, betaincinv

    count, total = _counts(x, n)
    check_between_0_and_1("level", level)
    for name, value in (("a", a), ("b", b)):
        if not 0 < value < math.inf:
            raise ValueError(f"{name}: {value} is not positive and finite")
    if total == 0:
        return Posterior(math.nan, math.nan, math.nan, math.nan, math.nan)
    after_a, after_b, tail = float(a + count), float(b + total - count), (1 - level) / 2
    return Posterior(
        after_a,
        after_b,
        mean=after_a / (after_a + after_b),
        lower=float(betaincinv(after_a, after_b, tail)),
        upper=float(betainccinv(after_a, after_b, tail)),
    )


def _lower(x: Floats, n: Floats, tail: float, method: Method) -> Floats:
    match method:
        case "wilson":
            return _wilson(x, n, tail)
        case "jeffreys":
            return _beta_quantile(x + 0.5, n - x + 0.5, tail, x)
        case "mid-p":
            return _mid_p(x, n, tail)
        case "clopper-pearson":
            return _clopper_pearson(x, n, tail)
        case _:
            assert_never(method)


def _clopper_pearson(x: Floats, n: Floats, tail: float) -> Floats:
    """Lower limit: the p at which P(X >= x) = tail."""
    return _beta_quantile(x, n - x + 1, tail, x)


def _beta_quantile(a: Floats, b: Floats, tail: float, x: Floats) -> Floats:
    """Quantile of Beta(a, b) where x > 0, and 0 at x = 0."""
    from scipy.special import betaincinv

    some = x > 0
    return np.where(some, betaincinv(np.where(some, a, 1.0), b, tail), 0.0)


def _wilson(x: Floats, n: Floats, tail: float) -> Floats:
    """Lower root of n (x/n - p)^2 = z^2 p (1 - p), as product of the roots / upper root.

    The usual formula subtracts nearly equal numbers for small x; this one is exactly 0 at x = 0.
    """
    z = NormalDist().inv_cdf(tail)
    total = np.maximum(n, 1.0)
    half_width = -z * np.sqrt(x * (n - x) / total + z * z / 4)
    return np.asarray(x * x / total / (x + z * z / 2 + half_width))


def _mid_p(x: Floats, n: Floats, tail: float) -> Floats:
    """Lower limit: the p at which P(X > x) + P(X = x) / 2 = tail, by bisection.

    The left-hand side is the mean of P(X >= x) and P(X >= x + 1), so the limit lies between the
    Clopper-Pearson limits of x and x + 1.
    """
    from scipy.special import betainc

    any_responders, all_responders = x > 0, x >= n
    a, b = np.where(any_responders, x, 1.0), np.where(all_responders, 1.0, n - x)
    low = _clopper_pearson(x, n, tail)
    high = np.where(all_responders, 1.0, _clopper_pearson(np.minimum(x + 1, n), n, tail))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        beyond = np.where(all_responders, 0.0, betainc(a + 1, b, middle))
        under = (betainc(a, n - a + 1, middle) + beyond) / 2 < tail
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    return np.where(any_responders, (low + high) / 2, 0.0)


def _counts(x: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    count, total = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(n, np.float64))
    for name, values in (("x", count), ("n", total)):
        bad = ~(np.isfinite(values) & (values >= 0) & (values == np.rint(values)))
        if bad.any():
            raise ValueError(f"{name}: {values[bad][0]:g} is not a count")
    bad = count > total
    if bad.any():
        raise ValueError(f"x: {count[bad][0]:g} is more than n, {total[bad][0]:g}")
    return count, total
