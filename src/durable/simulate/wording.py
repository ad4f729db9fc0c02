"""Scenarios, decision rules and conventions of the simulation, in sentences read from the plan."""

from __future__ import annotations

from collections.abc import Iterator

from durable.outputs import definitions
from durable.plan import Decision, Plan, Scenario
from durable.simulate.keys import MEDIAN, visit_of_rate
from durable.stage import STAGES
from durable.wording import listed, percent


def study(plan: Plan) -> str:
    """Study and analysis, as the head of pages; a simulation has no data and no cut-off."""
    return f"{plan.study.id}. {plan.analysis.title}, simulation"


def plan_digest(plan: Plan) -> str:
    """Digest of the plan without the number of chunks, on which no result depends."""
    return plan.digest(path for path in STAGES["gather"].sections if path != "simulation.chunks")


def population(plan: Plan) -> str:
    """How many trials, and from which seed."""
    simulation = plan.require_simulation()
    return f"Virtual trials: {simulation.trials:,} of each scenario, seed {simulation.seed}"


def estimate_label(name: str) -> str:
    """An estimate as readers see it, with its unit."""
    if (visit := visit_of_rate(name)) is not None:
        return f"Improved at {visit} (%)"
    if name == MEDIAN:
        return "DOR, median (months)"
    return f"{name} (%)"


def spacing_label(scenario: Scenario) -> str:
    """The spacing of the later visits."""
    every = scenario.every_months
    return "By the schedule of the plan" if every is None else f"Every {_months(every)}"


def describe_decision(decision: Decision, plan: Plan) -> str:
    """A decision rule in words."""
    if decision.stop_if_fewer_than is not None:
        return f"stop if fewer than {decision.stop_if_fewer_than} improved at {decision.visit}"
    above, below = decision.rate_above or 0, decision.stop_if_probability_below or 0
    prior = plan.statistics.beta_prior
    return (
        f"stop if P(rate > {percent(above)}) < {percent(below)} after {decision.visit},"
        f" prior Beta({prior.a:g}, {prior.b:g})"
    )


def describe_scenario(scenario: Scenario) -> Iterator[str]:
    """A scenario in words: the subjects, their course, how they are seen, how long."""
    rates = [f"{percent(p)} at {visit}" for visit, p in scenario.improvement.items()]
    yield f"{scenario.subjects} subjects; improved: {listed(rates)}."
    if scenario.dose_levels:
        levels = [
            f"{n} at level {level}{_shift(scenario.improvement_by_dose.get(level, 0.0))}"
            for level, n in scenario.dose_levels.items()
        ]
        yield f"Dose: {listed(levels)}."
    yield (
        f"Remission: {percent(scenario.remission_probability)} ever, after a median of"
        f" {_months(scenario.remission_median_months)} (exponential). {_duration(scenario)}"
    )
    yield (
        f"Visits: {spacing_label(scenario).lower()}, up to {scenario.jitter_days} days off their"
        f" day; {percent(scenario.missed_visit)} missed; {percent(scenario.false_loss)} of those in"
        " remission show none by mistake; the investigator records"
        f" {percent(scenario.recurrence_recorded)} of recurrences."
    )
    yield (
        f"Per month {scenario.dropout_per_month:g} withdraw and {scenario.deaths_per_month:g} die"
        f" (hazards). Infusions over {_months(scenario.accrual_months)}; cut-off"
        f" {_months(scenario.follow_up_months)} after the last."
    )


def _shift(by: float) -> str:
    return f" (improvement {100 * by:+g} points)" if by else ""


def _duration(scenario: Scenario) -> str:
    if scenario.dor_median_months is None:
        return "None recurs."
    shape = "exponential" if scenario.dor_shape == 1 else f"Weibull, shape {scenario.dor_shape:g}"
    return f"Duration until recurrence: median {_months(scenario.dor_median_months)} ({shape})."


def _months(number: float) -> str:
    return f"{number:g} month{'' if number == 1 else 's'}"


def measures(plan: Plan) -> Iterator[str]:
    """What the columns are, and the conventions of the measures."""
    level = percent(plan.statistics.conf_level)
    yield (
        "In brackets: Monte Carlo standard error (Morris, White & Crowther 2019); of a"
        " share of 0 or 100% it is 0. The standard error of the mean is that of the bias."
    )
    yield (
        "True: of the scenario; of durations, of the latent duration of remission. Bias: mean of"
        " the estimates minus the true value. Not estimable trials are excluded from mean, bias and"
        " SD; Estimable: share of trials that are not."
    )
    yield (
        "So the mean of medians is low where many are not reached; the median of the estimates"
        " counts these as longer than any other (its bias beside it). The mean of late event-free"
        " rates is high, because past the last observed time, sooner reached where responses are"
        " short, there is no estimate."
    )
    yield (
        f"Coverage: share of the {level} intervals that hold the true value. An open upper limit"
        " counts as covering; Open upper: its share of the intervals. Trials without an interval,"
        " as of a rate before any event, are excluded; With interval: share of trials that have a"
        " limit or both. Width: mean over intervals with both limits."
    )
    yield (
        "DOR: duration of response; DOR at a month: event-free rate. NE: not estimable."
        f" Months of {plan.statistics.days_per_month:g} days."
    )


def intervals(plan: Plan) -> str:
    """How the intervals are made."""
    rules = plan.statistics
    return (
        f"Intervals: of rates exact (Clopper & Pearson 1934), of durations Kaplan-Meier with"
        f" {rules.km_ci} transformation (median: Brookmeyer & Crowley 1982), quantiles by the"
        f" convention of {definitions.QUANTILE_RULES[rules.quantile_rule]}."
    )


def source(file: str, plan: Plan) -> str:
    """Where the numbers of an output are from."""
    days = ", durations in days" if file == "operating.csv" else ""
    return f"Source: simulation/{file}, at full precision{days}. Plan {plan_digest(plan)[:12]}."
