"""The definitions in force, in sentences read from the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Literal, assert_never

from durable.derive.endpoint import Endpoint
from durable.derive.endpoints import ENDPOINTS
from durable.jdm.response import MissedAssessments, Response, Strategy
from durable.outputs.ard import Ard
from durable.plan import Kinetics, Plan, Safety, Statistics
from durable.vocabulary import IMPUTATION_FLAGS
from durable.wording import listed, percent

#: Entries of the list of definitions, which tables refer to.
Term = Literal[
    "Core set and baseline",
    "Disease improvement",
    "Visit windows",
    "Remission",
    "Recurrence and progression",
    "Durations",
    "Kaplan-Meier estimates",
    "Proportions",
    "Adverse events",
    "Dose-limiting toxicities",
    "Cellular kinetics",
    "Abbreviations",
]
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


def marks(statistics: Statistics) -> str:
    """What the marks on estimates mean, where the conventions in force set any."""
    days = statistics.landmark_tolerance_days
    tolerance = f" \u2021: estimated at most {days} days past the last time." if days else ""
    return f"{tolerance}{_plateau(statistics)}"


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
        f" v{safety.ctcae_version} grade; percentages are of N."
    )


GRADES_SHOWN = "Grades without a subject in any column are not shown."


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


def source(plan: Plan, plan_digest: str, datasets: str, program: str) -> str:
    """Footer of an output: where its numbers are from, and what made it.

    Parameters
    ----------
    plan_digest
        Of the parts of the plan that the output depends on.
    datasets
        Analysis datasets.
    program
        Module of the package.
    """
    made = f"; run date {plan.analysis.run_date}" if plan.analysis.run_date else ""
    return (
        f"Source: {datasets}. Program: durable {version('durable')}, {program}{made}. Data as of"
        f" {plan.analysis.data_cutoff}. Plan {plan_digest[:12]}."
    )


def elapsed_days() -> str:
    """Footnote on the days of kinetics, without a recorded time of the infusion."""
    return (
        "Days: whole days since the date of infusion, whose time is not recorded. Where an assay"
        " has several results on one day, the first counts at the whole day and each other by the"
        " hours since; a result without a time counts as drawn at 00:00."
    )


def seriousness_and_relation(safety: Safety) -> str:
    """What counts as related and serious where nothing is recorded."""
    return (
        "Treatment-related: as recorded; an event whose relationship is not recorded counts as"
        f" {counted_as(safety)}. An event whose seriousness is not recorded counts as not serious."
    )


def counted_as(safety: Safety) -> str:
    """As what an event counts whose relation to the treatment is not recorded."""
    return safety.missing_related.replace("_", " ")


def followed(safety: Safety) -> str:
    """Footnote on the subjects followed through the first window."""
    days = safety.windows_days[0]
    return (
        f"Followed {days} days: day {days} was on or before the data cut-off, and the subject was"
        " under observation on or after that day (to last contact or death, not after withdrawal)"
        " or had died by then."
    )


BEFORE_INFUSION_PERIODS = (
    "Before infusion: the lymphodepletion period starts on the day of lymphodepletion and ends on"
    " the day before infusion; a subject may be counted in both periods."
)
FATAL = (
    "Fatal: grade 5 or fatal outcome. Dose-limiting toxicities and events of special interest are"
    " as recorded; deaths that were not assessed are in the table of dose-limiting toxicities only."
)


def special_interest(safety: Safety) -> str:
    """Footnote on the events of special interest, and on prolonged cytopenia."""
    return (
        "TEAEs over the entire follow-up, by the category recorded in the data; CRS and ICANS by"
        " ASTCT grade are in a separate table. Prolonged cytopenia:"
        f" {safety.cytopenia} of grade >={safety.prolonged_cytopenia_grade} present after day"
        f" {safety.prolonged_cytopenia_day}. Without an end date it is present as long as the"
        " subject is followed; if resolved on a day not recorded, it is not counted but reported"
        " separately."
    )


def dose_limiting(safety: Safety) -> Iterator[str]:
    """Definition of dose-limiting toxicities, of who is evaluable for them, and of the rule."""
    days = safety.dlt_window_days
    yield (
        "DLT: dose-limiting toxicity, a TEAE recorded as such with onset within"
        f" {days} days of infusion. A death within {days} days counts as a DLT if it was not"
        " assessed (no fatal event recorded, or one whose dlt is empty), but not if its events are"
        f" recorded as not dose-limiting. Evaluable: followed to day {days} (last contact or death,"
        " not after withdrawal), or with a DLT by then. Percentages and confidence limits are of"
        " evaluable subjects."
    )
    yield from escalation(safety)


def escalation(safety: Safety) -> Iterator[str]:
    """Footnote on the rule of dose escalation, where there is one."""
    if safety.escalation != "none":
        yield (
            f"{safety.escalation} rule (Storer 1989, design A) for each dose level of part"
            f" {safety.escalation_part}: 0 of 3 escalate, 1 of 3 expand to 6, 1 of 6 escalate, 2 or"
            " more stop. With a death that was not assessed the recommendation is to adjudicate"
            " first."
        )


def kinetics_method(rule: Kinetics) -> Iterator[str]:
    """Footnotes on the parameters of cellular kinetics."""
    ends = "; ".join(f"day {a.day}: {a.extrapolation_days} days" for a in rule.auc)
    yield (
        f"Non-compartmental analysis, {rule.method} trapezoidal rule, samples up to day"
        f" {rule.last_day}; later samples contribute to persistence only. Results below the limit"
        " of quantification are 0 before the first and after the last quantifiable sample and"
        " missing in between. A profile still quantifiable at its last sample is extrapolated on"
        f" its terminal slope if that sample is close to the end of the area ({ends})."
    )
    yield (
        "Samples without a result are excluded. Not quantifiable: recorded as below the limit, a"
        " value of 0, or a value below its limit. Not calculable: also subjects without a result"
        " after the day of infusion. Never detected: Cmax and AUC are 0, Tmax and Tlast not"
        " calculable."
    )
    yield elapsed_days()
    spans = [f"{p.label} day {p.day} +/- {p.window}" for p in rule.persistence]
    if spans:
        yield (
            "Persistence: the result closest to the target day within the window"
            f" ({'; '.join(spans)}); if equidistant, the earlier. N: subjects with such a result."
        )
    yield (
        "Geometric CV: 100 sqrt(exp(s^2) - 1). NE: not estimable (a geometric mean including a"
        " subject in whom cells were never detected)."
    )
