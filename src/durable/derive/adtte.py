"""ADTTE: one record per subject and endpoint, by the objects of `durable.derive.endpoints`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from durable.derive.course import SOURCE, Course, FollowUp
from durable.derive.endpoints import ENDPOINTS, Endpoint
from durable.jdm.response import Response
from durable.schedule import Visit
from durable.vocabulary import CNSR

_DATE = ("ADT", *SOURCE)
_END = (*_DATE, "EVNTDESC", "CNSR", "CNSDTDSC", "LOWDT")


def derive(
    adsl: pd.DataFrame,
    frame: pd.DataFrame,
    therapies: pd.DataFrame | None,
    schedule: tuple[Visit, ...],
    response: Response,
    endpoints: Iterable[Endpoint] = ENDPOINTS,
) -> pd.DataFrame:
    """Time-to-event dataset.

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
    follow_up = FollowUp(adsl, frame, therapies, schedule, response)
    ends: dict[str, pd.DataFrame] = {}
    parts = [derive_param_tte(endpoint, follow_up, ends) for endpoint in endpoints]
    dataset = pd.concat(parts, ignore_index=True)
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
    endpoint, event = course.endpoint, course.event
    conditions = [censoring.applies(course).to_numpy(bool) for censoring in endpoint.censorings]
    which = np.select(conditions, range(len(conditions)), len(conditions))
    ended = event.assign(CNSR=0, CNSDTDSC=None, LOWDT=_last_free_of_event(course))
    for number, censoring in enumerate(endpoint.censorings):
        rows = which == number
        if rows.any():
            date = censoring.date(course).loc[rows]
            ended.loc[rows, [*_DATE, "CNSDTDSC"]] = date[[*_DATE, "CNSDTDSC"]]
            ended.loc[rows, "LOWDT"] = date["ADT"]
            ended.loc[rows, "EVNTDESC"] = censoring.reason
            ended.loc[rows, "CNSR"] = CNSR[censoring.reason]
    left = ended["ADT"].isna().to_numpy()
    if endpoint.continuation is not None:
        rows = left & endpoint.continuation.applies(course).to_numpy(bool)
        other = ends[endpoint.continuation.endpoint.code]
        ended.loc[rows, [*_END]] = other.loc[ended.index[rows], [*_END]]
        left &= ~rows
    if endpoint.failure is not None:
        failed = course.day_one.loc[left]
        ended.loc[left, [*_DATE]] = failed[[*_DATE]]
        ended.loc[left, "LOWDT"] = failed["ADT"]
        due = course.response.deadline(course.follow_up.schedule).visit
        ended.loc[left, "EVNTDESC"] = endpoint.failure.description.format(deadline=due)
    return ended


def _last_free_of_event(course: Course) -> pd.Series[pd.Timestamp]:
    """Last date known free of the event: what is seen at visits happened since the one before."""
    date, seen = course.event["ADT"], course.seen_at_visit
    if not seen.any():
        return date
    before = course.last_before_event["ADT"].fillna(course.start)
    return before.where(seen, date)
