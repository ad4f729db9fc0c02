"""ADRS: one record per subject, assessment and parameter, and one per configured visit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.config.model import COMPONENTS, Response, Visit
from durable.contracts.parameters import PLACES
from durable.derive.adsl import study_day
from durable.derive.assessments import UNSCHEDULED
from durable.derive.frames import numbers, positions, with_columns

#: Status columns of the assessments: code, name.
STATUSES = {
    "item_ck": ("REMCK", "Remission item: CK"),
    "item_cmas": ("REMCMAS", "Remission item: CMAS"),
    "item_mmt8": ("REMMMT8", "Remission item: MMT8"),
    "item_physician_global": ("REMPHYS", "Remission item: physician global"),
    "remission": ("REMIS", "Remission"),
    "confirmed_loss": ("RECLOSS", "Confirmed loss of remission"),
    "confirmed_worse": ("PROGWRS", "Confirmed worsening"),
    "investigator_event": ("RECINV", "Recurrence or progression by the investigator"),
    "early_flare": ("FLARE", "Early flare, for adjudication"),
}
#: Scores that bound the total: code, name, column of the assessments.
OTHER_SCORES = (
    ("TISBEST", "missing light measures at their maximum", "tis_best"),
    ("TISENZ0", "enzyme or CHQ-PhS scored 0", "tis_enzyme_zero"),
    ("TISENZMX", "enzyme or CHQ-PhS scored its maximum", "tis_enzyme_maximum"),
)
PARTIAL = "PARTIAL"
IMPROVED = ("IMPR", "Disease improvement")
MISSING = {
    "died": "DIED",
    "withdrawn": "WITHDRAWN",
    "pending": "PENDING",
    "not_calculable": "NOT CALCULABLE",
    "not_assessed": "NOT ASSESSED",
}


@dataclass(frozen=True)
class _Parameter:
    """Values of one parameter, one per assessment."""

    code: str
    label: str
    value: npt.NDArray[Any]
    source: Any = "visit_date"
    base: npt.NDArray[Any] | None = None
    text: npt.NDArray[Any] | None = None
    reason: npt.NDArray[Any] | None = None


def derive(
    adsl: pd.DataFrame, frame: pd.DataFrame, schedule: tuple[Visit, ...], response: Response
) -> pd.DataFrame:
    """Response dataset (see `contracts.adam`), sorted by USUBJID and ASEQ.

    Parameters
    ----------
    adsl
        Subject-level dataset.
    frame
        Assessments with losses, as `recurrence.with_losses` returns them.
    """
    infused, frame = _infused(adsl, frame, response)
    after = frame.loc[frame["post"]]
    records = pd.concat(
        [
            _stacked(frame, [*_values(frame, response), *_statuses(frame)]),
            _stacked(after, [*_changes(after, response), *_scores(after)]),
            *_improvement(infused, frame, schedule, response),
        ],
        ignore_index=True,
    )
    order = {code: i for i, code in enumerate(_ORDER)}
    records["order"] = records["PARAMCD"].map(order)
    records = records.sort_values(
        ["USUBJID", "ADT", "SRCSEQ", "order"], kind="stable", na_position="last", ignore_index=True
    )
    records["ASEQ"] = records.groupby("USUBJID").cumcount().to_numpy("int64") + 1
    records["STUDYID"] = infused["STUDYID"].iloc[0] if len(infused) else ""
    return records[_COLUMNS]


def improvement(
    adsl: pd.DataFrame, frame: pd.DataFrame, schedule: tuple[Visit, ...], response: Response
) -> pd.DataFrame:
    """The records of the improvement rate alone: for each visit, all infused subjects in order."""
    infused, frame = _infused(adsl, frame[_OF_A_VISIT], response)
    return pd.concat(_improvement(infused, frame, schedule, response), ignore_index=True)


def _infused(
    adsl: pd.DataFrame, frame: pd.DataFrame, response: Response
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Infused subjects, and their assessments with those marked that stand for a visit."""
    infused = adsl.loc[adsl["SAFFL"] == "Y"]
    place = positions(frame, infused["USUBJID"])
    frame = with_columns(frame, {"place": place}).loc[place >= 0].reset_index(drop=True)
    chosen = np.zeros(len(frame), dtype=bool)
    chosen[selected(frame, response.improvement.unscheduled)] = True
    return infused, with_columns(frame, {"anl01": chosen})


#: Columns of the assessments that a record of the improvement rate rests on.
_OF_A_VISIT = [
    *("subject", "subject_id", "visit", "visit_date", "infusion_date", "day", "source_row"),
    *("avisit", "target", "baseline", "tis", "partial"),
]
_ORDER = (
    *(f"{code}{kind}" for code, _ in PLACES.values() for kind in ("", "PC", "SC")),
    "TIS",
    *(code for code, _, _ in OTHER_SCORES),
    *(code for code, _ in STATUSES.values()),
    IMPROVED[0],
)
_COLUMNS = [
    "STUDYID",
    "USUBJID",
    "ASEQ",
    "PARAMCD",
    "PARAM",
    "VISIT",
    "AVISIT",
    "ADT",
    "ADY",
    "AWTARGET",
    "AWTDIFF",
    "AVAL",
    "AVALC",
    "BASE",
    "ABLFL",
    "ANL01FL",
    "REASON",
    "SRCDOM",
    "SRCVAR",
    "SRCSEQ",
]


def selected(frame: pd.DataFrame, unscheduled: bool) -> npt.NDArray[np.int64]:
    """Rows that stand for their scheduled visit: nearest to target, of two as near the earlier.

    Assessments whose score can be calculated come before those whose cannot; unscheduled ones take
    part only when so configured.
    """
    target = frame["target"].to_numpy(float)
    part = ~np.isnan(target)
    if not unscheduled:
        part &= (frame["visit"] != UNSCHEDULED).to_numpy(bool)
    rows = np.flatnonzero(part)
    number, target = numbers(frame)[rows], target[rows]
    day = frame["day"].to_numpy(float)[rows]
    unscored = np.isnan(frame["tis"].to_numpy(float)[rows])
    order = np.lexsort((day, np.abs(day - target), unscored, target, number))
    # Windows do not overlap, so the target names the visit.
    first = np.ones(len(rows), dtype=bool)
    number, target = number[order], target[order]
    first[1:] = (number[1:] != number[:-1]) | (target[1:] != target[:-1])
    return rows[order[first]]


def _mark(condition: npt.ArrayLike, text: str) -> npt.NDArray[np.object_]:
    """The text where a condition holds, nothing elsewhere."""
    return np.array([None, text], dtype=object).take(np.asarray(condition, dtype=int))


def _stacked(frame: pd.DataFrame, parameters: list[_Parameter]) -> pd.DataFrame:
    """Records of several parameters, each with the identity of its assessment."""
    times, n = len(parameters), len(frame)
    nothing = np.full(n, None, dtype=object)
    unknown = np.full(n, np.nan)

    def stack(arrays: list[Any]) -> npt.NDArray[Any]:
        return np.concatenate([np.broadcast_to(np.asarray(a), (n,)) for a in arrays])

    records = pd.concat([_identity(frame)] * times, ignore_index=True)
    return records.assign(
        PARAMCD=np.repeat(np.array([p.code for p in parameters], dtype=object), n),
        PARAM=np.repeat(np.array([p.label for p in parameters], dtype=object), n),
        AVAL=stack([p.value for p in parameters]).astype(float),
        AVALC=stack([nothing if p.text is None else p.text for p in parameters]),
        BASE=stack([unknown if p.base is None else p.base for p in parameters]),
        REASON=stack([nothing if p.reason is None else p.reason for p in parameters]),
        SRCVAR=stack([np.asarray(p.source, dtype=object) for p in parameters]),
    )


def _identity(frame: pd.DataFrame) -> pd.DataFrame:
    """Which assessment a record is of."""
    return pd.DataFrame(
        {
            "USUBJID": frame["subject_id"],
            "VISIT": frame["visit"],
            "AVISIT": frame["avisit"].mask(frame["baseline"], "BASELINE").astype(object),
            "ADT": frame["visit_date"],
            "ADY": study_day(frame["visit_date"], frame["infusion_date"]),
            "AWTARGET": frame["target"].astype("Int64"),
            "AWTDIFF": (frame["day"] - frame["target"]).astype("Int64"),
            "ABLFL": _mark(frame["baseline"], "Y"),
            "ANL01FL": _mark(frame["anl01"], "Y"),
            "SRCDOM": "visits",
            "SRCSEQ": frame["source_row"].astype("Int64"),
        }
    )


def _sources(frame: pd.DataFrame, response: Response, component: str) -> Any:
    measure = response.measures[component]
    return frame["enzyme"].to_numpy(object) if measure == "enzyme" else measure


def _values(frame: pd.DataFrame, response: Response) -> Iterator[_Parameter]:
    for component, measure in response.measures.items():
        code, name = PLACES[component]
        label = f"{name.capitalize()}: {measure}"
        if measure == "enzyme":
            label = "Enzyme most abnormal at baseline (multiple of ULN)"
        yield _Parameter(
            code,
            label,
            frame[f"value_{component}"].to_numpy(float),
            source=_sources(frame, response, component),
            base=frame[f"base_{component}"].to_numpy(float),
        )


def _changes(after: pd.DataFrame, response: Response) -> Iterator[_Parameter]:
    """Percent change and score of each component."""
    for component in COMPONENTS:
        code, name = PLACES[component]
        source = _sources(after, response, component)
        yield _Parameter(
            f"{code}PC",
            f"Absolute percent change: {name}",
            after[f"change_{component}"].to_numpy(float),
            source=source,
            base=after[f"base_{component}"].to_numpy(float),
        )
        score = after[f"score_{component}"].to_numpy(float)
        yield _Parameter(f"{code}SC", f"Component score: {name}", score, source=source)


def _scores(after: pd.DataFrame) -> Iterator[_Parameter]:
    total = after["tis"].to_numpy(float)
    reason = _mark(after["partial"], PARTIAL)
    reason[np.isnan(total)] = MISSING["not_calculable"]
    level = after["level"].to_numpy(object)
    yield _Parameter("TIS", "Total Improvement Score", total, text=level, reason=reason)
    for code, name, column in OTHER_SCORES:
        score = after[column].to_numpy(float)
        yield _Parameter(code, f"Total Improvement Score, {name}", score)


def _statuses(frame: pd.DataFrame) -> Iterator[_Parameter]:
    """Remission and what speaks against it; unknown is U."""
    words = np.array(["N", "Y", "U"], dtype=object)
    for column, (code, label) in STATUSES.items():
        status = frame[column].to_numpy(float)
        text = words[np.where(np.isnan(status), 2, status).astype(int)]
        yield _Parameter(code, label, status, text=text)


def _improvement(
    infused: pd.DataFrame, frame: pd.DataFrame, schedule: tuple[Visit, ...], response: Response
) -> Iterator[pd.DataFrame]:
    """One record per infused subject and visit of the improvement rate, assessed or not."""
    rule = response.improvement
    least = getattr(rule.thresholds, rule.level)
    chosen = frame.loc[frame["anl01"], [*_OF_A_VISIT, "place"]]
    for visit in (v for v in schedule if v.visit in rule.visits):
        at_visit = chosen.loc[chosen["target"] == visit.day].set_index("place")
        at_visit = at_visit.reindex(range(len(infused))).assign(baseline=False, anl01=True)
        score = at_visit["tis"].to_numpy(float)
        improved = np.where(np.isnan(score), np.nan, (score >= least).astype(float))
        text = np.array(["N", "Y", None], dtype=object)
        parameter = _Parameter(
            *IMPROVED,
            improved,
            text=text[np.where(np.isnan(improved), 2, improved).astype(int)],
            reason=_reason(infused, at_visit, visit),
            source=_mark(at_visit["visit_date"].notna(), "visit_date"),
        )
        at_visit["subject_id"] = infused["USUBJID"].to_numpy()
        yield _stacked(at_visit.reset_index(drop=True), [parameter]).assign(
            AVISIT=visit.visit,
            AWTARGET=visit.day,
            SRCDOM=_mark(at_visit["visit_date"].notna(), "visits"),
        )


def _reason(infused: pd.DataFrame, at_visit: pd.DataFrame, visit: Visit) -> npt.NDArray[Any]:
    """Why there is no improvement status; PARTIAL where the score lacks a light measure."""
    infusion = infused["TRTSDT"].to_numpy()
    close = infusion + np.timedelta64(visit.last_day, "D")
    partial = _mark(at_visit["partial"].eq(True), PARTIAL)
    return np.select(
        [
            at_visit["tis"].notna().to_numpy(),
            infused["DTHDT"].to_numpy() <= close,
            infused["EOSDT"].to_numpy() <= close,
            infused["CUTDT"].to_numpy() < close,
            at_visit["visit_date"].notna().to_numpy(),
        ],
        [
            partial,
            MISSING["died"],
            MISSING["withdrawn"],
            MISSING["pending"],
            MISSING["not_calculable"],
        ],
        MISSING["not_assessed"],
    )
