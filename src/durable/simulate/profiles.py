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
from durable.jdm.measures import ENZYMES, direction
from durable.jdm.response import Response, Scale
from durable.plan import Finding, PlanError
from durable.schedule import Visit

Floats = npt.NDArray[np.float64]
#: Columns of the visits table, each an array over the states.
Profile = dict[str, npt.NDArray[Any]]

#: States of a subject at an assessment: codes, in the rows of `profiles`.
ACTIVE, IMPROVED, REMISSION, RECURRED, RECURRED_IMPROVED = range(5)
#: What the investigator records in each state.
RECORDED = ("stable", "improved", "remission", "recurrence", "recurrence")
#: Measures that move between the ends of their scales, each on its own. Of the enzymes only CK is
#: measured: the rules for remission name it.
MEASURES = (
    *("physician_global", "parent_global", "cmas", "mmt8", "chaq", "chq_phs", "das"),
    *("extramuscular", "ck"),
)
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
    worst, best = _ends(primary)
    choices = np.array(list(itertools.product([False, True], repeat=len(MEASURES))))
    values = {
        name: np.where(choices[:, i], best[name], worst[name]) for i, name in enumerate(MEASURES)
    }
    definitions = (primary, *variants)
    seen = [_seen(values, IMPROVED, primary, rule) for rule in definitions]
    score, remission = seen[0]
    least = _least(primary)
    remitted = _seen(_rows([best]), REMISSION, primary, primary)
    active = _seen(_rows([worst]), ACTIVE, primary, primary)
    between = (score >= least) & (remission == 0)
    sighted = [
        (active[0][0] < least and active[1][0] == 0, "the worst value of every measure", "active"),
        (
            remitted[0][0] >= least and remitted[1][0] == 1,
            "the best value of every measure",
            "improved and in remission",
        ),
        (
            between.any(),
            "no combination of the ends of the scales that they call improved without remission",
            "to tell improvement from remission",
        ),
    ]
    findings = [
        Finding("response", f"definitions for which {found} is not seen as such", expected)
        for met, found, expected in sighted
        if not met
    ]
    if findings:
        raise PlanError("simulation", findings)
    agreed = sum(
        ((s >= _least(rule)) & (r == 0)).astype(int)
        for rule, (s, r) in zip(definitions, seen, strict=True)
    )
    order = np.lexsort((choices.sum(axis=1), score, -agreed, ~between))
    middle = {name: values[name][order[0]] for name in MEASURES}
    return _columns(primary, worst, middle, best)


def _ends(rule: Response) -> tuple[dict[str, float], dict[str, float]]:
    """The worst and the best value of each measure.

    CK: its limit for remission is also the upper limit of normal, and the worst value lies above it
    by the configured range.
    """
    worst: dict[str, float] = {}
    best: dict[str, float] = {}
    for name in MEASURES[:-1]:
        scale: Scale = getattr(rule.ranges, name)
        ends = (scale.min, scale.max)
        worst[name], best[name] = ends if direction(name) == "higher" else ends[::-1]
    best["ck"] = rule.remission.criteria.ck_max
    worst["ck"] = best["ck"] * (1 + rule.ranges.enzymes.ck)
    return worst, best


def _least(rule: Response) -> float:
    return float(getattr(rule.improvement.thresholds, rule.improvement.level))


def _rows(states: list[dict[str, float]]) -> dict[str, Floats]:
    return {name: np.array([state[name] for state in states]) for name in MEASURES}


def _seen(
    values: dict[str, Floats], state: int, primary: Response, rule: Response
) -> tuple[Floats, Floats]:
    """Score and remission that a definition sees in measures after active disease."""
    worst, _ = _ends(primary)
    n = len(values["ck"])
    codes = np.append(ACTIVE, np.full(n, state))
    table = {name: column[codes] for name, column in _beside(primary).items()}
    table |= {name: np.append(worst[name], values[name]) for name in MEASURES}
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
    return frame["tis"].to_numpy(float), frame["remission"].to_numpy(float)


def _beside(rule: Response) -> Profile:
    """The columns that do not move on their own, in each state; drugs are stopped throughout."""
    unknown = np.full(len(RECORDED), np.nan)
    active = np.arange(len(RECORDED)) != REMISSION
    return {
        **{f"{enzyme}{end}": unknown for enzyme in ENZYMES for end in ("", "_uln")},
        "ck_uln": np.full(len(RECORDED), rule.remission.criteria.ck_max),
        "glucocorticoid_mg_kg": np.zeros(len(RECORDED)),
        "immunosuppressant": np.full(len(RECORDED), "N", dtype=object),
        "investigator_assessment": np.array(RECORDED, dtype=object),
        "jdmai1": np.where(active, rule.remission.jdmai1_max + 1, 0.0),
        "jdmai2": np.where(active, rule.remission.jdmai2_max + 1, 0.0),
    }


def _columns(
    rule: Response, worst: dict[str, float], middle: dict[str, float], best: dict[str, float]
) -> Profile:
    states = _rows([worst, middle, best, worst, middle])
    found = _beside(rule) | states
    return {name: found[name] for name in NATIVE_COLUMNS["visits"] if name in found}
