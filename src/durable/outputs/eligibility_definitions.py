"""The criteria of eligibility with the rules in force, in words."""

from __future__ import annotations

from collections.abc import Iterator

from durable.eligibility import CRITERIA
from durable.language import _
from durable.plan.eligibility import Eligibility
from durable.wording import sentences


def eligibility_conventions(rules: Eligibility) -> str:
    """Sentences on how the windows of the criteria are counted, and on empty dates of events."""
    anchors = {"screening": _("the date of screening"), "consent": _("the date of consent")}
    months = _("calendar months") if rules.month == "calendar" else _("months of 30 days")
    first = _("included") if rules.boundary == "closed" else _("excluded")
    empty = (
        _("An empty date of an event says that there was none.")
        if rules.empty_date == "none"
        else _("An empty date of an event says nothing.")
    )
    return sentences(
        _(
            "Windows are counted back from {anchor}, in {months}, the first day {first}. A date"
            " recorded in part decides where every day that it can mean does."
        ).format(anchor=anchors[rules.anchor], months=months, first=first),
        empty,
    )


def eligibility_definitions(rules: Eligibility) -> Iterator[str]:
    """The conventions, and each criterion with its rule in force."""
    yield eligibility_conventions(rules)
    for criterion in CRITERIA:
        rule = criterion.describe(rules)
        if rule:
            yield _("{criterion}, {text}: {rule}.").format(
                criterion=criterion.id, text=_(criterion.text), rule=rule
            )
        else:
            yield _("{criterion}, {text}.").format(criterion=criterion.id, text=_(criterion.text))
