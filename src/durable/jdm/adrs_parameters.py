"""Parameters of ADRS at each assessment: measures, changes, scores, and the status of remission."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from durable.frames import row_of_subject, subject_index, take_or_nan
from durable.jdm.measures import COMPONENTS, ENZYMES, MEASURES
from durable.jdm.parameters import (
    GLUCOCORTICOID,
    GLUCOCORTICOID_INCREASE,
    OTHER_SCORES,
    REMISSION_ITEMS,
    SCORE,
)
from durable.jdm.response import Response
from durable.vocabulary import CATEGORIES, MISSING, NEW_THERAPY, NOT_CALCULABLE, PARTIAL

#: Status columns of the assessments: code, name.
STATUSES = {
    **{item.column: (item.paramcd, item.label) for item in REMISSION_ITEMS},
    "remission": ("REMIS", "Remission"),
    "confirmed_loss": ("RECLOSS", "Confirmed loss of remission"),
    "confirmed_worse": ("PROGWRS", "Confirmed worsening"),
    "investigator_event": ("RECINV", "Recurrence or progression by the investigator"),
    "early_flare": ("FLARE", "Early flare, for adjudication"),
}
IMPROVED = ("IMPR", "Disease improvement")

#: What the codes of the text columns stand for.
SOURCES = ("visit_date", *MEASURES, *ENZYMES, GLUCOCORTICOID.column)
TEXTS = ("N", "Y", "U", *CATEGORIES)
REASONS = (PARTIAL, *MISSING.values())
NONE = -1
#: Codes of all parameters, in the order of the dataset.
ORDER = (
    *(f"{one.paramcd}{kind}" for one in COMPONENTS.values() for kind in ("", "PC", "SC")),
    SCORE.paramcd,
    *(score.paramcd for score in OTHER_SCORES),
    *(code for code, _ in STATUSES.values()),
    *(GLUCOCORTICOID.paramcd, GLUCOCORTICOID_INCREASE.paramcd),
    IMPROVED[0],
)


@dataclass(frozen=True)
class ParameterValues:
    """One parameter at every assessment: an array of shape (assessments,) or one value for all.

    Source, text and reason are positions in `SOURCES`, `TEXTS` and `REASONS`; `NONE` for none.
    Value is AVAL and base BASE, NaN where missing.
    """

    code: str
    label: str
    value: Any
    source: Any = 0
    base: Any = np.nan
    text: Any = NONE
    reason: Any = NONE
    present: Any = True
    """Which assessments have the parameter."""


def parameters(frame: pd.DataFrame, response: Response) -> list[ParameterValues]:
    """All parameters but the improvement rate that the plan asks for, in the order `ORDER`.

    Parameters
    ----------
    frame
        Assessments with losses, as `flag_recurrence` returns them.
    """
    all_parameters = [
        *_values(frame, response),
        *_changes(frame, response),
        *_scores(frame),
        *_statuses(frame, response),
        *_glucocorticoid(frame, response),
        *_glucocorticoid_increase(frame, response),
    ]
    return sorted(all_parameters, key=lambda parameter: ORDER.index(parameter.code))


def records_before_improvement(after_infusion: Any, response: Response) -> Any:
    """Number of parameters that each assessment has before that of the improvement rate.

    Parameters
    ----------
    after_infusion
        1 for an assessment after infusion, else 0; an array, or one number.
    response
        Definitions in force.
    """
    always = len(COMPONENTS) + len(STATUSES)
    asked = (GLUCOCORTICOID.paramcd, GLUCOCORTICOID_INCREASE.paramcd)
    after = len(ORDER) - len((*asked, IMPROVED[0])) - always
    after += response.glucocorticoid_increase is not None
    return always + response.asks_for("dose") + after * after_infusion


def _sources(frame: pd.DataFrame, response: Response, component: str) -> Any:
    measure = response.measures[component]
    if measure != "enzyme":
        return SOURCES.index(measure)
    return pd.Categorical(frame["enzyme"], categories=SOURCES).codes


def _values(frame: pd.DataFrame, response: Response) -> Iterator[ParameterValues]:
    for component, measure in response.measures.items():
        code, name = COMPONENTS[component].paramcd, COMPONENTS[component].label
        label = f"{name.capitalize()}: {measure}"
        if measure == "enzyme":
            label = "Enzyme most abnormal at baseline (multiple of ULN)"
        yield ParameterValues(
            code,
            label,
            frame[f"value_{component}"].to_numpy(),
            source=_sources(frame, response, component),
            base=frame[f"base_{component}"].to_numpy(),
        )


def _changes(frame: pd.DataFrame, response: Response) -> Iterator[ParameterValues]:
    """Percent change and score of each component, after infusion."""
    post = frame["post"].to_numpy(bool)
    for component in COMPONENTS:
        code, name = COMPONENTS[component].paramcd, COMPONENTS[component].label
        shared = {"source": _sources(frame, response, component), "present": post}
        label = f"Absolute percent change: {name}"
        kinds = ("change", "base", "score")
        change, base, score = (frame[f"{kind}_{component}"].to_numpy() for kind in kinds)
        yield ParameterValues(f"{code}PC", label, change, base=base, **shared)
        yield ParameterValues(f"{code}SC", f"Component score: {name}", score, **shared)


def _scores(frame: pd.DataFrame) -> Iterator[ParameterValues]:
    total, post = frame[SCORE.column].to_numpy(float), frame["post"].to_numpy(bool)
    reason = np.where(frame["partial"], REASONS.index(PARTIAL), NONE)
    reason[np.isnan(total)] = REASONS.index(NOT_CALCULABLE)
    level = pd.Categorical(frame["level"], categories=TEXTS).codes
    yield ParameterValues(
        SCORE.paramcd, SCORE.label, total, text=level, reason=reason, present=post
    )
    for score in OTHER_SCORES:
        values = frame[score.column].to_numpy()
        yield ParameterValues(score.paramcd, score.label, values, present=post)


def _statuses(frame: pd.DataFrame, response: Response) -> Iterator[ParameterValues]:
    """Remission and what speaks against it; unknown is U.

    A remission seen after new systemic therapy has that as its reason where it is not credited.
    """
    after_therapy = frame["after_new_therapy"].to_numpy(bool)
    credited = response.new_therapy.remission == "treatment_policy"
    for column, (code, label) in STATUSES.items():
        status = frame[column].to_numpy(float)
        text = np.where(np.isnan(status), TEXTS.index("U"), status)
        uncredited = after_therapy & (status == 1) & (column == "remission") & (not credited)
        reason = np.where(uncredited, REASONS.index(NEW_THERAPY), NONE)
        yield ParameterValues(code, label, status, text=text, reason=reason)


def _glucocorticoid(frame: pd.DataFrame, response: Response) -> Iterator[ParameterValues]:
    """The recorded dose, where the plan asks for it."""
    if not response.asks_for("dose"):
        return
    dose = frame[GLUCOCORTICOID.column].to_numpy(float)
    at_baseline = row_of_subject(
        subject_index(frame), np.flatnonzero(frame["baseline"].to_numpy(bool))
    )
    yield ParameterValues(
        GLUCOCORTICOID.paramcd,
        GLUCOCORTICOID.label,
        dose,
        source=SOURCES.index(GLUCOCORTICOID.column),
        base=take_or_nan(dose, at_baseline),
    )


def _glucocorticoid_increase(frame: pd.DataFrame, response: Response) -> Iterator[ParameterValues]:
    """Whether the dose was increased, where the plan defines it; unknown is U."""
    if response.glucocorticoid_increase is None:
        return
    status = frame[GLUCOCORTICOID_INCREASE.column].to_numpy(float)
    yield ParameterValues(
        GLUCOCORTICOID_INCREASE.paramcd,
        GLUCOCORTICOID_INCREASE.label,
        status,
        source=SOURCES.index(GLUCOCORTICOID.column),
        text=np.where(np.isnan(status), TEXTS.index("U"), status),
        present=frame["post"].to_numpy(bool),
    )
