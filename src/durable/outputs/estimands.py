"""``t_estimands``: intercurrent events and their strategies (ICH E9(R1)), as the plan has them.

ICH E9(R1), Addendum on estimands and sensitivity analysis in clinical trials (2019), A.3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import assert_never

from durable.contracts.results import TOTAL, WHOLE_COLUMN, Statistic
from durable.derive.endpoint import Handling
from durable.derive.endpoints import EVERY_ENDPOINT
from durable.jdm.response import MissedAssessments, Response, Strategy
from durable.language import N_, _
from durable.outputs import definitions, reinfusion_definitions
from durable.outputs.ard import TableResults
from durable.outputs.cells import n_percent_or_0
from durable.outputs.datasets import AnalysisDatasets, select_records
from durable.outputs.groups import Estimates, Group, groups, of_parameter
from durable.outputs.new_therapy import INCREASES
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import count_with_percent
from durable.outputs.table import Row, Rows
from durable.plan import Plan
from durable.wording import list_words, lower_initial, sentences

#: Intercurrent events: parameter in ``ard.csv``, and what the rows of the table are named.
_RESCUE, _INCREASE, _DEATH = "NEW_THERAPY", "GLUCOCORTICOID_INCREASE", "DEATH"
_REINFUSION, _MISSED = "REINFUSION", "MISSED"
_EVENTS = {
    _RESCUE: N_("New systemic therapy (rescue)"),
    _INCREASE: N_("Glucocorticoid increase"),
    _DEATH: N_("Death"),
    _REINFUSION: N_("Re-infusion"),
    _MISSED: N_("Missed assessments"),
}
_STRATEGIES = {
    "composite": N_("Composite"),
    "hypothetical": N_("Hypothetical"),
    "treatment_policy": N_("Treatment policy"),
}
#: Name of a strategy (marked for translation) and what it does; '' of an event not addressed.
Handled = tuple[str, str]


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    if datasets.adrs is None or not plan.outputs.estimands:
        return
    (total,) = groups(datasets.adsl, ())
    yield total, _counts(datasets, total, plan)


def _counts(datasets: AnalysisDatasets, total: Group, plan: Plan) -> Estimates:
    """How many of the infused had each intercurrent event that a record dates."""
    infused = total.select(datasets.adsl)
    had = {_RESCUE: infused["NSTDT"].notna(), _DEATH: infused["DTHDT"].notna()}
    if plan.response.glucocorticoid_increase is not None:
        records = select_records(datasets.require("adrs"), (INCREASES,))
        increased = set(records.loc[records["AVAL"] == 1, "USUBJID"])
        had[_INCREASE] = infused["USUBJID"].isin(increased)
    if plan.response.reinfusion is not None:
        had[_REINFUSION] = infused["TR02SDT"].notna()
    yield WHOLE_COLUMN, Statistic("n_infused", len(infused))
    for event in (name for name in _EVENTS if name in had):
        counts = count_with_percent(int(had[event].sum()), len(infused))
        yield from of_parameter((event,), counts)


def _rows(results: TableResults, plan: Plan) -> Rows:
    """The events with their definitions and numbers, then each endpoint with its strategies."""
    yield Row(_("Intercurrent events, all infused"), strong=True)
    for event, label in _EVENTS.items():
        find = results.lookup((event,), TOTAL)
        counted = n_percent_or_0(find, plan.outputs) if find("n") else ""
        yield Row(_(label), ("", _event_definition(event, plan), counted), indent=1)
    for heading, handle in _endpoints(plan):
        yield Row(heading, strong=True)
        for event, label in _EVENTS.items():
            strategy, handling = handle(event, plan)
            yield Row(_(label), (_(strategy), handling, ""), indent=1)


def _event_definition(event: str, plan: Plan) -> str:
    """What the event is, as the plan defines it."""
    missed = plan.response.missed_assessments.consecutive
    match event:
        case "NEW_THERAPY":
            recorded = _("recorded as new systemic therapy, begun on or after the infusion")
            rule = plan.response.reinfusion
            counts = rule is not None and rule.as_new_therapy
            return _("{therapy}; or a re-infusion").format(therapy=recorded) if counts else recorded
        case "GLUCOCORTICOID_INCREASE":
            return definitions.glucocorticoid_increase(plan.response) or _(
                "not defined in the plan"
            )
        case "DEATH":
            return _("of any cause, on or after the infusion")
        case "REINFUSION":
            return reinfusion_definitions.describe_reinfusion(plan.response.reinfusion)
    if missed is None:
        return _("scheduled visits without an adequate assessment")
    return _("{n} or more consecutive scheduled visits without an adequate assessment").format(
        n=missed
    )


def _endpoints(plan: Plan) -> Iterator[tuple[str, Callable[[str, Plan], Handled]]]:
    """Heading of each block, and how its endpoints handle an event."""
    visits = list_words(list(plan.response.improvement.visits))
    yield (
        _("Disease improvement at {visits}: all infused, rate").format(visits=visits),
        _rate_handling,
    )
    form = _("{endpoint}: {subjects}, median (Kaplan-Meier)")
    alike: dict[tuple[Handling, str], list[str]] = {}
    for endpoint in EVERY_ENDPOINT:
        if endpoint.asked(plan.response):
            alike.setdefault((endpoint.handling, endpoint.subjects), []).append(_(endpoint.title))
    for (handling, subjects), (first, *others) in alike.items():
        titles = list_words([first, *map(lower_initial, others)])
        heading = form.format(endpoint=titles, subjects=lower_initial(_(subjects)))
        yield heading, _handler(handling)


def _handler(handling: Handling) -> Callable[[str, Plan], Handled]:
    match handling:
        case "duration":
            return _duration_handling
        case "remission":
            return _remission_handling
        case "improvement":
            return _improvement_handling
        case "survival":
            return _survival_handling
    assert_never(handling)


def _rate_handling(event: str, plan: Plan) -> Handled:
    rule = plan.response.improvement
    rescue = {
        "composite": _("not improved"),
        "hypothetical": _("assessments after it are not used"),
        "treatment_policy": _("as assessed"),
    }
    match event:
        case "DEATH":
            return _STRATEGIES["composite"], _("not improved")
        case "MISSED":
            return {
                "non_improved": (
                    _STRATEGIES["composite"],
                    _("no assessment at the visit: not improved"),
                ),
                "observed": (
                    _STRATEGIES["hypothetical"],
                    _("no assessment at the visit: excluded from the denominator"),
                ),
                "improved": (
                    _STRATEGIES["composite"],
                    _("no assessment at the visit: improved (best case)"),
                ),
            }[rule.missing]
    return _like_new_therapy(event, plan.response, plan.response.new_therapy.improvement, rescue)


def _duration_handling(event: str, plan: Plan) -> Handled:
    missed = plan.response.missed_assessments
    rescue = {
        "composite": _("an event"),
        "hypothetical": _("censored before it"),
        "treatment_policy": _("ignored"),
    }
    match event:
        case "DEATH":
            return _STRATEGIES["composite"], _("an event")
        case "MISSED" if missed.consecutive is None:
            return _STRATEGIES["treatment_policy"], _("an event after them counts on its date")
        case "MISSED":
            return _STRATEGIES["hypothetical"], _censored_by_gap(missed)
    return _like_new_therapy(event, plan.response, plan.response.new_therapy.duration, rescue)


def _censored_by_gap(missed: MissedAssessments) -> str:
    """Which events after missed assessments are censored before them."""
    match missed.applies_to_death, missed.applies_to_new_therapy:
        case True, True:
            return _("an event after them is censored before them")
        case True, False:
            return _("death, or an event seen at a visit, after them is censored before them")
        case False, True:
            return _(
                "new systemic therapy, or an event seen at a visit, after them is censored before"
                " them"
            )
        case _:
            return _("an event seen at a visit after them is censored before them")


def _remission_handling(event: str, plan: Plan) -> Handled:
    return _state_handling(event, plan.response, plan.response.new_therapy.remission)


def _improvement_handling(event: str, plan: Plan) -> Handled:
    return _state_handling(event, plan.response, plan.response.new_therapy.improvement)


def _state_handling(event: str, response: Response, strategy: Strategy) -> Handled:
    """Time to a state: one not credited after new therapy is censored at it, by both strategies."""
    match event:
        case "DEATH":
            return _STRATEGIES["hypothetical"], _("censored on its date")
        case "MISSED":
            return _STRATEGIES["treatment_policy"], _("an event after them counts on its date")
    not_credited = _("not credited after it; censored on its date")
    handling = {
        "hypothetical": not_credited,
        "treatment_policy": _("ignored"),
    }
    censoring: Strategy = "hypothetical" if strategy == "composite" else strategy
    return _like_new_therapy(event, response, censoring, handling)


def _survival_handling(event: str, plan: Plan) -> Handled:
    ignored = dict.fromkeys(_STRATEGIES, _("ignored"))
    match event:
        case "DEATH":
            return "", _("the event itself")
        case "MISSED":
            return _STRATEGIES["treatment_policy"], _("ignored")
    return _like_new_therapy(event, plan.response, "treatment_policy", ignored)


def _like_new_therapy(
    event: str, response: Response, strategy: Strategy, handling: dict[str, str]
) -> Handled:
    """New systemic therapy, and what may count as it."""
    increase, reinfusion = response.glucocorticoid_increase, response.reinfusion
    match event:
        case "REINFUSION" if reinfusion is None:
            return "", _("not addressed")
        case "REINFUSION" if reinfusion is not None and not reinfusion.as_new_therapy:
            return _STRATEGIES["treatment_policy"], handling["treatment_policy"]
        case "GLUCOCORTICOID_INCREASE" if increase is None or not increase.as_new_therapy:
            return _STRATEGIES["treatment_policy"], handling["treatment_policy"]
    return _STRATEGIES[strategy], handling[strategy]


def _footnotes(plan: Plan) -> Iterator[str]:
    yield sentences(
        _(
            "Strategies of ICH E9(R1) as the analysis plan has them in force. Treatment: the"
            " infusion, with or without what is given for the intercurrent event (treatment policy)"
            " or as if it had not happened (hypothetical)."
        ),
        _("Each sensitivity analysis may change a strategy; its title says so.")
        if plan.sensitivity
        else "",
    )
    yield _("n (%): infused subjects with the event by the data cut-off.")


OUTPUT = Output(
    name="t_estimands",
    analysis_set=SAFETY_SET,
    datasets="ADSL, ADRS",
    variables={"ADSL": ("SAFFL", "NSTDT", "DTHDT"), "ADRS": ("PARAMCD", "AVAL")},
    results=_results,
    records=lambda _plan: (INCREASES,),
    dates=("DTHDT", "NSTDT"),
    tables=(
        OutputTable(
            name="t_estimands",
            heading=N_("Estimands: intercurrent events and their strategies"),
            headings=lambda _plan: (_("Strategy"), _("Definition or handling"), _("n (%)")),
            stub=N_("Endpoint and intercurrent event"),
            rows=_rows,
            footnotes=_footnotes,
            defined=("Disease improvement", "Recurrence and progression", "Durations"),
        ),
    ),
)
