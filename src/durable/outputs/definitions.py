"""The definitions in force, in sentences read from the plan, that several outputs print."""

from __future__ import annotations

from collections.abc import Iterator

from durable.jdm.response import MissedAssessments, Response
from durable.plan import Plan, Safety, Statistics
from durable.schedule import Visit
from durable.wording import listed

QUANTILE_RULES = {"r": "R survfit", "sas": "SAS LIFETEST"}


def windows(plan: Plan) -> Iterator[str]:
    """Windows of the visits of the improvement rate."""
    rule = plan.response.improvement
    spans = [
        f"{visit.visit} day {visit.day} ({visit.first_day} to {visit.last_day})"
        for visit in plan.schedule
        if visit.visit in rule.visits
    ]
    unscheduled = "included" if rule.unscheduled else "excluded"
    yield (
        f"Windows, days after infusion: {listed(spans)}; the assessment nearest to the"
        f" target, of two as near the earlier; unscheduled assessments {unscheduled}."
    )


def duration(plan: Plan) -> Iterator[str]:
    """Duration of response, event-free survival, and their censoring."""
    response = plan.response
    therapy = {
        "composite": "an event (composite strategy)",
        "hypothetical": "censored at the last assessment in remission before it (hypothetical)",
        "treatment_policy": "ignored (treatment policy strategy)",
    }[response.new_therapy.duration]
    yield (
        "Duration of response: from the first remission to recurrence, progression or death of any"
        f" cause; new systemic immunosuppressive therapy is {therapy}. Days are end - start + 1."
    )
    yield event_free(response.deadline(plan.schedule))
    yield f"Without an event: censored at the last adequate assessment. {_unconfirmed(response)}"
    yield _missed(response.missed_assessments)


def event_free(due: Visit) -> str:
    """Event-free survival, and what becomes of subjects without remission."""
    return (
        "Event-free survival: all infused, from infusion to the same events. Not in remission by"
        f" day {due.last_day}, the end of the window of {due.visit}: an event on day 1; not yet due"
        " or not followed so far:"
        " censored on day 1 (ELN 2022)."
    )


def _unconfirmed(response: Response) -> str:
    """What becomes of a loss at the last assessment."""
    rule = response.recurrence
    if not rule.confirmed_loss:
        return ""
    return (
        "Unconfirmed loss at the last one: censored at the last assessment in remission. A loss"
        " followed by new systemic therapy or death before the next assessment is confirmed by it."
    )


def _missed(rule: MissedAssessments) -> str:
    """What missed assessments before an event do."""
    if rule.consecutive is None:
        return "No censoring for missed or inadequate assessments."
    exempt = {"death": rule.applies_to_death, "new systemic therapy": rule.applies_to_new_therapy}
    dated = [name for name, applies in exempt.items() if not applies]
    but = f", except {listed(dated)}, which are dated exactly," if dated else ""
    return (
        f"After {rule.consecutive} or more missed or inadequate scheduled assessments in a row an"
        f" event{but} is censored at the last adequate assessment before them (FDA 2007)."
    )


def new_therapy(response: Response) -> str:
    """What becomes of an improvement seen after new systemic therapy began."""
    text = {
        "composite": "counts as not improved (composite strategy)",
        "hypothetical": "is not used (hypothetical strategy)",
        "treatment_policy": "counts as assessed (treatment policy strategy)",
    }[response.new_therapy.improvement]
    return f"An assessment after new systemic therapy began {text}."


def survival(statistics: Statistics) -> Iterator[str]:
    """Conventions of the Kaplan-Meier estimates."""
    level = f"{100 * statistics.conf_level:g} %"
    rule = QUANTILE_RULES[statistics.quantile_rule]
    yield (
        f"Kaplan-Meier estimates; {level} intervals pointwise with Greenwood's variance and"
        f" {statistics.km_ci} transformation, of quantiles by inversion (Brookmeyer-Crowley);"
        f" quantiles by the convention of {rule}. At risk: just before the month."
        f" Follow-up: reverse Kaplan-Meier. Months of {statistics.days_per_month:g} days."
    )
    yield (
        "NE: not estimable; + censored. No estimate is carried past the last observed time"
        f"{_tolerance(statistics)}; before the first event there is no interval."
        f"{_plateau(statistics)}"
    )


def _tolerance(statistics: Statistics) -> str:
    days = statistics.landmark_tolerance_days
    if not days:
        return ""
    return f", but for a rate at a month at most {days} days after it (marked \u2021)"


def _plateau(statistics: Statistics) -> str:
    if statistics.quantile_rule == "sas":
        return ""
    return (
        " \u2020: the curve stays at this level until the end of follow-up; the midpoint is R's"
        " convention, SAS LIFETEST prints none."
    )


def proportions(statistics: Statistics) -> Iterator[str]:
    """Conventions of the rates."""
    prior = statistics.beta_prior
    yield (
        f"{100 * statistics.conf_level:g} % intervals: exact (Clopper-Pearson) unless named;"
        f" posterior with a Beta({prior.a:g}, {prior.b:g}) prior and equal-tailed credible"
        " interval."
    )


def treatment_emergent() -> Iterator[str]:
    """Which events count, and how dates recorded in part are completed."""
    yield (
        "Treatment-emergent: began on or after the day of infusion (day 0); times are not recorded,"
        " so the day itself counts. An event that worsens after the infusion is recorded as a new"
        " event."
    )
    yield (
        "A start date recorded in part is the day of infusion where the event can have begun on or"
        " after it, else the first possible day; an end date the last possible day, not after the"
        " data cut-off or death. Both are flagged in ADAE."
    )


def event_windows(rule: Safety) -> str:
    """Windows in which events are counted."""
    spans = listed([f"0 to {days}" for days in rule.windows_days])
    return f"Windows: events that began on days {spans} after infusion, and at any time after it."


def counting(rule: Safety) -> str:
    """Who is counted in a row, and at which grade."""
    return (
        "n: subjects, each once in a row, at the worst known CTCAE"
        f" v{rule.ctcae_version} grade; percentages of N; [events] in square brackets."
        " Grades in which no column has a subject are left out."
    )


def missing_grade(rule: Safety) -> str:
    """What becomes of an event without a grade."""
    return (
        "Grade missing: subjects without any known grade in the row. In the sensitivity row of the"
        f" overview every missing grade counts as grade {rule.missing_grade}."
    )


def bound(statistics: Statistics) -> str:
    """What no event among so many still allows."""
    level = f"{100 * statistics.conf_level:g} %"
    return (
        f"{level} upper bound: exact (Clopper-Pearson), one-sided, given where no subject has the"
        " event. NE: not estimable."
    )


def provenance(plan_digest: str, sources: dict[str, dict[str, object]], dataset: str) -> str:
    """Where the numbers of an output are from."""
    inputs = ", ".join(
        f"{source['file']} {str(source['sha256'])[:12]}" for source in sources.values()
    )
    return (
        f"Source: {dataset}; full precision in ard.csv. Plan {plan_digest[:12]}; inputs {inputs}."
    )


def study(plan: Plan) -> str:
    """Study, analysis and data cut-off, as the head of pages."""
    return f"{plan.study.id}. {plan.analysis.title}, data cut-off {plan.analysis.data_cutoff}"


def elapsed_days() -> str:
    """What the days of kinetics are, without a recorded time of the infusion."""
    return (
        "Days: actual whole days since the date of infusion, whose time is not recorded. Of several"
        " results of an assay on one day each counts at its time: the first at the whole day, the"
        " others by the hours since; one without time as drawn at 00:00."
    )
