"""``t_improvement``: the disease improvement rate at each configured visit.

Registered definition: subjects who achieved disease improvement divided by all subjects who
received the infusion, at each visit on its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from math import nan
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from durable.contracts.results import NO_VISITS_TABLE, Statistic
from durable.jdm import wording
from durable.jdm.measures import COMPONENTS
from durable.jdm.parameters import SCORE, SCORE_ENZYME_MAXIMUM, SCORE_ENZYME_ZERO
from durable.jdm.response import Response
from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.ard import TableResults
from durable.outputs.cells import (
    count,
    n_percent,
    rate,
    rate_ci,
    ratio_percent,
    summary_lines,
)
from durable.outputs.datasets import AnalysisDatasets, RecordFilter, select_records
from durable.outputs.groups import Estimates, groups, not_made, of_parameter
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import count_with_percent, percent, summary
from durable.outputs.table import Line, Row, Rows
from durable.plan import BetaPrior, Plan
from durable.stats.checks import Ints
from durable.stats.proportions import posterior, proportion_ci
from durable.vocabulary import DIED, MISSING, NEW_THERAPY
from durable.wording import capitalise
from durable.wording import percent as percent_text

#: Parameter of the percent change of each component of the score.
_CHANGES = {name: f"{component.paramcd}PC" for name, component in COMPONENTS.items()}
#: The score with one component fixed, by the name of its statistics, and its line.
_OTHER_SCORES = {
    "enzyme_zero": (SCORE_ENZYME_ZERO, N_("{component} scored 0")),
    "enzyme_maximum": (SCORE_ENZYME_MAXIMUM, N_("{component} at its maximum")),
}
#: Response categories by the name of their statistics, as they are shown.
_CATEGORIES = {
    "none": N_("none"),
    "minimal": N_("minimal"),
    "moderate": N_("moderate"),
    "major": N_("major"),
}
#: Parameters over all visits: improved at every one of them, and at any.
BOTH, EITHER = ("BOTH",), ("EITHER",)
#: Rules for subjects without an assessment, by the name of their statistics, and their lines.
_RULES = {
    "observed": ("observed", N_("Observed case")),
    "worst": ("non_improved", N_("Worst case")),
    "best": ("improved", N_("Best case")),
}
Count = TypeVar("Count", int, npt.NDArray[np.int64])


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    level, prior = plan.statistics.conf_level, plan.statistics.beta_prior
    if datasets.adrs is None:
        yield from not_made(groups(datasets.adsl, plan.group_variables), NO_VISITS_TABLE)
        return
    records = select_records(datasets.adrs, _records(plan))
    for group in groups(datasets.adsl, plan.group_variables):
        members = group.select(records)
        yield group, improvement_statistics(members, plan.response, level, prior)


def improvement_statistics(
    adrs: pd.DataFrame, response: Response, conf_level: float, prior: BetaPrior
) -> Estimates:
    """All statistics of one group: at each configured visit, ``(visit,)``, then over the visits.

    Parameters
    ----------
    adrs
        Records of IMPR, the scores and the percent changes of the measures at the visits.
    response
        Definitions in force.
    conf_level
        Confidence level of the intervals.
    prior
        Prior of the posterior rate.
    """
    status = adrs.loc[adrs["PARAMCD"] == "IMPR"]
    scores = adrs.loc[(adrs["ANL01FL"] == "Y") & adrs["AVAL"].notna()]
    for visit in response.improvement.visits:
        at_visit = status.loc[status["AVISIT"] == visit]
        assessed = scores.loc[scores["AVISIT"] == visit]
        for block in (
            _counts(at_visit),
            improvement_rate(at_visit, response, conf_level),
            _other_rates(at_visit, response, conf_level, prior),
            _categories(assessed, at_visit),
            _worsening_counts(assessed),
            summary(_total_score(assessed)["AVAL"].to_numpy(float), SCORE.column),
            _other_scores(assessed, at_visit, response, conf_level),
        ):
            yield from of_parameter((visit,), block)
    if len(response.improvement.visits) > 1:
        yield from _visit_combinations(status)


def _counts(at_visit: pd.DataFrame) -> Iterator[Statistic]:
    """How many subjects were infused, assessed, missing (and why), pending and improved."""
    infused = len(at_visit)
    assessed = at_visit["AVAL"].notna()
    reason = at_visit["REASON"].where(~assessed)
    pending = int((reason == "PENDING").sum())
    tally = {
        "assessed": int(assessed.sum()),
        "missing": infused - int(assessed.sum()) - pending,
        "pending": pending,
        "partial": int((at_visit["REASON"] == "PARTIAL").sum()),
        "new_therapy": int((assessed & (at_visit["REASON"] == NEW_THERAPY)).sum()),
        "not_improved": int((at_visit["AVAL"] == 0).sum()),
        **{
            f"missing_{name}": int((reason == why).sum())
            for name, why in MISSING.items()
            if name != "pending"
        },
    }
    yield Statistic("n_infused", infused)
    for name, subjects in tally.items():
        yield from count_with_percent(subjects, infused, name)


def improvement_counts(
    at_visit: pd.DataFrame, response: Response, missing: str | None = None
) -> tuple[int, int]:
    """Number improved and denominator of the improvement rate.

    Parameters
    ----------
    at_visit
        Records of IMPR at one visit, one of each infused subject.
    response
        Definitions in force.
    missing
        Rule for subjects without a status: ``observed``, ``non_improved`` or ``improved``; that of
        the plan when None.
    """
    yes, counted = improved_by_subject(at_visit, response, missing)
    return int(yes.sum()), int(counted.sum())


def improved_by_subject(
    at_visit: pd.DataFrame, response: Response, missing: str | None = None
) -> tuple[Ints, Ints]:
    """Of each record, whether it counts as improved and whether it is in the denominator, 0 or 1.

    Parameters as of `improvement_counts`; the sums of both arrays are what that returns.
    """
    yes, known = at_visit["AVAL"] == 1, at_visit["AVAL"].notna()
    composite = response.new_therapy.improvement == "composite"
    failures = [DIED, NEW_THERAPY] if composite else [DIED]
    failed = ~known & at_visit["REASON"].isin(failures)
    reached, assessed, lost = (flags.to_numpy().astype(np.int64) for flags in (yes, known, failed))
    infused = np.ones(len(at_visit), dtype=np.int64)
    rule = missing or response.improvement.missing
    return improved_and_denominator(reached, assessed, lost, infused, rule)


def improved_and_denominator(
    yes: Count, assessed: Count, failed: Count, infused: Count, missing: str
) -> tuple[Count, Count]:
    """Number improved and denominator, of one group or of many.

    Parameters
    ----------
    yes, assessed
        Number of subjects improved, and with a status; an array of one number a group.
    failed
        Subjects without a status who are known to have failed: the dead, and by the composite
        strategy those given new systemic therapy. They are not missing: no rule leaves them out of
        the denominator or counts them as improved.
    infused
        Number of all subjects.
    missing
        Rule for the others: ``observed`` (not in the denominator), ``improved`` (counted as
        improved) or ``non_improved`` (counted as not improved).
    """
    if missing == "observed":
        return yes, assessed + failed
    return (yes + infused - assessed - failed if missing == "improved" else yes), infused


def improvement_rate(
    at_visit: pd.DataFrame, response: Response, conf_level: float
) -> Iterator[Statistic]:
    """n_denominator, n_improved, percent_improved, and rate with its exact interval.

    Clopper and Pearson 1934; a proportion, NaN without a subject in the denominator.
    """
    subjects, total = improvement_counts(at_visit, response)
    yield Statistic("n_denominator", total)
    yield from count_with_percent(subjects, total, "improved")
    yield Statistic("rate", *proportion_ci(subjects, total, conf_level))


def _other_rates(
    at_visit: pd.DataFrame, response: Response, conf_level: float, prior: BetaPrior
) -> Iterator[Statistic]:
    """The rate with other intervals, its posterior, and by other denominators.

    Those are the subjects whose window had closed, and other rules for missing assessments.
    """
    subjects, total = improvement_counts(at_visit, response)
    for method in ("wilson", "jeffreys"):
        interval = proportion_ci(subjects, total, conf_level, method)
        yield Statistic(f"rate_{method}", *interval)
    belief = posterior(subjects, total, prior.a, prior.b, conf_level)
    yield Statistic("posterior_mean", belief.mean, belief.lower, belief.upper)
    yes = int((at_visit["AVAL"] == 1).sum())
    closed = len(at_visit) - int((at_visit["REASON"] == "PENDING").sum())
    yield Statistic("n_opportunity", closed)
    yield Statistic("n_improved_opportunity", yes)
    yield Statistic("rate_opportunity", *proportion_ci(yes, closed, conf_level))
    for name, (missing, _label) in _RULES.items():
        subjects, total = improvement_counts(at_visit, response, missing)
        yield Statistic(f"n_improved_{name}", subjects)
        yield Statistic(f"n_denominator_{name}", total)
        yield Statistic(f"rate_{name}", *proportion_ci(subjects, total, conf_level))


def _total_score(scores: pd.DataFrame) -> pd.DataFrame:
    return scores.loc[scores["PARAMCD"] == SCORE.paramcd]


def _categories(scores: pd.DataFrame, at_visit: pd.DataFrame) -> Iterator[Statistic]:
    """Categories of the score, each subject in one.

    A score after new systemic therapy is a score; the category it reaches is not credited, unless
    the strategy is treatment policy.
    """
    total = _total_score(scores)
    rescued = at_visit.loc[at_visit["REASON"] == NEW_THERAPY, "USUBJID"]
    credited = total.loc[~total["USUBJID"].isin(rescued)]
    failed = int((at_visit["AVAL"].notna() & (at_visit["REASON"] == NEW_THERAPY)).sum())
    for level in _CATEGORIES:
        subjects = int((credited["AVALC"] == level.upper()).sum())
        subjects += failed if level == "none" else 0
        yield from count_with_percent(subjects, len(at_visit), level)


def _worsening_counts(scores: pd.DataFrame) -> Iterator[Statistic]:
    """Measures worsened since baseline, among the subjects with a score."""
    assessed = _total_score(scores)["USUBJID"]
    change = scores.loc[
        scores["USUBJID"].isin(assessed) & scores["PARAMCD"].isin(_CHANGES.values())
    ]
    worse = change.loc[change["AVAL"] < 0]
    for name, code in _CHANGES.items():
        subjects = int((worse["PARAMCD"] == code).sum())
        yield from count_with_percent(subjects, len(assessed), f"worsened_{name}")
    yield from count_with_percent(worse["USUBJID"].nunique(), len(assessed), "worsened_any")


def _other_scores(
    scores: pd.DataFrame, at_visit: pd.DataFrame, response: Response, conf_level: float
) -> Iterator[Statistic]:
    """The rate by the score with one component fixed."""
    least = getattr(response.improvement.thresholds, response.improvement.level)
    rescued = (at_visit["REASON"] == NEW_THERAPY).to_numpy()
    for name, (parameter, _label) in _OTHER_SCORES.items():
        score = scores.loc[scores["PARAMCD"] == parameter.paramcd]
        subject = pd.Index(score["USUBJID"].astype(object))
        position = subject.get_indexer(at_visit["USUBJID"].astype(object))
        value = np.append(score["AVAL"].to_numpy(float), [nan])[position]
        reached = np.where(np.isnan(value), nan, value >= least)
        # What new systemic therapy decides no score decides.
        reached = np.where(rescued, at_visit["AVAL"].to_numpy(float), reached)
        subjects, total = improvement_counts(at_visit.assign(AVAL=reached), response)
        yield Statistic(f"n_improved_{name}", subjects)
        yield Statistic(f"rate_{name}", *proportion_ci(subjects, total, conf_level))


def _visit_combinations(status: pd.DataFrame) -> Estimates:
    """Improved at every and at any configured visit: descriptive, no interval."""
    yes = (status["AVAL"] == 1).groupby(status["USUBJID"], observed=True)
    infused = status["USUBJID"].nunique()
    for parameter, met in ((BOTH, yes.all()), (EITHER, yes.any())):
        subjects = int(np.sum(met))
        yield parameter, Statistic("n_infused", infused)
        yield parameter, Statistic("n_improved", subjects)
        yield parameter, Statistic("percent_improved", percent(subjects, infused))
        yield parameter, Statistic("rate", subjects / infused if infused else nan)


def _main_rows(results: TableResults, plan: Plan) -> Rows:
    """The rate at each visit, and the subjects not improved, missing and pending."""
    for visit in plan.response.improvement.visits:
        yield Row(_("Visit {visit}").format(visit=visit))
        yield from results.rows((visit,), *_main_lines(plan))


def _main_lines(plan: Plan) -> Iterator[Line]:
    """Lines of a visit in the main table."""
    if plan.response.improvement.missing == "observed":
        yield Line(_("Denominator (observed case)"), count("n_denominator"))
    level = percent_text(plan.statistics.conf_level)
    yield Line(_("Improved, n (%)"), n_percent("improved"), strong=True)
    yield Line(_("Exact {level} CI, %").format(level=level), rate_ci("rate"), 2)
    yield Line(_("Assessed, not improved, n (%)"), n_percent("not_improved"))
    yield Line(_("Missing, n (%)"), n_percent("missing"))
    for name, label in _MISSING.items():
        yield Line(_(label), n_percent(f"missing_{name}"), 2, unless_zero=True)
    yield Line(_("Pending at the data cut-off, n (%)"), n_percent("pending"), unless_zero=True)


def _further_rows(results: TableResults, plan: Plan) -> Rows:
    """What else is known of each visit, then over the visits."""
    for visit in plan.response.improvement.visits:
        yield Row(_("Visit {visit}").format(visit=visit))
        yield from results.rows((visit,), *_further_lines(percent_text(plan.statistics.conf_level)))
    if len(plan.response.improvement.visits) > 1:
        yield Row(_("Across visits (descriptive)"))
        every, some = _("Improved at every visit, n (%)"), _("Improved at any visit, n (%)")
        for parameter, label in ((BOTH, every), (EITHER, some)):
            yield from results.rows(parameter, Line(label, n_percent("improved")))


def _further_lines(level: str) -> Iterator[Line]:
    """Lines of a visit in the supplementary table, with intervals of this level."""
    yield Line(_("Assessed in window, n (%)"), n_percent("assessed"))
    yield Line(_("partial score"), n_percent("partial"), 2)
    yield Line(_("after new systemic therapy"), n_percent("new_therapy"), 2)
    category = _("{score} response category, n (% of infused)").format(score=SCORE.paramcd)
    yield Line(category)
    for name, label in _CATEGORIES.items():
        yield Line(_(label), n_percent(name), 2)
    yield Line(_("Other {level} intervals of the rate, %").format(level=level))
    for name, label in _OTHER_INTERVALS.items():
        yield Line(label, rate_ci(name), 2)
    yield Line(_("Posterior mean, %"), rate("posterior_mean"), 2)
    credible = _("{level} credible interval").format(level=level)
    yield Line(credible, rate_ci("posterior_mean"), 3)
    yield from _other_analyses(level)
    yield Line(_(SCORE.label))
    yield from summary_lines(1, f"{SCORE.column}_", 2)
    yield Line(_("Core set measures worsened, n (% of assessed)"))
    for name, label in _WORSENED.items():
        yield Line(_(label), n_percent(f"worsened_{name}"), 2, optional=True)


def _other_analyses(level: str) -> Iterator[Line]:
    """The rate among other subjects, by other rules, and by the score with a component fixed."""
    heading = _("Other analyses of the rate, n/N (%) and exact {level} CI")
    yield Line(heading.format(level=level))
    closed = ("n_improved_opportunity", "n_opportunity", "rate_opportunity")
    yield from _ratio_lines(_("Subjects whose visit window had closed"), *closed)
    for name, (_missing, label) in _RULES.items():
        names = f"n_improved_{name}", f"n_denominator_{name}", f"rate_{name}"
        yield from _ratio_lines(_(label), *names)
    component = capitalise(_(COMPONENTS["enzyme"].label))
    for name, (_parameter, label) in _OTHER_SCORES.items():
        names = f"n_improved_{name}", "n_denominator", f"rate_{name}"
        yield from _ratio_lines(_(label).format(component=component), *names)


def _ratio_lines(label: str, improved: str, total: str, share: str) -> Iterator[Line]:
    yield Line(label, ratio_percent(improved, total, share), 2)
    yield Line(_("CI"), rate_ci(share), 3)


#: Reasons for which an assessment is missing, by the name of their statistics.
_MISSING = {
    "died": N_("died"),
    "new_therapy": N_("new systemic therapy"),
    "withdrawn": N_("withdrawn"),
    "not_calculable": N_("score not calculable"),
    "not_assessed": N_("not assessed"),
}
_OTHER_INTERVALS = {"rate_wilson": "Wilson", "rate_jeffreys": "Jeffreys"}
_WORSENED = {
    **{name: component.label for name, component in COMPONENTS.items()},
    "any": N_("at least one"),
}


def _records(plan: Plan) -> tuple[RecordFilter, ...]:
    others = [parameter.paramcd for parameter, _label in _OTHER_SCORES.values()]
    shown = ("IMPR", SCORE.paramcd, *_CHANGES.values(), *others)
    visits = plan.response.improvement.visits
    return ({"AVISIT": visits, "PARAMCD": shown, "ANL01FL": ["Y"]},)


def _missing(plan: Plan) -> Iterator[str]:
    """Footnotes of the main table."""
    response = plan.response
    yield from islice(wording.improvement(response), 1)
    yield _(
        "Missing: no assessment with a score in the visit window. Pending: the window was open at"
        " the data cut-off; in the rate, pending subjects count as those without an assessment."
        " Rows in which no subject is counted are not shown."
    )
    if response.improvement.missing == "observed":
        yield _("Percentages: improved, of the denominator; all others, of N.")


OUTPUT = Output(
    name="t_improvement",
    analysis_set=SAFETY_SET,
    datasets="ADRS",
    variables={
        "ADSL": ("SAFFL",),
        "ADRS": ("PARAMCD", "AVISIT", "AVAL", "AVALC", "ANL01FL", "REASON"),
    },
    results=_results,
    records=_records,
    dates=("DTHDT", "NSTDT"),
    tables=(
        OutputTable(
            name="t_improvement",
            heading=N_("Disease improvement rate"),
            rows=_main_rows,
            footnotes=_missing,
            defined=("Disease improvement", "Visit windows", "Core set and baseline"),
        ),
        OutputTable(
            name="t_improvement_s",
            heading=N_("Disease improvement: response categories, other intervals and analyses"),
            rows=_further_rows,
            footnotes=lambda plan: definitions.proportions(plan.statistics),
            defined=("Disease improvement", "Visit windows", "Core set and baseline"),
        ),
    ),
)
