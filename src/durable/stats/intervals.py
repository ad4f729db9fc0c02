"""Pointwise confidence limits of a survival probability on the usual scales."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Literal

import numpy as np

from durable.stats.checks import Floats

Band = tuple[Floats, Floats]
#: Scales on which a limit is symmetric about the estimate.
Transform = Literal["plain", "log", "log-log", "logit", "arcsine"]
#: How the limits of a survival are found: on one of the scales, or by
#: `durable.stats.beta_product`.
Interval = Literal["plain", "log", "log-log", "logit", "arcsine", "bpcp"]


def undefined_at_zero(survival: Floats, values: Floats) -> Floats:
    """The values, NaN where the survival is 0."""
    return np.where(survival > 0, values, np.nan)


def normal_quantile(level: float) -> float:
    """Standard normal quantile of a two-sided interval: 1.96 for a level of 0.95."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def _plain(survival: Floats, log_std_err: Floats, z: float) -> Band:
    half = z * survival * log_std_err
    return survival - half, survival + half


def _log(survival: Floats, log_std_err: Floats, z: float) -> Band:
    factor = np.exp(z * log_std_err)
    return survival / factor, survival * factor


def _log_log(survival: Floats, log_std_err: Floats, z: float) -> Band:
    hazard = -np.log(survival)
    factor = np.exp(z * log_std_err / hazard)
    return np.exp(-hazard * factor), np.exp(-hazard / factor)


def _logit(survival: Floats, log_std_err: Floats, z: float) -> Band:
    odds = survival / (1 - survival)
    factor = np.exp(z * log_std_err / (1 - survival))
    return 1 - 1 / (1 + odds / factor), 1 - 1 / (1 + odds * factor)


def _arcsine(survival: Floats, log_std_err: Floats, z: float) -> Band:
    angle = np.arcsin(np.sqrt(survival))
    half = z / 2 * log_std_err * np.sqrt(survival / (1 - survival))
    lower, upper = np.maximum(angle - half, 0), np.minimum(angle + half, np.pi / 2)
    return np.sin(lower) ** 2, np.sin(upper) ** 2


#: Limits (before they are clipped to 0..1) from survival, standard error of its logarithm, and z.
TRANSFORMS: dict[Transform, Callable[[Floats, Floats, float], Band]] = {
    "plain": _plain,
    "log": _log,
    "log-log": _log_log,
    "logit": _logit,
    "arcsine": _arcsine,
}
