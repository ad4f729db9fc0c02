"""Duration of response and event-free survival. Light to import.

Missed assessments: FDA guidance on endpoints for cancer trials (2007), table A. New therapy:
strategies of ICH E9(R1). Event-free survival with a deadline for remission: ELN 2022 (Doehner et
al., Blood 2022;140:1345), table 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from durable.derive.endpoint import Censoring, Continuation, Endpoint, Event, Source
from durable.derive.endpoint_conditions import (
    DEATH_OF_ANY_CAUSE,
    no_event,
    too_many_missed,
    unseen_though_due,
    withdrawn,
)
from durable.jdm.reinfusion import counted_as_therapy
from durable.language import N_, _
from durable.vocabulary import (
    BEFORE_GAP,
    BEFORE_THERAPY,
    MISSED,
    NEW_THERAPY,
    NO_ASSESSMENT,
    NOT_FOLLOWED,
    NOT_IN_REMISSION,
    NOT_YET_DUE,
    ONGOING,
    PROGRESSION,
    RECURRENCE,
    REMISSION_NOT_YET_DUE,
    UNCONFIRMED_LOSS,
    WITHDRAWN,
)
from durable.wording import sentences

if TYPE_CHECKING:
    from durable.derive.course import Course
    from durable.derive.endpoint import Flags
    from durable.jdm.response import Response, Strategy
    from durable.schedule import Visit

_DURATION_KEYS = (
    *("response.recurrence", "response.new_therapy.duration", "response.missed_assessments"),
    "response.remission_deadline",
)


def _composite(response: Response) -> bool:
    return response.new_therapy.duration == "composite"


_NEW_THERAPY = Event(
    "new_therapy",
    NEW_THERAPY,
    (
        Source(
            "therapies",
            "start_date",
            "start_date",
            lambda therapies: therapies["start_date"].notna(),
        ),
        Source("visits", "visit_date", "visit_date", lambda frame: frame["rescue_dose"]),
        Source(
            "subjects", "reinfusion_date", "reinfusion", lambda adsl: adsl["reinfusion"].notna()
        ),
    ),
    _composite,
)


def _investigator_source(word: str) -> Source:
    """What the investigator recorded at an assessment."""
    return Source(
        "visits",
        "investigator_assessment",
        "visit_date",
        lambda frame: frame["investigator_event"] & (frame["investigator_assessment"] == word),
    )


def _therapy_before_event(course: Course) -> Flags:
    """Whether new systemic therapy, not taken by the subject in the hypothetical case, is first."""
    therapy, event = course.new_therapy, course.event["ADT"]
    hypothetical = course.response.new_therapy.duration == "hypothetical"
    return hypothetical & course.has_new_therapy & (~course.has_event | (event > therapy))


def _describe_dor(response: Response, _deadline: Visit) -> str:
    return sentences(
        _(
            "Duration of response: from the first remission to recurrence, progression or death"
            " from any cause, whichever is earliest."
        ),
        _therapy_in_durations(response.new_therapy.duration),
        counted_as_therapy(response),
        _("Days are end - start + 1."),
    )


def _therapy_in_durations(strategy: Strategy) -> str:
    match strategy:
        case "composite":
            return _("New systemic immunosuppressive therapy is an event (composite strategy).")
        case "hypothetical":
            return _(
                "New systemic immunosuppressive therapy censors at the last assessment in remission"
                " before it (hypothetical strategy)."
            )
        case "treatment_policy":
            return _(
                "New systemic immunosuppressive therapy is ignored (treatment policy strategy)."
            )
    assert_never(strategy)


DOR = Endpoint(
    code="DOR",
    label="Duration of response (days)",
    title=N_("Duration of response"),
    population="REMFL",
    origin="REMSDT",
    since=N_("first remission"),
    derivation="ADT - STARTDT + 1, days from the first remission to the earliest of recurrence,"
    " progression, death of any cause and, where it counts, new systemic therapy.",
    keys=_DURATION_KEYS,
    handling="duration",
    defined=("Remission", "Recurrence and progression", "Durations"),
    describe=_describe_dor,
    events=(
        Event(
            "recurrence",
            RECURRENCE,
            (
                Source("visits", "visit_date", "visit_date", lambda frame: frame["confirmed_loss"]),
                _investigator_source("recurrence"),
            ),
        ),
        Event(
            "progression",
            PROGRESSION,
            (
                Source(
                    "visits", "visit_date", "visit_date", lambda frame: frame["confirmed_worse"]
                ),
                _investigator_source("progression"),
            ),
        ),
        DEATH_OF_ANY_CAUSE,
        _NEW_THERAPY,
    ),
    censorings=(
        Censoring(
            NEW_THERAPY,
            _therapy_before_event,
            lambda course: course.last_held(course.new_therapy, BEFORE_THERAPY),
        ),
        Censoring(
            MISSED,
            lambda course: course.gap_before_event,
            lambda course: course.last_held(course.last_before_event, BEFORE_GAP),
        ),
        Censoring(
            UNCONFIRMED_LOSS,
            lambda course: no_event(course) & course.loss_at_end,
            lambda course: course.held_by_cutoff,
        ),
        Censoring(
            WITHDRAWN,
            withdrawn,
            lambda course: course.held_by_cutoff,
        ),
        Censoring(
            NO_ASSESSMENT,
            unseen_though_due,
            lambda course: course.held_by_cutoff,
        ),
        Censoring(
            NOT_YET_DUE,
            lambda course: no_event(course) & course.unseen_since_origin & course.more_scheduled,
            lambda course: course.held_by_cutoff,
        ),
        Censoring(
            MISSED,
            too_many_missed,
            lambda course: course.held_by_cutoff,
        ),
        Censoring(ONGOING, no_event, lambda course: course.held_by_cutoff),
    ),
    counts_baseline_remission=True,
    registered=True,
    figure="km_dor",
)


def _therapy_before_remission(course: Course) -> Flags:
    """By the hypothetical strategy, whether new therapy came before remission or its deadline."""
    therapy, died = course.new_therapy, course.event["ADT"]
    hypothetical = course.response.new_therapy.duration == "hypothetical"
    return hypothetical & (therapy < course.remission_or_deadline) & ~(died <= therapy)


def _too_late(course: Course) -> Flags:
    """Whether a subject was neither in remission by the deadline nor had an event before."""
    return ~course.in_remission_by_deadline & no_event(course)


def _describe_efs(response: Response, deadline: Visit) -> str:
    return sentences(
        _(
            "Event-free survival, in all infused subjects: from infusion to recurrence, progression"
            " or death from any cause, whichever is earliest."
        ),
        _therapy_in_efs(response.new_therapy.duration),
        counted_as_therapy(response),
        _(
            "Not in remission by day {day} (end of the {visit} window): event on Day 1; remission"
            " not yet due, or not followed to that day: censored on Day 1 (ELN 2022)."
        ).format(day=deadline.last_day, visit=deadline.visit),
    )


def _therapy_in_efs(strategy: Strategy) -> str:
    """As in the duration of response; what censors before remission has Day 1 alone."""
    if strategy != "hypothetical":
        return _therapy_in_durations(strategy)
    return _(
        "New systemic immunosuppressive therapy censors at the last assessment in remission before"
        " it, or before remission on Day 1 (hypothetical strategy)."
    )


EFS = Endpoint(
    code="EFS",
    label="Event-free survival (days)",
    title=N_("Event-free survival"),
    population="SAFFL",
    origin="TRTSDT",
    since=N_("infusion"),
    derivation="ADT - STARTDT + 1, days from the infusion to the end of the response, or to death"
    " or new systemic therapy before it; without remission by the deadline day 1: an event, or"
    " censored where it is not due or the subject was not followed to it.",
    keys=_DURATION_KEYS,
    handling="duration",
    defined=("Remission", "Recurrence and progression", "Durations"),
    describe=_describe_efs,
    events=(DEATH_OF_ANY_CAUSE, _NEW_THERAPY),
    until=lambda course: course.remission_or_deadline,
    censorings=(
        Censoring(NEW_THERAPY, _therapy_before_remission, lambda course: course.day_one),
        Censoring(
            WITHDRAWN,
            lambda course: _too_late(course) & (course.date("EOSDT") <= course.deadline),
            lambda course: course.day_one,
        ),
        Censoring(
            REMISSION_NOT_YET_DUE,
            lambda course: _too_late(course) & (course.date("CUTDT") < course.deadline),
            lambda course: course.day_one,
        ),
        Censoring(
            NOT_FOLLOWED,
            lambda course: _too_late(course) & ~(course.last_contact >= course.deadline),
            lambda course: course.day_one,
        ),
    ),
    continuation=Continuation(DOR, lambda course: course.in_remission_by_deadline),
    failure=Event("not_in_remission", NOT_IN_REMISSION),
    other_date="EFS without remission when it is due, or before: the date of infusion.",
    figure="km_efs",
)
