"""One row per assessment: days, analysis visit, baseline, score and status by the plan's rules.

The frame that `assess` returns is what every dataset is made from; it is sorted by subject, date
and row of the file, and its index is 0..n-1.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.derive import remission, tis
from durable.derive.frames import last_rows, numbers, row_of_subject, taken, with_columns
from durable.jdm.measures import COMPONENTS, ENZYMES
from durable.jdm.response import Baseline, Response, Scale
from durable.schedule import Visit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

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
        ``post`` (after infusion), ``subject`` (number of the subject, from 0), ``avisit``,
        ``target``, ``baseline`` (flag), per component ``value_*``, ``base_*``, ``change_*``
        (absolute percent, better is positive), ``score_*``, then ``tis``, ``tis_best``,
        ``partial``, ``level`` and the statuses of `remission`.
    """
    frame = _ordered(subjects, visits)
    baseline = baseline_flag(frame, response.baseline)
    avisit, target = analysis_visit(frame["day"].to_numpy(float), schedule)
    frame = with_columns(frame, {"baseline": baseline, "avisit": avisit, "target": target})
    frame = _with_changes(frame, response)
    frame = _with_score(frame, response)
    return remission.with_status(frame, response)


def remission_of(subjects: pd.DataFrame, visits: pd.DataFrame, response: Response) -> pd.DataFrame:
    """Remission and what it rests on, without the score where the rule does not read it.

    Parameters and columns are those of `assess`; there are no analysis visits.
    """
    frame = _ordered(subjects, visits)
    frame = with_columns(frame, {"baseline": baseline_flag(frame, response.baseline)})
    if response.remission.rule == "tis":
        frame = _with_score(_with_changes(frame, response), response)
    return remission.with_status(frame, response)


def _ordered(subjects: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    number, names = pd.factorize(visits["subject_id"], sort=True)
    keys = (visits["source_row"].to_numpy(), visits["visit_date"].to_numpy(), number)
    order = np.lexsort(keys)
    if not np.array_equal(order, np.arange(len(order))):
        visits, number = visits.take(order), number[order]
    dates = subjects.set_index("subject_id")[["lymphodepletion_date", "infusion_date"]]
    dates = dates.reindex(names).take(number)
    day = (visits["visit_date"].to_numpy() - dates["infusion_date"]).dt.days.to_numpy(float)
    new: dict[str, Any] = {str(name): values.to_numpy() for name, values in dates.items()}
    new |= {"day": day, "post": day >= 1, "subject": number}
    return with_columns(visits.reset_index(drop=True), new)


def baseline_flag(frame: pd.DataFrame, rule: Baseline) -> Flags:
    """The last assessment before lymphodepletion, for a subject without one before infusion.

    With ``rule.before`` infusion the last one before infusion is taken straight away.
    """
    before = _last_before(frame, "infusion_date", rule.same_day)
    flag = np.zeros(len(frame), dtype=bool)
    if rule.before == "lymphodepletion":
        earlier = _last_before(frame, "lymphodepletion_date", rule.same_day)
        flag[earlier] = True
        number = numbers(frame)
        before = before[~np.isin(number[before], number[earlier])]
    flag[before] = True
    return flag


def _last_before(frame: pd.DataFrame, column: str, same_day: bool) -> Ints:
    """Row of the last assessment before a date of its subject, for each subject with one."""
    visit, date = frame["visit_date"].to_numpy(), frame[column].to_numpy()
    return last_rows(numbers(frame), visit <= date if same_day else visit < date)


def analysis_visit(
    day: Floats, schedule: tuple[Visit, ...]
) -> tuple[npt.NDArray[np.object_], Floats]:
    """Scheduled visit whose window holds a day, and its target day; None and NaN outside all.

    Windows do not overlap (the plan refuses it), so a day lies in one at most.
    """
    place = np.zeros(day.shape, dtype=np.intp)
    for number, visit in enumerate(schedule, 1):
        place[(day >= visit.first_day) & (day <= visit.last_day)] = number
    label = np.array([None, *(visit.visit for visit in schedule)], dtype=object)
    target = np.array([np.nan, *(visit.day for visit in schedule)])
    return label[place], target[place]


def direction(measure: str) -> Literal["lower", "higher"]:
    """Which way a measure improves."""
    return "higher" if measure in HIGHER_IS_BETTER else "lower"


def _with_changes(frame: pd.DataFrame, response: Response) -> pd.DataFrame:
    """Value, baseline value and percent change of each component."""
    new: dict[str, npt.NDArray[Any]] = {}
    first = row_of_subject(numbers(frame), np.flatnonzero(frame["baseline"]))
    post = frame["post"].to_numpy(bool)
    for component, measure in response.measures.items():
        if measure == "enzyme":
            new |= _enzyme(frame, first, response)
            continue
        value = frame[measure].to_numpy(float)
        base = taken(value, first)
        scale: Scale = getattr(response.ranges, measure)
        better = direction(measure)
        new[f"value_{component}"] = value
        new[f"base_{component}"] = base
        new[f"change_{component}"] = tis.percent_change(base, value, scale.range, better)
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
    multiples = np.column_stack([taken(multiple, first) for multiple in (values / ulns).T])
    known = ~np.isnan(multiples).all(axis=1)
    chosen = np.argmax(np.where(np.isnan(multiples), -np.inf, multiples), axis=1)
    rows = np.arange(len(frame))
    value, uln = (np.where(known, stacked[rows, chosen], np.nan) for stacked in (values, ulns))
    # The enzyme is the same on all rows of a subject, that of the baseline among them.
    base, base_uln = taken(value, first), taken(uln, first)
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
    changes = pd.DataFrame({c: frame[f"change_{c}"] for c in COMPONENTS}, copy=False)
    as_scored = tis.component_scores(changes)
    post = frame["post"].to_numpy(bool)
    most = max(tis.SCORES["enzyme"])
    ways = {
        "scored": as_scored,
        "zero": with_columns(as_scored, {"enzyme": np.where(post, 0.0, np.nan)}),
        "maximum": with_columns(as_scored, {"enzyme": np.where(post, most, np.nan)}),
    }
    scores = ways[rule.enzyme_component]
    total = tis.add_up(scores, rule.light_missing)
    limits = rule.thresholds
    return with_columns(
        frame,
        {
            **{f"score_{c}": scores[c] for c in COMPONENTS},
            "tis": total,
            "tis_enzyme_zero": tis.add_up(ways["zero"], rule.light_missing),
            "tis_enzyme_maximum": tis.add_up(ways["maximum"], rule.light_missing),
            "partial": total.notna() & scores.isna().any(axis=1),
            "tis_best": tis.best_case(scores).where(total.notna()),
            "level": tis.response_level(total, limits.minimal, limits.moderate, limits.major),
        },
    )


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
