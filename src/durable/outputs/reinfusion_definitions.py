"""What is said of a second infusion: how it counts, and what belongs to which period."""

from __future__ import annotations

from collections.abc import Iterator

from durable.jdm.reinfusion import Reinfusion
from durable.language import _


def describe_reinfusion(rule: Reinfusion | None) -> str:
    """What a re-infusion is and counts as, in words; None: the plan has no section on it."""
    if rule is None:
        return _("the data have one infusion per subject")
    if rule.as_new_therapy:
        return _("a second infusion of the cells; counts as new systemic therapy")
    return _("a second infusion of the cells")


def second_period(rule: Reinfusion | None) -> str:
    """Footnote on the events after a second infusion; '' where the plan has no section on it."""
    return "" if rule is None else _("Events after a second infusion are included.")


def reinfusion_definitions(rule: Reinfusion) -> Iterator[str]:
    """Definitions: what a re-infusion counts as, the second period, what is of the first alone."""
    yield (
        _(
            "Re-infusion: a second infusion of the cells. It counts as new systemic therapy that"
            " begins on its day, by the strategies for that."
        )
        if rule.as_new_therapy
        else _(
            "Re-infusion: a second infusion of the cells. It is ignored for efficacy (treatment"
            " policy strategy)."
        )
    )
    yield _(
        "Period 2 begins on its day; samples and assessments of that day were taken before it."
        " Adverse events of both periods are counted in the entire follow-up; windows are days"
        " after the first infusion."
    )
    yield _(
        "The parameters of cellular kinetics in tables and figures are of the first infusion unless"
        " stated otherwise; times to B-cell aplasia and recovery are censored at the last result up"
        " to the re-infusion, and days after it do not count for the haematotoxicity (ICAHT)."
    )
