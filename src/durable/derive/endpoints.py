"""The time-to-event endpoints, one object each: `ENDPOINTS` is their registry. Light to import.

ADTTE, its contract and define.xml, the time-to-event table, listing and Kaplan-Meier figures are
made from these objects. `durable.derive.adtte` is the engine: the earliest event decides unless a
censoring goes before it, as in admiral's `derive_param_tte(start, events, censorings)`.

Missed assessments: FDA guidance on endpoints for cancer trials (2007), table A. New therapy:
strategies of ICH E9(R1). Event-free survival with a deadline for remission: ELN 2022 (Doehner et
al., Blood 2022;140:1345), table 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from durable.derive.endpoint import Censoring, Continuation, Endpoint, Event, Source
from durable.jdm.parameters import SCORE
from durable.jdm.reinfusion import counted_as_therapy
from durable.language import N_, _
from durable.vocabulary import (
    ALIVE,
    BEFORE_GAP,
    BEFORE_THERAPY,
    DEATH,
    IMPROVEMENT,
    MISSED,
    NEW_THERAPY,
    NO_ASSESSMENT,
    NOT_FOLLOWED,
    NOT_IN_REMISSION,
    NOT_SEEN,
    NOT_YET_DUE,
    ONGOING,
    PROGRESSION,
    RECURRENCE,
    REMISSION,
    REMISSION_NOT_YET_DUE,
    UNCONFIRMED_LOSS,
    WITHDRAWN,
)
from durable.wording import sentences

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable.derive.course import Course
    from durable.derive.endpoint import Flags
    from durable.jdm.response import Response, Strategy
    from durable.schedule import Visit

#: Rows of the time-to-event table for the events, by the name of their statistics.
EVENT_LABELS = {
    "recurrence": N_("recurrence"),
    "progression": N_("progression"),
    "death": N_("death"),
    "new_therapy": N_("new systemic therapy"),
    "not_in_remission": N_("not in remission by {deadline} (day 1)"),
    "remission": N_("first remission"),
    "improvement": N_("first improvement"),
    "glucocorticoid_free": N_("glucocorticoid-free"),
    "immunosuppressant_free": N_("immunosuppressant-free"),
    "drug_free_remission": N_("drug-free remission"),
    "sustained_remission": N_("sustained remission"),
}
#: Rows of the time-to-event table for the reasons for censoring, in its order.
CENSORING_LABELS = {
    "ongoing": N_("ongoing at data cut-off"),
    "missed_assessments": N_("missed or inadequate assessments"),
    "death": N_("death"),
    "new_therapy": N_("new systemic therapy"),
    "withdrawn": N_("withdrawn"),
    "no_assessment": N_("no assessment after remission"),
    "not_seen": N_("no assessment after infusion"),
    "not_yet_due": N_("next assessment not yet due"),
    "unconfirmed_loss": N_("unconfirmed loss of remission"),
    "not_confirmed": N_("not yet confirmed at a further assessment"),
    "not_followed": N_("not followed to {deadline} (day 1)"),
    "remission_not_yet_due": N_("pending: remission not yet due (day 1)"),
    "alive": N_("alive at last contact"),
}


_DURATION_KEYS = (
    *("response.recurrence", "response.new_therapy.duration", "response.missed_assessments"),
    "response.remission_deadline",
)


def _composite(response: Response) -> bool:
    return response.new_therapy.duration == "composite"


_DEATH = Event(
    "death",
    DEATH,
    (Source("subjects", "death_date", "DTHDT", lambda adsl: adsl["DTHFL"] == "Y"),),
)
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


def _recorded(word: str) -> Source:
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


def _no_event(course: Course) -> Flags:
    return ~course.has_event


def _withdrawn(course: Course) -> Flags:
    return _no_event(course) & course.has_date("EOSDT")


def _unseen_though_due(course: Course) -> Flags:
    """Whether a subject was not assessed since the origin, though a scheduled visit has passed."""
    return _no_event(course) & course.unseen_since_origin & (course.missed_at_end > 0)


def _too_many_missed(course: Course) -> Flags:
    """Whether too many scheduled visits were missed in a row at the end of follow-up."""
    return _no_event(course) & course.too_many(course.missed_at_end)


def _describe_dor(response: Response, _deadline: Visit) -> str:
    return sentences(
        _(
            "Duration of response: from the first remission to recurrence, progression or death"
            " from any cause, whichever is earliest."
        ),
        _therapy_in_durations(response.new_therapy.duration),
        counted_as_therapy(response.reinfusion),
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
    subjects=N_("Subjects with remission"),
    origin="REMSDT",
    since=N_("first remission"),
    derivation="ADT - STARTDT + 1, days from the first remission to the earliest of recurrence,"
    " progression, death of any cause and, where it counts, new systemic therapy.",
    keys=_DURATION_KEYS,
    describe=_describe_dor,
    events=(
        Event(
            "recurrence",
            RECURRENCE,
            (
                Source("visits", "visit_date", "visit_date", lambda frame: frame["confirmed_loss"]),
                _recorded("recurrence"),
            ),
        ),
        Event(
            "progression",
            PROGRESSION,
            (
                Source(
                    "visits", "visit_date", "visit_date", lambda frame: frame["confirmed_worse"]
                ),
                _recorded("progression"),
            ),
        ),
        _DEATH,
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
            lambda course: _no_event(course) & course.loss_at_end,
            lambda course: course.held_by_cutoff,
        ),
        Censoring(
            WITHDRAWN,
            _withdrawn,
            lambda course: course.held_by_cutoff,
        ),
        Censoring(
            NO_ASSESSMENT,
            _unseen_though_due,
            lambda course: course.held_by_cutoff,
        ),
        Censoring(
            NOT_YET_DUE,
            lambda course: _no_event(course) & course.unseen_since_origin & course.more_scheduled,
            lambda course: course.held_by_cutoff,
        ),
        Censoring(
            MISSED,
            _too_many_missed,
            lambda course: course.held_by_cutoff,
        ),
        Censoring(ONGOING, _no_event, lambda course: course.held_by_cutoff),
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
    return ~course.in_remission_by_deadline & _no_event(course)


def _describe_efs(response: Response, deadline: Visit) -> str:
    return sentences(
        _(
            "Event-free survival, in all infused subjects: from infusion to recurrence, progression"
            " or death from any cause, whichever is earliest."
        ),
        _therapy_in_efs(response.new_therapy.duration),
        counted_as_therapy(response.reinfusion),
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
    subjects=N_("All infused"),
    origin="TRTSDT",
    since=N_("infusion"),
    derivation="ADT - STARTDT + 1, days from the infusion to the end of the response, or to death"
    " or new systemic therapy before it; without remission by the deadline day 1: an event, or"
    " censored where it is not due or the subject was not followed to it.",
    keys=_DURATION_KEYS,
    describe=_describe_efs,
    events=(_DEATH, _NEW_THERAPY),
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
    figure="km_efs",
)


def _credits_remission_after_therapy(response: Response) -> bool:
    return response.new_therapy.remission == "treatment_policy"


def _until_first_seen(credits_after_therapy: Callable[[Response], bool]) -> tuple[Censoring, ...]:
    """Censorings of the time to what is first seen at an assessment.

    Parameters
    ----------
    credits_after_therapy
        Whether it is credited after new systemic therapy, by the definitions in force.
    """

    def therapy_first(course: Course) -> Flags:
        """Whether new therapy, after which nothing is credited, came before event and death."""
        counts = not credits_after_therapy(course.response)
        first = course.has_new_therapy & ~(course.date("DTHDT") <= course.new_therapy)
        return counts & _no_event(course) & first

    return (
        Censoring(NEW_THERAPY, therapy_first, lambda course: course.start_of_new_therapy),
        Censoring(
            DEATH,
            lambda course: _no_event(course) & course.has_date("DTHDT"),
            lambda course: course.death,
        ),
        Censoring(WITHDRAWN, _withdrawn, lambda course: course.last_seen),
        Censoring(NOT_SEEN, _unseen_though_due, lambda course: course.last_seen),
        Censoring(
            NOT_YET_DUE,
            lambda course: _no_event(course) & course.unseen_since_origin,
            lambda course: course.last_seen,
        ),
        Censoring(MISSED, _too_many_missed, lambda course: course.last_seen),
        Censoring(ONGOING, _no_event, lambda course: course.last_seen),
    )


def _describe_ttrem(response: Response, _deadline: Visit) -> str:
    return sentences(
        _(
            "Time to first remission: from infusion to the first credited remission, in all infused"
            " subjects."
        ),
        _("Death before remission: censored on that date.")
        if _credits_remission_after_therapy(response)
        else _("Death and new systemic therapy before remission: censored on that date."),
    )


TTREM = Endpoint(
    code="TTREM",
    label="Time to first remission (days)",
    title=N_("Time to first remission"),
    population="SAFFL",
    subjects=N_("All infused"),
    origin="TRTSDT",
    since=N_("infusion"),
    derivation="ADT - STARTDT + 1, days from the infusion to the first remission that is credited"
    " (ADSL.REMSDT); censored on the date of death or, where no later remission is credited, of new"
    " systemic therapy, else at the last adequate assessment, else on day 1.",
    keys=("response.remission", "response.new_therapy.remission"),
    describe=_describe_ttrem,
    events=(
        Event(
            "remission",
            REMISSION,
            (Source("visits", "visit_date", "visit_date", lambda frame: frame["first_remission"]),),
        ),
    ),
    censorings=_until_first_seen(_credits_remission_after_therapy),
    counts_baseline_remission=True,
    figure="km_ttrem",
    event_free=N_("Remission-free"),
)


def _credits_improvement_after_therapy(response: Response) -> bool:
    return response.new_therapy.improvement == "treatment_policy"


def _describe_ttimp(response: Response, _deadline: Visit) -> str:
    return sentences(
        _(
            "Time to first improvement: from infusion to the first assessment, scheduled or not,"
            " with a {score} of at least {least:g}, in all infused subjects."
        ).format(score=_(SCORE.label), least=response.improvement.least_score),
        _("Death before improvement: censored on that date.")
        if _credits_improvement_after_therapy(response)
        else _("Death and new systemic therapy before improvement: censored on that date."),
    )


TTIMP = Endpoint(
    code="TTIMP",
    label="Time to first improvement (days)",
    title=N_("Time to first improvement"),
    population="SAFFL",
    subjects=N_("All infused"),
    origin="TRTSDT",
    since=N_("infusion"),
    derivation="ADT - STARTDT + 1, days from the infusion to the first assessment whose score is"
    " that of an improvement; censored on the date of death or, where no later improvement is"
    " credited, of new systemic therapy, else at the last assessment with a score, else on day 1.",
    keys=("response.improvement", "response.new_therapy.improvement"),
    describe=_describe_ttimp,
    events=(
        Event(
            "improvement",
            IMPROVEMENT,
            (Source("visits", "visit_date", "visit_date", lambda frame: frame["improved"]),),
        ),
    ),
    assessed="scored",
    censorings=_until_first_seen(_credits_improvement_after_therapy),
    figure="km_ttimp",
    event_free=N_("Improvement-free"),
)


def _describe_os(_response: Response, _deadline: Visit) -> str:
    return _(
        "Overall survival: from infusion to death from any cause, in all infused subjects. The"
        " living are censored on the last date known alive by the data cut-off: the latest of"
        " infusion, assessments and last contact."
    )


OS = Endpoint(
    code="OS",
    label="Overall survival (days)",
    title=N_("Overall survival"),
    population="SAFFL",
    subjects=N_("All infused"),
    origin="TRTSDT",
    since=N_("infusion"),
    derivation="ADT - STARTDT + 1, days from the infusion to death of any cause; censored on the"
    " last date known alive: the latest of infusion, assessments and last contact.",
    keys=(),
    describe=_describe_os,
    events=(_DEATH,),
    censorings=(
        Censoring(WITHDRAWN, _withdrawn, lambda course: course.last_alive),
        Censoring(ALIVE, _no_event, lambda course: course.last_alive),
    ),
    figure="km_os",
    event_free=N_("Survival"),
)

#: Those of any study, in the order of the table; `durable.derive.endpoint_registry` has all.
ENDPOINTS = (DOR, EFS, TTREM, TTIMP, OS)
