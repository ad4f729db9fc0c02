"""Which measures of the core set an assessment records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.jdm.measures import ENZYME, ENZYMES

if TYPE_CHECKING:
    import pandas as pd

    from durable.jdm.response import Response

#: Columns of visits that a core set may read.
_ENZYME_COLUMNS = tuple(name for one in ENZYMES.values() for name in (one.column, one.uln))


def core_set_columns(response: Response) -> tuple[str, ...]:
    """The columns of visits that the core set in force may read: of the enzyme all, with limits."""
    columns = [
        name
        for measure in response.measures.values()
        for name in (_ENZYME_COLUMNS if measure == ENZYME.column else (measure,))
    ]
    return tuple(columns)


def core_set_recorded(visits: pd.DataFrame, response: Response) -> pd.DataFrame:
    """Whether each assessment records each measure of the core set in force.

    Parameters
    ----------
    visits
        Assessments with `core_set_columns`.
    response
        Definitions in force.

    Returns
    -------
    DataFrame of bool
        A column per measure, in the order of the core set: a column of visits, or ``enzyme``, which
        is recorded where any muscle enzyme is with its upper limit of normal.
    """
    import pandas as pd

    recorded = {}
    for measure in response.measures.values():
        if measure == ENZYME.column:
            pairs = [visits[[one.column, one.uln]].notna().all(axis=1) for one in ENZYMES.values()]
            recorded[measure] = pd.concat(pairs, axis=1).any(axis=1)
        else:
            recorded[measure] = visits[measure].notna()
    return pd.DataFrame(recorded, index=visits.index)


def source_column(measure: str) -> str:
    """The column of visits that a measure is reported under; ``ck`` for the enzyme."""
    return next(iter(ENZYMES)) if measure == ENZYME.column else measure
