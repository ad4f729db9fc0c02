"""Forest plot of the primary and the sensitivity analyses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from durable.contracts.results import Result
from durable.derive.endpoints import ENDPOINT_BY_CODE
from durable.figures import forest
from durable.figures.spec import FigureSpec
from durable.jdm.response import NewTherapy
from durable.language import N_, _
from durable.outputs import definitions
from durable.outputs.datasets import AnalysisDatasets
from durable.plan import Plan, Statistics
from durable.wording import join_words, percent

if TYPE_CHECKING:
    import pandas as pd

#: Keys of `response` that the improvement rate rests on, but for new systemic therapy: its
#: strategies are stated by endpoint.
_OF_IMPROVEMENT = {
    *("improvement", "core_set", "hybrid", "ranges", "baseline"),
    *("glucocorticoid_increase", "reinfusion"),
}
_DURATIONS = {(code,) for code in ENDPOINT_BY_CODE}


def points(datasets: AnalysisDatasets, plan: Plan) -> pd.DataFrame:
    """`panels` of the results of the sensitivity analyses."""
    return panels((row for row in datasets.results if row.output == "t_sensitivity"), plan)


def panels(results: Iterable[Result], plan: Plan) -> pd.DataFrame:
    """Points (`forest.COLUMNS`) of the results that the figure shows.

    A sensitivity analysis is in a panel only where it changes a definition that the panel rests on:
    its population, a key of `response` or `statistics`. Durations are in months, rates in percent.

    Parameters
    ----------
    results
        Results of the primary and the sensitivity analyses.
    plan
        The analysis plan.
    """
    titles = {name: variant.title or name for name, variant in plan.sensitivity.items()}
    rows = [
        (row.analysis, titles.get(row.analysis, forest.PRIMARY_TITLE), title, row)
        for row in results
        if (title := forest.panel_title(row)) is not None and _concerns(row, plan)
    ]
    return forest.forest_points(rows, plan.outputs)


def _concerns(row: Result, plan: Plan) -> bool:
    """Whether an analysis changes a definition that a result rests on; the table shows all."""
    if row.analysis == forest.PRIMARY:
        return True
    variant = plan.sensitivity[row.analysis]
    changed = set(variant.response) - {"new_therapy"}
    stated = variant.response.get("new_therapy", {})
    strategies = set(NewTherapy.model_fields) if isinstance(stated, str) else set(stated)
    if row.parameter in _DURATIONS:
        definitions_changed = changed - {"improvement"} or strategies - {"improvement"}
        conventions_changed = bool(variant.statistics)
    else:
        definitions_changed = changed & _OF_IMPROVEMENT or strategies & {"improvement"}
        conventions_changed = bool(variant.statistics.keys() & {"conf_level", "beta_prior"})
    return bool(variant.population != "infused" or definitions_changed or conventions_changed)


def footnotes(plan: Plan) -> tuple[str, ...]:
    """Footnotes on how to read the lines, and on the intervals of each analysis."""
    primary = plan.statistics
    reading = _(
        "Dashed line: primary analysis. Arrow: confidence limit not estimable (NE). {level} CIs:"
        " exact (Clopper-Pearson) for rates, {method} for durations."
    ).format(level=percent(primary.conf_level), method=_method(primary))
    differing = [
        _("{analysis}: {intervals}").format(analysis=variant.title or name, intervals=intervals)
        for name, variant in plan.sensitivity.items()
        if (intervals := _differing_intervals(plan.statistics_of(name), primary))
    ]
    if not differing:
        return (reading,)
    return reading, _("CIs that differ: {analyses}.").format(analyses="; ".join(differing))


def _method(statistics: Statistics) -> str:
    """How the intervals of durations are computed."""
    if statistics.dor_estimator == "turnbull":
        return _("bootstrap over subjects")
    return _("Kaplan-Meier ({interval})").format(interval=definitions.interval_name(statistics))


def _differing_intervals(statistics: Statistics, primary: Statistics) -> str:
    """Level and method of an analysis, as far as they are not the primary one's; '' if they are."""
    own, usual = ((percent(values.conf_level), _method(values)) for values in (statistics, primary))
    different = [word for word, other in zip(own, usual, strict=True) if word != other]
    return join_words(different) if different else ""


FIGURES = (
    FigureSpec(
        name="sensitivity",
        title=N_("Sensitivity analyses (forest plot)"),
        population=N_(
            "Safety Analysis Set (all infused); duration of response: subjects in remission"
        ),
        source=N_("analysis results dataset (ard.csv)"),
        columns=forest.COLUMNS,
        points=points,
        draw=forest.draw,
        footnotes=footnotes,
    ),
)
