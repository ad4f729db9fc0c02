"""ADRS: one record per subject, assessment and parameter, and one per configured visit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.derive.assessments import UNSCHEDULED
from durable.frames import positions, subject_index, take_or_nan, with_columns
from durable.jdm.measures import COMPONENTS, ENZYMES, MEASURES
from durable.jdm.parameters import OTHER_SCORES, REMISSION_ITEMS, SCORE
from durable.jdm.response import Response
from durable.schedule import Visit
from durable.vocabulary import DIED, MISSING, NEW_THERAPY, NOT_CALCULABLE, PARTIAL

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Status columns of the assessments: code, name.
STATUSES = {
    **{item.column: (item.paramcd, item.label) for item in REMISSION_ITEMS},
    "remission": ("REMIS", "Remission"),
    "confirmed_loss": ("RECLOSS", "Confirmed loss of remission"),
    "confirmed_worse": ("PROGWRS", "Confirmed worsening"),
    "investigator_event": ("RECINV", "Recurrence or progression by the investigator"),
    "early_flare": ("FLARE", "Early flare, for adjudication"),
}
#: Subjects whose records are made and written at a time.
BLOCK = 2_000
BASELINE = "BASELINE"
IMPROVED = ("IMPR", "Disease improvement")


#: What the codes of the text columns stand for.
_SOURCES = ("visit_date", *MEASURES, *ENZYMES)
_TEXTS = ("N", "Y", "U", "NONE", "MINIMAL", "MODERATE", "MAJOR")
_REASONS = (PARTIAL, *MISSING.values())
_NONE = -1
#: Attributes of a parameter that are subject_index, and that are codes.
_FLOATS = ("value", "base")
_CODES = ("source", "text", "reason")
#: Columns of the assessments that the attributes of a record are made from.
_IDENTIFYING = [
    *("place", "post", "day", "target", "baseline", "anl01"),
    *("visit", "visit_date", "source_row"),
]


@dataclass(frozen=True)
class _Parameter:
    """One parameter at every assessment; source, text and reason by code, -1 for none."""

    code: str
    label: str
    value: Any
    source: Any = 0
    base: Any = np.nan
    text: Any = _NONE
    reason: Any = _NONE
    of: Any = True
    """Which assessments have the parameter."""

    def at(self, rows: slice) -> _Parameter:
        """The parameter at some of the assessments."""
        every = {name: getattr(self, name) for name in ("of", *_FLOATS, *_CODES)}
        some = {name: values[rows] for name, values in every.items() if np.ndim(values)}
        return replace(self, **some)


@dataclass(frozen=True)
class _AtVisit:
    """Improvement at one visit by infused subject: row of the assessment (or -1), 1, 0 or NaN."""

    visit: Visit
    row: Ints
    value: Floats
    reason: Ints

    def of(self, subjects: slice) -> _AtVisit:
        """Of some of the subjects; the rows remain those of all assessments."""
        some = {name: getattr(self, name)[subjects] for name in ("row", "value", "reason")}
        return replace(self, **some)


@dataclass(frozen=True)
class _Assessed:
    """Infused subjects, what identifies their assessments, and what is recorded of them."""

    infused: pd.DataFrame
    frame: pd.DataFrame
    """The columns of `_IDENTIFYING`, and ``place`` of the subject among the infused."""
    visits: list[_AtVisit]
    parameters: list[_Parameter]
    """In the order of the dataset; the improvement rate is the last."""

    def of(self, subjects: slice) -> _Assessed:
        """Some of the subjects, which are in the order of the dataset."""
        place = self.frame["place"].to_numpy(np.int64)
        rows = slice(*np.searchsorted(place, [subjects.start, subjects.stop]).tolist())
        frame = self.frame.iloc[rows].reset_index(drop=True)
        return _Assessed(
            self.infused.iloc[subjects],
            with_columns(frame, {"place": place[rows] - subjects.start}),
            [at.of(subjects) for at in self.visits],
            [parameter.at(rows) for parameter in self.parameters],
        )


def derive(
    adsl: pd.DataFrame, frame: pd.DataFrame, schedule: tuple[Visit, ...], response: Response
) -> pd.DataFrame:
    """Response dataset (see `contracts.adam`), sorted by USUBJID and ASEQ.

    Parameters
    ----------
    adsl
        Subject-level dataset.
    frame
        Assessments with losses, as `flag_recurrence` returns them.
    """
    return plain(coded(adsl, frame, schedule, response))


def coded(
    adsl: pd.DataFrame, frame: pd.DataFrame, schedule: tuple[Visit, ...], response: Response
) -> pd.DataFrame:
    """The same with its text as categories."""
    return _records(_assessed(adsl, frame, response, schedule, _parameters), schedule)


def blocks(
    adsl: pd.DataFrame,
    frame: pd.DataFrame,
    schedule: tuple[Visit, ...],
    response: Response,
    subjects: int | None = None,
) -> Iterator[pd.DataFrame]:
    """The records of `coded`, so many subjects (`BLOCK`) at a time."""
    subjects = subjects or BLOCK
    every = _assessed(adsl, frame, response, schedule, _parameters)
    before = np.concatenate([[0], np.cumsum(adsl["SAFFL"] == "Y")])
    for first in range(0, max(len(adsl), 1), subjects):
        infused = before[[first, min(first + subjects, len(adsl))]].tolist()
        yield _records(every.of(slice(*infused)), schedule)


def plain(records: pd.DataFrame) -> pd.DataFrame:
    """Categories as text, missing as None."""
    text = {
        str(name): np.array([*values.cat.categories, None], dtype=object)[values.cat.codes]
        for name, values in records.select_dtypes("category").items()
    }
    return records.assign(**text)


def improvement(
    adsl: pd.DataFrame, frame: pd.DataFrame, schedule: tuple[Visit, ...], response: Response
) -> pd.DataFrame:
    """The records of the improvement rate alone, as they are and where they stand in ADRS."""
    rate = _assessed(adsl, frame, response, schedule, lambda *_: [])
    return plain(_records(rate, schedule, alone=True))


def _parameters(frame: pd.DataFrame, response: Response) -> list[_Parameter]:
    """All parameters but the improvement rate, in the order of the dataset."""
    parameters = [
        *_values(frame, response),
        *_changes(frame, response),
        *_scores(frame),
        *_statuses(frame, response),
    ]
    return sorted(parameters, key=lambda parameter: _ORDER.index(parameter.code))


def _assessed(
    adsl: pd.DataFrame,
    frame: pd.DataFrame,
    response: Response,
    schedule: tuple[Visit, ...],
    of: Callable[[pd.DataFrame, Response], list[_Parameter]],
) -> _Assessed:
    """Infused subjects and their assessments with some parameters and the improvement rate."""
    infused, frame = _infused(adsl, frame, response)
    visits = list(_improvement(infused, frame, schedule, response))
    parameters = [*of(frame, response), _rate(visits, len(frame))]
    return _Assessed(infused, frame[_IDENTIFYING], visits, parameters)


def _infused(
    adsl: pd.DataFrame, frame: pd.DataFrame, response: Response
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Infused subjects, and their assessments with those marked that stand for a visit."""
    infused = adsl.loc[adsl["SAFFL"] == "Y"]
    place = positions(frame, infused["USUBJID"])
    frame = with_columns(frame, {"place": place})
    if (place < 0).any():
        frame = frame.loc[place >= 0].reset_index(drop=True)
    chosen = np.zeros(len(frame), dtype=bool)
    chosen[selected(frame, response.improvement.unscheduled)] = True
    return infused, with_columns(frame, {"anl01": chosen})


_ORDER = (
    *(f"{one.paramcd}{kind}" for one in COMPONENTS.values() for kind in ("", "PC", "SC")),
    SCORE.paramcd,
    *(score.paramcd for score in OTHER_SCORES),
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
    number, target = subject_index(frame)[rows], target[rows]
    day = frame["day"].to_numpy(float)[rows]
    unscored = np.isnan(frame[SCORE.column].to_numpy(float)[rows])
    order = np.lexsort((day, np.abs(day - target), unscored, target, number))
    # Windows do not overlap, so the target names the visit.
    first = np.ones(len(rows), dtype=bool)
    number, target = number[order], target[order]
    first[1:] = (number[1:] != number[:-1]) | (target[1:] != target[:-1])
    return rows[order[first]]


def _records(
    assessed: _Assessed, schedule: tuple[Visit, ...], *, alone: bool = False
) -> pd.DataFrame:
    """Records of all parameters; `alone`: the improvement rate is the only one of them.

    The assessments are in the order of the dataset, and so are the parameters: the records are the
    cells of a table of assessments by parameters, one row after another. Visits without an
    assessment follow at the end of their subject: they are cells of one more row.
    """
    infused, frame, columns = assessed.infused, assessed.frame, assessed.parameters
    rows, width = len(frame), len(columns)
    kept = np.column_stack([np.broadcast_to(p.of, (rows,)) for p in columns])
    row = np.repeat(np.arange(rows), kept.sum(axis=1))
    unseen, visit = np.nonzero(np.column_stack([at.row < 0 for at in assessed.visits]))
    extra = rows + np.arange(len(unseen))
    place = frame["place"].to_numpy(np.int64)
    subject = np.concatenate([place[row], unseen])
    order = np.argsort(subject, kind="stable")
    subject = subject[order]
    record = np.concatenate([row, extra])[order]
    cell = np.concatenate([np.flatnonzero(kept), np.full_like(unseen, rows * width)])[order]

    def cells(attribute: str, missing: Any) -> npt.NDArray[Any]:
        # Codes of texts are few: narrow subject_index, of which many are moved.
        kind = float if attribute in _FLOATS else np.int8
        table = np.full((rows + 1, width), missing, dtype=kind)
        for i, p in enumerate(columns):
            table[:rows, i] = getattr(p, attribute)
        return table.ravel().take(cell)

    parameter = np.tile(np.arange(width, dtype=np.int8), rows + 1)
    parameter[rows * width :] = width - 1
    reason = cells("reason", _NONE)
    reason[record >= rows] = np.column_stack([at.reason for at in assessed.visits])[unseen, visit]
    identity = _identity(frame, schedule, [assessed.visits[i].visit for i in visit])
    if alone:
        number = _number_among_all(frame, kept[:, -1], row, unseen, len(infused))[order]
    else:
        first = np.searchsorted(subject, np.arange(len(infused)))
        number = np.arange(len(subject)) - first[subject] + 1
    records = {
        "STUDYID": _text(np.zeros(len(subject), np.int8), infused["STUDYID"].iloc[:1]),
        "USUBJID": _text(subject, infused["USUBJID"]),
        "ASEQ": number,
        "PARAMCD": _text(parameter.take(cell), [p.code for p in columns]),
        "PARAM": _text(parameter.take(cell), [p.label for p in columns]),
        "AVAL": cells("value", np.nan),
        "AVALC": _text(cells("text", _NONE), _TEXTS),
        "BASE": cells("base", np.nan),
        "REASON": _text(reason, _REASONS),
        "SRCVAR": _text(cells("source", _NONE), _SOURCES),
        **{name: values.take(record) for name, values in identity.items()},
    }
    return pd.DataFrame({name: records[name] for name in _COLUMNS}, copy=False)


def _text(codes: npt.NDArray[np.integer[Any]], names: Any) -> pd.Categorical:
    dtype = pd.CategoricalDtype(pd.Index(names, dtype=object))
    return pd.Categorical.from_codes(cast("Any", codes), dtype=dtype)


def _whole(values: Floats) -> Any:
    missing = np.isnan(values)
    return pd.arrays.IntegerArray(np.where(missing, 0, values).astype(np.int64), missing)


def _number_among_all(
    frame: pd.DataFrame, at_visit: npt.NDArray[np.bool_], row: Ints, unseen: Ints, subjects: int
) -> Ints:
    """ASEQ of the records of improvement: each is the last of its assessment."""
    every, after = len(COMPONENTS) + len(STATUSES), 2 * len(COMPONENTS) + 1 + len(OTHER_SCORES)
    count = every + after * frame["post"].to_numpy(np.int64) + at_visit
    place = frame["place"].to_numpy(np.int64)
    total = np.bincount(place, weights=count, minlength=subjects).astype(np.int64)
    number = count.cumsum()[row] - (total.cumsum() - total)[place[row]]
    behind = np.arange(len(unseen)) - np.searchsorted(unseen, unseen) + 1
    return np.concatenate([number, total[unseen] + behind])


def _identity(
    frame: pd.DataFrame, schedule: tuple[Visit, ...], unseen: list[Visit]
) -> dict[str, Any]:
    """Which assessment a record is of: all assessments, then the visits without one."""
    names = list(dict.fromkeys([BASELINE, *(visit.visit for visit in schedule)]))
    target, day = frame["target"].to_numpy(float), frame["day"].to_numpy(float)
    analysis = np.full(len(frame), _NONE)
    for visit in schedule:
        analysis[target == visit.day] = names.index(visit.visit)
    analysis[frame["baseline"]] = names.index(BASELINE)
    labels, label_names = pd.factorize(frame["visit"])

    def then(values: Any, rest: Any = _NONE) -> npt.NDArray[Any]:
        return np.concatenate([values, np.full(len(unseen), rest)])

    expected = [names.index(visit.visit) for visit in unseen]
    date = pd.Series(frame["visit_date"].array).reindex(range(len(frame) + len(unseen)))
    return {
        "VISIT": _text(then(labels), label_names),
        "AVISIT": _text(np.concatenate([analysis, np.array(expected, dtype=int)]), names),
        "ADT": date.array,
        "ADY": _whole(then(day + (day >= 0), np.nan)),
        "AWTARGET": _whole(np.concatenate([target, [float(visit.day) for visit in unseen]])),
        "AWTDIFF": _whole(then(day - target, np.nan)),
        "ABLFL": _text(then(np.where(frame["baseline"], 0, _NONE)), ["Y"]),
        "ANL01FL": _text(then(np.where(frame["anl01"], 0, _NONE), 0), ["Y"]),
        "SRCDOM": _text(then(np.zeros(len(frame), dtype=int)), ["visits"]),
        "SRCSEQ": _whole(then(frame["source_row"].to_numpy(float), np.nan)),
    }


def _sources(frame: pd.DataFrame, response: Response, component: str) -> Any:
    measure = response.measures[component]
    if measure != "enzyme":
        return _SOURCES.index(measure)
    return pd.Categorical(frame["enzyme"], categories=_SOURCES).codes


def _values(frame: pd.DataFrame, response: Response) -> Iterator[_Parameter]:
    for component, measure in response.measures.items():
        code, name = COMPONENTS[component].paramcd, COMPONENTS[component].label
        label = f"{name.capitalize()}: {measure}"
        if measure == "enzyme":
            label = "Enzyme most abnormal at baseline (multiple of ULN)"
        yield _Parameter(
            code,
            label,
            frame[f"value_{component}"].to_numpy(),
            source=_sources(frame, response, component),
            base=frame[f"base_{component}"].to_numpy(),
        )


def _changes(frame: pd.DataFrame, response: Response) -> Iterator[_Parameter]:
    """Percent change and score of each component, after infusion."""
    post = frame["post"].to_numpy(bool)
    for component in COMPONENTS:
        code, name = COMPONENTS[component].paramcd, COMPONENTS[component].label
        given = {"source": _sources(frame, response, component), "of": post}
        label = f"Absolute percent change: {name}"
        kinds = ("change", "base", "score")
        change, base, score = (frame[f"{kind}_{component}"].to_numpy() for kind in kinds)
        yield _Parameter(f"{code}PC", label, change, base=base, **given)
        yield _Parameter(f"{code}SC", f"Component score: {name}", score, **given)


def _scores(frame: pd.DataFrame) -> Iterator[_Parameter]:
    total, post = frame[SCORE.column].to_numpy(float), frame["post"].to_numpy(bool)
    reason = np.where(frame["partial"], _REASONS.index(PARTIAL), _NONE)
    reason[np.isnan(total)] = _REASONS.index(NOT_CALCULABLE)
    level = pd.Categorical(frame["level"], categories=_TEXTS).codes
    yield _Parameter(SCORE.paramcd, SCORE.label, total, text=level, reason=reason, of=post)
    for score in OTHER_SCORES:
        yield _Parameter(score.paramcd, score.label, frame[score.column].to_numpy(), of=post)


def _statuses(frame: pd.DataFrame, response: Response) -> Iterator[_Parameter]:
    """Remission and what speaks against it; unknown is U.

    A remission seen after new systemic therapy has that as its reason where it is not credited.
    """
    rescued = frame["after_new_therapy"].to_numpy(bool)
    credited = response.new_therapy.remission == "treatment_policy"
    for column, (code, label) in STATUSES.items():
        status = frame[column].to_numpy(float)
        text = np.where(np.isnan(status), _TEXTS.index("U"), status)
        uncredited = rescued & (status == 1) & (column == "remission") & (not credited)
        reason = np.where(uncredited, _REASONS.index(NEW_THERAPY), _NONE)
        yield _Parameter(code, label, status, text=text, reason=reason)


def _rate(visits: list[_AtVisit], rows: int) -> _Parameter:
    """The improvement status at the assessments that stand for a configured visit."""
    value, reason, of = np.full(rows, np.nan), np.full(rows, _NONE), np.zeros(rows, dtype=bool)
    for at in visits:
        seen = at.row >= 0
        row = at.row[seen]
        value[row], reason[row], of[row] = at.value[seen], at.reason[seen], True
    text = np.where(np.isnan(value), _NONE, value)
    return _Parameter(*IMPROVED, value, text=text, reason=reason, of=of)


def _improvement(
    infused: pd.DataFrame, frame: pd.DataFrame, schedule: tuple[Visit, ...], response: Response
) -> Iterator[_AtVisit]:
    """Status of every infused subject at each visit of the improvement rate, assessed or not.

    After new systemic therapy a subject is not improved (composite), not observed (hypothetical) or
    as assessed (treatment policy).
    """
    rule, strategy = response.improvement, response.new_therapy.improvement
    least = getattr(rule.thresholds, rule.level)
    chosen, place = frame["anl01"].to_numpy(bool), frame["place"].to_numpy(np.int64)
    target = frame["target"].to_numpy(float)
    for visit in (v for v in schedule if v.visit in rule.visits):
        rows = np.flatnonzero(chosen & (target == visit.day))
        row = np.full(len(infused), _NONE)
        row[place[rows]] = rows
        score = take_or_nan(frame[SCORE.column].to_numpy(float), row)
        improved = np.where(np.isnan(score), np.nan, (score >= least).astype(float))
        partial = take_or_nan(frame["partial"].to_numpy(float), row) == 1
        rescued = take_or_nan(frame["after_new_therapy"].to_numpy(float), row) == 1
        reason = _reason(infused, visit, row, score, partial)
        if strategy != "treatment_policy":
            reason = _after_new_therapy(infused, visit, reason, score, rescued)
            failed = 0.0 if strategy == "composite" else np.nan
            improved = np.where(rescued & ~np.isnan(score), failed, improved)
        yield _AtVisit(visit, row, improved, reason)


def _after_new_therapy(
    infused: pd.DataFrame,
    visit: Visit,
    reason: Ints,
    score: Floats,
    rescued: npt.NDArray[np.bool_],
) -> Ints:
    """The reasons, where new systemic therapy is one of them.

    It is where it began before the assessment or, without one, by the end of the window; death goes
    before it.
    """
    close = infused["TRTSDT"].to_numpy() + np.timedelta64(visit.last_day, "D")
    unseen = np.isnan(score) & (infused["NSTDT"].to_numpy() <= close)
    unseen &= reason != _REASONS.index(DIED)
    seen = rescued & ~np.isnan(score)
    return np.where(seen | unseen, _REASONS.index(NEW_THERAPY), reason)


def _reason(
    infused: pd.DataFrame, visit: Visit, row: Ints, score: Floats, partial: npt.NDArray[np.bool_]
) -> Ints:
    """Why there is no improvement status; PARTIAL where the score lacks a light measure."""
    close = infused["TRTSDT"].to_numpy() + np.timedelta64(visit.last_day, "D")
    code = {name: _REASONS.index(text) for name, text in MISSING.items()}
    return np.select(
        [
            ~np.isnan(score),
            infused["DTHDT"].to_numpy() <= close,
            infused["EOSDT"].to_numpy() <= close,
            infused["CUTDT"].to_numpy() < close,
            row >= 0,
        ],
        [
            np.where(partial, _REASONS.index(PARTIAL), _NONE),
            code["died"],
            code["withdrawn"],
            code["pending"],
            code["not_calculable"],
        ],
        code["not_assessed"],
    )
