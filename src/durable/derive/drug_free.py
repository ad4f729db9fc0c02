"""Time-to-event endpoints of freedom from medicines, and of sustained remission.

A study has those that its plan asks for (``response.drug_free``). They are time to a state, as time
to first remission is, and are censored alike; one that was shown at the last assessments without
being held as long as the plan asks is censored before them.

Clinical remission as a state of six continuous months: Ruperto et al., Lancet
2016;387:671; Giancane et al., Pediatr Rheumatol 2019;17:24.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.derive.endpoint import Censoring, Endpoint, Event, Source
from durable.derive.first_seen import TTREM
from durable.jdm.drug_free import DrugFree
from durable.language import N_, _, ngettext
from durable.vocabulary import (
    DRUG_FREE_REMISSION,
    GLUCOCORTICOID_FREE,
    IMMUNOSUPPRESSANT_FREE,
    NOT_CONFIRMED,
    SUSTAINED_REMISSION,
)
from durable.wording import sentences

if TYPE_CHECKING:
    from durable.derive.course import Course
    from durable.derive.endpoint import Flags
    from durable.jdm.response import Response
    from durable.schedule import Visit

_CREDIT = "response.new_therapy.remission"


def _event(name: str, description: str) -> Event:
    """The first assessment at which the state has been held."""
    at_visit = Source("visits", "visit_date", "visit_date", lambda frame: frame[name])
    return Event(name, description, (at_visit,))


def _censorings(name: str) -> tuple[Censoring, ...]:
    """Censorings of a state that is dated at the first of the assessments that must show it."""
    therapy, death, *further = TTREM.censorings

    def pending(course: Course) -> Flags:
        return ~course.has_event & course.any_adequate(f"{name}_pending")

    unconfirmed = Censoring(
        NOT_CONFIRMED, pending, lambda course: course.last_without(f"{name}_pending")
    )
    return therapy, death, unconfirmed, *further


def _definition(response: Response) -> DrugFree:
    return response.drug_free or DrugFree()


def _consecutive_text(response: Response) -> str:
    """How long a state must be held."""
    n = _definition(response).consecutive
    return ngettext(
        "The state must be shown at {n} assessment, which dates the event.",
        "The state must be shown at {n} consecutive assessments, the first of which dates the"
        " event; shown only at the last of follow-up, the subject is censored before them.",
        n,
    ).format(n=n)


def _censoring_text(response: Response) -> str:
    if response.new_therapy.credits_remission:
        return _("Death before the event: censored on that date.")
    return _("Death and new systemic therapy before the event: censored on that date.")


def _glucocorticoid_free(response: Response) -> str:
    limit = _definition(response).glucocorticoid_max_mg_kg
    if limit == 0:
        return _("recorded glucocorticoid dose of 0")
    return _("recorded glucocorticoid dose of at most {limit:g} mg/kg").format(limit=limit)


def _describe_ttgcfree(response: Response, _deadline: Visit) -> str:
    return sentences(
        _(
            "Time to glucocorticoid-free: from infusion to a {dose}, in all infused subjects."
        ).format(dose=_glucocorticoid_free(response)),
        _consecutive_text(response),
        _censoring_text(response),
    )


def _describe_ttisfree(response: Response, _deadline: Visit) -> str:
    return sentences(
        _(
            "Time to immunosuppressant-free: from infusion to an assessment off"
            " immunosuppressants, in all infused subjects."
        ),
        _consecutive_text(response),
        _censoring_text(response),
    )


def _describe_ttdfrem(response: Response, _deadline: Visit) -> str:
    return sentences(
        _(
            "Time to drug-free remission: from infusion to remission with a {dose} and off"
            " immunosuppressants, in all infused subjects."
        ).format(dose=_glucocorticoid_free(response)),
        _consecutive_text(response),
        _censoring_text(response),
    )


def _describe_ttsrem(response: Response, _deadline: Visit) -> str:
    return sentences(
        _(
            "Time to sustained remission: from infusion to the assessment by which every"
            " assessment with a known status has shown remission for at least {days} days, in all"
            " infused subjects."
        ).format(days=_definition(response).sustained_days),
        _censoring_text(response),
    )


_CENSORED = (
    "censored on the date of death or, where no later remission is credited, of new systemic"
    " therapy, else at the last assessment that shows the state or its absence"
)
_BEFORE = " (before the state where only the last assessments show it), else on day 1."

TTGCFREE = Endpoint(
    code="TTGCFREE",
    label="Time to glucocorticoid-free (days)",
    title=N_("Time to glucocorticoid-free"),
    population="SAFFL",
    origin="TRTSDT",
    since=N_("infusion"),
    derivation="ADT - STARTDT + 1, days from the infusion to the first of so many consecutive"
    f" assessments with at most the limit of the glucocorticoid dose; {_CENSORED}{_BEFORE}",
    keys=("response.drug_free", _CREDIT),
    handling="remission",
    defined=("Remission", "Glucocorticoids and drug-free remission"),
    describe=_describe_ttgcfree,
    events=(_event("glucocorticoid_free", GLUCOCORTICOID_FREE),),
    censorings=_censorings("glucocorticoid_free"),
    assessed="glucocorticoid_free_known",
    asked=lambda response: response.asks_for("glucocorticoid_free"),
    figure="km_ttgcfree",
)

TTISFREE = Endpoint(
    code="TTISFREE",
    label="Time to immunosuppressant-free (days)",
    title=N_("Time to immunosuppressant-free"),
    population="SAFFL",
    origin="TRTSDT",
    since=N_("infusion"),
    derivation="ADT - STARTDT + 1, days from the infusion to the first of so many consecutive"
    f" assessments off immunosuppressants; {_CENSORED}{_BEFORE}",
    keys=("response.drug_free", _CREDIT),
    handling="remission",
    defined=("Remission", "Glucocorticoids and drug-free remission"),
    describe=_describe_ttisfree,
    events=(_event("immunosuppressant_free", IMMUNOSUPPRESSANT_FREE),),
    censorings=_censorings("immunosuppressant_free"),
    assessed="immunosuppressant_free_known",
    asked=lambda response: response.asks_for("immunosuppressant_free"),
    figure="km_ttisfree",
)

TTDFREM = Endpoint(
    code="TTDFREM",
    label="Time to drug-free remission (days)",
    title=N_("Time to drug-free remission"),
    population="SAFFL",
    origin="TRTSDT",
    since=N_("infusion"),
    derivation="ADT - STARTDT + 1, days from the infusion to the first of so many consecutive"
    " assessments in remission, with at most the limit of the glucocorticoid dose and off"
    f" immunosuppressants; {_CENSORED}{_BEFORE}",
    keys=("response.remission", "response.drug_free", _CREDIT),
    handling="remission",
    defined=("Remission", "Glucocorticoids and drug-free remission"),
    describe=_describe_ttdfrem,
    events=(_event("drug_free_remission", DRUG_FREE_REMISSION),),
    censorings=_censorings("drug_free_remission"),
    assessed="drug_free_remission_known",
    asked=lambda response: response.asks_for("drug_free_remission"),
    figure="km_ttdfrem",
)

TTSREM = Endpoint(
    code="TTSREM",
    label="Time to sustained remission (days)",
    title=N_("Time to sustained remission"),
    population="SAFFL",
    origin="TRTSDT",
    since=N_("infusion"),
    derivation="ADT - STARTDT + 1, days from the infusion to the first assessment by which"
    f" remission has been shown at every assessment for so many days; {_CENSORED}, else on day 1.",
    keys=("response.remission", "response.drug_free", _CREDIT),
    handling="remission",
    defined=("Remission", "Glucocorticoids and drug-free remission"),
    describe=_describe_ttsrem,
    events=(_event("sustained_remission", SUSTAINED_REMISSION),),
    censorings=TTREM.censorings,
    assessed="sustained_remission_known",
    asked=lambda response: response.asks_for("sustained_remission"),
    figure="km_ttsrem",
)

#: In the order of their tables.
DRUG_FREE_ENDPOINTS = (TTGCFREE, TTISFREE, TTDFREM, TTSREM)
