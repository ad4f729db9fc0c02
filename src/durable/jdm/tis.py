"""Total Improvement Score (TIS) of the 2016 ACR/EULAR criteria for juvenile dermatomyositis.

Source: Rider et al., Arthritis Rheumatol 2017;69:911 and Ann Rheum Dis 2017;76:782; the score card
as tabulated in Rider et al., Rheumatology 2017;56:1884, Table 3.
"""

from __future__ import annotations

from typing import Any, Literal, assert_never

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.jdm.measures import COMPONENTS
from durable.vocabulary import CATEGORIES

Floats = npt.NDArray[np.float64]

#: Without one of these there is no score; a missing lighter one scores 0 (and is flagged partial).
HEAVY = tuple(name for name, component in COMPONENTS.items() if component.heavy)
LIGHT = tuple(name for name, component in COMPONENTS.items() if not component.heavy)


def component_score(component: str, change: npt.ArrayLike) -> Floats:
    """Score of one core set measure by its absolute percent change.

    Parameters
    ----------
    component
        Place of the measure in the core set, such as ``muscle``.
    change
        Absolute percent change, improvement positive.

    Returns
    -------
    ndarray of float
        From the score card. Intervals are open below and closed above: a change of exactly 5%
        scores level 0. Worsening scores 0; NaN stays NaN.
    """
    percent = np.asarray(change, dtype=float)
    level = np.zeros(percent.shape, dtype=np.intp)
    for cut in COMPONENTS[component].cut_points:
        level += percent > cut
    return np.where(np.isnan(percent), np.nan, np.asarray(COMPONENTS[component].scores)[level])


def component_scores(changes: pd.DataFrame) -> pd.DataFrame:
    """Scores (`component_score`) of all six measures: a row per assessment, a column a component.

    `changes` holds the absolute percent changes in columns of the same names.
    """
    scores = {name: component_score(name, changes[name].to_numpy(float)) for name in COMPONENTS}
    return pd.DataFrame(scores, index=changes.index, copy=False)


def total_score(
    scores: pd.DataFrame, light_missing: Literal["zero", "not_calculable"] = "zero"
) -> pd.Series[float]:
    """Total Improvement Score from the scores of the components.

    Parameters
    ----------
    scores
        One row per assessment, a column a component; NaN where the measure is missing.
    light_missing
        As for `total_improvement_score`.

    Returns
    -------
    Series of float
        0 to 100; NaN where a heavy measure (``not_calculable``: any measure) is missing.
    """
    match light_missing:
        case "zero":
            required = HEAVY
        case "not_calculable":
            required = tuple(COMPONENTS)
        case never:
            assert_never(never)
    total = np.zeros(len(scores))
    for component in COMPONENTS:
        score = scores[component].to_numpy(float)
        # Scores are multiples of 2.5: their sums are exact in any order.
        total += score if component in required else np.nan_to_num(score)
    return pd.Series(total, index=scores.index)


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
        0 to 100 in steps of 2.5; NaN where physician global, muscle or extramuscular
        (``not_calculable``: any) is missing.

    Examples
    --------
    >>> row = dict(physician_global=50, parent_global=40, muscle=22.5, function=41.67,
    ...            enzyme=33.33, extramuscular=30)
    >>> total_improvement_score(pd.DataFrame([row])).tolist()
    [87.5]
    """
    return total_score(component_scores(changes), light_missing)


def score_at_best(scores: pd.DataFrame) -> pd.Series[float]:
    """Total Improvement Score with every missing light measure at its maximum.

    NaN where a heavy measure is missing. `scores` is as for `total_score`.
    """
    maxima = {name: max(COMPONENTS[name].scores) for name in LIGHT}
    return total_score(scores.fillna(maxima))


def response_category(
    total: pd.Series[float], minimal: float, moderate: float, major: float
) -> pd.Series[Any]:
    """TIS response category: NONE, MINIMAL, MODERATE or MAJOR; None where there is no score.

    Parameters
    ----------
    total
        Total Improvement Score.
    minimal, moderate, major
        Lowest score of each category.
    """
    names = np.array([*CATEGORIES, None], dtype=object)
    value = total.to_numpy(float)
    level = np.searchsorted([minimal, moderate, major], value, side="right")
    return pd.Series(names[np.where(np.isnan(value), 4, level)], index=total.index, dtype=object)
