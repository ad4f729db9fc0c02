"""The list of definitions says what was done, whichever definition the plan changes."""

from __future__ import annotations

from typing import Any

import pytest

from durable.jdm.remission import REMISSION_RULES
from durable.outputs.definition_list import definitions_in_force
from durable.outputs.improvement import OUTPUT
from tests.derive.build import plan

#: How the text of recurrence ends, where it says nothing of the first days.
DATED = "dated at the first such assessment."


def text(term: str, **sections: Any) -> str:
    """The sentences of a term, one after another."""
    defined = dict(definitions_in_force(plan(**sections), {"adsl", "adrs", "adtte", "adlb"}))
    return " ".join(defined[term])


@pytest.mark.parametrize("rule", REMISSION_RULES)
def test_only_a_rule_of_inactive_disease_is_called_that(rule: str) -> None:
    """A score of 70 is an improvement, and PRINTO's clinical remission another, stricter state."""
    shown = text("Remission", response={"remission": {"rule": rule}})
    inactive = rule in {"printo", "modified_printo", "jdmai1", "jdmai2"}
    assert shown.startswith("Remission (clinically inactive disease): ") == inactive
    assert shown.startswith("Remission: ") != inactive


def test_one_assessment_is_not_called_a_clinical_remission() -> None:
    shown = text("Remission", response={"remission": {"rule": "clinical_remission"}})
    assert shown.startswith(
        "Remission: CMAS of at least 52 and physician global of at most 0 (as in clinical remission"
        " of PRINTO, Ruperto 2016). "
    )


@pytest.mark.parametrize(
    ("recurrence", "end"),
    [
        (
            {},
            "; up to day 30 after infusion only if recorded by the investigator, or if the last"
            " result of B cells is not in aplasia.",
        ),
        (
            {"early_flare_in_aplasia": False},
            "; up to day 30 after infusion only if recorded by the investigator.",
        ),
        (
            {"investigator": False},
            "; up to day 30 after infusion only if the last result of B cells is not in aplasia.",
        ),
        (
            {"investigator": False, "early_flare_in_aplasia": False},
            "; none up to day 30 after infusion.",
        ),
        ({"early_flare_days": 0}, DATED),
        ({"confirmed_loss": False}, "as recorded by the investigator, " + DATED),
        ({"confirmed_loss": False, "investigator": False}, "none is an event by the plan."),
    ],
)
def test_a_recurrence_in_the_first_days(recurrence: dict[str, Any], end: str) -> None:
    """What the investigator records counts only where the plan says so."""
    assert text("Recurrence and progression", response={"recurrence": recurrence}).endswith(end)


@pytest.mark.parametrize(
    ("missing", "strategy", "said"),
    [
        (
            "observed",
            "composite",
            "are excluded from the denominator, except after death or new systemic therapy, which"
            " count as not improved.",
        ),
        ("observed", "hypothetical", "are excluded from the denominator, deaths are not."),
        (
            "improved",
            "composite",
            "are counted as improved, except after death or new systemic therapy, which count as"
            " not improved.",
        ),
        ("improved", "treatment_policy", "are counted as improved, deaths are not."),
        ("non_improved", "composite", "are counted as not improved."),
    ],
)
def test_who_began_new_therapy_is_no_missing_value(missing: str, strategy: str, said: str) -> None:
    response = {"improvement": {"missing": missing}, "new_therapy": {"improvement": strategy}}
    assert f"subjects without an assessment {said}" in text(
        "Disease improvement", response=response
    )


def test_percentages_of_two_denominators_are_told_apart() -> None:
    """One of two improved beside one of three not improved: 50.0 and 33.3."""
    (table, _) = OUTPUT.tables
    said = "Percentages: improved, of the denominator; all others, of N."
    observed = plan(response={"improvement": {"missing": "observed"}})
    assert said in table.footnotes(observed)
    assert said not in table.footnotes(plan())


def test_every_visit_has_its_window_and_a_score_goes_before_the_distance() -> None:
    shown = text("Visit windows")
    assert "D28 day 28 (25 to 31), M2 day 60 (46 to 74), " in shown
    assert "M18 day 548 (518 to 578) and M24 day 730 (700 to 760)." in shown
    assert "closest to the target day is analysed, one with a score before any without;" in shown


def test_missed_assessments_are_said_of_the_endpoints_that_they_censor() -> None:
    """A first remission after missed visits is an event, and the living are seen alive."""
    shown = text("Durations")
    assert (
        "Where nothing else is stated, subjects without an event are censored at the last adequate"
        " assessment (time to first improvement: the last with a score), without one on Day 1."
    ) in shown
    assert (
        "Duration of response and event-free survival: an event (other than death and new systemic"
        " therapy, which are dated exactly) after 2 or more consecutive missed or inadequate"
        " scheduled assessments is censored at the last adequate assessment in remission before"
        " them (FDA 2007)."
    ) in shown
    investigator = text("Durations", response={"recurrence": {"confirmed_loss": False}})
    assert "is censored at the last adequate assessment before them" in investigator


@pytest.mark.parametrize("term", ["Durations", "Disease improvement"])
def test_a_glucocorticoid_increase_that_counts_as_therapy_is_named(term: str) -> None:
    increase = {"by_mg_kg": 0.1, "as_new_therapy": True}
    said = "A glucocorticoid increase of at least 0.1 mg/kg counts as new systemic therapy."
    assert said in text(term, response={"glucocorticoid_increase": increase})
    ignored = increase | {"as_new_therapy": False}
    assert said not in text(term, response={"glucocorticoid_increase": ignored})


@pytest.mark.parametrize(
    ("baseline", "said"),
    [
        ({}, "lymphodepletion (same day included); if none, before infusion."),
        ({"same_day": False}, "lymphodepletion (same day excluded); if none, before infusion."),
        ({"before": "infusion"}, "infusion (same day included)."),
        ({"before": "infusion", "same_day": False}, "infusion (same day excluded)."),
    ],
)
def test_whether_a_result_of_the_very_day_is_a_baseline(
    baseline: dict[str, Any], said: str
) -> None:
    shown = text("Laboratory", response={"baseline": baseline})
    assert shown.startswith(f"Baseline: last result before {said} Visits: the result closest")


@pytest.mark.parametrize("km_ci", ["log-log", "bpcp"])
def test_the_interval_of_the_restricted_mean_is_not_that_of_the_curve(km_ci: str) -> None:
    shown = text("Kaplan-Meier estimates", statistics={"km_ci": km_ci, "rmst_months": 12})
    assert (
        "Restricted mean to month 12: area under the curve up to it; CI by its standard error,"
        " whichever the pointwise intervals are."
    ) in shown


def test_a_gap_that_censors_every_event_names_none_that_it_does_not() -> None:
    every = {"consecutive": 2, "applies_to_death": True, "applies_to_new_therapy": True}
    shown = text("Durations", response={"missed_assessments": every})
    assert (
        "event-free survival: an event after 2 or more consecutive missed or inadequate scheduled"
        " assessments is censored"
    ) in shown


def test_a_plan_without_replacement_of_immunoglobulin_is_described() -> None:
    shown = text("B cells", laboratory={"b_cells": {"replacement": []}})
    assert "Immunoglobulin given: -, from the table of therapies." in shown
