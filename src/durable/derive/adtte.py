"""ADTTE: duration of response (DOR) and event-free survival (EFS).

Registered definition: from the first assessment of remission to the first assessment of recurrence
or progression of the disease, or death from any cause. Censoring for missed assessments: FDA
guidance on endpoints for cancer trials (2007), table A. New therapy: strategies of ICH E9(R1).
Event-free survival with a deadline for remission: ELN 2022 (Doehner et al., Blood 2022;140:1345),
table 9.

Events and censorings are data (date, description, source); the earliest event decides, else the
last adequate assessment. Dates are compared as dates; a tie goes to the earlier of `EVENTS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.derive.new_therapy import first_of_each, new_systemic
from durable.frames import last_rows, positions, with_columns
from durable.jdm.response import MissedAssessments, Response
from durable.schedule import Visit
from durable.vocabulary import (
    CNSR,
    DEATH,
    EVENTS,
    MISSED,
    NEW_THERAPY,
    NO_ASSESSMENT,
    NOT_FOLLOWED,
    NOT_YET_DUE,
    ONGOING,
    PROGRESSION,
    RECURRENCE,
    REMISSION_NOT_YET_DUE,
    UNCONFIRMED_LOSS,
    WITHDRAWN,
    not_in_remission,
)

Flags = npt.NDArray[np.bool_]

LAST = "LAST ADEQUATE ASSESSMENT"
LAST_IN_REMISSION = "LAST ASSESSMENT IN REMISSION"
BEFORE_GAP = "BEFORE MISSED ASSESSMENTS"
BEFORE_THERAPY = "BEFORE NEW SYSTEMIC THERAPY"
DAY_ONE = "DAY OF INFUSION"

_SOURCE = ["SRCDOM", "SRCVAR", "SRCSEQ"]
_END = ["ADT", "EVNTDESC", "CNSR", "CNSDTDSC", "LOWDT", *_SOURCE]
#: Columns of the assessments that a duration rests on.
_OF_AN_ASSESSMENT = [
    *("subject", "subject_id", "visit_date", "source_row", "adequate", "remission"),
    *("confirmed_loss", "confirmed_worse", "investigator_event", "investigator_assessment"),
]
_DAY = pd.Timedelta(days=1)


def derive(
    adsl: pd.DataFrame,
    frame: pd.DataFrame,
    therapies: pd.DataFrame | None,
    schedule: tuple[Visit, ...],
    response: Response,
) -> pd.DataFrame:
    """DOR of every subject with remission, and EFS of every infused subject.

    Parameters
    ----------
    adsl
        Subject-level dataset.
    frame
        Assessments with losses, as `flag_recurrence` returns them.
    therapies
        Validated table, or None where the study has none.
    schedule, response
        Parts of the plan.

    Returns
    -------
    DataFrame
        ADTTE (see `contracts.adam`), sorted by PARAMCD and USUBJID.
    """
    remitted = adsl.loc[adsl["REMFL"] == "Y"].set_index("USUBJID")
    last_visit = frame.groupby("subject_id", sort=False)["visit_date"].max()
    frame = frame[_OF_AN_ASSESSMENT]
    place = positions(frame, remitted.index)
    adequate = with_columns(frame, {"place": place}).loc[frame["adequate"] & (place >= 0)]
    started = pd.DataFrame({"STARTDT": remitted["REMSDT"], "infused": remitted["TRTSDT"]})
    rescue = _therapy_records(first_of_each(new_systemic(therapies, started["STARTDT"])))
    event = _first_event(started, _event_records(adsl, frame, rescue, response))
    assessed = _Adequate.split(adequate, response)
    ended = _censor(started.join(event), remitted, assessed, rescue, schedule, response)
    infused = adsl.loc[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    first = first_of_each(new_systemic(therapies, infused["TRTSDT"]))
    dor = _records(ended, "DOR", "Duration of response (days)", "STARTDT")
    free = _event_free(infused, ended, _therapy_records(first), last_visit, schedule, response)
    efs = _records(free, "EFS", "Event-free survival (days)", "infused")
    both = pd.concat([dor, efs], ignore_index=True)
    both.insert(0, "STUDYID", adsl["STUDYID"].iloc[0] if len(adsl) else "")
    return both.sort_values(["PARAMCD", "USUBJID"], ignore_index=True)


@dataclass(frozen=True)
class _Adequate:
    """Adequate assessments of the subjects with remission; ``place`` numbers the subjects."""

    every: pd.DataFrame
    held: pd.DataFrame
    """Those that show the response still held: where loss is an event, those in remission. A loss
    that nothing confirmed is no event, and no time in remission either."""

    @classmethod
    def split(cls, adequate: pd.DataFrame, response: Response) -> _Adequate:
        """From all of them."""
        if not response.recurrence.confirmed_loss:
            return cls(adequate, adequate)
        return cls(adequate, adequate.loc[adequate["remission"] == 1])


def _therapy_records(therapies: pd.DataFrame) -> pd.DataFrame:
    return _dated(
        therapies["subject_id"],
        therapies["start_date"],
        NEW_THERAPY,
        "therapies",
        "start_date",
        therapies["source_row"],
    )


def _dated(subject: Any, date: Any, what: str, table: str, column: str, row: Any) -> pd.DataFrame:
    """Dated records of one kind with where they come from; one row per record."""
    return pd.DataFrame(
        {
            "USUBJID": np.asarray(subject, dtype=object),
            "ADT": pd.to_datetime(np.asarray(date)).astype("datetime64[ns]"),
            "EVNTDESC": what,
            "SRCDOM": table,
            "SRCVAR": column,
            "SRCSEQ": np.asarray(row, dtype="int64"),
        }
    )


def _deaths(adsl: pd.DataFrame) -> pd.DataFrame:
    died = adsl.loc[adsl["DTHFL"] == "Y"]
    return _dated(died["USUBJID"], died["DTHDT"], DEATH, "subjects", "death_date", died["SRCSEQ"])


def _event_records(
    adsl: pd.DataFrame, frame: pd.DataFrame, rescue: pd.DataFrame, response: Response
) -> pd.DataFrame:
    """Every dated event of every subject."""

    def seen(rows: pd.DataFrame, what: str, column: str) -> pd.DataFrame:
        return _dated(
            rows["subject_id"], rows["visit_date"], what, "visits", column, rows["source_row"]
        )

    said = frame.loc[frame["investigator_event"]]
    recorded = said["investigator_assessment"]
    records = [
        seen(frame.loc[frame["confirmed_loss"]], RECURRENCE, "visit_date"),
        seen(frame.loc[frame["confirmed_worse"]], PROGRESSION, "visit_date"),
        seen(said.loc[recorded == "recurrence"], RECURRENCE, "investigator_assessment"),
        seen(said.loc[recorded == "progression"], PROGRESSION, "investigator_assessment"),
        _deaths(adsl),
    ]
    if response.new_therapy.duration == "composite":
        records.append(rescue)
    return pd.concat(records, ignore_index=True)


def _first_event(started: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """The event that decides, by subject, among those on or after its start."""
    start = records["USUBJID"].map(started["STARTDT"])
    records = records.loc[records["ADT"] >= start]
    rank = records["EVNTDESC"].map({what: i for i, what in enumerate(EVENTS.values())})
    order = records.assign(rank=rank).sort_values(["ADT", "rank", "SRCSEQ"], kind="stable")
    first = order.groupby("USUBJID").head(1).set_index("USUBJID")
    return first[["ADT", "EVNTDESC", *_SOURCE]]


def _censor(
    subjects: pd.DataFrame,
    adsl: pd.DataFrame,
    adequate: _Adequate,
    rescue: pd.DataFrame,
    schedule: tuple[Visit, ...],
    response: Response,
) -> pd.DataFrame:
    """Event or censoring of each subject with remission; one row per subject.

    `subjects` holds STARTDT, infused, and the deciding event (ADT not-a-time where there is none).
    """
    event = subjects["ADT"]
    from_visit = subjects["SRCDOM"] == "visits"
    last_before = _last_adequate(adequate.every, event, strictly=from_visit)
    is_gap = _after_gap(subjects, last_before, schedule, response.missed_assessments)
    therapy = pd.Series(pd.NaT, index=subjects.index, dtype="datetime64[ns]")
    if response.new_therapy.duration == "hypothetical":
        therapy = rescue.set_index("USUBJID")["ADT"].reindex(subjects.index)
    is_therapy = therapy.notna() & (event.isna() | (event > therapy))
    quiet = event.isna() & ~is_therapy

    cut = adsl["CUTDT"]
    last = _last_adequate(adequate.every, cut)
    # One of these at most; with none of them the event stands.
    conditions = [quiet, is_therapy, is_gap & ~is_therapy]
    limits = [cut, therapy, last_before["ADT"]]
    held = [_last_adequate(adequate.held, limit) for limit in limits]
    seen = [last["ADT"], _last_adequate(adequate.every, therapy)["ADT"], last_before["ADT"]]
    lost = [(mine["ADT"] < all_).to_numpy() for mine, all_ in zip(held, seen, strict=True)]
    which = np.select(conditions, range(3), 3)
    reason = _reason(subjects, adsl, last, lost[0], schedule, response.missed_assessments)
    reasons = np.select(conditions, [reason, NEW_THERAPY, MISSED], "")
    ended = {
        name: np.select(conditions, [found[name] for found in held], subjects[name])
        for name in ("ADT", *_SOURCE)
    }
    return subjects.assign(
        **ended,
        EVNTDESC=np.where(which < 3, reasons, subjects["EVNTDESC"]),
        CNSR=pd.Series(reasons).map({"": 0, **CNSR}).to_numpy(),
        CNSDTDSC=_description(which, np.select(conditions, lost, False)),
        LOWDT=np.where(which < 3, ended["ADT"], _low(subjects, last_before)),
    )


def _after_gap(
    subjects: pd.DataFrame,
    last_before: pd.DataFrame,
    schedule: tuple[Visit, ...],
    rule: MissedAssessments,
) -> Any:
    """Whether too many assessments were missed before the event, one without a date of its own."""
    gap = _missed_between(last_before["ADT"], subjects["ADT"], subjects["infused"], schedule)
    exempt = {DEATH: not rule.applies_to_death, NEW_THERAPY: not rule.applies_to_new_therapy}
    exactly_dated = subjects["EVNTDESC"].isin([what for what, held in exempt.items() if held])
    return _too_many(gap, rule) & subjects["ADT"].notna() & ~exactly_dated


def _reason(
    subjects: pd.DataFrame,
    adsl: pd.DataFrame,
    last: pd.DataFrame,
    lost: Flags,
    schedule: tuple[Visit, ...],
    rule: MissedAssessments,
) -> npt.NDArray[Any]:
    """Why a response without an event is censored at its last adequate assessment."""
    until = adsl["CUTDT"] + _DAY
    missed = _missed_between(last["ADT"], until, subjects["infused"], schedule)
    after = (last["ADT"] - subjects["infused"]).dt.days.to_numpy(float)
    more = after < max(visit.first_day for visit in schedule)
    unseen = last["ADT"] == subjects["STARTDT"]
    return np.select(
        [
            lost,
            adsl["EOSDT"].notna(),
            unseen & (missed > 0),
            unseen & more,
            _too_many(missed, rule),
        ],
        [UNCONFIRMED_LOSS, WITHDRAWN, NO_ASSESSMENT, NOT_YET_DUE, MISSED],
        ONGOING,
    )


def _description(which: npt.NDArray[np.intp], lost: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
    """What the date of censoring is: by condition (3: an event), and whether a loss came after."""
    first = np.array([LAST, LAST_IN_REMISSION], dtype=object)[lost.astype(int)]
    second = np.array(["", f" {BEFORE_THERAPY}", f" {BEFORE_GAP}", ""], dtype=object)[which]
    text: npt.NDArray[np.object_] = first + second
    text[which == 3] = None
    return text


def _low(subjects: pd.DataFrame, last_before: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """Last date known free of the event: what is seen at visits happened since the one before."""
    seen = subjects["SRCDOM"] == "visits"
    return last_before["ADT"].where(seen, subjects["ADT"])


def _last_adequate(
    adequate: pd.DataFrame,
    date: pd.Series[pd.Timestamp],
    strictly: pd.Series[bool] | None = None,
) -> pd.DataFrame:
    """Last adequate assessment on or before (where `strictly`, before) a date, by subject.

    `date` and `strictly` are in the order of the subjects that ``place`` of `adequate` counts.
    """
    place, visit = adequate["place"].to_numpy(), adequate["visit_date"].to_numpy()
    limit = date.to_numpy()[place]
    early = visit <= limit
    if strictly is not None:
        early &= ~((visit == limit) & strictly.to_numpy(bool)[place])
    row = last_rows(place, early)
    last = np.full(len(date), np.datetime64("NaT"), dtype=visit.dtype)
    last[place[row]] = visit[row]
    source = np.full(len(date), np.nan)
    source[place[row]] = adequate["source_row"].to_numpy(float)[row]
    seen = (~np.isnat(last)).astype(int)
    return pd.DataFrame(
        {
            "ADT": last,
            "SRCSEQ": source,
            "SRCDOM": np.array([None, "visits"], dtype=object)[seen],
            "SRCVAR": np.array([None, "visit_date"], dtype=object)[seen],
        },
        index=date.index,
    )


def _missed_between(
    last: pd.Series[pd.Timestamp],
    until: pd.Series[pd.Timestamp],
    infused: pd.Series[pd.Timestamp],
    schedule: tuple[Visit, ...],
) -> pd.Series[int]:
    """Scheduled visits whose whole window lies after `last` and before `until`.

    No adequate assessment lies between the two dates, so these visits were missed in a row.
    """
    after = (last - infused).dt.days.to_numpy(float)[:, None]
    before = (until - infused).dt.days.to_numpy(float)[:, None]
    first_day = np.array([visit.first_day for visit in schedule], dtype=float)
    last_day = np.array([visit.last_day for visit in schedule], dtype=float)
    missed = (first_day > after) & (last_day < before)
    return pd.Series(missed.sum(axis=1), index=last.index)


def _too_many(missed: pd.Series[int], rule: MissedAssessments) -> pd.Series[bool]:
    if rule.consecutive is None:
        return pd.Series(False, index=missed.index)
    return missed >= rule.consecutive


def _event_free(
    infused: pd.DataFrame,
    ended: pd.DataFrame,
    rescue: pd.DataFrame,
    last_visit: pd.Series[pd.Timestamp],
    schedule: tuple[Visit, ...],
    response: Response,
) -> pd.DataFrame:
    """Event or censoring of each infused subject.

    In remission by the deadline: as the duration of response. Otherwise the earliest of death and,
    by the composite strategy, new therapy up to the deadline; then day 1, an event for who was
    followed to the deadline and a censoring for who was not, or not yet.

    Parameters
    ----------
    infused
        ADSL of the infused, by USUBJID.
    ended
        Ends of response, as `_censor` returns them.
    rescue
        First new systemic therapy since the infusion, dated records.
    last_visit
        Date of the last assessment, by subject.
    """
    due = response.deadline(schedule)
    deadline = infused["TRTSDT"] + due.last_day * _DAY
    strategy = response.new_therapy.duration
    in_time = infused["REMSDT"] <= deadline
    of_response = ended.loc[ended.index.isin(infused.index[in_time])]

    until = infused["REMSDT"].where(in_time, deadline + _DAY)
    records = _deaths(infused.reset_index())
    if strategy == "composite":
        records = pd.concat([records, rescue], ignore_index=True)
    records = records.loc[records["ADT"] < records["USUBJID"].map(until)]
    events = _first_event(pd.DataFrame({"STARTDT": infused["TRTSDT"]}), records)
    ends = [events.assign(CNSR=0, CNSDTDSC=None, LOWDT=events["ADT"])]
    if strategy == "hypothetical":
        therapy = rescue.set_index("USUBJID")["ADT"].reindex(infused.index)
        died = events["ADT"].reindex(infused.index)
        before = (therapy < until) & ~(died <= therapy)
        ends.insert(0, _day_one(infused.loc[before], NEW_THERAPY))
    ends += [of_response, _on_day_one(infused, deadline, last_visit, due.visit)]
    # Of the ends of a subject the first that applies.
    every = pd.concat([end[_END] for end in ends])
    free = every.loc[~every.index.duplicated()].reindex(infused.index)
    return free.assign(infused=infused["TRTSDT"])


def _on_day_one(
    infused: pd.DataFrame,
    deadline: pd.Series[pd.Timestamp],
    last_visit: pd.Series[pd.Timestamp],
    due: str,
) -> pd.DataFrame:
    """What becomes on day 1 of subjects who are not in remission by the deadline."""
    visited = last_visit.reindex(infused.index)
    seen = pd.concat([visited, infused["LSTALVDT"], infused["DTHDT"]], axis=1).max(axis=1)
    conditions = [
        infused["EOSDT"] <= deadline,
        infused["CUTDT"] < deadline,
        ~(seen >= deadline),
    ]
    reason = np.select(conditions, [WITHDRAWN, REMISSION_NOT_YET_DUE, NOT_FOLLOWED], "")
    failed = reason == ""
    return _day_one(infused, np.where(failed, not_in_remission(due), reason))


def _day_one(infused: pd.DataFrame, what: Any) -> pd.DataFrame:
    """Records that end on the day of infusion: censored for a reason that has a CNSR, else events.

    `what` is the text of all of them, or of each.
    """
    description = pd.Series(what, index=infused.index, dtype=object)
    censored = description.map(CNSR)
    return pd.DataFrame(
        {
            "ADT": infused["TRTSDT"],
            "EVNTDESC": description,
            "CNSR": censored.fillna(0),
            "CNSDTDSC": np.array([None, DAY_ONE], dtype=object)[censored.notna().astype(int)],
            "LOWDT": infused["TRTSDT"],
            "SRCDOM": "subjects",
            "SRCVAR": "infusion_date",
            "SRCSEQ": infused["SRCSEQ"].astype(float),
        },
        index=infused.index,
    )


def _records(ended: pd.DataFrame, code: str, label: str, origin: str) -> pd.DataFrame:
    start = ended[origin]
    return pd.DataFrame(
        {
            "USUBJID": ended.index.to_numpy(object),
            "PARAMCD": code,
            "PARAM": label,
            "STARTDT": start.to_numpy(),
            "ADT": ended["ADT"].to_numpy(),
            "AVAL": ((ended["ADT"] - start).dt.days + 1).to_numpy(float),
            "AVALU": "DAYS",
            "CNSR": ended["CNSR"].to_numpy("int64"),
            "EVNTDESC": ended["EVNTDESC"].to_numpy(object),
            "CNSDTDSC": ended["CNSDTDSC"].to_numpy(object),
            "LOWDT": ended["LOWDT"].to_numpy(),
            "SRCDOM": ended["SRCDOM"].to_numpy(object),
            "SRCVAR": ended["SRCVAR"].to_numpy(object),
            "SRCSEQ": ended["SRCSEQ"].to_numpy("int64"),
        }
    )
