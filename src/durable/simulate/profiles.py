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
    choices = np.array(list(itertools.product([False, True], repeat=len(MOVING))))
    values = {
        name: np.where(choices[:, i], best[name], worst[name]) for i, name in enumerate(MOVING)
    }
    definitions = (primary, *variants)
    seen = [_seen(values, IMPROVED, primary, definition) for definition in definitions]
    improved = [
        (score >= definition.improvement.least_score) & (remission == 0)
        for definition, (score, remission) in zip(definitions, seen, strict=True)
    ]
    _refuse_unseen(primary, improved[0])
    agreed = np.sum(improved, axis=0)
    order = np.lexsort((choices.sum(axis=1), seen[0][0], -agreed, ~improved[0]))
    middle = {name: values[name][order[0]] for name in MOVING}
    return _columns(primary, worst, middle, best)


def _refuse_unseen(primary: Response, improved: npt.NDArray[np.bool_]) -> None:
    """Refuse definitions that do not see a state as what it is.

    Parameters
    ----------
    primary
        Definitions of the primary analysis.
    improved
        Of each combination of ends: whether they see improvement without remission.
    """
    worst, best = worst_and_best(primary)
    least = primary.improvement.least_score
    active = _seen(_rows([worst]), ACTIVE, primary, primary)
    inactive = _seen(_rows([best]), REMISSION, primary, primary)
    states = [
        (active[0][0] < least and active[1][0] == 0, "the worst value of every measure", "active"),
        (
            inactive[0][0] >= least and inactive[1][0] == 1,
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


def _rows(states: list[dict[str, float]]) -> dict[str, Floats]:
    return {name: np.array([state[name] for state in states]) for name in MOVING}


def _seen(
    values: dict[str, Floats], state: int, primary: Response, rule: Response
) -> tuple[Floats, Floats]:
    """Score and remission that a definition sees in measures after active disease."""
    worst, _ = worst_and_best(primary)
    n = len(values[MOVING[0]])
    codes = np.append(ACTIVE, np.full(n, state))
    table = {name: column[codes] for name, column in _beside(primary).items()}
    table |= {name: np.append(worst[name], values[name]) for name in MOVING}
    visits = pd.DataFrame({name: table[name] for name in NATIVE_COLUMNS["visits"] if name in table})
    days = np.append(-1, np.ones(n, dtype=int))
    visits = visits.assign(
        subject_id="S",
        visit="V",
        visit_date=(_DAY + pd.to_timedelta(days, unit="D")).astype("datetime64[ns]"),
        source_row=np.arange(n + 1),
    )
    subjects = pd.DataFrame(
        {"subject_id": ["S"], "lymphodepletion_date": [_DAY], "infusion_date": [_DAY]}
    )
    frame = assess(subjects, visits, (_VISIT,), rule.only(REMISSION_KEYS)).iloc[1:]
    return frame[SCORE.column].to_numpy(float), frame["remission"].to_numpy(float)


def _beside(response: Response) -> Profile:
    """The columns that do not move on their own, in each state."""
    remission = np.arange(len(RECORDED)) == REMISSION
    recorded = {"investigator_assessment": np.array(RECORDED, dtype=object)}
    return fixed_columns(response, remission) | recorded


def _columns(
    rule: Response, worst: dict[str, float], middle: dict[str, float], best: dict[str, float]
) -> Profile:
    states = _rows([worst, middle, best, worst, middle])
    found = _beside(rule) | states
    return {name: found[name] for name in NATIVE_COLUMNS["visits"] if name in found}
