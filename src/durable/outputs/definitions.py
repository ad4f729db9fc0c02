"""The definitions in force, in sentences read from the plan."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any, assert_never

from durable.derive.drug_free import DRUG_FREE_ENDPOINTS
from durable.derive.endpoints import STANDARD_ENDPOINTS
from durable.jdm.response import Response, Strategy
from durable.language import N_, _
from durable.outputs.ard import Ard
from durable.outputs.formats import PLATEAU_MARK, TOLERANCE_MARK
from durable.plan import Kinetics, Plan, Safety, Statistics
from durable.vocabulary import IMPUTATION_FLAGS
from durable.wording import clauses, list_words, percent, sentences

QUANTILE_RULES = {"r": "R survfit", "sas": "SAS LIFETEST"}
#: Pointwise intervals by their key of the plan, as footnotes name them.
_INTERVALS = {
    "log-log": N_("log-log"),
    "log": N_("log"),
    "plain": N_("plain"),
    "logit": N_("logit"),
    "arcsine": N_("arcsine"),
    "bpcp": N_("beta product confidence procedure"),
}
#: Trapezoidal rules of the areas under the curve.
TRAPEZOIDAL = {"lin-up log-down": N_("lin-up log-down"), "linear": N_("linear")}


def windows(plan: Plan, visits: Collection[str]) -> Iterator[str]:
    """Footnote on the windows of some visits, and on which assessment is that of a visit."""
    span = _("{visit} day {day} ({first} to {last})")
    spans = [
        span.format(visit=visit.visit, day=visit.day, first=visit.first_day, last=visit.last_day)
        for visit in plan.schedule
        if visit.visit in visits
    ]
    yield sentences(
        _(
            "Visit windows, days after infusion: {windows}. The assessment closest to the target"
            " day is analysed, one with a score before any without; if equidistant, the earlier."
        ).format(windows=list_words(spans)),
        _("Unscheduled assessments are included.")
        if plan.response.improvement.unscheduled
        else _("Unscheduled assessments are excluded."),
    )


def duration(plan: Plan) -> Iterator[str]:
    """Footnotes on the time-to-event endpoints of any study and their censoring."""
    response = plan.response
    for endpoint in STANDARD_ENDPOINTS:
        yield endpoint.describe(response, response.deadline(plan.schedule))
    yield _(
        "Where nothing else is stated, subjects without an event are censored at the last adequate"
        " assessment (time to first improvement: the last with a score), without one on Day 1."
    )
    yield sentences(_unconfirmed_loss(response), _missed_assessments(response))


def drug_free(plan: Plan) -> Iterator[str]:
    """Footnotes on glucocorticoids and the endpoints of ``response.drug_free``, where asked for."""
    response, deadline = plan.response, plan.response.deadline(plan.schedule)
    if response.asks_for("dose"):
        yield _(
            "Glucocorticoid dose: prednisone equivalent in mg/kg, as recorded at the assessment."
        )
    for endpoint in DRUG_FREE_ENDPOINTS:
        if endpoint.asked(response):
            yield endpoint.describe(response, deadline)
    if response.glucocorticoid_increase is not None:
        yield _("Glucocorticoid increase: {definition}.").format(
            definition=glucocorticoid_increase(response)
        )


_REFERENCE_DOSES = {
    "lowest": N_("the lowest dose recorded since the baseline"),
    "previous": N_("the previous recorded dose"),
    "baseline": N_("the dose at the baseline"),
}


def glucocorticoid_increase(response: Response) -> str:
    """What an increase of glucocorticoids is, in words; '' where the plan does not define it."""
    rule = response.glucocorticoid_increase
    if rule is None:
        return ""
    form = (
        _("dose at least {dose:g} mg/kg above {reference}; counts as new systemic therapy")
        if rule.as_new_therapy
        else _("dose at least {dose:g} mg/kg above {reference}")
    )
    return form.format(dose=rule.by_mg_kg, reference=_(_REFERENCE_DOSES[rule.over]))


def _unconfirmed_loss(response: Response) -> str:
    """What becomes of a loss at the last assessment."""
    if not response.recurrence.confirmed_loss:
        return ""
    return _(
        "Duration of response and event-free survival: with an unconfirmed loss of remission at the"
        " last adequate assessment, subjects are censored at the last assessment in remission. New"
        " systemic therapy or death before the next assessment confirms a loss."
    )


def _missed_assessments(response: Response) -> str:
    """What missed assessments before an event do."""
    missed = response.missed_assessments
    if missed.consecutive is None:
        return _("No censoring for missed or inadequate assessments.")
    exempt = {
        _("death"): missed.applies_to_death,
        _("new systemic therapy"): missed.applies_to_new_therapy,
    }
    dated = [name for name, applies in exempt.items() if not applies]
    last = (
        _("last adequate assessment in remission")
        if response.recurrence.confirmed_loss
        else _("last adequate assessment")
    )
    if not dated:
        return _(
            "Duration of response and event-free survival: an event after {n} or more consecutive"
            " missed or inadequate scheduled assessments is censored at the {assessment} before"
            " them (FDA 2007)."
        ).format(n=missed.consecutive, assessment=last)
    return _(
        "Duration of response and event-free survival: an event (other than {dated}, which are"
        " dated exactly) after {n} or more consecutive missed or inadequate scheduled assessments"
        " is censored at the {assessment} before them (FDA 2007)."
    ).format(dated=list_words(dated), n=missed.consecutive, assessment=last)


def new_therapy(response: Response) -> str:
    """Footnote on an improvement seen after new systemic therapy began."""
    strategy: Strategy = response.new_therapy.improvement
    match strategy:
        case "composite":
            return _(
                "An assessment after the start of new systemic therapy counts as not improved"
                " (composite strategy)."
            )
        case "hypothetical":
            return _(
                "An assessment after the start of new systemic therapy is not used (hypothetical"
                " strategy)."
            )
        case "treatment_policy":
            return _(
                "An assessment after the start of new systemic therapy counts as assessed"
                " (treatment policy strategy)."
            )
    assert_never(strategy)


def survival(statistics: Statistics) -> Iterator[str]:
    """Footnotes on the conventions of the Kaplan-Meier estimates."""
    yield _(
        "Kaplan-Meier estimates with pointwise {level} CIs ({method}); CIs of quantiles by"
        " inversion (Brookmeyer-Crowley); quantiles by the convention of {rule}. Number at risk:"
        " just before the month. Follow-up: reverse Kaplan-Meier. One month is {days:g} days."
    ).format(
        level=percent(statistics.conf_level),
        method=_interval_method(statistics),
        rule=QUANTILE_RULES[statistics.quantile_rule],
        days=statistics.days_per_month,
    )
    yield _(
        "Restricted mean to month {month:g}: area under the curve up to it; CI by its standard"
        " error, whichever the pointwise intervals are."
    ).format(month=statistics.rmst_months)
    yield sentences(
        _("NE: not estimable; +: censored."), _extrapolation(statistics), _plateau(statistics)
    )


def interval_name(statistics: Statistics) -> str:
    """Name of the pointwise intervals: their transformation, or their procedure."""
    return _(_INTERVALS[statistics.km_ci])


def transform_name(transform: str) -> str:
    """Name of a transformation by its key of the plan (`_INTERVALS`), as footnotes give it."""
    return _(_INTERVALS[transform])


def _interval_method(statistics: Statistics) -> str:
    if statistics.km_ci == "bpcp":
        return _("{procedure}, Fay 2013").format(procedure=interval_name(statistics))
    transformed = _("Greenwood's variance, {transformation} transformation")
    return transformed.format(transformation=interval_name(statistics))


def marks(*conventions: Statistics) -> str:
    """Footnote on the marks on estimates; '' where none of the conventions in force sets one."""
    days = sorted({statistics.landmark_tolerance_days for statistics in conventions} - {0})
    tolerance = ""
    if days:
        tolerance = _("{mark}: estimated at most {days} days past the last time.").format(
            mark=TOLERANCE_MARK, days=list_words([str(limit) for limit in days], "or")
        )
    return sentences(tolerance, next(filter(None, map(_plateau, conventions)), ""))


def _extrapolation(statistics: Statistics) -> str:
    """Where there are no estimates and no intervals."""
    days = statistics.landmark_tolerance_days
    match statistics.km_ci == "bpcp", days > 0:
        case True, True:
            form = _(
                "No estimate is carried past the last observed time, except a rate at a month at"
                " most {days} days after it (marked {mark})."
            )
        case True, False:
            form = _("No estimate is carried past the last observed time.")
        case False, True:
            form = _(
                "No estimate is carried past the last observed time, except a rate at a month at"
                " most {days} days after it (marked {mark}); there is no CI before the first event."
            )
        case _:
            form = _(
                "No estimate is carried past the last observed time; there is no CI before the"
                " first event."
            )
    return form.format(days=days, mark=TOLERANCE_MARK)


def _plateau(statistics: Statistics) -> str:
    if statistics.quantile_rule == "sas":
        return ""
    return _(
        "{mark}: the curve stays at this level to the end of follow-up; R gives the midpoint, SAS"
        " LIFETEST no estimate."
    ).format(mark=PLATEAU_MARK)


def proportions(statistics: Statistics) -> Iterator[str]:
    """Footnote on the conventions of the rates."""
    prior = statistics.beta_prior
    yield _(
        "{level} CIs are exact (Clopper-Pearson) unless otherwise stated; posterior with a"
        " Beta({a:g}, {b:g}) prior and equal-tailed credible interval."
    ).format(level=percent(statistics.conf_level), a=prior.a, b=prior.b)


def treatment_emergent() -> Iterator[str]:
    """Footnotes on which events count, and on how partial dates were imputed."""
    yield _(
        "TEAE: treatment-emergent adverse event, with onset on or after the day of infusion"
        " (day 0). Times are not recorded, so the day of infusion counts. An event that worsens"
        " after infusion is recorded as a new event."
    )
    yield _(
        "Partial start dates were imputed as the day of infusion where the event can have begun on"
        " or after it, otherwise as the first possible day; partial end dates as the last possible"
        " day, not after the data cut-off or death. Imputed dates are flagged in ADAE."
    )


#: What a date of ADSL is, in a footnote on its imputation.
_DATES = {
    "RFICDT": N_("consent"),
    "LSTALVDT": N_("last contact"),
    "DTHDT": N_("death"),
    "EOSDT": N_("withdrawal"),
    "NSTDT": N_("start of the first new systemic therapy"),
}
#: How many of a date were imputed, by the rule of the plan.
_IMPUTED = {
    "earliest": N_("{date}, {n:.0f} subject(s) (earliest possible day)"),
    "middle": N_("{date}, {n:.0f} subject(s) (middle possible day)"),
    "latest": N_("{date}, {n:.0f} subject(s) (latest possible day)"),
}


def imputed_dates(
    dates: Sequence[str], ard: Ard, sources: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Footnote on how many dates were imputed, and by which rule of the plan; none if none was.

    Parameters
    ----------
    dates
        Variables of ADSL.
    ard
        The analysis results: the last column of ``t_disposition`` has the counts, of the enrolled.
    sources
        By input table what is recorded of its file: ``partial_dates`` has the rule by column.
    """
    columns = ard.columns("t_disposition")[-1:]
    counted = []
    for date, table, column in IMPUTATION_FLAGS.values():
        rule = sources.get(table, {}).get("partial_dates", {}).get(column)
        for group in columns if rule and date in dates else ():
            n = ard.lookup("t_disposition", ("IMPUTED", date), group)("n")
            if n is not None and n.value:
                counted.append(_(_IMPUTED[rule]).format(date=_(_DATES[date]), n=n.value))
    if counted:
        dates_imputed = _("Dates recorded in part were imputed among the enrolled: {dates}.")
        yield dates_imputed.format(dates=clauses(counted))


def event_windows(safety: Safety) -> str:
    """Footnote on the windows in which events are counted."""
    spans = list_words([_("0 to {days}").format(days=days) for days in safety.windows_days])
    return _("Windows: onset on days {spans} after infusion, and entire follow-up.").format(
        spans=spans
    )


def counting(safety: Safety) -> str:
    """Footnote on who is counted in a row, and at which grade."""
    return _(
        "n: subjects, each counted once in a row at the worst known CTCAE v{version} grade;"
        " percentages are of N."
    ).format(version=safety.ctcae_version)


GRADES_SHOWN = N_("Grades without a subject in any column are not shown.")


def missing_grade(safety: Safety) -> str:
    """Footnote on events without a grade."""
    return _(
        "Grade missing: subjects without a known grade in the row. In the sensitivity row of the"
        " overview, missing grades were imputed as grade {grade}."
    ).format(grade=safety.missing_grade)


def upper_limit(statistics: Statistics) -> str:
    """Footnote on the upper limit where nobody has the event."""
    return _(
        "One-sided {level} upper confidence limit: exact (Clopper-Pearson), shown where no subject"
        " has the event. NE: not estimable."
    ).format(level=percent(statistics.conf_level))


def source(plan: Plan, plan_digest: str, datasets: str, program: str) -> str:
    """Footer of an output: where its numbers are from, and what made it.

    Parameters
    ----------
    plan_digest
        Of the parts of the plan that the output depends on; its first 12 characters are shown.
    datasets
        Names of the analysis datasets, as one text.
    program
        Module of the package.
    """
    run_date = plan.analysis.run_date
    form = (
        _(
            "Source: {datasets}. Program: durable {version}, {program}; run date {run_date}. Data"
            " as of {cutoff}. Plan {plan}."
        )
        if run_date
        else _(
            "Source: {datasets}. Program: durable {version}, {program}. Data as of {cutoff}. Plan"
            " {plan}."
        )
    )
    return form.format(
        datasets=datasets,
        version=version("durable"),
        program=program,
        run_date=run_date,
        cutoff=plan.analysis.data_cutoff,
        plan=plan_digest[:12],
    )


def elapsed_days() -> str:
    """Footnote on the days of kinetics, without a recorded time of the infusion."""
    return _(
        "Days: whole days since the date of infusion, whose time is not recorded. Where an assay"
        " has several results on one day, the first counts at the whole day and each other by the"
        " hours since; a result without a time counts as drawn at 00:00."
    )


def seriousness_and_relation(safety: Safety) -> str:
    """Footnote on events whose relationship or seriousness is not recorded."""
    return _(
        "Treatment-related: as recorded; an event whose relationship is not recorded counts as"
        " {counted}. An event whose seriousness is not recorded counts as not serious."
    ).format(counted=counted_as(safety))


def counted_as(safety: Safety) -> str:
    """As what an event without a recorded relationship counts: "related" or "not related"."""
    match safety.missing_related:
        case "related":
            return _("related")
        case "not_related":
            return _("not related")
    assert_never(safety.missing_related)


def followed_through_window(safety: Safety) -> str:
    """Footnote on the subjects followed through the first window."""
    return _(
        "Followed {days} days: day {days} was on or before the data cut-off, and the subject was"
        " under observation on or after that day (to last contact or death, not after withdrawal)"
        " or had died by then."
    ).format(days=safety.windows_days[0])


BEFORE_INFUSION_PERIODS = N_(
    "Before infusion: the lymphodepletion period starts on the day of lymphodepletion and ends on"
    " the day before infusion; a subject may be counted in both periods."
)
FATAL = N_(
    "Fatal: grade 5 or fatal outcome. Dose-limiting toxicities and events of special interest are"
    " as recorded; deaths that were not assessed are in the table of dose-limiting toxicities only."
)


def special_interest(safety: Safety) -> str:
    """Footnote on the events of special interest, and on prolonged cytopenia."""
    return _(
        "TEAEs over the entire follow-up, by the category recorded in the data; CRS and ICANS by"
        " ASTCT grade are in a separate table. Prolonged cytopenia: {cytopenia} of grade >={grade}"
        " present after day {day}. Without an end date it is present as long as the subject is"
        " followed; if resolved on a day not recorded, it is not counted but reported separately."
    ).format(
        cytopenia=safety.cytopenia,
        grade=safety.prolonged_cytopenia_grade,
        day=safety.prolonged_cytopenia_day,
    )


def dose_limiting(safety: Safety) -> Iterator[str]:
    """Footnotes on dose-limiting toxicities, on who is evaluable, and on the rule of escalation."""
    yield _(
        "DLT: dose-limiting toxicity, a TEAE recorded as such with onset within {days} days of"
        " infusion. A death within {days} days counts as a DLT if it was not assessed (no fatal"
        " event recorded, or one whose dlt is empty), but not if its events are recorded as not"
        " dose-limiting. Evaluable: followed to day {days} (last contact or death, not after"
        " withdrawal), or with a DLT by then. Percentages and confidence limits are of evaluable"
        " subjects."
    ).format(days=safety.dlt_window_days)
    yield from escalation(safety)


def escalation(safety: Safety) -> Iterator[str]:
    """Footnote on the rule of dose escalation; none where the plan has none."""
    if safety.escalation != "none":
        yield _(
            "{rule} rule (Storer 1989, design A) for each dose level of part {part}: 0 of 3"
            " escalate, 1 of 3 expand to 6, 1 of 6 escalate, 2 or more stop. With a death that was"
            " not assessed the recommendation is to adjudicate first."
        ).format(rule=safety.escalation, part=safety.escalation_part)


def kinetics_method(rule: Kinetics) -> Iterator[str]:
    """Footnotes on the parameters of cellular kinetics."""
    end = _("day {day}: {days} days")
    ends = [end.format(day=a.day, days=a.extrapolation_days) for a in rule.auc]
    yield _(
        "Non-compartmental analysis, {method} trapezoidal rule, samples up to day {day}; later"
        " samples contribute to persistence only. Results below the limit of quantification are 0"
        " before the first and after the last quantifiable sample and missing in between. A"
        " profile still quantifiable at its last sample is extrapolated on its terminal slope if"
        " that sample is close to the end of the area ({ends})."
    ).format(method=_(TRAPEZOIDAL[rule.method]), day=rule.last_day, ends=clauses(ends))
    yield _(
        "Samples without a result are excluded. Not quantifiable: recorded as below the limit, a"
        " value of 0, or a value below its limit. Not calculable: also subjects without a result"
        " after the day of infusion. Never detected: Cmax and AUC are 0, Tmax and Tlast not"
        " calculable."
    )
    yield elapsed_days()
    span = _("{visit} day {day} +/- {window}")
    spans = [span.format(visit=p.label, day=p.day, window=p.window) for p in rule.persistence]
    if spans:
        yield _(
            "Persistence: the result closest to the target day within the window ({spans}); if"
            " equidistant, the earlier. N: subjects with such a result."
        ).format(spans=clauses(spans))
    yield _(
        "Geometric CV: 100 sqrt(exp(s^2) - 1). NE: not estimable (a geometric mean including a"
        " subject in whom cells were never detected)."
    )
