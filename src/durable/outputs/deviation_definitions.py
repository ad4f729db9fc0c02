"""The categories of deviations from the protocol with their limits in force, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from durable.jdm.eligibility import THERAPY_CLASS_LABELS
from durable.jdm.measures import core_set_measure
from durable.jdm.response import Response
from durable.language import N_, _
from durable.plan import Deviations, Plan
from durable.plan.deviations import (
    Category,
    LymphodepletionDeviation,
    ProhibitedDeviation,
    VisitWindowDeviation,
)
from durable.sections import require_section
from durable.wording import join_words, list_words, percent, sentences

#: Names of the categories as rows of a table.
CATEGORY_NAMES = {
    "eligibility": N_("Eligibility criterion violated"),
    "dose": N_("Dose deviating by more than {tolerance} from the planned dose"),
    "lymphodepletion": N_("Infused without lymphodepletion"),
    "number_infused": N_("Infused beyond the planned {number} subjects"),
    "visit_window": N_("Visit out of window"),
    "core_set": N_("Core set incomplete at {visits}"),
    "prohibited": N_("Prohibited medicine after infusion"),
}


def category_name(category: Category, deviations: Deviations) -> str:
    """A category as a row of a table, with its limit in force; ValueError if it is not judged."""
    words: dict[str, object] = {}
    if category == "dose":
        words["tolerance"] = percent(require_section(deviations.dose, "dose").tolerance)
    elif category == "number_infused":
        words["number"] = require_section(deviations.number_infused, "number_infused").planned
    elif category == "core_set":
        words["visits"] = list_words(require_section(deviations.core_set, "core_set").visits, "or")
    return _(CATEGORY_NAMES[category]).format(**words)


def important_categories(deviations: Deviations) -> str:
    """Footnote on which of the judged categories count as important: none, all, or all but some."""
    important = deviations.important_categories
    if not important:
        return _("No category counts as important.")
    if important == deviations.categories:
        return _("Important: deviations of every category.")
    others = [name for name in deviations.categories if name not in important]
    names = [category_name(name, deviations) for name in others]
    return _("Important: deviations of every category but: {categories}.").format(
        categories=join_words(names)
    )


def deviation_definitions(plan: Plan) -> Iterator[str]:
    """Definitions: what is judged, which categories are important, and the rule of each category.

    Raises ValueError where the plan has no section `deviations`.
    """
    deviations = require_section(plan.deviations, "deviations")
    yield _(
        "Deviations of the infused subjects, from the data up to the data cut-off. Not assessable:"
        " the data do not tell whether there is a deviation, and no other of the category was"
        " found."
    )
    yield important_categories(deviations)
    for category in deviations.categories:
        yield _("{category}: {rule}.").format(
            category=category_name(category, deviations),
            rule=_rule(category, deviations, plan),
        )


def _rule(category: Category, deviations: Deviations, plan: Plan) -> str:
    match category:
        case "eligibility":
            if plan.eligibility.waived == "accepted":
                return _(
                    "a criterion violated, and not waived, at the screening attempt that counts"
                )
            return _("a criterion violated, waived or not, at the screening attempt that counts")
        case "dose":
            return _(
                "cells received differ from the planned dose of the dose level by more than"
                " {tolerance} of it"
            ).format(tolerance=percent(require_section(deviations.dose, "dose").tolerance))
        case "lymphodepletion":
            return _lymphodepletion(require_section(deviations.lymphodepletion, "lymphodepletion"))
        case "number_infused":
            return _(
                "subjects after the first {number} by date of infusion; of one day, by identifier"
            ).format(number=require_section(deviations.number_infused, "number_infused").planned)
        case "visit_window":
            return _windows(require_section(deviations.visit_window, "visit_window"), plan)
        case "core_set":
            return _core_set(plan.response)
        case "prohibited":
            return _prohibited_medication(require_section(deviations.prohibited, "prohibited"))
        case never:
            assert_never(never)


def _lymphodepletion(section: LymphodepletionDeviation) -> str:
    if section.recorded_as == "date":
        return _("lymphodepletion not begun 1 to {days} days before the infusion").format(
            days=section.days
        )
    if section.recorded_as == "doses":
        return _("not each of {medicines} given 1 to {days} days before the infusion").format(
            medicines=list_words(section.medicines), days=section.days
        )
    return _("not each of {medicines} begun 1 to {days} days before the infusion").format(
        medicines=list_words(section.medicines), days=section.days
    )


def _windows(section: VisitWindowDeviation, plan: Plan) -> str:
    span = _("{visit} {first} to {last}")
    spans = [
        span.format(visit=visit.visit, first=visit.first_day, last=visit.last_day)
        for visit in plan.schedule
        if section.visits is None or visit.visit in section.visits
    ]
    return _(
        "an assessment under the label of a visit, on a day outside its window, days after"
        " infusion: {windows}; a label that is not scheduled is not assessable"
    ).format(windows=join_words(spans))


def _core_set(response: Response) -> str:
    measures = join_words([_(core_set_measure(name).label) for name in response.measures.values()])
    if response.improvement.unscheduled:
        text = _("no assessment in the window of the visit with all of: {measures}")
    else:
        text = _("no scheduled assessment in the window of the visit with all of: {measures}")
    return _(
        "{text}; judged where the window had closed by the data cut-off, and the subject was alive"
        " and in the study"
    ).format(text=text.format(measures=measures))


def _prohibited_medication(section: ProhibitedDeviation) -> str:
    kinds = [_("a new systemic therapy begun on or after the day of infusion")] * (
        section.new_systemic
    )
    named = [_(THERAPY_CLASS_LABELS[name]) for name in section.classes] + [*section.medicines]
    if named:
        in_use = _("in use on or after the day of infusion: {medicines}")
        kinds.append(in_use.format(medicines=join_words(named)))
    text = list_words(kinds, "or")
    if section.days is not None:
        text = _("{text}; within {days} days of infusion").format(text=text, days=section.days)
    if section.permitted_reasons:
        text = _("{text}; unless the reason is {reasons}").format(
            text=text, reasons=list_words(section.permitted_reasons, "or")
        )
    return text


def summary_of_rules(plan: Plan) -> str:
    """Footnote of the table: the denominator, what is not assessable, what is important.

    Raises ValueError where the plan has no section `deviations`.
    """
    return sentences(
        _("Percentages are of the infused subjects; a subject counts once in each row."),
        _(
            "Not assessable: the data do not tell whether there is a deviation, and no other of the"
            " row was found."
        ),
        important_categories(require_section(plan.deviations, "deviations")),
    )
