"""What is measured in each state of the disease, so that the plan's own definitions see the state.

No clinical value is chosen here: a measure stands at the worst or at the best end of its configured
scale, and the derivation itself is asked what it sees in each combination.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.tables import NATIVE_COLUMNS
from durable.derive.assessments import assess
from durable.derive.datasets import REMISSION_KEYS
from durable.jdm.extremes import MOVING, fixed_columns, worst_and_best
from durable.jdm.parameters import SCORE
from durable.jdm.response import Response
from durable.plan import Finding, PlanError
from durable.schedule import Visit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
#: Columns of the visits table, each an array over the states.
Profile = dict[str, npt.NDArray[Any]]

#: States of a subject at an assessment: codes, in the rows of `profiles`.
ACTIVE, IMPROVED, REMISSION, RECURRED, RECURRED_IMPROVED = range(5)
#: What the investigator records in each state.
RECORDED = ("stable", "improved", "remission", "recurrence", "recurrence")
_DAY = pd.Timestamp("2000-01-01")
_VISIT = Visit(visit="V", day=1, window=0)


def profiles(primary: Response, variants: Iterable[Response] = ()) -> Profile:
    """Columns of the visits table in each state.

    Active disease is the worst end of every scale and remission the best. Improved without
    remission is the combination of worst and best ends that the primary definitions see so, of
    these one that most variants see so too, of these the one with the lowest score.

    Parameters
    ----------
    primary, variants
        Definitions of the primary analysis and of those simulated beside it.

    Returns
    -------
    dict of ndarray
        By column of the visits table: its value in the states of this module, shape (5,).

    Raises
    ------
    PlanError
        Where a state cannot be written so that the primary definitions see it.
    """
    worst, best = worst_and_best(primary)
    at_best = np.array(list(itertools.product([False, True], repeat=len(MOVING))))
    # Each combination as improved; behind them the worst as active disease, the best as remission.
    states = np.array([IMPROVED] * len(at_best) + [ACTIVE, REMISSION])
    at_best = np.vstack([at_best, at_best[[0, -1]]])
    measures = {
        name: np.where(at_best[:, i], best[name], worst[name]) for i, name in enumerate(MOVING)
    }
    visits = _visits(primary, measures, states)
    seen: dict[str, tuple[Floats, Floats]] = {}
    improved = []
    for response in (primary, *variants):
        rules = response.restrict_to(REMISSION_KEYS)
        key = rules.model_dump_json()
        if key not in seen:
            seen[key] = _score_and_remission(visits, rules)
        score, remission = seen[key]
        improved.append((score >= response.improvement.least_score) & (remission == 0))
    score, remission = next(iter(seen.values()))  # by the primary definitions
    _refuse_unseen(score, remission, improved[0][:-2], primary.improvement.least_score)
    agreed = np.sum(improved, axis=0)
    middle = np.lexsort((at_best.sum(axis=1), score, -agreed, ~improved[0]))[0]
    columns = _constant_columns(primary) | {
        name: values[[0, middle, -1, 0, middle]] for name, values in measures.items()
    }
    return {name: columns[name] for name in NATIVE_COLUMNS["visits"] if name in columns}


def _refuse_unseen(score: Floats, remission: Floats, improved: Flags, least: float) -> None:
    """Refuse definitions that do not see a state as what it is.

    Parameters
    ----------
    score, remission
        What they see; last but one in active disease, last in remission.
    improved
        Of each combination of ends: whether they see improvement without remission.
    least
        Score from which a response counts as improvement.
    """
    states = [
        (
            score[-2] < least and remission[-2] == 0,
            "the worst value of every measure",
            "active",
        ),
        (
            score[-1] >= least and remission[-1] == 1,
            "the best value of every measure",
            "improved and in remission",
        ),
        (
            improved.any(),
            "no combination of the ends of the scales that they call improved without remission",
            "to tell improvement from remission",
        ),
    ]
    findings = [
        Finding("response", f"definitions for which {values} is not seen as such", expected)
        for met, values, expected in states
        if not met
    ]
    if findings:
        raise PlanError("simulation", findings)


def _visits(primary: Response, measures: dict[str, Floats], states: Ints) -> pd.DataFrame:
    """Assessments of one subject: active disease before infusion, then the states."""
    fixed = {
        name: values[np.append(ACTIVE, states)]
        for name, values in _constant_columns(primary).items()
    }
    columns = fixed | {name: np.append(values[0], values) for name, values in measures.items()}
    visits = pd.DataFrame(
        {name: columns[name] for name in NATIVE_COLUMNS["visits"] if name in columns}
    )
    days = pd.to_timedelta(np.where(np.arange(len(visits)) == 0, -1, 1), unit="D")
    return visits.assign(
        subject_id="S",
        visit=_VISIT.visit,
        visit_date=(_DAY + days).astype("datetime64[ns]"),
        source_row=np.arange(len(visits)),
    )


def _score_and_remission(visits: pd.DataFrame, rules: Response) -> tuple[Floats, Floats]:
    """Score and remission that definitions see at the assessments after infusion."""
    subjects = pd.DataFrame(
        {"subject_id": ["S"], "lymphodepletion_date": [_DAY], "infusion_date": [_DAY]}
    )
    frame = assess(subjects, visits, (_VISIT,), rules).iloc[1:]
    return frame[SCORE.column].to_numpy(float), frame["remission"].to_numpy(float)


def _constant_columns(response: Response) -> Profile:
    """The columns that do not move on their own, in each state."""
    remission = np.arange(len(RECORDED)) == REMISSION
    recorded = {"investigator_assessment": np.array(RECORDED, dtype=object)}
    return fixed_columns(response, remission) | recorded
