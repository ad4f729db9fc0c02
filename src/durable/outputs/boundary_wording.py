"""The safety boundaries of the plan, and what they are in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from durable.language import _
from durable.outputs.interim import prior_text
from durable.plan import Plan, Safety, SafetyBoundary
from durable.wording import clauses, percent


def boundaries(plan: Plan) -> Mapping[str, SafetyBoundary]:
    """The safety boundaries of the plan, by name; empty where it monitors no safety event."""
    return {} if plan.monitoring is None else plan.monitoring.safety


def event_name(section: SafetyBoundary, plan: Plan) -> str:
    """The event of a boundary in words, ``CRS of ASTCT grade >= 3 within 28 days``."""
    days = event_window(section, plan.safety)
    if section.event == "dlt":
        return _("DLT within {days} days").format(days=days)
    name = plan.safety.crs if section.event == "crs" else plan.safety.icans
    return _("{event} of ASTCT grade >= {grade} within {days} days").format(
        event=name, grade=section.grade, days=days
    )


def event_window(section: SafetyBoundary, safety: Safety) -> int:
    """Last day after infusion on which the event of a boundary counts.

    ``window_days`` of the boundary, or ``safety.dlt_window_days`` where that is not set.
    """
    return section.window_days or safety.dlt_window_days


def boundary_definitions(plan: Plan) -> Iterator[str]:
    """Two footnotes: the beta-binomial and the Pocock-type rule, with the limits of each event."""
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
