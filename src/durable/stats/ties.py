"""Times, quantiles and probabilities that are equal but for rounding."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.stats.checks import Bools, Floats, Ints

#: Convention of quantiles: that of R ``survival`` or that of SAS ``PROC LIFETEST``.
Rule = Literal["r", "sas"]
#: Times, and survival probabilities at a quantile under rule "r", closer than this are equal:
#: ``sqrt(.Machine$double.eps)``, the tolerance of R's ``aeqSurv`` and ``quantile.survfit``.
TOLERANCE = math.sqrt(np.finfo(np.float64).eps)
#: R's ``quantile`` finds none of the quantiles of a call if 1 - S ends below the smallest of them,
#: even by rounding. Here each is as in a call that asks for this one too.
SMALLEST = 0.1
#: Survival this near the level of a quantile is compared with it in integers.
NEAR = 1e-9

#: Probabilities closer than this are equal.
_EQUAL = 1e-12


def exceeds(probability: npt.ArrayLike, limit: npt.ArrayLike) -> Bools:
    """Whether a probability is above a limit, and not equal to it but for rounding.

    Under a uniform prior probabilities are simple fractions, such as 1/10, that a limit can be.
    False where one of them is NaN.
    """
    return np.asarray(np.asarray(probability, float) > np.asarray(limit, float) + _EQUAL)


def merge_equal(times: Floats) -> tuple[Floats, Ints, float]:
    """Distinct times ascending, the rank of every time from 0, and the tolerance: R ``aeqSurv``.

    Of times that are equal but for rounding, the smallest stands for all.
    """
    # By hashing: five times as fast as np.unique where many share few times.
    rank, distinct = pd.factorize(times, sort=True)
    tolerance = TOLERANCE * max(1.0, float(distinct.mean()) if distinct.size else 1.0)
    starts = np.diff(distinct, prepend=-np.inf) > tolerance
    if not starts.all():
        distinct, rank = distinct[starts], (starts.cumsum() - 1)[rank]
    return distinct, rank, tolerance


def exact_fraction(p: float) -> Fraction:
    """The fraction that a float stands for: 1/10 for 0.1, not its binary value."""
    simplest = Fraction(p).limit_denominator(1_000_000)
    return simplest if float(simplest) == p else Fraction(p)
