"""What an invented subject is measured at: the worst and the best ends of the scales."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from durable.jdm.measures import ENZYMES, INDICES, MEASURES
from durable.jdm.response import Response

#: Enzyme that is measured: the items of remission name it.
_ENZYME = ENZYMES["ck"]
#: Columns of visits that move between the ends of their scales, each on its own.
MOVING = (*MEASURES, _ENZYME.column)


def worst_and_best(response: Response) -> tuple[dict[str, float], dict[str, float]]:
    """The worst and the best value of each of `MOVING`, by column of visits.

    CK: its limit for remission is also the upper limit of normal, and the worst value lies above it
    by the configured range.
    """
    worst: dict[str, float] = {}
    best: dict[str, float] = {}
    for name, measure in MEASURES.items():
        scale = response.ranges.scale(name)
        ends = (scale.min, scale.max)
        worst[name], best[name] = ends if measure.better == "higher" else ends[::-1]
    limit, width = response.remission.criteria.ck_max, response.ranges.enzymes.ck
    worst[_ENZYME.column], best[_ENZYME.column] = limit * (1 + width), limit
    return worst, best


def fixed_columns(
    response: Response, remission: npt.NDArray[np.bool_]
) -> dict[str, npt.NDArray[Any]]:
    """The other columns of the disease, by name, at assessments in remission and not.

    Enzymes beside `MOVING` are not measured; drugs are stopped throughout; a recorded index is
    above its limit except in remission.
    """
    unknown = np.full(len(remission), np.nan)
    enzymes = {name: unknown for one in ENZYMES.values() for name in (one.column, one.uln)}
    limits = {name: getattr(response.remission, index.limit) for name, index in INDICES.items()}
    return {
        **enzymes,
        _ENZYME.uln: np.full(len(remission), response.remission.criteria.ck_max),
        "glucocorticoid_mg_kg": np.zeros(len(remission)),
        "immunosuppressant": np.full(len(remission), "N", dtype=object),
        **{name: np.where(remission, 0.0, limit + 1) for name, limit in limits.items()},
    }
