"""Time to first remission and to first improvement. Light to import.

What is first seen at an assessment is dated by it, and censored at the last assessment that could
have shown it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.derive.endpoint import Censoring, Endpoint, Event, Source
from durable.derive.endpoint_conditions import (
    no_event,
    too_many_missed,
    unseen_though_due,
    withdrawn,
)
from durable.jdm.parameters import SCORE
from durable.language import N_, _
from durable.vocabulary import (
    DEATH,
    IMPROVEMENT,
    MISSED,
    NEW_THERAPY,
    NOT_SEEN,
    NOT_YET_DUE,
    ONGOING,
    REMISSION,
    WITHDRAWN,
)
from durable.wording import sentences

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable.derive.course import Course
    from durable.derive.endpoint import Flags
    from durable.jdm.response import Response
    from durable.schedule import Visit


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
        return counts & no_event(course) & first

    return (
        Censoring(NEW_THERAPY, therapy_first, lambda course: course.start_of_new_therapy),
        Censoring(
            DEATH,
            lambda course: no_event(course) & course.has_date("DTHDT"),
            lambda course: course.death,
        ),
        Censoring(WITHDRAWN, withdrawn, lambda course: course.last_seen),
        Censoring(NOT_SEEN, unseen_though_due, lambda course: course.last_seen),
        Censoring(
            NOT_YET_DUE,
            lambda course: no_event(course) & course.unseen_since_origin,
            lambda course: course.last_seen,
        ),
        Censoring(MISSED, too_many_missed, lambda course: course.last_seen),
        Censoring(ONGOING, no_event, lambda course: course.last_seen),
    )


def _describe_ttrem(response: Response, _deadline: Visit) -> str:
    return sentences(
        _(
            "Time to first remission: from infusion to the first credited remission, in all infused"
            " subjects."
        ),
        _("Death before remission: censored on that date.")
        if response.new_therapy.credits_remission
        else _("Death and new systemic therapy before remission: censored on that date."),
    )


TTREM = Endpoint(
    code="TTREM",
    label="Time to first remission (days)",
    title=N_("Time to first remission"),
    population="SAFFL",
    origin="TRTSDT",
    since=N_("infusion"),
    derivation="ADT - STARTDT + 1, days from the infusion to the first remission that is credited"
    " (ADSL.REMSDT); censored on the date of death or, where no later remission is credited, of new"
    " systemic therapy, else at the last adequate assessment, else on day 1.",
    keys=("response.remission", "response.new_therapy.remission"),
    handling="remission",
    defined=("Remission", "Recurrence and progression", "Durations"),
    describe=_describe_ttrem,
    events=(
        Event(
            "remission",
            REMISSION,
            (Source("visits", "visit_date", "visit_date", lambda frame: frame["first_remission"]),),
        ),
    ),
    censorings=_until_first_seen(lambda response: response.new_therapy.credits_remission),
    counts_baseline_remission=True,
    figure="km_ttrem",
    event_free=N_("Remission-free"),
)


def _describe_ttimp(response: Response, _deadline: Visit) -> str:
    return sentences(
        _(
            "Time to first improvement: from infusion to the first assessment, scheduled or not,"
            " with a {score} of at least {least:g}, in all infused subjects."
        ).format(score=_(SCORE.label), least=response.improvement.least_score),
        _("Death before improvement: censored on that date.")
        if response.new_therapy.credits_improvement
        else _("Death and new systemic therapy before improvement: censored on that date."),
    )


TTIMP = Endpoint(
    code="TTIMP",
    label="Time to first improvement (days)",
    title=N_("Time to first improvement"),
    population="SAFFL",
    origin="TRTSDT",
    since=N_("infusion"),
    derivation="ADT - STARTDT + 1, days from the infusion to the first assessment whose score is"
    " that of an improvement; censored on the date of death or, where no later improvement is"
    " credited, of new systemic therapy, else at the last assessment with a score, else on day 1.",
    keys=("response.improvement", "response.new_therapy.improvement"),
    handling="improvement",
    defined=("Disease improvement", "Durations"),
    describe=_describe_ttimp,
    events=(
        Event(
            "improvement",
            IMPROVEMENT,
            (Source("visits", "visit_date", "visit_date", lambda frame: frame["improved"]),),
        ),
    ),
    assessed="scored",
    censorings=_until_first_seen(lambda response: response.new_therapy.credits_improvement),
    other_date="TTIMP: an assessment with a score.",
    figure="km_ttimp",
    event_free=N_("Improvement-free"),
)
