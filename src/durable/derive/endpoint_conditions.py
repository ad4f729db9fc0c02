"""Events and conditions for censoring that several endpoints share. Light to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.derive.endpoint import Event, Source
from durable.vocabulary import DEATH

if TYPE_CHECKING:
    from durable.derive.course import Course
    from durable.derive.endpoint import Flags

DEATH_OF_ANY_CAUSE = Event(
    "death",
    DEATH,
    (Source("subjects", "death_date", "DTHDT", lambda adsl: adsl["DTHFL"] == "Y"),),
)


def no_event(course: Course) -> Flags:
    """Whether a subject has no event."""
    return ~course.has_event


def withdrawn(course: Course) -> Flags:
    """Whether a subject without an event withdrew from the study."""
    return no_event(course) & course.has_date("EOSDT")


def unseen_though_due(course: Course) -> Flags:
    """Whether a subject was not assessed since the origin, though a scheduled visit has passed."""
    return no_event(course) & course.unseen_since_origin & (course.missed_at_end > 0)


def too_many_missed(course: Course) -> Flags:
    """Whether too many scheduled visits were missed in a row at the end of follow-up."""
    return no_event(course) & course.too_many(course.missed_at_end)
