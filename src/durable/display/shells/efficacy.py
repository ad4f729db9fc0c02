"""Improvement rate, duration of response and their sensitivity analyses."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from durable.display import formats as f
from durable.display.shell import Ard, Cell, Line, Lookup, Row, Rows
from durable.display.shells.cells import count, estimate, joined, n_percent, over, rate, summary
from durable.plan import Plan


def improvement(ard: Ard, plan: Plan) -> Rows:
    """Disease improvement rate, a block per configured visit."""
    output, p = "t_improvement", plan.outputs.percent_decimals
    level = f"{100 * plan.statistics.conf_level:g} %"
    for visit in plan.response.improvement.visits:
        yield Row(f"Visit {visit}")
        yield from ard.lines(output, visit, _improvement_lines(p, level))
    if len(plan.response.improvement.visits) > 1:
        yield Row("Over the visits (descriptive)")
        for parameter, label in (("BOTH", "at every visit"), ("EITHER", "at any visit")):
            line = Line(f"Improved {label}, n (%)", n_percent("improved", p))
            yield from ard.lines(output, parameter, [line])


def _improvement_lines(p: int, level: str) -> list[Line]:
    shown = f"n/N, % (exact {level} CI)"
    return [
        Line("Infused", count("n_infused")),
        Line("Assessed in window, n (%)", n_percent("assessed", p)),
        Line("partial score", n_percent("partial", p), 2),
        Line("after new systemic therapy", n_percent("new_therapy", p), 2),
        Line("Missing, n (%)", n_percent("missing", p)),
        Line("died", n_percent("missing_died", p), 2),
        Line("new systemic therapy", n_percent("missing_new_therapy", p), 2),
        Line("withdrawn", n_percent("missing_withdrawn", p), 2),
        Line("score not calculable", n_percent("missing_not_calculable", p), 2),
        Line("not assessed", n_percent("missing_not_assessed", p), 2),
        Line("Pending at the data cut-off, n (%)", n_percent("pending", p)),
        Line(f"Improved, {shown}", over("n_improved", "n_denominator", "rate", p)),
        Line(
            f"Improved of those with opportunity, {shown}",
            over("n_improved_opportunity", "n_opportunity", "rate_opportunity", p),
        ),
        Line("Level of response, n (% of infused)", indent=1),
        *(
            Line(label, n_percent(name, p), 2)
            for name, label in (
                ("none", "none"),
                ("minimal", "minimal"),
                ("moderate", "moderate"),
                ("major", "major"),
            )
        ),
        Line(f"Other {level} intervals of the rate, %", indent=1),
        Line("Wilson", rate("rate_wilson", p), 2),
        Line("Jeffreys", rate("rate_jeffreys", p), 2),
        Line("Posterior mean and credible interval", rate("posterior_mean", p), 2),
        Line(f"Sensitivity, {shown}", indent=1),
        Line("Observed case", over("n_improved_observed", "n_denominator_observed",
                                    "rate_observed", p), 2),
        Line("Worst case", over("n_improved_worst", "n_denominator_worst", "rate_worst", p), 2),
        Line("Best case", over("n_improved_best", "n_denominator_best", "rate_best", p), 2),
        Line("Enzyme or CHQ-PhS scored 0", over("n_improved_enzyme_zero", "n_denominator",
                                                 "rate_enzyme_zero", p), 2),
        Line("Enzyme or CHQ-PhS at its maximum", over("n_improved_enzyme_maximum",
                                                       "n_denominator",
                                                       "rate_enzyme_maximum", p), 2),
        Line("Total Improvement Score", indent=1),
        *summary(1, "tis_", 2),
        Line("Core set measures worsened, n (% of assessed)", indent=1),
        *(
            Line(label, n_percent(f"worsened_{name}", p), 2, optional=True)
            for name, label in (
                ("physician_global", "physician global"),
                ("parent_global", "parent global"),
                ("muscle", "muscle strength"),
                ("function", "physical function"),
                ("enzyme", "enzyme or CHQ-PhS"),
                ("extramuscular", "extramuscular activity"),
                ("any", "at least one"),
            )
        ),
    ]  # fmt: skip


def durability(ard: Ard, plan: Plan) -> Rows:
    """Duration of response, then event-free survival of all infused."""
    for parameter, label, first in (
        ("DOR", "Duration of response", "Subjects with remission"),
        ("EFS", "Event-free survival", "All infused"),
    ):
        yield Row(label)
        yield from ard.lines("t_dor", parameter, _survival_lines(plan, first))


def _survival_lines(plan: Plan, first: str) -> Iterator[Line]:
    p, m = plan.outputs.percent_decimals, plan.outputs.month_decimals
    level = f"{100 * plan.statistics.conf_level:g} % CI"
    due = plan.response.deadline(plan.schedule).visit
    yield Line(first, count("n_subjects"))
    already = n_percent("baseline_remission", p)
    yield Line("in remission at baseline, n (%)", already, 2, optional=True)
    yield Line("With event, n (%)", n_percent("event", p))
    for name, label in (
        ("recurrence", "recurrence"),
        ("progression", "progression"),
        ("death", "death"),
        ("new_therapy", "new systemic therapy"),
        (
            "not_in_remission",
            f"not in remission by {due} (day 1)",
        ),
    ):
        yield Line(label, n_percent(name, p), 2, optional=True)
    yield Line("Censored, n (%)", n_percent("censored", p))
    for name, label in (
        ("ongoing", "ongoing at data cut-off"),
        ("missed_assessments", "missed or inadequate assessments"),
        ("new_therapy", "new systemic therapy"),
        ("withdrawn", "withdrawn"),
        ("no_assessment", "no assessment after remission"),
        ("not_yet_due", "next assessment not yet due"),
        ("unconfirmed_loss", "unconfirmed loss of remission"),
        ("not_followed", f"not followed to {due} (day 1)"),
    ):
        yield Line(label, n_percent(f"censored_{name}", p), 2, optional=True)
    yield Line("pending: remission not yet due (day 1)", n_percent("pending", p), 2, optional=True)
    yield Line(f"Months ({level})", indent=1)
    for statistic, label in (
        ("q25", "25th percentile"),
        ("median", "median"),
        ("q75", "75th percentile"),
    ):
        yield Line(label, estimate(statistic, m), 2)
    yield Line("min, max", joined("min", "max", m), 2)
    yield Line(f"Event-free rate, % ({level}); at risk", indent=1)
    for month in plan.statistics.landmarks_months:
        yield Line(f"month {month:g}", partial(_landmark, month=month, p=p), 2)
    yield Line("Median follow-up, reverse Kaplan-Meier, months", estimate("follow_up", m))
    rmst = plan.statistics.rmst_months
    yield Line(f"Restricted mean to month {rmst:g}, months", estimate(f"rmst_M{rmst:g}", m))


def _landmark(find: Lookup, month: float, p: int) -> str:
    rate, at_risk = find(f"landmark_M{month:g}"), find(f"at_risk_M{month:g}")
    if rate is None:
        return ""
    return f"{f.estimate(rate, p, f.PERCENT)}; {f.count(at_risk)}"


def sensitivity(ard: Ard, plan: Plan) -> Rows:
    """One row per analysis: what differs, and what comes of it."""
    output = "t_sensitivity"
    column = ard.columns(output)[0]
    for analysis in ("primary", *plan.sensitivity):
        label = "Primary analysis"
        if analysis != "primary":
            label = plan.sensitivity[analysis].title or analysis
        if analysis in plan.redundant:
            label = f"{label} (by definition the primary analysis)"
        cells = []
        for parameter, show in _sensitivity_columns(plan):
            cells.append(show(ard.lookup(output, parameter, column, analysis)))
        yield Row(label, tuple(cells))


def _sensitivity_columns(plan: Plan) -> list[tuple[str, Cell]]:
    p, m = plan.outputs.percent_decimals, plan.outputs.month_decimals
    columns: list[tuple[str, Cell]] = [
        ("DOR", count("n_subjects")),
        ("DOR", count("n_event")),
        ("DOR", estimate("median", m)),
    ]
    for month in plan.statistics.sensitivity_landmarks_months:
        columns.append(("DOR", rate(f"landmark_M{month:g}", p)))
    for visit in plan.response.improvement.visits:
        columns.append((visit, over("n_improved", "n_denominator", "rate", p)))
    return columns


def sensitivity_headings(plan: Plan) -> tuple[str, ...]:
    """Column headings of the sensitivity analyses."""
    months = plan.statistics.sensitivity_landmarks_months
    interval = f"{100 * plan.statistics.conf_level:g} % CI"
    return (
        "DOR: N",
        "Events",
        f"Median, months ({interval})",
        *(f"Event-free at month {month:g}, % ({interval})" for month in months),
        *(
            f"Improved at {visit}, n/N, % (exact {interval})"
            for visit in plan.response.improvement.visits
        ),
    )
