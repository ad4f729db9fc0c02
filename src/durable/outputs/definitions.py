"""The definitions in force, in sentences read from the plan, that several outputs print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

from durable.derive.endpoint import Endpoint
from durable.derive.endpoints import ENDPOINTS
from durable.jdm.response import MissedAssessments, Response, Strategy
from durable.outputs.ard import Ard
from durable.plan import Plan, Safety, Statistics
from durable.vocabulary import IMPUTATION_FLAGS
from durable.wording import listed, percent

QUANTILE_RULES = {"r": "R survfit", "sas": "SAS LIFETEST"}


def windows(plan: Plan) -> Iterator[str]:
    """Footnote on the windows of the visits of the improvement rate."""
    improvement = plan.response.improvement
    spans = [
        f"{visit.visit} day {visit.day} ({visit.first_day} to {visit.last_day})"
        for visit in plan.schedule
        if visit.visit in improvement.visits
    ]
    unscheduled = "included" if improvement.unscheduled else "excluded"
    yield (
        f"Visit windows, days after infusion: {listed(spans)}. The assessment closest to the target"
        " day is analysed; if equidistant, the earlier. Unscheduled assessments are"
        f" {unscheduled}."
    )


def duration(plan: Plan, endpoints: Sequence[Endpoint] = ENDPOINTS) -> Iterator[str]:
    """Footnotes on the time-to-event endpoints and their censoring."""
    response = plan.response
    for endpoint in endpoints:
        yield endpoint.describe(response, response.deadline(plan.schedule))
    reasons = {reason for endpoint in endpoints for reason in endpoint.reasons}
    unconfirmed = _unconfirmed(response) if "unconfirmed_loss" in reasons else ""
    yield f"Subjects without an event are censored at the last adequate assessment.{unconfirmed}"
    if "missed_assessments" in reasons:
        yield _missed(response.missed_assessments)


def _unconfirmed(response: Response) -> str:
    """What becomes of a loss at the last assessment."""
    if not response.recurrence.confirmed_loss:
        return ""
    return (
        " With an unconfirmed loss of remission at that assessment, they are censored at the last"
        " assessment in remission. New systemic therapy or death before the next assessment"
        " confirms a loss."
    )


def _missed(missed: MissedAssessments) -> str:
    """What missed assessments before an event do."""
    if missed.consecutive is None:
        return "No censoring for missed or inadequate assessments."
    exempt = {
        "death": missed.applies_to_death,
        "new systemic therapy": missed.applies_to_new_therapy,
    }
    dated = [name for name, applies in exempt.items() if not applies]
    exception = f" (other than {listed(dated)}, which are dated exactly)" if dated else ""
    return (
        f"An event{exception} after {missed.consecutive} or more consecutive missed or inadequate"
        " scheduled assessments is censored at the last adequate assessment before them (FDA 2007)."
    )


def new_therapy(response: Response) -> str:
    """Footnote on an improvement seen after new systemic therapy began."""
    treated = "An assessment after the start of new systemic therapy"
    return f"{treated} {_therapy_in_improvement(response.new_therapy.improvement)}."


def _therapy_in_improvement(strategy: Strategy) -> str:
    match strategy:
        case "composite":
            return "counts as not improved (composite strategy)"
        case "hypothetical":
            return "is not used (hypothetical strategy)"
        case "treatment_policy":
            return "counts as assessed (treatment policy strategy)"
    assert_never(strategy)


def survival(statistics: Statistics) -> Iterator[str]:
    """Footnotes on the conventions of the Kaplan-Meier estimates."""
    rule = QUANTILE_RULES[statistics.quantile_rule]
    yield (
        f"Kaplan-Meier estimates with pointwise {percent(statistics.conf_level)} CIs (Greenwood's"
        f" variance, {statistics.km_ci} transformation); CIs of quantiles by inversion"
        f" (Brookmeyer-Crowley); quantiles by the convention of {rule}. Number at risk: just before"
        " the month. Follow-up: reverse Kaplan-Meier. One month is"
        f" {statistics.days_per_month:g} days."
    )
    yield (
        "NE: not estimable; +: censored. No estimate is carried past the last observed time"
        f"{_tolerance(statistics)}; there is no CI before the first event."
        f"{_plateau(statistics)}"
    )


def _tolerance(statistics: Statistics) -> str:
    days = statistics.landmark_tolerance_days
    if not days:
        return ""
    return f", except a rate at a month at most {days} days after it (marked \u2021)"


def _plateau(statistics: Statistics) -> str:
    if statistics.quantile_rule == "sas":
        return ""
    return (
        " \u2020: the curve stays at this level to the end of follow-up; R gives the midpoint,"
        " SAS LIFETEST no estimate."
    )


def proportions(statistics: Statistics) -> Iterator[str]:
    """Footnote on the conventions of the rates."""
    prior = statistics.beta_prior
    yield (
        f"{percent(statistics.conf_level)} CIs are exact (Clopper-Pearson) unless otherwise stated;"
        f" posterior with a Beta({prior.a:g}, {prior.b:g}) prior and equal-tailed credible"
        " interval."
    )


def treatment_emergent() -> Iterator[str]:
    """Footnotes on which events count, and on how partial dates were imputed."""
    yield (
        "TEAE: treatment-emergent adverse event, with onset on or after the day of infusion"
        " (day 0). Times are not recorded, so the day of infusion counts. An event that worsens"
        " after infusion is recorded as a new event."
    )
    yield (
        "Partial start dates were imputed as the day of infusion where the event can have begun on"
        " or after it, otherwise as the first possible day; partial end dates as the last possible"
        " day, not after the data cut-off or death. Imputed dates are flagged in ADAE."
    )


#: What a date of ADSL is, in a footnote on its imputation.
_DATES = {
    "RFICDT": "consent",
    "LSTALVDT": "last contact",
    "DTHDT": "death",
    "EOSDT": "withdrawal",
    "NSTDT": "start of the first new systemic therapy",
}


def imputed_dates(
    dates: Sequence[str], ard: Ard, sources: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Footnote on how many dates were imputed, and by which rule of the plan.

    Parameters
    ----------
    dates
        Variables of ADSL.
    ard
        The analysis results: the disposition counts the imputed dates of the enrolled.
    sources
        The input files, with the rules of the plan.
    """
    columns = ard.columns("t_disposition")[-1:]
    counted = []
    for date, table, column in IMPUTATION_FLAGS.values():
        rule = sources.get(table, {}).get("partial_dates", {}).get(column)
        for group in columns if rule and date in dates else ():
            n = ard.lookup("t_disposition", ("IMPUTED", date), group)("n")
            if n is not None and n.value:
                counted.append(f"{_DATES[date]}, {n.value:.0f} subject(s) ({rule} possible day)")
    if counted:
        yield f"Dates recorded in part were imputed among the enrolled: {'; '.join(counted)}."


def event_windows(safety: Safety) -> str:
    """Footnote on the windows in which events are counted."""
    spans = listed([f"0 to {days}" for days in safety.windows_days])
    return f"Windows: onset on days {spans} after infusion, and entire follow-up."


def counting(safety: Safety) -> str:
    """Footnote on who is counted in a row, and at which grade."""
    return (
        "n: subjects, each counted once in a row at the worst known CTCAE"
        f" v{safety.ctcae_version} grade; percentages are of N; [number of events]. Grades without"
        " a subject in any column are not shown."
    )


def missing_grade(safety: Safety) -> str:
    """Footnote on events without a grade."""
    return (
        "Grade missing: subjects without a known grade in the row. In the sensitivity row of the"
        f" overview, missing grades were imputed as grade {safety.missing_grade}."
    )


def upper_limit(statistics: Statistics) -> str:
    """Footnote on the upper limit where nobody has the event."""
    return (
        f"One-sided {percent(statistics.conf_level)} upper confidence limit: exact"
        " (Clopper-Pearson), shown where no subject has the event. NE: not estimable."
    )


def provenance(plan_digest: str, sources: dict[str, dict[str, object]], dataset: str) -> str:
    """Footnote on where the numbers of an output are from."""
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
    """Footnote on the days of kinetics, without a recorded time of the infusion."""
    return (
        "Days: whole days since the date of infusion, whose time is not recorded. Where an assay"
        " has several results on one day, the first counts at the whole day and each other by the"
        " hours since; a result without a time counts as drawn at 00:00."
    )
