"""Core set measures of each assessment: percent changes from baseline, scores, and their total."""

from __future__ import annotations

from typing import Any, Literal, assert_never

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.frames import row_of_subject, subject_index, take_or_nan, with_columns
from durable.jdm import tis
from durable.jdm.measures import COMPONENTS, ENZYMES, direction
from durable.jdm.percent_change import exact_percent, percent_change
from durable.jdm.response import Response

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def with_scores(frame: pd.DataFrame, response: Response) -> pd.DataFrame:
    """Add what the core set measures say of each assessment, against its subject's baseline.

    Per component of the core set ``value_*``, ``base_*``, ``change_*`` (absolute percent, better is
    positive) and ``score_*``; then ``enzyme`` (the one followed, None without), ``tis``,
    ``tis_enzyme_zero``, ``tis_enzyme_maximum``, ``partial`` (flag: a score without a light
    measure), ``tis_best`` and ``level`` (`tis.response_category`). Changes, scores and totals are
    NaN, and the level None, where they cannot be calculated and up to the day of infusion.
    """
    return _with_total(_with_changes(frame, response), response)


def _with_changes(frame: pd.DataFrame, response: Response) -> pd.DataFrame:
    """Value, baseline value and percent change of each component."""
    new: dict[str, npt.NDArray[Any]] = {}
    first = row_of_subject(subject_index(frame), np.flatnonzero(frame["baseline"]))
    post = frame["post"].to_numpy(bool)
    for component, measure in response.measures.items():
        if measure == "enzyme":
            new |= _enzyme(frame, first, response)
            continue
        value = frame[measure].to_numpy(float)
        base = take_or_nan(value, first)
        scale, better = response.ranges.scale(measure), direction(measure)
        new[f"value_{component}"] = value
        new[f"base_{component}"] = base
        new[f"change_{component}"] = percent_change(base, value, scale.range, better)
    for component in COMPONENTS:
        # Improvement is measured after infusion; before it there is no change to speak of.
        new[f"change_{component}"] = np.where(post, new[f"change_{component}"], np.nan)
    if "enzyme" not in new:
        new["enzyme"] = np.full(len(frame), None, dtype=object)
    return with_columns(frame, new)


def _enzyme(frame: pd.DataFrame, first: Ints, response: Response) -> dict[str, npt.NDArray[Any]]:
    """The enzyme most abnormal at baseline as a multiple of its ULN, then followed throughout.

    Two enzymes equally abnormal: the first of CK, aldolase, ALT, AST, LDH. `first` is the row of
    the subject's baseline, -1 without one.
    """
    values = np.column_stack([frame[e].to_numpy(float) for e in ENZYMES])
    ulns = np.column_stack([frame[f"{e}_uln"].to_numpy(float) for e in ENZYMES])
    # 22.8 is 3 times 7.6, as 510 is of 170: in binary fractions it is 3.0000000000000004 times.
    of_visits = np.round(values / ulns, 12)
    multiples = np.column_stack([take_or_nan(multiple, first) for multiple in of_visits.T])
    known = ~np.isnan(multiples).all(axis=1)
    chosen = np.argmax(np.where(np.isnan(multiples), -np.inf, multiples), axis=1)
    rows = np.arange(len(frame))
    value, uln, multiple = (
        np.where(known, stacked[rows, chosen], np.nan) for stacked in (values, ulns, of_visits)
    )
    # The enzyme is the same on all rows of a subject, that of the baseline among them.
    base, base_uln = take_or_nan(value, first), take_or_nan(uln, first)
    widths = np.array([getattr(response.ranges.enzymes, e) for e in ENZYMES])[chosen]
    names = np.array([*ENZYMES, None], dtype=object)[np.where(known, chosen, len(ENZYMES))]
    return {
        "enzyme": names,
        "value_enzyme": multiple,
        "base_enzyme": take_or_nan(multiple, first),
        "change_enzyme": exact_percent(base, base_uln, value, uln, widths),
    }


def _with_total(frame: pd.DataFrame, response: Response) -> pd.DataFrame:
    """Score of each component, their total and its level."""
    improvement, thresholds = response.improvement, response.improvement.thresholds
    changes = pd.DataFrame({name: frame[f"change_{name}"] for name in COMPONENTS}, copy=False)
    as_scored = tis.component_scores(changes)
    post = frame["post"].to_numpy(bool)
    zero = _with_enzyme_component(as_scored, "zero", post)
    maximum = _with_enzyme_component(as_scored, "maximum", post)
    scores = _with_enzyme_component(as_scored, improvement.enzyme_component, post)
    total = tis.total_score(scores, improvement.light_missing)
    return with_columns(
        frame,
        {
            **{f"score_{name}": scores[name] for name in COMPONENTS},
            "tis": total,
            "tis_enzyme_zero": tis.total_score(zero, improvement.light_missing),
            "tis_enzyme_maximum": tis.total_score(maximum, improvement.light_missing),
            "partial": total.notna() & scores.isna().any(axis=1),
            "tis_best": tis.score_at_best(scores).where(total.notna()),
            "level": tis.response_category(
                total, thresholds.minimal, thresholds.moderate, thresholds.major
            ),
        },
    )


def _with_enzyme_component(
    scores: pd.DataFrame, component: Literal["scored", "zero", "maximum"], post: Flags
) -> pd.DataFrame:
    """The scores, those of the enzyme component after infusion (`post`) all the same if fixed."""
    match component:
        case "scored":
            return scores
        case "zero":
            fixed = 0.0
        case "maximum":
            fixed = max(COMPONENTS["enzyme"].scores)
        case never:
            assert_never(never)
    return with_columns(scores, {"enzyme": np.where(post, fixed, np.nan)})


def attainable_score(frame: pd.DataFrame, response: Response) -> pd.Series[float]:
    """Maximum attainable TIS given the baseline, by ``subject_id`` of those who have one.

    Every measure moves to its best possible value and the enzyme to its upper limit of normal (one
    that is normal already cannot improve); a fixed enzyme component has its score. A missing light
    measure attains 0; without a heavy one NaN.
    """
    first = frame.loc[frame["baseline"]].set_index("subject_id")
    changes = {}
    for component, measure in response.measures.items():
        base = first[f"base_{component}"].to_numpy(float)
        if measure == "enzyme":
            best = np.minimum(base, 1.0)
            chosen = first["enzyme"].map(response.ranges.enzymes.model_dump())
            changes[component] = percent_change(base, best, chosen.to_numpy(float))
        else:
            scale, better = response.ranges.scale(measure), direction(measure)
            best = np.full(len(first), scale.max if better == "higher" else scale.min)
            changes[component] = percent_change(base, best, scale.range, better)
    scores = tis.component_scores(pd.DataFrame(changes, index=first.index))
    every = np.ones(len(first), dtype=np.bool_)
    return tis.total_score(
        _with_enzyme_component(scores, response.improvement.enzyme_component, every)
    )
