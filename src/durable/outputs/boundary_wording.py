"""The safety boundaries of the plan, and what they are in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from durable.language import _
from durable.outputs.interim import prior_text
from durable.plan import Plan, Safety, SafetyBoundary
from durable.wording import clauses, percent


def boundaries(plan: Plan) -> Mapping[str, SafetyBoundary]:
    """The safety boundaries of the plan, by name."""
    return {} if plan.monitoring is None else plan.monitoring.safety


def event_name(section: SafetyBoundary, plan: Plan) -> str:
    """What a boundary counts, as readers see it."""
    days = event_window(section, plan.safety)
    if section.event == "dlt":
        return _("DLT within {days} days").format(days=days)
    name = plan.safety.crs if section.event == "crs" else plan.safety.icans
    return _("{event} of ASTCT grade >= {grade} within {days} days").format(
        event=name, grade=section.grade, days=days
    )


def event_window(section: SafetyBoundary, safety: Safety) -> int:
    """Days after infusion in which the event of a boundary counts."""
    return section.window_days or safety.dlt_window_days


def boundary_definitions(plan: Plan) -> Iterator[str]:
    """The rules by which a boundary stops, with the limits of each event."""
    sections = boundaries(plan).values()
    limits = [
        _("{event}: above {limit}, prior {prior}").format(
            event=event_name(section, plan),
            limit=percent(section.stop_if_probability_above),
            prior=prior_text(section.prior),
        )
        for section in sections
    ]
    yield _(
        "Beta-binomial: stop where the posterior probability of a rate above the acceptable one is"
        " higher than the limit ({limits})."
    ).format(limits=clauses(limits))
    errors = [
        _("{event}: {error}").format(event=event_name(section, plan), error=percent(section.error))
        for section in sections
    ]
    yield _(
        "Pocock-type: an exact binomial test at one level after each subject, with at most this"
        " probability of ever stopping at the acceptable rate (Ivanova et al. 2005): {errors}."
    ).format(errors=clauses(errors))
