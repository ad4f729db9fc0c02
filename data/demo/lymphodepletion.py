"""Apheresis and doses of lymphodepletion of the demo study; no seed has a part in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from data.demo.stories import Row, Subject

#: Days from consent to apheresis; those who were never prepared had none.
APHERESIS_AFTER = {"CQ-006": 12, "CQ-011": 14}
_USUALLY_AFTER = 10
#: Planned: mg/m2 of body surface on each of three days.
DOSES = {"cyclophosphamide": 300, "fludarabine": 30}
DAYS = 3
#: CQ-010 had a reduced dose of fludarabine; CQ-008 was stopped after the first day.
REDUCED = {("CQ-010", "fludarabine"): 20}
STOPPED_AFTER = {"CQ-008": 1}


def apheresis_day(subject: Subject, consent: int) -> int | None:
    """Day of apheresis on the axis of the story; None of a subject without it."""
    if subject.reached == "consent":
        return None
    return consent + APHERESIS_AFTER.get(subject.subject_id, _USUALLY_AFTER)


def lymphodepletion_rows(subject: Subject, first: int) -> Iterator[Row]:
    """The doses of a subject.

    Parameters
    ----------
    subject
        The subject.
    first
        Its first day of lymphodepletion on the axis of the story.
    """
    for day in range(first, first + STOPPED_AFTER.get(subject.subject_id, DAYS)):
        for medicine, dose in DOSES.items():
            yield {
                "subject_id": subject.subject_id,
                "administration_date": (subject.origin + dt.timedelta(days=day)).isoformat(),
                "medicine": medicine,
                "dose": str(REDUCED.get((subject.subject_id, medicine), dose)),
                "unit": "mg/m2",
            }
