"""One row per assessment: days, analysis visit, baseline, score and status by the plan's rules.

The frame that `assess` returns is what every dataset is made from; it is sorted by subject, date
and row of the file, and its index is 0..n-1.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.config.model import COMPONENTS, ENZYMES, Baseline, Response, Scale, Visit
from durable.derive import remission, tis

Floats = npt.NDArray[np.float64]

HIGHER_IS_BETTER = frozenset({"cmas", "mmt8", "chq_phs"})
UNSCHEDULED = "UNS"


def assess(
    subjects: pd.DataFrame, visits: pd.DataFrame, schedule: tuple[Visit, ...], response: Response
) -> pd.DataFrame:
    """Everything that is derived per assessment.

    Parameters
    ----------
    subjects, visits
        Validated tables after the data cut-off.
    schedule, response
        Parts of the plan.

    Returns
    -------
    DataFrame
        The columns of `visits`, and: ``day`` (days since infusion; the infusion is day 0),
        ``post`` (after infusion), ``avisit``, ``target``, ``baseline`` (flag), per component
        ``value_*``, ``base_*``, ``change_*`` (absolute percent, better is positive), ``score_*``,
        then ``tis``, ``tis_best``, ``partial``, ``level`` and the statuses of `remission`.
    """
    frame = _ordered(subjects, visits)
    frame["baseline"] = baseline_flag(frame, response.baseline)
    frame["avisit"], frame["target"] = analysis_visit(frame["day"].to_numpy(float), schedule)
    frame = _with_changes(frame, response)
    frame = _with_score(frame, response)
    return remission.with_status(frame, response)


def _ordered(subjects: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    dates = subjects[["subject_id", "lymphodepletion_date", "infusion_date"]]
    frame = visits.merge(dates, on="subject_id", how="left", validate="many_to_one")
    frame = frame.sort_values(["subject_id", "visit_date", "source_row"], ignore_index=True)
    frame["day"] = (frame["visit_date"] - frame["infusion_date"]).dt.days.astype(float)
    frame["post"] = frame["day"] >= 1
    return frame


def baseline_flag(frame: pd.DataFrame, rule: Baseline) -> pd.Series[bool]:
    """The last assessment before lymphodepletion, for a subject without one before infusion.

    With ``rule.before`` infusion the last one before infusion is taken straight away.
    """
    before = _last_before(frame, frame["infusion_date"], rule.same_day)
    if rule.before == "infusion":
        return before
    earlier = _last_before(frame, frame["lymphodepletion_date"], rule.same_day)
    has_earlier = earlier.groupby(frame["subject_id"]).transform("any")
    return earlier | (before & ~has_earlier)


def _last_before(
    frame: pd.DataFrame, date: pd.Series[pd.Timestamp], same_day: bool
) -> pd.Series[bool]:
    early = (frame["visit_date"] <= date) if same_day else (frame["visit_date"] < date)
    last = frame.loc[early].groupby("subject_id").tail(1).index
    return pd.Series(frame.index.isin(last), index=frame.index)


def analysis_visit(
    day: Floats, schedule: tuple[Visit, ...]
) -> tuple[npt.NDArray[np.object_], Floats]:
    """Scheduled visit whose window holds a day, and its target day; None and NaN outside all.

    Windows do not overlap (the plan refuses it), so a day lies in one at most.
    """
    label = np.full(day.shape, None, dtype=object)
    target = np.full(day.shape, np.nan)
    for visit in schedule:
        inside = (day >= visit.first_day) & (day <= visit.last_day)
        label[inside] = visit.visit
        target[inside] = visit.day
    return label, target


def direction(measure: str) -> Literal["lower", "higher"]:
    """Which way a measure improves."""
    return "higher" if measure in HIGHER_IS_BETTER else "lower"


def _with_changes(frame: pd.DataFrame, response: Response) -> pd.DataFrame:
    """Value, baseline value and percent change of each component."""
    new: dict[str, npt.NDArray[Any]] = {}
    for component, measure in response.measures.items():
        if measure == "enzyme":
            new |= _enzyme(frame, response)
            continue
        value = frame[measure].to_numpy(float)
        base = at_baseline(frame, value)
        scale: Scale = getattr(response.ranges, measure)
        better = direction(measure)
        new[f"value_{component}"] = value
        new[f"base_{component}"] = base
        new[f"change_{component}"] = tis.percent_change(base, value, scale.range, better)
    for component in COMPONENTS:
        # Improvement is measured after infusion; before it there is no change to speak of.
        new[f"change_{component}"] = np.where(frame["post"], new[f"change_{component}"], np.nan)
    if "enzyme" not in new:
        new["enzyme"] = np.full(len(frame), None, dtype=object)
    return frame.assign(**new)


def at_baseline(frame: pd.DataFrame, value: Floats) -> Floats:
    """The subject's value at the baseline assessment, on each of its rows; NaN without one."""
    marked = pd.Series(np.where(frame["baseline"], value, np.nan), index=frame.index)
    return marked.groupby(frame["subject_id"]).transform("max").to_numpy(float)


def _enzyme(frame: pd.DataFrame, response: Response) -> dict[str, npt.NDArray[Any]]:
    """The enzyme most abnormal at baseline as a multiple of its ULN, then followed throughout.

    Two enzymes equally abnormal: the first of CK, aldolase, ALT, AST, LDH.
    """
    multiples = np.column_stack(
        [at_baseline(frame, (frame[e] / frame[f"{e}_uln"]).to_numpy(float)) for e in ENZYMES]
    )
    known = ~np.isnan(multiples).all(axis=1)
    chosen = np.argmax(np.where(np.isnan(multiples), -np.inf, multiples), axis=1)
    rows = np.arange(len(frame))

    def pick(column: str, at_base: bool) -> npt.NDArray[np.float64]:
        stacked = np.column_stack([frame[column.format(e)].to_numpy(float) for e in ENZYMES])
        if at_base:
            stacked = np.column_stack([at_baseline(frame, values) for values in stacked.T])
        return np.where(known, stacked[rows, chosen], np.nan)

    value, uln = pick("{}", False), pick("{}_uln", False)
    base, base_uln = pick("{}", True), pick("{}_uln", True)
    widths = np.array([getattr(response.ranges.enzymes, e) for e in ENZYMES])[chosen]
    names = np.array([*ENZYMES, None], dtype=object)[np.where(known, chosen, len(ENZYMES))]
    return {
        "enzyme": names,
        "value_enzyme": value / uln,
        "base_enzyme": base / base_uln,
        "change_enzyme": tis.exact_percent(base, base_uln, value, uln, widths),
    }


def _with_score(frame: pd.DataFrame, response: Response) -> pd.DataFrame:
    rule = response.improvement
    changes = pd.DataFrame({c: frame[f"change_{c}"] for c in COMPONENTS})
    as_scored = tis.component_scores(changes)
    ways = {
        "scored": as_scored,
        "zero": as_scored.assign(enzyme=np.where(frame["post"], 0.0, np.nan)),
        "maximum": as_scored.assign(
            enzyme=np.where(frame["post"], max(tis.SCORES["enzyme"]), np.nan)
        ),
    }
    scores = ways[rule.enzyme_component]
    total = tis.add_up(scores, rule.light_missing)
    frame = frame.assign(**{f"score_{c}": scores[c] for c in COMPONENTS})
    frame["tis"] = total
    frame["tis_enzyme_zero"] = tis.add_up(ways["zero"], rule.light_missing)
    frame["tis_enzyme_maximum"] = tis.add_up(ways["maximum"], rule.light_missing)
    frame["partial"] = total.notna() & scores.isna().any(axis=1)
    frame["tis_best"] = tis.best_case(scores).where(total.notna())
    limits = rule.thresholds
    frame["level"] = tis.response_level(total, limits.minimal, limits.moderate, limits.major)
    return frame


def attainable(frame: pd.DataFrame, response: Response) -> pd.Series[float]:
    """Maximum attainable TIS given the baseline, by subject.

    Every measure moves to its best possible value and the enzyme to its upper limit of normal (one
    that is normal already cannot improve). A missing light measure attains 0.
    """
    first = frame.loc[frame["baseline"]].set_index("subject_id")
    changes = {}
    for component, measure in response.measures.items():
        base = first[f"base_{component}"].to_numpy(float)
        if measure == "enzyme":
            best = np.minimum(base, 1.0)
            chosen = first["enzyme"].map(response.ranges.enzymes.model_dump())
            changes[component] = tis.percent_change(base, best, chosen.to_numpy(float))
        else:
            scale: Scale = getattr(response.ranges, measure)
            better = direction(measure)
            best = np.full(len(first), scale.max if better == "higher" else scale.min)
            changes[component] = tis.percent_change(base, best, scale.range, better)
    return tis.total_improvement_score(pd.DataFrame(changes, index=first.index))
