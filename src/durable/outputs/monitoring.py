"""``t_monitoring``: posterior and predictive probability of the improvement rate, and decisions."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan

import pandas as pd

from durable.contracts.results import TOTAL, Parameter, Statistic
from durable.language import N_, _, translate_stored
from durable.outputs.ard import TableResults
from durable.outputs.cells import rate, rate_ci, ratio_percent
from durable.outputs.datasets import AnalysisDatasets, RecordFilter, select_records
from durable.outputs.groups import Estimates, groups, of_parameter
from durable.outputs.improvement import improved_by_subject
from durable.outputs.interim import describe_decision, prior_text, stops
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.table import Cell, Column, Lookup, Row, Rows, column_name
from durable.plan import BetaPrior, Decision, ImprovementMonitoring, Outputs, Plan
from durable.sections import require_section
from durable.stats.monitoring import predictive_probability, probability_above
from durable.stats.proportions import proportion_ci
from durable.stats.ties import exceeds
from durable.wording import capitalise, list_words, sentences
from durable.wording import percent as percent_text

#: Parts of parameters: of a further rule, before its name; before a number of evaluable subjects.
RULE, AFTER_SUBJECTS = "RULE", "AFTER"
# Decisions are notes of ``ard.csv``, in English; they are translated where they are shown.
_CONTINUE = N_("continue")
_STOP = N_("stop")
_FUTILITY = N_("stop for futility")
_EFFICACY = N_("stop for efficacy")
_MET = N_("success criterion met")
_NOT_MET = N_("success criterion not met")
_NOBODY = N_("no recommendation, no evaluable subject")
_OPEN = N_("not yet decided, {n} pending")
_FORMS = (_CONTINUE, _FUTILITY, _EFFICACY, _STOP, _NOT_MET, _MET, _NOBODY, _OPEN)


def monitored_improvement(plan: Plan) -> ImprovementMonitoring:
    """Section ``monitoring.improvement`` of the plan.

    Raises
    ------
    ValueError
        Where the plan has none.
    """
    monitoring = require_section(plan.monitoring, "monitoring")
    return require_section(monitoring.improvement, "monitoring.improvement")


def prior_of_rate(plan: Plan) -> BetaPrior:
    """Prior of the monitored rate; ``statistics.beta_prior`` where the monitoring has none."""
    return monitored_improvement(plan).prior or plan.statistics.beta_prior


def _rules(plan: Plan) -> dict[str, Decision]:
    return {} if plan.monitoring is None else plan.monitoring.decisions


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    if datasets.adrs is None:
        return
    (everybody,) = groups(datasets.adsl, ())
    order = datasets.adsl.loc[datasets.adsl["SAFFL"] == "Y", ["USUBJID", "TRTSDT"]]
    status = select_records(datasets.adrs, _records(plan))
    yield everybody, _estimates(status, order.sort_values(["TRTSDT", "USUBJID"]), plan)


def _estimates(status: pd.DataFrame, order: pd.DataFrame, plan: Plan) -> Estimates:
    """At the data cut-off, after each evaluable subject, and by the further rules.

    Parameters
    ----------
    status
        Records of the improvement status in ADRS.
    order
        The infused subjects in the order of their infusions.
    """
    monitored = monitored_improvement(plan)
    x, n, pending = _course(status, order, monitored.visit, plan)
    parameter: Parameter = (monitored.visit,)
    yield parameter, Statistic("n_pending", pending)
    yield from of_parameter(parameter, _probabilities(sum(x), len(x), plan))
    for size in range(1, len(x) + 1):
        after = _probabilities(sum(x[:size]), size, plan)
        yield from of_parameter((monitored.visit, AFTER_SUBJECTS, str(size)), after)
    for name, rule in _rules(plan).items():
        x, n, pending = _course(status, order, rule.visit, plan)
        yield from of_parameter((RULE, name), _decision(rule, sum(x), n, pending, plan))


def _course(
    status: pd.DataFrame, order: pd.DataFrame, visit: str, plan: Plan
) -> tuple[list[int], int, int]:
    """Of the evaluable subjects in their order 1 if improved; their number; and those pending.

    Evaluable are those in the denominator of the improvement rate whose window had closed or who
    were assessed.
    """
    at_visit = order[["USUBJID"]].merge(
        status.loc[status["AVISIT"] == visit].astype({"USUBJID": object}), on="USUBJID"
    )
    pending = at_visit["AVAL"].isna() & (at_visit["REASON"] == "PENDING")
    x, counted = improved_by_subject(at_visit.loc[~pending], plan.response)
    outcomes: list[int] = x[counted == 1].tolist()
    return outcomes, len(outcomes), int(pending.sum())


def _probabilities(x: int, n: int, plan: Plan) -> Iterator[Statistic]:
    """The rate, its posterior and predictive probability, and the decision by them."""
    monitored, prior = monitored_improvement(plan), prior_of_rate(plan)
    shapes = (prior.a, prior.b)
    success = monitored.success_probability
    probability = float(probability_above(x, n, monitored.null_rate, *shapes))
    predicted = predictive_probability(
        x, n, monitored.maximum_subjects, monitored.null_rate, success, *shapes
    )
    yield Statistic("n_improved", x)
    yield Statistic("n_evaluable", n)
    yield Statistic("rate", *proportion_ci(x, n, plan.statistics.conf_level))
    yield Statistic("probability_above", probability)
    yield Statistic("predictive_probability", predicted)
    yield Statistic("decision", nan, note=decision(n, predicted, monitored))


def decision(n: int, predicted: float, monitored: ImprovementMonitoring) -> str:
    """Decision after n evaluable subjects by the predictive probability of success, in English.

    With `maximum_subjects` evaluable, whether the success criterion is met; before that to stop for
    futility, to stop for efficacy or to continue; no recommendation at n = 0.
    """
    if not n:
        return _NOBODY
    if n >= monitored.maximum_subjects:
        return _MET if predicted == 1 else _NOT_MET
    if exceeds(monitored.stop_if_predictive_below, predicted):
        return _FUTILITY
    above = monitored.stop_if_predictive_above
    return _EFFICACY if above is not None and exceeds(predicted, above) else _CONTINUE


def _decision(rule: Decision, x: int, n: int, pending: int, plan: Plan) -> Iterator[Statistic]:
    """A further rule at the data cut-off.

    A rule of a number of improved subjects is open while subjects pending can still reach it.
    """
    prior = plan.statistics.beta_prior
    yield Statistic("n_improved", x)
    yield Statistic("n_evaluable", n)
    yield Statistic("rate", *proportion_ci(x, n, plan.statistics.conf_level))
    if rule.rate_above is not None:
        above = float(probability_above(x, n, rule.rate_above, prior.a, prior.b))
        yield Statistic("probability_above", above)
    if not stops(rule, x, n, prior):
        note = _CONTINUE if n or rule.stop_if_fewer_than is not None else _NOBODY
    elif rule.stop_if_fewer_than is not None and x + pending >= rule.stop_if_fewer_than:
        note = _OPEN.format(n=pending)
    else:
        note = _STOP
    yield Statistic("decision", nan, note=note)


def _table(results: TableResults, plan: Plan) -> Rows:
    """At the data cut-off, at the planned looks, and by the further rules."""
    monitored = monitored_improvement(plan)
    visit = monitored.visit
    yield _row(_("At the data cut-off"), (visit,), results, plan, strong=True)
    interval = rate_ci("rate")(results.lookup((visit,), TOTAL), plan.outputs)
    level = percent_text(plan.statistics.conf_level)
    exact = _("Exact {level} CI of the rate, %").format(level=level)
    yield Row(exact, (interval, "", "", ""), 1)
    parameters_by_size = {
        int(p[2]): p for p in results.parameters if p[:2] == (visit, AFTER_SUBJECTS)
    }
    label = _("Planned looks, evaluable subjects") if monitored.looks else _("After each subject")
    yield Row(label)
    for size in monitored.looks or parameters_by_size:
        name = _("n = {n}").format(n=size)
        if size in parameters_by_size:
            yield _row(name, parameters_by_size[size], results, plan, indent=1)
        else:
            yield Row(name, ("", "", "", _("not yet reached")), 1)
    if _rules(plan):
        yield Row(_("Further rules, at the data cut-off"))
    for rule_name, rule in _rules(plan).items():
        cells = _rule_cells(rule_name, results, plan, TOTAL)
        yield Row(capitalise(describe_decision(rule, plan)), cells, 1)


def _by_cutoff(results: TableResults, plan: Plan) -> Rows:
    """At each data cut-off, and by the further rules at each."""
    parameter = (monitored_improvement(plan).visit,)
    for column in results.columns:
        yield _row(column_name(column, plan), parameter, results, plan, column=column)
    for name, rule in _rules(plan).items():
        yield Row(capitalise(describe_decision(rule, plan)))
        for column in results.columns:
            yield Row(column_name(column, plan), _rule_cells(name, results, plan, column), 1)


def _rule_cells(
    name: str, results: TableResults, plan: Plan, column: Column
) -> tuple[str, str, str, str]:
    """Who improved, and the decision by a further rule."""
    find = results.lookup((RULE, name), column)
    return _improved_cell(find, plan.outputs), "", "", _decision_cell(find, plan.outputs)


def _row(
    label: str,
    parameter: Parameter,
    results: TableResults,
    plan: Plan,
    *,
    indent: int = 0,
    strong: bool = False,
    column: Column = TOTAL,
) -> Row:
    find = results.lookup(parameter, column)
    cells = tuple(cell(find, plan.outputs) for _heading, cell in _columns(plan))
    return Row(label, cells, indent, strong)


def _columns(plan: Plan) -> Iterator[tuple[str, Cell]]:
    """Heading and cell of each column."""
    monitored = monitored_improvement(plan)
    yield _("Improved at {visit}, n/N (%)").format(visit=monitored.visit), _improved_cell
    rate_text = percent_text(monitored.null_rate)
    posterior = _("Posterior P(rate > {rate}), %").format(rate=rate_text)
    yield posterior, rate("probability_above")
    predictive = _("Predictive probability of success at N = {n}, %")
    yield predictive.format(n=monitored.maximum_subjects), rate("predictive_probability")
    yield _("Decision"), _decision_cell


_improved_cell = ratio_percent("n_improved", "n_evaluable", "rate")


def _decision_cell(find: Lookup, _: Outputs) -> str:
    """The decision, in the language in force."""
    found = find("decision")
    return translate_stored(found.note, _FORMS) if found else ""


def _footnotes(plan: Plan) -> Iterator[str]:
    """Who is evaluable, the rule, and what the course over the subjects is."""
    if plan.monitoring is None or plan.monitoring.improvement is None:
        return
    monitored = plan.monitoring.improvement
    yield _(
        "Evaluable: infused subjects whose window of {visit} had closed at the data cut-off or who"
        " were assessed in it; the others are pending. Missing assessments count as in the"
        " improvement rate."
    ).format(visit=monitored.visit)
    yield sentences(
        _(
            "Prior {prior}. Success: posterior P(rate > {rate}) above {success} with {n} evaluable"
            " subjects (Lee and Liu 2008). Predictive probability: that of success given the"
            " subjects evaluable so far."
        ).format(
            prior=prior_text(prior_of_rate(plan)),
            rate=percent_text(monitored.null_rate),
            success=percent_text(monitored.success_probability),
            n=monitored.maximum_subjects,
        ),
        _stopping(monitored),
    )
    yield _(
        "Subjects in the order of their infusions, each with the status at the data cut-off, not"
        " at the time of a look. NE: not estimable."
    )


def _stopping(monitored: ImprovementMonitoring) -> str:
    """When the predictive probability stops the trial."""
    below = percent_text(monitored.stop_if_predictive_below)
    limits = [_("for futility below {limit}").format(limit=below)]
    if monitored.stop_if_predictive_above is not None:
        above = percent_text(monitored.stop_if_predictive_above)
        limits.append(_("for efficacy above {limit}").format(limit=above))
    return _("Stop {limits}.").format(limits=list_words(limits))


def _records(plan: Plan) -> tuple[RecordFilter, ...]:
    if plan.monitoring is None or plan.monitoring.improvement is None:
        return ()
    rules = plan.monitoring.decisions.values()
    visits = {plan.monitoring.improvement.visit, *(rule.visit for rule in rules)}
    return ({"PARAMCD": ["IMPR"], "AVISIT": sorted(visits), "ANL01FL": ["Y"]},)


OUTPUT = Output(
    name="t_monitoring",
    analysis_set=SAFETY_SET,
    datasets="ADSL, ADRS",
    variables={
        "ADSL": ("SAFFL", "TRTSDT"),
        "ADRS": ("PARAMCD", "AVISIT", "AVAL", "REASON"),
    },
    results=_results,
    records=_records,
    dates=("DTHDT", "NSTDT"),
    tables=(
        OutputTable(
            name="t_monitoring",
            heading=N_("Interim monitoring of the disease improvement rate"),
            headings=lambda plan: tuple(heading for heading, _cell in _columns(plan)),
            stub=N_("Evaluable subjects"),
            rows=_table,
            by_cutoff=_by_cutoff,
            footnotes=_footnotes,
            defined=("Disease improvement", "Visit windows"),
        ),
    ),
)
