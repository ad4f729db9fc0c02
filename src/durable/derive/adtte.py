"""ADTTE: one record per subject and endpoint, by the objects of `durable.derive.endpoints`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from durable.derive.course import SOURCE, Course, FollowUp
from durable.derive.endpoint import Endpoint
from durable.derive.endpoints import EVERY_ENDPOINT
from durable.vocabulary import CNSR

if TYPE_CHECKING:
    from durable.derive.endpoint import Dated, Dates, Flags

_DATE = ("ADT", *SOURCE)
#: Variables of ADSL in the records of its subjects, under their names there.
_OF_SUBJECT = {
    "SUBJID": "SUBJID",
    "SAFFL": "SAFFL",
    "REMFL": "REMFL",
    "TRTP": "TRT01P",
    "TRTA": "TRT01A",
}
_END = (*_DATE, "EVNTDESC", "CNSR", "CNSDTDSC", "LOWDT")


def derive(follow_up: FollowUp, endpoints: Iterable[Endpoint] = EVERY_ENDPOINT) -> pd.DataFrame:
    """ADTTE (`contracts.adam.adtte`), sorted by PARAMCD and USUBJID.

    A subject has a record of the endpoints to whose population it belongs.

    Parameters
    ----------
    follow_up
        What is known of the subjects, and the definitions in force.
    endpoints
        Each after the one that it continues as; one that the definitions do not ask for has no
        records. At least one must be asked for.
    """
    ends: dict[str, pd.DataFrame] = {}
    asked = (endpoint for endpoint in endpoints if endpoint.asked(follow_up.response))
    parts = [derive_param_tte(endpoint, follow_up, ends) for endpoint in asked]
    dataset = pd.concat(parts, ignore_index=True)
    adsl = follow_up.adsl
    dataset.insert(0, "STUDYID", adsl["STUDYID"].iloc[0] if len(adsl) else "")
    dataset = dataset.sort_values(["PARAMCD", "USUBJID"], ignore_index=True)
    return dataset.assign(ASEQ=dataset.groupby("USUBJID").cumcount().astype("int64") + 1)


def derive_param_tte(
    endpoint: Endpoint, follow_up: FollowUp, ends: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    """Records of one endpoint, one per subject of its population; ASEQ is 0 and STUDYID absent.

    Parameters
    ----------
    endpoint
        Its origin, events and censorings.
    follow_up
        What is known of the subjects.
    ends
        Ends of the endpoints derived before: by PARAMCD a frame of ADT, SRCDOM, SRCVAR, SRCSEQ,
        EVNTDESC, CNSR, CNSDTDSC and LOWDT, indexed by USUBJID. The ends of this one are added. The
        endpoint that it continues as must be there.
    """
    course = Course(follow_up, endpoint)
    end = _end(course, ends)
    ends[endpoint.code] = pd.DataFrame(end, index=course.names)
    return pd.DataFrame(
        {
            "USUBJID": course.names.to_numpy(object),
            **{
                name: course.adsl[variable].to_numpy(object)
                for name, variable in _OF_SUBJECT.items()
            },
            "ASEQ": 0,
            "PARAM": endpoint.label,
            "PARAMCD": endpoint.code,
            "STARTDT": course.start,
            "ADT": end["ADT"],
            "AVAL": (end["ADT"] - course.start) / np.timedelta64(1, "D") + 1,
            "AVALU": "DAYS",
            "CNSR": end["CNSR"],
            "EVNTDESC": end["EVNTDESC"],
            "CNSDTDSC": end["CNSDTDSC"],
            "LOWDT": end["LOWDT"],
            "SRCDOM": end["SRCDOM"],
            "SRCVAR": end["SRCVAR"],
            "SRCSEQ": end["SRCSEQ"].astype("int64"),
        }
    )


def _end(course: Course, ends: dict[str, pd.DataFrame]) -> Dated:
    """Event or censoring of each subject: the columns of `_END`, in the order of the course.

    The first censoring that applies decides; else the event; else, where the endpoint continues as
    another, the end of that; else its failure, an event on day 1.
    """
    endpoint, subjects = course.endpoint, len(course.names)
    end = {name: values.copy() for name, values in course.event.items()}
    end["CNSR"] = np.zeros(subjects, dtype=np.int64)
    end["CNSDTDSC"] = np.full(subjects, None, dtype=object)
    end["LOWDT"] = _last_free_of_event(course)

    def decide(rows: Flags, date: Dated, description: str, cnsr: int = 0) -> None:
        """End the subjects in `rows` at their `date` and its source, overwriting any end.

        CNSDTDSC is that of `date`; LOWDT becomes the date itself.
        """
        for name in (*_DATE, "CNSDTDSC"):
            end[name][rows] = date[name][rows]
        end["LOWDT"][rows] = end["ADT"][rows]
        end["EVNTDESC"][rows], end["CNSR"][rows] = description, cnsr

    conditions = [censoring.applies(course) for censoring in endpoint.censorings]
    which = np.select(conditions, range(len(conditions)), len(conditions))
    for number, censoring in enumerate(endpoint.censorings):
        if (rows := which == number).any():
            decide(rows, censoring.date(course), censoring.reason, CNSR[censoring.reason])
    undecided = np.isnat(end["ADT"])
    if endpoint.continuation is not None:
        rows = undecided & endpoint.continuation.applies(course)
        other = ends[endpoint.continuation.endpoint.code].loc[course.names[rows]]
        for name in _END:
            end[name][rows] = other[name].to_numpy()
        undecided &= ~rows
    if endpoint.failure is not None and undecided.any():
        due = course.response.deadline(course.follow_up.schedule).visit
        description = endpoint.failure.description.format(deadline=due)
        decide(undecided, course.day_one | {"CNSDTDSC": np.full(subjects, None)}, description)
    return end


def _last_free_of_event(course: Course) -> Dates:
    """Last date known free of the event: what is seen at visits happened since the one before.

    Never before the origin: an event at the visit of the origin is known to have been there then.
    """
    before = np.fmax(course.last_before_event, course.start)
    return np.where(course.seen_at_visit, before, course.event["ADT"])
