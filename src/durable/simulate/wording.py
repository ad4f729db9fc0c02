"""Scenarios, decision rules and conventions of the simulation, in sentences read from the plan."""

from __future__ import annotations

from collections.abc import Iterator

from durable.language import _, ngettext
from durable.outputs import definitions
from durable.plan import Plan, Scenario
from durable.simulate.keys import MEDIAN, months_of_landmark, visit_of_rate
from durable.stage import STAGES
from durable.wording import list_words, lower_initial, percent, sentences


def study(plan: Plan) -> str:
    """Study and title of the analysis, as the head of pages; a simulation has no data cut-off."""
    return _("{study}. {title}, simulation").format(study=plan.study.id, title=plan.analysis.title)


def plan_digest(plan: Plan) -> str:
    """SHA-256 of the sections of the plan that the results depend on, in hexadecimal digits.

    The number of chunks is left out.
    """
    return plan.digest(path for path in STAGES["gather"].sections if path != "simulation.chunks")


def population(plan: Plan) -> str:
    """How many trials of each scenario, and from which seed, as a subtitle of the outputs."""
    simulation = plan.require_simulation()
    return _("Virtual trials: {trials} of each scenario, seed {seed}").format(
        trials=f"{simulation.trials:,}", seed=simulation.seed
    )


def estimate_label(name: str) -> str:
    """An estimate as readers see it, with its unit: ``Improved at M3 (%)`` of ``rate M3``."""
    if (visit := visit_of_rate(name)) is not None:
        return _("Improved at {visit} (%)").format(visit=visit)
    if name == MEDIAN:
        return _("DOR, median (months)")
    if (months := months_of_landmark(name)) is not None:
        return _("DOR at {months} months (%)").format(months=f"{months:g}")
    return f"{name} (%)"


def spacing_label(scenario: Scenario) -> str:
    """The spacing of the visits after the last one of the improvement rate: ``Every 2 months``."""
    every = scenario.every_months
    if every is None:
        return _("By the schedule of the plan")
    return _("Every {period}").format(period=_months(every))


def describe_scenario(scenario: Scenario) -> Iterator[str]:
    """A scenario in sentences: the subjects, their course, how they are seen, how long."""
    rates = [
        _("{rate} at {visit}").format(rate=percent(p), visit=visit)
        for visit, p in scenario.improvement.items()
    ]
    yield _("{n} subjects; improved: {rates}.").format(n=scenario.subjects, rates=list_words(rates))
    if scenario.dose_levels:
        levels = [
            _level_text(n, level, scenario.improvement_by_dose.get(level, 0.0))
            for level, n in scenario.dose_levels.items()
        ]
        yield _("Dose: {levels}.").format(levels=list_words(levels))
    remission = _("Remission: {share} ever, after a median of {median} (exponential).").format(
        share=percent(scenario.remission_probability),
        median=_months(scenario.remission_median_months),
    )
    yield sentences(remission, _duration(scenario))
    yield _(
        "Visits: {spacing}, up to {days} days off their day; {missed} missed; {lost} of those in"
        " remission show none by mistake; the investigator records {recorded} of recurrences."
    ).format(
        spacing=lower_initial(spacing_label(scenario)),
        days=scenario.jitter_days,
        missed=percent(scenario.missed_visit),
        lost=percent(scenario.false_loss),
        recorded=percent(scenario.recurrence_recorded),
    )
    yield _(
        "Per month {withdrawn} withdraw and {died} die (hazards). Infusions over {accrual}; cut-off"
        " {follow_up} after the last."
    ).format(
        withdrawn=f"{scenario.dropout_per_month:g}",
        died=f"{scenario.deaths_per_month:g}",
        accrual=_months(scenario.accrual_months),
        follow_up=_months(scenario.follow_up_months),
    )


def _level_text(n: int, level: str, shift: float) -> str:
    """How many subjects at a dose level, and by how much more of them improve there."""
    if not shift:
        return _("{n} at level {level}").format(n=n, level=level)
    return _("{n} at level {level} (improvement {shift} points)").format(
        n=n, level=level, shift=f"{100 * shift:+g}"
    )


def _duration(scenario: Scenario) -> str:
    if scenario.dor_median_months is None:
        return _("None recurs.")
    median = _months(scenario.dor_median_months)
    if scenario.dor_shape == 1:
        return _("Duration until recurrence: median {median} (exponential).").format(median=median)
    return _("Duration until recurrence: median {median} (Weibull, shape {shape}).").format(
        median=median, shape=f"{scenario.dor_shape:g}"
    )


def _months(number: float) -> str:
    return ngettext("{n} month", "{n} months", 1 if number == 1 else 2).format(n=f"{number:g}")


def measures(plan: Plan) -> Iterator[str]:
    """Footnotes on the columns of the operating characteristics and on the measures."""
    level = percent(plan.statistics.conf_level)
    yield _(
        "In brackets: Monte Carlo standard error (Morris, White & Crowther 2019); of a"
        " share of 0 or 100% it is 0. The standard error of the mean is that of the bias."
    )
    yield _(
        "True: of the scenario; of durations, of the latent duration of remission. Bias: mean of"
        " the estimates minus the true value. Not estimable trials are excluded from mean, bias and"
        " SD; Estimable: share of trials that are not."
    )
    yield _(
        "So the mean of medians is low where many are not reached; the median of the estimates"
        " counts these as longer than any other (its bias beside it). The mean of late event-free"
        " rates is high, because past the last observed time, sooner reached where responses are"
        " short, there is no estimate."
    )
    yield _(
        "Coverage: share of the {level} intervals that hold the true value. An open upper limit"
        " counts as covering; Open upper: its share of the intervals. Trials without an interval,"
        " as of a rate before any event, are excluded; With interval: share of trials that have a"
        " limit or both. Width: mean over intervals with both limits."
    ).format(level=level)
    yield _(
        "DOR: duration of response; DOR at a month: event-free rate. NE: not estimable. Months of"
        " {days} days."
    ).format(days=f"{plan.statistics.days_per_month:g}")


def intervals(plan: Plan) -> str:
    """A footnote on the methods of the intervals."""
    rules = plan.statistics
    return _(
        "Intervals: of rates exact (Clopper & Pearson 1934), of durations Kaplan-Meier with"
        " {transformation} transformation (median: Brookmeyer & Crowley 1982), quantiles by the"
        " convention of {rule}."
    ).format(transformation=_(rules.km_ci), rule=definitions.QUANTILE_RULES[rules.quantile_rule])


def source(file: str, plan: Plan) -> str:
    """The footnote with the source of the numbers: a file in ``simulation/``, and the plan."""
    text = _("Source: {file}, at full precision. Plan {digest}.")
    if file == "operating.csv":
        text = _("Source: {file}, at full precision, durations in days. Plan {digest}.")
    return text.format(file=f"simulation/{file}", digest=plan_digest(plan)[:12])
