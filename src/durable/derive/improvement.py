"""Improvement status of each infused subject at each visit of the improvement rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.derive.assessments import UNSCHEDULED
from durable.frames import first_rows, subject_index, take_or_nan
from durable.jdm.adrs_parameters import IMPROVED, NONE, REASONS, ParameterValues
from durable.jdm.parameters import SCORE
from durable.jdm.response import Response
from durable.schedule import Visit
from durable.vocabulary import DIED, MISSING, NEW_THERAPY, PARTIAL

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class VisitResponse:
    """Improvement at one visit, arrays of shape (infused subjects,) in the order of ADSL."""

    visit: Visit
    row: Ints
    """Row, from 0, of the assessment that stands for the visit, or -1."""
    value: Floats
    """1 improved, 0 not, NaN unknown."""
    reason: Ints
    """Position in `REASONS` of why the status is missing, partial or failed, or -1."""


def rows_of_visits(frame: pd.DataFrame, unscheduled: bool) -> npt.NDArray[np.int64]:
    """Rows, from 0, of the assessments that stand for a scheduled visit: one per subject and visit.

    Of the assessments in the window of a visit the one closest to the target day; if equidistant,
    the earlier. One whose score can be calculated goes before one whose cannot. Those labelled UNS
    take part only with `unscheduled`.
    """
    target = frame["target"].to_numpy(float)
    eligible = ~np.isnan(target)
    if not unscheduled:
        eligible &= (frame["visit"] != UNSCHEDULED).to_numpy(bool)
    rows = np.flatnonzero(eligible)
    number, target = subject_index(frame)[rows], target[rows]
    day = frame["day"].to_numpy(float)[rows]
    unscored = np.isnan(frame[SCORE.column].to_numpy(float)[rows])
    order = np.lexsort((day, np.abs(day - target), unscored, target, number))
    # Windows do not overlap, so the target names the visit.
    first = np.ones(len(rows), dtype=bool)
    number, target = number[order], target[order]
    first[1:] = (number[1:] != number[:-1]) | (target[1:] != target[:-1])
    return rows[order[first]]


def score_reached(frame: pd.DataFrame, response: Response) -> dict[str, Flags]:
    """At each assessment, whether the score is known and whether an improvement is credited.

    Returns
    -------
    dict
        Two flags by assessment. ``scored``: after infusion, with a score. ``improved``: the score
        is that of an improvement, and no new systemic therapy began before, unless by the treatment
        policy strategy.
    """
    score = frame[SCORE.column].to_numpy(float)
    scored = frame["post"].to_numpy(bool) & ~np.isnan(score)
    improved = scored & (score >= response.improvement.least_score)
    if response.new_therapy.improvement != "treatment_policy":
        improved &= ~frame["after_new_therapy"].to_numpy(bool)
    return {"scored": scored, "improved": improved}


def improvement_parameter(visits: list[VisitResponse], rows: int) -> ParameterValues:
    """The parameter IMPR of ADRS, present at the assessments that stand for a configured visit.

    `rows` is the number of all assessments.
    """
    value, reason, present = np.full(rows, np.nan), np.full(rows, NONE), np.zeros(rows, dtype=bool)
    for visit_response in visits:
        seen = visit_response.row >= 0
        row = visit_response.row[seen]
        value[row], reason[row], present[row] = (
            visit_response.value[seen],
            visit_response.reason[seen],
            True,
        )
    text = np.where(np.isnan(value), NONE, value)
    return ParameterValues(*IMPROVED, value, text=text, reason=reason, present=present)


def improvement_at_visits(
    infused: pd.DataFrame, frame: pd.DataFrame, schedule: tuple[Visit, ...], response: Response
) -> Iterator[VisitResponse]:
    """Status of every infused subject at each visit of the improvement rate, assessed or not.

    After new systemic therapy a subject is not improved (composite), not observed (hypothetical) or
    as assessed (treatment policy). The assessments have ``anl01``, whether one stands for its
    visit, and ``place``, the position of its subject in `infused`. A visit that the schedule does
    not have is left out.
    """
    rule, strategy = response.improvement, response.new_therapy.improvement
    least = getattr(rule.thresholds, rule.level)
    chosen, position = frame["anl01"].to_numpy(bool), frame["place"].to_numpy(np.int64)
    target = frame["target"].to_numpy(float)
    for visit in (v for v in schedule if v.visit in rule.visits):
        rows = np.flatnonzero(chosen & (target == visit.day))
        row = np.full(len(infused), NONE)
        row[position[rows]] = rows
        score = take_or_nan(frame[SCORE.column].to_numpy(float), row)
        improved = np.where(np.isnan(score), np.nan, (score >= least).astype(float))
        partial = take_or_nan(frame["partial"].to_numpy(float), row) == 1
        after_therapy = take_or_nan(frame["after_new_therapy"].to_numpy(float), row) == 1
        reason = _reason(infused, visit, row, score, partial)
        if strategy != "treatment_policy":
            therapy_start = _start_of_therapy(infused, frame)
            reason = _after_new_therapy(infused, therapy_start, visit, reason, score, after_therapy)
            failed = 0.0 if strategy == "composite" else np.nan
            improved = np.where(after_therapy & ~np.isnan(score), failed, improved)
        yield VisitResponse(visit, row, improved, reason)


def _start_of_therapy(infused: pd.DataFrame, frame: pd.DataFrame) -> npt.NDArray[Any]:
    """Start of the first new systemic therapy, or of a dose that counts as one, by subject."""
    therapy_start = infused["NSTDT"].to_numpy("datetime64[ns]").copy()
    position = frame["place"].to_numpy(np.int64)
    first = first_rows(position, frame["rescue_dose"].to_numpy(bool))
    date = frame["visit_date"].to_numpy("datetime64[ns]")
    therapy_start[position[first]] = np.fmin(therapy_start[position[first]], date[first])
    return therapy_start


def _after_new_therapy(
    infused: pd.DataFrame,
    therapy_start: npt.NDArray[Any],
    visit: Visit,
    reason: Ints,
    score: Floats,
    after_therapy: npt.NDArray[np.bool_],
) -> Ints:
    """The reasons, where new systemic therapy is one of them.

    It is where it began before the assessment or, without one, by the end of the window; death goes
    before it.
    """
    close = infused["TRTSDT"].to_numpy() + np.timedelta64(visit.last_day, "D")
    unseen = np.isnan(score) & (therapy_start <= close)
    unseen &= reason != REASONS.index(DIED)
    seen = after_therapy & ~np.isnan(score)
    return np.where(seen | unseen, REASONS.index(NEW_THERAPY), reason)


def _reason(
    infused: pd.DataFrame, visit: Visit, row: Ints, score: Floats, partial: npt.NDArray[np.bool_]
) -> Ints:
    """Why there is no improvement status; PARTIAL where the score lacks a light measure."""
    close = infused["TRTSDT"].to_numpy() + np.timedelta64(visit.last_day, "D")
    code = {name: REASONS.index(text) for name, text in MISSING.items()}
    return np.select(
        [
            ~np.isnan(score),
            infused["DTHDT"].to_numpy() <= close,
            infused["EOSDT"].to_numpy() <= close,
            infused["CUTDT"].to_numpy() < close,
            row >= 0,
        ],
        [
            np.where(partial, REASONS.index(PARTIAL), NONE),
            code["died"],
            code["withdrawn"],
            code["pending"],
            code["not_calculable"],
        ],
        code["not_assessed"],
    )
