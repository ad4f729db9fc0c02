"""Total Improvement Score (TIS) of the 2016 ACR/EULAR criteria for juvenile dermatomyositis.

Source: Rider et al., Arthritis Rheumatol 2017;69:911 and Ann Rheum Dis 2017;76:782; the score card
as tabulated in Rider et al., Rheumatology 2017;56:1884, Table 3.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.config.model import COMPONENTS

Floats = npt.NDArray[np.float64]

#: Upper cut points (absolute percent change) of score levels 0 to 3.
CUT_POINTS: dict[str, tuple[float, ...]] = {
    **dict.fromkeys(COMPONENTS, (5.0, 15.0, 25.0, 40.0)),
    "muscle": (2.0, 10.0, 20.0, 30.0),
}
#: Score of levels 0 to 4. The repeated 7.5s are those of the publication.
SCORES: dict[str, tuple[float, ...]] = {
    "physician_global": (0.0, 7.5, 15.0, 17.5, 20.0),
    "parent_global": (0.0, 2.5, 5.0, 7.5, 10.0),
    "muscle": (0.0, 10.0, 20.0, 27.5, 32.5),
    "function": (0.0, 5.0, 7.5, 7.5, 10.0),
    "enzyme": (0.0, 2.5, 5.0, 7.5, 7.5),
    "extramuscular": (0.0, 7.5, 12.5, 15.0, 20.0),
}
#: Without one of these there is no score; a missing lighter one scores 0 (and is flagged partial).
HEAVY = ("physician_global", "muscle", "extramuscular")
LIGHT = tuple(component for component in COMPONENTS if component not in HEAVY)

_MOST_DECIMALS = 9
_EXACT = 2.0**53


def percent_change(
    baseline: npt.ArrayLike,
    value: npt.ArrayLike,
    range: npt.ArrayLike,
    better: Literal["lower", "higher"] = "lower",
) -> Floats:
    """Absolute percent change of a core set measure: 100 x improvement / range of the measure.

    Exact for values as recorded: the decimals are taken as written, and the result is the exact
    quotient rounded once. In binary arithmetic (61.6 - 60) / 80 x 100 is 2.0000000000000018, which
    would pass the cut point of 2 and score 10 instead of 0.

    Parameters
    ----------
    baseline, value
        Values of the measure, any shape that broadcasts; NaN where missing.
    range
        Width of the scale, positive.
    better
        Direction of improvement.

    Returns
    -------
    ndarray of float
        Percent, positive for improvement; NaN where a value is missing.

    References
    ----------
    Rider et al., Rheumatology 2017;56:1884: absolute, not relative, percent change.
    """
    if better not in ("lower", "higher"):
        raise ValueError(f"better is 'lower' or 'higher', not {better!r}")
    if better == "higher":
        baseline, value = value, baseline
    return exact_percent(baseline, 1.0, value, 1.0, range)


def exact_percent(
    baseline: npt.ArrayLike,
    baseline_unit: npt.ArrayLike,
    value: npt.ArrayLike,
    value_unit: npt.ArrayLike,
    width: npt.ArrayLike,
) -> Floats:
    """100 x (baseline / its unit - value / its unit) / width, exact for decimal arguments.

    The units are 1, or the upper limits of normal of an enzyme at the two assessments.
    """
    arrays = np.broadcast_arrays(
        *(np.asarray(x, dtype=float) for x in (baseline, baseline_unit, value, value_unit, width))
    )
    parts = [np.ravel(array) for array in arrays]
    result = np.full(parts[0].shape, np.nan)
    known = np.all([np.isfinite(part) for part in parts], axis=0)
    if not known.any():
        return _shaped(result, arrays[0])
    b, bu, v, vu, w = (part[known] for part in parts)
    # Common powers of ten cancel within a quotient, so integers stand for the decimals as written.
    (bi, bui, vi, vui), values_exact = _integers(b, bu, v, vu)
    (wi, scale), width_exact = _integers(w, np.ones_like(w))
    largest = np.maximum(np.abs(bi * vui), np.abs(vi * bui))
    numerator = 100.0 * (bi * vui - vi * bui) * scale
    denominator = bui * vui * wi
    exact = values_exact & width_exact
    exact &= (200.0 * largest * scale < _EXACT) & (np.abs(denominator) < _EXACT)
    quotient = np.divide(
        numerator, denominator, where=denominator != 0, out=np.full_like(b, np.nan)
    )
    for i in np.flatnonzero(~exact):
        quotient[i] = _by_fractions(b[i], bu[i], v[i], vu[i], w[i])
    result[known] = quotient + 0.0  # no negative zero
    return _shaped(result, arrays[0])


def _shaped(flat: Floats, like: Floats) -> Floats:
    return flat.reshape(like.shape)[()]  # a number for numbers


def _integers(*values: Floats) -> tuple[list[Floats], npt.NDArray[np.bool_]]:
    """`values` times one power of ten that makes them whole, and where that succeeded."""
    for decimals in range(_MOST_DECIMALS + 1):
        scaled = [value * 10.0**decimals for value in values]
        whole = [np.rint(value) for value in scaled]
        # Nine digits after the point leave a product's rounding error far below this.
        fits = [
            np.abs(s - r) <= 1e-12 * np.maximum(1.0, np.abs(s))
            for s, r in zip(scaled, whole, strict=True)
        ]
        ok = np.all(fits, axis=0)
        if ok.all():
            break
    return whole, ok


def _by_fractions(b: float, bu: float, v: float, vu: float, w: float) -> float:
    """The same in rational arithmetic, for the few values with many digits."""
    exact = [Fraction(repr(float(x))) for x in (b, bu, v, vu, w)]
    if exact[1] == 0 or exact[3] == 0 or exact[4] == 0:
        return float("nan")
    return float(100 * (exact[0] / exact[1] - exact[2] / exact[3]) / exact[4])


def component_score(component: str, change: npt.ArrayLike) -> Floats:
    """Score of one core set measure by its absolute percent change.

    Intervals are open below and closed above: a change of exactly 5 % scores level 0. Worsening
    scores 0; NaN stays NaN.
    """
    percent = np.asarray(change, dtype=float)
    level = np.searchsorted(CUT_POINTS[component], percent, side="left")
    score = np.asarray(SCORES[component])[np.minimum(level, len(SCORES[component]) - 1)]
    return np.where(np.isnan(percent), np.nan, score)


def component_scores(changes: pd.DataFrame) -> pd.DataFrame:
    """Scores of all six measures; one row per assessment, columns as given in `changes`."""
    scores = {name: component_score(name, changes[name].to_numpy(float)) for name in COMPONENTS}
    return pd.DataFrame(scores, index=changes.index)


def add_up(
    scores: pd.DataFrame, light_missing: Literal["zero", "not_calculable"] = "zero"
) -> pd.Series[float]:
    """Total of the scores; NaN where a heavy measure (if so configured: any) is missing."""
    required = list(HEAVY) if light_missing == "zero" else list(COMPONENTS)
    total = scores[list(COMPONENTS)].sum(axis=1, skipna=True)
    return total.where(scores[required].notna().all(axis=1))


def total_improvement_score(
    changes: pd.DataFrame, light_missing: Literal["zero", "not_calculable"] = "zero"
) -> pd.Series[float]:
    """Total Improvement Score from absolute percent changes.

    Parameters
    ----------
    changes
        One row per assessment; columns physician_global, parent_global, muscle, function, enzyme,
        extramuscular: percent changes with improvement positive, NaN where missing.
    light_missing
        ``zero``: a missing parent global, function or enzyme scores 0; ``not_calculable``: then
        there is no score.

    Returns
    -------
    Series of float
        0 to 100 in steps of 2.5; NaN where physician global, muscle or extramuscular is missing.

    Examples
    --------
    >>> row = dict(physician_global=50, parent_global=40, muscle=22.5, function=41.67,
    ...            enzyme=33.33, extramuscular=30)
    >>> total_improvement_score(pd.DataFrame([row])).tolist()
    [87.5]
    """
    return add_up(component_scores(changes), light_missing)


def best_case(scores: pd.DataFrame) -> pd.Series[float]:
    """Total with every missing light measure at its maximum: what a partial score could be."""
    maxima = {name: max(SCORES[name]) for name in LIGHT}
    return add_up(scores.fillna(maxima))


def response_level(
    total: pd.Series[float], minimal: float, moderate: float, major: float
) -> pd.Series[Any]:
    """Level of response: NONE, MINIMAL, MODERATE or MAJOR; missing where there is no score."""
    names = np.array(["NONE", "MINIMAL", "MODERATE", "MAJOR", None], dtype=object)
    value = total.to_numpy(float)
    level = np.searchsorted([minimal, moderate, major], value, side="right")
    return pd.Series(names[np.where(np.isnan(value), 4, level)], index=total.index, dtype=object)
