"""ADTTE: duration of response (DOR) and event-free survival (EFS).

Registered definition: from the first assessment of remission to the first assessment of recurrence
or progression of the disease, or death from any cause. Censoring for missed assessments: FDA
guidance on endpoints for cancer trials (2007), table A. New therapy: strategies of ICH E9(R1).

Events and censorings are data (date, description, source); the earliest event decides, else the
last adequate assessment. Dates are compared as dates; a tie goes to the earlier of `EVENTS`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from durable.config.model import MissedAssessments, Response, Visit
from durable.derive.frames import last_rows, positions, with_columns

RECURRENCE = "RECURRENCE"
PROGRESSION = "PROGRESSION"
DEATH = "DEATH"
NEW_THERAPY = "NEW SYSTEMIC THERAPY"
NEVER = "NEVER IN REMISSION"
#: Events in the order that decides between two on the same day.
EVENTS = (RECURRENCE, PROGRESSION, DEATH, NEW_THERAPY)

#: CNSR of each reason for censoring.
CENSORINGS = {
    "ONGOING AT DATA CUT-OFF": 1,
    "MISSED ASSESSMENTS": 2,
    "NEW SYSTEMIC THERAPY": 3,
    "WITHDRAWN": 4,
    "NO ASSESSMENT AFTER REMISSION": 5,
}
_ONGOING, _MISSED, _THERAPY, _WITHDRAWN, _NO_ASSESSMENT = CENSORINGS

LAST = "LAST ADEQUATE ASSESSMENT"
BEFORE_GAP = "LAST ADEQUATE ASSESSMENT BEFORE MISSED ASSESSMENTS"
BEFORE_THERAPY = "LAST ADEQUATE ASSESSMENT BEFORE NEW SYSTEMIC THERAPY"

_SOURCE = ["SRCDOM", "SRCVAR", "SRCSEQ"]
#: Columns of the assessments that a duration rests on.
_OF_AN_ASSESSMENT = [
    *("subject", "subject_id", "visit_date", "source_row", "adequate"),
    *("confirmed_loss", "confirmed_worse", "investigator_event", "investigator_assessment"),
]


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
        Assessments with losses, as `recurrence.with_losses` returns them.
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
    frame = frame[_OF_AN_ASSESSMENT]
    place = positions(frame, remitted.index)
    adequate = with_columns(frame, {"place": place}).loc[frame["adequate"] & (place >= 0)]
    started = pd.DataFrame({"STARTDT": remitted["REMSDT"], "infused": remitted["TRTSDT"]})
    rescue = _first_therapy(started, therapies)
    event = _first_event(started, _event_records(adsl, frame, rescue, response))
    ended = _censor(started.join(event), remitted, adequate, rescue, schedule, response)
    dor = _records(ended, "DOR", "Duration of response (days)", "STARTDT")
    efs = _records(ended, "EFS", "Event-free survival (days)", "infused")
    both = pd.concat([dor, efs, _never_remitted(adsl)], ignore_index=True)
    both.insert(0, "STUDYID", adsl["STUDYID"].iloc[0] if len(adsl) else "")
    return both.sort_values(["PARAMCD", "USUBJID"], ignore_index=True)


def _first_therapy(started: pd.DataFrame, therapies: pd.DataFrame | None) -> pd.DataFrame:
    """First new systemic therapy on or after the start of remission, by subject."""
    if therapies is None:
        return _dated([], [], NEW_THERAPY, "therapies", "start_date", [])
    new = therapies.loc[therapies["new_systemic"] == "Y"]
    start = new["subject_id"].map(started["STARTDT"])
    new = new.loc[new["start_date"] >= start].sort_values(["start_date", "source_row"])
    first = new.groupby("subject_id").head(1)
    return _dated(
        first["subject_id"],
        first["start_date"],
        NEW_THERAPY,
        "therapies",
        "start_date",
        first["source_row"],
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
    died = adsl.loc[adsl["DTHFL"] == "Y"]
    records = [
        seen(frame.loc[frame["confirmed_loss"]], RECURRENCE, "visit_date"),
        seen(frame.loc[frame["confirmed_worse"]], PROGRESSION, "visit_date"),
        seen(said.loc[recorded == "recurrence"], RECURRENCE, "investigator_assessment"),
        seen(said.loc[recorded == "progression"], PROGRESSION, "investigator_assessment"),
        _dated(died["USUBJID"], died["DTHDT"], DEATH, "subjects", "death_date", died["SRCSEQ"]),
    ]
    if response.new_therapy == "composite":
        records.append(rescue)
    return pd.concat(records, ignore_index=True)


def _first_event(started: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """The event that decides, by subject with remission."""
    start = records["USUBJID"].map(started["STARTDT"])
    records = records.loc[records["ADT"] >= start]
    rank = records["EVNTDESC"].map({what: i for i, what in enumerate(EVENTS)})
    order = records.assign(rank=rank).sort_values(["ADT", "rank", "SRCSEQ"], kind="stable")
    first = order.groupby("USUBJID").head(1).set_index("USUBJID")
    return first[["ADT", "EVNTDESC", *_SOURCE]]


def _censor(
    subjects: pd.DataFrame,
    adsl: pd.DataFrame,
    adequate: pd.DataFrame,
    rescue: pd.DataFrame,
    schedule: tuple[Visit, ...],
    response: Response,
) -> pd.DataFrame:
    """Event or censoring of each subject with remission; one row per subject.

    `subjects` holds STARTDT, infused, and the deciding event (ADT not-a-time where there is none).
    """
    event = subjects["ADT"]
    from_visit = subjects["SRCDOM"] == "visits"
    last_before = _last_adequate(adequate, event, strictly=from_visit)
    gap = _missed_between(last_before["ADT"], event, subjects["infused"], schedule)
    is_gap = _too_many(gap, response.missed_assessments) & event.notna()
    if not response.missed_assessments.applies_to_death:
        is_gap &= subjects["EVNTDESC"] != DEATH

    therapy = pd.Series(pd.NaT, index=subjects.index, dtype="datetime64[ns]")
    if response.new_therapy == "hypothetical":
        therapy = rescue.set_index("USUBJID")["ADT"].reindex(subjects.index)
    is_therapy = therapy.notna() & (event.isna() | (event > therapy))
    last_before_therapy = _last_adequate(adequate, therapy, strictly=None)

    cut = adsl["CUTDT"]
    last = _last_adequate(adequate, cut, strictly=None)
    quiet = event.isna() & ~is_therapy
    tail = _missed_between(last["ADT"], cut + pd.Timedelta(days=1), subjects["infused"], schedule)
    reason = np.select(
        [
            adsl["EOSDT"].notna(),
            last["ADT"] == subjects["STARTDT"],
            _too_many(tail, response.missed_assessments),
        ],
        [_WITHDRAWN, _NO_ASSESSMENT, _MISSED],
        _ONGOING,
    )
    # One of these at most; with none of them the event stands.
    ways = [quiet, is_therapy, is_gap & ~is_therapy]
    at = [last, last_before_therapy, last_before]
    date_is = np.array([LAST, BEFORE_THERAPY, BEFORE_GAP, None], dtype=object)
    way = np.select(ways, range(len(ways)), len(ways))
    reasons = np.select(ways, [reason, _THERAPY, _MISSED], "")
    ended = {
        name: np.select(ways, [found[name] for found in at], subjects[name])
        for name in ("ADT", *_SOURCE)
    }
    return subjects.assign(
        **ended,
        EVNTDESC=np.where(way < len(ways), reasons, subjects["EVNTDESC"]),
        CNSR=pd.Series(reasons).map({"": 0, **CENSORINGS}).to_numpy(),
        CNSDTDSC=date_is[way],
        LOWDT=np.where(way < len(ways), ended["ADT"], _low(subjects, last_before)),
    )


def _low(subjects: pd.DataFrame, last_before: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """Last date known free of the event: what is seen at visits happened since the one before."""
    seen = subjects["SRCDOM"] == "visits"
    return last_before["ADT"].where(seen, subjects["ADT"])


def _last_adequate(
    adequate: pd.DataFrame, date: pd.Series[pd.Timestamp], strictly: pd.Series[bool] | None
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


def _never_remitted(adsl: pd.DataFrame) -> pd.DataFrame:
    """EFS of infused subjects without remission: an event at day 1."""
    never = adsl.loc[(adsl["SAFFL"] == "Y") & (adsl["REMFL"] == "N")].set_index("USUBJID")
    ended = pd.DataFrame(
        {
            "infused": never["TRTSDT"],
            "ADT": never["TRTSDT"],
            "EVNTDESC": NEVER,
            "CNSR": 0,
            "CNSDTDSC": None,
            "LOWDT": never["TRTSDT"],
            "SRCDOM": "subjects",
            "SRCVAR": "infusion_date",
            "SRCSEQ": never["SRCSEQ"],
        }
    )
    return _records(ended, "EFS", "Event-free survival (days)", "infused")


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
