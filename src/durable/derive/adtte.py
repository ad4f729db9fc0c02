"""ADTTE: one record per subject and endpoint, by the objects of `durable.derive.endpoints`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.derive.course import SOURCE, Course, FollowUp
from durable.derive.endpoint import Endpoint
from durable.derive.endpoints import ENDPOINTS
from durable.vocabulary import CNSR

Flags = npt.NDArray[np.bool_]

_DATE = ("ADT", *SOURCE)
_END = (*_DATE, "EVNTDESC", "CNSR", "CNSDTDSC", "LOWDT")


def derive(follow_up: FollowUp, endpoints: Iterable[Endpoint] = ENDPOINTS) -> pd.DataFrame:
    """Time-to-event dataset (see `contracts.adam`), sorted by PARAMCD and USUBJID.

    Parameters
    ----------
    follow_up
        What is known of the subjects, and the definitions in force.
    endpoints
        Each after the one that it continues as.
    """
    ends: dict[str, pd.DataFrame] = {}
    parts = [derive_param_tte(endpoint, follow_up, ends) for endpoint in endpoints]
    dataset = pd.concat(parts, ignore_index=True)
    adsl = follow_up.adsl
    dataset.insert(0, "STUDYID", adsl["STUDYID"].iloc[0] if len(adsl) else "")
    return dataset.sort_values(["PARAMCD", "USUBJID"], ignore_index=True)


def derive_param_tte(
    endpoint: Endpoint, follow_up: FollowUp, ends: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    """Records of one endpoint, one per subject of its population.

    Parameters
    ----------
    endpoint
        Its origin, events and censorings.
    follow_up
        What is known of the subjects.
    ends
        Ends of the endpoints derived before, by code; this one's are added.
    """
    course = Course(follow_up, endpoint)
    ended = ends[endpoint.code] = _end(course, ends)
    start = course.start
    return pd.DataFrame(
        {
            "USUBJID": ended.index.to_numpy(object),
            "PARAMCD": endpoint.code,
            "PARAM": endpoint.label,
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


def _end(course: Course, ends: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Event or censoring of each subject: the columns of `_END`, by subject.

    The first censoring that applies decides; else the event; else, where the endpoint continues as
    another, the end of that; else its failure, an event on day 1.
    """
    endpoint = course.endpoint
    event = course.event.assign(CNSR=0, CNSDTDSC=None, LOWDT=_last_free_of_event(course))
    ended = {name: event[name].to_numpy(copy=True) for name in _END}

    def decide(rows: Flags, date: pd.DataFrame, description: str, cnsr: int = 0) -> None:
        """The date with its source is the end of the subjects."""
        for name in (*_DATE, "CNSDTDSC"):
            ended[name][rows] = date[name].to_numpy()[rows]
        ended["LOWDT"][rows] = ended["ADT"][rows]
        ended["EVNTDESC"][rows], ended["CNSR"][rows] = description, cnsr

    conditions = [censoring.applies(course).to_numpy(bool) for censoring in endpoint.censorings]
    which = np.select(conditions, range(len(conditions)), len(conditions))
    for number, censoring in enumerate(endpoint.censorings):
        if (rows := which == number).any():
            decide(rows, censoring.date(course), censoring.reason, CNSR[censoring.reason])
    undecided = np.isnat(ended["ADT"])
    if endpoint.continuation is not None:
        rows = undecided & endpoint.continuation.applies(course).to_numpy(bool)
        other = ends[endpoint.continuation.endpoint.code].loc[course.adsl.index[rows]]
        for name in _END:
            ended[name][rows] = other[name].to_numpy()
        undecided &= ~rows
    if endpoint.failure is not None and undecided.any():
        due = course.response.deadline(course.follow_up.schedule).visit
        description = endpoint.failure.description.format(deadline=due)
        decide(undecided, course.day_one.assign(CNSDTDSC=None), description)
    return pd.DataFrame(ended, index=course.adsl.index)


def _last_free_of_event(course: Course) -> pd.Series[pd.Timestamp]:
    """Last date known free of the event: what is seen at visits happened since the one before."""
    date, seen = course.event["ADT"], course.seen_at_visit
    if not seen.any():
        return date
    before = course.last_before_event["ADT"].fillna(course.start)
    return before.where(seen, date)
