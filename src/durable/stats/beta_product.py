"""Confidence limits of a survival probability by the beta product confidence procedure.

Fay, Brittain & Proschan, Biostatistics 2013;14:723. Without censoring they are the exact limits of
a binomial proportion (Clopper & Pearson, Biometrika 1934;26:404); with censoring no case is known
in which they cover less than they claim. They exist before the first event and where the curve has
reached 0, where the limits by a normal approximation do not.

At risk n, of whom d have the event at a time: the conditional survival through it is held against
Beta(n - d + 1, d). The upper limit of the survival is a quantile of the product of these over the
times up to now; for the lower limit the next of those still at risk is taken to have the event at
once: a further factor Beta(n', 1). The product is approximated by the beta distribution with its
mean and variance, as the authors do by default (exact where nothing is censored before).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from durable.stats.checks import Floats, Ints
from durable.stats.intervals import Band


def beta_product_limits(n_risk: Ints, n_event: Ints, level: float) -> Band:
    """Limits of the survival from each observed time until the next.

    Parameters
    ----------
    n_risk, n_event
        At risk just before, and events at, each distinct time of a right-censored sample, in the
        last axis; 0 behind the last time of a sample.
    level
        Two-sided confidence level, between 0 and 1.

    Returns
    -------
    tuple of two arrays
        Lower and upper limit, of the shape of `n_risk`, never increasing in time. From the last
        time on the lower limit is 0.
    """
    tail = (1 - level) / 2
    at_risk, events = n_risk.astype(float), n_event.astype(float)
    survivors = at_risk - events
    # Sums of logarithms of a product's first moment, and of second moment over first squared.
    log_mean = np.log((survivors + 1) / (at_risk + 1)).cumsum(axis=-1)
    excess = (np.log1p(1 / (survivors + 1)) - np.log1p(1 / (at_risk + 1))).cumsum(axis=-1)
    upper = _quantile(1 - tail, log_mean, excess)
    following = np.concatenate([at_risk[..., 1:], np.zeros_like(at_risk[..., :1])], axis=-1)
    with np.errstate(divide="ignore"):
        log_mean = log_mean + np.log(following / (following + 1))
        excess = excess + np.log1p(1 / following) - np.log1p(1 / (following + 1))
    lower = np.where(following > 0, _quantile(tail, log_mean, excess), 0.0)
    # Only the approximation of the product could let a limit rise.
    return np.minimum.accumulate(lower, axis=-1), np.minimum.accumulate(upper, axis=-1)


def lower_limit_before_events(n: npt.ArrayLike, level: float) -> Floats:
    """Lower limit of the survival before the first observed time of `n` subjects; the upper is 1.

    NaN where there is no subject.
    """
    subjects = np.asarray(n, dtype=float)
    with np.errstate(divide="ignore"):
        return np.where(subjects > 0, ((1 - level) / 2) ** (1 / subjects), np.nan)


def _quantile(p: float, log_mean: Floats, excess: Floats) -> Floats:
    """Quantile of the beta distribution with a mean and a relative variance; 1 where that is 0."""
    from scipy.special import betaincinv

    with np.errstate(all="ignore"):
        mean, failed, relative = np.exp(log_mean), -np.expm1(log_mean), np.expm1(excess)
        first = (failed - mean * relative) / relative
        quantile = betaincinv(first, first * failed / mean, p)
    return np.where(relative > 0, quantile, 1.0)
